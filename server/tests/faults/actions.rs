//! What people may ask of a migration, each on the real program: hold and resume, cancel, the way back, giving the old disk back.

use crate::program::Program;
use crate::rest::{Rest, TICK, order, until};
use serde_json::{Value, json};

const OVER: [&str; 4] = ["clone_ready", "failed_clean", "failed_debris", "cancelled"];

async fn act(rest: &Rest, id: &str, action: &str) -> Value {
    rest.post(&format!("/migrations/{id}/{action}"), &json!({ "reason": "as agreed" })).await.ok()
}

async fn refused(rest: &Rest, id: &str, action: &str, says: &str) {
    let problem = rest.post(&format!("/migrations/{id}/{action}"), &json!({})).await.refused(409, "ND0304");
    assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
}

/// The disks of a client and what is on them, the level and the bootlist. A free disk keeps the PVID that a clone once gave it.
async fn system(rest: &Rest, client: &str) -> Value {
    let mut client = rest.client(client).await;
    for disk in client["disks"].as_array_mut().unwrap() {
        if disk["vg"].is_null() {
            disk["pvid"] = Value::Null;
        }
    }
    json!({ "level": client["level"], "disks": client["disks"], "bootlist": client["bootlist"] })
}

/// How often the record has this action for a migration.
async fn recorded(rest: &Rest, id: &str, action: &str) -> usize {
    let rows = rest.get(&format!("/audit?subject=migration:{id}&action={action}&limit=500")).await.ok();
    rows["items"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_in_steps_is_held_at_its_boundaries_and_goes_on() {
    let program = Program::start(1500).await;
    let rest = &program.rest;
    let mut request = order("lpar71");
    request["hold_after"] = json!([7]);
    rest.post("/migrations", &request).await.refused(422, "ND0003");
    request["mode"] = json!("stepped");
    request["hold_after"] = json!([5]);
    let problem = rest.post("/migrations", &request).await.refused(422, "ND0003");
    assert_eq!(problem["errors"][0]["field"], "hold_after");
    request["hold_after"] = json!([3, 7]);
    let id = rest.launch(&request).await;

    let held = rest.reach(&id, &["held", "failed_clean", "failed_debris"]).await;
    assert_eq!(held["state"], "held", "{held}");
    assert!(held["reason"].as_str().unwrap().contains("after phase 3"), "{held}");
    assert_eq!((&held["phases"][2]["state"], &held["phases"][3]["state"]), (&json!("done"), &json!("waiting")));
    let spool = Program::spool(&id, 1);
    assert!(
        program.exists(&format!("{spool}/rc.2")) && !program.exists(&format!("{spool}/claim.3")),
        "nothing runs while held"
    );
    refused(rest, &id, "cutover", "no finished clone").await;
    act(rest, &id, "resume").await;
    // A hold that is asked for while it runs comes at the next boundary; here the one of the launch.
    rest.reach(&id, &["running"]).await;
    let held = rest.reach(&id, &["held", "failed_clean", "failed_debris"]).await;
    assert!(held["reason"].as_str().unwrap().contains("after phase 7"), "{held}");
    act(rest, &id, "resume").await;
    let asked = act(rest, &id, "hold").await;
    assert_eq!(asked["hold_asked_by"], "admin", "{asked}");
    let held = rest.reach(&id, &["held", "failed_clean", "failed_debris"]).await;
    assert!(held["reason"].as_str().unwrap().contains("by admin"), "{held}");
    assert_eq!(held["hold_asked_by"], json!(null));
    act(rest, &id, "resume").await;
    let done = rest.reach(&id, &OVER).await;
    assert_eq!(done["state"], "clone_ready", "{done}");
    assert!(done["phases"].as_array().unwrap().iter().all(|phase| phase["state"] == "done"), "{done}");
    program.log_is_whole(&id, 1).await;
    let printed = String::from_utf8(program.printed(&id, 1)).unwrap();
    assert_eq!(printed.matches("Executing nimadm phase ").count(), 12, "every phase once");
    assert_eq!(recorded(rest, &id, "migration.start_nimadm").await, 9);
    program.record_is_whole().await;
}

/// Killed between and within steps, the next server starts no step twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_in_steps_survives_its_servers() {
    let mut program = Program::start(700).await;
    let mut request = order("lpar71");
    request["mode"] = json!("stepped");
    let id = program.rest.launch(&request).await;
    for phase in [1, 5, 9] {
        until("the phase of the kill", || async { (program.phase_on_master(&id) >= phase).then_some(()) }).await;
        program.kill().await;
        program.start_again().await;
    }
    let done = program.rest.reach(&id, &OVER).await;
    assert_eq!(done["state"], "clone_ready", "{done}");
    program.log_is_whole(&id, 1).await;
    let printed = String::from_utf8(program.printed(&id, 1)).unwrap();
    assert_eq!(printed.matches("Executing nimadm phase ").count(), 12, "every phase once");
    assert_eq!(printed.matches("Initializing the NIM master.").count(), 9, "every step once");
    program.record_is_whole().await;
}

/// Cancelled in early, middle and late phases, once by a server that is killed meanwhile, and as a finished clone.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_leaves_the_client_as_it_was() {
    let mut program = Program::start(200).await;
    let first = system(&program.rest, "lpar71").await;
    for (client, phase) in [("lpar71", 1), ("lpar72", 6), ("lpar61", 9)] {
        let before = &system(&program.rest, client).await;
        let id = &program.rest.launch(&order(client)).await;
        until("the phase of the cancel", || async { (program.phase_on_master(id) >= phase).then_some(()) }).await;
        refused(&program.rest, id, "hold", "stepped").await;
        act(&program.rest, id, "cancel").await;
        if phase == 6 {
            program.kill().await;
            program.start_again().await;
        }
        let over = program.rest.reach(id, &["cancelled", "failed_debris", "clone_ready"]).await;
        assert_eq!(over["state"], "cancelled", "{over}");
        assert_eq!(over["outcome"], "incomplete", "{over}");
        assert_eq!(&system(&program.rest, client).await, before, "{client}");
        program.log_is_whole(id, 1).await;
        refused(&program.rest, id, "cancel", "over").await;
    }
    // The client is free again, and a finished clone is removed as well.
    let (client, before) = ("lpar71", &first);
    lab::speed::set(&program.lab(), 3000).unwrap();
    let id = program.rest.launch(&order(client)).await;
    program.rest.reach(&id, &["clone_ready"]).await;
    refused(&program.rest, &id, "rollback", "nothing to roll back").await;
    act(&program.rest, &id, "cancel").await;
    let over = program.rest.reach(&id, &["cancelled", "failed_debris"]).await;
    assert_eq!(over["state"], "cancelled", "{over}");
    assert_eq!(&system(&program.rest, client).await, before);
    program.record_is_whole().await;
}

/// There and back, and there again for good. The way back survives a killed server.
#[tokio::test(flavor = "multi_thread")]
async fn rolled_back_the_old_system_runs_and_finalised_its_disk_is_free() {
    let mut program = Program::start(2000).await;
    let before = system(&program.rest, "lpar71").await;
    let id = program.rest.launch(&order("lpar71")).await;
    program.rest.reach(&id, &["clone_ready"]).await;
    act(&program.rest, &id, "cutover").await;
    let verified = program.rest.reach(&id, &["verified", "verification_failed"]).await;
    assert_eq!(verified["state"], "verified", "{verified}");
    refused(&program.rest, &id, "cancel", "too late").await;

    lab::speed::set(&program.lab(), 100).unwrap();
    act(&program.rest, &id, "rollback").await;
    until("the reboot of the rollback", || async {
        (recorded(&program.rest, &id, "migration.reboot").await == 2).then_some(())
    })
    .await;
    for _ in 0..rand::random_range(0..20) {
        tokio::time::sleep(TICK).await;
    }
    program.kill().await;
    program.start_again().await;
    let back = program.rest.reach(&id, &["rolled_back", "verification_failed"]).await;
    assert_eq!(back["state"], "rolled_back", "{back}");
    assert_eq!(back["rollback_by"], "admin");
    assert_eq!(recorded(&program.rest, &id, "migration.reboot").await, 2, "rebooted once there and once back");
    let now = system(&program.rest, "lpar71").await;
    assert_eq!((&now["level"], &now["bootlist"]), (&before["level"], &before["bootlist"]));
    refused(&program.rest, &id, "finalise", "over").await;

    // The clone that was left is in the way of a new migration, and the pre-flight says so.
    program.rest.post("/migrations", &order("lpar71")).await.refused(422, "ND0301");
    lab::speed::set(&program.lab(), 2000).unwrap();
    let other = program.rest.launch(&order("lpar61")).await;
    program.rest.reach(&other, &["clone_ready"]).await;
    refused(&program.rest, &other, "finalise", "not possible").await;
    act(&program.rest, &other, "cutover").await;
    program.rest.reach(&other, &["verified"]).await;
    act(&program.rest, &other, "finalise").await;
    let over = program.rest.reach(&other, &["finalised"]).await;
    assert!(over["actions"].as_array().unwrap().is_empty(), "{over}");
    let client = program.rest.client("lpar61").await;
    assert!(client["disks"].as_array().unwrap().iter().all(|disk| disk["vg"] != "old_rootvg"), "{client}");
    assert_eq!(recorded(&program.rest, &other, "migration.remove_old_rootvg").await, 1);
    program.record_is_whole().await;
}

/// `-F` is for a lock whose nimadm is dead; one that lives is somebody's.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_broken_only_when_nobody_holds_it() {
    let program = Program::start(2000).await;
    let rest = &program.rest;
    let id = rest.launch(&order("lpar71")).await;
    lab::scenario::set(&program.lab(), "lpar71", "killed-in-6").unwrap();
    rest.reach(&id, &["failed_debris", "clone_ready"]).await;
    lab::scenario::set(&program.lab(), "lpar71", "stale-lock").unwrap();

    // Somebody's nimadm for this client, as far as the process table tells; the lab's own is never asked.
    let other = "mkdir -p x && echo 'sleep 300' >x/nimadm && { nohup sh x/nimadm -c lpar71 >/dev/null 2>&1 </dev/null & echo $! >x/pid; }";
    program.on_master(other, b"");
    act(rest, &id, "clean").await;
    let not_cleaned = rest.reach(&id, &["failed_debris", "failed_clean"]).await;
    assert_eq!(not_cleaned["state"], "failed_debris", "{not_cleaned}");
    assert!(not_cleaned["reason"].as_str().unwrap().contains("not nimdeck's"), "{not_cleaned}");
    program.on_master("kill $(cat x/pid); rm -r x", b"");

    act(rest, &id, "clean").await;
    let cleaned = rest.reach(&id, &["failed_debris", "failed_clean"]).await;
    assert_eq!(cleaned["state"], "failed_clean", "{cleaned}");
    let rows = rest.get(&format!("/audit?subject=migration:{id}&action=migration.clean&limit=500")).await.ok();
    let forced = rows["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["detail"]["command"].as_str().is_some_and(|command| command.contains("-F")))
        .count();
    assert_eq!(forced, 1, "{rows}");
    program.record_is_whole().await;
}
