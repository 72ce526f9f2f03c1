//! The logs of earlier nimadm runs on a master: which there are, and their bytes.
//!
//! Nothing on the master is changed: it is asked with `ls` and `cat` only. What is read is a regular file whose name is on an
//! allow-list; a symbolic link in a folder that others may write to could otherwise bring any file of root's into the
//! history. The name is looked at three times, because between two looks somebody may put something else there: when it is
//! asked for, in the listing, and by the shell that reads it.
//!
//! A log may be growing. Its size is compared before and after it was read, and one written to within [`QUIET_MINUTES`] is
//! refused, by the master's own clock. Phases can be silent for longer than that: then the report says that the log stops,
//! and importing the file once more when it has grown makes a new entry beside the old one.

use super::host::{self, HostError};
use crate::remote::Connection;
use aix::{ObjectName, command::quote};
use std::time::Duration;
use time::{Date, Month, PrimitiveDateTime, Time};

/// Largest log that is imported, in bytes; one of a migration has one or two MiB.
pub const LARGEST: u64 = 64 << 20;
/// Minutes a log must not have been written to.
pub const QUIET_MINUTES: i64 = 5;
/// How long a log may take on its way.
const PATIENCE: Duration = Duration::from_secs(600);

/// Goes to the logs' folder: below the login directory where there is one, as the job spool (docs/decisions/0004), so that each
/// host of a lab has its own; for root on AIX, whose home is `/`, and for everybody else it is the one of the system.
const GO_THERE: &str =
    "d=var/adm/ras/alt_mig; [ -d $d ] || d=/var/adm/ras/alt_mig; [ -d $d ] || exit 71; cd $d || exit 72";

/// The file name of a client's log: an object name and what nimadm puts behind it, so nothing that a shell or a path would read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogName {
    client: ObjectName,
}

impl LogName {
    const END: &'static str = "_alt_mig.log";

    /// The name, where it is one.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let client = text.strip_suffix(Self::END)?.parse().ok()?;
        Some(Self { client })
    }

    /// The client it is about.
    #[must_use]
    pub fn client(&self) -> &ObjectName {
        &self.client
    }
}

impl std::fmt::Display for LogName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.client, Self::END)
    }
}

/// A log as the master lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub name: LogName,
    /// Bytes.
    pub bytes: u64,
    /// Last written, as printed.
    pub modified: String,
    /// The day that means.
    pub modified_on: Option<Date>,
    /// Minutes since then; none where only the day is known, which is months ago.
    pub minutes_ago: Option<i64>,
}

impl Listed {
    /// Why it cannot be imported now.
    #[must_use]
    pub fn refused(&self) -> Option<String> {
        if self.bytes == 0 {
            return Some("It is empty.".to_owned());
        }
        if self.bytes > LARGEST {
            return Some(format!(
                "It has {} bytes; logs of up to 64 MiB are imported. Explain it with `nimdeck explain`.",
                self.bytes
            ));
        }
        // A clock that was set back leaves files of the future behind: they are not being written because of that.
        let fresh = self.minutes_ago.is_some_and(|ago| (-1..QUIET_MINUTES).contains(&ago));
        fresh.then(|| {
            format!(
                "It was written to at {} by the master's clock, less than {QUIET_MINUTES} minutes ago: nimadm may still be running. \
                 Import it when the run is over.",
                self.modified
            )
        })
    }
}

/// The logs of a master, by name. A master without the folder has none.
///
/// # Errors
/// Where the master cannot be asked, or may not be looked at by the user nimdeck signs in as.
pub async fn list(connection: &Connection) -> Result<Vec<Listed>, HostError> {
    let command = format!("{GO_THERE}; date '+now %Y %m %d %H %M'; ls -lq");
    let [answer] = host::master(connection, [&command]).await?;
    if answer.rc == 71 {
        return Ok(Vec::new());
    }
    Ok(read(answer.success("ls -l /var/adm/ras/alt_mig")?))
}

/// The bytes of a log. A file that grows beyond [`LARGEST`] meanwhile is an error.
///
/// # Errors
/// Where the master cannot be asked, or there is no such regular file any more.
pub async fn fetch(connection: &Connection, name: &LogName) -> Result<Vec<u8>, HostError> {
    let name = name.to_string();
    let limit = usize::try_from(LARGEST).unwrap_or(usize::MAX);
    // Not through host::master: its answers are text.
    let output = connection.run(&fetch_script(&name), b"", PATIENCE, limit).await?;
    if output.status == Some(0) {
        return Ok(output.stdout);
    }
    let said = if output.stderr.is_empty() { "it is no regular file".to_owned() } else { output.error_text() };
    Err(HostError::Command {
        command: format!("cat {name}"),
        rc: output.status.map_or(-1, u32::cast_signed),
        said: said.chars().take(300).collect(),
    })
}

fn fetch_script(name: &str) -> String {
    let name = quote(name);
    // Its own shell: what the user signs in with may be none of Bourne's.
    let script = format!("{GO_THERE}; [ -f {name} ] && [ ! -h {name} ] || exit 73; exec cat {name}");
    format!("/bin/sh -c {}", quote(&script))
}

/// Reads the master's clock and `ls -l` in the C locale. Whatever is not a regular file with an allowed name is left out.
fn read(text: &str) -> Vec<Listed> {
    let now = text.lines().find_map(|line| clock(line.strip_prefix("now ")?));
    let mut logs: Vec<_> = text.lines().filter_map(|line| entry(line, now)).collect();
    logs.sort_by_cached_key(|log| log.name.to_string());
    logs
}

/// `2026 11 24 10 52`
fn clock(text: &str) -> Option<PrimitiveDateTime> {
    let mut numbers = text.split_whitespace().map(str::parse::<u16>);
    let mut next = || numbers.next()?.ok();
    let year = i32::from(next()?);
    let month = Month::try_from(u8::try_from(next()?).ok()?).ok()?;
    let date = Date::from_calendar_date(year, month, u8::try_from(next()?).ok()?).ok()?;
    let time = Time::from_hms(u8::try_from(next()?).ok()?, u8::try_from(next()?).ok()?, 0).ok()?;
    Some(PrimitiveDateTime::new(date, time))
}

/// `-rw-r--r--    1 root     system       681234 Aug 28 03:14 lpar61_alt_mig.log`
fn entry(line: &str, now: Option<PrimitiveDateTime>) -> Option<Listed> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [mode, _links, _owner, _group, size, month, day, year_or_time, name] = words[..] else { return None };
    if !mode.starts_with('-') {
        return None;
    }
    let (modified_on, minutes_ago) = moment(month, day, year_or_time, now);
    Some(Listed {
        name: LogName::new(name)?,
        bytes: size.parse().ok()?,
        modified: format!("{month} {day} {year_or_time}"),
        modified_on,
        minutes_ago,
    })
}

/// The day, and the minutes since then where the time is known. `ls` leaves out the year within six months: it is the one that
/// makes the moment the last such before now, a day of slack for files that are from the future.
fn moment(month: &str, day: &str, year_or_time: &str, now: Option<PrimitiveDateTime>) -> (Option<Date>, Option<i64>) {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let date = |year: i32| {
        let number = MONTHS.iter().position(|name| *name == month)? + 1;
        let month = Month::try_from(u8::try_from(number).ok()?).ok()?;
        Date::from_calendar_date(year, month, day.parse().ok()?).ok()
    };
    let Some((hour, minute)) = year_or_time.split_once(':') else {
        return (year_or_time.parse().ok().and_then(date), None);
    };
    let found = || {
        let now = now?;
        let time = Time::from_hms(hour.parse().ok()?, minute.parse().ok()?, 0).ok()?;
        let years = [now.year(), now.year() - 1].into_iter();
        let mut moments = years.filter_map(date).map(|date| PrimitiveDateTime::new(date, time));
        let moment = moments.find(|moment| *moment - now <= time::Duration::DAY)?;
        Some((moment.date(), (now - moment).whole_minutes()))
    };
    found().map_or((None, None), |(date, ago)| (Some(date), Some(ago)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    const LISTING: &str = "now 2026 11 24 10 52
total 5240
drwxr-xr-x    2 root     system          256 Sep 01 14:22 old
-rw-r--r--    1 root     system       681234 Aug 28 03:14 lpar61_alt_mig.log
-rw-r--r--    1 root     system      1904411 Nov 24 10:50 lpar71_alt_mig.log
-rw-r--r--    1 root     system          912 Mar 02 2024  lpar72_alt_mig.log
-rw-r-----    1 root     system           17 Dec 31 23:59 old.one_alt_mig.log
lrwxrwxrwx    1 root     system           11 Sep 01 14:22 evil_alt_mig.log -> /etc/passwd
-rw-r--r--    1 root     system            5 Sep 01 14:22 two words_alt_mig.log
-rw-r--r--    1 root     system            5 Sep 01 14:22 $(reboot)_alt_mig.log
-rw-r--r--    1 root     system            5 Sep 01 14:22 _alt_mig.log
-rw-r--r--    1 root     system            5 Sep 01 14:22 lpar61_alt_mig.log.old
-rw-r--r--    1 root     system        large Sep 01 14:22 lpar9_alt_mig.log
";

    fn day(year: i32, month: u8, day: u8) -> Option<Date> {
        Date::from_calendar_date(year, Month::try_from(month).unwrap(), day).ok()
    }

    #[test]
    fn only_regular_files_with_a_clients_name_are_listed() {
        let logs = read(LISTING);
        let names: Vec<_> = logs.iter().map(|log| log.name.to_string()).collect();
        assert_eq!(names, ["lpar61_alt_mig.log", "lpar71_alt_mig.log", "lpar72_alt_mig.log", "old.one_alt_mig.log"]);
        assert_eq!((logs[0].bytes, logs[0].modified.as_str()), (681_234, "Aug 28 03:14"));
        assert_eq!(logs[0].name.client().as_str(), "lpar61");
    }

    #[test]
    fn the_day_is_told_by_the_masters_own_clock() {
        let logs = read(LISTING);
        let days: Vec<_> = logs.iter().map(|log| log.modified_on).collect();
        assert_eq!(days, [day(2026, 8, 28), day(2026, 11, 24), day(2024, 3, 2), day(2025, 12, 31)]);
        assert_eq!((logs[1].minutes_ago, logs[2].minutes_ago), (Some(2), None));
        let without_clock = read(LISTING.split_once('\n').unwrap().1);
        assert_eq!(without_clock[0].modified_on, None);
    }

    #[test]
    fn a_log_that_is_written_to_or_too_large_is_refused() {
        let logs = read(LISTING);
        let refused: Vec<_> = logs.iter().map(|log| log.refused().is_some()).collect();
        assert_eq!(refused, [false, true, false, false]);
        let with = |bytes, ago| Listed { bytes, minutes_ago: Some(ago), ..logs[0].clone() }.refused().is_some();
        assert!(with(LARGEST + 1, 9000) && with(0, 9000) && with(1, 0) && with(1, -1));
        assert!(!with(LARGEST, QUIET_MINUTES) && !with(1, -600));
    }

    #[test]
    fn names_that_a_shell_or_a_path_would_read_are_none() {
        for good in ["lpar61_alt_mig.log", "a.b-c_1_alt_mig.log"] {
            assert_eq!(LogName::new(good).unwrap().to_string(), good);
        }
        for bad in [
            "",
            "_alt_mig.log",
            "-rf_alt_mig.log",
            ".._alt_mig.log",
            "../x_alt_mig.log",
            "a/b_alt_mig.log",
            "a b_alt_mig.log",
            "a;b_alt_mig.log",
            "a\n_alt_mig.log",
            "lpar61_alt_mig.log\0",
            "lpar61.log",
            "LPAR61_ALT_MIG.LOG",
        ] {
            assert_eq!(LogName::new(bad), None, "{bad:?}");
        }
    }

    /// As a master would: in a login directory, by its shell.
    fn sh(home: &std::path::Path, command: &str) -> (Option<i32>, Vec<u8>) {
        let output = Command::new("/bin/sh").args(["-c", command]).current_dir(home).output().unwrap();
        (output.status.code(), output.stdout)
    }

    #[test]
    fn a_file_is_read_byte_for_byte_and_a_link_never() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("var/adm/ras/alt_mig");
        std::fs::create_dir_all(&folder).unwrap();
        let bytes = b"Executing nimadm phase 1.\n\0\xff\r\nno end";
        std::fs::write(folder.join("a_alt_mig.log"), bytes).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", folder.join("b_alt_mig.log")).unwrap();
        std::fs::create_dir(folder.join("c_alt_mig.log")).unwrap();
        assert_eq!(sh(home.path(), &fetch_script("a_alt_mig.log")), (Some(0), bytes.to_vec()));
        for other in ["b_alt_mig.log", "c_alt_mig.log", "d_alt_mig.log"] {
            assert_eq!(sh(home.path(), &fetch_script(other)), (Some(73), Vec::new()), "{other}");
        }
    }
}
