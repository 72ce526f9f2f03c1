//! M10: 150 requests of a viewer for the logs of a master opened 146 SSH connections to it at once.

use crate::estate::lab_host;
use crate::program::Program;
use crate::proxy::Proxy;
use crate::rest::until;
use futures::future::join_all;
use serde_json::{Value, json};
use std::time::Duration;

const REQUESTS: usize = 150;
/// The connections that nimdeck opens to one master for people and for its own looks, with some to spare.
const MOST: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn m10_a_master_has_only_so_many_connections_at_once() {
    let program = Program::start(400).await;
    let (address, key) = lab_host(&program.lab(), 0);
    let network = Proxy::to(address).await;
    let master = json!({ "name": "far", "host": "127.0.0.1", "port": network.port, "host_key": key });
    let master = program.rest.post("/masters", &master).await.ok()["id"].as_str().unwrap().to_owned();
    let viewer = program.person("eve", "viewer").await;
    let logs = format!("/masters/{master}/logs");
    let ask = || async {
        let answer = viewer.request(reqwest::Method::GET, &logs).send().await.unwrap();
        (answer.status().as_u16(), answer.headers().contains_key("retry-after"))
    };

    // All at once: some are answered, some wait, the others get an honest refusal.
    let answers = join_all((0..REQUESTS).map(|_| ask())).await;
    let honest = |answer: &(u16, bool)| *answer == (200, false) || *answer == (429, true);
    assert!(answers.iter().all(honest), "{answers:?}");
    assert!(answers.iter().any(|(status, _)| *status == 200), "{answers:?}");
    assert!(network.most_open() <= MOST, "{} connections at once", network.most_open());

    // People who leave while the master is frozen open no more either.
    network.freeze();
    let request = viewer.request(reqwest::Method::GET, &logs);
    join_all((0..REQUESTS).map(|_| viewer.send_and_leave(&request, Duration::from_millis(300)))).await;
    assert!(network.most_open() <= MOST, "{} connections at once", network.most_open());
    network.mend();
    until("the master can be asked again", || async { (ask().await.0 == 200).then_some(()) }).await;

    // While people are refused, the engine reads the master.
    let engine = viewer.get(&format!("/masters/{master}")).await.ok();
    assert_eq!(engine["unreachable"], Value::Null, "{engine}");
}
