//! NIM calls one at a time, over servers.

use crate::support::Database;
use server::engine::turns::Turns;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::{sync::Barrier, task::JoinSet};
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_one_master_are_made_one_at_a_time_whichever_server_makes_them() {
    let database = Database::new().await;
    let (one, other) = (Turns::new(database.pool.clone()), Turns::new(database.pool.clone()));
    let master = Uuid::now_v7();
    static INSIDE: AtomicUsize = AtomicUsize::new(0);
    let mut calls = JoinSet::new();
    for turns in [&one, &other].into_iter().cycle().take(40) {
        let turns = turns.clone();
        calls.spawn(async move {
            let call = async {
                assert_eq!(INSIDE.fetch_add(1, SeqCst), 0, "two at once");
                tokio::time::sleep(Duration::from_millis(5)).await;
                INSIDE.fetch_sub(1, SeqCst);
            };
            turns.alone(master, call).await.unwrap();
        });
    }
    calls.join_all().await;
    // Another master's call is made beside it: each waits for the other inside.
    let both = Barrier::new(2);
    let calls = async { tokio::join!(one.alone(master, both.wait()), one.alone(Uuid::now_v7(), both.wait())) };
    let (first, second) = tokio::time::timeout(Duration::from_secs(60), calls).await.unwrap();
    assert!(first.is_ok() && second.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_is_given_up_or_loses_its_connection_is_the_next_ones() {
    let database = Database::new().await;
    let turns = Turns::new(database.pool.clone());
    let master = Uuid::now_v7();
    let given_up = tokio::time::timeout(Duration::from_millis(200), turns.alone(master, std::future::pending::<()>()));
    assert!(given_up.await.is_err());
    let next = tokio::time::timeout(Duration::from_secs(20), turns.alone(master, std::future::ready(1)));
    assert_eq!(next.await.unwrap().unwrap(), 1);

    let cut = async {
        let cut =
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()";
        sqlx::query(cut).execute(&database.pool).await.unwrap();
    };
    assert!(turns.alone(master, cut).await.is_err(), "nobody was told that the lock was lost");
    assert_eq!(turns.alone(master, std::future::ready(2)).await.unwrap(), 2);
}
