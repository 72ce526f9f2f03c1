//! The port's other side: what pages and REST ask, answered from store, hosts and engine.
//!
//! Every function checks its permission first. What changes anything writes its audit row in the same transaction.

mod act;
mod campaign;
mod fleet;
mod import;
pub(crate) mod launch;
mod openings;
mod read;
mod schedule;

use crate::{
    engine::{Engine, masters::Masters},
    error,
    logs::bus::Bus,
    store::{audit, client, log, master, resource},
};
use app::{
    model::{
        Action, Ask, AuditEntry, AuditFilter, Blackout, Caller, Campaign, CampaignAction, CampaignAsk, Client,
        ClientFilter, Group, ImportFilter, ImportRequest, ImportResult, Imported, ImportedSummary, LaunchFor,
        LaunchOptions, LaunchRequest, LogLines, Master, MasterChange, Me, Migration, MigrationFilter, MigrationSummary,
        NewBlackout, NewCampaign, NewMaster, OldLog, Overview, Page, Permission, Preflight, Problem, Resource,
        Schedule, Verification, Window,
    },
    port::{self, Deck},
};
use async_trait::async_trait;
use sqlx::PgPool;
use std::sync::Arc;
use uuid::Uuid;

/// The deck of this server.
pub struct ServerDeck {
    /// The database.
    pub pool: PgPool,
    /// Connections to masters.
    pub masters: Masters,
    /// The engine.
    pub engine: Arc<Engine>,
    /// The live bus.
    pub bus: Arc<Bus>,
    /// Whether the estate is the lab's.
    pub simulated: bool,
}

/// Bytes of lines in one answer, about: 5000 lines of the longest kind would be a hundred megabytes.
const LINES: usize = 8 << 20;

fn may(caller: &Caller, permission: Permission) -> Result<(), Problem> {
    port::check(Some(caller), permission).map(|_| ())
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function for map_err, which gives the error away")]
fn db(error: sqlx::Error) -> Problem {
    error::database(&error)
}

#[async_trait]
impl Deck for ServerDeck {
    fn me(&self, caller: &Caller) -> Me {
        Me {
            username: caller.username.clone(),
            role: caller.role,
            permissions: Permission::ALL.into_iter().filter(|&permission| caller.role.may(permission)).collect(),
            simulated: self.simulated,
        }
    }

    async fn overview(&self, caller: &Caller) -> Result<Overview, Problem> {
        may(caller, Permission::View)?;
        self.read_overview().await
    }

    async fn masters(&self, caller: &Caller) -> Result<Page<Master>, Problem> {
        may(caller, Permission::View)?;
        let rows = master::list(&self.pool).await.map_err(db)?;
        let items = rows.into_iter().map(master::Row::wire).collect::<Result<_, _>>().map_err(db)?;
        Ok(Page { items, next: None })
    }

    async fn master(&self, caller: &Caller, id: Uuid) -> Result<Master, Problem> {
        may(caller, Permission::View)?;
        self.find_master(id).await
    }

    async fn add_master(&self, caller: &Caller, new: NewMaster) -> Result<Master, Problem> {
        may(caller, Permission::Administer)?;
        self.insert_master(caller, new).await
    }

    async fn change_master(&self, caller: &Caller, id: Uuid, change: MasterChange) -> Result<Master, Problem> {
        may(caller, Permission::Administer)?;
        self.update_master(caller, id, change).await
    }

    async fn remove_master(&self, caller: &Caller, id: Uuid) -> Result<(), Problem> {
        may(caller, Permission::Administer)?;
        self.delete_master(caller, id).await
    }

    async fn pin_host_key(&self, caller: &Caller, id: Uuid, fingerprint: String) -> Result<Master, Problem> {
        may(caller, Permission::Administer)?;
        self.pin(caller, id, &fingerprint).await
    }

    async fn refresh_master(&self, caller: &Caller, id: Uuid) -> Result<Master, Problem> {
        may(caller, Permission::Operate)?;
        self.reread_master(id).await
    }

    async fn resources(&self, caller: &Caller, master: Uuid, kind: Option<String>) -> Result<Page<Resource>, Problem> {
        may(caller, Permission::View)?;
        self.find_master(master).await?;
        let items = resource::list(&self.pool, master, kind.as_deref()).await.map_err(db)?;
        Ok(Page { items, next: None })
    }

    async fn clients(&self, caller: &Caller, filter: ClientFilter) -> Result<Page<Client>, Problem> {
        may(caller, Permission::View)?;
        Ok(client::list(&self.pool, &filter).await?)
    }

    async fn client(&self, caller: &Caller, client: &str) -> Result<Client, Problem> {
        may(caller, Permission::View)?;
        self.find_client(client).await
    }

    async fn refresh_client(&self, caller: &Caller, client: &str) -> Result<Client, Problem> {
        may(caller, Permission::Operate)?;
        self.reread_client(client).await
    }

    async fn launch_options(&self, caller: &Caller, wanted: LaunchFor) -> Result<LaunchOptions, Problem> {
        may(caller, Permission::Operate)?;
        self.read_launch_options(wanted).await
    }

    async fn preflight(&self, caller: &Caller, request: LaunchRequest) -> Result<Preflight, Problem> {
        may(caller, Permission::Operate)?;
        Ok(self.launcher().check(&request).await?.preflight)
    }

    async fn launch(&self, caller: &Caller, request: LaunchRequest, key: Option<String>) -> Result<Migration, Problem> {
        may(caller, Permission::Operate)?;
        self.launch_checked(caller, request, key).await
    }

    async fn migrations(&self, caller: &Caller, filter: MigrationFilter) -> Result<Page<MigrationSummary>, Problem> {
        may(caller, Permission::View)?;
        self.list_migrations(&filter).await
    }

    async fn migration(&self, caller: &Caller, id: Uuid) -> Result<Migration, Problem> {
        may(caller, Permission::View)?;
        self.find_migration(id).await
    }

    async fn act(&self, caller: &Caller, id: Uuid, action: Action, ask: Ask) -> Result<Migration, Problem> {
        may(caller, action.permission())?;
        self.act_on(caller, id, action, ask).await
    }

    async fn log_lines(&self, caller: &Caller, id: Uuid, from: u64, limit: u32) -> Result<LogLines, Problem> {
        may(caller, Permission::View)?;
        let row = self.migration_row(id).await?;
        if row.log_lines.unsigned_abs() < from {
            return Ok(LogLines { items: Vec::new() });
        }
        self.read_lines(id, from.max(1), limit.clamp(1, 5000)).await
    }

    async fn log_tail(&self, caller: &Caller, id: Uuid, count: u32) -> Result<LogLines, Problem> {
        may(caller, Permission::View)?;
        let count = count.clamp(1, 5000);
        let lines = self.migration_row(id).await?.log_lines.unsigned_abs();
        self.read_lines(id, lines.saturating_sub(u64::from(count)) + 1, count).await
    }

    async fn verification(&self, caller: &Caller, id: Uuid) -> Result<Verification, Problem> {
        may(caller, Permission::View)?;
        self.read_verification(id).await
    }

    async fn campaigns(&self, caller: &Caller) -> Result<Page<Campaign>, Problem> {
        may(caller, Permission::View)?;
        self.list_campaigns().await
    }

    async fn campaign(&self, caller: &Caller, id: Uuid) -> Result<Campaign, Problem> {
        may(caller, Permission::View)?;
        self.find_campaign(id).await
    }

    async fn start_campaign(&self, caller: &Caller, new: NewCampaign) -> Result<Campaign, Problem> {
        may(caller, Permission::Operate)?;
        self.store_campaign(caller, new).await
    }

    async fn act_on_campaign(
        &self,
        caller: &Caller,
        id: Uuid,
        action: CampaignAction,
        ask: CampaignAsk,
    ) -> Result<Campaign, Problem> {
        may(caller, action.permission())?;
        Box::pin(self.campaign_asked(caller, id, action, ask)).await
    }

    async fn schedule(&self, caller: &Caller) -> Result<Schedule, Problem> {
        may(caller, Permission::View)?;
        self.read_schedule().await
    }

    async fn put_window(&self, caller: &Caller, window: Window) -> Result<Window, Problem> {
        may(caller, Permission::Administer)?;
        self.store_window(caller, window).await
    }

    async fn remove_window(&self, caller: &Caller, name: &str) -> Result<(), Problem> {
        may(caller, Permission::Administer)?;
        self.delete_window(caller, name).await
    }

    async fn add_blackout(&self, caller: &Caller, new: NewBlackout) -> Result<Blackout, Problem> {
        may(caller, Permission::Administer)?;
        self.store_blackout(caller, new).await
    }

    async fn remove_blackout(&self, caller: &Caller, id: Uuid) -> Result<(), Problem> {
        may(caller, Permission::Administer)?;
        self.delete_blackout(caller, id).await
    }

    async fn put_group(&self, caller: &Caller, group: Group) -> Result<Group, Problem> {
        may(caller, Permission::Administer)?;
        self.store_group(caller, group).await
    }

    async fn remove_group(&self, caller: &Caller, name: &str) -> Result<(), Problem> {
        may(caller, Permission::Administer)?;
        self.delete_group(caller, name).await
    }

    async fn old_logs(&self, caller: &Caller, master: Uuid) -> Result<Page<OldLog>, Problem> {
        may(caller, Permission::View)?;
        self.list_old_logs(master).await
    }

    async fn import_logs(
        &self,
        caller: &Caller,
        master: Uuid,
        request: ImportRequest,
    ) -> Result<Page<ImportResult>, Problem> {
        may(caller, Permission::Operate)?;
        self.import_old_logs(caller, master, request).await
    }

    async fn imports(&self, caller: &Caller, filter: ImportFilter) -> Result<Page<ImportedSummary>, Problem> {
        may(caller, Permission::View)?;
        self.list_imports(&filter).await
    }

    async fn import(&self, caller: &Caller, id: Uuid) -> Result<Imported, Problem> {
        may(caller, Permission::View)?;
        self.find_import(id).await
    }

    async fn audit(&self, caller: &Caller, filter: AuditFilter) -> Result<Page<AuditEntry>, Problem> {
        may(caller, Permission::View)?;
        Ok(audit::list(&self.pool, &filter).await?)
    }
}

impl ServerDeck {
    /// `count` lines from line `from` on; fewer where the log ends, or where they are so long that an answer has no room for
    /// all of them: at least one, and the next begin behind the last.
    async fn read_lines(&self, id: Uuid, from: u64, count: u32) -> Result<LogLines, Problem> {
        let end = from + u64::from(count);
        let mut items = Vec::new();
        let (mut next, mut bytes) = (from, 0);
        while next < end && bytes < LINES {
            let rows = log::from_line(&self.pool, id, next, 16).await.map_err(db)?;
            let Some(last) = rows.last() else { break };
            let after = last.first_line.unsigned_abs() + u64::from(last.line_count.unsigned_abs());
            for row in &rows {
                let wanted = row.lines().filter(|(line, _)| (next..end).contains(line));
                let wanted = wanted.inspect(|(_, text)| bytes += text.len());
                items.extend(wanted.map(|(line, text)| app::model::LogLine {
                    line,
                    phase: row.phase(),
                    at: row.at.into(),
                    text,
                }));
            }
            next = after;
        }
        Ok(LogLines { items })
    }
}
