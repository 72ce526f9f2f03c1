//! `nimdeck audit`.

use super::{say, with_database};
use crate::error::{AUDIT_BROKEN, database};
use crate::settings::Settings;
use crate::store::audit::{self, ChainError, Intact};
use app::model::Problem;
use clap::Subcommand;

#[derive(Subcommand)]
pub(super) enum Audit {
    /// Read the whole record and check that nothing in it was changed, removed or put in.
    Verify,
}

impl Audit {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Problem> {
        match self {
            Self::Verify => with_database(settings, verify).await,
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
