//! From its turn to a nimadm that runs.

use crate::{
    engine::{
        look,
        machine::Event,
        run::{Run, StepError},
        safe,
    },
    remote::{
        Connection,
        spool::{Job, Status},
    },
    store::{
        attempt,
        migration::{self, Row},
    },
};
use aix::{Phase, Pvid, command::for_phases};
use app::model::{Snapshot, State};
use serde_json::json;

impl Run {
    /// Starts nimadm, or finds that it was started: the answer to an earlier start may have been lost.
    pub(in crate::engine) async fn start(&self, row: &Row) -> Result<(), StepError> {
        let connection = self.connect(row).await?;
        let job = Self::job(row);
        if job.status(&connection).await? == Status::Absent && !self.start_job(row, &connection, &job).await? {
            return Ok(());
        }
        let mut tx = self.engine.pool.begin().await?;
        attempt::started(&mut tx, row.id, row.attempt).await?;
        self.advance_in(&mut tx, State::Starting, Event::JobStarted, None).await?;
        tx.commit().await?;
        self.announce();
        Ok(())
    }

    /// False where the client is not as it must be; nothing was started then.
    async fn start_job(&self, row: &Row, connection: &Connection, job: &Job) -> Result<bool, StepError> {
        let hostname = self.hostname(row).await?;
        // Before the last look at the disks, so that nothing comes between it and the start.
        let size = if row.step > 1 { look::Size::default() } else { look::size(connection, &hostname).await };
        let before = look::snapshot(connection, &hostname).await?;
        if row.step > 1 {
            return self.start_step(row, connection, job, &before).await;
        }
        let pvids = match safe::to_start(&before, &row.request.target_disks) {
            Ok(pvids) => pvids,
            // An earlier start, whose answer was lost, may have begun its work since this step asked.
            Err(_) if job.status(connection).await? != Status::Absent => return Ok(true),
            Err(why) => {
                let why = format!("Not started: {why}. Choose another disk and launch again.");
                self.advance(State::Starting, Event::StartRefused, Some(&why)).await?;
                return Ok(false);
            }
        };
        // All or none: a list with holes could not be compared with anything.
        let pvids: Vec<Pvid> = pvids.into_iter().collect::<Option<_>>().unwrap_or_default();
        migration::set_before(&self.engine.pool, &self.fence, &before, &pvids, size).await?;
        let detail =
            json!({ "command": command(row), "master": row.master, "attempt": row.attempt, "spool": job.folder() });
        self.record_act("migration.start_nimadm", detail).await?;
        job.start(connection, self.fence.epoch, &command(row)).await?;
        Ok(true)
    }

    /// A later step of a run in steps: hours may have passed since the one before it.
    async fn start_step(
        &self,
        row: &Row,
        connection: &Connection,
        job: &Job,
        now: &Snapshot,
    ) -> Result<bool, StepError> {
        if let Err(why) = safe::to_go_on(now, &row.request.target_disks, &row.pvids()?) {
            if job.status(connection).await? != Status::Absent {
                return Ok(true);
            }
            let why = format!("The next phases were not started: {why}. Clean up, then launch again.");
            self.advance(State::Starting, Event::StepRefused, Some(&why)).await?;
            return Ok(false);
        }
        let command = command(row);
        let detail = json!({ "command": command, "master": row.master, "attempt": row.attempt, "spool": job.folder() });
        self.record_act("migration.start_nimadm", detail).await?;
        job.start(connection, self.fence.epoch, &command).await?;
        Ok(true)
    }
}

/// The command line of the job that is next.
fn command(row: &Row) -> String {
    let step = Phase::STEPS.get(usize::from(row.step.unsigned_abs()).wrapping_sub(1)).filter(|_| row.stepped());
    step.map_or_else(|| row.command.clone(), |phases| for_phases(&row.command, phases))
}
