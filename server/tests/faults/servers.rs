//! Three servers on one PostgreSQL: what one begins the others show, and whatever happens to one, the others go on.

use crate::estate::Estate;
use crate::fleet::Fleet;
use crate::proxy::Proxy;
use crate::rest::{order, until};
use crate::support::kill;
use crate::viewer::watch;
use serde_json::json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

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

/// A server that freezes while it starts nimadm wakes up when another has started it, or is about to: it is started once.
#[tokio::test(flavor = "multi_thread")]
async fn a_takeover_in_the_moment_of_the_start_starts_nimadm_once() {
    let mut fleet = Fleet::start(1, 4, 2500, &[]).await;
    let second = fleet.add().await;
    for client in ["lpar71", "lpar72", "lpar61"] {
        let id = fleet.at(0).launch(&order(client)).await;
        let row = |what: &str| fleet.ask(&format!("SELECT {what} FROM migration WHERE id = '{id}'"));
        until("it is claimed", || async { (row("epoch") != "0").then_some(()) }).await;
        // Nobody knows which of the two has it: both freeze, at a moment nobody chose, and one wakes up too late.
        let (a, b) = (fleet.nodes[0].pid(), fleet.nodes[second].pid());
        assert!(kill("-STOP", a) && kill("-STOP", b));
        until("the lease is over", || async { (row("coalesce(lease_until, now()) <= now()") == "t").then_some(()) })
            .await;
        let epoch = row("epoch");
        kill("-CONT", b);
        until("it goes on", || async {
            (row("epoch") != epoch || row("state NOT IN ('queued', 'starting')") == "t").then_some(())
        })
        .await;
        kill("-CONT", a);
        let done = fleet.at(0).reach(&id, &OVER).await;
        assert_eq!(done["state"], "clone_ready", "{done}");
        let rest = fleet.at(0);
        fleet.estate().log_is_whole(&rest, &id, 1).await;
        assert_eq!(begun(&fleet.estate(), &id), 1, "{client}");
    }
    fleet.record_is_whole().await;
}

/// A database that is silent, but not gone, gives no error to stop at. By its own clock, the server stops before its lease is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hears_nothing_of_its_database_stops_before_another_may_go_on() {
    let mut fleet = Fleet::start(1, 4, 1000, &[]).await;
    let way = Proxy::to(fleet.primary.address()).await;
    let second = fleet.add_by(way.port).await;
    // The second has it alone.
    kill("-STOP", fleet.nodes[0].pid());
    lab::scenario::set(fleet.lab.path(), "lpar71", "silent").unwrap();
    let id = fleet.at(second).launch(&order("lpar71")).await;
    // Nothing is printed for a while, so there is nothing to store that could fail.
    until("the silence", || async {
        let printed = fleet.estate().printed(&id, 1);
        let stored = fleet.ask("SELECT log_bytes FROM migration");
        (printed.ends_with(b"Syncing client data to cache ...\n") && stored == printed.len().to_string()).then_some(())
    })
    .await;
    way.freeze();
    let told = until("the server gives up", || async {
        let log = fleet.nodes[second].log();
        log.lines().find(|line| line.contains("the lease is lost")).map(str::to_owned)
    })
    .await;
    let until_then =
        fleet.ask("SELECT to_char(lease_until AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM migration");
    let at = |text: &str| OffsetDateTime::parse(text, &Rfc3339).unwrap();
    let stopped = told.split_whitespace().find_map(|word| OffsetDateTime::parse(word, &Rfc3339).ok());
    assert!(stopped.unwrap() < at(&until_then), "{told}, and the lease until {until_then}");
    kill("-CONT", fleet.nodes[0].pid());
    let done = fleet.at(0).reach(&id, &OVER).await;
    way.mend();
    assert_eq!(done["state"], "clone_ready", "{done}");
    let rest = fleet.at(0);
    fleet.estate().log_is_whole(&rest, &id, 1).await;
    assert_eq!(begun(&fleet.estate(), &id), 1);
    fleet.record_is_whole().await;
}
