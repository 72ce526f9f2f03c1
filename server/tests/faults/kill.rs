//! SIGKILL to the server in each of the twelve phases.
//!
//! Four servers go through three phases each, at the same time. The lab's speed is set phase by phase, so that each of the
//! three lasts about twenty seconds: long enough for the killed server's lease to end and the next one to be seen at work
//! in the next phase. The phases before and after are fast.

use crate::program::Program;
use crate::rest::{TICK, order, until};
use aix::Phase;
use std::collections::BTreeSet;

/// How long a healthy nimadm takes in all at speed 1, in seconds, and how long a phase lasts in which the server is killed.
const WHOLE_RUN: u32 = 7500;
const LASTS: u32 = 20;
/// For all the other phases: the shortest of them lasts long enough to be seen on a busy machine.
const FAST: u32 = 600;
/// Up to so many looks pass between the phase being seen and the kill: up to three seconds.
const LOOKS: u32 = 60;

fn slow(phase: u64) -> u32 {
    let phase = Phase::try_from(u8::try_from(phase).unwrap()).unwrap();
    (WHOLE_RUN * phase.typical_share() / 1000 / LASTS).max(1)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_each_phase_it_goes_on_to_a_complete_log() {
    let (a, b, c, d) = tokio::join!(
        killed_in([1, 2, 3], "lpar71"),
        killed_in([4, 5, 6], "lpar72"),
        killed_in([7, 8, 9], "lpar61"),
        killed_in([10, 11, 12], "lpar71"),
    );
    let hit: BTreeSet<u64> = [a, b, c, d].into_iter().flatten().collect();
    assert!(hit.into_iter().eq(1..=12));
}

/// Kills the server once in each of these phases; those in which it really was killed.
async fn killed_in(phases: [u64; 3], client: &str) -> Vec<u64> {
    let first = phases[0];
    let mut program = Program::start(if first == 1 { slow(1) } else { FAST }).await;
    let id = program.rest.launch(&order(client)).await;
    if first > 1 {
        // A running nimadm takes the speed at its next phase; the phase before is short even now.
        until("the phase before", || async { (program.phase_on_master(&id) == first - 1).then_some(()) }).await;
        lab::speed::set(&program.lab(), slow(first)).unwrap();
    }
    let mut hit = Vec::new();
    for phase in phases {
        let number = usize::try_from(phase).unwrap() - 1;
        until(&format!("phase {phase} of {client} runs"), || async {
            let migration = program.rest.migration(&id).await;
            (migration["phases"][number]["state"] == "running").then_some(())
        })
        .await;
        let next = if phase == phases[2] { FAST } else { slow(phase + 1) };
        lab::speed::set(&program.lab(), next).unwrap();
        for _ in 0..rand::random_range(0..LOOKS) {
            tokio::time::sleep(TICK).await;
        }
        program.kill().await;
        // The server is dead, and nimadm is still in that phase: so it was when the signal came.
        if program.phase_on_disk(&id) == phase {
            hit.push(phase);
        }
        program.start_again().await;
    }
    let migration = program.rest.reach(&id, &["clone_ready", "failed_clean", "failed_debris"]).await;
    assert_eq!(migration["state"], "clone_ready", "{migration}");
    assert!(migration["phases"].as_array().unwrap().iter().all(|phase| phase["state"] == "done"), "{migration}");
    program.log_is_whole(&id, 1).await;
    assert_eq!(started_once(&program, &id, client).await, 1);
    program.record_is_whole().await;
    hit
}

/// Between the launch and phase 1 the server knows least: whether the order to start got through.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_it_starts_nimadm_it_starts_it_once() {
    let mut program = Program::start(FAST / 2).await;
    let mut ids = Vec::new();
    for client in ["lpar71", "lpar72", "lpar61"] {
        ids.push((client, program.rest.launch(&order(client)).await));
    }
    for _ in 0..3 {
        // Up to a third of a second: connections, looks at the client, the order itself.
        for _ in 0..rand::random_range(0..30) {
            tokio::time::sleep(TICK / 5).await;
        }
        program.kill().await;
        program.start_again().await;
        let (_, any) = &ids[rand::random_range(0..3)];
        until("work goes on", || async {
            let migration = program.rest.migration(any).await;
            (migration["state"] != "queued" || program.exists(&Program::spool(any, 1))).then_some(())
        })
        .await;
    }
    for (client, id) in &ids {
        let migration = program.rest.reach(id, &["clone_ready", "failed_clean", "failed_debris"]).await;
        assert_eq!(migration["state"], "clone_ready", "{migration}");
        program.log_is_whole(id, 1).await;
        // The intent is recorded before it is carried out, so once a try.
        assert!((1..=4).contains(&started_once(&program, id, client).await));
    }
    program.record_is_whole().await;
}

/// The order to reboot is given once, whoever waits for the client to come back.
#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_client_reboots_it_waits_for_it_and_verifies() {
    let mut program = Program::start(FAST).await;
    let id = program.rest.launch(&order("lpar71")).await;
    program.rest.reach(&id, &["clone_ready"]).await;
    // A reboot of some seconds.
    lab::speed::set(&program.lab(), 60).unwrap();
    let cutover = format!("/migrations/{id}/cutover");
    // Two who approve at the same moment: one cutover.
    let none = serde_json::json!({});
    let (a, b) = tokio::join!(program.rest.post(&cutover, &none), program.rest.post(&cutover, &none));
    let (won, lost) = if a.status == 200 { (a, b) } else { (b, a) };
    won.ok();
    lost.refused(409, "ND0304");
    let sent = format!("/audit?subject=migration:{id}&action=migration.reboot");
    until("the reboot is sent", || async {
        let rows = program.rest.get(&sent).await.ok();
        (!rows["items"].as_array().unwrap().is_empty()).then_some(())
    })
    .await;
    for _ in 0..2 {
        for _ in 0..rand::random_range(2..LOOKS) {
            tokio::time::sleep(TICK).await;
        }
        program.kill().await;
        program.start_again().await;
    }
    let migration = program.rest.reach(&id, &["verified", "verification_failed", "clone_ready"]).await;
    assert_eq!(migration["state"], "verified", "{migration}");
    let rows = program.rest.get(&sent).await.ok();
    assert_eq!(rows["items"].as_array().unwrap().len(), 1, "{rows}");
    let client = program.rest.client("lpar71").await;
    assert_eq!(client["bootlist"][0]["device"], "hdisk1", "{client}");
    assert!(client["disks"].as_array().unwrap().iter().any(|disk| disk["vg"] == "old_rootvg"), "{client}");
    program.record_is_whole().await;
}

/// nimadm ran once: the spool has one claim and one beginning, and nimadm's own log, which every start begins anew, holds
/// the same bytes. How often the record says that it was about to be started.
async fn started_once(program: &Program, id: &str, client: &str) -> usize {
    let printed = program.printed(id, 1);
    let text = String::from_utf8(printed.clone()).unwrap();
    assert_eq!(text.matches("Initializing the NIM master.").count(), 1);
    assert_eq!(text.matches("Executing nimadm phase ").count(), 12);
    let own = program.on_master(&format!("cat var/adm/ras/alt_mig/{client}_alt_mig.log"), b"");
    assert!(own == printed, "nimadm's own log is that of another run");
    let claim = format!("{}/claim", Program::spool(id, 1));
    assert!(program.exists(&claim) && !program.exists(&Program::spool(id, 2)));
    let rows = program.rest.get(&format!("/audit?subject=migration:{id}&action=migration.start_nimadm")).await.ok();
    rows["items"].as_array().unwrap().len()
}
