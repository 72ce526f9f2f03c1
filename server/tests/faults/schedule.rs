//! Who waits, why, and what lets them go on: places, space, groups, blackouts, times, windows.

use crate::program::Program;
use crate::rest::{Rest, order, until};
use serde_json::{Value, json};

/// Waits until a migration waits for something that `word` names.
async fn waits_for(rest: &Rest, id: &str, word: &str) -> Value {
    until(word, || async {
        let migration = rest.migration(id).await;
        migration["reason"].as_str().is_some_and(|why| why.contains(word)).then_some(migration)
    })
    .await
}

async fn delete(rest: &Rest, path: &str) {
    let answer = rest.send(rest.request(reqwest::Method::DELETE, path)).await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_says_why_and_starts_when_it_may() {
    let program = Program::start(400).await;
    let rest = &program.rest;
    let master = rest.get("/masters").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
    let limit = |most: u16| {
        let request =
            rest.request(reqwest::Method::PATCH, &format!("/masters/{master}")).json(&json!({ "max_running": most }));
        rest.send(request)
    };
    limit(0).await.refused(422, "ND0003");
    assert_eq!(limit(1).await.ok()["max_running"], 1);

    // One place, and two who want it.
    let first = rest.launch(&order("lpar71")).await;
    rest.reach(&first, &["running"]).await;
    let second = rest.launch(&order("lpar72")).await;
    let waiting = waits_for(rest, &second, "nim1 runs 1 of at most 1").await;
    assert_eq!(waiting["state"], "queued");
    assert_eq!(waiting["actions"], json!(["start", "cancel"]), "{waiting}");
    limit(10).await.ok();
    rest.reach(&second, &["running"]).await;

    // A group of cluster nodes, of which one is worked on.
    rest.post("/groups", &json!({ "name": "db", "max_running": 1, "clients": ["nobody"] }))
        .await
        .refused(422, "ND0003");
    rest.post("/groups", &json!({ "name": "db", "max_running": 1, "clients": ["lpar72", "lpar61"] })).await.ok();
    let third = rest.launch(&order("lpar61")).await;
    waits_for(rest, &third, "1 of at most 1 clients of db").await;

    // Time goes before places, and nothing goes before a blackout.
    let (start, end) = ("2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z");
    let blackout = json!({ "reason": "year end", "starts_at": start, "ends_at": end });
    rest.post("/blackouts", &json!({ "reason": "upside down", "starts_at": end, "ends_at": start }))
        .await
        .refused(422, "ND0003");
    let blackout = rest.post("/blackouts", &blackout).await.ok()["id"].as_str().unwrap().to_owned();
    waits_for(rest, &third, "year end").await;
    rest.post(&format!("/migrations/{third}/start"), &json!({})).await.ok();
    waits_for(rest, &third, "year end").await;
    delete(rest, &format!("/blackouts/{blackout}")).await;
    delete(rest, "/groups/db").await;
    rest.reach(&third, &["running", "clone_ready"]).await;
    program.record_is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn starts_and_cutovers_keep_their_times() {
    let program = Program::start(2000).await;
    let rest = &program.rest;
    let bad = json!({ "name": "night", "time_zone": "Mars/Base", "ranges": [{ "days": ["sat"], "from": "22:00", "to": "04:00" }] });
    let refused = rest.post("/windows", &bad).await.refused(422, "ND0003");
    assert_eq!(refused["errors"][0]["field"], "time_zone", "{refused}");
    // A window on the one day of the week that is neither today nor yesterday, anywhere on earth, is closed now.
    let ahead = time::OffsetDateTime::now_utc() + time::Duration::days(3);
    let day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"][usize::from(ahead.weekday().number_days_from_monday())];
    let closed = json!({ "name": "night", "time_zone": "Europe/Berlin", "ranges": [{ "days": [day], "from": "12:00", "to": "13:00" }] });
    let stored = rest.post("/windows", &closed).await.ok();
    assert!(stored["open"] == false && stored["opens_at"].is_string(), "{stored}");

    let mut request = order("lpar71");
    request["window"] = json!("nightly");
    let problem = rest.post("/migrations", &request).await.refused(422, "ND0003");
    assert!(problem["detail"].as_str().unwrap().contains("there are: night"), "{problem}");
    request["window"] = json!("night");
    let id = rest.launch(&request).await;
    waits_for(rest, &id, "maintenance window night, which opens at").await;
    let schedule = rest.get("/schedule").await.ok();
    let waiting = &schedule["waiting"][0];
    assert_eq!((&waiting["subject"], &waiting["window"]), (&json!("lpar71"), &json!("night")), "{schedule}");
    assert!(waiting["reason"].as_str().unwrap().contains("night"), "{schedule}");
    assert_eq!(schedule["openings"].as_array().unwrap().len(), 3, "{schedule}");
    assert_eq!(schedule["openings"][0]["from"], schedule["windows"][0]["opens_at"], "{schedule}");
    rest.post(&format!("/migrations/{id}/start"), &json!({ "reason": "the owner agreed" })).await.ok();
    rest.reach(&id, &["clone_ready"]).await;

    // The cutover is approved for the window, taken back, and approved for a time that has come.
    let cutover = format!("/migrations/{id}/cutover");
    rest.post(&cutover, &json!({ "window": "nightly" })).await.refused(422, "ND0003");
    rest.post(&format!("/migrations/{id}/cancel"), &json!({ "window": "night" })).await.refused(422, "ND0003");
    let planned = rest.post(&cutover, &json!({ "window": "night" })).await.ok();
    assert_eq!((&planned["state"], &planned["cutover_by"]), (&json!("clone_ready"), &json!("admin")), "{planned}");
    waits_for(rest, &id, "The cutover is approved. Waits for the maintenance window").await;
    let planned = rest.get("/schedule").await.ok()["planned"].clone();
    assert_eq!((&planned[0]["client"], &planned[0]["approved_by"]), (&json!("lpar71"), &json!("admin")), "{planned}");
    let answer = rest.send(rest.request(reqwest::Method::DELETE, "/windows/night")).await;
    answer.refused(409, "ND0304");
    let held = rest.post(&format!("/migrations/{id}/hold"), &json!({})).await.ok();
    assert_eq!((&held["cutover_by"], &held["cutover_window"]), (&Value::Null, &Value::Null), "{held}");
    delete(rest, "/windows/night").await;
    rest.post(&cutover, &json!({ "not_before": "2020-01-01T00:00:00Z" })).await.ok();
    let done = rest.reach(&id, &["verified", "verification_failed"]).await;
    assert_eq!(done["state"], "verified", "{done}");
    program.record_is_whole().await;
}
