//! `uptime` (nimadm.md §6.15): the time of day is the host's own, the duration is true.

use super::{Output, date};
use crate::{LabError, clock, model::Host};
use aix::{
    Hundredths,
    uptime::{self, Uptime},
};

pub(super) fn uptime(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    if !args.is_empty() {
        // (unconfirmed text)
        out.error("Usage: uptime");
        return Ok(1);
    }
    let now = date::now(host);
    let (hour, half) = (now.hour() % 12, if now.hour() < 12 { "AM" } else { "PM" });
    let up = Uptime {
        clock: format!("{:02}:{:02}{half}", if hour == 0 { 12 } else { hour }, now.minute()),
        minutes: u64::try_from((clock::now_ms() - host.booted_at) / 60_000).unwrap_or(0),
        users: Some(1),
        load_average: Some([147, 102, 44].map(Hundredths)),
    };
    out.stdout += &uptime::print(&up);
    Ok(0)
}
