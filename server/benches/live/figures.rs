//! What is printed.

use std::time::Duration;

/// A row: what, and what came out.
pub(crate) fn row(what: &str, value: &str) {
    println!("  {what:<52} {value}");
}

/// A row for a goal.
pub(crate) fn goal(what: &str, value: &str, met: bool) {
    println!("  {what:<52} {value:<28} {}", if met { "met" } else { "MISSED" });
}

/// Times in order, to be asked for their parts.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// Below this is such a part of them.
    pub(crate) fn part(&self, part: f64) -> Duration {
        let last = self.0.len().saturating_sub(1);
        // The nearest rank; the numbers are small.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a part of a length is a length")]
        let rank = (last as f64 * part).round() as usize;
        self.0.get(rank).copied().unwrap_or_default()
    }

    /// For a few that take seconds.
    pub(crate) fn seconds(&self) -> String {
        let s = |part| self.part(part).as_secs_f64();
        format!("min {:.2} s, median {:.2} s, max {:.2} s ({} rounds)", s(0.0), s(0.5), s(1.0), self.0.len())
    }

    pub(crate) fn text(&self) -> String {
        self.text_of("lines")
    }

    pub(crate) fn text_of(&self, what: &str) -> String {
        let ms = |part| self.part(part).as_secs_f64() * 1000.0;
        format!("p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms ({} {what})", ms(0.5), ms(0.99), ms(1.0), self.0.len())
    }
}
