//! For load balancers and Prometheus: no session, no secrets.

use super::problem::Failure;
use super::state::AppState;
use crate::background::{self, Overdue};
use crate::error::{BACKGROUND_OVERDUE, DATABASE_DOWN, READ_ONLY, database};
use crate::store::writable;
use app::model::{FieldError, Problem, Timestamp};
use axum::extract::State;
use http::HeaderValue;
use http::header::{CONTENT_TYPE, HeaderName};
use sqlx::PgPool;
use std::time::{Duration, Instant};

/// How long the database may take to store something.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long an answer of the database holds.
const FRESH: Duration = Duration::from_secs(2);

/// The process is there.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The last look at the database, which all who ask within [`FRESH`] share: nobody need sign in to ask.
#[derive(Debug, Default)]
pub struct Writable(tokio::sync::Mutex<Option<(Instant, Result<(), Problem>)>>);

impl Writable {
    /// Whether the database can store anything. One asks it, the others wait for that answer.
    async fn check(&self, pool: &PgPool) -> Result<(), Problem> {
        let mut last = self.0.lock().await;
        if let Some((at, result)) = &*last
            && at.elapsed() < FRESH
        {
            return result.clone();
        }
        let result = match tokio::time::timeout(PATIENCE, writable::probe(pool)).await {
            Ok(result) => result.map_err(|error| cannot_store(&error)),
            Err(_) => Err(DATABASE_DOWN.problem("The database did not store anything within 2 s.")),
        };
        *last = Some((Instant::now(), result.clone()));
        result
    }
}

fn cannot_store(error: &sqlx::Error) -> Problem {
    let code = error.as_database_error().and_then(|error| error.code());
    match code.as_deref() {
        Some(code) if READ_ONLY.contains(&code) => {
            DATABASE_DOWN.problem("The database is read-only. Point database_url at the primary.")
        }
        Some("53100") => DATABASE_DOWN.problem("The database's disk is full. Make room; nimdeck goes on by itself."),
        _ => database(error),
    }
}

/// The database can store, and the background tasks succeed.
///
/// # Errors
/// 503 where the database does not store within two seconds: it is away, read-only or full. 503 with the tasks that do not succeed.
pub async fn ready(State(state): State<AppState>) -> Result<&'static str, Failure> {
    state.writable.check(&state.pool).await.map_err(Failure)?;
    let overdue = state.background.overdue();
    if overdue.is_empty() { Ok("ready\n") } else { Err(Failure(tasks_overdue(&overdue))) }
}

/// One error a task: its name, its last success, and what went wrong.
fn tasks_overdue(overdue: &[Overdue]) -> Problem {
    let errors: Vec<FieldError> = overdue
        .iter()
        .map(|task| {
            let since = Timestamp::from(task.since);
            let why = task.trouble.map_or_else(|| "its pass still goes on".to_owned(), |trouble| trouble.to_string());
            FieldError { field: task.name.to_owned(), message: format!("no success since {since}: {why}") }
        })
        .collect();
    let tasks: Vec<_> = errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
    let detail =
        format!("Background tasks of this server do not succeed. {}. The server's log says why.", tasks.join("; "));
    Problem { errors, ..BACKGROUND_OVERDUE.problem(detail) }
}

/// Prometheus' text format.
pub async fn metrics(State(state): State<AppState>) -> ([(HeaderName, HeaderValue); 1], String) {
    let uptime = state.started.elapsed().as_secs();
    let connections = |count: fn(&PgPool) -> usize, metric: &str| {
        state.pools.named().map(|(name, pool)| format!("{metric}{{pool=\"{name}\"}} {}\n", count(pool))).concat()
    };
    let open = connections(|pool| pool.size() as usize, "nimdeck_database_connections");
    let idle = connections(PgPool::num_idle, "nimdeck_database_connections_idle");
    let background = background::metrics(&state.background);
    let version = env!("CARGO_PKG_VERSION");
    let text = format!(
        "# TYPE nimdeck_build_info gauge\nnimdeck_build_info{{version=\"{version}\"}} 1\n\
         # HELP nimdeck_uptime_seconds Time since the server started.\n# TYPE nimdeck_uptime_seconds gauge\n\
         nimdeck_uptime_seconds {uptime}\n\
         # HELP nimdeck_database_connections Open connections.\n# TYPE nimdeck_database_connections gauge\n{open}\
         # HELP nimdeck_database_connections_idle Those not in use.\n# TYPE nimdeck_database_connections_idle gauge\n{idle}{background}"
    );
    ([(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4"))], text)
}
