//! `errpt` and `errclear` (nimadm.md §6.12): the error log of the running system, newest first.
//!
//! The log lies on the rootvg. So a clone has the log as it was when it was made, and after a rollback the old one is there.

use super::{Context, Output, date, flags::Flags};
use crate::{
    LabError, clock,
    model::{ErrorEvent, Host, LoggedError},
};
use aix::errpt::{self, Class, Entry, Kind, Timestamp};

/// (unconfirmed text)
const USAGE: &str = "Usage: errpt [-a | -A] [-d ErrorClassList] [-e EndDate] [-j ErrorID] [-N ResourceNameList] [-s StartDate] [-T ErrorTypeList]";
/// (unconfirmed text)
const USAGE_CLEAR: &str =
    "Usage: errclear [-d ErrorClassList] [-j ErrorID] [-N ResourceNameList] [-T ErrorTypeList] Days";
const RULE: &str = "---------------------------------------------------------------------------";
const DAY_MS: i64 = 24 * 3_600_000;

/// What the template repository says of an error.
struct Template {
    label: &'static str,
    id: &'static str,
    kind: Kind,
    class: Class,
    /// What logs it where the entry names nothing.
    resource: &'static str,
    text: &'static str,
}

/// Identifiers of nimadm.md §6.12; labels and the one of a core dump are unconfirmed.
fn template(event: ErrorEvent) -> Template {
    let of = |label, id, kind, class, resource, text| Template { label, id, kind, class, resource, text };
    use {Class as C, Kind as K};
    match event {
        ErrorEvent::LogOff => {
            of("ERRLOG_OFF", "192AC071", K::Temporary, C::Operator, "errdemon", "ERROR LOGGING TURNED OFF")
        }
        ErrorEvent::Shutdown => {
            of("REBOOT_ID", "2BFA76F6", K::Temporary, C::Software, "SYSPROC", "SYSTEM SHUTDOWN BY USER")
        }
        ErrorEvent::LogOn => {
            of("ERRLOG_ON", "9DBCFDEE", K::Temporary, C::Operator, "errdemon", "ERROR LOGGING TURNED ON")
        }
        ErrorEvent::RmcStarted => {
            of("RMCD_INFO_0_ST", "A6DF45AA", K::Information, C::Operator, "RMCdaemon", "The daemon is started.")
        }
        ErrorEvent::PathFailed => {
            of("SC_DISK_ERR7", "DE3B8540", K::Permanent, C::Hardware, "hdisk0", "PATH HAS FAILED")
        }
        ErrorEvent::VolumeMissing => {
            of("LVM_SA_PVMISS", "F7DDA124", K::Unknown, C::Hardware, "LVDD", "PHYSICAL VOLUME DECLARED MISSING")
        }
        ErrorEvent::CoreDump => {
            of("CORE_DUMP", "A924A5FC", K::Permanent, C::Software, "SYSPROC", "SOFTWARE PROGRAM ABNORMALLY TERMINATED")
        }
    }
}

/// The words of the options `-T` and `-d`, which also take the letters of the columns.
const TYPES: [(&str, Kind); 4] =
    [("PERM", Kind::Permanent), ("TEMP", Kind::Temporary), ("INFO", Kind::Information), ("UNKN", Kind::Unknown)];
const CLASSES: [&str; 4] = ["H", "S", "O", "U"];

/// Which entries are meant.
struct Filter<'a> {
    types: Option<Vec<&'a str>>,
    classes: Option<Vec<&'a str>>,
    resources: Option<Vec<&'a str>>,
    ids: Option<Vec<&'a str>>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl<'a> Filter<'a> {
    /// None where a list has a word that is none, or a date is none.
    fn of(flags: &Flags<'a>) -> Option<Self> {
        let list = |letter| flags.value(letter).map(|list| list.split(',').map(str::trim).collect::<Vec<_>>());
        let time = |letter| {
            flags.value(letter).map(|text| text.parse::<Timestamp>().ok()).map_or(Some(None), |time| time.map(Some))
        };
        let filter = Self {
            types: list('T'),
            classes: list('d'),
            resources: list('N'),
            ids: list('j'),
            since: time('s')?,
            until: time('e')?,
        };
        let known =
            |words: &Option<Vec<&str>>, known: &dyn Fn(&str) -> bool| words.iter().flatten().all(|word| known(word));
        let types = |word: &str| matches!(word, "PEND" | "PERF") || TYPES.iter().any(|(name, _)| *name == word);
        let good = known(&filter.types, &types) && known(&filter.classes, &|word| CLASSES.contains(&word));
        good.then_some(filter)
    }

    fn takes(&self, entry: &Entry) -> bool {
        let among = |words: &Option<Vec<&str>>, found: &str| words.as_ref().is_none_or(|words| words.contains(&found));
        let kind = TYPES.iter().find(|(_, kind)| *kind == entry.kind).map_or("", |(name, _)| name);
        among(&self.types, kind)
            && among(&self.classes, &char::from(entry.class).to_string())
            && among(&self.resources, &entry.resource)
            && among(&self.ids, &entry.id)
            && self.since.is_none_or(|since| entry.timestamp >= since)
            && self.until.is_none_or(|until| entry.timestamp <= until)
    }
}

pub(super) fn errpt(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let flags = Flags::alone(args, "aAd:e:j:N:s:T:");
    let Some((flags, filter)) = flags.and_then(|flags| Filter::of(&flags).map(|filter| (flags, filter))) else {
        out.error(USAGE);
        return Ok(1);
    };
    let errors = &host.rootvg()?.1.errors;
    let all = errors
        .iter()
        .enumerate()
        .rev()
        .map(|(at, error)| (at + 1, error))
        .filter_map(|(number, error)| Some((number, error, entry(host, error)?)));
    let shown: Vec<_> = all.filter(|(.., entry)| filter.takes(entry)).collect();
    if flags.count("aA") > 0 {
        shown.iter().for_each(|(number, error, entry)| detail(host, *number, error, entry, out));
    } else {
        out.stdout += &errpt::print(&shown.into_iter().map(|(.., entry)| entry).collect::<Vec<_>>());
    }
    Ok(0)
}

fn entry(host: &Host, error: &LoggedError) -> Option<Entry> {
    let template = template(error.event);
    let time = date::at(host, error.at);
    let stamp = format!(
        "{:02}{:02}{:02}{:02}{:02}",
        u8::from(time.month()),
        time.day(),
        time.hour(),
        time.minute(),
        time.year() % 100
    );
    Some(Entry {
        id: template.id.to_owned(),
        timestamp: stamp.parse().ok()?,
        kind: template.kind,
        class: template.class,
        resource: error.resource.clone().unwrap_or_else(|| template.resource.to_owned()),
        description: template.text.to_owned(),
    })
}

/// `errpt -a` (unconfirmed layout).
fn detail(host: &Host, number: usize, error: &LoggedError, entry: &Entry, out: &mut Output) {
    let kind = TYPES.iter().find(|(_, kind)| *kind == entry.kind).map_or("UNKN", |(name, _)| name);
    out.line(format!(
        "{RULE}
LABEL:          {}
IDENTIFIER:     {}

Date/Time:       {}
Sequence Number: {number}
Machine Id:      {}
Node Id:         {}
Class:           {}
Type:            {kind}
WPAR:            Global
Resource Name:   {}

Description
{}
",
        template(error.event).label,
        entry.id,
        date::ctime(date::at(host, error.at)),
        host.hardware.cpuid,
        host.name,
        char::from(entry.class),
        entry.resource,
        entry.description,
    ));
}

/// Forgets entries older than so many days.
pub(super) fn errclear(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let read = || {
        let flags = Flags::read(args, "d:j:N:T:")?;
        let [days] = flags.operands[..] else { return None };
        Some((Filter::of(&flags)?, days.parse::<u32>().ok()?))
    };
    let Some((filter, days)) = read() else {
        out.error(USAGE_CLEAR);
        return Ok(1);
    };
    let before = clock::now_ms() - i64::from(days) * DAY_MS;
    context.store.update(&context.host, |host| {
        let old =
            |error: &LoggedError| error.at <= before && entry(host, error).is_some_and(|entry| filter.takes(&entry));
        let kept: Vec<_> = host.rootvg()?.1.errors.iter().filter(|error| !old(error)).cloned().collect();
        host.system_mut()?.errors = kept;
        Ok(0)
    })
}
