//! The AIX and NIM commands: each reads the model, prints it in the real format, and ends with the real code.

mod alt;
pub(crate) mod boot;
pub(crate) mod bosboot;
pub(crate) mod c_rsh;
mod date;
mod devices;
mod emgr;
mod errpt;
mod extras;
mod file_systems;
mod flags;
mod hardware;
mod installp;
mod instfix;
mod lparstat;
mod lppchk;
mod lslpp;
mod lslv;
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
    "cfgmgr",
    "chfs",
    "chpv",
    "clcmd",
    "date",
    "df",
    "emgr",
    "entstat",
    "errclear",
    "errpt",
    "exportvg",
    "genkex",
    "getconf",
    "getlvodm",
    "hdcryptmgr",
    "host",
    "hostname",
    "ifconfig",
    "importvg",
    "installp",
    "instfix",
    "lparstat",
    "lppchk",
    "lquerypv",
    "lsattr",
    "lsconf",
    "lsdev",
    "lsfs",
    "lslpp",
    "lslv",
    "lsmcode",
    "lspath",
    "lsps",
    "lspv",
    "lssrc",
    "lsvg",
    "lswpar",
    "manage_disk_drivers",
    "mkvg",
    "mount",
    "netstat",
    "no",
    "odmget",
    "oslevel",
    "prtconf",
    "ps",
    "readvgda",
    "refresh",
    "rmdev",
    "rmfs",
    "rpcinfo",
    "rpm",
    "showmount",
    "shutdown",
    "startsrc",
    "stopsrc",
    "syncvg",
    "sysdumpdev",
    "trustchk",
    "tuncheck",
    "umount",
    "uname",
    "uptime",
    "varyoffvg",
    "varyonvg",
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

    /// Text as a printer made it, with its line ends.
    pub(crate) fn print(&mut self, text: impl AsRef<str>) {
        self.stdout.push_str(text.as_ref());
    }

    fn write(&self) {
        drop(std::io::stdout().write_all(self.stdout.as_bytes()));
        drop(std::io::stderr().write_all(self.stderr.as_bytes()));
    }
}

/// Runs `lab-exec DIR SCRIPT ARGUMENT…`, the words after `lab-exec`, as the script behind every `DIR/hosts/HOST/bin/COMMAND`
/// calls it, with the path it was called by. Returns the exit code. Needs no async runtime.
#[must_use]
pub fn exec(words: impl IntoIterator<Item = OsString>) -> u8 {
    let mut words = words.into_iter();
    let (Some(dir), Some(script)) = (words.next(), words.next()) else {
        let usage =
            Output { stderr: "lab-exec: usage: lab-exec DIR SCRIPT [ARGUMENT…]\n".to_owned(), ..Output::default() };
        usage.write();
        return 2;
    };
    let Some((host, command)) = called(Path::new(&dir), PathBuf::from(&script)) else {
        let stray = format!("lab: {} is no command of a host of {}\n", script.display(), dir.display());
        Output { stderr: stray, ..Output::default() }.write();
        return 127;
    };
    let context = Context { store: Store::open(Path::new(&dir)), host };
    let args: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    let mut out = Output::default();
    let code = match run(&context, &command, &args, &mut out) {
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

/// Host and command of a path `DIR/hosts/HOST/bin/COMMAND`, also where a link from elsewhere leads to it: to the command or to its
/// folder. Links are followed one at a time, because behind `bin` all hosts look the same.
fn called(dir: &Path, mut path: PathBuf) -> Option<(String, String)> {
    let name = |path: &Path| Some(path.file_name()?.to_string_lossy().into_owned());
    let hosts = dir.join("hosts");
    // More than anybody chains.
    for _ in 0..16 {
        let folder = path.parent()?;
        if folder.file_name().is_some_and(|name| name == "bin")
            && let Ok(host) = folder.parent()?.canonicalize()
            && host.parent() == Some(&hosts)
        {
            return Some((name(&host)?, name(&path)?));
        }
        path = if let Ok(target) = path.read_link() {
            folder.join(target)
        } else {
            folder.parent()?.join(folder.read_link().ok()?).join(path.file_name()?)
        };
    }
    None
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
        "lslv" => lslv::lslv(&context.host()?, args, out),
        "df" => file_systems::df(context, args, out),
        "lsfs" => file_systems::lsfs(&context.host()?, args, out),
        "mount" if args.is_empty() => file_systems::mounts(&context.host()?, out),
        "mount" | "umount" | "rmfs" | "chfs" | "varyoffvg" | "varyonvg" | "exportvg" | "importvg" | "mkvg" | "chpv"
        | "syncvg" | "rmdev" | "cfgmgr" => storage::change(context, command, args, out),
        "getlvodm" => devices::getlvodm(&context.host()?, args, out),
        "getconf" => devices::getconf(&context.host()?, args, out),
        "lsdev" => devices::lsdev(&context.host()?, args, out),
        "lspath" => devices::lspath(&context.host()?, args, out),
        "lsattr" => devices::lsattr(&context.host()?, args, out),
        "lquerypv" | "readvgda" => devices::lquerypv(&context.host()?, args, out),
        "lsps" => devices::lsps(&context.host()?, args, out),
        "sysdumpdev" => devices::sysdumpdev(&context.host()?, args, out),
        "showmount" => devices::showmount(context, args, out),
        "oslevel" => oslevel::oslevel(&context.host()?, args, out),
        "lslpp" => lslpp::lslpp(&context.host()?, args, out),
        "emgr" => emgr::emgr(context, args, out),
        "instfix" => instfix::instfix(&context.host()?, args, out),
        "lppchk" => lppchk::lppchk(&context.host()?, args, out),
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

/// A name of the model as `aix` has it. The model's own names are good; one that is not is a damaged estate.
pub(crate) fn named<T: std::str::FromStr>(host: &Host, text: &str) -> Result<T, LabError> {
    text.parse().map_err(|_| host.inconsistent("a name that AIX does not allow"))
}

/// The arguments as a slice of plain text, for matching.
pub(crate) fn words(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}
