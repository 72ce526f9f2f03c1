//! H7: a value that cannot be decoded ended the scheduler's task, and `/readyz` went on saying that all is well.

use crate::program::Program;
use crate::rest::{order, until};
use serde_json::{Value, json};

/// What a hand at `psql` has written. None of it concerns lpar72 on nim1.
const POISONS: [&str; 5] = [
    "INSERT INTO blackout (id, reason, starts_at, ends_at, master_id)
     SELECT gen_random_uuid(), 'poison', now(), 'infinity', id FROM master WHERE name = 'other'",
    "UPDATE master SET last_start_at = 'infinity'",
    "INSERT INTO maintenance_window (name, time_zone, ranges) VALUES ('odd', 'Mars/Olympus', '[\"never\"]')",
    "UPDATE cache_vg SET seen_at = 'infinity'",
    "UPDATE migration SET request = request || '{\"not_before\": \"infinity\"}'
     WHERE client_id = (SELECT id FROM client WHERE name = 'lpar71')",
];

async fn endless_blackout(program: &Program) -> String {
    let blackout =
        json!({ "reason": "a test", "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z" });
    let blackout = program.rest.post("/blackouts", &blackout).await.ok()["id"].as_str().unwrap().to_owned();
    sql(program, "UPDATE blackout SET ends_at = 'infinity'").await;
    blackout
}

async fn sql(program: &Program, statement: &'static str) {
    sqlx::query(statement).execute(&program.database().await).await.unwrap();
}

async fn delete_blackout(program: &Program, id: &str) {
    let rest = &program.rest;
    rest.send(rest.request(reqwest::Method::DELETE, &format!("/blackouts/{id}"))).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn h7_a_blackout_without_an_end_can_be_ended() {
    let program = Program::start(400).await;
    let rest = &program.rest;
    let blackout = endless_blackout(&program).await;
    let id = rest.launch(&order("lpar71")).await;
    until("it says what it waits for, or the server has stopped scheduling", || async {
        let log = std::fs::read_to_string(program.data().join("server.log")).unwrap();
        let says = rest.migration(&id).await["reason"].as_str().is_some_and(|why| why.contains("a test"));
        (says || log.contains("panicked")).then_some(())
    })
    .await;
    let shown = rest.get("/blackouts").await.ok();
    assert_eq!(shown["items"][0]["reason"], "a test", "{shown}");
    delete_blackout(&program, &blackout).await;
    rest.reach(&id, &["running", "clone_ready"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h7_rows_that_cannot_be_read_stop_nothing_else() {
    let program = Program::start(400).await;
    let rest = &program.rest;
    let other = json!({ "name": "other", "host": "127.0.0.1", "port": 1, "user": "root" });
    rest.post("/masters", &other).await.ok();
    let blackout =
        json!({ "reason": "a test", "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z" });
    let blackout = rest.post("/blackouts", &blackout).await.ok()["id"].as_str().unwrap().to_owned();
    let poisoned = rest.launch(&order("lpar71")).await;
    let healthy = rest.launch(&order("lpar72")).await;
    for poison in POISONS {
        sql(&program, poison).await;
    }
    delete_blackout(&program, &blackout).await;
    rest.reach(&healthy, &["running", "clone_ready"]).await;
    let database = program.database().await;
    let reason = "SELECT COALESCE(reason, '') FROM migration WHERE state = 'queued'";
    let reason: String = sqlx::query_scalar(reason).fetch_one(&database).await.unwrap();
    assert!(reason.contains("cannot be read"), "{reason}");
    sql(&program, "UPDATE migration SET request = request - 'not_before' WHERE state = 'queued'").await;
    rest.reach(&poisoned, &["running", "clone_ready"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h7_a_loop_that_cannot_go_on_makes_the_server_unready_and_is_named() {
    let program = Program::start(400).await;
    let page = async |path: &str| {
        let answer = reqwest::get(format!("http://{}{path}", program.address())).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(page("/readyz").await.0, 200);
    sql(&program, "ALTER TABLE campaign RENAME TO campaign_away").await;
    let (_, body) =
        until("the server is not ready", || async { Some(page("/readyz").await).filter(|(status, _)| *status == 503) })
            .await;
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&problem["code"], &problem["errors"][0]["field"]), (&json!("ND0407"), &json!("campaigns")), "{body}");
    let metrics = page("/metrics").await.1;
    assert!(metrics.contains("nimdeck_background_overdue{task=\"campaigns\"} 1"), "{metrics}");
    assert!(metrics.contains("nimdeck_background_overdue{task=\"scheduler\"} 0"), "{metrics}");
    let log = std::fs::read_to_string(program.data().join("server.log")).unwrap();
    let named = |line: &str| line.contains("campaigns") && line.contains("a background task failed");
    assert!(log.lines().any(named), "the log does not name it");
    sql(&program, "ALTER TABLE campaign_away RENAME TO campaign").await;
    until("the server is ready again", || async { (page("/readyz").await.0 == 200).then_some(()) }).await;
}
