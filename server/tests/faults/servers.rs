//! Three servers on one PostgreSQL: what one begins the others show, and whatever happens to one, the others go on.

use crate::estate::Estate;
use crate::fleet::Fleet;
use crate::rest::{order, until};
use crate::support::kill;
use crate::viewer::watch;
use serde_json::json;

const OVER: [&str; 4] = ["clone_ready", "failed_clean", "failed_debris", "cancelled"];

/// How often nimadm of an attempt has begun.
fn begun(estate: &Estate, id: &str) -> usize {
    String::from_utf8_lossy(&estate.printed(id, 1)).matches("Initializing the NIM master.").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_on_one_is_seen_live_on_the_others_and_outlives_two_of_them() {
    let mut fleet = Fleet::start(3, 4, 250, &[]).await;
    let id = fleet.at(0).launch(&order("lpar71")).await;
    // A session made at one server holds at the others, and so do streams.
    let viewers = [1, 2].map(|node| tokio::spawn(watch(fleet.at(node), id.clone(), "", None)));
    for (victim, phase) in [(0, 1), (1, 6)] {
        let last = fleet.at(2);
        until("the phase of the kill", || async {
            (last.migration(&id).await["phases"][phase - 1]["state"] == "running").then_some(())
        })
        .await;
        fleet.kill(victim).await;
    }
    let done = fleet.at(2).reach(&id, &OVER).await;
    assert_eq!(done["state"], "clone_ready", "{done}");
    let rest = fleet.at(2);
    fleet.estate().log_is_whole(&rest, &id, 1).await;
    assert_eq!(begun(&fleet.estate(), &id), 1);
    let [on_killed, on_last] = viewers;
    let seen = on_last.await.unwrap();
    assert_eq!((seen.first, seen.connections), (Some(1), 1));
    assert_eq!(seen.lines, rest.lines(&id).await);
    on_killed.abort();
    fleet.record_is_whole().await;
}

/// One after the other is stopped, as an upgrade does it, and started again, while two clients are migrated and watched.
#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_upgrade_loses_nothing() {
    let mut fleet = Fleet::start(3, 4, 250, &[]).await;
    let ids = [fleet.at(0).launch(&order("lpar71")).await, fleet.at(1).launch(&order("lpar72")).await];
    let watched = ids.clone().map(|id| tokio::spawn(watch(fleet.at(2), id, "", None)));
    fleet.at(0).reach(&ids[0], &["running"]).await;
    for node in [0, 1, 2] {
        let before = fleet.ask("SELECT sum(log_bytes) FROM migration");
        fleet.stop(node).await;
        let other = fleet.at((node + 1) % 3);
        until("the others go on", || async {
            // All over is as good as going on.
            let over = other.migration(&ids[0]).await["ended_at"].is_string();
            (over || fleet.ask("SELECT sum(log_bytes) FROM migration") != before).then_some(())
        })
        .await;
        fleet.start_again(node).await;
    }
    for (id, watched) in ids.iter().zip(watched) {
        let done = fleet.at(1).reach(id, &OVER).await;
        assert_eq!(done["state"], "clone_ready", "{done}");
        let rest = fleet.at(1);
        fleet.estate().log_is_whole(&rest, id, 1).await;
        assert_eq!(watched.await.unwrap().lines, rest.lines(id).await, "the stream came back where it was cut");
        assert_eq!(begun(&fleet.estate(), id), 1);
    }
    assert_eq!(
        fleet.ask("SELECT count(*) FROM migration WHERE taken_over_at IS NOT NULL"),
        "0",
        "a lease ran out: not handed over"
    );
    fleet.record_is_whole().await;
}

/// A server that was frozen longer than its lease wakes up and finds that it is not in charge any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_that_wakes_up_writes_nothing() {
    let mut fleet = Fleet::start(1, 4, 250, &[]).await;
    let id = fleet.at(0).launch(&order("lpar71")).await;
    fleet.at(0).reach(&id, &["running"]).await;
    let second = fleet.add().await;
    kill("-STOP", fleet.nodes[0].pid());
    let epoch = || fleet.ask("SELECT epoch FROM migration").parse::<u64>().unwrap();
    let before = epoch();
    until("somebody else takes over", || async { (epoch() > before).then_some(()) }).await;
    kill("-CONT", fleet.nodes[0].pid());
    let done = fleet.at(second).reach(&id, &OVER).await;
    assert_eq!(done["state"], "clone_ready", "{done}");
    let rest = fleet.at(second);
    fleet.estate().log_is_whole(&rest, &id, 1).await;
    assert_eq!(begun(&fleet.estate(), &id), 1);
    fleet.record_is_whole().await;
}

/// Whatever takes down every server that touches it is left alone, until a person has looked.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_loses_server_after_server_is_parked() {
    let mut fleet = Fleet::start(1, 4, 120, &["NIMDECK_MAX_TAKEOVERS=1"]).await;
    let id = fleet.rest.launch(&order("lpar71")).await;
    fleet.rest.reach(&id, &["running"]).await;
    for _ in 0..2 {
        let before = fleet.ask("SELECT epoch FROM migration");
        fleet.kill(0).await;
        fleet.start_again(0).await;
        until("the next server", || async { (fleet.ask("SELECT epoch FROM migration") != before).then_some(()) }).await;
    }
    let parked = until("it is parked", || async {
        let migration = fleet.rest.migration(&id).await;
        (migration["parked"] == true).then_some(migration)
    })
    .await;
    assert!(parked["reason"].as_str().unwrap().contains("2 servers"), "{parked}");
    assert!(parked["actions"].as_array().unwrap().contains(&json!("resume")), "{parked}");
    let stored = parked["log_bytes"].as_u64().unwrap();
    let printed = || fleet.estate().printed(&id, 1).len() as u64;
    until("nimadm goes on", || async { (printed() > stored + 500).then_some(()) }).await;
    assert_eq!(fleet.rest.migration(&id).await["log_bytes"], stored, "nobody works on it");
    fleet.rest.post(&format!("/migrations/{id}/resume"), &json!({})).await.ok();
    lab::speed::set(fleet.lab.path(), 2000).unwrap();
    let done = fleet.rest.reach(&id, &OVER).await;
    assert_eq!((&done["state"], &done["parked"]), (&json!("clone_ready"), &json!(false)), "{done}");
    let rest = fleet.rest.clone();
    fleet.estate().log_is_whole(&rest, &id, 1).await;
    fleet.record_is_whole().await;
}

/// A run that lasts for many leases is nobody's orphan.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_run_is_not_taken_for_an_orphan() {
    let fleet = Fleet::start(2, 4, 300, &[]).await;
    let id = fleet.rest.launch(&order("lpar71")).await;
    let done = fleet.rest.reach(&id, &OVER).await;
    assert_eq!(done["state"], "clone_ready", "{done}");
    assert_eq!(fleet.ask("SELECT takeovers || ' ' || (taken_over_at IS NULL) FROM migration"), "0 true");
}
