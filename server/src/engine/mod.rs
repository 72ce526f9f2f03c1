//! The phase engine: decides, and carries out.
//!
//! [`machine`] decides and is pure. [`run`] carries out: for a migration it holds the lease of, it does the work that the
//! migration's state asks for, and nothing else. No step is remembered outside the database, so a server that takes over
//! does not continue somebody's plan; it looks at the state, asks the hosts what is true, and goes on from there.
//!
//! Wake-ups are hints. What there is to do is found by asking the database, again and again: a lost hint costs a second,
//! a lost fact would cost a migration.

pub mod calendar;
pub mod campaign;
mod campaigns;
pub mod disks;
pub mod ending;
pub mod eta;
pub mod fact;
pub mod host;
pub mod identify;
pub mod interlock;
pub mod inventory;
mod keeper;
pub mod launch;
mod listing;
pub mod look;
pub mod machine;
pub mod masters;
pub mod old_logs;
pub(crate) mod patrol;
pub mod places;
pub mod preflight;
pub mod readings;
pub mod reboot;
pub mod run;
pub mod safe;
pub mod schedule;
mod scheduler;
mod steps;
pub mod turns;
pub mod verify;

use crate::{
    logs::bus::Bus,
    store::{self, fence, history::History},
};
use keeper::Keeper;
use masters::Masters;
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Notify, time::Instant};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// How long things may take.
#[derive(Debug, Clone)]
pub struct Timing {
    /// A lease's length. Renewed at a third of it; at 0.8 of it without renewal its holder stops.
    pub lease: Duration,
    /// Between two looks for work.
    pub scan: Duration,
    /// Between two looks at a client that reboots.
    pub client_poll: Duration,
    /// How long a client may stay away after a reboot. First boots are slow (nimadm.md §5.1).
    pub reboot_patience: Duration,
    /// After this long without any sign of a reboot, shutdown is sent once more.
    pub reboot_resend: Duration,
    /// Longest pause before a host is tried again.
    pub retry: Duration,
    /// How long nimadm may take to tidy up after SIGTERM before it is killed.
    pub grace: Duration,
    /// Leases of one migration that may run out within an hour and one state; one more, and it is parked.
    pub takeovers: i32,
    /// Between two looks at a migration that is watched over, and at one of the lab's.
    pub interlock_poll: Duration,
    /// The lab's migrations take minutes.
    pub interlock_poll_simulated: Duration,
    /// Minutes without a new line after which a log is called silent.
    pub silent_minutes: u32,
    /// What is too long for a clone, and for a way back.
    pub limits: interlock::Limits,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(6),
            scan: Duration::from_secs(1),
            client_poll: Duration::from_secs(2),
            reboot_patience: Duration::from_secs(3600),
            reboot_resend: Duration::from_secs(600),
            retry: Duration::from_secs(15),
            grace: Duration::from_secs(20),
            takeovers: 10,
            interlock_poll: Duration::from_secs(60),
            interlock_poll_simulated: Duration::from_secs(5),
            silent_minutes: 15,
            limits: interlock::Limits {
                clone_max_age: Duration::from_secs(14 * 24 * 3600),
                rollback_window: Duration::from_secs(14 * 24 * 3600),
            },
        }
    }
}

/// The engine of this process.
pub struct Engine {
    pool: PgPool,
    bus: Arc<Bus>,
    masters: Masters,
    timing: Timing,
    history: History,
    /// New at each start: a process that is draining must not be taken for the one that replaces it.
    owner: Uuid,
    wake: Notify,
    keeper: Arc<Keeper>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Engine {
    /// Starts looking for work.
    #[must_use]
    pub fn start(pool: PgPool, bus: Arc<Bus>, masters: Masters, timing: Timing) -> Arc<Self> {
        let engine = Arc::new(Self {
            pool,
            bus,
            masters,
            timing,
            history: History::default(),
            owner: Uuid::now_v7(),
            wake: Notify::new(),
            keeper: Arc::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        });
        engine.tasks.spawn(engine.clone().scan());
        let campaigning = engine.clone();
        engine.tasks.spawn(async move {
            campaigning.stop.run_until_cancelled(campaigning.run_campaigns()).await.unwrap_or_default();
        });
        // It stops with the runs: what is left to them is to give their leases back.
        let keeping = engine.clone();
        engine
            .tasks
            .spawn(async move { keeping.stop.run_until_cancelled(keeping.keep_leases()).await.unwrap_or_default() });
        let looking = engine.clone();
        engine
            .tasks
            .spawn(async move { looking.stop.run_until_cancelled(looking.look_at_caches()).await.unwrap_or_default() });
        engine.tasks.spawn(engine.clone().patrol());
        engine
    }

    /// There is work now: look at once.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Stops: every run gives its lease back, so that another server goes on without waiting. nimadm is not disturbed.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Claims everything that has work and no living worker, and works on it.
    async fn claim_all(self: &Arc<Self>) -> Result<(), sqlx::Error> {
        while !self.stop.is_cancelled() {
            let asked = Instant::now();
            let mut tx = store::begin(&self.pool).await?;
            let claimed = fence::claim(&mut tx, self.owner, self.timing.lease).await?;
            tx.commit().await?;
            let Some(fence) = claimed else { break };
            self.tasks.spawn(run::Run::new(self.clone(), fence, asked).carry_out());
        }
        Ok(())
    }

    async fn scan(self: Arc<Self>) {
        while !self.stop.is_cancelled() {
            if let Err(error) = self.schedule().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "no turn can be given");
            }
            if let Err(error) = self.claim_all().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "no work can be claimed");
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = tokio::time::sleep(self.timing.scan) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }
}
