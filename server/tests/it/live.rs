//! Two servers on one database: what one commits, the viewers of the other see.

use crate::support::{Database, run, write};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use server::background::Background;
use server::logs::{
    bus::Bus,
    fleet,
    ingest::{Ingest, Position},
    stream::{self, Start},
    watch::POLL,
};
use server::store::{self, fence::Fence, migration};
use sqlx::PgPool;
use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How many lines are written, each when the one before was seen. By polling alone that is as many polls.
const ROUNDS: u64 = 10;

struct Server {
    bus: Arc<Bus>,
    stop: CancellationToken,
    _stops: DropGuard,
}

impl Server {
    /// A server that neither tells nor hears.
    fn silent(pool: &PgPool) -> Self {
        let stop = CancellationToken::new();
        Self { bus: Bus::new(pool.clone()), stop: stop.clone(), _stops: stop.drop_guard() }
    }

    fn start(pool: &PgPool) -> Self {
        let server = Self::silent(pool);
        server.bus.run(&Background::new(), &server.stop);
        server
    }

    async fn viewer(&self, fence: &Fence, start: Start) -> Viewer {
        let viewer = stream::open(&self.bus, self.stop.clone(), fence.migration, start).await.unwrap();
        Viewer { events: viewer.unwrap().events().boxed(), next: 1 }
    }

    async fn ingest(&self, pool: &PgPool, fence: &Fence) -> Ingest {
        Ingest::resume(pool, &self.bus, *fence, 1, Position::default()).await.unwrap()
    }
}

struct Viewer {
    events: std::pin::Pin<Box<dyn Stream<Item = Result<Bytes, Infallible>> + Send>>,
    next: u64,
}

impl Viewer {
    async fn event(&mut self) -> Option<String> {
        let Ok(event) = self.events.next().await?;
        Some(String::from_utf8(event.to_vec()).unwrap())
    }

    /// Waits for line `line`; fails where one before it is missing or one comes twice.
    async fn reaches(&mut self, line: u64) {
        while self.next <= line {
            let event = self.event().await.unwrap();
            let Some(json) = event.strip_suffix("\n\n").and_then(|event| event.split_once("event: log\ndata: ")) else {
                continue;
            };
            let batch: serde_json::Value = serde_json::from_str(json.1).unwrap();
            assert_eq!(batch["first"], self.next, "{event}");
            self.next += batch["lines"].as_array().unwrap().len() as u64;
        }
    }
}

async fn patiently<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), future).await.unwrap()
}

/// Writes lines one after the other, each when every viewer has seen the one before.
async fn line_by_line(ingest: &mut Ingest, viewers: &mut [&mut Viewer], lines: u64) {
    for _ in 0..lines {
        let line = viewers[0].next;
        ingest.take(format!("line {line}\n").as_bytes()).await.unwrap();
        ingest.settle().await.unwrap();
        for viewer in &mut *viewers {
            viewer.reaches(line).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_reach_the_viewers_of_another_server_without_waiting_for_its_poll() {
    let database = Database::new().await;
    let pool = &database.pool;
    let fence = run::claimed(pool).await;
    let (here, there) = (Server::start(pool), Server::start(pool));
    let mut ingest = here.ingest(pool, &fence).await;
    let (mut near, mut far) = (here.viewer(&fence, Start::After(0)).await, there.viewer(&fence, Start::After(0)).await);
    // The first line may come by the poll: nobody says that the connection that hears is up.
    patiently(line_by_line(&mut ingest, &mut [&mut far, &mut near], 2)).await;
    let mut viewers = [&mut far, &mut near];
    let told = line_by_line(&mut ingest, &mut viewers, ROUNDS);
    let waited = tokio::time::timeout(POLL * u32::try_from(ROUNDS / 2).unwrap(), told).await;
    assert!(waited.is_ok(), "the lines came by polling");

    // The connections that tell and hear are cut, with all others: they come back, and meanwhile the poll finds everything.
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = current_user";
    sqlx::query(cut).execute(pool).await.unwrap();
    patiently(line_by_line(&mut ingest, &mut [&mut far, &mut near], 3)).await;
    let mut viewers = [&mut far, &mut near];
    let told = line_by_line(&mut ingest, &mut viewers, ROUNDS);
    let waited = tokio::time::timeout(POLL * u32::try_from(ROUNDS / 2).unwrap(), told).await;
    assert!(waited.is_ok(), "the lines came by polling once the connection had been cut");

    // Somebody who comes later begins where they say; a burst of lines is no reason to miss one.
    let mut late = there.viewer(&fence, Start::Tail(1)).await;
    late.next = far.next - 1;
    for _ in 0..400 {
        ingest.take(b"burst\n").await.unwrap();
        ingest.settle().await.unwrap();
    }
    let last = far.next + 399;
    patiently(async { tokio::join!(far.reaches(last), near.reaches(last), late.reaches(last)) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_told_is_found_by_the_poll() {
    let database = Database::new().await;
    let pool = &database.pool;
    let fence = run::claimed(pool).await;
    let (here, there) = (Server::silent(pool), Server::start(pool));
    let mut far = there.viewer(&fence, Start::After(0)).await;
    let mut ingest = here.ingest(pool, &fence).await;
    patiently(line_by_line(&mut ingest, &mut [&mut far], 2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_before_a_server_has_looked_for_the_first_time_is_missed_by_nobody_who_was_greeted() {
    let database = Database::new().await;
    let pool = &database.pool;
    let server = Server::silent(pool);
    let mut fleet = Box::pin(fleet::states(pool.clone(), &server.bus, server.stop.clone(), None));
    // No look yet: no greeting. The first migration there ever was comes after it, and is told.
    assert!(tokio::time::timeout(Duration::from_millis(300), fleet.next()).await.is_err());
    server.bus.run(&Background::new(), &server.stop);
    let Ok(first) = patiently(fleet.next()).await.unwrap();
    assert!(first.starts_with(b"event: heartbeat"));
    run::claimed(pool).await;
    let Ok(event) = patiently(fleet.next()).await.unwrap();
    assert!(event.starts_with(b"event: state"), "{}", String::from_utf8_lossy(&event));
}

#[tokio::test(flavor = "multi_thread")]
async fn states_and_the_end_reach_other_servers_and_the_end_comes_last() {
    let database = Database::new().await;
    let pool = &database.pool;
    let fence = run::claimed(pool).await;
    let (here, there) = (Server::start(pool), Server::start(pool));
    let mut far = there.viewer(&fence, Start::After(0)).await;
    let mut fleet = Box::pin(fleet::states(pool.clone(), &there.bus, there.stop.clone(), Some(vec![fence.migration])));
    let Ok(first) = fleet.next().await.unwrap();
    assert!(first.starts_with(b"event: heartbeat"));

    let explain = async |tx: &mut store::Tx| migration::explain(tx, &fence, Some("waits for the moon")).await;
    write(pool, explain).await.unwrap();
    here.bus.changed(fence.migration);
    let shown = async {
        loop {
            let Ok(event) = fleet.next().await.unwrap();
            if String::from_utf8_lossy(&event).contains("waits for the moon") {
                return;
            }
        }
    };
    patiently(shown).await;

    let mut ingest = here.ingest(pool, &fence).await;
    ingest.take(b"one\ntwo\nthree").await.unwrap();
    ingest.finish().await.unwrap();
    sqlx::query("UPDATE migration SET state = 'failed_clean' WHERE id = $1")
        .bind(fence.migration)
        .execute(&database.by_hand)
        .await
        .unwrap();
    here.bus.changed(fence.migration);
    patiently(far.reaches(3)).await;
    let mut last = String::new();
    while let Some(event) = patiently(far.event()).await {
        last = event;
    }
    assert!(last.starts_with("event: end\n"), "{last}");
    let again = stream::open(&there.bus, there.stop.clone(), fence.migration, Start::After(3)).await.unwrap();
    assert!(again.is_none(), "nothing is left to see");
    drop(far);
    assert!(!there.bus.is_watched(fence.migration), "the watcher ends with its last viewer");
}
