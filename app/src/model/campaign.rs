//! Campaigns: many clients, wave by wave.

use super::{
    Acknowledgement, Approvals, CampaignOrder, LaunchRequest, MigrationSummary, Permission, State, Timestamp,
    client::is_reference, words::words,
};
use aix::{DiskName, ObjectName};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use uuid::Uuid;

/// The body of `POST /campaigns`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCampaign {
    /// For people: `DB servers to 7.3`.
    pub name: String,
    /// What every migration is told; `client` and `target_disks` are those of each member.
    pub template: Template,
    /// The clients, in the order they are to be migrated. Either this or `csv`.
    #[serde(default)]
    pub clients: Vec<Member>,
    /// The same as text; [`parse_members`] says how it is read.
    #[serde(default)]
    pub csv: Option<String>,
    /// How many go first, alone; 0 for none.
    #[serde(default = "one")]
    pub canary: u16,
    /// Clients in each further wave.
    #[serde(default = "ten")]
    pub wave_size: u16,
    /// How the next wave begins.
    #[serde(default)]
    pub go_on: GoOn,
    /// When it stops by itself.
    #[serde(default)]
    pub stop: StopRule,
    /// Sets of clients that are never in one wave: the nodes of a cluster. Each client is named as in [`Member::client`].
    #[serde(default)]
    pub apart: Vec<Vec<String>>,
}

fn one() -> u16 {
    1
}

fn ten() -> u16 {
    10
}

/// A launch without its client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of LaunchRequest")]
pub struct Template {
    pub lpp_source: ObjectName,
    pub spot: ObjectName,
    #[serde(default)]
    pub cache_vg: Option<ObjectName>,
    #[serde(default)]
    pub nfs_mount_options: Option<aix::command::MountOptions>,
    #[serde(default)]
    pub pre_script: Option<ObjectName>,
    #[serde(default)]
    pub post_script: Option<ObjectName>,
    #[serde(default)]
    pub bundle: Option<ObjectName>,
    #[serde(default)]
    pub bosinst_data: Option<ObjectName>,
    #[serde(default)]
    pub image_data: Option<ObjectName>,
    #[serde(default)]
    pub exclude_files: Option<ObjectName>,
    #[serde(default)]
    pub update: bool,
    #[serde(default)]
    pub accept_licenses: bool,
    #[serde(default)]
    pub not_before: Option<Timestamp>,
    #[serde(default)]
    pub window: Option<String>,
    #[serde(default)]
    pub change_ref: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default)]
    pub acknowledge_warnings: Acknowledgement,
    #[serde(default)]
    pub reason: Option<String>,
}

impl Template {
    /// The launch of one client.
    #[must_use]
    pub fn request(&self, client: String, target_disks: Vec<DiskName>) -> LaunchRequest {
        LaunchRequest {
            client: Some(client),
            target_disks,
            cache_vg: self.cache_vg.clone(),
            nfs_mount_options: self.nfs_mount_options.clone(),
            pre_script: self.pre_script.clone(),
            post_script: self.post_script.clone(),
            bundle: self.bundle.clone(),
            bosinst_data: self.bosinst_data.clone(),
            image_data: self.image_data.clone(),
            exclude_files: self.exclude_files.clone(),
            update: self.update,
            accept_licenses: self.accept_licenses,
            not_before: self.not_before,
            window: self.window.clone(),
            change_ref: self.change_ref.clone(),
            note: self.note.clone(),
            acknowledge_warnings: self.acknowledge_warnings.clone(),
            reason: self.reason.clone(),
            ..LaunchRequest::new(super::Operation::Migrate, self.lpp_source.clone(), self.spot.clone())
        }
    }
}

/// A client of a new campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Its id, a NIM name that only one master has, or `master/client`.
    pub client: String,
    /// Id or name of its master, where several masters have a client of that name.
    #[serde(default)]
    pub master: Option<String>,
    /// Its target disks; empty: the smallest free disk that is large enough.
    #[serde(default)]
    pub target_disks: Vec<DiskName>,
}

/// How the lines of a list are cut.
enum Columns {
    /// The client, then its disks, between blanks, commas or semicolons.
    Words,
    /// Cells between commas, semicolons or tabs; a cell may be empty.
    Cells {
        /// The column of the client, from 0.
        client: usize,
        /// The column of the master.
        master: usize,
    },
}

fn cells(line: &str) -> Vec<&str> {
    line.split([',', ';', '\t']).map(|cell| cell.trim_matches(|c: char| c.is_whitespace() || c == '"')).collect()
}

impl Columns {
    /// The columns that a first line names; none where it is no heading.
    fn of_heading(line: &str) -> Option<Self> {
        let line = line.trim_start_matches('\u{feff}');
        let cells: Vec<String> = cells(line).iter().map(|cell| cell.to_ascii_lowercase()).collect();
        let column = |name: &str| cells.iter().position(|cell| cell == name);
        match (column("client"), column("master")) {
            (Some(client), Some(master)) => Some(Self::Cells { client, master }),
            _ => {
                line.split(is_gap).find(|word| !word.is_empty())?.eq_ignore_ascii_case("client").then_some(Self::Words)
            }
        }
    }

    /// Client, master and disks of a line; none where it is empty.
    fn cut<'a>(&self, line: &'a str) -> Option<(&'a str, Option<&'a str>, Vec<&'a str>)> {
        let words = |text: &'a str| text.split(is_gap).filter(|word| !word.is_empty());
        match *self {
            Self::Words => {
                let mut words = words(line);
                Some((words.next()?, None, words.collect()))
            }
            Self::Cells { client, master } => {
                words(line).next()?;
                let cells = cells(line);
                let cell = |column: usize| cells.get(column).copied().unwrap_or_default();
                let others = cells.iter().enumerate().filter(|(column, _)| ![client, master].contains(column));
                let disks = others.flat_map(|(_, cell)| words(cell)).collect();
                Some((cell(client), Some(cell(master)).filter(|master| !master.is_empty()), disks))
            }
        }
    }
}

fn is_gap(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '"' | '\u{feff}')
}

/// Reads a pasted list or a CSV: a client a line, then its target disks, with blanks, commas or semicolons between; `#` begins a
/// comment. The client is an id, a NIM name or `master/client`. A first line that begins with `client` is a heading. A heading with the
/// columns `client` and `master` makes it a table: every other column is about disks.
///
/// # Errors
/// The lines that cannot be read, each with its number and what is wrong.
pub fn parse_members(text: &str) -> Result<Vec<Member>, Vec<(usize, String)>> {
    let (mut members, mut wrong) = (Vec::<Member>::new(), Vec::new());
    let mut seen = HashSet::new();
    let mut columns = Columns::Words;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.split('#').next().unwrap_or_default();
        if number == 1
            && let Some(named) = Columns::of_heading(line)
        {
            columns = named;
            continue;
        }
        let Some((client, master, disks)) = columns.cut(line) else { continue };
        if !is_reference(client) {
            wrong.push((number, format!("{client:?} is no NIM name")));
            continue;
        }
        if let Some(master) = master.filter(|master| master.parse::<ObjectName>().is_err()) {
            wrong.push((number, format!("{master:?} is no name of a master")));
            continue;
        }
        let disks: Result<Vec<DiskName>, String> = disks
            .iter()
            .map(|word| word.parse().map_err(|_| format!("{word:?} is no disk name such as hdisk1")))
            .collect();
        match disks {
            Ok(_) if !seen.insert((master, client)) => wrong.push((number, format!("{client} is listed twice"))),
            Ok(target_disks) => {
                members.push(Member { client: client.to_owned(), master: master.map(str::to_owned), target_disks });
            }
            Err(why) => wrong.push((number, why)),
        }
    }
    if wrong.is_empty() { Ok(members) } else { Err(wrong) }
}

/// How the next wave begins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoOn {
    /// When somebody has looked at the one before and approves.
    #[default]
    Approval,
    /// As soon as the one before is settled.
    Automatic,
}

/// When a campaign stops by itself: nothing more is launched, what runs goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopRule {
    /// At so many failures.
    Failures(u16),
    /// Where more than so many percent of those begun have failed.
    Percent(u8),
    /// Never.
    Never,
}

impl Default for StopRule {
    fn default() -> Self {
        Self::Failures(1)
    }
}

words! {
    /// Where a campaign stands.
    CampaignState {
        /// Its present wave is launched and watched.
        Running = "running",
        /// The present wave is settled; somebody decides about the next.
        AwaitingApproval = "awaiting_approval",
        /// Somebody has paused it.
        Paused = "paused",
        /// Its stop rule has stopped it.
        Stopped = "stopped",
        /// Over: every wave is settled.
        Done = "done",
        /// Over: somebody has cancelled it.
        Cancelled = "cancelled",
    }
}

impl CampaignState {
    /// Whether nothing more will be launched.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }

    /// Whether it goes on only when somebody has decided. Who has paused it knows that it is paused.
    #[must_use]
    pub fn waits_for_person(self) -> bool {
        matches!(self, Self::AwaitingApproval | Self::Stopped)
    }
}

words! {
    /// What somebody may ask of a campaign.
    CampaignAction {
        /// Begin the next wave, or the first.
        Approve = "approve",
        /// Launch nothing more for now; what runs goes on.
        Pause = "pause",
        /// Go on, after a pause or a stop.
        Resume = "resume",
        /// Leave one client out.
        Skip = "skip",
        /// Try again what failed and was cleaned up, and what the pre-flight refused.
        RetryFailed = "retry_failed",
        /// Cut over every clone that is ready, of one wave where one is named.
        Cutover = "cutover",
        /// Launch nothing more, ever; what runs goes on.
        Cancel = "cancel",
    }
}

impl CampaignAction {
    /// The permission it needs.
    #[must_use]
    pub fn permission(self) -> Permission {
        if self.is_approval() { Permission::Approve } else { Permission::Operate }
    }

    /// Whether it says yes to what somebody has asked for: where a master asks for a second person, not the requester.
    #[must_use]
    pub fn is_approval(self) -> bool {
        matches!(self, Self::Approve | Self::Cutover)
    }
}

/// The body of an action on a campaign.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignAsk {
    /// Why, for the record.
    #[serde(default)]
    pub reason: Option<String>,
    /// `skip`: the client, named as in [`Member::client`].
    #[serde(default)]
    pub client: Option<String>,
    /// `skip`: id or name of its master, where several masters have a client of that name.
    #[serde(default)]
    pub master: Option<String>,
    /// `cutover`: only this wave.
    #[serde(default)]
    pub wave: Option<u16>,
    /// `cutover`: not before.
    #[serde(default)]
    pub not_before: Option<Timestamp>,
    /// `cutover`: in this maintenance window.
    #[serde(default)]
    pub window: Option<String>,
}

/// How a member of a campaign stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its wave has not come, or it is about to be launched.
    Waiting,
    /// The pre-flight refused it.
    Refused,
    /// Left out.
    Skipped,
    /// Launched: its migration stands so.
    At(State),
}

impl Standing {
    /// Nothing is going on and nothing is about to.
    #[must_use]
    pub fn is_settled(self) -> bool {
        match self {
            Self::Waiting => false,
            Self::Refused | Self::Skipped => true,
            Self::At(state) => !state.is_live() && state != State::Held && state != State::AwaitingApproval,
        }
    }

    /// It came to nothing.
    #[must_use]
    pub fn has_failed(self) -> bool {
        matches!(self, Self::Refused | Self::At(State::FailedClean | State::FailedDebris | State::VerificationFailed))
    }

    /// Its clone is complete, or it is further.
    #[must_use]
    pub fn is_good(self) -> bool {
        self.is_settled()
            && !self.has_failed()
            && !matches!(self, Self::Skipped | Self::At(State::Cancelled | State::RolledBack))
    }
}

/// A wave in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaveSummary {
    /// From 1.
    pub number: u16,
    /// Clients in it.
    pub members: u32,
    /// Not launched yet.
    pub waiting: u32,
    /// At work.
    pub running: u32,
    /// Clone complete, not cut over.
    pub ready: u32,
    /// Cut over and verified, or finalised.
    pub verified: u32,
    /// Failed or refused.
    pub failed: u32,
    /// Skipped, cancelled or rolled back.
    pub left_out: u32,
}

impl WaveSummary {
    /// Counts one more member.
    pub fn count(&mut self, standing: Standing) {
        self.members += 1;
        *match standing {
            Standing::Waiting => &mut self.waiting,
            Standing::Skipped | Standing::At(State::Cancelled | State::RolledBack) => &mut self.left_out,
            standing if standing.has_failed() => &mut self.failed,
            Standing::At(State::CloneReady) => &mut self.ready,
            Standing::At(State::Verified | State::Finalised) => &mut self.verified,
            _ => &mut self.running,
        } += 1;
    }
}

/// A client of a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignMember {
    /// NIM name.
    pub client: ObjectName,
    /// The client's id.
    pub client_id: Uuid,
    /// Its master's name.
    pub master: ObjectName,
    /// True where another master has a client of this name.
    pub ambiguous: bool,
    /// Since when NIM no longer lists it.
    pub missing_since: Option<Timestamp>,
    /// Its wave, from 1.
    pub wave: u16,
    /// How it stands.
    pub standing: Standing,
    /// Its target disks; empty until they are chosen.
    pub target_disks: Vec<DiskName>,
    /// Why the pre-flight refused it.
    pub refused: Option<String>,
    /// Its migration, once launched.
    pub migration: Option<MigrationSummary>,
}

impl CampaignMember {
    /// The name as pages show it: `lpar71`, or `lpar71 @ nim1` where another master has a client of that name.
    #[must_use]
    pub fn label(&self) -> String {
        super::client::label(&self.client, &self.master, self.ambiguous)
    }
}

/// A campaign that goes on only when somebody has decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingCampaign {
    /// Identifier.
    pub id: Uuid,
    /// For people.
    pub name: String,
    /// Where it stands.
    pub state: CampaignState,
    /// Why.
    pub reason: Option<String>,
}

/// A campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Identifier, UUIDv7.
    pub id: Uuid,
    /// For people.
    pub name: String,
    /// Where it stands.
    pub state: CampaignState,
    /// Why, where that needs words.
    pub reason: Option<String>,
    /// What every migration is told.
    pub template: Template,
    /// How the next wave begins.
    pub go_on: GoOn,
    /// When it stops by itself.
    pub stop: StopRule,
    /// The present wave, from 1; 0 until its start is approved.
    pub wave: u16,
    /// Every wave in numbers.
    pub waves: Vec<WaveSummary>,
    /// Its clients, by wave; empty in lists.
    pub members: Vec<CampaignMember>,
    /// What may be asked of it now.
    pub actions: Vec<CampaignAction>,
    /// Its latest orders, newest first; empty in lists.
    #[serde(default)]
    pub orders: Vec<CampaignOrder>,
    /// Whose word its masters ask for.
    #[serde(default)]
    pub approvals: Approvals,
    /// Who last approved its start or a wave.
    #[serde(default)]
    pub approved_by: Option<String>,
    /// When.
    #[serde(default)]
    pub approved_at: Option<Timestamp>,
    /// Who asked for it.
    pub requested_by: String,
    /// When.
    pub requested_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pasted_lists_and_csv_are_read_alike() {
        let csv = "client,disks\nlpar71,hdisk1\n\"lpar72\";\"hdisk2 hdisk3\"\n\n# comment\nlpar61\n";
        let members = parse_members(csv).unwrap();
        let disks = |n: usize| members[n].target_disks.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(members.iter().map(|m| m.client.as_str()).collect::<Vec<_>>(), ["lpar71", "lpar72", "lpar61"]);
        assert_eq!(
            (disks(0), disks(1), disks(2).len()),
            (vec!["hdisk1".to_owned()], vec!["hdisk2".to_owned(), "hdisk3".to_owned()], 0)
        );
    }

    #[test]
    fn h5_a_list_can_name_the_master_of_each_client() {
        let of = |text: &str| {
            let members = parse_members(text).unwrap();
            let shown = |member: Member| {
                let disks: Vec<_> = member.target_disks.iter().map(ToString::to_string).collect();
                (member.client, member.master.unwrap_or_default(), disks.join(" "))
            };
            members.into_iter().map(shown).collect::<Vec<_>>()
        };
        let row = |client: &str, master: &str, disks: &str| (client.to_owned(), master.to_owned(), disks.to_owned());
        let table = "Client;Master;Disks\nlpar71;nim1;hdisk1\nlpar71;nim2;hdisk2 hdisk3\n\nlpar72;;hdisk1\n";
        let expected =
            vec![row("lpar71", "nim1", "hdisk1"), row("lpar71", "nim2", "hdisk2 hdisk3"), row("lpar72", "", "hdisk1")];
        assert_eq!(of(table), expected);
        assert_eq!(of("\u{feff}master,client,disk\nnim2,\"lpar71\",hdisk1\n"), [row("lpar71", "nim2", "hdisk1")]);
        assert_eq!(
            of("nim1/lpar71 hdisk1\nnim2/lpar71\n"),
            [row("nim1/lpar71", "", "hdisk1"), row("nim2/lpar71", "", "")]
        );
        for (text, line) in
            [("client,master\nlpar71,ni/m\n", 2), ("client,master\nlpar71,nim1\nlpar71,nim1\n", 3), ("a/b/c", 1)]
        {
            assert_eq!(parse_members(text).unwrap_err()[0].0, line, "{text}");
        }
    }

    #[test]
    fn every_wrong_line_is_named() {
        let wrong = parse_members("lpar71\nlpar71 hdisk1\nlp;ar$ hdisk1\nlpar72 disk/1\n").unwrap_err();
        assert_eq!(wrong.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3, 4]);
    }
}
