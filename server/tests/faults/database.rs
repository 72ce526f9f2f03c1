//! The database is gone for half a minute while nimadm runs.

use crate::program::Program;
use crate::rest::{TICK, order, until};
use crate::support::{DataDir, kill};
use crate::viewer::watch;
use server::postgres::{Durability, PrivatePostgres};
use std::time::{Duration, Instant};

const OUTAGE: Duration = Duration::from_secs(30);

/// Starts the cluster and leaves it alone: its supervisor, which would start it again at once, ends with the runtime it is in.
fn start_cluster(dir: &DataDir) {
    let path = dir.path().to_owned();
    let start = move || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(PrivatePostgres::start(&path, Durability::None)).unwrap();
    };
    std::thread::spawn(start).join().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_minute_without_the_database_loses_nothing() {
    let cluster = DataDir::new();
    start_cluster(&cluster);
    let url = format!("postgres://nimdeck@localhost/nimdeck?host={}", cluster.path().join("postgres/run").display());
    // A run of 43 seconds.
    let program = Program::start_with(175, &["--database-url", &url]).await;
    let rest = &program.rest;
    let id = rest.launch(&order("lpar71")).await;
    let viewer = tokio::spawn(watch(rest.clone(), id.clone(), "", None));
    until("phase 1", || async { (rest.migration(&id).await["phases"][0]["state"] == "running").then_some(()) }).await;

    let postmaster = cluster.postmaster().unwrap();
    kill("-QUIT", postmaster);
    until("PostgreSQL is gone", || async { (!kill("-0", postmaster)).then_some(()) }).await;
    let (gone, before) = (Instant::now(), program.printed(&id, 1).len());
    let mut answers = 0;
    while gone.elapsed() < OUTAGE {
        let problem = rest.get(&format!("/migrations/{id}")).await.refused(503, "ND0002");
        assert!(problem["detail"].as_str().unwrap().contains("try again"), "{problem}");
        let ready = rest.get("/../../readyz").await;
        assert_eq!(ready.status, 503);
        answers += 1;
        tokio::time::sleep(TICK * 10).await;
    }
    assert!(answers >= 3, "only {answers} answers in {OUTAGE:?}");
    assert!(program.printed(&id, 1).len() > before, "nimadm did not go on");
    assert!(!viewer.is_finished());
    start_cluster(&cluster);

    let migration = rest.reach(&id, &["clone_ready", "failed_clean", "failed_debris"]).await;
    assert_eq!(migration["state"], "clone_ready", "{migration}");
    program.log_is_whole(&id, 1).await;
    let seen = viewer.await.unwrap();
    assert_eq!((seen.first, seen.connections), (Some(1), 1), "the stream stays open");
    assert_eq!(seen.lines, rest.lines(&id).await);
    program.record_is_whole().await;
}
