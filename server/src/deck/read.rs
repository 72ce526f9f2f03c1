//! Migrations as they are read.

use super::{ServerDeck, db};
use crate::{
    engine::{
        identify::{self, Unidentified, Wanted},
        patrol, verify,
    },
    error::{BAD_INPUT, NOT_FOUND},
    store::{client, master, migration, phase},
};
use app::model::{Migration, MigrationFilter, MigrationSummary, Overview, Page, Problem, Recent, State, Verification};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// How long failures and successes stay on the overview.
const RECENT: Duration = Duration::from_secs(7 * 24 * 3600);

impl ServerDeck {
    pub(super) async fn migration_row(&self, id: Uuid) -> Result<migration::Row, Problem> {
        migration::find(&self.pool, id)
            .await
            .map_err(db)?
            .ok_or_else(|| NOT_FOUND.problem(format!("There is no migration {id}. The history lists all of them.")))
    }

    pub(super) async fn find_migration(&self, id: Uuid) -> Result<Migration, Problem> {
        let row = self.migration_row(id).await?;
        let state = row.state().map_err(db)?;
        let phases = phase::list(&self.pool, id, row.attempt, state).await.map_err(db)?;
        let estimate = self.engine.estimate(&row, &phases).await.map_err(db)?;
        let mut migration = row.wire(phases).map_err(db)?;
        patrol::tell(&mut migration, estimate);
        Ok(migration)
    }

    pub(super) async fn list_migrations(&self, filter: &MigrationFilter) -> Result<Page<MigrationSummary>, Problem> {
        for word in filter.state.iter().flat_map(|words| words.split(',')).map(str::trim).filter(|w| !w.is_empty()) {
            word.parse::<State>().map_err(|why| BAD_INPUT.field("state", why))?;
        }
        let client = match filter.client.as_deref().map(str::trim).filter(|client| !client.is_empty()) {
            Some(client) => match identify::one(&self.pool, Wanted::new(client, filter.master.as_deref())).await {
                Ok(known) => Some(known.id),
                // A filter that fits nobody lists nothing.
                Err(Unidentified::None(_)) => return Ok(Page { items: Vec::new(), next: None }),
                Err(other) => return Err(other.input("client")),
            },
            None => None,
        };
        Ok(migration::list(&self.pool, filter, client).await?)
    }

    pub(super) async fn read_overview(&self) -> Result<Overview, Problem> {
        let recent = OffsetDateTime::now_utc() - RECENT;
        let good = |state| matches!(state, State::Completed | State::Verified | State::RolledBack | State::Finalised);
        let running = self.in_states(State::is_live, None).await?;
        let waiting = self.in_states(State::waits_for_person, None).await?;
        let failed = self.in_states(|state| state == State::FailedClean, Some(recent)).await?;
        let done = self.in_states(good, Some(recent)).await?;
        let masters = master::list(&self.pool).await.map_err(db)?;
        let (clients, missing_clients) = client::count(&self.pool).await.map_err(db)?;
        Ok(Overview {
            running,
            waiting,
            campaigns: self.waiting_campaigns().await?,
            failed,
            done,
            masters: masters.into_iter().map(master::Row::wire).collect::<Result<_, _>>().map_err(db)?,
            clients,
            missing_clients,
        })
    }

    async fn in_states(
        &self,
        wanted: impl Fn(State) -> bool,
        since: Option<OffsetDateTime>,
    ) -> Result<Recent, Problem> {
        let states: Vec<_> = State::ALL.iter().filter(|state| wanted(**state)).map(|state| state.as_str()).collect();
        let (count, newest) = migration::recent(&self.pool, &states, since).await.map_err(db)?;
        Ok(Recent { count, states: states.join(","), newest })
    }

    pub(super) async fn read_verification(&self, id: Uuid) -> Result<Verification, Problem> {
        let row = self.migration_row(id).await?;
        let (before, after) = (row.before.map(|json| json.0), row.after.map(|json| json.0));
        let diff = match (&before, &after) {
            (Some(before), Some(after)) => verify::diff(before, after),
            _ => Vec::new(),
        };
        let checks = row.verification.map(|json| json.0).unwrap_or_default();
        let verdict = verify::verdict(&checks);
        Ok(Verification { before, after, diff, checks, verdict })
    }
}
