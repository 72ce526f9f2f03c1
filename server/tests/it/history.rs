//! The history and what the overview says of it.

use crate::support::{Database, run};
use app::model::MigrationFilter;
use server::store::migration;
use time::{Duration, OffsetDateTime};

#[tokio::test]
async fn more_are_counted_than_one_page_lists() {
    let database = Database::new().await;
    let pool = &database.pool;
    for _ in 0..101 {
        run::stored(pool, "clone_ready").await;
    }
    run::stored(pool, "queued").await;
    let states = ["clone_ready", "held"];
    let filter = MigrationFilter { state: Some(states.join(",")), ..MigrationFilter::default() };
    assert_eq!(migration::list(pool, &filter, None).await.unwrap().items.len(), 100);
    let since = |ago: Duration| Some(OffsetDateTime::now_utc() - ago);
    for (since, expected) in [(None, 101), (since(Duration::DAY), 101), (since(-Duration::DAY), 0)] {
        let (count, newest) = migration::recent(pool, &states, since).await.unwrap();
        assert_eq!((count, newest.len()), (expected, expected.min(100) as usize));
    }
}

#[tokio::test]
async fn what_was_asked_for_long_ago_and_failed_today_is_news() {
    let database = Database::new().await;
    let pool = &database.pool;
    let (old, new) = (run::stored(pool, "failed_clean").await, run::stored(pool, "failed_clean").await);
    let asked = "UPDATE migration SET requested_at = now() - interval '30 days', state_at = now() + $2 WHERE id = $1";
    for (id, at) in [(new, Duration::ZERO), (old, Duration::MINUTE)] {
        sqlx::query(asked).bind(id).bind(at).execute(&database.by_hand).await.unwrap();
    }
    let yesterday = Some(OffsetDateTime::now_utc() - Duration::DAY);
    let (count, newest) = migration::recent(pool, &["failed_clean"], yesterday).await.unwrap();
    assert_eq!((count, newest.iter().map(|one| one.id).collect::<Vec<_>>()), (2, vec![old, new]), "the latest first");
}
