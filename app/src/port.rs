//! The port: what a page needs from the server, in one trait.
//!
//! `app` must not know sqlx, SSH or the engine, so it asks through [`Deck`]; `server` implements it and provides it in
//! context. REST handlers call the very same functions, so a page and a script can never be answered differently.
//!
//! Every function takes the [`Caller`] and checks its permission itself. That is on purpose: a server function is a public
//! endpoint, and a check that lives beside the act cannot be forgotten by a new route.

use crate::model::{
    Action, Ask, AuditEntry, AuditFilter, Blackout, Caller, Campaign, CampaignAction, CampaignAsk, Client,
    ClientFilter, Group, ImportFilter, ImportRequest, ImportResult, Imported, ImportedSummary, LaunchFor,
    LaunchOptions, LaunchRequest, LogLines, Master, MasterChange, Me, Migration, MigrationFilter, MigrationSummary,
    NewBlackout, NewCampaign, NewMaster, OldLog, Overview, Page, Permission, Preflight, Problem, Resource, Schedule,
    Verification, Window,
};
use async_trait::async_trait;
use leptos::prelude::use_context;
use uuid::Uuid;

/// What nimdeck can be asked. Errors are [`Problem`]s: typed at their source, worded for people.
#[async_trait]
pub trait Deck: Send + Sync + 'static {
    /// Who the caller is and what they may do.
    fn me(&self, caller: &Caller) -> Me;

    /// What runs, waits and failed.
    async fn overview(&self, caller: &Caller) -> Result<Overview, Problem>;

    /// The NIM masters.
    async fn masters(&self, caller: &Caller) -> Result<Page<Master>, Problem>;
    /// One master.
    async fn master(&self, caller: &Caller, id: Uuid) -> Result<Master, Problem>;
    /// Adds a master.
    async fn add_master(&self, caller: &Caller, new: NewMaster) -> Result<Master, Problem>;
    /// Changes a master's name, address or user.
    async fn change_master(&self, caller: &Caller, id: Uuid, change: MasterChange) -> Result<Master, Problem>;
    /// Removes a master that has no migrations.
    async fn remove_master(&self, caller: &Caller, id: Uuid) -> Result<(), Problem>;
    /// Pins the host key a master offers now or, where one is given, exactly that one.
    async fn pin_host_key(&self, caller: &Caller, id: Uuid, fingerprint: String) -> Result<Master, Problem>;
    /// Reads `lsnim` and every client again.
    async fn refresh_master(&self, caller: &Caller, id: Uuid) -> Result<Master, Problem>;
    /// NIM resources of a master, of one type where given.
    async fn resources(&self, caller: &Caller, master: Uuid, kind: Option<String>) -> Result<Page<Resource>, Problem>;

    /// The clients.
    async fn clients(&self, caller: &Caller, filter: ClientFilter) -> Result<Page<Client>, Problem>;
    /// One client, by id or NIM name.
    async fn client(&self, caller: &Caller, client: &str) -> Result<Client, Problem>;
    /// Reads one client again, by id or NIM name.
    async fn refresh_client(&self, caller: &Caller, client: &str) -> Result<Client, Problem>;

    /// What the launch form offers for a client, by id or NIM name.
    async fn launch_options(&self, caller: &Caller, wanted: LaunchFor) -> Result<LaunchOptions, Problem>;
    /// Checks a launch; writes nothing on any host.
    async fn preflight(&self, caller: &Caller, request: LaunchRequest) -> Result<Preflight, Problem>;
    /// Checks, then launches. `key` is the caller's Idempotency-Key: the same key gives the same migration.
    async fn launch(&self, caller: &Caller, request: LaunchRequest, key: Option<String>) -> Result<Migration, Problem>;

    /// Migrations, newest first.
    async fn migrations(&self, caller: &Caller, filter: MigrationFilter) -> Result<Page<MigrationSummary>, Problem>;
    /// One migration.
    async fn migration(&self, caller: &Caller, id: Uuid) -> Result<Migration, Problem>;
    /// Asks something of a migration; 409 with the reason where its state does not allow it.
    async fn act(&self, caller: &Caller, id: Uuid, action: Action, ask: Ask) -> Result<Migration, Problem>;
    /// Lines `from`, `from` + 1, … of the log, at most `limit` (1 to 5000).
    async fn log_lines(&self, caller: &Caller, id: Uuid, from: u64, limit: u32) -> Result<LogLines, Problem>;
    /// The last `count` lines of the log.
    async fn log_tail(&self, caller: &Caller, id: Uuid, count: u32) -> Result<LogLines, Problem>;
    /// The client before and after.
    async fn verification(&self, caller: &Caller, id: Uuid) -> Result<Verification, Problem>;

    /// The latest campaigns, newest first, without their members.
    async fn campaigns(&self, caller: &Caller) -> Result<Page<Campaign>, Problem>;
    /// One campaign with its members.
    async fn campaign(&self, caller: &Caller, id: Uuid) -> Result<Campaign, Problem>;
    /// Starts a campaign: its first wave is launched at once.
    async fn start_campaign(&self, caller: &Caller, new: NewCampaign) -> Result<Campaign, Problem>;
    /// Asks something of a campaign; 409 where it does not allow it.
    async fn act_on_campaign(
        &self,
        caller: &Caller,
        id: Uuid,
        action: CampaignAction,
        ask: CampaignAsk,
    ) -> Result<Campaign, Problem>;

    /// Windows, blackouts and groups.
    async fn schedule(&self, caller: &Caller) -> Result<Schedule, Problem>;
    /// Adds a maintenance window, or changes the one of this name.
    async fn put_window(&self, caller: &Caller, window: Window) -> Result<Window, Problem>;
    /// Removes a maintenance window.
    async fn remove_window(&self, caller: &Caller, name: &str) -> Result<(), Problem>;
    /// Adds a blackout.
    async fn add_blackout(&self, caller: &Caller, new: NewBlackout) -> Result<Blackout, Problem>;
    /// Removes a blackout.
    async fn remove_blackout(&self, caller: &Caller, id: Uuid) -> Result<(), Problem>;
    /// Adds a group of clients, or changes the one of this name.
    async fn put_group(&self, caller: &Caller, group: Group) -> Result<Group, Problem>;
    /// Removes a group.
    async fn remove_group(&self, caller: &Caller, name: &str) -> Result<(), Problem>;

    /// The logs of earlier nimadm runs that lie on a master now.
    async fn old_logs(&self, caller: &Caller, master: Uuid) -> Result<Page<OldLog>, Problem>;
    /// Imports logs of a master into the history, each once; one result a name, in the order asked for.
    async fn import_logs(
        &self,
        caller: &Caller,
        master: Uuid,
        request: ImportRequest,
    ) -> Result<Page<ImportResult>, Problem>;
    /// Imported logs, newest import first.
    async fn imports(&self, caller: &Caller, filter: ImportFilter) -> Result<Page<ImportedSummary>, Problem>;
    /// One imported log.
    async fn import(&self, caller: &Caller, id: Uuid) -> Result<Imported, Problem>;

    /// The record, newest first.
    async fn audit(&self, caller: &Caller, filter: AuditFilter) -> Result<Page<AuditEntry>, Problem>;
}

/// The caller, from the request that is being answered.
///
/// # Errors
/// 401 without a signed-in user, 403 where their role does not hold the permission.
pub fn require(permission: Permission) -> Result<Caller, Problem> {
    let caller = use_context::<http::request::Parts>().and_then(|parts| parts.extensions.get::<Caller>().cloned());
    check(caller.as_ref(), permission).cloned()
}

/// The rule behind every permission check.
///
/// # Errors
/// 401 without a caller, 403 where their role does not hold the permission.
pub fn check(caller: Option<&Caller>, permission: Permission) -> Result<&Caller, Problem> {
    let problem = |status, code: &str, title: &str, detail: String| Problem {
        status,
        code: code.to_owned(),
        title: title.to_owned(),
        detail,
        errors: Vec::new(),
        preflight: None,
    };
    let caller = caller.ok_or_else(|| {
        problem(401, "ND0101", "Not signed in", "Sign in, or send a token as \"Authorization: Bearer nd_…\".".into())
    })?;
    if caller.role.may(permission) {
        return Ok(caller);
    }
    let needed = permission.least_role().as_str();
    let detail = format!(
        "{} is {}, and this needs {needed}. Ask an administrator for that role.",
        caller.username,
        caller.role.as_str()
    );
    Err(problem(403, "ND0102", "Not permitted", detail))
}
