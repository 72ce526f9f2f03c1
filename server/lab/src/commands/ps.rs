//! `ps -ef` of a simulated host: its own processes only, in AIX's columns.
//!
//! The machine's `ps` would show every host's nimadm on every host, and the lab itself. A process is a host's where it works below
//! the host's directory, or is a lab command of it. Any other call of `ps` goes to the machine's unchanged: `ps -p PID -o …` is how
//! one asks for a process that is known, and the lab's process identifiers are real. Only `ps -p PID -o args=`, by which nimdeck sees
//! whether a job lives, is answered here: the machine's reads every process to tell of one, a third of a second beside 4,000 others.

use super::{Context, Output, date, flags::Flags, subsystems};
use crate::{LabError, model::Host};
use aix::ps::{self, Process};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};
use time::OffsetDateTime;

/// What runs on every AIX before the subsystems: process, parent, command.
const SYSTEM: &[(u64, u64, &str)] = &[
    (1, 0, "/etc/init"),
    (2_359_690, 1, "/usr/sbin/syncd 60"),
    (2_949_438, 1, "/usr/lib/errdemon"),
    (SRCMSTR, 1, "/usr/sbin/srcmstr"),
    (3_604_838, 1, "/usr/sbin/cron"),
];
const SRCMSTR: u64 = 3_408_208;
/// Clock ticks a second in `/proc`; fixed for all programs on Linux.
const TICKS: u64 = 100;
/// How long a starting program is waited for; one that has no words after it has put them away.
const STARTING: Duration = Duration::from_secs(1);

pub(super) fn ps(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    if let ["-p", pid, "-o", "args="] = args.iter().map(String::as_str).collect::<Vec<_>>()[..]
        && let Ok(pid) = pid.parse::<u64>()
    {
        let Some(words) = words(&Path::new("/proc").join(pid.to_string())) else { return Ok(1) };
        out.line(one_line(&words.join(" ")));
        return Ok(0);
    }
    if Flags::alone(args, "ef").is_none_or(|flags| flags.count("ef") != 2) {
        let mut command = Command::new("/usr/bin/ps");
        let done = command.args(args).stdin(Stdio::null()).output().map_err(LabError::file("run", "ps"))?;
        out.stdout += &String::from_utf8_lossy(&done.stdout);
        out.stderr += &String::from_utf8_lossy(&done.stderr);
        return Ok(done.status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1));
    }
    let host = context.host()?;
    let booted = host.booted_at;
    let fixed = SYSTEM.iter().map(|&(pid, ppid, cmd)| process(&host, pid, ppid, booted, 42, cmd));
    let running = subsystems::of(&host).filter_map(|subsystem| {
        Some(process(&host, subsystems::pid(&host, subsystem)?, SRCMSTR, booted, 7, subsystem.path))
    });
    let mut all: Vec<_> = fixed.chain(running).collect();
    let sshd = all.iter().find(|process| process.cmd.ends_with("/sshd")).map_or(1, |sshd| sshd.pid);
    let found = found(context)?;
    let here: Vec<_> = found.iter().map(|found| found.pid).collect();
    all.extend(found.iter().map(|found| {
        // Whoever signed in came through sshd.
        let ppid = if here.contains(&found.ppid) { found.ppid } else { sshd };
        process(&host, found.pid, ppid, found.started_ms, found.cpu_seconds, &found.command)
    }));
    out.stdout += &ps::print_processes(&all);
    Ok(0)
}

fn process(host: &Host, pid: u64, ppid: u64, started_ms: i64, cpu_seconds: u64, cmd: &str) -> Process {
    Process {
        uid: "root".to_owned(),
        pid,
        ppid,
        c: 0,
        stime: Some(stime(date::at(host, started_ms), date::now(host))),
        tty: None,
        time: format!("{}:{:02}", cpu_seconds / 60, cpu_seconds % 60),
        cmd: cmd.to_owned(),
    }
}

/// A time of day, or month and day of what began on another one.
fn stime(started: OffsetDateTime, now: OffsetDateTime) -> String {
    if started.date() == now.date() {
        let (hour, minute, second) = started.to_hms();
        format!("{hour:02}:{minute:02}:{second:02}")
    } else {
        format!("{} {:02}", date::month(started), started.day())
    }
}

/// A process of the machine that belongs to a host.
struct Found {
    pid: u64,
    ppid: u64,
    started_ms: i64,
    cpu_seconds: u64,
    command: String,
}

fn found(context: &Context) -> Result<Vec<Found>, LabError> {
    let own = context.store.host_dir(&context.host);
    // A process knows its directory without links.
    let own = own.canonicalize().map_err(LabError::file("find", &own))?;
    let boot = machine_boot();
    let entries = fs::read_dir("/proc").map_err(LabError::file("read", "/proc"))?;
    let mut all: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            // What ends while one looks, and what belongs to others, is not there.
            read(&entry.path(), pid, boot, context, &own)
        })
        .collect();
    all.sort_unstable_by_key(|found| found.pid);
    Ok(all)
}

fn read(proc: &Path, pid: u64, boot: u64, context: &Context, own: &Path) -> Option<Found> {
    let words = words(proc)?;
    let command = match lab_command(&words, context) {
        Whose::This(command) => command,
        Whose::Another => return None,
        Whose::NoCommand if fs::read_link(proc.join("cwd")).is_ok_and(|cwd| cwd.starts_with(own)) => words.join(" "),
        Whose::NoCommand => return None,
    };
    let command = one_line(&command);
    let stat = fs::read_to_string(proc.join("stat")).ok()?;
    // The name in parentheses can have blanks.
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let started = boot + number(19)? / TICKS;
    (!command.is_empty()).then_some(Found {
        pid,
        ppid: number(1)?,
        started_ms: i64::try_from(started).ok()?.saturating_mul(1000),
        cpu_seconds: (number(11)? + number(12)?) / TICKS,
        command,
    })
}

/// What a process was called with; nothing of one that has ended, whether it was waited for or not.
///
/// A program that starts has its `exe` before its words: whoever looks in between would take a living process for an ended one.
fn words(proc: &Path) -> Option<Vec<String>> {
    let until = Instant::now() + STARTING;
    loop {
        let words = fs::read(proc.join("cmdline")).ok()?;
        if !words.is_empty() {
            return Some(
                words.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect(),
            );
        }
        if fs::read_link(proc.join("exe")).is_err() || Instant::now() > until {
            return None;
        }
        thread::yield_now();
    }
}

/// A script's lines would be taken for processes.
fn one_line(command: &str) -> String {
    command.split(char::is_control).map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// Whose command a process is.
enum Whose {
    /// This host's, in AIX's words.
    This(String),
    Another,
    /// It is no lab command: its directory says.
    NoCommand,
}

/// A lab command is called as `PROGRAM lab-exec DIR SCRIPT …`; on the simulated host it is the command that the script stands for.
fn lab_command(words: &[String], context: &Context) -> Whose {
    let Some(at) = words.iter().take(2).position(|word| word == "lab-exec") else { return Whose::NoCommand };
    let [dir, script, args @ ..] = words.get(at + 1..).unwrap_or_default() else { return Whose::NoCommand };
    let dir = Path::new(dir);
    match super::called(dir, script.into()) {
        Some((host, command)) if dir == context.store.dir() && host == context.host => {
            let path = if command == "nimadm" { "/usr/bin/ksh /usr/sbin/" } else { "" };
            Whose::This(format!("{path}{command} {}", args.join(" ")))
        }
        _ => Whose::Another,
    }
}

/// When the machine came up, seconds since 1970.
fn machine_boot() -> u64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    stat.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok()).unwrap_or(0)
}
