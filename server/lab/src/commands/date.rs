//! `date`, and what a host thinks the time is.
//!
//! A host's clock is the machine's, plus what its scenario puts it wrong by. Everything a host prints of time goes through
//! here: a log with true times beside a wrong `date` would let no check find the wrong clock.

use super::Output;
use crate::{LabError, clock, model::Host};
use std::process::{Command, Stdio};
use time::OffsetDateTime;

/// As AIX prints it where TZ is UTC0, for the machine's `date`.
const DEFAULT: &str = "+%a %b %e %H:%M:%S UTC %Y";

/// A true time, milliseconds since 1970, as the host's clock had it. Hosts keep UTC.
pub(super) fn at(host: &Host, ms: i64) -> OffsetDateTime {
    let nanoseconds = i128::from(ms.saturating_add(host.scenario.clock_skew_ms())) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The host's time now.
pub(super) fn now(host: &Host) -> OffsetDateTime {
    at(host, clock::now_ms())
}

/// `Mon Sep  1 14:34:26 2026`, as `ctime` writes it.
pub(super) fn ctime(time: OffsetDateTime) -> String {
    let (day, month) = (time.weekday().to_string(), month(time));
    let (hour, minute, second) = time.to_hms();
    let weekday = day.get(..3).unwrap_or_default();
    format!("{weekday} {month} {:>2} {hour:02}:{minute:02}:{second:02} {}", time.day(), time.year())
}

/// `Sep`.
pub(super) fn month(time: OffsetDateTime) -> String {
    time.month().to_string().chars().take(3).collect()
}

pub(super) fn date(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let words: Vec<_> = args.iter().map(String::as_str).filter(|word| *word != "-u").collect();
    let format = match words[..] {
        [] => DEFAULT,
        [format] if format.starts_with('+') => format,
        _ => {
            // Nobody sets the clock of a simulated host (unconfirmed text).
            out.error("Usage: date [-u] [+\"Field Descriptors\"]");
            return Ok(1);
        }
    };
    let seconds = now(host).unix_timestamp();
    if format == "+%s" {
        // What nimdeck asks most often, without another process.
        out.line(seconds.to_string());
        return Ok(0);
    }
    let mut command = Command::new("/usr/bin/date");
    command.args(["-u", "-d", &format!("@{seconds}"), format]).stdin(Stdio::null());
    let done = command.output().map_err(LabError::file("run", "date"))?;
    out.stdout += &String::from_utf8_lossy(&done.stdout);
    out.stderr += &String::from_utf8_lossy(&done.stderr);
    Ok(if done.status.success() { 0 } else { 1 })
}
