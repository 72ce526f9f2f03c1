//! A migration under way: steps are paced, printed and carried out, in the model and in the files.

use super::{Context, Log, RULE, eligible::Plan, files, phases, plan::Call};
use crate::{
    LabError, clock,
    model::{
        Power, Site, Via,
        migration::{self, Change, Refused},
    },
    scenario::Scenario,
};
use aix::Phase;
use phases::{Scene, Step};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::{
    io::BufRead,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// How long a healthy migration of the persona lpar71 takes at speed 1.
const WHOLE_RUN: Duration = Duration::from_secs(7500);
/// Used space of its rootvg, MiB: what phases 1, 3 and 9 take follows the space in use.
const USUAL_MIB: u32 = 6932;

/// A migration under way.
pub(super) struct Run<'a> {
    pub(super) context: &'a Context,
    pub(super) call: &'a Call,
    pub(super) plan: Plan,
    pub(super) log: Log,
}

/// How a step ended.
enum Ended {
    /// Go on.
    No,
    /// The run is over, with an error.
    Failed,
}

impl Run<'_> {
    /// The phases that were asked for; the exit code.
    pub(super) fn run(&mut self) -> Result<u8, LabError> {
        let asked = self.call.phases.clone();
        let image_only = self.plan.job.disks.is_empty();
        for phase in Phase::all().filter(|phase| asked.is_empty() || asked.contains(phase)) {
            // Nothing is cloned and finished on a client where the result is a mksysb (unconfirmed).
            if image_only && matches!(phase.number(), 1 | 11) {
                continue;
            }
            if let Ended::Failed = self.phase(phase)? {
                return Ok(1);
            }
        }
        Ok(0)
    }

    fn phase(&mut self, phase: Phase) -> Result<Ended, LabError> {
        for line in ["", RULE, &format!("Executing nimadm phase {phase}."), RULE] {
            self.log.say(line);
        }
        let store = &self.context.store;
        let client = self.plan.job.client.as_deref().map(|client| store.host(client)).transpose()?;
        let work = store.work(&self.context.host, &self.plan.job.subject)?;
        let scenario = client.as_ref().map_or(Scenario::Healthy, |client| client.scenario);
        self.log.full = scenario == Scenario::DiskFullMaster && phase.number() > 1;
        let steps = phases::steps(
            phase,
            &Scene {
                job: &self.plan.job,
                work: work.as_ref(),
                master: &self.context.host()?,
                client: client.as_ref(),
                scenario,
                accept_licenses: self.call.accept_licenses || licences_in_environment(),
                pre_script: self.plan.pre_script.as_ref(),
                post_script: self.plan.post_script.as_ref(),
                bundle: &self.plan.bundle,
                output: self.call.output.as_deref(),
            },
        );
        let steps = match scenario {
            Scenario::KilledIn(dies) if dies == phase => phases::killed(steps),
            _ => steps,
        };
        let used = work.as_ref().map_or(USUAL_MIB, |work| work.volumes.iter().map(|lv| lv.used_mib).sum());
        let estate = store.estate()?;
        let time = clock::scaled(duration(phase, &self.plan.job, used, estate.seed), estate.speed);
        let total: u32 = steps.iter().map(Step::weight).sum::<u32>().max(1);
        let (mut start, mut passed) = (Instant::now(), 0);
        for step in steps {
            if let Step::Silence(real) = step {
                start += clock::scaled(real, estate.speed);
            }
            passed += step.weight();
            clock::wait_until(start + time * passed / total);
            if let Ended::Failed = self.step(phase, step)? {
                return Ok(Ended::Failed);
            }
        }
        Ok(Ended::No)
    }

    fn step(&mut self, phase: Phase, step: Step) -> Result<Ended, LabError> {
        match step {
            Step::Say(line) => self.log.say(&line),
            Step::Wait(_) | Step::Silence(_) => {}
            Step::Burst(lines) => self.burst(lines),
            Step::Do(change) => match self.change(&change) {
                Ok(()) => {}
                Err(Refused::Lab(error)) => return Err(error),
                Err(Refused::Says(cause)) => return self.give_up(&phases::failure(phase, &cause)),
            },
            Step::Script(name, file) => {
                let root = files::work_dir(self.context, &self.plan.job.subject);
                let done = script(self.context, &file, &[root.as_os_str()])?;
                self.log.put(&done.stdout);
                self.log.put(&done.stderr);
                if !done.status.success() {
                    // Whether that is fatal is unconfirmed (nimadm.md §2.4).
                    let code = done.status.code().unwrap_or(255);
                    let cause = format!("nimadm: The user customization script {name} ended with return code {code}.");
                    return self.give_up(&phases::failure(phase, &cause));
                }
            }
            Step::MakeImage => super::modes::make_image(self.context, self.call, &self.plan)?,
            Step::Fail(lines) => return self.give_up(&lines),
            Step::Stop(lines) => {
                lines.iter().for_each(|line| self.log.say(line));
                return Ok(Ended::Failed);
            }
            Step::Die => die(),
        }
        Ok(Ended::No)
    }

    fn change(&mut self, change: &Change) -> Result<(), Refused> {
        let (store, job) = (&self.context.store, &self.plan.job);
        if let (Change::Install(fileset), Via::Cache(_)) = (change, &job.via) {
            // Sixty times a run, and nothing but the cache changes: the hosts are not read for it.
            return store.update_work(&self.context.host, &job.subject, |work| {
                if let Some(system) = &mut work.system {
                    system.install(fileset);
                }
            });
        }
        store.update_site(&self.context.host, &job.subject, job.client.as_deref(), |site: &mut Site| {
            if site.client.as_ref().is_some_and(|client| client.power != Power::Running) {
                return Err(Refused::Says(crate::commands::c_rsh::no_answer(&job.subject)));
            }
            migration::apply(change, job, site)
        })?;
        files::follow(self.context, &self.plan, change)?;
        Ok(())
    }

    fn burst(&mut self, lines: u32) {
        let mut text = String::new();
        for line in 1..=lines {
            use std::fmt::Write as _;
            let _ = writeln!(text, "restore: x {line:>6} ./usr/lib/nls/msg/en_US/burst{line:06}.cat");
        }
        self.log.put(text.as_bytes());
    }

    /// Prints why, cleans up on both sides as nimadm does, and ends the run. A call for single phases leaves everything as it
    /// is, so that the phase can be repeated (unconfirmed, nimadm.md §1.3).
    fn give_up(&mut self, why: &[String]) -> Result<Ended, LabError> {
        why.iter().for_each(|line| self.log.say(line));
        if self.call.debugger {
            self.log.say("Entering the nimadm debugger. Type exit to leave.");
            let mut lines = std::io::stdin().lock().lines().map_while(Result::ok);
            while lines.next().is_some_and(|line| line.trim() != "exit") {}
        }
        if self.call.phases.is_empty() {
            let cause = why.first().cloned().unwrap_or_default();
            let lines = super::modes::undo(self.context, &self.plan, Change::GiveUp(cause))?;
            lines.iter().for_each(|line| self.log.say(line));
        }
        Ok(Ended::Failed)
    }
}

/// How long a phase takes in reality: its share of a whole run, more or less by the space in use, by the way the master
/// gets at the data, and by a chance that follows from the seed (nimadm.md §2.0).
fn duration(phase: Phase, job: &migration::Job, used_mib: u32, seed: u64) -> Duration {
    let nfs = job.via == Via::Nfs;
    let share = f64::from(phase.typical_share()) / 1000.0;
    let factor = match phase.number() {
        2 | 3 | 9 | 10 if nfs => 0.1,
        1 | 3 | 9 => f64::from(used_mib) / f64::from(USUAL_MIB),
        6 if nfs => 1.5,
        5 | 6 if job.update => 0.6,
        _ => 1.0,
    };
    let name = job.subject.bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut random = StdRng::seed_from_u64(name.wrapping_mul(13).wrapping_add(u64::from(phase.number())));
    WHOLE_RUN.mul_f64(share * factor * random.random_range(0.96..=1.04))
}

/// Runs a script of a NIM resource on the master.
pub(super) fn script(
    context: &Context,
    file: &std::path::Path,
    args: &[&std::ffi::OsStr],
) -> Result<std::process::Output, LabError> {
    let mut shell = Command::new("/bin/sh");
    shell.arg(file).args(args).stdin(Stdio::null()).current_dir(context.store.root(&context.host)).env_clear();
    shell.envs(crate::environment::of(&context.store, &context.host));
    shell.output().map_err(LabError::file("run", file))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_fill_is_that_of_lpar71() {
        let estate = crate::personas::estate(0, 4, 1);
        let (vg, _) = estate.hosts[2].rootvg().unwrap();
        assert_eq!(vg.lvs.iter().map(|lv| lv.used_mib).sum::<u32>(), USUAL_MIB);
    }
}
