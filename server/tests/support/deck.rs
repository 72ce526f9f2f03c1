//! A deck without an estate: it checks permissions as the real one does, and finds nothing.

use app::model::{
    Action, Ask, AuditEntry, AuditFilter, Blackout, Caller, Campaign, CampaignAction, CampaignAsk, Client,
    ClientFilter, Group, ImportFilter, ImportRequest, ImportResult, Imported, ImportedSummary, LaunchFor,
    LaunchOptions, LaunchRequest, LogLines, Master, MasterChange, Me, Migration, MigrationFilter, MigrationSummary,
    NewBlackout, NewCampaign, NewMaster, OldLog, Overview, Page, Permission, Preflight, Problem, Resource, Schedule,
    Verification, Window,
};
use app::port::{Deck, check};
use async_trait::async_trait;
use server::error::NOT_FOUND;
use server::store::audit;
use sqlx::PgPool;
use uuid::Uuid;

pub(crate) struct NoEstate(pub(crate) PgPool);

fn nothing<T>(caller: &Caller, permission: Permission) -> Result<T, Problem> {
    check(Some(caller), permission)?;
    Err(NOT_FOUND.problem("There is no estate."))
}

fn empty<T>(caller: &Caller) -> Result<Page<T>, Problem> {
    check(Some(caller), Permission::View)?;
    Ok(Page { items: Vec::new(), next: None })
}

#[async_trait]
impl Deck for NoEstate {
    fn me(&self, caller: &Caller) -> Me {
        let permissions = Permission::ALL.into_iter().filter(|permission| caller.role.may(*permission)).collect();
        Me { username: caller.username.clone(), role: caller.role, permissions, simulated: false }
    }
    async fn overview(&self, c: &Caller) -> Result<Overview, Problem> {
        nothing(c, Permission::View)
    }
    async fn masters(&self, c: &Caller) -> Result<Page<Master>, Problem> {
        empty(c)
    }
    async fn master(&self, c: &Caller, _: Uuid) -> Result<Master, Problem> {
        nothing(c, Permission::View)
    }
    async fn add_master(&self, c: &Caller, _: NewMaster) -> Result<Master, Problem> {
        nothing(c, Permission::Administer)
    }
    async fn change_master(&self, c: &Caller, _: Uuid, _: MasterChange) -> Result<Master, Problem> {
        nothing(c, Permission::Administer)
    }
    async fn remove_master(&self, c: &Caller, _: Uuid) -> Result<(), Problem> {
        nothing(c, Permission::Administer)
    }
    async fn pin_host_key(&self, c: &Caller, _: Uuid, _: String) -> Result<Master, Problem> {
        nothing(c, Permission::Administer)
    }
    async fn refresh_master(&self, c: &Caller, _: Uuid) -> Result<Master, Problem> {
        nothing(c, Permission::Operate)
    }
    async fn resources(&self, c: &Caller, _: Uuid, _: Option<String>) -> Result<Page<Resource>, Problem> {
        empty(c)
    }
    async fn clients(&self, c: &Caller, _: ClientFilter) -> Result<Page<Client>, Problem> {
        empty(c)
    }
    async fn client(&self, c: &Caller, _: &str) -> Result<Client, Problem> {
        nothing(c, Permission::View)
    }
    async fn refresh_client(&self, c: &Caller, _: &str) -> Result<Client, Problem> {
        nothing(c, Permission::Operate)
    }
    async fn launch_options(&self, c: &Caller, _: LaunchFor) -> Result<LaunchOptions, Problem> {
        nothing(c, Permission::Operate)
    }
    async fn preflight(&self, c: &Caller, _: LaunchRequest) -> Result<Preflight, Problem> {
        nothing(c, Permission::Operate)
    }
    async fn launch(&self, c: &Caller, _: LaunchRequest, _: Option<String>) -> Result<Migration, Problem> {
        nothing(c, Permission::Operate)
    }
    async fn migrations(&self, c: &Caller, _: MigrationFilter) -> Result<Page<MigrationSummary>, Problem> {
        empty(c)
    }
    async fn migration(&self, c: &Caller, _: Uuid) -> Result<Migration, Problem> {
        nothing(c, Permission::View)
    }
    async fn act(&self, c: &Caller, _: Uuid, action: Action, _: Ask) -> Result<Migration, Problem> {
        let needed = if matches!(action, Action::Approve | Action::Reject | Action::Cutover) {
            Permission::Approve
        } else {
            Permission::Operate
        };
        nothing(c, needed)
    }
    async fn log_lines(&self, c: &Caller, _: Uuid, _: u64, _: u32) -> Result<LogLines, Problem> {
        nothing(c, Permission::View)
    }
    async fn log_tail(&self, c: &Caller, _: Uuid, _: u32) -> Result<LogLines, Problem> {
        nothing(c, Permission::View)
    }
    async fn verification(&self, c: &Caller, _: Uuid) -> Result<Verification, Problem> {
        nothing(c, Permission::View)
    }
    async fn campaigns(&self, c: &Caller) -> Result<Page<Campaign>, Problem> {
        empty(c)
    }
    async fn campaign(&self, c: &Caller, _: Uuid) -> Result<Campaign, Problem> {
        nothing(c, Permission::View)
    }
    async fn start_campaign(&self, c: &Caller, _: NewCampaign) -> Result<Campaign, Problem> {
        nothing(c, Permission::Operate)
    }
    async fn act_on_campaign(
        &self,
        c: &Caller,
        _: Uuid,
        action: CampaignAction,
        _: CampaignAsk,
    ) -> Result<Campaign, Problem> {
        nothing(c, action.permission())
    }
    async fn schedule(&self, c: &Caller) -> Result<Schedule, Problem> {
        check(Some(c), Permission::View)?;
        Ok(Schedule::default())
    }
    async fn put_window(&self, c: &Caller, _: Window) -> Result<Window, Problem> {
        nothing(c, Permission::Administer)
    }
    async fn remove_window(&self, c: &Caller, _: &str) -> Result<(), Problem> {
        nothing(c, Permission::Administer)
    }
    async fn add_blackout(&self, c: &Caller, _: NewBlackout) -> Result<Blackout, Problem> {
        nothing(c, Permission::Administer)
    }
    async fn remove_blackout(&self, c: &Caller, _: Uuid) -> Result<(), Problem> {
        nothing(c, Permission::Administer)
    }
    async fn put_group(&self, c: &Caller, _: Group) -> Result<Group, Problem> {
        nothing(c, Permission::Administer)
    }
    async fn remove_group(&self, c: &Caller, _: &str) -> Result<(), Problem> {
        nothing(c, Permission::Administer)
    }
    async fn old_logs(&self, c: &Caller, _: Uuid) -> Result<Page<OldLog>, Problem> {
        empty(c)
    }
    async fn import_logs(&self, c: &Caller, _: Uuid, _: ImportRequest) -> Result<Page<ImportResult>, Problem> {
        nothing(c, Permission::Operate)
    }
    async fn imports(&self, c: &Caller, _: ImportFilter) -> Result<Page<ImportedSummary>, Problem> {
        empty(c)
    }
    async fn import(&self, c: &Caller, _: Uuid) -> Result<Imported, Problem> {
        nothing(c, Permission::View)
    }
    async fn audit(&self, c: &Caller, filter: AuditFilter) -> Result<Page<AuditEntry>, Problem> {
        check(Some(c), Permission::View)?;
        Ok(audit::list(&self.0, &filter).await?)
    }
}
