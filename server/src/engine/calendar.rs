//! Whether a maintenance window is open. Pure.
//!
//! Windows are in wall-clock time: "Saturday 22:00" stays that when the clocks change, which a fixed distance from UTC does not. The time
//! zone database is in the program, because servers rarely have a current one.

use app::model::{Day, WeeklyRange, Window};
use jiff::{
    Timestamp, ToSpan,
    civil::{Time, Weekday},
    tz::TimeZone,
};
use time::OffsetDateTime;

/// Ranges of a window at most.
const RANGES: usize = 100;

/// A window that was read.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    ranges: Vec<Range>,
}

#[derive(Debug, Clone)]
struct Range {
    days: Vec<Day>,
    from: Time,
    to: Time,
}

/// A window that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadWindow {
    /// No such zone.
    #[error("{0:?} is no time zone; give an IANA name such as Europe/Berlin, or UTC")]
    Zone(String),
    /// No times.
    #[error("give at least one range with at least one day")]
    Empty,
    /// A time that is none.
    #[error("{0:?} is no time of day; write it as 22:00")]
    Time(String),
    /// More ranges, or more days of one, than any week needs. Every minute of a week is judged by all of them.
    #[error("give at most {RANGES} ranges, each with every day once at most")]
    Many,
    /// It begins and ends at the same time.
    #[error("a range from {0} to {0} is empty; for a whole day write 00:00 to 24:00")]
    Nothing(String),
}

impl Calendar {
    /// Reads a window.
    ///
    /// # Errors
    /// [`BadWindow`].
    pub fn read(window: &Window) -> Result<Self, BadWindow> {
        let zone = TimeZone::get(&window.time_zone).map_err(|_| BadWindow::Zone(window.time_zone.clone()))?;
        if window.ranges.len() > RANGES || window.ranges.iter().any(|range| range.days.len() > Day::ALL.len()) {
            return Err(BadWindow::Many);
        }
        let ranges = window.ranges.iter().map(Range::read).collect::<Result<Vec<_>, _>>()?;
        if ranges.is_empty() { Err(BadWindow::Empty) } else { Ok(Self { zone, ranges }) }
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self, at: OffsetDateTime) -> bool {
        let Ok(at) = instant(at) else { return false };
        let local = self.zone.to_datetime(at);
        let (today, time) = (day(local.weekday()), local.time());
        let yesterday = day(local.weekday().previous());
        self.ranges.iter().any(|range| {
            let begun = range.days.contains(&today) && range.from <= time;
            if range.over_midnight() {
                begun || (range.days.contains(&yesterday) && time < range.to)
            } else {
                begun && time < range.to
            }
        })
    }

    /// When it opens next; `at` itself where it is open. None where it never does.
    #[must_use]
    pub fn next_open(&self, at: OffsetDateTime) -> Option<OffsetDateTime> {
        if self.is_open(at) {
            return Some(at);
        }
        let now = instant(at).ok()?;
        let date = self.zone.to_datetime(now).date();
        let starts = (0..8).flat_map(|ahead| {
            let date = date.checked_add(ahead.days()).ok();
            self.ranges.iter().filter_map(move |range| {
                let date = date.filter(|date| range.days.contains(&day(date.weekday())))?;
                self.zone.to_timestamp(date.to_datetime(range.from)).ok()
            })
        });
        let next = starts.filter(|start| *start > now).min()?;
        OffsetDateTime::from_unix_timestamp(next.as_second()).ok()
    }
}

impl Range {
    fn read(range: &WeeklyRange) -> Result<Self, BadWindow> {
        if range.days.is_empty() {
            return Err(BadWindow::Empty);
        }
        let (from, to) = (clock(&range.from)?, clock(&range.to)?);
        if from == to && range.to != "24:00" {
            return Err(BadWindow::Nothing(range.from.clone()));
        }
        Ok(Self { days: range.days.clone(), from, to })
    }

    fn over_midnight(&self) -> bool {
        self.to <= self.from
    }
}

/// `22:00`; `24:00` is the midnight that ends a day.
fn clock(text: &str) -> Result<Time, BadWindow> {
    let bad = || BadWindow::Time(text.to_owned());
    let (hour, minute) = text.split_once(':').filter(|(h, m)| h.len() == 2 && m.len() == 2).ok_or_else(bad)?;
    match (hour.parse::<i8>(), minute.parse::<i8>()) {
        (Ok(24), Ok(0)) => Ok(Time::midnight()),
        (Ok(hour), Ok(minute)) => Time::new(hour, minute, 0, 0).map_err(|_| bad()),
        _ => Err(bad()),
    }
}

fn instant(at: OffsetDateTime) -> Result<Timestamp, jiff::Error> {
    Timestamp::from_second(at.unix_timestamp())
}

fn day(weekday: Weekday) -> Day {
    Day::ALL[usize::from(weekday.to_monday_zero_offset().unsigned_abs())]
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    pub(in crate::engine) fn window(zone: &str, ranges: &[(&[Day], &str, &str)]) -> Result<Calendar, BadWindow> {
        let ranges = ranges.iter().map(|(days, from, to)| WeeklyRange {
            days: days.to_vec(),
            from: (*from).to_owned(),
            to: (*to).to_owned(),
        });
        Calendar::read(&Window {
            name: "w".parse().unwrap(),
            time_zone: zone.to_owned(),
            ranges: ranges.collect(),
            open: false,
            opens_at: None,
        })
    }

    #[test]
    fn a_night_belongs_to_the_day_it_begins_on() {
        let saturday_night = window("Europe/Berlin", &[(&[Day::Sat], "22:00", "04:00")]).unwrap();
        // 2026-11-28 is a Saturday; Berlin is at UTC+1 then.
        assert!(!saturday_night.is_open(datetime!(2026-11-28 20:59 UTC)));
        assert!(saturday_night.is_open(datetime!(2026-11-28 21:00 UTC)));
        assert!(saturday_night.is_open(datetime!(2026-11-29 02:59 UTC)));
        assert!(!saturday_night.is_open(datetime!(2026-11-29 03:00 UTC)));
        assert!(!saturday_night.is_open(datetime!(2026-11-28 01:00 UTC)), "the night before");
        assert_eq!(saturday_night.next_open(datetime!(2026-11-29 03:00 UTC)), Some(datetime!(2026-12-05 21:00 UTC)));
    }

    #[test]
    fn a_range_within_a_day_ends_with_its_last_moment() {
        let lunch = window("UTC", &[(&[Day::Sat], "12:00", "13:00")]).unwrap();
        assert!(lunch.is_open(datetime!(2026-11-28 12:59:59 UTC)));
        assert!(!lunch.is_open(datetime!(2026-11-28 13:00 UTC)));
    }

    #[test]
    fn wall_clock_time_stays_when_the_clocks_change() {
        let six = window("Europe/Berlin", &[(&Day::ALL, "06:00", "07:00")]).unwrap();
        assert!(six.is_open(datetime!(2026-07-01 04:30 UTC)), "summer");
        assert!(six.is_open(datetime!(2026-12-01 05:30 UTC)), "winter");
        // 02:30 does not exist on the night of the change in spring: the window opens when it would have.
        let gap = window("Europe/Berlin", &[(&[Day::Sun], "02:30", "04:00")]).unwrap();
        assert_eq!(gap.next_open(datetime!(2026-03-28 12:00 UTC)), Some(datetime!(2026-03-29 01:30 UTC)));
    }

    #[test]
    fn what_cannot_be_a_window_is_named() {
        let says = |zone: &str, from: &str, to: &str| window(zone, &[(&[Day::Mon], from, to)]).unwrap_err().to_string();
        assert!(says("Mars/Base", "22:00", "23:00").contains("Mars/Base"));
        assert!(says("UTC", "25:00", "23:00").contains("25:00"));
        assert!(says("UTC", "9:00", "23:00").contains("22:00"), "says how it is written");
        assert!(says("UTC", "09:00", "09:00").contains("24:00"));
        assert_eq!(window("UTC", &[]).unwrap_err(), BadWindow::Empty);
        let night: (&[Day], _, _) = (&[Day::Mon], "22:00", "23:00");
        assert_eq!(window("UTC", &vec![night; RANGES + 1]).unwrap_err(), BadWindow::Many);
        assert_eq!(window("UTC", &[(&[Day::Mon; 8], "22:00", "23:00")]).unwrap_err(), BadWindow::Many);
        assert!(window("UTC", &[(&[Day::Mon], "00:00", "24:00")]).is_ok());
    }

    proptest! {
        /// The next opening is open, not in the past, and nothing before it is.
        #[test]
        fn the_next_opening_is_the_first(hours in 0_i64..24 * 400, from in 0_u8..24, length in 1_u8..24, day in 0_usize..7) {
            let to = (from + length) % 24;
            let calendar = window("America/New_York", &[(&[Day::ALL[day]], &format!("{from:02}:00"), &format!("{to:02}:00"))]).unwrap();
            let at = datetime!(2026-01-01 0:15 UTC) + time::Duration::hours(hours);
            let next = calendar.next_open(at).unwrap();
            prop_assert!(next >= at && calendar.is_open(next));
            let mut before = at;
            while before < next {
                prop_assert!(!calendar.is_open(before), "open at {before}, before {next}");
                before += time::Duration::hours(1);
            }
        }
    }
}
