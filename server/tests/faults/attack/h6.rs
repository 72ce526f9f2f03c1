//! H6: a blocking check that could not be read let the launch through.

use super::broken::{Broken, Fault};
use crate::program::Program;
use crate::rest::{Rest, order, until};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn check<'a>(preflight: &'a Value, id: &str) -> &'a Value {
    let checks = preflight["checks"].as_array().unwrap();
    checks.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("{id} is absent: {preflight}"))
}

/// A launch that is due in so many seconds.
fn later(client: &str, seconds: u64) -> Value {
    let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(seconds);
    let at = time::OffsetDateTime::from_unix_timestamp(at.as_secs().try_into().unwrap()).unwrap();
    let mut order = order(client);
    order["not_before"] = json!(at.format(&time::format_description::well_known::Rfc3339).unwrap());
    order
}

/// The lab's audit row of a launch.
async fn launched(rest: &Rest, id: &str) -> Value {
    let rows = rest.get(&format!("/audit?subject=migration:{id}&action=migration.launch")).await.ok();
    rows["items"][0]["detail"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn h6_a_check_that_cannot_be_read_is_unknown_and_stops_the_launch() {
    let program = Program::start(100).await;
    let (rest, lab) = (&program.rest, program.lab());
    let sound = rest.post("/preflight", &order("lpar71")).await.ok();
    assert_eq!(sound["verdict"], "warn", "lpar71 has a fix and a long name, and nothing else: {sound}");

    for (host, command, ids) in [
        ("lpar71", "bootinfo", &["D3"][..]),
        ("lpar71", "lsvg", &["D3", "M9", "R3", "R4"]),
        ("lpar71", "bootlist", &["D1"]),
        ("lpar71", "lspv", &["D1", "D6"]),
        ("lpar71", "oslevel", &["S1"]),
        ("lpar71", "prtconf", &["H1"]),
        ("nim1", "nim", &["M3"]),
        ("nim1", "lslpp", &["M2", "M3"]),
        ("nim1", "oslevel", &["M1"]),
        ("nim1", "lsnim", &["N1", "M14", "M4", "M5"]),
        ("nim1", "lsvg", &["M9"]),
    ] {
        for fault in Fault::ALL {
            let _broken = Broken::new(&lab, host, command, fault);
            let found = rest.post("/preflight", &order("lpar71")).await.ok();
            for id in ids {
                let check = check(&found, id);
                assert_eq!(
                    (&check["verdict"], &check["severity"]),
                    (&json!("unknown"), &json!("block")),
                    "{command} {fault:?}: {check}"
                );
                let said = check["found"].as_str().unwrap();
                for quoted in fault.quoted() {
                    assert!(said.contains(quoted), "{command} {fault:?}: {check}");
                }
            }
            assert_eq!(found["verdict"], "block", "{command} {fault:?}: {found}");
        }
        let _broken = Broken::new(&lab, host, command, Fault::Fails);
        let refused = rest.post("/migrations", &order("lpar71")).await.refused(422, "ND0301");
        assert!(refused["detail"].as_str().unwrap().contains(ids[0]), "{refused}");
    }
    // Without c_rsh nothing of the client is known. What it printed whole is known, whatever it returned.
    for fault in Fault::ALL.into_iter().filter(|fault| *fault != Fault::FailsAfterAll) {
        let _broken = Broken::new(&lab, "nim1", "c_rsh", fault);
        let found = rest.post("/preflight", &order("lpar71")).await.ok();
        assert_eq!(found["verdict"], "block", "c_rsh {fault:?}: {found}");
        let reached = &check(&found, "N3")["verdict"];
        assert!(reached == "block" || reached == "unknown", "c_rsh {fault:?}: {found}");
        for id in ["D1", "D3", "D6", "R2", "R3", "R4", "S1", "H1", "M9"] {
            assert_eq!(check(&found, id)["verdict"], "unknown", "c_rsh {fault:?}: {found}");
        }
    }
    let warned = {
        let _broken = Broken::new(&lab, "lpar71", "emgr", Fault::Fails);
        rest.post("/preflight", &order("lpar71")).await.ok()
    };
    assert_eq!((&check(&warned, "S5")["verdict"], &warned["verdict"]), (&json!("unknown"), &json!("warn")), "{warned}");
    assert_eq!(rest.get("/migrations").await.ok()["items"], json!([]), "nothing was launched");
}

#[tokio::test(flavor = "multi_thread")]
async fn h6_an_unknown_is_overridden_by_its_name_and_a_reason_on_record() {
    let program = Program::start(3000).await;
    let rest = &program.rest;
    let broken = ["prtconf", "oslevel"].map(|command| Broken::new(&program.lab(), "lpar71", command, Fault::Fails));
    let with = |acknowledged: Value, reason: Value| {
        let mut order = order("lpar71");
        (order["acknowledge_warnings"], order["reason"]) = (acknowledged, reason);
        order
    };
    let launch = |acknowledged: Value, reason: Value| {
        let order = with(acknowledged, reason);
        async move { rest.post("/migrations", &order).await }
    };
    launch(json!(true), json!("I know it")).await.refused(422, "ND0301");
    launch(json!(["S5", "R1"]), json!("I know it")).await.refused(422, "ND0301");
    launch(json!(["S5", "R1", "H1"]), json!("I know it")).await.refused(422, "ND0301");
    let no_reason = launch(json!(["S5", "R1", "H1", "S1"]), Value::Null).await.refused(422, "ND0003");
    assert_eq!(no_reason["errors"][0]["field"], "reason", "{no_reason}");
    launch(json!(["H1", "S1"]), json!("it is a POWER9")).await.refused(422, "ND0302");

    // A campaign goes the same way: true covers warnings only.
    let campaign = json!({ "name": "all", "clients": [{ "client": "lpar72", "target_disks": ["hdisk2", "hdisk3"] }],
        "template": { "lpp_source": "lpp_7300_03_01", "spot": "spot_7300_03_01", "cache_vg": "nimadmvg",
                      "accept_licenses": true, "acknowledge_warnings": true } });
    let campaign = rest.post("/campaigns", &campaign).await.ok();
    let path = format!("/campaigns/{}", campaign["id"].as_str().unwrap());
    let member = until("the campaign's pre-flight", || async {
        let member = rest.get(&path).await.ok()["members"][0].clone();
        (member["standing"] != "waiting").then_some(member)
    })
    .await;
    assert!(member.to_string().contains("refused") && member.to_string().contains("H1"), "{member}");

    let order = with(json!(["S5", "R1", "H1", "S1"]), json!("it is a POWER9, says the HMC"));
    let previewed = rest.post("/preflight", &order).await.ok();
    assert_eq!(previewed["verdict"], "warn", "{previewed}");
    let id = rest.launch(&order).await;
    let migration = rest.migration(&id).await;
    assert_eq!(migration["overrides"].as_array().unwrap().len(), 2, "{migration}");
    let kept = migration["overrides"].as_array().unwrap().iter().find(|kept| kept["id"] == "H1").unwrap();
    assert_eq!(
        (&kept["id"], &kept["by"], &kept["reason"]),
        (&json!("H1"), &json!("admin"), &json!("it is a POWER9, says the HMC"))
    );
    assert!(kept["found"].as_str().unwrap().contains("127"), "{kept}");
    let overridden = launched(rest, &id).await["overridden"].clone();
    assert!(
        ["H1", "S1"].iter().all(|id| overridden.as_array().unwrap().iter().any(|kept| kept["id"] == *id)),
        "{overridden}"
    );
    let page = rest.get_page(&format!("/migrations/{id}")).await;
    assert!(page.contains("it is a POWER9, says the HMC"), "the page says it");
    // What was overridden does not stop the start either.
    let done = rest.reach(&id, &["clone_ready", "failed_clean", "failed_debris"]).await;
    assert_eq!(done["state"], "clone_ready", "{done}");
    drop(broken);
    program.record_is_whole().await;
}

/// Design rule 1 at the last look: what the client does not say is not sent past, whatever the pre-flight saw.
#[tokio::test(flavor = "multi_thread")]
async fn h6_a_bootlist_that_cannot_be_read_stops_a_start_and_a_cutover() {
    let program = Program::start(3000).await;
    let (rest, lab) = (&program.rest, program.lab());
    for fault in [Fault::SaysNothing, Fault::SaysGarbage, Fault::Fails] {
        let id = rest.launch(&later("lpar71", 4)).await;
        let broken = Broken::new(&lab, "lpar71", "bootlist", fault);
        let over = rest.reach(&id, &["failed_clean", "failed_debris", "clone_ready", "running"]).await;
        assert_eq!(over["state"], "failed_clean", "{fault:?}: {over}");
        let reason = over["reason"].as_str().unwrap();
        assert!(reason.starts_with("Not started: ") && reason.contains("bootlist"), "{over}");
        assert!(!program.exists(&Program::spool(&id, 1)), "nimadm was started");
        drop(broken);
    }
    let id = rest.launch(&order("lpar71")).await;
    rest.reach(&id, &["clone_ready"]).await;
    {
        let _broken = Broken::new(&lab, "lpar71", "lspv", Fault::SaysNothing);
        rest.post(&format!("/migrations/{id}/cutover"), &json!({ "reason": "agreed" })).await.ok();
        let refused = until("the refusal", || async {
            let now = rest.migration(&id).await;
            let refused = now["reason"].as_str().is_some_and(|reason| reason.contains("was not touched"));
            (now["state"] == "clone_ready" && refused).then_some(now)
        })
        .await;
        assert!(refused["reason"].as_str().unwrap().contains("lspv"), "{refused}");
    }
    {
        // Cleaning would not know what it removes.
        let _broken = Broken::new(&lab, "lpar71", "lspv", Fault::SaysNothing);
        rest.post(&format!("/migrations/{id}/cancel"), &json!({ "reason": "agreed" })).await.ok();
        let left = rest.reach(&id, &["failed_debris", "cancelled"]).await;
        assert_eq!(left["state"], "failed_debris", "{left}");
        assert!(left["reason"].as_str().unwrap().contains("Nothing was removed"), "{left}");
    }
    assert_eq!(crate::clients::clones(rest, "lpar71").await, 1);
    rest.post(&format!("/migrations/{id}/clean"), &json!({})).await.ok();
    rest.reach(&id, &["failed_clean"]).await;
    assert_eq!(crate::clients::clones(rest, "lpar71").await, 0);
}

/// The orders after the cutover: nothing is removed, and no bootlist moved, on the word of a list that cannot be read.
#[tokio::test(flavor = "multi_thread")]
async fn h6_what_cannot_be_read_stops_a_finalise_and_a_rollback() {
    let program = Program::start(3000).await;
    let (rest, lab) = (&program.rest, program.lab());
    let id = rest.launch(&order("lpar71")).await;
    rest.reach(&id, &["clone_ready"]).await;
    rest.post(&format!("/migrations/{id}/cutover"), &json!({ "reason": "agreed" })).await.ok();
    rest.reach(&id, &["verified"]).await;
    let sent = async |action: &str| {
        let rows = rest.get(&format!("/audit?subject=migration:{id}&action={action}")).await.ok();
        rows["items"].as_array().unwrap().len()
    };
    let refused = async |action: &str, says: &str| {
        rest.post(&format!("/migrations/{id}/{action}"), &json!({ "reason": "agreed" })).await.ok();
        until(says, || async {
            let now = rest.migration(&id).await;
            let over = ["verified", "verification_failed"].iter().any(|state| now["state"] == *state);
            (over && now["reason"].as_str().is_some_and(|reason| reason.starts_with(says))).then_some(now)
        })
        .await
    };
    for command in ["bootlist", "lspv"] {
        for fault in [Fault::SaysNothing, Fault::SaysGarbage, Fault::Fails] {
            let _broken = Broken::new(&lab, "lpar71", command, fault);
            let over = refused("finalise", "Not finalised").await;
            assert_eq!(over["state"], "verified", "{over}");
            assert!(over["reason"].as_str().unwrap().contains(command), "{over}");
        }
    }
    assert_eq!(sent("migration.remove_old_rootvg").await, 0);
    for fault in [Fault::SaysNothing, Fault::SaysGarbage, Fault::Fails] {
        let _broken = Broken::new(&lab, "lpar71", "bootlist", fault);
        let over = refused("rollback", "Not rolled back").await;
        assert!(over["reason"].as_str().unwrap().contains("bootlist"), "{over}");
    }
    assert_eq!((sent("migration.move_bootlist").await, sent("migration.reboot").await), (1, 1), "those of the cutover");

    // A system whose oslevel is broken is one to leave: the way back relies on disks and bootlist.
    let broken = Broken::new(&lab, "lpar71", "oslevel", Fault::Fails);
    rest.post(&format!("/migrations/{id}/rollback"), &json!({ "reason": "agreed" })).await.ok();
    until("the reboot", || async { (sent("migration.reboot").await == 2).then_some(()) }).await;
    drop(broken);
    rest.reach(&id, &["rolled_back"]).await;
    program.record_is_whole().await;
}
