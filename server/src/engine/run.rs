//! One run: the holder of a lease doing what a migration's state asks for, until it asks for nothing more.
//!
//! Three things end a run early, and none of them harms: the lease is lost (somebody else goes on), the database is away
//! (whoever reaches it first goes on), or this server stops (the lease is given back). Hosts that do not answer end
//! nothing; they are tried again, and the page says why it waits.

use super::{
    Engine,
    authority::{ApprovedCutover, Why},
    gates::Purpose,
    host::HostError,
    keeper::{Lease, Renewal},
    machine::{self, Event, Refused, Work},
    masters::ConnectError,
};
use crate::{
    remote::{
        Connection, RemoteError,
        spool::{Job, SpoolError},
    },
    store::{
        self, Conflict, Tx,
        authority::{self, Act, Rights},
        fence::{self, Fence, WriteError},
        migration::{self, Row},
    },
};
use aix::ObjectName;
use app::model::State;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

/// A claimed migration being worked on.
pub struct Run {
    pub(super) engine: Arc<Engine>,
    pub(super) fence: Fence,
    /// When the lease was last renewed, and how often a person had moved the migration by then.
    lease: Lease,
}

/// Why a step did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The lease is lost or the state was changed: stop.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A host: try again.
    #[error(transparent)]
    Host(#[from] HostError),
    /// The machine does not know this move.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The spool on the master.
    #[error(transparent)]
    Spool(SpoolError),
}

impl From<sqlx::Error> for StepError {
    fn from(error: sqlx::Error) -> Self {
        Self::Write(error.into())
    }
}

impl From<RemoteError> for StepError {
    fn from(error: RemoteError) -> Self {
        Self::Host(error.into())
    }
}

impl From<ConnectError> for StepError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Remote(error) => error.into(),
            ConnectError::Database(error) => error.into(),
            ConnectError::Busy(master) => Self::Host(HostError::Busy(master)),
            // Masters with migrations cannot be removed.
            ConnectError::NoSuchMaster(_) => Self::Write(WriteError::Fenced),
        }
    }
}

impl From<SpoolError> for StepError {
    fn from(error: SpoolError) -> Self {
        match error {
            SpoolError::Remote(error) => error.into(),
            // Another server has a higher epoch: this one has lost its lease and does not know yet.
            SpoolError::Fenced(_) => Self::Write(WriteError::Fenced),
            error @ (SpoolError::Shell { .. } | SpoolError::Gone(_)) => Self::Spool(error),
        }
    }
}

impl Run {
    pub(super) fn new(engine: Arc<Engine>, fence: Fence, claimed: Instant) -> Self {
        let lease = engine.keeper.hold(fence, claimed);
        Self { engine, fence, lease }
    }

    /// Works until nothing is asked for any more, the lease is lost, or this server stops.
    #[tracing::instrument(name = "run", skip_all, fields(migration = %self.fence.migration, epoch = self.fence.epoch))]
    pub(super) async fn carry_out(self) {
        if self.fence.takeovers > self.engine.timing.takeovers {
            if let Err(error) = self.park().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "the migration could not be parked");
            }
            return;
        }
        tokio::select! {
            // A server that was frozen hears first that its lease is gone.
            biased;
            () = self.keep_lease() => tracing::warn!("the lease is lost"),
            result = self.work() => match result {
                Ok(()) => {}
                Err(StepError::Write(WriteError::Fenced)) => tracing::info!("somebody else goes on with this migration"),
                Err(error) => {
                    // The lease is left to run out: whoever is next should not meet the same trouble at once.
                    tracing::warn!(error = &error as &dyn std::error::Error, "the run is interrupted");
                    return;
                }
            },
            () = self.engine.stop.cancelled() => tracing::info!("handing over"),
        }
        if let Err(error) = self.release_lease().await {
            tracing::info!(%error, "the lease could not be given back; it ends by itself");
        }
    }

    /// Whatever takes servers down is not met by yet another one: an operator looks first. nimadm is not disturbed.
    async fn park(&self) -> Result<(), StepError> {
        let why = format!(
            "Parked: {} servers that worked on it were lost one after the other. nimadm goes on at its master. Look into the \
             servers' logs; then resume.",
            self.fence.takeovers
        );
        tracing::error!(takeovers = self.fence.takeovers, "parked");
        let mut tx = store::begin(&self.engine.pool).await?;
        migration::park(&mut tx, &self.fence, &why).await?;
        tx.record("system", "migration.park", &self.subject(), json!({ "reason": why }));
        tx.commit().await?;
        self.announce();
        Ok(())
    }

    /// Sees to it that the lease is renewed; returns when it must be taken for lost. The clock is monotonic and starts before the
    /// request: by the time the database would give the lease to another, this server has stopped.
    async fn keep_lease(&self) {
        let ttl = self.engine.timing.lease;
        let mut renewals = self.lease.subscribe();
        loop {
            let last = renewals.borrow_and_update().at;
            let end = last + ttl.mul_f64(0.8);
            if Instant::now() >= end {
                return;
            }
            let renewed = async {
                // The keeper does it for all runs at a third of it. What it could not renew is this run's own affair.
                timeout_at(last + ttl / 2, renewals.changed()).await.is_ok() || self.renew_lease(ttl).await
            };
            if timeout_at(end, renewed).await != Ok(true) {
                return;
            }
        }
    }

    /// Renews this lease alone. False where it is lost.
    async fn renew_lease(&self, ttl: Duration) -> bool {
        loop {
            let at = Instant::now();
            match self.renew_once(ttl).await {
                Ok(asked) => {
                    self.lease.renewed(Renewal { at, asked });
                    return true;
                }
                Err(WriteError::Fenced) => return false,
                Err(WriteError::Database(error)) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the lease could not be renewed");
                    sleep(ttl / 20).await;
                }
            }
        }
    }

    async fn renew_once(&self, ttl: Duration) -> Result<i32, WriteError> {
        let mut tx = store::begin(&self.engine.pool).await?;
        let asked = fence::renew(&mut tx, &self.fence, ttl).await?;
        tx.commit().await?;
        Ok(asked)
    }

    async fn release_lease(&self) -> Result<(), sqlx::Error> {
        let mut tx = store::begin(&self.engine.pool).await?;
        fence::release(&mut tx, &self.fence).await?;
        tx.commit().await
    }

    async fn work(&self) -> Result<(), StepError> {
        let mut failures = 0;
        let mut renewals = self.lease.subscribe();
        loop {
            let row = self.row().await?;
            let Some(work) = machine::work(row.state()?) else { return Ok(()) };
            let step = self.step(work, &row);
            // Dropping a step is what a crash would do, and each can be begun again: so a person's word is heard at once.
            let result = tokio::select! {
                result = step => result,
                _ = renewals.wait_for(|renewal| renewal.asked > row.asked) => continue,
            };
            match result {
                Ok(()) => {
                    failures = 0;
                    continue;
                }
                Err(StepError::Host(HostError::Remote(error))) => self.lost_contact(&error.chain()).await?,
                // A client that does not answer its master is no lost contact: nimadm and its log are on the master.
                Err(StepError::Host(error)) => self.explain(&error.chain()).await?,
                Err(StepError::Spool(error)) => self.explain(&error.to_string()).await?,
                // PostgreSQL broke the transaction off in favour of another: nothing was changed.
                Err(StepError::Write(error)) if error.is_conflict() => {}
                Err(error) => return Err(error),
            }
            let pause = sleep(self.pause(failures));
            tokio::select! {
                () = pause => failures += 1,
                _ = renewals.wait_for(|renewal| renewal.asked > row.asked) => failures = 0,
            }
        }
    }

    async fn step(&self, work: Work, row: &Row) -> Result<(), StepError> {
        match work {
            Work::Start => self.start(row).await,
            Work::Follow => self.follow(row).await,
            Work::Cancel => self.cancel(row).await,
            Work::Clean => self.clean(row).await,
            Work::Wake | Work::Sleep => self.settle_clone(row).await,
            Work::MoveBootlist => self.move_bootlist(row).await,
            Work::Reboot => self.reboot(row).await,
            Work::Verify => self.verify(row).await,
            Work::RollBack => self.roll_back(row).await,
            Work::Finalise => self.finalise(row).await,
        }
    }

    /// The master does not answer: while nimadm runs, that is a state of its own.
    async fn lost_contact(&self, why: &str) -> Result<(), StepError> {
        if self.row().await?.state()? == State::Running {
            return self.advance(State::Running, Event::ContactLost, Some(why)).await;
        }
        self.explain(why).await
    }

    /// The state stays, and says why it waits.
    pub(super) async fn explain(&self, why: &str) -> Result<(), StepError> {
        tracing::warn!(why, "a host does not do its part; trying again");
        if self.row().await?.reason.as_deref() == Some(why) {
            return Ok(());
        }
        let mut tx = store::begin(&self.engine.pool).await?;
        migration::explain(&mut tx, &self.fence, Some(why)).await?;
        tx.commit().await?;
        self.announce();
        Ok(())
    }

    fn pause(&self, failures: u32) -> Duration {
        Duration::from_millis(500).saturating_mul(1 << failures.min(8)).min(self.engine.timing.retry)
    }

    /// The migration as it is now.
    pub(super) async fn row(&self) -> Result<Row, StepError> {
        let row = migration::find(&self.engine.pool, self.fence.migration).await?;
        Ok(row.ok_or(WriteError::Fenced)?)
    }

    pub(super) async fn connect(&self, row: &Row) -> Result<Connection, StepError> {
        Ok(self.engine.masters.serving(Purpose::Worker).connect(row.master_id).await?)
    }

    /// The job that runs nimadm now, or will be started next.
    pub(super) fn job(row: &Row) -> Job {
        if row.stepped() { Job::of_step(row.id, row.attempt, row.step) } else { Job::of_attempt(row.id, row.attempt) }
    }

    /// The client's name for c_rsh.
    pub(super) async fn hostname(&self, row: &Row) -> Result<ObjectName, StepError> {
        let client = row.client_id.ok_or(HostError::NoClient)?;
        Ok(crate::store::client::hostname(&self.engine.pool, client).await?)
    }

    /// Moves the state on, in a transaction of its own.
    pub(super) async fn advance(&self, from: State, event: Event, reason: Option<&str>) -> Result<(), StepError> {
        let mut tx = store::begin(&self.engine.pool).await?;
        self.advance_in(&mut tx, from, event, reason).await?;
        tx.commit().await?;
        self.announce();
        Ok(())
    }

    /// Moves the state on, with its record, in the caller's transaction. Announce after the commit.
    pub(super) async fn advance_in(
        &self,
        tx: &mut Tx,
        from: State,
        event: Event,
        reason: Option<&str>,
    ) -> Result<(), StepError> {
        let (to, _) = machine::decide(from, event)?;
        migration::advance(tx, &self.fence, from, to, reason).await?;
        let detail = json!({ "from": from, "to": to, "reason": reason });
        tx.record("system", "migration.state", &self.subject(), detail);
        Ok(())
    }

    /// Records what is about to be sent to a host. The lease is proven in the same transaction.
    pub(super) async fn record_act(&self, action: &str, detail: Value) -> Result<(), StepError> {
        let mut tx = store::begin(&self.engine.pool).await?;
        fence::hold(&mut tx, &self.fence).await?;
        tx.record("system", action, &self.subject(), detail);
        tx.commit().await?;
        Ok(())
    }

    /// Records an order that moves the bootlist, where the approval it rests on counts at this moment; the proof that the order needs. The
    /// lease is proven in the same transaction.
    pub(super) async fn record_approved(
        &self,
        act: Act,
        action: &str,
        detail: Value,
    ) -> Result<Result<ApprovedCutover, Why>, StepError> {
        let mut tx = store::begin(&self.engine.pool).await?;
        fence::hold(&mut tx, &self.fence).await?;
        let approved = match self.rights(&mut tx).await?.may_move_bootlist(act) {
            Ok(approved) => approved,
            Err(why) => return Ok(Err(why)),
        };
        tx.record("system", action, &self.subject(), with_approver(&detail, Some(approved.by())));
        tx.commit().await?;
        Ok(Ok(approved))
    }

    /// What the approvals of this migration are worth at this moment.
    pub(super) async fn rights(&self, tx: &mut Tx) -> Result<Rights, WriteError> {
        authority::of(&mut **tx, self.fence.migration).await?.ok_or(WriteError::Fenced)
    }

    /// The state was committed: viewers are to be shown it.
    pub(super) fn announce(&self) {
        self.engine.bus.changed(self.fence.migration);
    }

    fn subject(&self) -> String {
        subject(self.fence.migration)
    }
}

/// The detail of an order's record, with the approval it rests on.
pub(super) fn with_approver(detail: &Value, by: Option<&str>) -> Value {
    let mut detail = detail.clone();
    if let (Some(fields), Some(by)) = (detail.as_object_mut(), by) {
        fields.insert("approved_by".to_owned(), by.into());
    }
    detail
}

/// A migration as a subject of the record.
#[must_use]
pub fn subject(migration: Uuid) -> String {
    format!("migration:{migration}")
}
