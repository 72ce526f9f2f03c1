//! What is wrong with a host, or will go wrong in its next migration.
//!
//! One scenario a host, switchable while the lab runs. Where something can be wrong *before* a migration it is wrong in the model, so that every
//! command that looks shows it (a full cache VG has a volume that fills it); the rest is what nimadm meets on its way.

mod arrange;

use crate::{LabError, ssh::weather::Weather, store::Store};
use aix::Phase;
use serde::{Deserialize, Serialize};
use std::{path::Path, str::FromStr};

/// What happens to a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[expect(missing_docs, reason = "the table ALL says what each does")]
pub enum Scenario {
    #[default]
    Healthy,
    FailsIn(Phase),
    KilledIn(Phase),
    TargetDiskInVg,
    CacheVgTooSmall,
    SpotLevelMismatch,
    SpotUnavailable,
    SourceIncomplete,
    NimshDown,
    FilesetsFailed,
    Multibos,
    NoFreePartitions,
    WrongLevel,
    BrokenFilesets,
    NeverReturns,
    BootsWrongDisk,
    ShowresBusy,
    Inconsistent,
    StalePartitions,
    StaleLock,
    French,
    LogBurst,
    Silent,
    DiskFullMaster,
    DiskFullClone,
    ClockAhead,
    ClockBehind,
    SshSlow,
    SshFrozen,
    SshRefused,
    SshDrops,
    HostKeyChanged,
}

/// Where a scenario makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// On a client.
    Clients,
    /// On the master.
    Master,
    /// On both.
    All,
}

/// A line of the list of scenarios.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What it is.
    pub scenario: Scenario,
    /// As people type it.
    pub name: &'static str,
    /// Which hosts it is for.
    pub hosts: For,
    /// What it does, in a line.
    pub what: &'static str,
}

const fn entry(scenario: Scenario, name: &'static str, hosts: For, what: &'static str) -> Entry {
    Entry { scenario, name, hosts, what }
}

const fn fails(phase: Phase, name: &'static str, what: &'static str) -> Entry {
    entry(Scenario::FailsIn(phase), name, For::Clients, what)
}

const fn killed(phase: Phase, name: &'static str) -> Entry {
    let what = "nimadm dies of SIGKILL in that phase: nothing is cleaned, the client stays locked, until nimadm -C";
    entry(Scenario::KilledIn(phase), name, For::Clients, what)
}

const P: [Phase; 12] = Phase::ALL;

/// Every scenario.
pub const ALL: &[Entry] = &[
    entry(Scenario::Healthy, "healthy", For::All, "nothing goes wrong"),
    entry(
        Scenario::TargetDiskInVg,
        "target-disk-in-vg",
        For::Clients,
        "phase 1 finds a volume group on the target disk that lspv does not show (0505-126); nimadm cleans up",
    ),
    entry(
        Scenario::CacheVgTooSmall,
        "cache-vg-too-small",
        For::Clients,
        "another volume fills the cache VG of the master: phase 2 fails (0516-404); nimadm cleans up",
    ),
    entry(
        Scenario::SpotLevelMismatch,
        "spot-level-mismatch",
        For::Clients,
        "bos.alt_disk_install.rte in the SPOTs is older than on the master: refused before phase 1; nimadm -M repairs it",
    ),
    entry(
        Scenario::SpotUnavailable,
        "spot-unavailable",
        For::Clients,
        "the SPOTs are unavailable for use: refused before phase 1, until nim -Fo check repairs them",
    ),
    entry(
        Scenario::SourceIncomplete,
        "source-incomplete",
        For::Clients,
        "the lpp_sources lack simages: the base system cannot be restored in phase 5; nimadm cleans up",
    ),
    entry(
        Scenario::NimshDown,
        "nimsh-down",
        For::Clients,
        "nimsh of the client is stopped: 0042-001 and 0042-006 before phase 1, until startsrc -s nimsh",
    ),
    entry(
        Scenario::FilesetsFailed,
        "filesets-failed",
        For::Clients,
        "two filesets fail in phase 6, nimadm goes on and ends with 0",
    ),
    entry(
        Scenario::Multibos,
        "multibos",
        For::Clients,
        "everything works until phase 11, where multibos leftovers stop it (0505-218); nimadm cleans up",
    ),
    entry(
        Scenario::NoFreePartitions,
        "no-free-pps",
        For::Clients,
        "the target disks hold rootvg as it is and nothing more: /usr cannot grow in phase 9 (0516-404); nimadm cleans up",
    ),
    entry(
        Scenario::WrongLevel,
        "wrong-level",
        For::Clients,
        "some images of the lpp_source are of an older level: nimadm ends with 0, the new system shows the older level",
    ),
    entry(
        Scenario::BrokenFilesets,
        "broken-filesets",
        For::Clients,
        "the migrated system comes up with two broken filesets: lppchk -v and instfix say so",
    ),
    entry(
        Scenario::NeverReturns,
        "never-returns",
        For::Clients,
        "the client does not come back from its next reboot; healthy switches it on again",
    ),
    entry(
        Scenario::BootsWrongDisk,
        "boots-wrong-disk",
        For::Clients,
        "the firmware ignores the bootlist: the next reboot comes up from the disk that ran before",
    ),
    entry(
        Scenario::Inconsistent,
        "inconsistent",
        For::Clients,
        "lppchk -v of the running system reports broken filesets",
    ),
    entry(
        Scenario::StalePartitions,
        "stale-partitions",
        For::Clients,
        "a copy of hd9var in rootvg is stale, until syncvg -v rootvg",
    ),
    entry(
        Scenario::StaleLock,
        "stale-lock",
        For::Clients,
        "the lock of a nimadm that died holds against nimadm -C (0505-140), until -F breaks it",
    ),
    entry(Scenario::French, "french", For::All, "LANG is fr_FR: what is not asked with LC_ALL=C answers in French"),
    entry(Scenario::LogBurst, "log-burst", For::Clients, "phase 6 prints 100,000 lines at once"),
    entry(Scenario::Silent, "silent", For::Clients, "phase 3 prints nothing for six more hours, scaled as everything"),
    entry(
        Scenario::DiskFullMaster,
        "disk-full-master",
        For::Clients,
        "/var of the master is full: the log on disk ends early, the stream into the cache breaks in phase 3; nimadm cleans up",
    ),
    entry(
        Scenario::DiskFullClone,
        "disk-full-clone",
        For::Clients,
        "/usr of the new system is full in phase 6 (0503-008); nimadm cleans up",
    ),
    entry(Scenario::ClockAhead, "clock-ahead", For::All, "the clock of the host is three hours ahead"),
    entry(Scenario::ClockBehind, "clock-behind", For::All, "the clock of the host is two days behind"),
    entry(Scenario::ShowresBusy, "showres-busy", For::Master, "another showres always holds the resource: 0042-207"),
    entry(Scenario::SshSlow, "ssh-slow", For::All, "every answer takes 300 ms longer, at 16 KiB/s"),
    entry(
        Scenario::SshFrozen,
        "ssh-frozen",
        For::All,
        "connections stay open and carry nothing; they go on when it is over",
    ),
    entry(Scenario::SshRefused, "ssh-refused", For::All, "connections are closed at once, open ones are cut"),
    entry(Scenario::SshDrops, "ssh-drops", For::All, "every connection is cut after five seconds"),
    entry(Scenario::HostKeyChanged, "host-key-changed", For::All, "new connections are greeted with another host key"),
    fails(P[0], "fails-in-1", "the target disk is too small for rootvg (0505-116); nimadm cleans up"),
    fails(P[1], "fails-in-2", "a cache file system cannot be made (0516-404); nimadm cleans up"),
    fails(P[2], "fails-in-3", "the connection to the client breaks while its data is streamed; nimadm cleans up"),
    fails(P[3], "fails-in-4", "the pre-migration script ends with an error; nimadm cleans up"),
    fails(P[4], "fails-in-5", "the base system cannot be restored; nimadm cleans up"),
    fails(P[5], "fails-in-6", "installp finds too little space (0503-008); nimadm cleans up"),
    fails(P[6], "fails-in-7", "the post-migration script ends with an error; nimadm cleans up"),
    fails(P[7], "fails-in-8", "bosboot finds no boot volume (0301-168); nimadm cleans up"),
    fails(P[8], "fails-in-9", "the client's file systems cannot grow (0516-404); nimadm cleans up"),
    fails(P[9], "fails-in-10", "a cache file system is busy and cannot be unmounted (0506-349); nimadm cleans up"),
    fails(P[10], "fails-in-11", "alt_disk_copy fails to finish the clone (0505-187); nimadm cleans up"),
    fails(
        P[11],
        "fails-in-12",
        "the client does not answer the last clean-up (0042-006): the finished clone stays, the lock too",
    ),
    entry(Scenario::KilledIn(P[5]), "killed", For::Clients, "as killed-in-6"),
    killed(P[0], "killed-in-1"),
    killed(P[1], "killed-in-2"),
    killed(P[2], "killed-in-3"),
    killed(P[3], "killed-in-4"),
    killed(P[4], "killed-in-5"),
    killed(P[5], "killed-in-6"),
    killed(P[6], "killed-in-7"),
    killed(P[7], "killed-in-8"),
    killed(P[8], "killed-in-9"),
    killed(P[9], "killed-in-10"),
    killed(P[10], "killed-in-11"),
    killed(P[11], "killed-in-12"),
];

impl Scenario {
    /// Its name, as [`ALL`] lists it.
    #[must_use]
    pub fn name(self) -> &'static str {
        ALL.iter().rev().find(|entry| entry.scenario == self).map_or("healthy", |entry| entry.name)
    }

    /// What it does to the host's connections.
    pub(crate) fn weather(self) -> Weather {
        use std::time::Duration;
        match self {
            Self::SshSlow => Weather::Slow { delay: Duration::from_millis(300), bytes_per_second: 16_384 },
            Self::SshFrozen => Weather::Frozen,
            Self::SshRefused => Weather::Refused,
            Self::SshDrops => Weather::Dropping { after: Duration::from_secs(5) },
            Self::HostKeyChanged => Weather::OtherHostKey,
            _ => Weather::Fair,
        }
    }

    /// How far the host's clock is from the true time, in milliseconds.
    pub(crate) fn clock_skew_ms(self) -> i64 {
        match self {
            Self::ClockAhead => 3 * 3_600_000,
            Self::ClockBehind => -2 * 24 * 3_600_000,
            _ => 0,
        }
    }
}

impl FromStr for Scenario {
    type Err = LabError;

    fn from_str(name: &str) -> Result<Self, LabError> {
        let found = ALL.iter().find(|entry| entry.name == name);
        found.map(|entry| entry.scenario).ok_or_else(|| LabError::NoScenario(name.to_owned()))
    }
}

impl TryFrom<String> for Scenario {
    type Error = LabError;

    fn try_from(name: String) -> Result<Self, LabError> {
        name.parse()
    }
}

impl From<Scenario> for String {
    fn from(scenario: Scenario) -> Self {
        scenario.name().to_owned()
    }
}

/// Sets the scenario of a host; a running lab takes it at once, a running nimadm at its next phase. What the one before had
/// arranged is put back.
///
/// # Errors
/// Where there is no such scenario or host, the scenario is not for that host, or the estate cannot be written.
pub fn set(dir: &Path, host: &str, name: &str) -> Result<(), LabError> {
    let scenario: Scenario = name.parse()?;
    let store = Store::open(dir);
    let estate = store.estate()?;
    let master = estate.master().to_owned();
    if !estate.hosts.iter().any(|known| known.name == host) {
        return Err(LabError::NoHost(host.to_owned()));
    }
    let hosts = ALL.iter().find(|entry| entry.name == name).map_or(For::All, |entry| entry.hosts);
    let unfit = if host == master { For::Clients } else { For::Master };
    if hosts == unfit {
        return Err(LabError::ScenarioNotFor { scenario: name.to_owned(), host: host.to_owned() });
    }
    if host == master {
        store.update(host, |host| {
            let _: () = host.scenario = scenario;
            Ok::<_, LabError>(())
        })?;
    } else {
        store.update_pair(&master, host, |master, client| arrange::switch(master, client, scenario))?;
    }
    Ok(())
}
