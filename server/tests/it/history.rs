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
    assert_eq!(migration::list(pool, &filter).await.unwrap().items.len(), 100);
    let since = |ago: Duration| Some((OffsetDateTime::now_utc() - ago).into());
    let counts =
        [None, since(Duration::DAY), since(-Duration::DAY)].map(|since| migration::count(pool, &states, since));
    assert_eq!(
        futures::future::join_all(counts).await.into_iter().collect::<Result<Vec<_>, _>>().unwrap(),
        [101, 101, 0]
    );
}
