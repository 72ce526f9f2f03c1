//! Modes of nimadm beside the migration of a client through a cache (nimadm.md §1.1): the update within a release (`-U`), NFS, a mksysb
//! as source or result, waking a clone and putting it to sleep, `-M`.

use crate::program::Program;
use crate::rest::order;
use serde_json::{Value, json};

fn with(client: &str, more: &Value) -> Value {
    let mut order = order(client);
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_a_locked_fileset_holds_back_is_found_and_rolled_back() {
    let program = Program::start(2000).await;
    let rest = &program.rest;
    // Without -U it is no migration, and with it a migration is no update.
    let blocked = rest.post("/migrations", &order("lpar73")).await.refused(422, "ND0301");
    assert!(blocked["detail"].as_str().unwrap().contains("S1"), "{blocked}");
    let update = json!({ "update": true });
    rest.post("/migrations", &with("lpar71", &update)).await.refused(422, "ND0301");

    let preflight = rest.post("/preflight", &with("lpar73", &update)).await.ok();
    assert!(preflight["command"].as_str().unwrap().contains(" -U -Y -B"), "{preflight}");
    let id = rest.launch(&with("lpar73", &update)).await;
    let done = rest.reach(&id, &["clone_ready", "failed_clean", "failed_debris"]).await;
    assert_eq!(done["state"], "clone_ready", "{done}");
    program.log_is_whole(&id, 1).await;
    rest.post(&format!("/migrations/{id}/cutover"), &json!({})).await.ok();
    // An interim fix of lpar73 locks bos.mp64: nimadm returns 0, and only the proof tells that the level was not reached.
    let done = rest.reach(&id, &["verified", "verification_failed"]).await;
    assert_eq!((&done["state"], &done["outcome"]), (&json!("verification_failed"), &json!("warning")), "{done}");
    assert!(done["cause"].as_str().unwrap().contains("bos.mp64"), "{done}");
    rest.post(&format!("/migrations/{id}/rollback"), &json!({})).await.ok();
    rest.reach(&id, &["rolled_back"]).await;
    assert_eq!(rest.client("lpar73").await["level"], "7300-03-00-2446");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_nfs_nothing_is_cached_and_the_clone_is_the_same() {
    let program = Program::start(3000).await;
    let mut order = order("lpar71");
    order["cache_vg"] = Value::Null;
    let id = program.rest.launch(&order).await;
    let done = program.rest.reach(&id, &["clone_ready", "failed_clean", "failed_debris"]).await;
    assert_eq!(done["state"], "clone_ready", "{done}");
    assert!(!done["command"].as_str().unwrap().contains("-j"), "{done}");
    let log = String::from_utf8(program.rest.log(&id).await).unwrap();
    assert!(log.contains("NFS mounting") && !log.contains("cache file system"), "{log}");
    program.log_is_whole(&id, 1).await;
}

const IMAGE: &str = "/export/nim/mksysb/new.mksysb";

/// A request of an operation, as the API takes it.
fn asks(operation: &str, more: &Value) -> Value {
    let mut order = with("lpar71", &json!({ "operation": operation }));
    let order = order.as_object_mut().unwrap();
    if operation != "restore" {
        order.remove("target_disks");
    }
    if matches!(operation, "convert" | "synchronise") {
        order.remove("client");
        order.insert("master".into(), json!("nim1"));
    }
    order.extend(more.as_object().unwrap().clone());
    json!(order)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mksysb_becomes_a_new_one_and_a_client_too() {
    let program = Program::start(3000).await;
    let rest = &program.rest;
    let image = json!({ "file": IMAGE, "name": "lpar71_new" });
    for (request, field) in [
        (asks("convert", &json!({ "image": image })), "mksysb"),
        (asks("convert", &json!({ "mksysb": "lpar71_mksysb" })), "image"),
        (asks("convert", &json!({ "mksysb": "lpar71_mksysb", "image": image, "client": "lpar71" })), "client"),
        (
            asks("convert", &json!({ "mksysb": "lpar71_mksysb", "image": image, "target_disks": ["hdisk1"] })),
            "target_disks",
        ),
        (asks("convert", &json!({ "mksysb": "lpar71_mksysb", "image": image, "cache_vg": null })), "cache_vg"),
        (asks("convert", &json!({ "mksysb": "lpar71_mksysb", "image": image, "master": "elsewhere" })), "master"),
        (asks("capture", &json!({ "image": image, "update": true })), "update"),
        (asks("capture", &json!({ "image": image, "mode": "stepped" })), "mode"),
    ] {
        let refused = rest.post("/migrations", &request).await.refused(422, "ND0003");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let gone = json!({ "mksysb": "lpar71_mksysb", "image": { "file": "/nowhere/new.mksysb" } });
    let blocked = rest.post("/migrations", &asks("convert", &gone)).await.refused(422, "ND0301");
    assert!(blocked["detail"].as_str().unwrap().contains("ND-6"), "{blocked}");

    let convert = asks("convert", &json!({ "mksysb": "lpar71_mksysb", "image": image }));
    let id = rest.launch(&convert).await;
    // nimadm locks the mksysb: the second is not let in.
    rest.post(
        "/migrations",
        &asks("convert", &json!({ "mksysb": "lpar71_mksysb", "image": { "file": "/export/nim/mksysb/b" } })),
    )
    .await
    .refused(409, "ND0303");
    let done = rest.reach(&id, &["completed", "failed_clean", "failed_debris"]).await;
    assert_eq!(
        (&done["state"], &done["client"], &done["subject"]),
        (&json!("completed"), &Value::Null, &json!("lpar71_mksysb")),
        "{done}"
    );
    assert_eq!((&done["outcome"], &done["from_level"]), (&json!("success"), &json!("7100-05-11-2246")), "{done}");
    program.log_is_whole(&id, 1).await;
    assert!(program.estate().exists("export/nim/mksysb/new.mksysb"));
    let defined = program.on_master("lsnim -l lpar71_new", b"");
    assert!(String::from_utf8(defined).unwrap().contains("7300-03-01-2520"));
    rest.post(&format!("/migrations/{id}/cutover"), &json!({})).await.refused(409, "ND0304");
    // What was made is known at once, and not written over.
    let mksysbs =
        rest.get(&format!("/masters/{}/resources?type=mksysb", done["master_id"].as_str().unwrap())).await.ok();
    assert!(mksysbs["items"].as_array().unwrap().iter().any(|found| found["name"] == "lpar71_new"), "{mksysbs}");
    rest.post("/migrations", &convert).await.refused(422, "ND0301");

    let before = rest.client("lpar71").await;
    let third = json!({ "image": { "file": "/export/nim/mksysb/third.mksysb" } });
    let checks = rest.post("/preflight", &asks("capture", &third)).await.ok()["checks"].clone();
    let room = checks.as_array().unwrap().iter().find(|check| check["id"] == "ND-9").unwrap();
    assert!(room["verdict"] == "pass" && room["found"].as_str().unwrap().contains("MiB free, rootvg uses"), "{room}");
    let id = rest.launch(&asks("capture", &third)).await;
    let done = rest.reach(&id, &["completed", "failed_clean", "failed_debris"]).await;
    assert_eq!((&done["state"], &done["client"]), (&json!("completed"), &json!("lpar71")), "{done}");
    program.log_is_whole(&id, 1).await;
    let after = rest.client("lpar71").await;
    assert_eq!(
        (&before["disks"], &before["bootlist"]),
        (&after["disks"], &after["bootlist"]),
        "the client was touched"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_fails_leaves_nothing_unnamed() {
    let program = Program::start(300).await;
    let rest = &program.rest;
    let request = asks("convert", &json!({ "mksysb": "lpar71_mksysb", "image": { "file": IMAGE } }));
    let id = rest.launch(&request).await;
    rest.reach(&id, &["running"]).await;
    crate::rest::until("the cache is there", || async {
        String::from_utf8(program.on_master("mount", b"")).unwrap().contains("/lpar71_mksysb_alt/").then_some(())
    })
    .await;
    rest.post(&format!("/migrations/{id}/cancel"), &json!({})).await.ok();
    let done = rest.reach(&id, &["failed_debris", "cancelled"]).await;
    assert_eq!(done["state"], "failed_debris", "{done}");
    assert!(done["reason"].as_str().unwrap().contains("/lpar71_mksysb_alt/"), "{done}");
    // nimadm -C knows clients only: it is removed by hand, and only then called clean.
    rest.post(&format!("/migrations/{id}/clean"), &json!({})).await.ok();
    let still = rest.reach(&id, &["failed_debris", "failed_clean"]).await;
    assert_eq!(still["state"], "failed_debris", "{still}");
    assert!(still["reason"].as_str().unwrap().contains("by hand"), "{still}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mksysb_is_migrated_onto_a_disk_and_booted() {
    let program = Program::start(3000).await;
    let rest = &program.rest;
    let request = asks("restore", &json!({ "mksysb": "lpar71_mksysb" }));
    let preflight = rest.post("/preflight", &request).await.ok();
    assert!(preflight["command"].as_str().unwrap().contains("-T lpar71_mksysb -c lpar71 "), "{preflight}");
    let id = rest.launch(&request).await;
    let done = rest.reach(&id, &["clone_ready", "failed_clean", "failed_debris"]).await;
    assert_eq!(done["state"], "clone_ready", "{done}");
    program.log_is_whole(&id, 1).await;
    // 7.1 runs, 7.3 is cloned: it cannot be woken (nimadm.md §1.9).
    let refused = rest.post(&format!("/migrations/{id}/wake"), &json!({})).await.refused(409, "ND0304");
    assert!(refused["detail"].as_str().unwrap().contains("newer release"), "{refused}");
    rest.post(&format!("/migrations/{id}/cutover"), &json!({})).await.ok();
    let done = rest.reach(&id, &["verified", "verification_failed"]).await;
    assert_eq!(done["state"], "verified", "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spot_that_differs_is_repaired_and_the_clone_is_woken_and_put_to_sleep() {
    let program = Program::start(3000).await;
    let rest = &program.rest;
    lab::scenario::set(&program.lab(), "lpar73", "spot-level-mismatch").unwrap();
    let update = with("lpar73", &json!({ "update": true }));
    let blocked = rest.post("/preflight", &update).await.ok();
    let check = blocked["checks"].as_array().unwrap().iter().find(|check| check["id"] == "M3").unwrap();
    assert_eq!((&check["verdict"], &check["repair"]["operation"]), (&json!("block"), &json!("synchronise")), "{check}");
    // The offer is a request, ready to be sent.
    let id = rest.launch(&check["repair"]).await;
    let done = rest.reach(&id, &["completed", "failed_clean"]).await;
    assert_eq!((&done["state"], &done["outcome"]), (&json!("completed"), &json!("success")), "{done}");
    assert_eq!(done["command"], "nimadm -M -s spot_7300_03_01 -l lpp_7300_03_01");
    program.log_is_whole(&id, 1).await;

    let id = rest.launch(&update).await;
    let done = rest.reach(&id, &["clone_ready", "failed_clean", "failed_debris"]).await;
    assert_eq!(done["state"], "clone_ready", "{done}");
    rest.post(&format!("/migrations/{id}/wake"), &json!({ "reason": "look at inittab" })).await.ok();
    let awake = rest.reach(&id, &["awake", "clone_ready"]).await;
    assert_eq!(awake["state"], "awake", "{awake}");
    let mounted = String::from_utf8(program.on_master("mount", b"")).unwrap();
    assert!(mounted.lines().any(|line| line.contains("lpar73") && line.contains("/alt_inst")), "{mounted}");
    for action in ["cutover", "cancel", "wake"] {
        rest.post(&format!("/migrations/{id}/{action}"), &json!({})).await.refused(409, "ND0304");
    }
    rest.post(&format!("/migrations/{id}/sleep"), &json!({})).await.ok();
    let asleep = rest.reach(&id, &["clone_ready", "awake"]).await;
    assert_eq!(asleep["state"], "clone_ready", "{asleep}");
    // Where the clone is not on its disk any more, nothing is pointed at that disk.
    program.on_master("c_rsh lpar73 'alt_rootvg_op -X altinst_rootvg'", b"");
    rest.post(&format!("/migrations/{id}/wake"), &json!({})).await.ok();
    let refused = rest.reach(&id, &["clone_ready", "awake"]).await;
    assert!(refused["reason"].as_str().unwrap().starts_with("The clone was not woken: "), "{refused}");
    assert!(!program.estate().exists(&format!("var/adm/ras/nimdeck/{id}-wake-3")), "nimadm -W was started");
    rest.post(&format!("/migrations/{id}/cancel"), &json!({})).await.ok();
    rest.reach(&id, &["cancelled"]).await;
}
