//! Server functions: the pages' side of the port. Each begins with its permission.
//!
//! Every one is a public endpoint under `/api/ui`, so none does more than ask [`crate::port::Deck`]; the same functions
//! answer the REST interface. Errors stay [`Problem`]s on their way into the browser, and set the HTTP status.

#![expect(missing_docs, reason = "the structs that carry the arguments are generated; their fields are the arguments")]

use crate::model::{
    Action, AuditEntry, AuditFilter, Blackout, Campaign, CampaignAction, CampaignAsk, Client, ClientFilter, Group,
    ImportFilter, ImportResult, Imported, ImportedSummary, LaunchFor, LaunchOptions, LaunchRequest, LogLines, Master,
    MasterChange, Me, Migration, MigrationFilter, MigrationSummary, NewBlackout, NewCampaign, OldLog, Overview, Page,
    Preflight, Problem, Resource, Schedule, Timestamp, Verification, Window,
};
use leptos::prelude::*;
use server_fn::{
    codec::{Json, JsonEncoding},
    error::{FromServerFnError, ServerFnErrorErr},
};
use uuid::Uuid;

impl FromServerFnError for Problem {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        let (status, code, title, detail) = match error {
            ServerFnErrorErr::Request(cause) => (
                503,
                "ND0001",
                "nimdeck does not answer",
                format!("The browser could not reach the server ({cause}). Migrations go on. Try again in a moment."),
            ),
            ServerFnErrorErr::Args(cause) | ServerFnErrorErr::MissingArg(cause) => bad_arguments(&cause),
            // Where requests are read, it is the arguments that cannot be. In the browser it is the answer.
            #[cfg(feature = "ssr")]
            ServerFnErrorErr::Deserialization(cause) => bad_arguments(&cause),
            other => (500, "ND0001", "Internal error", format!("{other}. Reload the page, and report it if it stays.")),
        };
        let problem =
            Self { status, code: code.into(), title: title.into(), detail, errors: Vec::new(), preflight: None };
        #[cfg(feature = "ssr")]
        ask::set_status(&problem);
        problem
    }
}

/// Arguments that are none of the function: not the server is broken, the request is.
fn bad_arguments(cause: &str) -> (u16, &'static str, &'static str, String) {
    (
        422,
        "ND0003",
        "Bad input",
        format!("The server did not understand the request: {cause}. Correct it and send it again."),
    )
}

#[cfg(feature = "ssr")]
mod ask {
    use crate::{
        model::{Caller, Permission, Problem},
        port::{Deck, require},
    };
    use leptos::prelude::use_context;
    use leptos_axum::ResponseOptions;
    use std::{future::Future, sync::Arc};

    /// Checks the permission, then calls the port. A problem also becomes the status of the response.
    pub(super) async fn ask<T, F>(
        permission: Permission,
        call: impl FnOnce(Arc<dyn Deck>, Caller) -> F,
    ) -> Result<T, Problem>
    where
        F: Future<Output = Result<T, Problem>>,
    {
        let answer = match require(permission).and_then(|caller| Ok((deck()?, caller))) {
            Ok((deck, caller)) => call(deck, caller).await,
            Err(problem) => Err(problem),
        };
        if let Err(problem) = &answer {
            set_status(problem);
        }
        answer
    }

    /// Gives the answer the status of the problem.
    pub(super) fn set_status(problem: &Problem) {
        if let (Some(response), Ok(status)) =
            (use_context::<ResponseOptions>(), http::StatusCode::from_u16(problem.status))
        {
            response.set_status(status);
        }
    }

    fn deck() -> Result<Arc<dyn Deck>, Problem> {
        use_context().ok_or_else(|| Problem {
            status: 500,
            code: "ND0001".into(),
            title: "Internal error".into(),
            detail: "The server did not connect this page to its data. Report this.".into(),
            errors: Vec::new(),
            preflight: None,
        })
    }
}

#[cfg(feature = "ssr")]
use {
    crate::model::{Ask, Permission},
    ask::ask,
};

/// Who is signed in.
#[server(name = MeCall, prefix = "/api/ui", endpoint = "me", input = Json)]
pub async fn me() -> Result<Me, Problem> {
    ask(Permission::View, |deck, caller| async move { Ok(deck.me(&caller)) }).await
}

/// What runs, waits, failed and is done.
#[server(name = OverviewCall, prefix = "/api/ui", endpoint = "overview", input = Json)]
pub async fn overview() -> Result<Overview, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.overview(&caller).await }).await
}

/// The NIM masters.
#[server(name = MastersCall, prefix = "/api/ui", endpoint = "masters", input = Json)]
pub async fn masters() -> Result<Page<Master>, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.masters(&caller).await }).await
}

/// The NIM resources of a master.
#[server(name = ResourcesCall, prefix = "/api/ui", endpoint = "resources", input = Json)]
pub async fn resources(master: Uuid) -> Result<Page<Resource>, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.resources(&caller, master, None).await }).await
}

/// The latest campaigns.
#[server(name = CampaignsCall, prefix = "/api/ui", endpoint = "campaigns", input = Json)]
pub async fn campaigns() -> Result<Page<Campaign>, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.campaigns(&caller).await }).await
}

/// One campaign.
#[server(name = CampaignCall, prefix = "/api/ui", endpoint = "campaign", input = Json)]
pub async fn campaign(id: Uuid) -> Result<Campaign, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.campaign(&caller, id).await }).await
}

/// Starts a campaign.
#[server(name = StartCampaignCall, prefix = "/api/ui", endpoint = "start-campaign", input = Json)]
pub async fn start_campaign(new: NewCampaign) -> Result<Campaign, Problem> {
    ask(Permission::Operate, |deck, caller| async move { deck.start_campaign(&caller, new).await }).await
}

/// Asks something of a campaign.
#[server(name = ActOnCampaignCall, prefix = "/api/ui", endpoint = "act-on-campaign", input = Json)]
pub async fn act_on_campaign(id: Uuid, action: CampaignAction, asked: CampaignAsk) -> Result<Campaign, Problem> {
    ask(Permission::Operate, |deck, caller| async move { deck.act_on_campaign(&caller, id, action, asked).await }).await
}

/// Reads `lsnim` and every client of a master again.
#[server(name = RefreshMasterCall, prefix = "/api/ui", endpoint = "refresh-master", input = Json)]
pub async fn refresh_master(id: Uuid) -> Result<Master, Problem> {
    ask(Permission::Operate, |deck, caller| async move { deck.refresh_master(&caller, id).await }).await
}

/// Accepts a master's host key.
#[server(name = PinHostKeyCall, prefix = "/api/ui", endpoint = "pin-host-key", input = Json)]
pub async fn pin_host_key(id: Uuid, fingerprint: String) -> Result<Master, Problem> {
    ask(Permission::Administer, |deck, caller| async move { deck.pin_host_key(&caller, id, fingerprint).await }).await
}

/// Changes a master: its limits, its address.
#[server(name = ChangeMasterCall, prefix = "/api/ui", endpoint = "change-master", input = Json)]
pub async fn change_master(id: Uuid, change: MasterChange) -> Result<Master, Problem> {
    ask(Permission::Administer, |deck, caller| async move { deck.change_master(&caller, id, change).await }).await
}

/// Windows, blackouts and groups, and what waits.
#[server(name = ScheduleCall, prefix = "/api/ui", endpoint = "schedule", input = Json)]
pub async fn schedule() -> Result<Schedule, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.schedule(&caller).await }).await
}

/// Adds a maintenance window, or changes the one of this name.
#[server(name = PutWindowCall, prefix = "/api/ui", endpoint = "put-window", input = Json)]
pub async fn put_window(window: Window) -> Result<Window, Problem> {
    ask(Permission::Administer, |deck, caller| async move { deck.put_window(&caller, window).await }).await
}

/// Removes a maintenance window.
#[server(name = RemoveWindowCall, prefix = "/api/ui", endpoint = "remove-window", input = Json)]
pub async fn remove_window(name: String) -> Result<(), Problem> {
    ask(Permission::Administer, |deck, caller| async move { deck.remove_window(&caller, &name).await }).await
}

/// Adds a blackout.
#[server(name = AddBlackoutCall, prefix = "/api/ui", endpoint = "add-blackout", input = Json)]
pub async fn add_blackout(new: NewBlackout) -> Result<Blackout, Problem> {
    ask(Permission::Administer, |deck, caller| async move { deck.add_blackout(&caller, new).await }).await
}

/// Removes a blackout.
#[server(name = RemoveBlackoutCall, prefix = "/api/ui", endpoint = "remove-blackout", input = Json)]
pub async fn remove_blackout(id: Uuid) -> Result<(), Problem> {
    ask(Permission::Administer, |deck, caller| async move { deck.remove_blackout(&caller, id).await }).await
}

/// Adds a group of clients, or changes the one of this name.
#[server(name = PutGroupCall, prefix = "/api/ui", endpoint = "put-group", input = Json)]
pub async fn put_group(group: Group) -> Result<Group, Problem> {
    ask(Permission::Administer, |deck, caller| async move { deck.put_group(&caller, group).await }).await
}

/// Removes a group.
#[server(name = RemoveGroupCall, prefix = "/api/ui", endpoint = "remove-group", input = Json)]
pub async fn remove_group(name: String) -> Result<(), Problem> {
    ask(Permission::Administer, |deck, caller| async move { deck.remove_group(&caller, &name).await }).await
}

/// The clients.
#[server(name = ClientsCall, prefix = "/api/ui", endpoint = "clients", input = Json)]
pub async fn clients(filter: ClientFilter) -> Result<Page<Client>, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.clients(&caller, filter).await }).await
}

/// One client.
#[server(name = ClientCall, prefix = "/api/ui", endpoint = "client", input = Json)]
pub async fn client(name: String) -> Result<Client, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.client(&caller, &name).await }).await
}

/// Reads one client again.
#[server(name = RefreshClientCall, prefix = "/api/ui", endpoint = "refresh-client", input = Json)]
pub async fn refresh_client(name: String) -> Result<Client, Problem> {
    ask(Permission::Operate, |deck, caller| async move { deck.refresh_client(&caller, &name).await }).await
}

/// What the launch form offers for a client.
#[server(name = LaunchOptionsCall, prefix = "/api/ui", endpoint = "launch-options", input = Json)]
pub async fn launch_options(wanted: LaunchFor) -> Result<LaunchOptions, Problem> {
    ask(Permission::Operate, |deck, caller| async move { deck.launch_options(&caller, wanted).await }).await
}

/// Checks a launch.
#[server(name = PreflightCall, prefix = "/api/ui", endpoint = "preflight", input = Json)]
pub async fn preflight(request: LaunchRequest) -> Result<Preflight, Problem> {
    ask(Permission::Operate, |deck, caller| async move { deck.preflight(&caller, request).await }).await
}

/// Launches a migration; the same key gives the same migration.
#[server(name = LaunchCall, prefix = "/api/ui", endpoint = "launch", input = Json)]
pub async fn launch(request: LaunchRequest, key: String) -> Result<Migration, Problem> {
    ask(Permission::Operate, |deck, caller| async move { deck.launch(&caller, request, Some(key)).await }).await
}

/// Migrations, newest first.
#[server(name = MigrationsCall, prefix = "/api/ui", endpoint = "migrations", input = Json)]
pub async fn migrations(filter: MigrationFilter) -> Result<Page<MigrationSummary>, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.migrations(&caller, filter).await }).await
}

/// One migration.
#[server(name = MigrationCall, prefix = "/api/ui", endpoint = "migration", input = Json)]
pub async fn migration(id: Uuid) -> Result<Migration, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.migration(&caller, id).await }).await
}

/// Asks something of a migration. The least permission here; the port asks for the one the action needs.
#[server(name = ActCall, prefix = "/api/ui", endpoint = "act", input = Json)]
pub async fn act(
    id: Uuid,
    action: Action,
    reason: Option<String>,
    not_before: Option<Timestamp>,
    window: Option<String>,
) -> Result<Migration, Problem> {
    ask(Permission::Operate, |deck, caller| async move {
        deck.act(&caller, id, action, Ask { reason, not_before, window }).await
    })
    .await
}

/// The end of a migration's log.
#[server(name = LogTailCall, prefix = "/api/ui", endpoint = "log-tail", input = Json)]
pub async fn log_tail(id: Uuid, count: u32) -> Result<LogLines, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.log_tail(&caller, id, count).await }).await
}

/// A stretch of a migration's log.
#[server(name = LogLinesCall, prefix = "/api/ui", endpoint = "log-lines", input = Json)]
pub async fn log_lines(id: Uuid, from: u64, limit: u32) -> Result<LogLines, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.log_lines(&caller, id, from, limit).await }).await
}

/// The client before and after.
#[server(name = VerificationCall, prefix = "/api/ui", endpoint = "verification", input = Json)]
pub async fn verification(id: Uuid) -> Result<Verification, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.verification(&caller, id).await }).await
}

/// The logs of earlier nimadm runs that lie on a master now.
#[server(name = OldLogsCall, prefix = "/api/ui", endpoint = "old-logs", input = Json)]
pub async fn old_logs(master: Uuid) -> Result<Page<OldLog>, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.old_logs(&caller, master).await }).await
}

/// Imports logs of a master into the history, each once.
#[server(name = ImportLogsCall, prefix = "/api/ui", endpoint = "import-logs", input = Json)]
pub async fn import_logs(master: Uuid, names: Vec<String>) -> Result<Page<ImportResult>, Problem> {
    let request = crate::model::ImportRequest { names };
    ask(Permission::Operate, |deck, caller| async move { deck.import_logs(&caller, master, request).await }).await
}

/// Imported logs, newest import first.
#[server(name = ImportsCall, prefix = "/api/ui", endpoint = "imports", input = Json)]
pub async fn imports(filter: ImportFilter) -> Result<Page<ImportedSummary>, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.imports(&caller, filter).await }).await
}

/// One imported log.
#[server(name = ImportCall, prefix = "/api/ui", endpoint = "import", input = Json)]
pub async fn import(id: Uuid) -> Result<Imported, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.import(&caller, id).await }).await
}

/// The record, newest first.
#[server(name = AuditCall, prefix = "/api/ui", endpoint = "audit", input = Json)]
pub async fn audit(filter: AuditFilter) -> Result<Page<AuditEntry>, Problem> {
    ask(Permission::View, |deck, caller| async move { deck.audit(&caller, filter).await }).await
}
