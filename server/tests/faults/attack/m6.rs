//! M6: an operator alone moved the bootlist with `bootlist: nimadm`.

use crate::program::Program;
use crate::rest::order;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn m6_an_operator_alone_never_moves_the_bootlist() {
    let program = Program::start(3000).await;
    let (joe, jane) = (program.person("joe", "operator").await, program.person("jane", "approver").await);
    let mut moves = order("lpar71");
    moves["bootlist"] = json!("nimadm");
    let id = joe.launch(&moves).await;
    let waits = joe.migration(&id).await;
    assert_eq!(waits["state"], "awaiting_approval", "{waits}");
    assert!(waits["reason"].as_str().unwrap().contains("bootlist"), "{waits}");
    joe.post(&format!("/migrations/{id}/approve"), &json!({})).await.refused(403, "ND0102");
    assert!(!program.exists(&Program::spool(&id, 1)), "nothing was sent");
    let approved = jane.post(&format!("/migrations/{id}/approve"), &json!({})).await.ok();
    assert_eq!(approved["approved_by"], "jane");
    joe.reach(&id, &["clone_ready"]).await;
    let client = joe.client("lpar71").await;
    assert_eq!(client["bootlist"][0]["device"], "hdisk1", "{client}");

    // In steps, and once more after a failure: each attempt is approved.
    lab::scenario::set(&program.lab(), "lpar72", "multibos").unwrap();
    let mut moves = order("lpar72");
    moves["bootlist"] = json!("nimadm");
    moves["mode"] = json!("stepped");
    let id = joe.launch(&moves).await;
    assert_eq!(joe.migration(&id).await["state"], "awaiting_approval");
    jane.post(&format!("/migrations/{id}/approve"), &json!({})).await.ok();
    joe.reach(&id, &["failed_debris"]).await;
    joe.post(&format!("/migrations/{id}/clean"), &json!({})).await.ok();
    joe.reach(&id, &["failed_clean"]).await;
    lab::scenario::set(&program.lab(), "lpar72", "healthy").unwrap();
    let again = joe.post(&format!("/migrations/{id}/retry"), &json!({})).await.ok();
    assert_eq!((&again["state"], &again["approved_by"]), (&json!("awaiting_approval"), &json!(null)), "{again}");
    assert!(!program.exists(&Program::spool(&id, 2)), "nothing was sent");

    // Somebody who may cut over needs nobody else where the master asks for nobody else.
    let mut moves = order("lpar61");
    moves["bootlist"] = json!("nimadm");
    let id = jane.launch(&moves).await;
    let running = jane.reach(&id, &["clone_ready"]).await;
    assert_eq!(running["approved_by"], "jane", "{running}");

    // A campaign's clients keep their bootlists.
    let body = json!({ "name": "x", "csv": "lpar72 hdisk2 hdisk3", "template": {
        "lpp_source": "lpp_7300_03_01", "spot": "spot_7300_03_01", "bootlist": "nimadm" } });
    assert_eq!(joe.post("/campaigns", &body).await.status, 422);
    program.record_is_whole().await;
}
