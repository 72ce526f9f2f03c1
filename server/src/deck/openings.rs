//! When a maintenance window is open next. Pure.
//!
//! Found by asking [`Calendar`], minute by minute, the very question the scheduler asks: a timetable reckoned in another way would be
//! wrong on the nights the clocks change, and nobody would notice before one of them.

use crate::engine::calendar::Calendar;
use app::model::{Day, Opening, Window};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use time::{Duration, OffsetDateTime};

/// A week and a day: what does not end within it never does.
const MINUTES: i64 = 8 * 24 * 60;

/// The next `count` openings, the present one first where there is one.
pub(super) fn openings(window: &Window, now: OffsetDateTime, count: usize) -> Vec<Opening> {
    let (Ok(calendar), Ok(zone)) = (Calendar::read(window), TimeZone::get(&window.time_zone)) else {
        return Vec::new();
    };
    let mut openings = Vec::new();
    let mut at = whole_minute(now);
    while openings.len() < count
        && let Some(open) = calendar.next_open(at)
    {
        let from = if open == at { opened(&calendar, at) } else { open };
        let until = closes(&calendar, open);
        openings.push(Opening {
            window: window.name.clone(),
            from: from.into(),
            until: until.map(Into::into),
            local: local(&zone, from, until),
        });
        match until {
            Some(until) => at = until,
            None => break,
        }
    }
    openings
}

fn whole_minute(at: OffsetDateTime) -> OffsetDateTime {
    at - Duration::seconds(at.unix_timestamp().rem_euclid(60)) - Duration::nanoseconds(at.nanosecond().into())
}

/// The minute it was opened, of a window that is open.
fn opened(calendar: &Calendar, at: OffsetDateTime) -> OffsetDateTime {
    let before = (1..=MINUTES).map(|minutes| at - Duration::minutes(minutes));
    before.take_while(|at| calendar.is_open(*at)).last().unwrap_or(at)
}

/// The first minute in which it is closed again.
fn closes(calendar: &Calendar, at: OffsetDateTime) -> Option<OffsetDateTime> {
    (1..=MINUTES).map(|minutes| at + Duration::minutes(minutes)).find(|at| !calendar.is_open(*at))
}

/// `Sat 2026-11-28 22:00 to Sun 04:00 CET`.
fn local(zone: &TimeZone, from: OffsetDateTime, until: Option<OffsetDateTime>) -> String {
    let instant = |at: OffsetDateTime| Timestamp::from_second(at.unix_timestamp()).ok();
    let Some(until) = until.and_then(instant) else { return "always".to_owned() };
    let Some(from) = instant(from).map(|from| zone.to_datetime(from)) else { return String::new() };
    let end = zone.to_datetime(until);
    let day = if end.date() == from.date() { String::new() } else { format!("{} ", weekday(end)) };
    let offset = zone.to_offset_info(until);
    let (date, start, end) = (from.date(), clock(from), clock(end));
    format!("{} {date} {start} to {day}{end} {}", weekday(from), offset.abbreviation())
}

fn weekday(at: DateTime) -> &'static str {
    Day::ALL[usize::from(at.weekday().to_monday_zero_offset().unsigned_abs())].short()
}

fn clock(at: DateTime) -> String {
    format!("{:02}:{:02}", at.hour(), at.minute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::model::WeeklyRange;
    use time::macros::datetime;

    fn window(zone: &str, days: &[Day], from: &str, to: &str) -> Window {
        let range = WeeklyRange { days: days.to_vec(), from: from.to_owned(), to: to.to_owned() };
        let name = "night".parse().unwrap();
        Window { name, time_zone: zone.to_owned(), ranges: vec![range], open: false, opens_at: None }
    }

    fn locals(window: &Window, now: OffsetDateTime) -> Vec<String> {
        openings(window, now, 3).into_iter().map(|opening| opening.local).collect()
    }

    #[test]
    fn the_present_opening_comes_first_and_whole() {
        let night = window("Europe/Berlin", &[Day::Sat], "22:00", "04:00");
        // 2026-11-28 is a Saturday; Berlin is at UTC+1 then.
        let inside = openings(&night, datetime!(2026-11-29 01:30:12.5 UTC), 2);
        assert_eq!(inside[0].from, datetime!(2026-11-28 21:00 UTC).into());
        assert_eq!(inside[0].until, Some(datetime!(2026-11-29 03:00 UTC).into()));
        assert_eq!(inside[0].local, "Sat 2026-11-28 22:00 to Sun 04:00 CET");
        assert_eq!(inside[1].local, "Sat 2026-12-05 22:00 to Sun 04:00 CET");
        let before = locals(&night, datetime!(2026-11-28 20:59 UTC));
        assert_eq!(before[0], "Sat 2026-11-28 22:00 to Sun 04:00 CET");
    }

    #[test]
    fn the_clocks_change_and_the_wall_clock_stays() {
        let early = window("Europe/Berlin", &[Day::Sun], "01:00", "05:00");
        let openings = openings(&early, datetime!(2026-03-27 12:00 UTC), 2);
        let hours = |n: usize| {
            let (from, until): (OffsetDateTime, OffsetDateTime) =
                (openings[n].from.into(), openings[n].until.unwrap().into());
            (until - from).whole_hours()
        };
        assert_eq!((hours(0), hours(1)), (3, 4), "an hour is missing in the night of the change");
        assert_eq!(openings[0].local, "Sun 2026-03-29 01:00 to 05:00 CEST");
    }

    #[test]
    fn nights_that_touch_are_one_opening_and_what_never_closes_is_said_to() {
        let touching = window("UTC", &[Day::Mon, Day::Tue], "00:00", "24:00");
        let next = locals(&touching, datetime!(2026-11-28 12:00 UTC));
        assert_eq!(next[0], "Mon 2026-11-30 00:00 to Wed 00:00 UTC");
        assert_eq!(locals(&window("UTC", &Day::ALL, "00:00", "24:00"), datetime!(2026-11-28 12:00 UTC)), ["always"]);
    }
}
