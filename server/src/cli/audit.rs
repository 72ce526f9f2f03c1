//! `nimdeck audit`.

use super::{say, with_database};
use crate::error::{AUDIT_BROKEN, INTERNAL, database};
use crate::settings::Settings;
use crate::store::audit::{self, ChainError, Head, Intact};
use app::model::{AuditFilter, Problem};
use clap::Subcommand;
use futures::TryStreamExt;

#[derive(Subcommand)]
pub(super) enum Audit {
    /// Read the whole record and check that nothing in it was changed, removed or put in, and that nothing was cut off at its end.
    Verify {
        /// A head that was kept: the hash that an earlier `verify` or the server's log gave, or NUMBER:HASH. It must be an entry of the
        /// record, which may have grown since.
        #[arg(long, value_name = "HEAD")]
        expect: Option<Head>,
    },
    /// Write the whole record to standard output, one JSON object a line, oldest first.
    Export,
}

impl Audit {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Problem> {
        match self {
            Self::Verify { expect } => {
                with_database(settings, async |pool: &sqlx::PgPool| verify(pool, expect.as_ref()).await).await
            }
            Self::Export => with_database(settings, export).await,
        }
    }
}

async fn verify(pool: &sqlx::PgPool, expect: Option<&Head>) -> Result<(), Problem> {
    let mut connection = pool.acquire().await.map_err(|error| database(&error))?;
    match audit::verify(&mut connection, expect).await {
        Ok(Intact { count, head }) => {
            say(format_args!("the record holds: {count} entries, the last with hash {head}"));
            Ok(())
        }
        Err(ChainError::Database(error)) => Err(database(&error)),
        Err(broken) => Err(AUDIT_BROKEN.problem(format!(
            "{broken}. Somebody changed the database past nimdeck. Keep it as it is, and compare with the last backup."
        ))),
    }
}

async fn export(pool: &sqlx::PgPool) -> Result<(), Problem> {
    let mut entries = std::pin::pin!(audit::export(pool.clone(), AuditFilter::default()));
    while let Some(entry) = entries.try_next().await.map_err(|error| database(&error))? {
        let line = serde_json::to_string(&entry).map_err(|error| INTERNAL.problem(error.to_string()))?;
        say(format_args!("{line}"));
    }
    Ok(())
}
