//! Processor work, away from the threads that answer.
//!
//! The async threads do everything else: they answer requests, renew leases and hear signals. Work that keeps one of them
//! busy for seconds stops all of that. So such work runs on blocking threads, and only so much of it at once.
//!
//! * A place belongs to the work, not to the request that asked for it: its permit moves into the closure. A permit that
//!   the request's future held would be free again as soon as the client hung up, while the work still ran; a client that
//!   asks and hangs up could then start any amount of it.
//! * The queue has an end. A request that finds it full is refused at once, with 429 and `Retry-After`.
//! * Work cannot be interrupted, so it must be short by itself: give it input of limited size, and take time linear in it.
//!   Long work is cut into pieces, and each piece waits for a place. The program does not wait for this work when it ends
//!   (`cli::main`).

use crate::error::{INTERNAL, TOO_BUSY};
use crate::places::Places;
use app::model::Problem;
use std::sync::LazyLock;
use std::thread::available_parallelism;
use std::time::Duration;

/// Jobs that may wait for a place of [`shared`].
const QUEUE: usize = 64;

/// Places for processor work, and a queue before them. Clones share both.
#[derive(Debug, Clone)]
pub struct Compute(Places<()>);

/// Why work was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ComputeError {
    /// The queue is full. Nothing was begun.
    #[error("too much work waits for a processor")]
    Busy,
    /// The work panicked.
    #[error("the work panicked")]
    Panicked,
    /// The program ends.
    #[error("the program ends")]
    Stopped,
}

impl From<ComputeError> for Problem {
    fn from(error: ComputeError) -> Self {
        match error {
            ComputeError::Busy => TOO_BUSY
                .problem("The server has more to work out than it can take in just now. Nothing was done; try again in a moment."),
            ComputeError::Panicked => {
                INTERNAL.problem("Something broke that should not; the server's log has the cause. Please report it.")
            }
            ComputeError::Stopped => TOO_BUSY.problem("The server is stopping. Nothing was done; try again in a moment."),
        }
    }
}

/// The places that all requests share: as many as there are processors.
pub fn shared() -> &'static Compute {
    static SHARED: LazyLock<Compute> = LazyLock::new(|| Compute::new(processors(), QUEUE));
    &SHARED
}

/// Processors of this machine that this program may use; 1 where that is not known.
#[must_use]
pub fn processors() -> usize {
    available_parallelism().map_or(1, usize::from)
}

impl Compute {
    /// So many jobs at once, and so many that may wait for them.
    #[must_use]
    pub fn new(places: usize, queue: usize) -> Self {
        Self(Places::new(places, queue, usize::MAX))
    }

    /// Waits for a place and does the work there. Cancel-safe: work that has not begun is never begun, and work that has
    /// begun keeps its place until its end.
    ///
    /// # Errors
    /// [`ComputeError`]; only after a panic was anything begun.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ComputeError> {
        let place = self.0.take((), Duration::MAX).await.ok_or(ComputeError::Busy)?;
        let span = tracing::Span::current();
        let done = tokio::task::spawn_blocking(move || {
            // Given back when the work is over, however it ends.
            let _place = place;
            span.in_scope(work)
        });
        done.await.map_err(|error| match error.try_into_panic() {
            Ok(panic) => {
                let message = panic
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| panic.downcast_ref::<&str>().copied());
                tracing::error!(message, "processor work panicked");
                ComputeError::Panicked
            }
            Err(_) => ComputeError::Stopped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use tokio::time::timeout;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn c2_work_keeps_its_place_when_its_request_is_dropped() {
        let compute = Compute::new(1, 1);
        let (started, has_started) = mpsc::sync_channel(1);
        let (release, released) = mpsc::sync_channel::<()>(1);
        let mut asked = Box::pin(compute.run(move || {
            started.send(()).unwrap();
            let _ = released.recv();
        }));
        // Polled until the work runs, then dropped, as a request whose client hangs up is.
        assert!(futures::poll!(&mut asked).is_pending());
        tokio::task::spawn_blocking(move || has_started.recv_timeout(PATIENCE).unwrap()).await.unwrap();
        drop(asked);
        assert_eq!(compute.0.users(&()), 1);
        // One may wait; the next is refused.
        let waits = tokio::spawn({
            let compute = compute.clone();
            async move { compute.run(|| 7).await }
        });
        while compute.0.users(&()) < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(compute.run(|| 8).await, Err(ComputeError::Busy));
        release.send(()).unwrap();
        assert_eq!(timeout(PATIENCE, waits).await.unwrap().unwrap(), Ok(7));
        assert_eq!(compute.run(|| 9).await, Ok(9));
    }

    #[tokio::test]
    async fn c2_a_panic_gives_its_place_back() {
        let compute = Compute::new(1, 0);
        let panicked = compute.run(|| -> u8 { panic!("on purpose") }).await;
        assert_eq!(panicked, Err(ComputeError::Panicked));
        assert_eq!(compute.run(|| 1).await, Ok(1));
    }

    #[tokio::test]
    async fn c2_work_that_waits_and_is_dropped_is_never_begun() {
        let compute = Compute::new(0, 1);
        let mut asked = Box::pin(compute.run(|| unreachable!("it was given up")));
        assert!(futures::poll!(&mut asked).is_pending());
        drop(asked);
        assert_eq!(compute.0.users(&()), 0);
    }
}
