//! House review §2, item 10: a second server with the same database started a lab of its own and took the simulated master over, so the
//! first server lost its estate.

use crate::program::{Program, nimdeck, try_listening};
use crate::support::DataDir;
use sqlx::ConnectOptions as _;

#[tokio::test(flavor = "multi_thread")]
async fn read_10_a_second_server_leaves_the_simulated_estate_of_the_first_alone() {
    let mut program = Program::start(1).await;
    let before = program.rest.get("/masters").await.ok()["items"].clone();
    let database = program.database().await.connect_options().to_url_lossy();
    for asked in [&["--lab"][..], &[]] {
        let dir = DataDir::new();
        let mut second = nimdeck();
        second
            .args(["serve", "--listen=127.0.0.1:0", "--database-url", database.as_str(), "--data-dir"])
            .arg(dir.path());
        second.args(asked);
        let started = try_listening(second, dir.path()).await;
        let place = |master: &serde_json::Value| (master["host"].clone(), master["port"].clone());
        let now = program.rest.get("/masters").await.ok()["items"].clone();
        assert_eq!(place(&now[0]), place(&before[0]), "the master is the lab's of the first server");
        assert!(started.is_none(), "it has no estate to serve");
        let said = std::fs::read_to_string(dir.path().join("server.log")).unwrap();
        assert!(said.contains("Another nimdeck server with this database runs a simulated estate"), "{said}");
    }
    let master = before[0]["id"].as_str().unwrap();
    program.rest.post(&format!("/masters/{master}/refresh"), &serde_json::json!({})).await.ok();
    // The lab is known by its host key: its own server needs not wait.
    program.kill().await;
    program.start_again().await;
    program.rest.post(&format!("/masters/{master}/refresh"), &serde_json::json!({})).await.ok();
}
