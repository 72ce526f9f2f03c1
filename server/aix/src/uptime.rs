//! `uptime`: how long a host is up (nimadm.md §6.15). It tells a host that was rebooted from one that was not.

use crate::{Hundredths, Unreadable, text::only};
use serde::{Deserialize, Serialize};

/// The output of `uptime`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uptime {
    /// The time of day as printed, `02:41PM`.
    pub clock: String,
    /// Whole minutes since the boot.
    pub minutes: u64,
    /// Users signed in.
    pub users: Option<u32>,
    /// Load of the last 1, 5 and 15 minutes.
    pub load_average: Option<[Hundredths; 3]>,
}

/// Reads `uptime`.
///
/// # Errors
/// Output that is not one line with a time and a duration.
pub fn parse(output: &str) -> Result<Uptime, Unreadable> {
    only("uptime", output, |line| {
        let clock = line.split_whitespace().next()?.to_owned();
        Some(Uptime { clock, minutes: minutes(line)?, users: users(line), load_average: load(line) })
    })
}

fn users(line: &str) -> Option<u32> {
    line.split(',').find_map(|part| {
        let mut words = part.split_whitespace();
        let number = words.next()?.parse().ok()?;
        matches!(words.next(), Some("user" | "users")).then_some(number)
    })
}

fn load(line: &str) -> Option<[Hundredths; 3]> {
    let (_, loads) = line.split_once("load average:")?;
    let loads = loads.split(',').map(|load| load.trim().parse().ok()).collect::<Option<Vec<_>>>()?;
    loads.try_into().ok()
}

/// Whole minutes since the boot; none where the line cannot be read. AIX prints `up 8 mins`, `up 4:32`, `up 1 day,  2:05`,
/// `up 64 days, 4 hrs` (the last unconfirmed).
#[must_use]
pub fn minutes(line: &str) -> Option<u64> {
    let (_, rest) = line.split_once(" up ")?;
    let mut minutes: Option<u64> = None;
    for part in rest.split(',').map(str::trim) {
        let mut words = part.split_whitespace();
        let amount = words.next().unwrap_or_default();
        let (amount, unit, rest) = match (amount.split_once(':'), words.next()) {
            (Some((hours, rest)), None) => (hours, 60, rest.parse::<u8>().ok()?),
            (None, Some("day" | "days")) => (amount, 24 * 60, 0),
            (None, Some("hr" | "hrs" | "hour" | "hours")) => (amount, 60, 0),
            (None, Some("min" | "mins" | "minutes")) => (amount, 1, 0),
            _ => break,
        };
        let found = amount.parse::<u64>().ok()?.checked_mul(unit)?.checked_add(rest.into())?;
        minutes = Some(minutes.unwrap_or(0).checked_add(found)?);
    }
    minutes
}

/// Prints as `uptime` does.
#[must_use]
pub fn print(uptime: &Uptime) -> String {
    let Uptime { clock, minutes, users, load_average } = uptime;
    let plural = |count: u64| if count == 1 { "" } else { "s" };
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let mut out = format!("  {clock}   up");
    if days > 0 {
        out += &format!(" {days} day{},", plural(days));
    }
    out += &match (hours, minutes) {
        (0, minutes) => format!(" {minutes} min{}", plural(minutes)),
        (hours, minutes) if days > 0 => format!("{hours:>4}:{minutes:02}"),
        (hours, minutes) => format!(" {hours}:{minutes:02}"),
    };
    if let Some(users) = users {
        out += &format!(",  {users} user{}", plural((*users).into()));
    }
    if let Some([one, five, fifteen]) = load_average {
        out += &format!(",  load average: {one}, {five}, {fifteen}");
    }
    out + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use proptest::{option, prelude::*};

    fn any_uptime() -> impl Strategy<Value = Uptime> {
        let loads = any::<[u32; 3]>().prop_map(|loads| loads.map(Hundredths));
        ("(0[0-9]|1[0-2]):[0-5][0-9](AM|PM)", 0..10_000_000_u64, option::of(any::<u32>()), option::of(loads))
            .prop_map(|(clock, minutes, users, load_average)| Uptime { clock, minutes, users, load_average })
    }

    #[test]
    fn fixtures_print_as_they_were() {
        for name in ["days.constructed", "minutes.constructed"] {
            fixture::round_trip(&format!("uptime/{name}"), parse, print);
        }
        assert!(parse("").is_err() && parse("ksh: uptime: not found\n").is_err());
    }

    #[test]
    fn reads_minutes_hours_and_days() {
        let up = |text: &str| minutes(&format!("  02:41PM   up {text},  3 users,  load average: 0.45, 0.38, 0.31"));
        assert_eq!(up("8 mins"), Some(8));
        assert_eq!(up("4:32"), Some(272));
        assert_eq!(up("64 days,   4:32"), Some(64 * 1440 + 272));
        assert_eq!(up("1 day,  3 hrs"), Some(1440 + 180));
        assert_eq!(minutes("uptime: not found"), None);
        assert_eq!(minutes("x up 99999999999999999999 days"), None);
        assert_eq!(minutes(&format!("x up {} mins, 1 min", u64::MAX)), None);
        let long = parse("x up 4294967295 days, 48 hrs\n").unwrap();
        assert_eq!(parse(&print(&long)).unwrap(), long);
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(uptime in any_uptime()) {
            prop_assert_eq!(parse(&print(&uptime)).unwrap(), uptime);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC| up |,|:|1 day|99 users|load average:){0,40}") {
            let _ = parse(&text);
        }
    }
}
