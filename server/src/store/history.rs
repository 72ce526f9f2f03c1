//! How long the phases of runs took that ended well.

use crate::engine::eta::{Durations, Likeness, Past};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::Instant};

/// How old what is remembered may be. Runs take an hour, so one more run is missed by nobody for a minute.
const FRESH: Duration = Duration::from_secs(60);
/// Most runs that are looked at, the newest first.
const RUNS: i64 = 2000;

/// The history, remembered for a moment: every page that shows a run asks for it.
#[derive(Debug, Default)]
pub struct History(Mutex<Option<(Instant, Arc<Vec<Past>>)>>);

#[derive(sqlx::FromRow)]
struct Row {
    simulated: bool,
    cache: bool,
    from_level: Option<String>,
    to_level: Option<String>,
    rootvg_used_mb: Option<i64>,
    filesets: Option<i32>,
    millis: Vec<i64>,
}

impl History {
    /// The runs of the last year that ended well.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn runs(&self, pool: &PgPool) -> Result<Arc<Vec<Past>>, sqlx::Error> {
        // Held over the query: whoever comes meanwhile wants the same answer.
        let mut kept = self.0.lock().await;
        if let Some((at, runs)) = kept.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            tracing::trace!(age = ?at.elapsed(), "history is remembered");
            return Ok(runs.clone());
        }
        let runs = Arc::new(read(pool).await?);
        *kept = Some((Instant::now(), runs.clone()));
        Ok(runs)
    }
}

async fn read(pool: &PgPool) -> Result<Vec<Past>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT m.simulated, g.request->>'cache_vg' IS NOT NULL AS cache, g.from_level, g.to_level, g.rootvg_used_mb, g.filesets,
                t.millis
         FROM (SELECT migration_id, number FROM attempt WHERE outcome IN ('success', 'warning') AND ended_at > now() - interval '1 year'
               ORDER BY ended_at DESC LIMIT $1) a
         JOIN migration g ON g.id = a.migration_id AND g.attempt = a.number AND g.operation = 'migrate'
         JOIN master m ON m.id = g.master_id
         JOIN LATERAL (SELECT array_agg((extract(epoch FROM p.ended_at - p.started_at) * 1000)::bigint ORDER BY p.number) AS millis
                       FROM phase p WHERE p.migration_id = a.migration_id AND p.attempt = a.number AND p.state = 'done') t
           ON cardinality(t.millis) = 12",
    )
    .bind(RUNS)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().filter_map(Row::past).collect())
}

impl Row {
    fn past(self) -> Option<Past> {
        let phases: Durations = self.millis.try_into().ok()?;
        let like = Likeness {
            simulated: self.simulated,
            cache: self.cache,
            from: Likeness::release(self.from_level.as_deref()),
            to: Likeness::release(self.to_level.as_deref()),
            used_mb: self.rootvg_used_mb.map(i64::unsigned_abs),
            filesets: self.filesets.map(|count| u64::from(count.unsigned_abs())),
        };
        Some(Past { like, phases })
    }
}
