//! What is watched while nobody asks: an alarm appears, and clears, and moves nothing.

use crate::program::Program;
use crate::rest::{Rest, order, until};
use serde_json::{Value, json};
use std::process::Command;

/// A command on a client's console, as somebody would do it who knows nothing of nimdeck.
fn on_client(program: &Program, client: &str, command: &str) {
    let mut ssh = Command::new("ssh");
    ssh.arg("-F").arg(program.lab().join("ssh_config")).args(["-o", "BatchMode=yes", client, command]);
    let output = ssh.output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
}

fn found<'a>(migration: &'a Value, kind: &str) -> Option<&'a Value> {
    migration["interlocks"].as_array().unwrap().iter().find(|finding| finding["kind"] == kind)
}

/// Waits until a migration has such a finding; the finding.
async fn appears(rest: &Rest, id: &str, kind: &str) -> Value {
    until(kind, || async { found(&rest.migration(id).await, kind).cloned() }).await
}

async fn clears(rest: &Rest, id: &str, kind: &str) {
    until(kind, || async { found(&rest.migration(id).await, kind).is_none().then_some(()) }).await;
}

/// The record's words of an action on a migration, by kind of finding.
async fn recorded(rest: &Rest, id: &str, action: &str) -> Vec<String> {
    let rows = rest.get(&format!("/audit?subject=migration:{id}&action={action}&limit=500")).await.ok();
    let kind = |row: &Value| row["detail"]["kind"].as_str().unwrap().to_owned();
    rows["items"].as_array().unwrap().iter().map(kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_an_alarm_that_appears_and_clears_and_moves_nothing() {
    let program = Program::start(2000).await;
    let rest = &program.rest;
    let id = rest.launch(&order("lpar71")).await;
    let ready = rest.reach(&id, &["clone_ready"]).await;
    assert_eq!((&ready["eta"], &ready["signals"]), (&json!(null), &json!([])), "nothing goes on");

    on_client(&program, "lpar71", "bootlist -m normal hdisk1");
    let alarm = appears(rest, &id, "bootlist_drift").await;
    assert_eq!(alarm["severity"], "alarm", "{alarm}");
    assert!(alarm["text"].as_str().unwrap().contains("reads hdisk1, and read hdisk0"), "{alarm}");
    let listed = rest.get("/migrations?client=lpar71").await.ok();
    assert_eq!(listed["items"][0]["interlocks"][0]["kind"], "bootlist_drift", "{listed}");
    on_client(&program, "lpar71", "bootlist -m normal hdisk0");
    clears(rest, &id, "bootlist_drift").await;

    // Somebody's nimadm for this client, as far as the process table tells; the lab's own is never asked.
    let other = "mkdir -p x && echo 'sleep 300' >x/nimadm && { nohup sh x/nimadm -c lpar71 >/dev/null 2>&1 </dev/null & echo $! >x/pid; }";
    program.on_master(other, b"");
    let alarm = appears(rest, &id, "foreign_nimadm").await;
    assert!(alarm["text"].as_str().unwrap().contains("x/nimadm -c lpar71"), "{alarm}");
    program.on_master("kill $(cat x/pid); rm -r x", b"");
    clears(rest, &id, "foreign_nimadm").await;

    let after = rest.migration(&id).await;
    assert_eq!(after["state"], "clone_ready", "{after}");
    for action in ["migration.alarm_raised", "migration.alarm_cleared"] {
        let mut kinds = recorded(rest, &id, action).await;
        kinds.sort();
        assert_eq!(kinds, ["bootlist_drift", "foreign_nimadm"], "{action}");
    }

    // The clone boots, and from then on the way back is watched.
    rest.post(&format!("/migrations/{id}/cutover"), &json!({})).await.ok();
    rest.reach(&id, &["verified"]).await;
    on_client(&program, "lpar71", "bootlist -m normal hdisk0");
    let alarm = appears(rest, &id, "bootlist_drift").await;
    assert!(alarm["advice"].as_str().unwrap().contains("bootlist -m normal hdisk1"), "{alarm}");
    program.record_is_whole().await;
}

/// A run in peace raises nothing, and says when it ends: by shares at first, by history once there is some.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_says_when_it_ends_and_is_no_alarm_of_its_own() {
    let mut program = Program::start(300).await;
    let rest = &program.rest;
    let mut ids = Vec::new();
    for client in ["lpar71", "lpar72", "lpar61"] {
        ids.push(rest.launch(&order(client)).await);
    }
    let told = until("an estimate by shares", || async {
        let migration = rest.migration(&ids[0]).await;
        (!migration["eta"].is_null() || migration["state"] == "clone_ready").then_some(migration)
    })
    .await;
    assert_eq!((&told["eta"]["basis"], &told["eta"]["runs"]), (&json!("shares"), &json!(0)), "{told}");
    assert!(told["eta"]["p50"].as_str() <= told["eta"]["p90"].as_str(), "{told}");
    for id in &ids {
        until("the end of the run", || async {
            let migration = rest.migration(id).await;
            assert_eq!((&migration["interlocks"], &migration["signals"]), (&json!([]), &json!([])), "{migration}");
            (migration["state"] == "clone_ready").then_some(())
        })
        .await;
    }
    assert!(recorded(rest, &ids[0], "migration.alarm_raised").await.is_empty());

    // What is remembered of history is a minute old at most; a server that has just started remembers none.
    program.kill().await;
    program.start_again().await;
    let rest = &program.rest;
    rest.post(&format!("/migrations/{}/cancel", ids[0]), &json!({})).await.ok();
    rest.reach(&ids[0], &["cancelled"]).await;
    let id = rest.launch(&order("lpar71")).await;
    let told = until("an estimate by history", || async {
        let migration = rest.migration(&id).await;
        (!migration["eta"].is_null() || migration["state"] == "clone_ready").then_some(migration)
    })
    .await;
    let eta = &told["eta"];
    assert_eq!((&eta["basis"], &eta["runs"]), (&json!("history"), &json!(3)), "{told}");
    assert_eq!(eta["alike"], "any levels, disk cache, any size", "{told}");
    assert_eq!(told["phases"][11]["eta"], eta["p50"], "{told}");
}
