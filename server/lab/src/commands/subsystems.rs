//! The System Resource Controller: `lssrc`, `startsrc`, `stopsrc`, `refresh` (nimadm.md §6.15, §A.1).
//!
//! A host remembers what was stopped; everything else in its table runs. What nobody ever configured is inoperative whatever one
//! starts: it ends at once, as the real daemons do.

use super::{Context, Output, flags::Flags};
use crate::{LabError, model::Host};
use aix::lssrc::{self, Status};

/// (unconfirmed text)
const USAGE: &str = "usage: lssrc [-h host] {-a | -g group | -l -s subsystem | -s subsystem | -t type -p pid}";

/// Which hosts have a subsystem.
#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    All,
    Master,
    Client,
}

/// A subsystem of the object class.
pub(super) struct Subsystem {
    pub(super) name: &'static str,
    pub(super) group: &'static str,
    on: On,
    /// Its process where it runs; none where it is not configured.
    pub(super) pid: Option<u64>,
    /// The program.
    pub(super) path: &'static str,
}

const fn subsystem(name: &'static str, group: &'static str, on: On, pid: Option<u64>, path: &'static str) -> Subsystem {
    Subsystem { name, group, on, pid, path }
}

const ALL: &[Subsystem] = &[
    subsystem("syslogd", "ras", On::All, Some(3_997_966), "/usr/sbin/syslogd"),
    subsystem("aixmibd", "tcpip", On::All, Some(4_194_596), "/usr/sbin/aixmibd"),
    subsystem("inetd", "tcpip", On::All, Some(4_063_708), "/usr/sbin/inetd"),
    subsystem("snmpd", "tcpip", On::All, Some(4_325_640), "/usr/sbin/snmpd"),
    subsystem("hostmibd", "tcpip", On::All, Some(4_587_822), "/usr/sbin/hostmibd"),
    subsystem("snmpmibd", "tcpip", On::All, Some(4_653_358), "/usr/sbin/snmpmibd"),
    subsystem("portmap", "portmap", On::All, Some(4_456_752), "/usr/sbin/portmap"),
    subsystem("sshd", "ssh", On::All, Some(5_046_564), "/usr/sbin/sshd"),
    subsystem("sendmail", "mail", On::All, Some(4_784_430), "/usr/lib/sendmail -bd -q30m"),
    subsystem("qdaemon", "spooler", On::All, Some(5_505_294), "/usr/sbin/qdaemon"),
    subsystem("writesrv", "spooler", On::All, Some(5_570_832), "/usr/sbin/writesrv"),
    subsystem("ctrmc", "rsct", On::All, Some(5_767_460), "/opt/rsct/bin/rmcd -a IBM.LPCommands -r"),
    subsystem("IBM.DRM", "rsct_rm", On::All, Some(5_898_530), "/opt/rsct/bin/IBM.DRMd"),
    subsystem("IBM.ServiceRM", "rsct_rm", On::All, Some(5_964_068), "/opt/rsct/bin/IBM.ServiceRMd"),
    subsystem("IBM.HostRM", "rsct_rm", On::All, Some(6_029_606), "/opt/rsct/bin/IBM.HostRMd"),
    subsystem("biod", "nfs", On::Master, Some(6_226_300), "/usr/sbin/biod 6"),
    subsystem("nfsd", "nfs", On::Master, Some(7_143_738), "/usr/sbin/nfsd 3891"),
    subsystem("rpc.mountd", "nfs", On::Master, Some(7_405_946), "/usr/sbin/rpc.mountd"),
    subsystem("rpc.lockd", "nfs", On::All, Some(6_357_436), "/usr/sbin/rpc.lockd -d 0"),
    subsystem("rpc.statd", "nfs", On::All, Some(6_488_384), "/usr/sbin/rpc.statd -d 0 -t 50"),
    subsystem("biod", "nfs", On::Client, Some(5_177_710), "/usr/sbin/biod 6"),
    subsystem("nfsd", "nfs", On::Client, None, "/usr/sbin/nfsd"),
    subsystem("rpc.mountd", "nfs", On::Client, None, "/usr/sbin/rpc.mountd"),
    subsystem("nfsrgyd", "nfs", On::All, None, "/usr/sbin/nfsrgyd"),
    subsystem("gssd", "nfs", On::All, None, "/usr/sbin/gssd"),
    subsystem("nimesis", "nim", On::Master, Some(8_978_768), "/usr/sbin/nimesis"),
    subsystem("nimsh", "nimclient", On::Client, Some(5_308_782), "/usr/sbin/nimsh -s"),
    subsystem("lpd", "spooler", On::All, None, "/usr/sbin/lpd"),
    subsystem("clcomd", "caa", On::All, None, "/usr/sbin/clcomd"),
    subsystem("gated", "tcpip", On::All, None, "/usr/sbin/gated"),
    subsystem("named", "tcpip", On::All, None, "/usr/sbin/named"),
    subsystem("routed", "tcpip", On::All, None, "/usr/sbin/routed"),
    subsystem("timed", "tcpip", On::All, None, "/usr/sbin/timed"),
    subsystem("xntpd", "tcpip", On::All, None, "/usr/sbin/xntpd"),
];

/// What inetd offers: service, command, arguments, and whether only a master does.
const SERVICES: &[(&str, &str, &str, bool)] = &[
    ("ftp", "/usr/sbin/ftpd", "ftpd", false),
    ("shell", "/usr/sbin/rshd", "rshd", false),
    ("bootps", "/usr/sbin/bootpd", "bootpd /etc/bootptab", true),
    ("tftp", "/usr/sbin/tftpd", "tftpd -n", true),
];

/// The subsystems of a host, in the order of the object class.
pub(super) fn of(host: &Host) -> impl Iterator<Item = &'static Subsystem> {
    let here = if host.nim.is_some() { On::Master } else { On::Client };
    ALL.iter().filter(move |subsystem| subsystem.on == On::All || subsystem.on == here)
}

/// The process of a subsystem that runs.
pub(super) fn pid(host: &Host, subsystem: &Subsystem) -> Option<u64> {
    subsystem.pid.filter(|_| !host.stopped.contains(subsystem.name))
}

pub(super) fn lssrc(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let good = |flags: &Flags<'_>| flags.count("asg") == 1 && (!flags.has('l') || flags.has('s'));
    let Some(flags) = Flags::alone(args, "als:g:").filter(good) else {
        out.error(USAGE);
        return Ok(1);
    };
    let Some(shown) = named(host, &flags, out) else { return Ok(1) };
    let row = |subsystem: &&'static Subsystem| {
        let pid = pid(host, subsystem);
        let status = if pid.is_some() { Status::Active } else { Status::Inoperative };
        let (name, group) = (subsystem.name.to_owned(), Some(subsystem.group.to_owned()));
        lssrc::Subsystem { subsystem: name, group, pid, status }
    };
    let mut rows: Vec<_> = shown.iter().map(row).collect();
    // `-a` has what runs first.
    rows.sort_by_key(|row| flags.has('a') && row.pid.is_none());
    if !flags.has('l') {
        out.stdout += &lssrc::print(&rows);
        return Ok(0);
    }
    match rows.first() {
        Some(row) if row.pid.is_none() => {
            out.error(format!("0513-036 The request could not be passed to the {} subsystem.", row.subsystem));
            out.error("Start the subsystem and try your command again.");
            Ok(1)
        }
        Some(row) if row.subsystem == "inetd" => {
            out.stdout += &lssrc::print(&rows);
            services(host, out);
            Ok(0)
        }
        Some(row) => {
            // (unconfirmed text)
            out.error(format!("0513-005 The Subsystem, {}, only supports signal communication.", row.subsystem));
            Ok(1)
        }
        None => Ok(1),
    }
}

/// (unconfirmed layout)
fn services(host: &Host, out: &mut Output) {
    out.line("\nDebug         Not active\n");
    out.line("Signal        Purpose");
    out.line(" SIGALRM      Establishes socket connections for failed services. ");
    out.line(" SIGHUP       Rereads the configuration database and reconfigures services. ");
    out.line(" SIGCHLD      Restarts the service in case the service ends abnormally. \n");
    out.line("Service       Command                  Description              Status ");
    for (name, command, about, _) in SERVICES.iter().filter(|(.., master)| !master || host.nim.is_some()) {
        out.line(format!(" {name:<12} {command:<24} {about:<24} active"));
    }
}

/// The subsystems that `-a`, `-s` or `-g` names; None after a complaint.
fn named(host: &Host, flags: &Flags<'_>, out: &mut Output) -> Option<Vec<&'static Subsystem>> {
    let (subsystem, group) = (flags.value('s'), flags.value('g'));
    let wanted = |found: &&Subsystem| {
        subsystem.is_none_or(|name| name == found.name) && group.is_none_or(|name| name == found.group)
    };
    let found: Vec<_> = of(host).filter(wanted).collect();
    if found.is_empty() {
        out.error(match (subsystem, group) {
            (Some(name), _) => format!("0513-085 The {name} Subsystem is not on file."),
            (_, name) => format!("0513-086 The {} Group is not on file.", name.unwrap_or_default()),
        });
        return None;
    }
    Some(found)
}

pub(super) fn startsrc(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    change(
        context,
        args,
        "a:e:s:g:",
        "usage: startsrc [-a Argument] [-e Environment] {-s subsystem | -g group}",
        out,
        start,
    )
}

pub(super) fn stopsrc(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    change(context, args, "cfs:g:", "usage: stopsrc [-c | -f] {-s subsystem | -g group}", out, stop)
}

pub(super) fn refresh(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    change(context, args, "s:g:", "usage: refresh {-s subsystem | -g group}", out, reread)
}

/// Does it to each subsystem named. (unconfirmed usage texts)
fn change(
    context: &Context,
    args: &[String],
    known: &str,
    usage: &str,
    out: &mut Output,
    each: fn(&mut Host, &Subsystem, &mut Output) -> u8,
) -> Result<u8, LabError> {
    let Some(flags) = Flags::alone(args, known).filter(|flags| flags.count("sg") == 1) else {
        out.error(usage);
        return Ok(1);
    };
    context.store.update(&context.host, |host| {
        let Some(subsystems) = named(host, &flags, out) else { return Ok(1) };
        Ok(subsystems.into_iter().map(|subsystem| each(host, subsystem, out)).max().unwrap_or(0))
    })
}

fn start(host: &mut Host, subsystem: &Subsystem, out: &mut Output) -> u8 {
    let name = subsystem.name;
    if pid(host, subsystem).is_some() {
        out.error(format!("0513-029 The {name} Subsystem is already active.\nMultiple instances are not supported."));
        // (unconfirmed code)
        return 1;
    }
    host.stopped.remove(name);
    let pid = subsystem.pid.unwrap_or(9_437_556);
    out.line(format!("0513-059 The {name} Subsystem has been started. Subsystem PID is {pid}."));
    0
}

fn stop(host: &mut Host, subsystem: &Subsystem, out: &mut Output) -> u8 {
    let name = subsystem.name;
    if pid(host, subsystem).is_none() {
        out.error(inoperative(name));
        return 1;
    }
    host.stopped.insert(name.to_owned());
    out.line(format!("0513-044 The {name} Subsystem was requested to stop."));
    0
}

fn reread(host: &mut Host, subsystem: &Subsystem, out: &mut Output) -> u8 {
    if pid(host, subsystem).is_none() {
        out.error(inoperative(subsystem.name));
        return 1;
    }
    out.line("0513-095 The request for subsystem refresh was completed successfully.");
    0
}

fn inoperative(name: &str) -> String {
    format!("0513-004 The Subsystem or Group, {name}, is currently inoperative.")
}
