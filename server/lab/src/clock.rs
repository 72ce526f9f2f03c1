//! The lab's time: real durations divided by the estate's speed.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970, UTC.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// How long a real duration takes at `speed`.
pub(crate) fn scaled(real: Duration, speed: u32) -> Duration {
    real / speed.max(1)
}

/// Waits until `at`; returns at once where that has passed. Pacing by deadlines, so that slow lines do not add up.
#[expect(clippy::disallowed_methods, reason = "a simulated command is a process of its own; nothing else runs in it")]
pub(crate) fn wait_until(at: Instant) {
    let left = at.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        std::thread::sleep(left);
    }
}
