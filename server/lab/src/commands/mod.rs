//! The AIX and NIM commands: each reads the model, prints it in the real format, and ends with the real code.

mod alt;
pub(crate) mod boot;
pub(crate) mod bosboot;
pub(crate) mod c_rsh;
mod date;
mod emgr;
mod errpt;
mod extras;
mod flags;
mod hardware;
mod installp;
mod instfix;
mod lparstat;
mod lppchk;
mod lslpp;
mod lsnim;
mod lspv;
mod lsvg;
mod network;
mod nim;
mod oslevel;
mod prtconf;
mod ps;
mod rpm;
mod software;
mod storage;
mod subsystems;
#[cfg(test)]
mod tests;
mod tunables;
mod uname;
mod uptime;

use crate::{LabError, locale, model::Host, nimadm, store::Store};
use std::{
    ffi::OsString,
    io::Write,
    path::{Path, PathBuf},
};

/// Commands on every host.
const EVERYWHERE: &[&str] = &[
    "alog",
    "alt_rootvg_op",
    "bootinfo",
    "bootlist",
    "bosboot",
    "clcmd",
    "date",
    "df",
    "emgr",
    "entstat",
    "errclear",
    "errpt",
    "genkex",
    "getconf",
    "getlvodm",
    "hdcryptmgr",
    "host",
    "hostname",
    "ifconfig",
    "installp",
    "instfix",
    "lparstat",
    "lppchk",
    "lsconf",
    "lsfs",
    "lslpp",
    "lsmcode",
    "lspv",
    "lssrc",
    "lsvg",
    "lswpar",
    "manage_disk_drivers",
    "netstat",
    "no",
    "odmget",
    "oslevel",
    "prtconf",
    "ps",
    "refresh",
    "rpcinfo",
    "rpm",
    "shutdown",
    "startsrc",
    "stopsrc",
    "trustchk",
    "tuncheck",
    "uname",
    "uptime",
    "vmo",
];
/// Commands on the master besides.
const ON_MASTER: &[&str] = &["c_rsh", "lsnim", "nim", "nimadm"];

/// The commands of a host.
pub(crate) fn names(master: bool) -> impl Iterator<Item = &'static str> {
    EVERYWHERE.iter().chain(if master { ON_MASTER } else { &[] }).copied()
}

/// Where a command runs.
pub(crate) struct Context {
    pub(crate) store: Store,
    /// The host.
    pub(crate) host: String,
}

impl Context {
    /// The host as it is now.
    pub(crate) fn host(&self) -> Result<Host, LabError> {
        self.store.host(&self.host)
    }
}

/// What a command printed, written at once when it ends: a command is short, and a reader gone early is no error.
#[derive(Default)]
pub(crate) struct Output {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Output {
    /// A line on standard output.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) {
        self.stdout.push_str(text.as_ref());
        self.stdout.push('\n');
    }

    /// A line on standard error.
    pub(crate) fn error(&mut self, text: impl AsRef<str>) {
        self.stderr.push_str(text.as_ref());
        self.stderr.push('\n');
    }

    fn write(&self) {
        drop(std::io::stdout().write_all(self.stdout.as_bytes()));
        drop(std::io::stderr().write_all(self.stderr.as_bytes()));
    }
}

/// Runs `lab-exec DIR HOST COMMAND ARGUMENT…`, the words after `lab-exec`, as the wrappers in `DIR/hosts/HOST/bin` call
/// it. Returns the exit code. Needs no async runtime.
#[must_use]
pub fn exec(words: impl IntoIterator<Item = OsString>) -> u8 {
    let mut words = words.into_iter();
    let (Some(dir), Some(host), Some(command)) = (words.next(), words.next(), words.next()) else {
        let usage = Output {
            stderr: "lab-exec: usage: lab-exec DIR HOST COMMAND [ARGUMENT…]\n".to_owned(),
            ..Output::default()
        };
        usage.write();
        return 2;
    };
    let text = |word: OsString| word.to_string_lossy().into_owned();
    let context = Context { store: Store::open(Path::new(&PathBuf::from(dir))), host: text(host) };
    let args: Vec<_> = words.map(text).collect();
    let mut out = Output::default();
    let code = match run(&context, &text(command), &args, &mut out) {
        Ok(code) => code,
        Err(error) => {
            out.error(format!("lab: {}", chain(&error)));
            125
        }
    };
    locale::speak(&context.store, &context.host, |name| std::env::var_os(name), &mut out);
    out.write();
    code
}

/// Runs one command.
pub(crate) fn run(context: &Context, command: &str, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    match command {
        "nimadm" => nimadm::nimadm(context, args, out),
        "c_rsh" => c_rsh::c_rsh(context, args, out),
        "lsnim" => lsnim::lsnim(context, args, out),
        "nim" => nim::nim(context, args, out),
        "lspv" => lspv::lspv(&context.host()?, args, out),
        "lsvg" => lsvg::lsvg(&context.host()?, args, out),
        "bootlist" => boot::bootlist(context, args, out),
        "bootinfo" => boot::bootinfo(&context.host()?, args, out),
        "shutdown" => boot::shutdown(context, args, out),
        "alt_rootvg_op" => alt::alt_rootvg_op(context, args, out),
        "oslevel" => oslevel::oslevel(&context.host()?, args, out),
        "lslpp" => lslpp::lslpp(&context.host()?, args, out),
        "emgr" => emgr::emgr(context, args, out),
        "instfix" => instfix::instfix(&context.host()?, args, out),
        "lppchk" => lppchk::lppchk(&context.host()?, args, out),
        "df" => storage::df(&context.host()?, args, out),
        "lsfs" => storage::lsfs(&context.host()?, out),
        "getlvodm" => storage::getlvodm(&context.host()?, args, out),
        "getconf" => storage::getconf(&context.host()?, args, out),
        "alog" => bosboot::alog(&context.host()?, args, out),
        "bosboot" => bosboot::bosboot(context, args, out),
        "clcmd" => extras::clcmd(args, out),
        "date" => date::date(&context.host()?, args, out),
        "entstat" => network::entstat(args, out),
        "errclear" => errpt::errclear(context, args, out),
        "errpt" => errpt::errpt(&context.host()?, args, out),
        "genkex" => extras::genkex(args, out),
        "hdcryptmgr" => extras::hdcryptmgr(&context.host()?, args, out),
        "host" => network::host(context, args, out),
        "hostname" => uname::hostname(&context.host()?, args, out),
        "ifconfig" => network::ifconfig(context, args, out),
        "installp" => installp::installp(context, args, out),
        "lparstat" => lparstat::lparstat(context, args, out),
        "lsmcode" => lparstat::lsmcode(&context.host()?, args, out),
        "lssrc" => subsystems::lssrc(&context.host()?, args, out),
        "lswpar" => extras::lswpar(args, out),
        "manage_disk_drivers" => extras::manage_disk_drivers(args, out),
        "netstat" => network::netstat(context, args, out),
        "no" => tunables::no(args, out),
        "odmget" => extras::odmget(args, out),
        "prtconf" | "lsconf" => prtconf::prtconf(context, args, out),
        "ps" => ps::ps(context, args, out),
        "refresh" => subsystems::refresh(context, args, out),
        "rpcinfo" => network::rpcinfo(context, args, out),
        "rpm" => rpm::rpm(&context.host()?, args, out),
        "startsrc" => subsystems::startsrc(context, args, out),
        "stopsrc" => subsystems::stopsrc(context, args, out),
        "trustchk" => extras::trustchk(args, out),
        "tuncheck" => tunables::tuncheck(context, args, out),
        "uname" => uname::uname(context, args, out),
        "uptime" => uptime::uptime(&context.host()?, args, out),
        "vmo" => tunables::vmo(&context.host()?, args, out),
        other => {
            out.error(format!("ksh: {other}: not found."));
            Ok(127)
        }
    }
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The arguments as a slice of plain text, for matching.
pub(crate) fn words(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}
