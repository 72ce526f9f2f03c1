//! C1: acknowledged writes were rolled back, because a dropped request left a pooled connection inside a transaction.

use super::aborts::abort;
use crate::program::Program;
use crate::rest::{Rest, until};
use futures::future::join_all;
use rand::RngExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often each of four people signs in under attack.
const SIGN_INS: usize = 4;
/// When people give up.
const PATIENCE: Duration = Duration::from_secs(180);

/// A viewer asks to be signed out and leaves before the answer, again and again, while others sign in. Every sign-in that was answered
/// with success must hold afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn c1_dropped_requests_lose_no_acknowledged_write() {
    let program = Program::start(1).await;
    program.person("eve", "viewer").await;
    let head = format!("DELETE /api/v1/session HTTP/1.1\r\nAuthorization: Bearer {}", program.token("eve").await);
    let (to, end, done) = (program.address(), Instant::now() + PATIENCE, AtomicBool::new(false));
    let attackers = (0..8).map(|_| async {
        while !done.load(Ordering::Relaxed) {
            let patience = Duration::from_micros(rand::rng().random_range(300..6000));
            abort(to, &head, "", patience).await;
        }
    });
    let people = async {
        let signed_in = join_all((0..4).map(|_| async {
            let mut signed_in = Vec::new();
            while signed_in.len() < SIGN_INS && Instant::now() < end {
                // A refused sign-in was not acknowledged. Refusals are the matter of another test.
                signed_in.extend(program.rest.try_sign_in("admin").await);
            }
            signed_in
        }))
        .await;
        done.store(true, Ordering::Relaxed);
        signed_in
    };
    let (_, signed_in) = tokio::join!(join_all(attackers), people);
    let database = program.database().await;
    until("no transaction is left open", || async {
        let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
        let open: i64 = sqlx::query_scalar(open).fetch_one(&database).await.unwrap();
        (open == 0).then_some(())
    })
    .await;
    let all: Vec<Rest> = signed_in.into_iter().flatten().collect();
    let mut lost = 0;
    for person in &all {
        lost += usize::from(person.get("/session").await.status != 200);
    }
    assert_eq!(lost, 0, "of {} sign-ins that were answered 200", all.len());
    assert_eq!(all.len(), 4 * SIGN_INS, "so many sign-ins got through in {PATIENCE:?}");
    program.record_is_whole().await;
}
