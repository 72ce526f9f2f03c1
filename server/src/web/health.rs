//! For load balancers and Prometheus: no session, no secrets.

use super::problem::Failure;
use super::state::AppState;
use crate::error::{DATABASE_DOWN, database};
use axum::extract::State;
use http::HeaderValue;
use http::header::{CONTENT_TYPE, HeaderName};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(2);

/// The process is there.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// The database answers, too.
///
/// # Errors
/// 503 where it does not, within two seconds.
pub async fn ready(State(state): State<AppState>) -> Result<&'static str, Failure> {
    match tokio::time::timeout(PATIENCE, sqlx::query("SELECT 1").execute(&state.pool)).await {
        Ok(Ok(_)) => Ok("ready\n"),
        Ok(Err(error)) => Err(Failure(database(&error))),
        Err(_) => Err(Failure(DATABASE_DOWN.problem("The database did not answer within 2 s."))),
    }
}

/// Prometheus' text format.
pub async fn metrics(State(state): State<AppState>) -> ([(HeaderName, HeaderValue); 1], String) {
    let uptime = state.started.elapsed().as_secs();
    let size = state.pool.size();
    let idle = state.pool.num_idle();
    let version = env!("CARGO_PKG_VERSION");
    let text = format!(
        "# TYPE nimdeck_build_info gauge\nnimdeck_build_info{{version=\"{version}\"}} 1\n\
         # HELP nimdeck_uptime_seconds Time since the server started.\n# TYPE nimdeck_uptime_seconds gauge\n\
         nimdeck_uptime_seconds {uptime}\n\
         # HELP nimdeck_database_connections Open connections of the pool.\n# TYPE nimdeck_database_connections gauge\n\
         nimdeck_database_connections {size}\n\
         # HELP nimdeck_database_connections_idle Those not in use.\n# TYPE nimdeck_database_connections_idle gauge\n\
         nimdeck_database_connections_idle {idle}\n"
    );
    ([(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4"))], text)
}
