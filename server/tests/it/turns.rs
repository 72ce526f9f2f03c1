//! NIM calls one at a time, over servers.

use crate::support::{Database, write};
use app::model::NewMaster;
use server::engine::turns::Turns;
use server::store::master;
use sqlx::PgPool;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::{sync::Barrier, task::JoinSet};
use uuid::Uuid;

/// Longer than the lease of a server that is gone.
const PATIENCE: Duration = Duration::from_secs(60);

async fn master(pool: &PgPool, number: usize) -> Uuid {
    let new = NewMaster {
        name: format!("nim{number}").parse().unwrap(),
        host: "127.0.0.1".to_owned(),
        port: 22,
        user: "root".to_owned(),
        host_key: None,
    };
    write(pool, async |tx| master::insert(tx, &new).await).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_one_master_are_made_one_at_a_time_whichever_server_makes_them() {
    let database = Database::new().await;
    let (one, other) = (Turns::new(database.pool.clone()), Turns::new(database.pool.clone()));
    let (nim1, nim2) = (master(&database.pool, 1).await, master(&database.pool, 2).await);
    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    let mut calls = JoinSet::new();
    for turns in [&one, &other].into_iter().cycle().take(20) {
        let turns = turns.clone();
        calls.spawn(async move {
            let call = async {
                assert_eq!(INSIDE.fetch_add(1, SeqCst), 0, "two at once");
                tokio::time::sleep(Duration::from_millis(5)).await;
                INSIDE.fetch_sub(1, SeqCst);
            };
            turns.alone(nim1, call).await.unwrap();
        });
    }
    calls.join_all().await;
    // A call to another master runs at the same time: each waits for the other inside.
    let both = Barrier::new(2);
    let calls = async { tokio::join!(one.alone(nim1, both.wait()), one.alone(nim2, both.wait())) };
    let (first, second) = tokio::time::timeout(PATIENCE, calls).await.unwrap();
    assert!(first.is_ok() && second.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_dropped_keeps_neither_its_own_server_nor_the_others_from_theirs() {
    let database = Database::new().await;
    let (here, there) = (Turns::new(database.pool.clone()), Turns::new(database.pool.clone()));
    let nim1 = master(&database.pool, 1).await;
    let dropped = tokio::time::timeout(Duration::from_millis(200), here.alone(nim1, std::future::pending::<()>()));
    assert!(dropped.await.is_err());
    // The lease still runs, and this server has it: its next call need not wait for the lease's end.
    let next = tokio::time::timeout(Duration::from_secs(10), here.alone(nim1, std::future::ready(1)));
    assert_eq!(next.await.unwrap().unwrap(), 1);
    let dropped = tokio::time::timeout(Duration::from_millis(200), here.alone(nim1, std::future::pending::<()>()));
    assert!(dropped.await.is_err());
    let other = tokio::time::timeout(PATIENCE, there.alone(nim1, std::future::ready(2)));
    assert_eq!(other.await.unwrap().unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn h3_a_call_that_hangs_holds_no_database_connection() {
    let database = Database::new().await;
    let turns = Turns::new(database.pool.clone());
    let connections = database.pool.options().get_max_connections() as usize;
    let all_inside = std::sync::Arc::new(Barrier::new(connections * 2 + 1));
    let mut calls = JoinSet::new();
    for number in 0..connections * 2 {
        let (turns, nim, inside) = (turns.clone(), master(&database.pool, number).await, all_inside.clone());
        calls.spawn(async move {
            let hang = async {
                inside.wait().await;
                std::future::pending::<()>().await;
            };
            turns.alone(nim, hang).await
        });
    }
    tokio::time::timeout(PATIENCE, all_inside.wait()).await.unwrap();
    let one: i32 = sqlx::query_scalar("SELECT 1").fetch_one(&database.pool).await.unwrap();
    assert_eq!(one, 1);
}
