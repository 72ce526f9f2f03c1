//! PostgreSQL fails over to its replica while clients are migrated and watched.

use crate::cluster::Postgres;
use crate::fleet::Fleet;
use crate::rest::{order, until};
use crate::viewer::watch;
use serde_json::json;

const OVER: [&str; 4] = ["clone_ready", "failed_clean", "failed_debris", "cancelled"];

/// The primary crashes, the replica is promoted, and whatever leads to the database leads there: what Patroni, an operator or a
/// managed service does. The replication is synchronous, so what was acknowledged is on the replica.
#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_replica_has_everything_that_was_acknowledged() {
    let mut fleet = Fleet::start(2, 4, 150, &[]).await;
    let replica = Postgres::replica_of(&fleet.primary).await;
    let ids = [fleet.at(0).launch(&order("lpar71")).await, fleet.at(1).launch(&order("lpar72")).await];
    let viewers = [0, 1].map(|node| tokio::spawn(watch(fleet.at(node), ids[node].clone(), "", None)));
    for id in &ids {
        fleet.rest.reach(id, &["running"]).await;
    }
    // Acts that are acknowledged until the very end.
    let mut acknowledged = Vec::new();
    for number in 0..5 {
        let master = json!({ "name": format!("m{number}"), "host": "127.0.0.1", "port": 22, "user": "root" });
        acknowledged.push(fleet.rest.post("/masters", &master).await.ok()["id"].clone());
    }
    let lines = fleet.rest.migration(&ids[0]).await["log_lines"].as_u64().unwrap();

    fleet.primary.crash().await;
    let problem = until("the outage is told", || async {
        let answer = fleet.rest.get(&format!("/migrations/{}", ids[0])).await;
        (answer.status == 503).then_some(answer)
    })
    .await;
    problem.refused(503, "ND0002");
    // For a moment the way leads to a replica that takes no writes yet.
    fleet.database.lead_to(replica.address());
    until("reads come back first", || async { (fleet.rest.get("/masters").await.status == 200).then_some(()) }).await;
    let master = json!({ "name": "late", "host": "127.0.0.1", "port": 22, "user": "root" });
    fleet.rest.post("/masters", &master).await.refused(503, "ND0002");
    replica.promote();
    fleet.primary = replica.into();

    let masters = until("the database is back", || async {
        let answer = fleet.rest.get("/masters").await;
        (answer.status == 200).then_some(answer.body)
    })
    .await;
    let known: Vec<_> = masters["items"].as_array().unwrap().iter().map(|master| master["id"].clone()).collect();
    assert!(acknowledged.iter().all(|id| known.contains(id)), "{known:?} of {acknowledged:?}");
    assert!(fleet.rest.migration(&ids[0]).await["log_lines"].as_u64().unwrap() >= lines);
    for (id, viewer) in ids.iter().zip(viewers) {
        let done = fleet.rest.reach(id, &OVER).await;
        assert_eq!(done["state"], "clone_ready", "{done}");
        let rest = fleet.rest.clone();
        fleet.estate().log_is_whole(&rest, id, 1).await;
        let seen = viewer.await.unwrap();
        assert_eq!((seen.first, seen.connections), (Some(1), 1), "the stream stays open");
        assert_eq!(seen.lines, rest.lines(id).await);
    }
    fleet.record_is_whole().await;
}
