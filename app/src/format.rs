//! How values read on a page. Pure: the same text on the server and in the browser, so hydration finds what was rendered.

use crate::model::{Basis, Eta, Migration, PhaseState, State, Timestamp};
use aix::Phase;

/// MiB as people read disk sizes: `512 MiB`, `34.2 GiB`.
#[must_use]
pub(crate) fn mib(size: u64) -> String {
    if size < 1024 {
        return format!("{size} MiB");
    }
    let tenths = size * 10 / 1024;
    match (tenths / 10, tenths % 10) {
        (whole, 0) => format!("{whole} GiB"),
        (whole, tenth) => format!("{whole}.{tenth} GiB"),
    }
}

/// Bytes as people read the size of a file: `913 bytes`, `681 kB`, `84 MB`, `1.1 GB`.
#[must_use]
pub(crate) fn bytes(size: u64) -> String {
    match size {
        0..1_000 => counted(size, "bytes"),
        1_000..1_000_000 => format!("{} kB", size / 1_000),
        1_000_000..1_000_000_000 => format!("{} MB", size / 1_000_000),
        _ => format!("{}.{} GB", size / 1_000_000_000, size / 100_000_000 % 10),
    }
}

/// So many of a kind that is named in the plural: `1 line`, `12 lines`.
#[must_use]
pub(crate) fn counted(count: u64, plural: &str) -> String {
    match plural.strip_suffix('s') {
        Some(singular) if count == 1 => format!("1 {singular}"),
        _ => format!("{count} {plural}"),
    }
}

/// Milliseconds as people read how long something took: `4 s`, `12 min 03 s`, `2 h 05 min`.
#[must_use]
pub(crate) fn duration(millis: i64) -> String {
    let seconds = (millis / 1000).max(0);
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

/// From one point to another, or to now while it lasts; none where that cannot be said.
#[must_use]
pub(crate) fn elapsed(from: Option<Timestamp>, to: Option<Timestamp>, now: Option<i64>) -> Option<String> {
    let from = from?.unix_millis();
    let to = to.map(Timestamp::unix_millis).or(now)?;
    Some(duration(to - from))
}

/// Only the time of day, `21:57:48`.
#[must_use]
pub(crate) fn time_of_day(at: Timestamp) -> String {
    at.readable().split_once(' ').map_or_else(String::new, |(_, time)| time.to_owned())
}

/// The time of day to the minute, `21:57`.
#[must_use]
pub(crate) fn to_the_minute(at: Timestamp) -> String {
    time_of_day(at).chars().take(5).collect()
}

/// When a run should end, in a sentence: `Done at about 14:32 (p90 15:10), from 12 similar runs`. What was said for a moment that
/// has passed since is not said again.
#[must_use]
pub(crate) fn expected(eta: &Eta, now: Option<i64>) -> String {
    let basis = match eta.basis {
        Basis::History => format!("from {}", counted(eta.runs.into(), "similar runs")),
        Basis::Shares => "by what phases typically take".to_owned(),
    };
    let [p50, p90] = [eta.p50, eta.p90].map(to_the_minute);
    match now {
        Some(now) if now > eta.p50.unix_millis() => format!("Done soon (p90 {p90}), {basis}"),
        _ => format!("Done at about {p50} (p90 {p90}), {basis}"),
    }
}

/// `7300-03` or a full level, as people say it: `7.3 TL3`; what is no level stays as it is.
#[must_use]
pub(crate) fn level(text: &str) -> String {
    let full = text.parse::<aix::Level>();
    match full {
        Ok(level) if level.sp == 0 => format!("{} TL{}", level.version_release(), level.tl),
        Ok(level) => level.spoken(),
        Err(_) => text.to_owned(),
    }
}

/// The phase a migration is in, or failed in.
#[must_use]
pub(crate) fn current_phase(migration: &Migration) -> Option<Phase> {
    migration.failed_phase.or_else(|| {
        let entered = |state| matches!(state, PhaseState::Running | PhaseState::Done | PhaseState::Failed);
        migration.phases.iter().rev().find(|phase| entered(phase.state)).map(|phase| phase.number)
    })
}

/// The sign before the title of a tab: what the state is without reading it.
#[must_use]
pub(crate) fn sign(state: State) -> &'static str {
    match state {
        State::Completed | State::Verified | State::Finalised | State::RolledBack => "✓",
        State::FailedClean | State::FailedDebris | State::VerificationFailed => "✗",
        State::ContactLost => "?",
        State::CloneReady | State::Awake | State::AwaitingApproval => "‖",
        state if state.is_live() => "▶",
        _ => "·",
    }
}

/// The title of a migration's tab: `▶ 6/12 lpar71`.
#[must_use]
pub(crate) fn tab_title(migration: &Migration) -> String {
    let state = migration.state;
    match current_phase(migration) {
        Some(phase) if matches!(state, State::Running | State::ContactLost) => {
            format!("{} {phase}/{} {} – nimdeck", sign(state), Phase::COUNT, migration.subject)
        }
        _ => format!("{} {} {} – nimdeck", sign(state), migration.subject, state.title().to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_read_as_people_say_them() {
        assert_eq!(mib(512), "512 MiB");
        assert_eq!(mib(35_000), "34.1 GiB");
        assert_eq!(mib(102_400), "100 GiB");
        assert_eq!(duration(-5), "0 s");
        assert_eq!(duration(723_000), "12 min 03 s");
        assert_eq!(duration(7_500_000), "2 h 05 min");
    }

    #[test]
    fn files_and_counts_read_as_people_say_them() {
        let sizes = [0, 1, 999, 681_234, 84_000_000, 1_190_000_000].map(bytes);
        assert_eq!(sizes, ["0 bytes", "1 byte", "999 bytes", "681 kB", "84 MB", "1.1 GB"]);
        assert_eq!(counted(1, "errors"), "1 error");
        assert_eq!(counted(2, "errors"), "2 errors");
    }

    #[test]
    fn a_duration_needs_a_start_and_an_end_or_a_clock() {
        let at = |millis| Some(Timestamp::from_unix_millis(millis));
        assert_eq!(elapsed(None, at(5_000), Some(9_000)), None);
        assert_eq!(elapsed(at(1_000), None, None), None);
        assert_eq!(elapsed(at(1_000), None, Some(5_000)).as_deref(), Some("4 s"));
        assert_eq!(elapsed(at(1_000), at(3_000), Some(5_000)).as_deref(), Some("2 s"));
    }

    #[test]
    fn the_expected_end_is_a_sentence_that_says_what_it_rests_on() {
        let at = |minutes: i64| Timestamp::from_unix_millis(minutes * 60_000);
        let mut eta =
            Eta { p50: at(14 * 60 + 32), p90: at(15 * 60 + 10), basis: Basis::History, runs: 12, alike: None };
        assert_eq!(expected(&eta, None), "Done at about 14:32 (p90 15:10), from 12 similar runs");
        assert_eq!(expected(&eta, Some(15 * 3_600_000)), "Done soon (p90 15:10), from 12 similar runs");
        (eta.basis, eta.runs) = (Basis::Shares, 0);
        assert!(expected(&eta, Some(0)).ends_with("by what phases typically take"));
    }

    #[test]
    fn levels_are_spoken_and_other_words_kept() {
        assert_eq!(level("7300-03"), "7.3 TL3");
        assert_eq!(level("7300-03-01-2520"), "7.3 TL3 SP1");
        assert_eq!(level("unknown"), "unknown");
    }
}
