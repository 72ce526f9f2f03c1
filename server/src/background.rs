//! The background loops of this process: one driver runs them all, and knows how each of them does.
//!
//! Guaranteed: a loop never ends before the server stops. A panic of one pass is caught, logged and counted. A pass that fails or makes
//! no progress is dropped and started again, after a pause that grows. The driver remembers when each loop last succeeded, and `/readyz`
//! fails while one of them does not. A plain `tokio::spawn` guarantees none of this: nobody sees its panic, and a server whose scheduler
//! is gone still looks healthy.
//!
//! Work on demand (a worker of a migration, a launch of a campaign) has no period, so it is never overdue. [`Workers`] runs it: one task
//! a key, so that a master or a migration that hangs delays only itself.

mod metrics;
mod task;
mod workers;

pub use metrics::metrics;
pub use task::{Failure, Overdue, Task, Trouble};
pub use workers::Workers;

use futures::FutureExt as _;
use std::{
    any::Any,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How long a pass may go on after the stop, to finish what it writes.
const GRACE: Duration = Duration::from_secs(3);
/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause after a panic: the same input will most likely cause the same panic.
const LONGEST_PAUSE_AFTER_PANIC: Duration = Duration::from_secs(30);

/// All background tasks of this process.
#[derive(Debug, Default)]
pub struct Background {
    tasks: Mutex<Vec<Arc<Task>>>,
    running: TaskTracker,
}

/// Name and period of a loop.
#[derive(Debug, Clone)]
pub struct Every {
    /// Its name in logs, metrics and `/readyz`.
    pub name: &'static str,
    /// From the end of one pass to the beginning of the next.
    pub period: Duration,
    /// Starts the next pass at once.
    pub wake: Option<Arc<Notify>>,
}

impl Every {
    /// A loop that only its period starts.
    #[must_use]
    pub fn new(name: &'static str, period: Duration) -> Self {
        Self { name, period, wake: None }
    }

    /// The same, with a signal that starts the next pass at once.
    #[must_use]
    pub fn or_when(self, wake: Arc<Notify>) -> Self {
        Self { wake: Some(wake), ..self }
    }
}

impl Background {
    /// No tasks yet.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Repeats `pass` until `stop`. The pass must be cancel-safe: it is dropped where it makes no progress, or does not end soon after
    /// `stop`.
    pub fn repeat<F, P>(&self, every: Every, stop: CancellationToken, pass: P) -> Arc<Task>
    where
        P: FnMut() -> F + Send + 'static,
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let task = Arc::new(Task::periodic(every.name, every.period));
        self.repeat_as(task.clone(), every.wake, stop, pass);
        task
    }

    /// The same for a pass that reports its own progress ([`Task::succeeded`]), and so needs its task.
    pub fn repeat_as<F, P>(&self, task: Arc<Task>, wake: Option<Arc<Notify>>, stop: CancellationToken, pass: P)
    where
        P: FnMut() -> F + Send + 'static,
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.register(task.clone());
        self.running.spawn(drive(task, wake, stop, pass));
    }

    /// Shows a task in `/readyz` and `/metrics`.
    pub fn register(&self, task: Arc<Task>) {
        self.tasks().push(task);
    }

    /// The tasks without a success for too long.
    #[must_use]
    pub fn overdue(&self) -> Vec<Overdue> {
        self.tasks().iter().filter_map(|task| task.overdue()).collect()
    }

    /// Waits for the end of all loops. Call it after their stop.
    pub async fn wait(&self) {
        self.running.close();
        self.running.wait().await;
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<Arc<Task>>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks a loop as ended when its future is dropped, whether it was stopped or not.
struct Ends<'a>(&'a Task, &'a CancellationToken);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.ended(self.1.is_cancelled());
    }
}

async fn drive<F, P>(task: Arc<Task>, wake: Option<Arc<Notify>>, stop: CancellationToken, mut pass: P)
where
    P: FnMut() -> F + Send,
    F: Future<Output = Result<(), Failure>> + Send,
{
    let _ends = Ends(&task, &stop);
    let stopped = async {
        stop.cancelled().await;
        sleep(GRACE).await;
    };
    let mut stopped = std::pin::pin!(stopped);
    let mut failures_in_a_row = 0_u32;
    while !stop.is_cancelled() {
        task.begins();
        tokio::select! {
            outcome = caught(async { pass().await }) => match outcome {
                Ok(Ok(())) => task.succeeded(),
                Ok(Err(why)) => task.failed(&*why),
                Err(message) => task.panicked(&message),
            },
            () = no_progress(&task) => task.made_no_progress(),
            () = &mut stopped => return,
        }
        let next = async {
            if let Some(trouble) = task.trouble() {
                // No signal shortens this pause: a pass that fails at once would otherwise fail a thousand times a second.
                sleep(pause(trouble, failures_in_a_row, task.period())).await;
                failures_in_a_row += 1;
            } else {
                failures_in_a_row = 0;
                tokio::select! {
                    () = woken(wake.as_deref()) => {}
                    () = sleep(task.period()) => {}
                }
            }
        };
        if stop.run_until_cancelled(next).await.is_none() {
            return;
        }
    }
}

/// The pause after a pass that failed: a second or the period at first, then twice as long each time.
fn pause(trouble: Trouble, failures_before: u32, period: Duration) -> Duration {
    let longest = if trouble == Trouble::Panicked { LONGEST_PAUSE_AFTER_PANIC } else { LONGEST_PAUSE.max(period) };
    period.min(Duration::from_secs(1)).saturating_mul(1 << failures_before.min(10)).min(longest)
}

async fn woken(wake: Option<&Notify>) {
    match wake {
        Some(wake) => wake.notified().await,
        None => std::future::pending().await,
    }
}

/// Comes back once the pass has made no progress for as long as the task's patience.
async fn no_progress(task: &Task) {
    loop {
        let end = task.progress_at() + task.patience();
        if Instant::now() >= end {
            return;
        }
        sleep_until(end).await;
    }
}

/// The result of a future, or the message of its panic.
///
/// # Errors
/// The message.
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, String> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| message(&*panic))
}

/// What a panic said.
#[must_use]
pub fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it said nothing").to_owned()
}

#[cfg(test)]
mod tests;
