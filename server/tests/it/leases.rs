//! The lease and its fence on a real PostgreSQL: what other people's engines got wrong (docs/failures.md), each shown not to happen.

use crate::support::{Database, run, write};
use app::model::State;
use russh::keys::{Algorithm, PrivateKey};
use server::background::Background;
use server::engine::look::Size;
use server::engine::masters::{Keys, Masters};
use server::engine::{Engine, Timing, machine};
use server::logs::{bus::Bus, chunker::Chunker};
use server::store::fence::{self, Fence, WriteError};
use server::store::{self, attempt, audit, log, migration};
use sqlx::PgPool;
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use time::OffsetDateTime;
use uuid::Uuid;

const LONG: Duration = Duration::from_secs(3600);
/// A lease that is over as soon as it is given.
const NONE: Duration = Duration::ZERO;

/// The engine of one server. Its masters do not answer: what it claims it keeps.
fn engine(pool: &PgPool) -> Arc<Engine> {
    engine_in(&Background::new(), pool)
}

fn engine_in(background: &Background, pool: &PgPool) -> Arc<Engine> {
    let own = Arc::new(PrivateKey::random(&mut rand::rng(), Algorithm::Ed25519).unwrap());
    let masters = Masters::new(pool.clone(), Keys { own, lab: None });
    let timing = Timing { lease: Duration::from_secs(3), scan: Duration::from_millis(20), ..Timing::default() };
    Engine::start(pool.clone(), Bus::new(pool.clone()), &masters, timing, background)
}

async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn number(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

async fn held(pool: &PgPool) -> BTreeSet<Uuid> {
    let ids: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM migration WHERE lease_owner IS NOT NULL").fetch_all(pool).await.unwrap();
    ids.into_iter().collect()
}

/// The loop that claims goes on after errors, and the row that could not be claimed is claimed later.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_error_while_claiming_strands_no_row() {
    let database = Database::new().await;
    let pool = &database.pool;
    let id = run::stored(pool, "starting").await;
    // A sequence counts what is rolled back, too.
    sqlx::raw_sql(
        "CREATE SEQUENCE failed;
         CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN PERFORM nextval('failed'); RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$;
         CREATE TRIGGER fail BEFORE UPDATE ON migration FOR EACH ROW EXECUTE FUNCTION fail();",
    )
    .execute(&database.by_hand)
    .await
    .unwrap();
    let engine = engine(pool);
    until("three claims fail", || async { (number(pool, "SELECT last_value FROM failed").await >= 3).then_some(()) })
        .await;
    assert!(held(pool).await.is_empty());
    // And the connections are lost on top of it.
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = current_user";
    sqlx::query(cut).execute(pool).await.unwrap();
    until("the database takes writes again", || async {
        sqlx::query("DROP TRIGGER fail ON migration").execute(&database.by_hand).await.ok()
    })
    .await;
    until("it is claimed", || async { held(pool).await.contains(&id).then_some(()) }).await;
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_claim_at_once_never_claim_the_same() {
    let database = Database::new().await;
    let pool = &database.pool;
    for round in 1..=20 {
        if round == 1 {
            for _ in 0..6 {
                run::stored(pool, "starting").await;
            }
        }
        let claimants = (0..12).map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { run::claim(&pool, LONG).await })
        });
        let mut won = Vec::new();
        for claimant in claimants.collect::<Vec<_>>() {
            won.extend(claimant.await.unwrap());
        }
        // What SKIP LOCKED passes over is found by the next look.
        while let Some(fence) = run::claim(pool, LONG).await {
            won.push(fence);
        }
        let ids: BTreeSet<_> = won.iter().map(|fence| fence.migration).collect();
        assert_eq!((won.len(), ids.len()), (6, 6), "{won:?}");
        assert!(won.iter().all(|fence| fence.epoch == round), "claimed twice: {won:?}");
        for fence in &won {
            write(pool, async |tx| fence::release(tx, fence).await).await.unwrap();
        }
    }
}

/// Every write function that takes a fence, with that fence: true where it wrote.
async fn writes(pool: &PgPool, fence: &Fence) -> Vec<(&'static str, bool)> {
    fn wrote<T>(result: Result<T, WriteError>) -> bool {
        match result {
            Ok(_) => true,
            Err(WriteError::Fenced) => false,
            Err(WriteError::Database(error)) => panic!("{error}"),
        }
    }
    let mut tx = store::begin(pool).await.unwrap();
    let conn = &mut *tx;
    let (client, pvids) = (run::snapshot(), ["00f9c87a12345670".parse().unwrap()]);
    let mut chunker = Chunker::new();
    let chunk = chunker.push(b"a line\n").into_iter().chain(chunker.finish()).next().unwrap();
    let stored = number(pool, "SELECT log_bytes FROM migration").await.unsigned_abs();
    let at = OffsetDateTime::now_utc();
    let to = log::At { attempt: 1, bytes: stored, lines: stored };
    let chunks = [(at, chunk)];
    let written = vec![
        ("hold", wrote(fence::hold(conn, fence).await)),
        ("renew", wrote(fence::renew(&mut *conn, fence, LONG).await)),
        ("renew_all", !fence::renew_all(conn, &[*fence], LONG).await.unwrap().is_empty()),
        ("append", wrote(log::append(conn, fence, to, &chunks).await)),
        ("explain", wrote(migration::explain(&mut *conn, fence, Some("why")).await)),
        ("set_before", wrote(migration::set_before(&mut *conn, fence, &client, &pvids, Size::default()).await)),
        ("set_pvids", wrote(migration::set_pvids(&mut *conn, fence, &pvids).await)),
        ("next_step", wrote(migration::next_step(conn, fence).await)),
        ("set_after", wrote(migration::set_after(&mut *conn, fence, &client, &[]).await)),
        ("set_rolled_back", wrote(migration::set_rolled_back(conn, fence, &client).await)),
        ("reboot_sent", wrote(migration::reboot_sent(&mut *conn, fence).await)),
        ("reboot_down", wrote(migration::reboot_down(&mut *conn, fence).await)),
        ("advance", wrote(migration::advance(conn, fence, State::Starting, State::Running, Some("why")).await)),
        ("park", wrote(migration::park(conn, fence, "why").await)),
    ];
    tx.commit().await.unwrap();
    written
}

/// Whoever reads a row, sleeps, and is overtaken by a second claim acts no more, whatever it had in mind.
#[tokio::test(flavor = "multi_thread")]
async fn a_stale_claimant_changes_nothing() {
    let database = Database::new().await;
    let pool = &database.pool;
    run::stored(pool, "starting").await;
    let stale = run::claim(pool, NONE).await.unwrap();
    let current = run::claim(pool, LONG).await.unwrap();
    assert_eq!((stale.epoch, current.epoch), (1, 2));
    let everything = "SELECT md5(string_agg(t, '')) FROM (SELECT migration::text t FROM migration
                      UNION ALL SELECT attempt::text FROM attempt UNION ALL SELECT log_chunk::text FROM log_chunk) all_of_it";
    let digest = || async { sqlx::query_scalar::<_, String>(everything).fetch_one(pool).await.unwrap() };
    let before = digest().await;
    let tried = writes(pool, &stale).await;
    assert!(tried.iter().all(|(_, wrote)| !wrote), "{tried:?}");
    // Giving back what is not held is no error, and takes it from nobody.
    write(pool, async |tx| fence::release(tx, &stale).await).await.unwrap();
    assert_eq!(digest().await, before);
    let written = writes(pool, &current).await;
    assert!(written.iter().all(|(_, wrote)| *wrote), "the test tries what cannot succeed: {written:?}");

    // A function that is added must be tried here.
    let sources = [
        include_str!("../../src/store/fence.rs"),
        include_str!("../../src/store/log.rs"),
        include_str!("../../src/store/migration/moves.rs"),
    ];
    let fenced: usize = sources.iter().map(|source| source.matches("fence: &Fence").count()).sum();
    assert_eq!(fenced, written.len(), "all but `release`, and `renew_all` that takes many");
}

/// A claim whose answer comes when its lease is over is not acted on: another may have the migration by then.
#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_is_answered_too_late_is_not_acted_on() {
    let database = Database::new().await;
    let pool = &database.pool;
    run::stored(pool, "starting").await;
    // Longer than the lease. What a worker does counts, giving back does not.
    sqlx::raw_sql(
        "CREATE SEQUENCE acted;
         CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN
                 IF NEW.epoch > OLD.epoch THEN PERFORM pg_sleep(3.2);
                 ELSIF NEW.lease_until IS NOT NULL THEN PERFORM nextval('acted');
                 END IF;
                 RETURN NEW;
             END $$;
         CREATE TRIGGER late BEFORE UPDATE ON migration FOR EACH ROW EXECUTE FUNCTION late();",
    )
    .execute(&database.by_hand)
    .await
    .unwrap();
    let engine = engine(pool);
    until("it was claimed twice", || async { (number(pool, "SELECT epoch FROM migration").await >= 2).then_some(()) })
        .await;
    assert_eq!(number(pool, "SELECT is_called::int::bigint FROM acted").await, 0, "it was worked on");
    engine.shutdown().await;
}

/// One lease that cannot be renewed, because somebody has locked its row, costs that lease and no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_locked_row_lets_no_other_lease_run_out() {
    let database = Database::new().await;
    let pool = &database.pool;
    let mut all = BTreeSet::new();
    for _ in 0..4 {
        all.insert(run::stored(pool, "starting").await);
    }
    let engine = engine(pool);
    until("it has all of them", || async { (held(pool).await == all).then_some(()) }).await;
    let locked = all.pop_first().unwrap();
    let mut lock = store::begin(pool).await.unwrap();
    let lease = "SELECT lease_until < clock_timestamp() FROM migration WHERE id = $1 FOR UPDATE";
    // Asked again and again: a transaction in which nothing happens is ended.
    loop {
        if sqlx::query_scalar(lease).bind(locked).fetch_one(&mut *lock).await.unwrap() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let lost = "SELECT count(*) FROM migration WHERE lease_until < now() OR epoch > 1";
    assert_eq!(number(pool, lost).await, 1, "others have run out with it");
    drop(lock);
    let claimed = "SELECT count(*) FROM migration WHERE epoch = 2 AND lease_until > now()";
    until("it is claimed again", || async { (number(pool, claimed).await == 1).then_some(()) }).await;
    assert_eq!(number(pool, "SELECT sum(epoch)::bigint FROM migration").await, 5, "and it alone");
    engine.shutdown().await;
}

/// A state that has moved on under a worker, by a person, stops it as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_does_not_move_what_a_person_has_moved() {
    let database = Database::new().await;
    let pool = &database.pool;
    let fence = run::claimed(pool).await;
    let mut conn = store::begin(pool).await.unwrap();
    let moved = migration::move_by_hand(&mut conn, fence.migration, State::Starting, State::Cancelling, None).await;
    assert!(moved.unwrap());
    let late = migration::advance(&mut conn, &fence, State::Starting, State::Running, None).await;
    assert!(matches!(late, Err(WriteError::Fenced)), "{late:?}");
    let again = migration::move_by_hand(&mut conn, fence.migration, State::Starting, State::Cancelling, None).await;
    assert!(!again.unwrap(), "a second person finds it moved");
}

/// A server that stops gives everything back and takes nothing any more, though it sees that it is free.
#[tokio::test(flavor = "multi_thread")]
async fn a_draining_server_does_not_claim_again_what_it_released() {
    let database = Database::new().await;
    let pool = &database.pool;
    let mut all = BTreeSet::new();
    for _ in 0..5 {
        all.insert(run::stored(pool, "starting").await);
    }
    let draining = engine(pool);
    until("it has all of them", || async { (held(pool).await == all).then_some(()) }).await;
    let owner: Vec<Uuid> =
        sqlx::query_scalar("SELECT DISTINCT lease_owner FROM migration").fetch_all(pool).await.unwrap();
    draining.shutdown().await;
    assert!(held(pool).await.is_empty(), "it waits for no lease to run out");
    let epochs = number(pool, "SELECT sum(epoch)::bigint FROM migration").await;
    draining.wake();
    // The same machine, the same settings, and yet somebody else: what replaces it never has its name.
    let next = engine(pool);
    until("the next one has all of them", || async { (held(pool).await == all).then_some(()) }).await;
    let now: Vec<Uuid> =
        sqlx::query_scalar("SELECT DISTINCT lease_owner FROM migration").fetch_all(pool).await.unwrap();
    assert_eq!((owner.len(), now.len()), (1, 1));
    assert_ne!(owner, now);
    assert_eq!(number(pool, "SELECT sum(epoch)::bigint FROM migration").await, epochs + 5, "each was claimed once");
    next.shutdown().await;
}

/// A claim that was on its way when the server was told to stop: nothing is claimed once it has stopped.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_has_stopped_claims_nothing_any_more() {
    let database = Database::new().await;
    let pool = &database.pool;
    run::stored(pool, "starting").await;
    let mut lock = store::begin(&database.by_hand).await.unwrap();
    sqlx::query("LOCK TABLE migration IN EXCLUSIVE MODE").execute(&mut *lock).await.unwrap();
    let background = Background::new();
    let engine = engine_in(&background, pool);
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%lease_owner%'";
    until("its claim is on its way", || async { (number(pool, waiting).await > 0).then_some(()) }).await;
    let epochs = "SELECT sum(epoch)::bigint FROM migration";
    let mut shutdown = Box::pin(engine.shutdown());
    let stopped = futures::poll!(&mut shutdown).is_ready();
    let mut then = number(pool, epochs).await;
    lock.commit().await.unwrap();
    if !stopped {
        shutdown.await;
        then = number(pool, epochs).await;
    }
    background.wait().await;
    assert_eq!(number(pool, epochs).await, then, "it claimed after it had stopped");
    assert!(held(pool).await.is_empty(), "it waits for no lease to run out");
}

/// Whatever state a server dies in, the next one picks it up if the state asks for work, and leaves it alone if not.
#[tokio::test(flavor = "multi_thread")]
async fn no_state_that_asks_for_work_is_passed_over() {
    let database = Database::new().await;
    let pool = &database.pool;
    for state in State::ALL {
        let id = run::stored(pool, state.as_str()).await;
        let claimed = run::claim(pool, NONE).await;
        assert_eq!(claimed.is_some(), machine::work(*state).is_some(), "{state}");
        // Its worker died without a word: the lease is over, and it is claimed again, until nothing is asked for any more.
        let again = run::claim(pool, LONG).await;
        assert_eq!(again.map(|fence| fence.epoch), claimed.map(|_| 2), "{state}");
        assert_eq!(run::claim(pool, LONG).await, None, "{state} is held");
        sqlx::query("DELETE FROM migration WHERE id = $1").bind(id).execute(&database.by_hand).await.unwrap();
    }
}

/// nimadm may run before anybody has written down that it does: a cancel in that moment must still find its end.
#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_whose_start_nobody_wrote_down_can_end() {
    let database = Database::new().await;
    let fence = run::claimed(&database.pool).await;
    let mut conn = store::begin(&database.pool).await.unwrap();
    let verdict = Chunker::new().verdict();
    attempt::ended(&mut conn, fence.migration, 1, Some(143), &verdict, None).await.unwrap();
}

/// A server that freezes inside a transaction holds row locks and the record's lock: the others do not wait for it for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_frozen_in_a_transaction_does_not_stop_the_others() {
    let database = Database::new().await;
    let pool = &database.pool;
    let fence = run::claimed(pool).await;
    let mut frozen = store::begin(pool).await.unwrap();
    fence::hold(&mut frozen, &fence).await.unwrap();
    // Where `Tx::commit` would freeze: it has the record's lock and has not committed.
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(audit::LOCK).execute(&mut *frozen).await.unwrap();
    let others = async {
        let mut tx = store::begin(pool).await.unwrap();
        tx.record("system", "migration.state", "migration:y", serde_json::json!({}));
        tx.commit().await.unwrap();
        write(pool, async |tx| fence::renew(tx, &fence, NONE).await).await.unwrap();
        assert!(run::claim(pool, LONG).await.is_some());
    };
    let in_time = tokio::time::timeout(Duration::from_secs(60), others).await;
    assert!(in_time.is_ok(), "the record is locked for ever");
    assert!(frozen.commit().await.is_err(), "what it would have written is undone");
}
