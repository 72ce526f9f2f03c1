//! H2: the scheduler and people locked rows and the record in opposite orders, and PostgreSQL broke one of them off.

use crate::clients::order_of;
use crate::fleet::Fleet;
use crate::rest::until;
use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const CLIENTS: usize = 60;
/// The turns are given within about this time after the blackout ended; people come at any moment of it.
const SPREAD: Duration = Duration::from_millis(250);

/// A blackout ends, so that all that wait for it get their turn at once; in the same moment people cancel all of them.
#[tokio::test(flavor = "multi_thread")]
async fn h2_people_who_cancel_while_turns_are_given_meet_no_deadlock() {
    let fleet = Fleet::start(1, CLIENTS as u32, 2000, &[]).await;
    let rest = &fleet.rest;
    let blackout =
        json!({ "reason": "a test", "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z" });
    let blackout = rest.post("/blackouts", &blackout).await.ok();
    let orders: Vec<Value> = rest.clients().await.iter().filter_map(order_of).collect();
    let launches = join_all(orders.iter().map(|order| async move {
        // So many at once are more than one master takes: a refused launch is sent again.
        until("a launch is not refused for others", || async {
            let answer = rest.post("/migrations", order).await;
            (answer.status != 429).then_some(answer)
        })
        .await
    }))
    .await;
    let ids: Vec<String> = launches
        .into_iter()
        .filter(|answer| answer.status == 201)
        .map(|answer| answer.body["id"].as_str().unwrap().to_owned())
        .collect();
    assert!(ids.len() >= CLIENTS / 2, "only {} wait", ids.len());
    let end = rest.request(Method::DELETE, &format!("/blackouts/{}", blackout["id"].as_str().unwrap()));
    let people = ids.iter().enumerate().map(|(number, id)| async move {
        tokio::time::sleep(SPREAD * number as u32 / CLIENTS as u32).await;
        rest.post(&format!("/migrations/{id}/cancel"), &json!({})).await
    });
    let cancels = join_all(people);
    let (_, answers) = tokio::join!(rest.send(end), cancels);
    let failed: Vec<&Value> = answers.iter().filter(|answer| answer.status >= 500).map(|answer| &answer.body).collect();
    assert!(failed.is_empty(), "{} of {} people: {failed:?}", failed.len(), ids.len());
    let log = fleet.nodes[0].log();
    let deadlocks: Vec<&str> = log.lines().filter(|line| line.contains("40P01") || line.contains("deadlock")).collect();
    assert!(deadlocks.is_empty(), "{deadlocks:?}");
}
