//! How times of the week and points in time read. Pure.

use crate::model::{Day, Timestamp, WeeklyRange, Window};

/// To the minute: `2026-11-28 21:00`.
#[must_use]
pub(crate) fn minute(at: Timestamp) -> String {
    at.readable().chars().take("2026-11-28 21:00".len()).collect()
}

/// `every day`, `Mon–Fri`, `Tue, Sat–Sun`.
#[must_use]
pub(crate) fn days(days: &[Day]) -> String {
    let mut sorted = days.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    if sorted.len() == Day::ALL.len() {
        return "every day".to_owned();
    }
    let runs = sorted.chunk_by(|day, next| *next as u8 == *day as u8 + 1);
    let words = runs.map(|run| match run {
        [day] => day.short().to_owned(),
        [first, .., last] => format!("{}–{}", first.short(), last.short()),
        [] => String::new(),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// `Sat 22:00–04:00`.
#[must_use]
pub(crate) fn range(range: &WeeklyRange) -> String {
    format!("{} {}–{}", days(&range.days), range.from, range.to)
}

/// A window in one line of a list: `night · Sat 22:00–04:00 Europe/Berlin`.
#[must_use]
pub(crate) fn in_a_line(window: &Window) -> String {
    let ranges = window.ranges.iter().map(range).collect::<Vec<_>>().join(", ");
    format!("{} · {ranges} {}", window.name, window.time_zone)
}

/// Whether it is open, or when it will be.
#[must_use]
pub(crate) fn next(window: &Window) -> String {
    match window.opens_at {
        _ if window.open => "Open now.".to_owned(),
        Some(at) => format!("Closed now, opens {} UTC.", minute(at)),
        None => "It never opens.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_a_row_are_said_together() {
        assert_eq!(days(&[Day::Sat]), "Sat");
        assert_eq!(days(&[Day::Sun, Day::Sat, Day::Tue]), "Tue, Sat–Sun");
        assert_eq!(days(&Day::ALL[..5]), "Mon–Fri");
        assert_eq!(days(&Day::ALL), "every day");
    }

    #[test]
    fn a_window_fits_one_line() {
        let sat = WeeklyRange { days: vec![Day::Sat], from: "22:00".into(), to: "04:00".into() };
        let opens_at = Some(Timestamp::from_unix_millis(1_795_899_600_000));
        let mut window = Window {
            name: "night".parse().unwrap(),
            time_zone: "Europe/Berlin".into(),
            ranges: vec![sat],
            open: false,
            opens_at,
        };
        assert_eq!(in_a_line(&window), "night · Sat 22:00–04:00 Europe/Berlin");
        assert_eq!(next(&window), "Closed now, opens 2026-11-28 21:00 UTC.");
        window.open = true;
        assert_eq!(next(&window), "Open now.");
    }
}
