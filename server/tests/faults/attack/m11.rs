//! M11: gaps of the pre-flight. Names were not looked up, an inventory was believed, an earlier clone was written over and cleaned away.

use crate::program::Program;
use crate::rest::{Rest, order};
use serde_json::{Value, json};

fn with(client: &str, field: &str, value: Value) -> Value {
    let mut order = order(client);
    order[field] = value;
    order
}

async fn refused_by(rest: &Rest, order: &Value, check: &str, field: &str) {
    let refused = rest.post("/migrations", order).await.refused(422, "ND0301");
    let checks = refused["preflight"]["checks"].as_array().unwrap();
    let hit = checks.iter().any(|found| found["id"] == check && found["verdict"] == "block");
    assert!(hit, "{check} does not block: {refused}");
    assert!(refused["errors"].as_array().unwrap().iter().any(|error| error["field"] == field), "{refused}");
}

async fn verdict(rest: &Rest, order: &Value, id: &str) -> Value {
    let preflight = rest.post("/preflight", order).await.ok();
    let checks = preflight["checks"].as_array().unwrap();
    checks.iter().find(|check| check["id"] == id).map_or(Value::Null, |check| check["verdict"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_what_a_launch_names_is_looked_up_now() {
    let program = Program::start(100).await;
    let rest = &program.rest;
    for (field, wrong_type) in [
        ("pre_script", "bnd_openssh"),
        ("post_script", "lpar71_image"),
        ("bundle", "post_migration"),
        ("bosinst_data", "lpar71_image"),
        ("image_data", "bid_noprompt"),
        ("exclude_files", "spot_7300_03_01"),
    ] {
        for name in ["no_such_object", wrong_type] {
            refused_by(rest, &with("lpar71", field, json!(name)), "ND-10", field).await;
        }
    }
    refused_by(rest, &with("lpar71", "spot", json!("lpp_7300_03_01")), "M5", "spot").await;
    for vg in ["rootvg", "altinst_rootvg", "old_rootvg"] {
        let refused = rest.post("/migrations", &with("lpar71", "cache_vg", json!(vg))).await.refused(422, "ND0003");
        assert_eq!(refused["errors"][0]["field"], "cache_vg", "{refused}");
    }

    // An image_data that renames the long name satisfies R1, one that does not does not, and one that cannot be read is unknown.
    let renamed = with("lpar71", "image_data", json!("lpar71_image"));
    assert_eq!(verdict(rest, &renamed, "R1").await, "pass");
    program.on_master(
        "sed s,/opt/monitor,/opt/other, export/nim/image_data/lpar71 >x && cat x >export/nim/image_data/lpar71",
        b"",
    );
    assert_eq!(verdict(rest, &renamed, "R1").await, "warn");
    program.on_master("echo nothing >export/nim/image_data/lpar71", b"");
    assert_eq!(verdict(rest, &renamed, "R1").await, "unknown");

    // The inventory was read while the SPOT was ready.
    assert_eq!(verdict(rest, &order("lpar71"), "M5").await, "pass");
    lab::scenario::set(&program.lab(), "lpar71", "spot-unavailable").unwrap();
    refused_by(rest, &order("lpar71"), "M5", "spot").await;
    assert_eq!(rest.get("/migrations").await.ok()["items"], json!([]), "nothing was launched");
}

const BY_HAND: &str =
    "nimadm -j nimadmvg -c lpar72 -s spot_7300_03_01 -l lpp_7300_03_01 -d hdisk2 -Y -B >by_hand 2>&1; echo $?";

/// The disks of lpar72 that hold a clone.
async fn clones(rest: &Rest) -> Vec<String> {
    let client = rest.client("lpar72").await;
    let disks = client["disks"].as_array().unwrap().iter().filter(|disk| disk["vg"] == "altinst_rootvg");
    disks.map(|disk| disk["disk"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_an_earlier_clone_blocks_and_is_never_cleaned_away() {
    let program = Program::start(3000).await;
    let rest = &program.rest;
    let id = rest.launch(&with("lpar72", "target_disks", json!(["hdisk3"]))).await;
    lab::scenario::set(&program.lab(), "lpar72", "killed-in-6").unwrap();
    let left = rest.reach(&id, &["failed_debris", "clone_ready"]).await;
    assert_eq!(left["state"], "failed_debris", "{left}");
    lab::scenario::set(&program.lab(), "lpar72", "healthy").unwrap();

    // Somebody cleans by hand and makes a clone of their own.
    program.on_master("nimadm -C -c lpar72 -s spot_7300_03_01", b"");
    let made = String::from_utf8(program.on_master(BY_HAND, b"")).unwrap();
    assert_eq!(made.trim(), "0", "{}", String::from_utf8_lossy(&program.on_master("cat by_hand", b"")));
    assert_eq!(clones(rest).await, ["hdisk2"]);

    rest.post(&format!("/migrations/{id}/clean"), &json!({})).await.ok();
    let cleaned = rest.reach(&id, &["failed_clean", "failed_debris"]).await;
    assert_eq!(clones(rest).await, ["hdisk2"], "somebody else's clone was removed: {cleaned}");
    assert_eq!(cleaned["state"], "failed_clean", "{cleaned}");
    assert!(cleaned["reason"].as_str().unwrap().contains("hdisk2"), "{cleaned}");

    // To another disk: nimadm would refuse, and leave it to the clean-up to remove what was there.
    let refused =
        rest.post("/migrations", &with("lpar72", "target_disks", json!(["hdisk3"]))).await.refused(422, "ND0301");
    let blocks = refused["preflight"]["checks"].as_array().unwrap().iter();
    let blocks: Vec<_> = blocks.filter(|check| check["verdict"] == "block").map(|check| check["id"].clone()).collect();
    assert!(blocks.contains(&json!("D6")), "{refused}");
    assert_eq!(clones(rest).await, ["hdisk2"]);
}
