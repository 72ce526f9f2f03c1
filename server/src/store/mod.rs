//! PostgreSQL: the pool, the schema, and one file a noun with its queries and nothing else.

pub mod attempt;
pub mod audit;
pub mod authority;
pub mod campaign;
pub mod change;
pub mod client;
pub(crate) mod each;
pub mod fence;
pub mod history;
pub mod imported_log;
pub mod log;
pub mod master;
pub mod migration;
pub mod nim_turn;
pub mod open;
pub mod order;
pub mod phase;
pub mod pools;
pub mod resource;
pub mod schedule;
pub mod secret;
pub mod session;
mod support;
pub mod token;
pub mod transaction;
pub mod user;
pub mod waiting;
pub mod watch;
pub mod writable;

pub use support::ListError;
pub(crate) use support::{blank, cursor, decode, like, limit, page, state};
pub use transaction::{Attempts, Conflict, Tx, begin};

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// The schema; files are applied in order, each once, under sqlx's advisory lock.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// How long a start waits for a database that is not there yet.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a request waits for a free connection before it is told so.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// Connections of the pool for pages, and of a command's.
const MAX_CONNECTIONS: u32 = 12;
/// What every session begins with. Read-only: see [`transaction`]. The timeout is for a server that freezes or is cut off inside a
/// transaction: it would keep its locks, among them the audit lock, which all writers need. PostgreSQL ends the transaction early enough
/// for the waiting servers to renew their leases.
const SESSION: &str = "SET default_transaction_read_only = on; SET idle_in_transaction_session_timeout = '2s'";
/// Whether a session stands inside a transaction that may write. Outside of one, [`SESSION`] makes the answer no.
const MAY_WRITE: &str = "SELECT current_setting('transaction_read_only') = 'off'";

/// Why there is no usable database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It does not answer, or refuses us.
    #[error("the database refuses the connection")]
    Connect(#[source] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the database's schema cannot be brought up to date")]
    Migrate(#[source] MigrateError),
}

impl From<StoreError> for app::model::Problem {
    fn from(error: StoreError) -> Self {
        let why = crate::error::with_causes(&error);
        crate::error::DATABASE_DOWN.problem(match error {
            StoreError::Connect(_) => format!("{why}. Check that PostgreSQL runs and that database_url is right."),
            StoreError::Migrate(_) => {
                format!("{why}. An older nimdeck on a newer schema is refused: run the version that was run last, or a newer one.")
            }
        })
    }
}

/// Waits for the database, brings its schema up to date, and opens the pool.
///
/// # Errors
/// The database refuses us, does not answer for a minute, or has a schema of another version.
pub async fn connect(options: PgConnectOptions) -> Result<PgPool, StoreError> {
    let options = options.application_name("nimdeck");
    wait_for(&options).await.map_err(StoreError::Connect)?;
    migrate(&options).await?;
    Ok(pool(options, MAX_CONNECTIONS))
}

/// On a connection of its own: those of the pool may not write.
async fn migrate(options: &PgConnectOptions) -> Result<(), StoreError> {
    let mut connection = options.connect().await.map_err(StoreError::Connect)?;
    MIGRATIONS.run(&mut connection).await.map_err(StoreError::Migrate)?;
    connection.close().await.map_err(StoreError::Connect)
}

/// A pool whose connections write only in a [`Tx`], and that keeps none which is still in one.
#[must_use]
pub fn pool(options: PgConnectOptions, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(|connection, _| Box::pin(async { sqlx::raw_sql(SESSION).execute(connection).await.map(drop) }))
        .after_release(|connection, _| {
            Box::pin(async {
                let left_open: bool = sqlx::query_scalar(MAY_WRITE).fetch_one(connection).await?;
                if left_open {
                    tracing::error!("a connection was given back inside a transaction; it is closed");
                }
                Ok(!left_open)
            })
        })
        .connect_lazy_with(options)
}

/// Only silence is waited for: a wrong password stays wrong.
async fn wait_for(options: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let started = Instant::now();
    let mut pause = Duration::from_millis(100);
    loop {
        let error = match options.connect().await {
            Ok(connection) => return connection.close().await,
            Err(error) => error,
        };
        let starting = error.as_database_error().and_then(|e| e.code()).is_some_and(|code| code.starts_with("57P"));
        let silent = starting || matches!(error, sqlx::Error::Io(_));
        if !silent || started.elapsed() > PATIENCE {
            return Err(error);
        }
        tracing::warn!(error = &error as &dyn std::error::Error, "waiting for the database");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

/// Bytes as lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A row that has a word this version does not know, as a database error.
fn unknown_word(column: &str, error: String) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: error.into() }
}
