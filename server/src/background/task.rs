//! How one background task does: its last success, its failures, its panics.

use std::{
    error::Error,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use time::OffsetDateTime;
use tokio::time::Instant;

/// Why a pass failed.
pub type Failure = Box<dyn Error + Send + Sync>;

/// A loop is overdue after so many of its periods without a success.
const PERIODS: u32 = 10;
/// The shortest time until a loop is overdue: a database that is busy for a moment makes no server unready.
const SOONEST: Duration = Duration::from_secs(15);

/// A background task.
#[derive(Debug)]
pub struct Task {
    name: &'static str,
    /// None for work on demand.
    period: Option<Duration>,
    health: Mutex<Health>,
}

#[derive(Debug, Clone)]
struct Health {
    /// Its last success, or its registration before the first one.
    success_at: Instant,
    success: OffsetDateTime,
    succeeded: bool,
    /// When the present pass began or last made progress.
    progress_at: Instant,
    failures: u64,
    panics: u64,
    /// What went wrong in the last pass.
    trouble: Option<Trouble>,
    /// The server stops.
    stopped: bool,
}

/// What went wrong in a pass. The log has the details: people who ask `/readyz` are not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It returned an error.
    Failed,
    /// It panicked.
    Panicked,
    /// It made no progress and was dropped.
    NoProgress,
    /// The loop's future was dropped although the server does not stop.
    Ended,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Failed => "its last pass failed",
            Self::Panicked => "its last pass panicked",
            Self::NoProgress => "its last pass made no progress",
            Self::Ended => "it has ended",
        })
    }
}

/// A task without a success for too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// Its name.
    pub name: &'static str,
    /// Its last success, or its registration where it had none.
    pub since: OffsetDateTime,
    /// What went wrong; none where its pass still goes on.
    pub trouble: Option<Trouble>,
}

/// The numbers of a task.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    pub(super) name: &'static str,
    pub(super) last_success: Option<OffsetDateTime>,
    pub(super) failures: u64,
    pub(super) panics: u64,
}

impl Task {
    /// A loop with this period.
    #[must_use]
    pub fn periodic(name: &'static str, period: Duration) -> Self {
        Self { period: Some(period), ..Self::on_demand(name) }
    }

    /// Work on demand: its failures and panics are counted, and it is never overdue.
    #[must_use]
    pub fn on_demand(name: &'static str) -> Self {
        let now = Instant::now();
        let health = Health {
            success_at: now,
            success: OffsetDateTime::now_utc(),
            succeeded: false,
            progress_at: now,
            failures: 0,
            panics: 0,
            trouble: None,
            stopped: false,
        };
        Self { name, period: None, health: Mutex::new(health) }
    }

    /// Its pass has ended well, or has made progress.
    pub fn succeeded(&self) {
        let mut health = self.health();
        let now = Instant::now();
        (health.success_at, health.progress_at) = (now, now);
        (health.success, health.succeeded, health.trouble) = (OffsetDateTime::now_utc(), true, None);
    }

    /// Its pass has failed; the log says why.
    pub fn failed(&self, why: &(dyn Error + 'static)) {
        tracing::warn!(task = self.name, error = why, "a background task failed; it will be tried again");
        let mut health = self.health();
        (health.failures, health.trouble) = (health.failures + 1, Some(Trouble::Failed));
    }

    /// Its pass has panicked; the log has the message.
    pub fn panicked(&self, message: &str) {
        tracing::error!(task = self.name, message, "a background task panicked; it will be tried again");
        let mut health = self.health();
        (health.panics, health.trouble) = (health.panics + 1, Some(Trouble::Panicked));
    }

    pub(super) fn made_no_progress(&self) {
        let seconds = self.patience().as_secs();
        tracing::warn!(task = self.name, seconds, "a background task made no progress; it will be tried again");
        let mut health = self.health();
        (health.failures, health.trouble) = (health.failures + 1, Some(Trouble::NoProgress));
    }

    /// What went wrong in its last pass; none after a success.
    pub(super) fn trouble(&self) -> Option<Trouble> {
        self.health().trouble
    }

    /// None where it does its work.
    #[must_use]
    pub fn overdue(&self) -> Option<Overdue> {
        self.period?;
        let health = self.health();
        let late = health.success_at.elapsed() > self.patience() || health.trouble == Some(Trouble::Ended);
        let overdue = Overdue { name: self.name, since: health.success, trouble: health.trouble };
        (late && !health.stopped).then_some(overdue)
    }

    pub(super) fn begins(&self) {
        self.health().progress_at = Instant::now();
    }

    /// Its loop is gone.
    pub(super) fn ended(&self, stopped: bool) {
        let mut health = self.health();
        health.stopped = stopped;
        if !stopped {
            health.trouble = Some(Trouble::Ended);
        }
    }

    pub(super) fn period(&self) -> Duration {
        self.period.unwrap_or_default()
    }

    /// How long it may be without a success.
    pub(super) fn patience(&self) -> Duration {
        (self.period() * PERIODS).max(SOONEST)
    }

    pub(super) fn progress_at(&self) -> Instant {
        self.health().progress_at
    }

    pub(super) fn counts(&self) -> Counts {
        let health = self.health();
        let last_success = health.succeeded.then_some(health.success);
        Counts { name: self.name, last_success, failures: health.failures, panics: health.panics }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
