//! The noun of the product: a migration, its states, its phases.

use super::{
    Approvals, Eta, Interlock, LaunchRequest, Operation, Override, Permission, Signal, Timestamp, words::words,
};
use aix::{Level, ObjectName, Phase, Pvid};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

words! {
    /// Where a migration stands (design §3).
    State {
        /// Being written.
        Draft = "draft",
        /// Being checked.
        Preflight = "preflight",
        /// Waits for somebody to approve it.
        AwaitingApproval = "awaiting_approval",
        /// Waits for its turn.
        Queued = "queued",
        /// The last checks, and the start of nimadm.
        Starting = "starting",
        /// nimadm runs.
        Running = "running",
        /// A run in steps waits between two phases for somebody to resume it.
        Held = "held",
        /// nimadm may run: its master does not answer.
        ContactLost = "contact_lost",
        /// Over: nimadm failed, or was stopped, and cleaned up after itself.
        FailedClean = "failed_clean",
        /// nimadm failed and left a clone, mounts or a lock behind: `clean` removes them.
        FailedDebris = "failed_debris",
        /// `nimadm -C` runs.
        Cleaning = "cleaning",
        /// nimadm is being stopped, and what it made removed.
        Cancelling = "cancelling",
        /// Over: cancelled.
        Cancelled = "cancelled",
        /// The clone is complete; the bootlist is untouched.
        CloneReady = "clone_ready",
        /// The clone is being mounted (`nimadm -W`).
        Waking = "waking",
        /// The clone is mounted, on the client and from its master, for people to look at and change.
        Awake = "awake",
        /// The clone is being unmounted (`nimadm -S`).
        FallingAsleep = "falling_asleep",
        /// Over: what was asked for is done, and there is no clone to cut over to.
        Completed = "completed",
        /// The bootlist points to the clone: the next reboot boots it.
        Armed = "armed",
        /// The client reboots.
        Rebooting = "rebooting",
        /// The rebooted client is being looked at.
        Verifying = "verifying",
        /// The new level runs, the old one can still be booted.
        Verified = "verified",
        /// The client came back differently, or not at all.
        VerificationFailed = "verification_failed",
        /// The old disk is being booted again.
        RollingBack = "rolling_back",
        /// Over: the old level runs again.
        RolledBack = "rolled_back",
        /// The old disk is being given back.
        Finalising = "finalising",
        /// Over: the old disk was given back.
        Finalised = "finalised",
    }
}

words! {
    /// What somebody may ask of a migration.
    Action {
        /// Approve it.
        Approve = "approve",
        /// Refuse it.
        Reject = "reject",
        /// Start it now.
        Start = "start",
        /// Hold at the next boundary.
        Hold = "hold",
        /// Go on after a hold.
        Resume = "resume",
        /// Stop it.
        Cancel = "cancel",
        /// Remove what a failed nimadm left behind (`nimadm -C`).
        Clean = "clean",
        /// Start again from phase 1, as a new attempt.
        Retry = "retry",
        /// Mount the clone, to look at it and to change it (`nimadm -W`).
        Wake = "wake",
        /// Unmount it again (`nimadm -S`).
        Sleep = "sleep",
        /// Point the bootlist to the clone and reboot the client.
        Cutover = "cutover",
        /// Look at the client again.
        Verify = "verify",
        /// Boot the old disk again.
        Rollback = "rollback",
        /// Give the old disk back.
        Finalise = "finalise",
    }
}

words! {
    /// Where a phase stands.
    PhaseState {
        /// Not begun.
        Waiting = "waiting",
        /// In it.
        Running = "running",
        /// Over, well.
        Done = "done",
        /// nimadm failed in it.
        Failed = "failed",
        /// Never reached.
        Skipped = "skipped",
    }
}

impl Action {
    /// The permission it needs.
    #[must_use]
    pub fn permission(self) -> Permission {
        match self {
            Self::Approve | Self::Reject | Self::Cutover | Self::Rollback | Self::Finalise => Permission::Approve,
            _ => Permission::Operate,
        }
    }

    /// Whether it approves what somebody has asked for, or moves a bootlist by itself: where a master asks for a second person, the
    /// requester may not do it.
    #[must_use]
    pub fn is_approval(self) -> bool {
        matches!(self, Self::Approve | Self::Cutover | Self::Rollback | Self::Finalise)
    }
}

impl State {
    /// No process of ours or of nimadm is at work, and nothing is waited for but a decision.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::FailedClean | Self::Cancelled | Self::Completed | Self::RolledBack | Self::Finalised)
    }

    /// nimdeck is at work on it, or will be as soon as it can.
    #[must_use]
    pub fn is_live(self) -> bool {
        matches!(
            self,
            Self::Preflight
                | Self::Queued
                | Self::Starting
                | Self::Running
                | Self::ContactLost
                | Self::Cleaning
                | Self::Cancelling
                | Self::Waking
                | Self::FallingAsleep
                | Self::Armed
                | Self::Rebooting
                | Self::Verifying
                | Self::RollingBack
                | Self::Finalising
        )
    }

    /// Nothing will be added to the log unless somebody retries.
    #[must_use]
    pub fn log_is_complete(self) -> bool {
        !matches!(
            self,
            Self::Draft
                | Self::Preflight
                | Self::AwaitingApproval
                | Self::Queued
                | Self::Starting
                | Self::Running
                | Self::Held
                | Self::ContactLost
                | Self::Cancelling
        )
    }

    /// Waits for a person.
    #[must_use]
    pub fn waits_for_person(self) -> bool {
        matches!(
            self,
            Self::AwaitingApproval
                | Self::Held
                | Self::CloneReady
                | Self::Awake
                | Self::FailedDebris
                | Self::VerificationFailed
        )
    }

    /// As people say it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Draft => "Draft",
            Self::Preflight => "Pre-flight",
            Self::AwaitingApproval => "Awaiting approval",
            Self::Queued => "Queued",
            Self::Starting => "Starting",
            Self::Running => "Running",
            Self::Held => "Held",
            Self::ContactLost => "Contact lost",
            Self::FailedClean => "Failed, cleaned up",
            Self::FailedDebris => "Failed, debris left",
            Self::Cleaning => "Cleaning up",
            Self::Cancelling => "Cancelling",
            Self::Cancelled => "Cancelled",
            Self::CloneReady => "Clone ready",
            Self::Waking => "Waking up",
            Self::Awake => "Awake",
            Self::FallingAsleep => "Going to sleep",
            Self::Completed => "Completed",
            Self::Armed => "Armed",
            Self::Rebooting => "Rebooting",
            Self::Verifying => "Verifying",
            Self::Verified => "Verified",
            Self::VerificationFailed => "Verification failed",
            Self::RollingBack => "Rolling back",
            Self::RolledBack => "Rolled back",
            Self::Finalising => "Finalising",
            Self::Finalised => "Finalised",
        }
    }
}

/// One of the twelve phases of one migration (its latest attempt).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseRecord {
    /// 1 to 12.
    pub number: Phase,
    /// What it does.
    pub title: String,
    /// Where it stands.
    pub state: PhaseState,
    /// When its banner was printed.
    pub started_at: Option<Timestamp>,
    /// When the next one began, or nimadm ended.
    pub ended_at: Option<Timestamp>,
    /// When it should end, as likely before as after; none where nothing says so, and once it is overdue.
    #[serde(default)]
    pub eta: Option<Timestamp>,
    /// When nine in ten runs have ended it.
    #[serde(default)]
    pub p90: Option<Timestamp>,
    /// How far it is, as far as its lines tell.
    pub progress: Option<Progress>,
}

/// Progress within a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub done: u32,
    /// Steps in all; none where nimadm does not say.
    pub total: Option<u32>,
    /// The latest step, `Creating logical volume alt_hd2`.
    pub what: String,
}

/// A migration, in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migration {
    /// Identifier, UUIDv7.
    pub id: Uuid,
    /// Where it stands.
    pub state: State,
    /// Why it stands there, where that needs words: the decisive line, the refused check.
    pub reason: Option<String>,
    /// NIM name of the client; none where the operation has none.
    pub client: Option<ObjectName>,
    /// Its id.
    pub client_id: Option<Uuid>,
    /// What it is about: the client, else the mksysb or the SPOT.
    pub subject: ObjectName,
    /// The master's name.
    pub master: ObjectName,
    /// The master's id.
    pub master_id: Uuid,
    /// True where another master has a client of this name.
    #[serde(default)]
    pub ambiguous: bool,
    /// True where the estate is the lab's.
    pub simulated: bool,
    /// The command line as it ran or will run.
    pub command: String,
    /// What was asked for.
    pub request: LaunchRequest,
    /// PVIDs of the target disks, as found just before the start.
    pub target_pvids: Vec<Pvid>,
    /// The level before.
    pub from_level: Option<Level>,
    /// The level the lpp_source leads to, as far as its SPOT says: `7300-03`.
    pub to_level: Option<String>,
    /// The twelve phases of the latest attempt.
    pub phases: Vec<PhaseRecord>,
    /// When nimadm should end, while it runs and as far as that can be said.
    #[serde(default)]
    pub eta: Option<Eta>,
    /// What is worth a look in the run. Never a failure.
    #[serde(default)]
    pub signals: Vec<Signal>,
    /// What in the estate endangers it.
    #[serde(default)]
    pub interlocks: Vec<Interlock>,
    /// Blocking checks of the pre-flight that could not be read, and why the requester went on without them.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// What the log came to: `success`, `warning`, `failed`, `incomplete`; none before it ended.
    pub outcome: Option<aix::log::Outcome>,
    /// The phase that failed.
    pub failed_phase: Option<Phase>,
    /// The decisive line of a failure.
    pub cause: Option<String>,
    /// What to do next after a failure.
    pub advice: Option<String>,
    /// AIX message codes seen in the log.
    pub codes: Vec<String>,
    /// 1 for the first.
    pub attempt: u32,
    /// Lines in the log so far.
    pub log_lines: u64,
    /// Bytes in the log so far.
    pub log_bytes: u64,
    /// SHA-256 of the log, hexadecimal; only once it was compared with the master's file and found equal.
    pub log_sha256: Option<String>,
    /// When the log last grew.
    pub last_line_at: Option<Timestamp>,
    /// What may be asked of it now.
    pub actions: Vec<Action>,
    /// Who asked for a hold that was not reached yet.
    pub hold_asked_by: Option<String>,
    /// Servers that worked on it were lost too often: nobody works on it until somebody resumes it. nimadm goes on.
    pub parked: bool,
    /// Whose word its master asks for.
    #[serde(default)]
    pub approvals: Approvals,
    /// Who approved its start, or its campaign; none where nobody was asked.
    #[serde(default)]
    pub approved_by: Option<String>,
    /// When.
    #[serde(default)]
    pub approved_at: Option<Timestamp>,
    /// Who asked for the cutover.
    pub cutover_by: Option<String>,
    /// When.
    pub cutover_at: Option<Timestamp>,
    /// The cutover waits for this time.
    pub cutover_not_before: Option<Timestamp>,
    /// The cutover waits for this maintenance window.
    pub cutover_window: Option<String>,
    /// Who asked for the rollback.
    pub rollback_by: Option<String>,
    /// When.
    pub rollback_at: Option<Timestamp>,
    /// Who asked for it.
    pub requested_by: String,
    /// When.
    pub requested_at: Timestamp,
    /// When nimadm was started.
    pub started_at: Option<Timestamp>,
    /// When nimadm ended.
    pub ended_at: Option<Timestamp>,
    /// When this last changed.
    pub updated_at: Timestamp,
}

/// The body of an action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// Why, for the record.
    #[serde(default)]
    pub reason: Option<String>,
    /// Only with `cutover`: not before, RFC 3339.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
    /// Only with `cutover`: in this maintenance window.
    #[serde(default)]
    pub window: Option<String>,
}

/// A migration in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationSummary {
    /// Identifier.
    pub id: Uuid,
    /// Where it stands.
    pub state: State,
    /// Why, where that needs words.
    pub reason: Option<String>,
    /// What nimadm is to do.
    pub operation: Operation,
    /// NIM name of the client; none where the operation has none.
    pub client: Option<ObjectName>,
    /// The client's id.
    #[serde(default)]
    pub client_id: Option<Uuid>,
    /// What it is about: the client, else the mksysb or the SPOT.
    pub subject: ObjectName,
    /// The master's name.
    pub master: ObjectName,
    /// True where another master has a client of this name.
    #[serde(default)]
    pub ambiguous: bool,
    /// True where the estate is the lab's.
    pub simulated: bool,
    /// The level before.
    pub from_level: Option<Level>,
    /// The level it leads to.
    pub to_level: Option<String>,
    /// The phase it is in, or failed in.
    pub phase: Option<Phase>,
    /// What is worth a look in the run.
    #[serde(default)]
    pub signals: Vec<Signal>,
    /// What in the estate endangers it.
    #[serde(default)]
    pub interlocks: Vec<Interlock>,
    /// 1 for the first.
    pub attempt: u32,
    /// Who asked for it.
    pub requested_by: String,
    /// When.
    pub requested_at: Timestamp,
    /// When nimadm was started.
    pub started_at: Option<Timestamp>,
    /// When nimadm ended.
    pub ended_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Which migrations to list, newest first. Empty means all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MigrationFilter {
    /// One state, or several with commas.
    #[serde(default)]
    pub state: Option<String>,
    /// Client, by id or by a NIM name that only one master has. `master` beside a name decides.
    #[serde(default)]
    pub client: Option<String>,
    /// Master, by name or id.
    #[serde(default)]
    pub master: Option<String>,
    /// Part of the client's name, the requester, the change number or the note.
    #[serde(default)]
    pub q: Option<String>,
    /// Requested at or after, RFC 3339.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Requested before, RFC 3339.
    #[serde(default)]
    pub until: Option<Timestamp>,
    /// Most items a page, 1 to 500; 100 where absent.
    #[serde(default)]
    pub limit: Option<u32>,
    /// From the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// Migrations in some states: as many of the newest as fit a page, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// How many there are.
    pub count: u32,
    /// The states meant, as the history's filter takes them.
    pub states: String,
    /// The newest of them.
    pub newest: Vec<MigrationSummary>,
}

/// The first page: what runs, what waits for somebody, what failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// At work now, or queued.
    pub running: Recent,
    /// Waiting for a decision.
    pub waiting: Recent,
    /// Campaigns that wait for a decision, the newest of them.
    #[serde(default)]
    pub campaigns: Vec<super::WaitingCampaign>,
    /// Failed within the last seven days and not retried.
    pub failed: Recent,
    /// Verified or finished within the last seven days.
    pub done: Recent,
    /// The masters and whether they answer.
    pub masters: Vec<super::Master>,
    /// Clients that NIM lists.
    pub clients: u32,
    /// Clients that NIM no longer lists.
    #[serde(default)]
    pub missing_clients: u32,
}

impl Migration {
    /// Its subject as pages show it: `lpar71`, or `lpar71 @ nim1` where another master has a client of that name.
    #[must_use]
    pub fn label(&self) -> String {
        super::client::label(&self.subject, &self.master, self.ambiguous)
    }
}

impl MigrationSummary {
    /// Its subject as pages show it; see [`Migration::label`].
    #[must_use]
    pub fn label(&self) -> String {
        super::client::label(&self.subject, &self.master, self.ambiguous)
    }
}
