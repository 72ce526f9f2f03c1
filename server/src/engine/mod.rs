//! The phase engine: decides, and carries out.
//!
//! [`machine`] decides and is pure. [`run`] carries out: for a migration it holds the lease of, it does the work that the
//! migration's state asks for, and nothing else. No step is remembered outside the database, so a server that takes over
//! does not continue somebody's plan; it looks at the state, asks the hosts what is true, and goes on from there.
//!
//! Wake-ups are hints. What there is to do is found by asking the database, again and again: a lost hint costs a second,
//! a lost fact would cost a migration.

pub mod authority;
mod boot_orders;
pub mod calendar;
pub mod campaign;
mod campaigns;
pub mod disks;
pub mod ending;
pub mod eta;
pub mod fact;
pub mod gates;
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
mod orders;
pub(crate) mod patrol;
pub mod perform;
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
    background::{Background, Every, Failure, Task, Workers, caught},
    error::with_causes,
    logs::bus::Bus,
    store::{self, fence, history::History},
};
use gates::Purpose;
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

/// Most tasks of one kind at once: far more than there are masters, so that masters that hang keep no other from its task.
const TASKS: usize = 256;
/// Before a first look that failed is repeated; each pause is twice as long as the one before, up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LAST_PAUSE: Duration = Duration::from_secs(300);

/// The engine of this process.
pub struct Engine {
    pool: PgPool,
    bus: Arc<Bus>,
    masters: Masters,
    timing: Timing,
    history: History,
    /// New at each start: a process that is draining must not be taken for the one that replaces it.
    owner: Uuid,
    wake_scheduler: Arc<Notify>,
    wake_claims: Arc<Notify>,
    wake_campaigns: Arc<Notify>,
    wake_orders: Arc<Notify>,
    keeper: Arc<Keeper>,
    /// The workers of migrations. They end by themselves at a stop, and give their leases back.
    workers: TaskTracker,
    worker: Arc<Task>,
    /// By master.
    cache_looks: Workers<Uuid>,
    patrols: Workers<Uuid>,
    refreshes: Workers<Uuid>,
    /// By campaign.
    campaigns: Workers<Uuid>,
    /// By campaign and client.
    launches: Workers<(Uuid, Uuid)>,
    /// By migration.
    retries: Workers<Uuid>,
    stop: CancellationToken,
}

impl Engine {
    /// Starts looking for work. Its loops and tasks are those of `background`.
    #[must_use]
    pub fn start(pool: PgPool, bus: Arc<Bus>, masters: &Masters, timing: Timing, background: &Background) -> Arc<Self> {
        let stop = CancellationToken::new();
        let engine = Arc::new(Self {
            pool,
            bus,
            masters: masters.serving(Purpose::Look),
            timing,
            history: History::default(),
            owner: Uuid::now_v7(),
            wake_scheduler: Arc::default(),
            wake_claims: Arc::default(),
            wake_campaigns: Arc::default(),
            wake_orders: Arc::default(),
            keeper: Arc::default(),
            workers: TaskTracker::new(),
            worker: Arc::new(Task::on_demand("migration worker")),
            cache_looks: Workers::new("cache look", TASKS, stop.clone()),
            patrols: Workers::new("patrol round", TASKS, stop.clone()),
            refreshes: Workers::new("first look", usize::MAX, stop.clone()),
            campaigns: Workers::new("campaign step", TASKS, stop.clone()),
            launches: Workers::new("campaign launch", TASKS, stop.clone()),
            retries: Workers::new("retry of an order", TASKS, stop.clone()),
            stop,
        });
        engine.run_loops(background);
        engine
    }

    fn run_loops(self: &Arc<Self>, background: &Background) {
        let of_workers = [
            self.worker.clone(),
            self.cache_looks.task(),
            self.patrols.task(),
            self.refreshes.task(),
            self.campaigns.task(),
            self.launches.task(),
            self.retries.task(),
        ];
        of_workers.into_iter().for_each(|task| background.register(task));
        let scan = self.timing.scan;
        let scheduler = Every::new("scheduler", scan).or_when(self.wake_scheduler.clone());
        self.repeat(background, scheduler, |engine| async move { Ok(engine.schedule().await?) });
        let claims = Every::new("claims", scan).or_when(self.wake_claims.clone());
        self.repeat(background, claims, |engine| async move { Ok(engine.claim_all().await?) });
        let campaigns = Every::new("campaigns", scan).or_when(self.wake_campaigns.clone());
        self.repeat(background, campaigns, |engine| async move { Ok(engine.run_campaigns().await?) });
        let orders = Every::new("orders", scan).or_when(self.wake_orders.clone());
        self.repeat(background, orders, |engine| async move { Ok(engine.carry_out_orders().await?) });
        let caches = Every::new("cache looks", scan * 2);
        self.repeat(background, caches, |engine| async move { Ok(engine.look_at_caches().await?) });
        let patrol = Every::new("patrol", patrol::PAUSE);
        self.repeat(background, patrol, |engine| async move { Ok(engine.patrol().await?) });
        let own = store::pool((*self.pool.connect_options()).clone(), 1);
        // It stops with the workers: what is left to them is to give their leases back.
        let renewal = Every::new("lease renewal", self.timing.lease / 3);
        self.repeat(background, renewal, move |engine| {
            let own = own.clone();
            async move { engine.renew_all(&own).await }
        });
    }

    fn repeat<F>(
        self: &Arc<Self>,
        background: &Background,
        every: Every,
        pass: impl Fn(Arc<Self>) -> F + Send + 'static,
    ) where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let engine = self.clone();
        background.repeat(every, self.stop.clone(), move || pass(engine.clone()));
    }

    /// There is work now: look at once.
    pub fn wake(&self) {
        for wake in [&self.wake_scheduler, &self.wake_claims, &self.wake_campaigns, &self.wake_orders] {
            wake.notify_one();
        }
    }

    /// Stops: every worker gives its lease back, so that another server goes on without waiting. nimadm is not disturbed.
    pub async fn shutdown(&self) {
        self.stop.cancel();
        self.workers.close();
        self.workers.wait().await;
        tokio::join!(
            self.cache_looks.wait(),
            self.patrols.wait(),
            self.refreshes.wait(),
            self.campaigns.wait(),
            self.launches.wait(),
            self.retries.wait()
        );
    }

    /// Claims everything that has work and no living worker, and works on it.
    async fn claim_all(self: &Arc<Self>) -> Result<(), sqlx::Error> {
        loop {
            // Taken before the look at `stop`: a shutdown that this does not see waits for this claim, and for its worker.
            let _claiming = self.workers.token();
            if self.stop.is_cancelled() {
                break;
            }
            let asked = Instant::now();
            let mut tx = store::begin(&self.pool).await?;
            let claimed = fence::claim(&mut tx, self.owner, self.timing.lease).await?;
            tx.commit().await?;
            let Some(fence) = claimed else { break };
            let (run, task) = (run::Run::new(self.clone(), fence, asked), self.worker.clone());
            self.workers.spawn(async move {
                // Its lease runs out: the next worker counts a takeover, and after too many the migration is parked.
                if let Err(message) = caught(Box::pin(run.carry_out())).await {
                    task.panicked(&format!("{}: {message}", fence.migration));
                }
            });
        }
        Ok(())
    }

    /// Reads these masters once, each in a task of its own. A reading that fails is repeated a few times: a master may be starting, too.
    pub fn read_masters(self: &Arc<Self>, masters: impl IntoIterator<Item = Uuid>) {
        for master in masters {
            let engine = self.clone();
            self.refreshes.start(master, async move {
                let mut pause = FIRST_PAUSE;
                while let Err(error) = inventory::refresh_master(&engine.pool, &engine.masters, master).await {
                    tracing::warn!(%master, why = with_causes(&error), "its inventory could not be read");
                    if pause > LAST_PAUSE {
                        break;
                    }
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Ok(())
            });
        }
    }
}
