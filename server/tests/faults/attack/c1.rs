//! C1: acknowledged writes were rolled back, because a dropped request left a pooled connection inside a transaction.

use super::aborts::abort;
use crate::program::Program;
use crate::rest::{Rest, until};
use futures::future::join_all;
use rand::RngExt as _;
use std::time::{Duration, Instant};

/// How long people sign in under attack.
const ATTACK: Duration = Duration::from_secs(8);

/// A viewer asks to be signed out and leaves before the answer, again and again, while others sign in. Every sign-in that was answered
/// with success must hold afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn c1_dropped_requests_lose_no_acknowledged_write() {
    let program = Program::start(1).await;
    program.person("eve", "viewer").await;
    let head = format!("DELETE /api/v1/session HTTP/1.1\r\nAuthorization: Bearer {}", program.token("eve").await);
    let (to, end) = (program.address(), Instant::now() + ATTACK);
    let attackers = (0..8).map(|_| async {
        while Instant::now() < end {
            let patience = Duration::from_micros(rand::rng().random_range(300..6000));
            abort(to, &head, "", patience).await;
        }
    });
    let people = (0..4).map(|_| async {
        let mut signed_in = Vec::new();
        while Instant::now() < end {
            // One that is refused was not acknowledged: that others are not refused is another fault's test.
            signed_in.extend(program.rest.try_sign_in("admin").await);
        }
        signed_in
    });
    let (_, signed_in) = tokio::join!(join_all(attackers), join_all(people));
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
    assert!(all.len() > 10, "only {} sign-ins", all.len());
    program.record_is_whole().await;
}
