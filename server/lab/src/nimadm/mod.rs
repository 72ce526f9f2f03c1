//! `nimadm`: a process of its own on the master that goes through the phases, or cleans up.
//!
//! Everything it prints goes to its log and to standard output, the same bytes, line by line and unbuffered: a kill at any moment
//! leaves a log that says how far it came. When nobody reads standard output any more it goes on; the log is the evidence.

mod install;
mod phases;
mod plan;

use crate::{
    LabError, clock,
    commands::{Context, Output},
    model::{
        Host, Power, VgId,
        migration::{self, Change, Job, Refused},
    },
    scenario::Scenario,
};
use aix::Phase;
use phases::{Scene, Step};
use plan::{Call, Mode};
use std::{
    fs::File,
    io::Write,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

/// The line above and below every banner, of phases and of installp alike (nimadm.md §1.7).
const RULE: &str = "+-----------------------------------------------------------------------------+";
/// How long a healthy migration takes at speed 1.
const WHOLE_RUN: Duration = Duration::from_secs(7500);

/// Runs a call; the exit code.
pub(crate) fn nimadm(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let call = match Call::read(args) {
        Ok(call) => call,
        Err(bad) => {
            out.error(bad.to_string());
            return Ok(1);
        }
    };
    let name = call.client.as_deref().unwrap_or_default();
    match call.mode() {
        Mode::Clean => clean(context, &call, name, out),
        Mode::Migrate => migrate(context, &call, name, out),
    }
}

/// Why a call is refused before phase 1: what it says on standard error, and the exit code.
struct Ineligible(String, u8);

impl From<LabError> for Ineligible {
    fn from(error: LabError) -> Self {
        Self(format!("nimadm: {error}"), 1)
    }
}

fn no_object(name: &str) -> Ineligible {
    Ineligible(format!("0042-053 nimadm: there is no NIM object named \"{name}\""), 53)
}

fn migrate(context: &Context, call: &Call, name: &str, out: &mut Output) -> Result<u8, LabError> {
    let mut log = Log::new(context.store.root(&context.host).join(format!("var/adm/ras/alt_mig/{name}_alt_mig.log")));
    log.say("Initializing the NIM master.");
    let job = match eligible(context, call, name, &mut log) {
        Ok(job) => job,
        Err(Ineligible(text, code)) => {
            out.error(text);
            return Ok(code);
        }
    };
    log.say(&format!("Initializing log: /var/adm/ras/alt_mig/{name}_alt_mig.log"));
    log.open()?;
    log.say("Starting Alternate Disk Migration.");
    let mut run = Run { context, call, job, log, scenario: context.store.estate()?.scenario(name) };
    for phase in Phase::all() {
        if !run.phase(phase)? {
            return Ok(1);
        }
    }
    if call.reboot {
        let until = crate::commands::boot::boot_ends(context)?;
        context.store.update(name, |host| {
            host.shut_down(until);
            Ok::<_, LabError>(())
        })?;
    }
    Ok(0)
}

/// Looks at everything nimadm looks at before phase 1, and takes the client's lock.
fn eligible(context: &Context, call: &Call, name: &str, log: &mut Log) -> Result<Job, Ineligible> {
    let master = context.host()?;
    let nim = master.nim.as_ref().ok_or_else(|| no_object(name))?;
    nim.client(name).ok_or_else(|| no_object(name))?;
    log.say(&format!("Initializing NIM client {name}."));
    let client = reachable(context, name)?;
    log.say("Verifying alt_disk_migration eligibility.");
    let find = |kind: &str, wanted: Option<&String>| {
        let wanted = wanted.map_or("", String::as_str);
        nim.resource(kind, wanted).ok_or_else(|| no_object(wanted))
    };
    let spot = find("spot", call.spot.as_ref())?;
    let lpp_source = find("lpp_source", call.lpp_source.as_ref())?;
    let scripts = [&call.pre_script, &call.post_script].into_iter().flatten().map(|name| ("script", name));
    for (kind, wanted) in scripts.chain(call.resources.iter().map(|(kind, name)| (*kind, name))) {
        find(kind, Some(wanted))?;
    }
    let level = spot.level.ok_or_else(|| no_object(&spot.name))?;
    // The texts of the refusals that follow are (unconfirmed).
    let refuse = |text: String| Err(Ineligible(text, 1));
    if lpp_source.level != spot.level {
        return refuse(format!("0505-145 nimadm: {} and {} are not at the same level.", lpp_source.name, spot.name));
    }
    if master.rootvg()?.1.level < level {
        return refuse(format!("0505-146 nimadm: The NIM master is at a lower level than {}.", spot.name));
    }
    let here = client.rootvg()?.1.level;
    if (here.version, here.release) >= (level.version, level.release) {
        return refuse(format!("0505-147 nimadm: Client {name} is already at version {}.", here.version_release()));
    }
    for disk in &call.disks {
        if client.disk(disk).is_none() {
            return refuse(format!("0505-125 nimadm: target disk {disk} does not exist on client {name}."));
        }
    }
    let cache_vg = call.cache_vg.clone().unwrap_or_default();
    if master.group(&cache_vg)?.is_none() {
        return refuse(migration::no_such_vg("lsvg", &cache_vg));
    }
    let job = Job {
        client: name.to_owned(),
        spot: spot.name.clone(),
        lpp_source: lpp_source.name.clone(),
        disks: call.disks.clone(),
        cache_vg,
        level,
        hold_bootlist: call.hold_bootlist,
        pid: std::process::id(),
        clone: VgId(format!("{}00004c00{:016x}", &client.hardware.cpuid[..8].to_ascii_lowercase(), clock::now_ms())),
        pvids: call.disks.iter().map(|disk| pvid(&client.hardware.cpuid, disk)).collect(),
    };
    lock(context, &job, call.force)?;
    Ok(job)
}

fn reachable(context: &Context, name: &str) -> Result<Host, Ineligible> {
    let client = context.store.host(name)?;
    if client.power == Power::Running {
        Ok(client)
    } else {
        Err(Ineligible(crate::commands::c_rsh::no_answer(name), 6))
    }
}

/// A PVID for a disk that has none: the machine's number and what follows from the disk's name, so the same in every lab.
fn pvid(cpuid: &str, disk: &str) -> String {
    let name = disk.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    // An odd factor keeps different names different.
    format!("{}{:08x}", &cpuid[..8].to_ascii_lowercase(), name.wrapping_mul(0x9e37_79b1))
}

/// Takes the client's lock, unless another nimadm has it: alive or, after a crash, left behind. `-F` takes a left one.
fn lock(context: &Context, job: &Job, force: bool) -> Result<(), Ineligible> {
    let name = &job.client;
    context.store.update_pair(&context.host, name, |master, client| {
        let entry = master.nim.as_ref().and_then(|nim| nim.client(name)).ok_or_else(|| no_object(name))?;
        if let Some(pid) = entry.locked_by
            && (!force || alive(pid, name))
        {
            // (unconfirmed text)
            let text = format!("0505-140 nimadm: Client {name} is locked by another alt_disk_migration operation.");
            return Err(Ineligible(text, 1));
        }
        if client.group("altinst_rootvg")?.is_some() {
            // (unconfirmed text) Clean up first, as for every earlier migration (nimadm.md §1.2 -C).
            let text = format!("0505-111 nimadm: altinst_rootvg already exists on client {name}.");
            return Err(Ineligible(text, 1));
        }
        migration::apply(Change::Lock, job, master, client).map_err(|refused| Ineligible(refused.to_string(), 1))
    })
}

/// Whether the nimadm that took a client's lock still runs. A process id alone may have gone to somebody else.
fn alive(pid: u32, client: &str) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| {
        let words: Vec<_> = line.split(|byte| *byte == 0).collect();
        words.contains(&b"nimadm".as_slice()) && words.contains(&client.as_bytes())
    })
}

/// `nimadm -C`: whatever is left of a migration of the client goes; safe to repeat.
fn clean(context: &Context, call: &Call, name: &str, out: &mut Output) -> Result<u8, LabError> {
    let master = context.host()?;
    let nim = master.nim.as_ref();
    let spot = call.spot.as_deref().unwrap_or_default();
    let entry = nim.and_then(|nim| nim.client(name)).ok_or_else(|| no_object(name));
    let found = entry.and_then(|entry| {
        let spot = nim.and_then(|nim| nim.resource("spot", spot)).ok_or_else(|| no_object(spot))?;
        if let Some(pid) = entry.locked_by
            && alive(pid, name)
            && !call.force
        {
            let text = format!("0505-140 nimadm: Client {name} is locked by another alt_disk_migration operation.");
            return Err(Ineligible(text, 1));
        }
        reachable(context, name)?;
        Ok(spot.level.map(|level| level.version_release()).unwrap_or_default())
    });
    let version_release = match found {
        Ok(version_release) => version_release,
        Err(Ineligible(text, code)) => {
            out.error(text);
            return Ok(code);
        }
    };
    out.line("Initializing the NIM master.");
    out.line(format!("Initializing NIM client {name}."));
    let boot_disk = undo(context, name, "success")?;
    for line in phases::clean_up(name, &version_release, &boot_disk) {
        out.line(line);
    }
    Ok(0)
}

/// Undoes a migration on both sides; the client's boot disk.
fn undo(context: &Context, name: &str, result: &str) -> Result<String, LabError> {
    let job = Job {
        client: name.to_owned(),
        spot: String::new(),
        lpp_source: String::new(),
        disks: Vec::new(),
        cache_vg: String::new(),
        level: context.host()?.rootvg()?.1.level,
        hold_bootlist: true,
        pid: 0,
        clone: VgId(String::new()),
        pvids: Vec::new(),
    };
    let last = if result == "success" { Change::Release } else { Change::GiveUp };
    let done = context.store.update_pair(&context.host, name, |master, client| {
        for change in [Change::RemoveCache, Change::DropClone, last] {
            migration::apply(change, &job, master, client)?;
        }
        Ok::<_, Refused>(client.bootlist.first().cloned().unwrap_or_default())
    });
    match done {
        Ok(disk) => Ok(disk),
        Err(Refused::Lab(error)) => Err(error),
        Err(Refused::Says(_)) => Ok(String::new()),
    }
}

/// A migration under way.
struct Run<'a> {
    context: &'a Context,
    call: &'a Call,
    job: Job,
    log: Log,
    scenario: Scenario,
}

impl Run<'_> {
    /// One phase; false where the run is over.
    fn phase(&mut self, phase: Phase) -> Result<bool, LabError> {
        for line in ["", RULE, &format!("Executing nimadm phase {phase}."), RULE] {
            self.log.say(line);
        }
        let client = self.context.store.host(&self.job.client)?;
        let steps = phases::steps(
            phase,
            &Scene {
                job: &self.job,
                client: &client,
                scenario: self.scenario,
                accept_licenses: self.call.accept_licenses || licences_in_environment(),
                pre_script: self.call.pre_script.as_deref(),
                post_script: self.call.post_script.as_deref(),
            },
        );
        let speed = self.context.store.estate()?.speed;
        let time = clock::scaled(WHOLE_RUN * phase.typical_share() / 1000, speed);
        let weight = |step: &Step| match step {
            Step::Say(_) => 1,
            Step::Wait(lines) => *lines,
            Step::Do(_) | Step::Fail(_) | Step::Die => 0,
        };
        let total: u32 = steps.iter().map(weight).sum::<u32>().max(1);
        let (start, mut passed) = (Instant::now(), 0);
        for step in steps {
            passed += weight(&step);
            clock::wait_until(start + time * passed / total);
            if !self.step(phase, step)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn step(&mut self, phase: Phase, step: Step) -> Result<bool, LabError> {
        match step {
            Step::Say(line) => self.log.say(&line),
            Step::Wait(_) => {}
            Step::Do(change) => {
                let job = &self.job;
                let done = self.context.store.update_pair(&self.context.host, &job.client, |master, client| {
                    if client.power != Power::Running {
                        return Err(Refused::Says(crate::commands::c_rsh::no_answer(&job.client)));
                    }
                    migration::apply(change, job, master, client)
                });
                match done {
                    Ok(()) => {}
                    Err(Refused::Lab(error)) => return Err(error),
                    Err(Refused::Says(cause)) => return self.give_up(&phases::failure(phase, &cause)),
                }
            }
            Step::Fail(lines) => return self.give_up(&lines),
            Step::Die => die(),
        }
        Ok(true)
    }

    /// Prints why, cleans up on both sides as nimadm does, and ends the run.
    fn give_up(&mut self, why: &[String]) -> Result<bool, LabError> {
        for line in why {
            self.log.say(line);
        }
        let boot_disk = undo(self.context, &self.job.client, "failure")?;
        for line in phases::clean_up(&self.job.client, &self.job.level.version_release(), &boot_disk) {
            self.log.say(&line);
        }
        Ok(false)
    }
}

/// The other way to accept licences (nimadm.md §1.2 -Y).
fn licences_in_environment() -> bool {
    std::env::var_os("ADM_ACCEPT_LICENSES").is_some_and(|value| value == "yes")
}

/// Dies of a real SIGKILL: nothing after it runs.
fn die() -> ! {
    loop {
        // Where even `kill` cannot be run, dying of SIGABRT is as sudden.
        match Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status() {
            Ok(_) => clock::wait_until(Instant::now() + Duration::from_millis(50)),
            Err(_) => std::process::abort(),
        }
    }
}

/// nimadm's log, and standard output beside it.
struct Log {
    path: PathBuf,
    file: Option<File>,
    /// What was printed before the log was initialised; the log begins with it.
    before: Vec<u8>,
}

impl Log {
    fn new(path: PathBuf) -> Self {
        Self { path, file: None, before: Vec::new() }
    }

    /// Starts a new log over an earlier one (whether nimadm appends is unconfirmed, nimadm.md §1.3).
    fn open(&mut self) -> Result<(), LabError> {
        let mut file = File::create(&self.path).map_err(LabError::file("create", &self.path))?;
        file.write_all(&self.before).map_err(LabError::file("write", &self.path))?;
        self.file = Some(file);
        Ok(())
    }

    fn say(&mut self, line: &str) {
        let bytes = [line.as_bytes(), b"\n"].concat();
        match &mut self.file {
            // A full disk must not stop the migration; the missing line is all there is to see.
            Some(file) => drop(file.write_all(&bytes)),
            None => self.before.extend_from_slice(&bytes),
        }
        // Nobody may be reading any more, and that must not stop it either.
        let mut stdout = std::io::stdout().lock();
        drop(stdout.write_all(&bytes).and_then(|()| stdout.flush()));
    }
}

#[cfg(test)]
mod tests {
    use super::pvid;
    use std::collections::HashSet;

    #[test]
    fn every_disk_gets_a_pvid_of_its_own() {
        let made: HashSet<_> = (0..500).map(|n| pvid("00C9F3A04C00", &format!("hdisk{n}"))).collect();
        assert_eq!(made.len(), 500);
        assert!(made.iter().all(|pvid| pvid.parse::<aix::Pvid>().is_ok()));
    }
}
