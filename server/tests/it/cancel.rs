//! Fault C1: a future that is dropped at any of its awaits loses no write of anybody else.
//!
//! The pool has one connection, so the next user gets the one of the dropped future. After every drop a canary is written and
//! acknowledged; it must be there at the end.

use crate::support::{Database, PASSWORD, Server, run, write};
use app::model::{Action, Caller, CutoverTime, Role, State};
use axum::body::Body;
use http::Request;
use http::header::CONTENT_TYPE;
use server::engine::perform::{self, Asked};
use server::engine::run::subject;
use server::error::ACTION_REFUSED;
use server::logs::bus::Bus;
use server::logs::ingest::{Ingest, Position};
use server::store::{self, Tx, fence, migration};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tower::ServiceExt as _;
use uuid::Uuid;

const LEASE: Duration = Duration::from_secs(3600);
/// More awaits than any of these operations has. An operation that never ends would otherwise never end the test.
const MOST: usize = 400;

/// Drops a future in place of its wait number `waits`; its output where it ended before.
async fn drop_at<T>(waits: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut seen = 0;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if seen == waits => Poll::Ready(None),
        Poll::Pending => {
            seen += 1;
            Poll::Pending
        }
    })
    .await
}

/// A pool of one connection, without the second and the third line of defence: what follows holds by the first alone.
async fn one_connection(database: &Database) -> PgPool {
    let options = (*database.pool.connect_options()).clone();
    sqlx::raw_sql("CREATE TABLE canary (n bigint PRIMARY KEY)").execute(&database.by_hand).await.unwrap();
    PgPoolOptions::new().max_connections(1).connect_lazy_with(options)
}

/// Writes a canary as the victims of the fault did: one statement on the bare pool, which a transaction that was left open would swallow.
async fn sing(pool: &PgPool, n: usize) {
    let insert = sqlx::query("INSERT INTO canary VALUES ($1)").bind(i64::try_from(n).unwrap());
    insert.execute(pool).await.unwrap();
}

/// Repeats an operation, dropped at its first await, at its second, and so on until it ends. No canary may be lost, and no connection
/// may be left in a transaction.
async fn drop_everywhere<T, F: Future<Output = T>>(
    database: &Database,
    pool: &PgPool,
    mut operation: impl AsyncFnMut() -> F,
) -> T {
    sqlx::query("TRUNCATE canary").execute(&database.by_hand).await.unwrap();
    for waits in 0..MOST {
        let future = operation().await;
        let done = drop_at(waits, future).await;
        sing(pool, waits).await;
        if let Some(done) = done {
            assert!(waits > 0, "it did not wait for the database");
            let lost = "SELECT $1 - count(*) FROM canary";
            let lost: i64 = sqlx::query_scalar(lost)
                .bind(i64::try_from(waits).unwrap() + 1)
                .fetch_one(&database.by_hand)
                .await
                .unwrap();
            assert_eq!(lost, 0, "acknowledged writes are gone");
            let open = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'";
            let open: i64 = sqlx::query_scalar(open).fetch_one(&database.by_hand).await.unwrap();
            assert_eq!(open, 0, "a connection was left in a transaction");
            return done;
        }
    }
    panic!("it does not end after {MOST} awaits");
}

#[tokio::test(flavor = "multi_thread")]
async fn c1_a_dropped_begin_or_commit_leaves_no_transaction_behind() {
    let database = Database::new().await;
    let pool = &one_connection(&database).await;
    drop_everywhere(&database, pool, async || async {
        let mut tx = store::begin(pool).await.unwrap();
        tx.record("jane", "test.act", "test:1", serde_json::json!({}));
        tx.commit().await.unwrap();
    })
    .await;
    // Each that was dropped before its commit left no entry: at most one for each attempt, and the chain holds.
    let mut connection = pool.acquire().await.unwrap();
    store::audit::verify(&mut connection, None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::async_yields_async, reason = "the future is what is dropped")]
async fn c1_a_dropped_claim_and_a_dropped_renewal_lose_no_write_of_another() {
    let database = Database::new().await;
    let pool = &one_connection(&database).await;
    let id = run::stored(pool, "starting").await;
    let free = async || {
        let free = "UPDATE migration SET lease_owner = NULL, lease_until = NULL WHERE id = $1";
        sqlx::query(free).bind(id).execute(&database.by_hand).await.unwrap();
    };
    let fence = drop_everywhere(&database, pool, async || {
        free().await;
        run::claim(pool, LEASE)
    })
    .await
    .unwrap();
    let renew = async |tx: &mut Tx| fence::renew(tx, &fence, LEASE).await;
    drop_everywhere(&database, pool, async || write(pool, renew)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn c1_a_dropped_ingest_loses_no_byte_and_no_write_of_another() {
    let database = Database::new().await;
    let pool = &one_connection(&database).await;
    let fence = run::claimed(pool).await;
    let bus = Bus::new(database.pool.clone());
    let log = b"Executing nimadm phase 1.\nCloning altinst_rootvg on client.\nExecuting nimadm phase 2.\nno line end";
    let ingest = async || async {
        let mut ingest = Ingest::resume(pool, &bus, fence, 1, Position::default()).await.unwrap();
        let from = usize::try_from(ingest.received()).unwrap();
        ingest.take(&log[from..]).await.unwrap();
        ingest.finish().await.unwrap();
    };
    drop_everywhere(&database, pool, ingest).await;
    let stored: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT body FROM log_chunk ORDER BY first_byte").fetch_all(pool).await.unwrap();
    assert_eq!(stored.concat(), log, "every byte once");
}

#[tokio::test(flavor = "multi_thread")]
async fn c1_a_dropped_sign_in_and_sign_out_lose_no_write_of_another() {
    let server = Server::start().await;
    server.add_user("jane", Role::Viewer).await;
    let database = server.database();
    let pool = &one_connection(database).await;
    let router = server.router_on(pool);
    let request = |method: &str, cookie: &str, body: String| {
        let from = axum::extract::ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1)));
        let request = Request::builder().method(method).uri("/api/v1/session").header("host", "localhost");
        let request = request.header(CONTENT_TYPE, "application/json").header("cookie", cookie).extension(from);
        request.body(Body::from(body)).unwrap()
    };
    let body = serde_json::json!({ "username": "jane", "password": PASSWORD }).to_string();
    let answer = drop_everywhere(database, pool, async || router.clone().oneshot(request("POST", "", body.clone())))
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    drop_everywhere(database, pool, async || router.clone().oneshot(request("DELETE", &cookie, String::new())))
        .await
        .unwrap();
}

/// The entries of this act in the record.
async fn entries(pool: &PgPool, action: &str) -> i64 {
    let count = "SELECT count(*) FROM audit WHERE action = $1";
    sqlx::query_scalar(count).bind(action).fetch_one(pool).await.unwrap()
}

/// A launch that is sent again and again, each time dropped, is stored once, with its first attempt and its entry in the record.
#[tokio::test(flavor = "multi_thread")]
async fn c1_a_dropped_launch_is_stored_whole_and_once_and_loses_no_write_of_another() {
    let database = Database::new().await;
    let pool = &one_connection(&database).await;
    let over = migration::find(pool, run::stored(pool, "completed").await).await.unwrap().unwrap();
    let new = migration::New {
        client: over.client_id,
        master: over.master_id,
        request: &over.request.0,
        command: "nimadm",
        requested_by: "jane",
        key: Some("night 12"),
        from_level: None,
        to_level: None,
        cache_need_mib: None,
        start: migration::Start::Queued(None),
        overrides: &[],
    };
    drop_everywhere(&database, pool, async || async {
        let mut tx = store::begin(pool).await.unwrap();
        match migration::insert(&mut tx, &new).await {
            Ok(id) => {
                tx.record("jane", "migration.launch", &subject(id), serde_json::json!({}));
                tx.commit().await.unwrap();
            }
            // The commit of an earlier one had left when it was dropped.
            Err(error) => assert!(error.as_database_error().unwrap().is_unique_violation(), "{error}"),
        }
    })
    .await;
    let stored =
        "SELECT count(*) FROM migration g JOIN attempt a ON a.migration_id = g.id WHERE g.requested_by = 'jane'";
    let stored: i64 = sqlx::query_scalar(stored).fetch_one(pool).await.unwrap();
    assert_eq!((stored, entries(pool, "migration.launch").await), (1, 1));
}

/// A cutover that is asked for again and again, each time dropped, is approved once.
#[tokio::test(flavor = "multi_thread")]
async fn c1_a_dropped_act_is_done_whole_and_once_and_loses_no_write_of_another() {
    let database = Database::new().await;
    let pool = &one_connection(&database).await;
    let id = run::stored(pool, "clone_ready").await;
    let caller = Caller { id: Uuid::now_v7(), username: "jane".to_owned(), role: Role::Approver };
    let when = CutoverTime::default();
    let asked = Asked { caller: &caller, id, action: Action::Cutover, reason: None, when: &when };
    drop_everywhere(&database, pool, async || async {
        let mut tx = store::begin(pool).await.unwrap();
        match perform::perform(&mut tx, &asked).await {
            Ok(()) => tx.commit().await.unwrap(),
            // The commit of an earlier one had left when it was dropped.
            Err(problem) => assert_eq!(problem.code, ACTION_REFUSED.code, "{problem:?}"),
        }
    })
    .await;
    let row = migration::find(pool, id).await.unwrap().unwrap();
    assert_eq!(row.state().unwrap(), State::Armed);
    assert_eq!(entries(pool, "migration.cutover").await, 1);
}

/// The second and the third line of defence, each by itself.
#[tokio::test(flavor = "multi_thread")]
async fn c1_a_bare_pool_cannot_write_and_keeps_no_connection_that_is_in_a_transaction() {
    let database = Database::new().await;
    let pool = &store::pool((*database.pool.connect_options()).clone(), 1);
    sqlx::raw_sql("CREATE TABLE canary (n bigint PRIMARY KEY)").execute(&database.by_hand).await.unwrap();
    let refused = sqlx::query("INSERT INTO canary VALUES (1)").execute(pool).await.unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "25006", "{refused}");
    let own = "SELECT pg_backend_pid()";
    let mut connection = pool.acquire().await.unwrap();
    let first: i32 = sqlx::query_scalar(own).fetch_one(&mut *connection).await.unwrap();
    // What a dropped begin of sqlx leaves: a transaction that sqlx does not count.
    sqlx::raw_sql("BEGIN READ WRITE").execute(&mut *connection).await.unwrap();
    drop(connection);
    let next: i32 = sqlx::query_scalar(own).fetch_one(pool).await.unwrap();
    assert_ne!(first, next, "the connection went back to the pool");
}
