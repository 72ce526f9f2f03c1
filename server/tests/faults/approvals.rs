//! Policies of a master: a start that waits for an approver, and the second person.

use crate::program::Program;
use crate::rest::{Rest, order, until};
use serde_json::{Value, json};

async fn ask_for(rest: &Rest, approvals: Value) {
    let masters = rest.get("/masters").await.ok();
    let path = format!("/masters/{}", masters["items"][0]["id"].as_str().unwrap());
    let change = rest.request(reqwest::Method::PATCH, &path).json(&json!({ "approvals": approvals }));
    assert_eq!(rest.send(change).await.ok()["approvals"], approvals);
}

async fn act(rest: &Rest, id: &str, action: &str) -> crate::rest::Answer {
    rest.post(&format!("/migrations/{id}/{action}"), &json!({ "reason": "CHG-9" })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_starts_before_somebody_approves_it() {
    let program = Program::start(3000).await;
    let admin = &program.rest;
    let (joe, jane) = (program.person("joe", "operator").await, program.person("jane", "approver").await);
    ask_for(admin, json!({ "starts": true, "second_person": false })).await;

    let first = joe.launch(&order("lpar71")).await;
    let second = joe.launch(&order("lpar72")).await;
    let waits = joe.migration(&first).await;
    assert_eq!(waits["state"], "awaiting_approval", "{waits}");
    assert_eq!(waits["actions"], json!(["approve", "reject", "cancel"]), "{waits}");
    act(&joe, &second, "approve").await.refused(403, "ND0102");
    act(&joe, &second, "start").await.refused(409, "ND0304");
    let approved = act(&jane, &second, "approve").await.ok();
    assert_eq!((&approved["approved_by"], &approved["requested_by"]), (&json!("jane"), &json!("joe")), "{approved}");
    joe.reach(&second, &["clone_ready"]).await;
    // The one that was asked for first has waited all the while; then it never starts.
    assert_eq!(joe.migration(&first).await["state"], "awaiting_approval");
    assert_eq!(act(&jane, &first, "reject").await.ok()["state"], "cancelled");
    assert!(!program.exists(&Program::spool(&first, 1)));

    // A campaign is approved as a whole, before its first wave, however it goes on.
    let body = json!({
        "name": "to 7.3", "csv": "lpar71 hdisk1", "go_on": "automatic",
        "template": { "lpp_source": "lpp_7300_03_01", "spot": "spot_7300_03_01", "cache_vg": "nimadmvg",
                      "accept_licenses": true, "acknowledge_warnings": true },
    });
    let campaign = joe.post("/campaigns", &body).await.ok();
    let path = format!("/campaigns/{}", campaign["id"].as_str().unwrap());
    assert_eq!((&campaign["state"], &campaign["wave"]), (&json!("awaiting_approval"), &json!(0)), "{campaign}");
    assert_eq!(campaign["actions"], json!(["approve", "skip", "cancel"]), "{campaign}");
    joe.post(&format!("{path}/pause"), &json!({})).await.refused(409, "ND0304");
    joe.post(&format!("{path}/approve"), &json!({})).await.refused(403, "ND0102");
    assert_eq!(jane.post(&format!("{path}/approve"), &json!({})).await.ok()["approved_by"], "jane");
    let done = until("the campaign is done", || async {
        let campaign = joe.get(&path).await.ok();
        (campaign["state"] == "done").then_some(campaign)
    })
    .await;
    let member = done["members"][0]["migration"]["id"].as_str().unwrap();
    assert_eq!(joe.migration(member).await["approved_by"], "jane");
    program.record_is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_what_they_asked_for_where_a_second_person_is_needed() {
    let program = Program::start(3000).await;
    let admin = &program.rest;
    let jane = program.person("jane", "approver").await;
    ask_for(admin, json!({ "starts": true, "second_person": true })).await;

    // nimadm would move the bootlist, and nobody would be asked.
    let mut unasked = order("lpar71");
    unasked["bootlist"] = json!("nimadm");
    let problem = admin.post("/migrations", &unasked).await.refused(422, "ND0301");
    assert!(problem["detail"].as_str().unwrap().contains("ND-2"), "{problem}");

    let id = admin.launch(&order("lpar71")).await;
    act(admin, &id, "approve").await.refused(403, "ND0305");
    act(&jane, &id, "approve").await.ok();
    admin.reach(&id, &["clone_ready"]).await;
    let before = admin.client("lpar71").await["bootlist"].clone();
    act(admin, &id, "cutover").await.refused(403, "ND0305");
    let later = json!({ "not_before": "2099-01-01T00:00:00Z" });
    admin.post(&format!("/migrations/{id}/cutover"), &later).await.refused(403, "ND0305");
    assert_eq!(admin.client("lpar71").await["bootlist"], before);
    act(&jane, &id, "cutover").await.ok();
    let verified = admin.reach(&id, &["verified", "verification_failed"]).await;
    assert_eq!((&verified["state"], &verified["cutover_by"]), (&json!("verified"), &json!("jane")));

    let body = json!({ "name": "again", "csv": "lpar72 hdisk2 hdisk3", "template": {
        "lpp_source": "lpp_7300_03_01", "spot": "spot_7300_03_01", "cache_vg": "nimadmvg", "accept_licenses": true,
        "acknowledge_warnings": true } });
    let campaign = admin.post("/campaigns", &body).await.ok();
    let path = format!("/campaigns/{}", campaign["id"].as_str().unwrap());
    admin.post(&format!("{path}/approve"), &json!({})).await.refused(403, "ND0305");
    jane.post(&format!("{path}/approve"), &json!({})).await.ok();
    until("a clone is ready", || async {
        let campaign = admin.get(&path).await.ok();
        (campaign["waves"][0]["ready"] == 1).then_some(())
    })
    .await;
    admin.post(&format!("{path}/cutover"), &json!({})).await.refused(403, "ND0305");

    // Once it is not asked for any more, it does not bind; both are on record.
    ask_for(admin, json!({ "starts": false, "second_person": false })).await;
    admin.post(&format!("{path}/cutover"), &json!({})).await.ok();
    let audit = admin.get("/audit?action=master.change").await.ok();
    assert_eq!(audit["items"].as_array().unwrap().len(), 2, "{audit}");
    program.record_is_whole().await;
}
