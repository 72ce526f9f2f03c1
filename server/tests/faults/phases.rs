//! An error, and a death, in each of the twelve phases: the state and what is left behind are those of nimadm.md §2.15 and §4.1, the
//! cause is named, the running system is as it was, a clean-up frees the client, and a retry succeeds.

use crate::clients::{clones, name, order_of, running_system};
use crate::fleet::Fleet;
use futures::future::join_all;
use serde_json::{Value, json};

/// What nimadm says where it fails, phase by phase.
const CAUSES: [&str; 12] = [
    "0505-116",
    "0516-404",
    "was reset by that socket",
    "ended with return code 1",
    "BOS image is missing",
    "0503-008",
    "ended with return code 2",
    "0301-168",
    "0516-404",
    "0506-349",
    "0505-218",
    "0042-006",
];
const OVER: [&str; 3] = ["clone_ready", "failed_clean", "failed_debris"];
/// As many as the cache volume group has room for.
const AT_ONCE: usize = 6;

/// How a run ends, and what it leaves.
#[derive(Debug, Clone, Copy)]
struct Case {
    phase: usize,
    killed: bool,
    state: &'static str,
    /// altinst_rootvg is on the target disk.
    clone: bool,
    /// The client's cache file systems are mounted on the master.
    cache: bool,
    /// NIM still has the client for busy.
    locked: bool,
    retried: bool,
}

/// nimadm meets an error and cleans up, except where the last clean-up itself fails: then the finished clone stays.
fn fails(phase: usize) -> Case {
    let last = phase == 12;
    let state = if last { "failed_debris" } else { "failed_clean" };
    Case { phase, killed: false, state, clone: last, cache: false, locked: last, retried: [6, 12].contains(&phase) }
}

/// nimadm dies in the middle of a phase and cleans up nothing: what was made so far is there. The lock goes in the first half of phase 12.
fn killed(phase: usize) -> Case {
    let cache = (2..=10).contains(&phase);
    let retried = phase == 3;
    Case { phase, killed: true, state: "failed_debris", clone: true, cache, locked: phase < 12, retried }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_in_any_phase_leaves_what_the_table_says_and_nothing_after_a_clean_up() {
    let fleet = Fleet::start(1, 24, 2000, &[]).await;
    let clients = fleet.rest.get("/clients?limit=500").await.ok();
    let mut clients: Vec<_> = clients["items"].as_array().unwrap().iter().filter(|c| order_of(c).is_some()).collect();
    assert!(clients.len() >= 12, "too few clients can be migrated");
    for cases in [(1..=12).map(fails).collect::<Vec<_>>(), (1..=12).map(killed).collect()] {
        for (case, client) in cases.chunks(AT_ONCE).zip(clients.chunks(AT_ONCE)) {
            join_all(case.iter().zip(client).map(|(case, client)| goes_wrong(&fleet, *case, client))).await;
        }
        // Another client meets each phase the second time.
        clients.rotate_left(1);
    }
    fleet.record_is_whole().await;
}

async fn goes_wrong(fleet: &Fleet, case: Case, client: &Value) {
    let (rest, lab, client_name) = (&fleet.rest, fleet.lab.path(), &*name(client));
    let word = if case.killed { "killed" } else { "fails" };
    lab::scenario::set(lab, client_name, &format!("{word}-in-{}", case.phase)).unwrap();
    let before = running_system(&rest.client(client_name).await);
    let id = rest.launch(&order_of(client).unwrap()).await;
    let over = rest.reach(&id, &OVER).await;
    assert_eq!(over["state"], case.state, "{case:?}: {over}");
    cause_is_named(case, &over);
    let phases = over["phases"].as_array().unwrap();
    for (number, phase) in (1..).zip(phases) {
        let state = match number.cmp(&case.phase) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => "failed",
            std::cmp::Ordering::Greater => "skipped",
        };
        assert_eq!(phase["state"], state, "{case:?}, phase {number}: {over}");
    }
    fleet.estate().log_is_whole(rest, &id, 1).await;
    assert_eq!(running_system(&rest.client(client_name).await), before, "{case:?}");
    assert_eq!(left(fleet, client_name).await, (case.clone, case.cache, case.locked), "{case:?}: clone, cache, lock");

    lab::scenario::set(lab, client_name, "healthy").unwrap();
    if case.state == "failed_debris" {
        rest.post(&format!("/migrations/{id}/retry"), &json!({})).await.refused(409, "ND0304");
        rest.post(&format!("/migrations/{id}/clean"), &json!({})).await.ok();
        let cleaned = rest.reach(&id, &OVER).await;
        assert_eq!(cleaned["state"], "failed_clean", "{case:?}: {cleaned}");
    }
    assert_eq!(left(fleet, client_name).await, (false, false, false), "{case:?}: clone, cache, lock");
    if case.retried {
        rest.post(&format!("/migrations/{id}/retry"), &json!({})).await.ok();
        let again = rest.reach(&id, &OVER).await;
        assert_eq!((&again["state"], &again["attempt"]), (&json!("clone_ready"), &json!(2)), "{case:?}: {again}");
        fleet.estate().log_is_whole(rest, &id, 2).await;
        assert!(clones(rest, client_name).await > 0);
        rest.post(&format!("/migrations/{id}/cancel"), &json!({})).await.ok();
        rest.reach(&id, &["cancelled"]).await;
    }
    assert_eq!(running_system(&rest.client(client_name).await), before, "{case:?}");
}

fn cause_is_named(case: Case, over: &Value) {
    let says = |field: &str, text: &str| over[field].as_str().is_some_and(|said| said.contains(text));
    if case.killed {
        assert!(says("reason", &format!("stops in phase {} ", case.phase)), "{case:?}: {over}");
        return;
    }
    assert_eq!(over["failed_phase"], case.phase, "{case:?}: {over}");
    let cause = CAUSES[case.phase - 1];
    assert!(says("cause", cause) && says("reason", cause), "{case:?} does not say {cause}: {over}");
}

/// Whether there is a clone, a cache, a lock.
async fn left(fleet: &Fleet, client: &str) -> (bool, bool, bool) {
    let clone = clones(&fleet.rest, client).await > 0;
    let on_master = |command: String| String::from_utf8(fleet.estate().on_master(&command, b"")).unwrap();
    let cache = !on_master(format!("df -g | grep /{client}_alt")).is_empty();
    let stanza = on_master(format!("lsnim -l {client}"));
    let state = stanza.lines().find(|line| line.trim_start().starts_with("Cstate ")).unwrap();
    let locked = !state.ends_with("= ready for a NIM operation");
    (clone, cache, locked)
}
