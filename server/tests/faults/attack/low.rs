//! The low ones: input that was answered as if the server were broken, or as if nothing were wrong.

use crate::program::Program;
use crate::rest::{Answer, Rest, order, until};
use reqwest::Method;
use serde_json::{Value, json};

/// Refused as bad input that names this field.
fn names(answer: Answer, field: &str) {
    let asked = format!("{answer:?}");
    let problem = answer.refused(422, "ND0003");
    assert_eq!(problem["errors"][0]["field"], field, "{asked}");
}

/// A server function, as the pages call it.
async fn call(rest: &Rest, endpoint: &str, body: &str) -> Answer {
    let request = rest.request(Method::POST, &format!("/../ui/{endpoint}"));
    rest.send(request.header("content-type", "application/json").body(body.to_owned())).await
}

/// Every server function.
fn endpoints() -> Vec<&'static str> {
    let source = include_str!("../../../../app/src/api.rs");
    source.split("endpoint = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

const NOBODY: &str = "0198c0de-0000-7000-8000-000000000000";

/// Times that no calendar has in UTC, wherever times come in.
#[tokio::test(flavor = "multi_thread")]
async fn low_a_time_outside_the_calendar_is_refused_and_named() {
    let program = Program::start(100).await;
    let rest = &program.rest;
    for time in ["9999-12-31T23:30:00-01:00", "0000-01-01T00:30:00+01:00"] {
        let good = "2099-01-01T00:00:00Z";
        let blackout = |from: &str, to: &str| json!({ "reason": "a test", "starts_at": from, "ends_at": to });
        names(rest.post("/blackouts", &blackout(time, good)).await, "starts_at");
        names(rest.post("/blackouts", &blackout(good, time)).await, "ends_at");
        let with = |mut order: Value| {
            order["not_before"] = json!(time);
            order
        };
        names(rest.post("/migrations", &with(order("lpar71"))).await, "not_before");
        names(rest.post("/preflight", &with(order("lpar71"))).await, "not_before");
        names(rest.post(&format!("/migrations/{NOBODY}/cutover"), &with(json!({}))).await, "not_before");
        names(rest.post(&format!("/campaigns/{NOBODY}/cutover"), &with(json!({}))).await, "not_before");
        let range = json!([{ "days": ["mon"], "from": "10:00", "to": "11:00" }]);
        let window = json!({ "name": "w", "time_zone": "UTC", "ranges": range, "opens_at": time });
        names(rest.post("/windows", &window).await, "opens_at");
        let time = time.replace('+', "%2B");
        for (list, field) in
            [("migrations", "since"), ("migrations", "until"), ("audit", "since"), ("audit/export", "since")]
        {
            names(rest.get(&format!("/{list}?{field}={time}")).await, field);
        }
        let act = json!({ "id": NOBODY, "action": "cutover", "not_before": time });
        call(rest, "act", &act.to_string()).await.refused(422, "ND0003");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn low_a_cursor_of_no_list_is_refused_by_every_list() {
    let program = Program::start(100).await;
    let rest = &program.rest;
    let master = rest.get("/masters").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
    let (logs, resources) = (format!("masters/{master}/logs"), format!("masters/{master}/resources"));
    let lists = [
        "audit",
        "migrations",
        "imports",
        "clients",
        "masters",
        "campaigns",
        "windows",
        "blackouts",
        "groups",
        &logs,
        &resources,
    ];
    for list in lists {
        for cursor in ["garbage", "-1", "%27%3B--", "lpar71~", "~", "99999999999999999999", "1.5"] {
            names(rest.get(&format!("/{list}?cursor={cursor}")).await, "cursor");
        }
        rest.get(&format!("/{list}")).await.ok();
    }
    for list in ["migrations", "imports"] {
        names(rest.get(&format!("/{list}?cursor={NOBODY}")).await, "cursor");
    }
    let page = rest.get("/clients?limit=1").await.ok();
    let next = rest.get(&format!("/clients?limit=1&cursor={}", page["next"].as_str().unwrap())).await.ok();
    assert_ne!(page["items"][0]["id"], next["items"][0]["id"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn low_a_nul_in_a_query_a_path_or_a_body_is_refused_and_named() {
    let program = Program::start(100).await;
    let rest = &program.rest;
    let master = rest.get("/masters").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
    for query in [
        "audit?actor=%00",
        "audit?action=x%00y",
        "audit?subject=%00",
        "audit/export?actor=%00",
        "audit/export?format=csv&subject=%00",
        "migrations?q=%00",
        "migrations?client=%00",
        "clients?q=a%00",
        "clients?level=%00",
        "imports?q=%00",
        &format!("masters/{master}/resources?type=%00"),
        &format!("migrations/{NOBODY}/log/search?q=%00"),
    ] {
        let field =
            query.split(['?', '&']).find_map(|pair| pair.split_once('=').filter(|(_, value)| value.contains("%00")));
        names(rest.get(&format!("/{query}")).await, field.unwrap().0);
    }
    rest.get("/clients/%00").await.refused(404, "ND0004");
    for field in ["note", "change_ref", "client", "window"] {
        let mut order = order("lpar71");
        order[field] = json!("a\0b");
        names(rest.post("/migrations", &order).await, field);
    }
    names(rest.post("/blackouts", &json!({ "reason": "\0" })).await, "reason");
    assert_eq!(rest.get("/migrations").await.ok()["items"], json!([]), "something was started");
}

#[tokio::test(flavor = "multi_thread")]
async fn low_wrong_arguments_of_server_functions_are_no_fault_of_the_server() {
    let program = Program::start(100).await;
    let rest = &program.rest;
    for endpoint in endpoints() {
        for body in [
            "",
            "{",
            "[]",
            "7",
            "\"x\"",
            "null",
            "{\"id\": 7, \"filter\": 7, \"name\": 7, \"wanted\": 7}",
            "\u{0}",
            "a=b",
        ] {
            let answer = call(rest, endpoint, body).await;
            let good = matches!(answer.status, 400 | 422) || (answer.status == 200 && body.starts_with(['[', '{']));
            assert!(good, "{endpoint} {body:?}: {answer:?}");
        }
    }
    call(rest, "client", "{}").await.refused(422, "ND0003");
    call(rest, "migration", "{\"id\": \"x\"}").await.refused(422, "ND0003");
}

#[tokio::test(flavor = "multi_thread")]
async fn low_a_launch_key_that_is_too_long_is_refused_and_named() {
    let program = Program::start(100).await;
    let rest = &program.rest;
    let keyed = |key: String| async move {
        rest.send(rest.request(Method::POST, "/migrations").header("idempotency-key", key).json(&order("lpar71"))).await
    };
    for key in ["k".repeat(8192), "k".repeat(201), String::new()] {
        names(keyed(key.clone()).await, "Idempotency-Key");
        let body = json!({ "request": order("lpar71"), "key": key }).to_string();
        names(call(rest, "launch", &body).await, "Idempotency-Key");
    }
    let body = json!({ "request": order("lpar71"), "key": "a\u{7f}ü" }).to_string();
    names(call(rest, "launch", &body).await, "Idempotency-Key");
    assert_eq!(rest.get("/migrations").await.ok()["items"], json!([]), "something was started");
    program.record_is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn low_a_range_that_the_log_does_not_have_is_416() {
    let program = Program::start(100).await;
    let rest = &program.rest;
    let id = rest.launch(&order("lpar71")).await;
    until("a log", || async { (rest.migration(&id).await["log_bytes"].as_u64()? > 0).then_some(()) }).await;
    for range in ["bytes=1000000000-", "bytes=1000000000-1000000001", "bytes=-0", "bytes=18446744073709551615-"] {
        let request = rest.request(Method::GET, &format!("/migrations/{id}/log")).header("range", range);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 416, "{range}");
        let total = response.headers()["content-range"].to_str().unwrap().strip_prefix("bytes */").unwrap().to_owned();
        assert!(total.parse::<u64>().unwrap() > 0, "{total}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.json::<Value>().await.unwrap()["code"], "ND0010");
    }
    let part = rest.request(Method::GET, &format!("/migrations/{id}/log")).header("range", "bytes=0-3").send().await;
    let part = part.unwrap();
    assert_eq!((part.status().as_u16(), part.bytes().await.unwrap().len()), (206, 4));
}
