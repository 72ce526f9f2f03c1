//! `nimdeck audit`.

use super::{say, with_database};
use crate::error::{AUDIT_BROKEN, INTERNAL, database};
use crate::settings::Settings;
use crate::store::audit::{self, ChainError, Intact};
use app::model::{AuditFilter, Problem};
use clap::Subcommand;
use futures::TryStreamExt;

#[derive(Subcommand)]
pub(super) enum Audit {
    /// Read the whole record and check that nothing in it was changed, removed or put in.
    Verify,
    /// Write the whole record to standard output, one JSON object a line, oldest first.
    Export,
}

impl Audit {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Problem> {
        match self {
            Self::Verify => with_database(settings, verify).await,
            Self::Export => with_database(settings, export).await,
        }
    }
}

async fn verify(pool: &sqlx::PgPool) -> Result<(), Problem> {
    let mut connection = pool.acquire().await.map_err(|error| database(&error))?;
    match audit::verify(&mut connection).await {
        Ok(Intact { count, head }) => {
            say(format_args!("the record holds: {count} entries, the last with hash {head}"));
            Ok(())
        }
        Err(ChainError::Database(error)) => Err(database(&error)),
        Err(broken @ ChainError::Broken { .. }) => Err(AUDIT_BROKEN.problem(format!(
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
