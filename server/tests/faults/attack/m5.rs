//! M5: an approval was acted on although the policy or the approver's role had changed since.

use crate::program::{Program, nimdeck};
use crate::rest::{Rest, order, until};
use serde_json::{Value, json};

async fn policy(rest: &Rest, starts: bool, second_person: bool) {
    let masters = rest.get("/masters").await.ok();
    let path = format!("/masters/{}", masters["items"][0]["id"].as_str().unwrap());
    let approvals = json!({ "approvals": { "starts": starts, "second_person": second_person } });
    rest.send(rest.request(reqwest::Method::PATCH, &path).json(&approvals)).await.ok();
}

async fn act(rest: &Rest, id: &str, action: &str) -> crate::rest::Answer {
    rest.post(&format!("/migrations/{id}/{action}"), &json!({ "reason": "CHG-9" })).await
}

async fn command(program: &Program, arguments: &[&str]) {
    let mut command = nimdeck();
    command.args(arguments).arg("--data-dir").arg(program.data()).current_dir(program.data());
    assert!(command.output().await.unwrap().status.success(), "{arguments:?}");
}

async fn plan(rest: &Rest, id: &str) {
    let later = json!({ "not_before": "2099-01-01T00:00:00Z" });
    assert_eq!(rest.post(&format!("/migrations/{id}/cutover"), &later).await.ok()["state"], "clone_ready");
}

/// Waits until the plan of a cutover is withdrawn; why.
async fn withdrawn(rest: &Rest, id: &str) -> String {
    until("the planned cutover is withdrawn", || async {
        let migration = rest.migration(id).await;
        migration["cutover_by"].is_null().then(|| migration["reason"].as_str().unwrap_or_default().to_owned())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_second_person_that_is_asked_for_later_is_asked_for_before_the_start() {
    let program = Program::start(3000).await;
    let admin = &program.rest;
    let jane = program.person("jane", "approver").await;
    let mut moves = order("lpar71");
    moves["bootlist"] = json!("nimadm");
    moves["not_before"] = json!("2099-01-01T00:00:00Z");
    let id = admin.launch(&moves).await;
    let plain = admin
        .launch(&{
            let mut plain = order("lpar72");
            plain["not_before"] = json!("2099-01-01T00:00:00Z");
            plain
        })
        .await;
    assert_eq!(admin.migration(&id).await["state"], "queued", "an administrator may approve a cutover");

    policy(admin, false, true).await;
    let waits = admin.reach(&id, &["awaiting_approval"]).await;
    assert!(waits["reason"].as_str().unwrap().contains("second person"), "{waits}");
    assert_eq!(waits["approved_by"], json!(null));
    act(admin, &id, "approve").await.refused(403, "ND0305");
    assert_eq!(admin.migration(&plain).await["state"], "queued", "its bootlist stays");
    policy(admin, true, true).await;
    let waits = admin.reach(&plain, &["awaiting_approval"]).await;
    assert!(waits["reason"].as_str().unwrap().contains("before a start"), "{waits}");
    assert!(
        !program.exists(&Program::spool(&id, 1)) && !program.exists(&Program::spool(&plain, 1)),
        "nothing was sent"
    );

    // With a second person's word it goes its way; without hers it comes back.
    assert_eq!(act(&jane, &id, "approve").await.ok()["approved_by"], "jane");
    act(&jane, &plain, "approve").await.ok();
    command(&program, &["user", "disable", "jane"]).await;
    let waits = admin.reach(&id, &["awaiting_approval"]).await;
    assert!(waits["reason"].as_str().unwrap().contains("jane"), "{waits}");
    admin.reach(&plain, &["awaiting_approval"]).await;
    program.record_is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m5_a_planned_cutover_needs_its_approval_until_it_is_done() {
    let mut program = Program::start(3000).await;
    let admin = program.rest.clone();
    let jane = program.person("jane", "approver").await;
    let id = admin.launch(&order("lpar71")).await;
    admin.reach(&id, &["clone_ready"]).await;
    let bootlist = admin.client("lpar71").await["bootlist"].clone();

    plan(&admin, &id).await;
    policy(&admin, false, true).await;
    assert!(withdrawn(&admin, &id).await.contains("second person"));
    plan(&jane, &id).await;
    command(&program, &["user", "role", "jane", "operator"]).await;
    assert!(withdrawn(&admin, &id).await.contains("jane approved it and has the role operator"));
    command(&program, &["user", "role", "jane", "approver"]).await;
    plan(&jane, &id).await;
    command(&program, &["user", "disable", "jane"]).await;
    assert!(withdrawn(&admin, &id).await.contains("jane"));

    // Approved a moment before: the worker itself judges again, and sends nothing.
    program.kill().await;
    let armed =
        "UPDATE migration SET state = 'armed', cutover_by = 'jane', cutover_at = now() WHERE state = 'clone_ready'";
    let database = program.database().await;
    assert_eq!(sqlx::query(armed).execute(&database).await.unwrap().rows_affected(), 1);
    program.start_again().await;
    let back = until("it goes back", || async {
        let migration = program.rest.migration(&id).await;
        (migration["state"] != "armed").then_some(migration)
    })
    .await;
    assert_eq!(back["state"], "clone_ready", "{back}");
    assert!(back["reason"].as_str().unwrap().contains("jane"), "{back}");
    assert_eq!(program.rest.client("lpar71").await["bootlist"], bootlist);
    let sent = program.rest.get(&format!("/audit?subject=migration:{id}&action=migration.move_bootlist")).await.ok();
    assert_eq!(sent["items"], json!([]));
    program.record_is_whole().await;
}

/// A way back moves the bootlist as well: asked and done under the same rule.
#[tokio::test(flavor = "multi_thread")]
async fn m5_a_rollback_needs_what_a_cutover_needs() {
    let mut program = Program::start(3000).await;
    let admin = program.rest.clone();
    let id = admin.launch(&order("lpar71")).await;
    admin.reach(&id, &["clone_ready"]).await;
    act(&admin, &id, "cutover").await.ok();
    admin.reach(&id, &["verified"]).await;
    policy(&admin, false, true).await;
    act(&admin, &id, "rollback").await.refused(403, "ND0305");
    act(&admin, &id, "finalise").await.refused(403, "ND0305");

    let reboots = async |rest: &Rest| {
        let rows = rest.get(&format!("/audit?subject=migration:{id}&action=migration.reboot")).await.ok();
        rows["items"].as_array().map(Vec::len)
    };
    assert_eq!(reboots(&admin).await, Some(1));
    program.kill().await;
    let asked = "UPDATE migration SET state = 'rolling_back', rollback_by = 'admin', rollback_at = now(), reboot_sent_at = NULL,
                 reboot_down_at = NULL";
    sqlx::query(asked).execute(&program.database().await).await.unwrap();
    program.start_again().await;
    let stays: Value = program.rest.reach(&id, &["verification_failed", "rolled_back"]).await;
    assert_eq!(stays["state"], "verification_failed", "{stays}");
    assert!(stays["reason"].as_str().unwrap().contains("second person"), "{stays}");
    assert_eq!(reboots(&program.rest).await, Some(1), "nothing was sent");
}
