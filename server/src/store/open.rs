//! Getting at the database: the configured one, or the private one of a data directory.

use super::connect;
use crate::error::{BAD_SETTING, DATA_DIR_IN_USE, INTERNAL};
use crate::postgres::{Durability, PrivatePostgres};
use crate::settings::Settings;
use app::model::Problem;
use sqlx::PgPool;
use std::fs::{File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a start waits for the data directory.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// An open database, with what must be given back when it is closed.
#[derive(Debug)]
pub struct Opened {
    /// The database.
    pub pool: PgPool,
    private: Option<PrivatePostgres>,
    /// Held as long as this process uses the data directory; the kernel lets it go with the process.
    _lock: Option<File>,
}

impl Opened {
    /// For the one server of a data directory.
    ///
    /// # Errors
    /// Another server uses the data directory; no PostgreSQL; no connection.
    pub async fn for_server(settings: &Settings) -> Result<Self, Problem> {
        let dir = &settings.data_dir;
        let started = Instant::now();
        let lock = loop {
            match lock(dir)? {
                Some(lock) => break lock,
                // A server that was just killed keeps its lock until the kernel has taken it apart.
                None if started.elapsed() < LOCK_PATIENCE => tokio::time::sleep(Duration::from_millis(100)).await,
                None => {
                    return Err(DATA_DIR_IN_USE.problem(format!(
                        "Another nimdeck uses {}. Stop it, or name another directory with --data-dir.",
                        dir.display()
                    )));
                }
            }
        };
        Self::with_lock(settings, lock).await
    }

    /// For a command: beside a running server if there is one, else by starting its database for the time being.
    ///
    /// # Errors
    /// No PostgreSQL; no connection.
    pub async fn for_command(settings: &Settings) -> Result<Self, Problem> {
        match lock(&settings.data_dir)? {
            Some(lock) => Self::with_lock(settings, lock).await,
            None if settings.database_url.is_some() => Self::configured(settings, None).await,
            None => {
                let options = PrivatePostgres::options_of(&settings.data_dir).await?;
                Ok(Self { pool: connect(options).await?, private: None, _lock: None })
            }
        }
    }

    async fn with_lock(settings: &Settings, lock: File) -> Result<Self, Problem> {
        if settings.database_url.is_some() {
            return Self::configured(settings, Some(lock)).await;
        }
        let private = PrivatePostgres::start(&settings.data_dir, Durability::Full).await?;
        match connect(private.options()).await {
            Ok(pool) => Ok(Self { pool, private: Some(private), _lock: Some(lock) }),
            Err(error) => {
                private.stop().await?;
                Err(error.into())
            }
        }
    }

    async fn configured(settings: &Settings, lock: Option<File>) -> Result<Self, Problem> {
        let url = settings.database_url.as_ref().map(|url| url.expose().to_owned()).unwrap_or_default();
        // The parser's message may quote the password.
        let options = url
            .parse()
            .map_err(|_| BAD_SETTING.problem("database_url is not postgres://USER:PASSWORD@HOST/DATABASE."))?;
        Ok(Self { pool: connect(options).await?, private: None, _lock: lock })
    }

    /// Closes the pool and stops what was started.
    ///
    /// # Errors
    /// The private PostgreSQL does not stop.
    pub async fn close(self) -> Result<(), Problem> {
        self.pool.close().await;
        match self.private {
            Some(private) => Ok(private.stop().await?),
            None => Ok(()),
        }
    }
}

/// The data directory for this process alone; none where another has it.
fn lock(data_dir: &Path) -> Result<Option<File>, Problem> {
    let io = |error: std::io::Error| {
        let dir = data_dir.display();
        BAD_SETTING.problem(format!(
            "The data directory {dir} cannot be used: {error}. Make it writable, or name another with --data-dir."
        ))
    };
    std::fs::DirBuilder::new().recursive(true).mode(0o755).create(data_dir).map_err(io)?;
    let file = File::options().create(true).append(true).open(data_dir.join("lock")).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => {
            Err(INTERNAL.problem(format!("The data directory cannot be locked: {error}.")))
        }
    }
}
