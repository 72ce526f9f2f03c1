//! The types that travel: between browser and server, and out of the REST interface. Each exists once, here.
//!
//! Names, enum words and field names are the contract of the REST interface; changing one is changing the contract.

pub mod approval;
pub mod audit;
pub mod campaign;
pub mod client;
pub mod event;
pub mod import;
pub mod launch;
pub mod log;
pub mod master;
pub mod migration;
mod order;
pub mod page;
pub mod preflight;
pub mod problem;
pub mod schedule;
pub mod time;
pub mod user;
pub mod verification;
pub mod watch;
mod words;

pub use approval::Approvals;
pub use audit::{AuditEntry, AuditFilter};
pub use campaign::{
    Campaign, CampaignAction, CampaignAsk, CampaignMember, CampaignState, GoOn, Member, NewCampaign, Standing,
    StopRule, Template, WaitingCampaign, WaveSummary,
};
pub use client::{Client, ClientFilter, Disk, DiskUse, LastMigration, NamedClient};
pub use event::LogBatch;
pub use import::{ImportFilter, ImportRequest, ImportResult, Imported, ImportedSummary, OldLog};
pub use launch::{BootlistPolicy, LaunchFor, LaunchOptions, LaunchRequest, Operation, RunMode, Unfit};
pub use log::{LogLine, LogLines};
pub use master::{HostKeyState, Master, MasterChange, NewMaster, Resource, SecondReading, ShrunkList};
pub use migration::{
    Action, Ask, Migration, MigrationFilter, MigrationSummary, Overview, PhaseRecord, PhaseState, Progress, Recent,
    State,
};
pub use order::{CampaignOrder, OrderMember, OrderState};
pub use page::Page;
pub use preflight::{Acknowledgement, Check, Override, Preflight, Severity, Verdict};
pub use problem::{FieldError, Problem};
pub use schedule::{
    Blackout, CutoverTime, Day, Group, NewBlackout, Opening, PlannedCutover, Schedule, Waiting, WeeklyRange, Window,
};
pub use time::Timestamp;
pub use user::{Caller, Me, Permission, Role};
pub use verification::{Snapshot, Verification, VerificationCheck};
pub use watch::{Basis, Eta, Gravity, Interlock, InterlockKind, Signal, SignalKind};
