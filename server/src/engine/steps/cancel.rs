//! Stopping a nimadm that runs, and removing what it or a finished one made.
//!
//! Nobody tells nimadm to stop: it knows no such order. So its processes on the master get a signal, its log is taken to the last
//! byte, and `nimadm -C` removes clone, mounts and lock. Only then is the migration called cancelled.

use super::follow::with_names;
use crate::{
    engine::{
        machine::Event,
        run::{Run, StepError},
    },
    remote::{
        Connection,
        spool::{Job, Signal, Status},
    },
    store::{self, attempt, fence, migration::Row, phase},
};
use app::model::{PhaseState, State};
use serde_json::json;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};

impl Run {
    pub(in crate::engine) async fn cancel(&self, row: &Row) -> Result<(), StepError> {
        let connection = self.connect(row).await?;
        let job = Self::job(row);
        let began = job.status(&connection).await? != Status::Absent || row.step > 1;
        self.stop(&connection, &job).await?;
        if !began {
            let why = "Cancelled before nimadm was started: there is nothing to remove.";
            return self.advance(State::Cancelling, Event::CleaningEnded { clean: true }, Some(why)).await;
        }
        if row.ended_at.is_none() {
            self.close_log(row, &connection, &job).await?;
        }
        self.clean_up(row, &connection, State::Cancelling).await
    }

    /// Ends the job, first kindly; returns once nothing of it lives.
    async fn stop(&self, connection: &Connection, job: &Job) -> Result<(), StepError> {
        let asked = Instant::now();
        self.record_act("migration.stop_nimadm", json!({ "spool": job.folder() })).await?;
        loop {
            let lives = matches!(job.status(connection).await?, Status::Claimed { alive: true, rc: None, .. });
            let signal = if asked.elapsed() > self.engine.timing.grace { Signal::Kill } else { Signal::Term };
            // Also where nothing lives: it keeps a wrapper away that an earlier order is about to start.
            job.stop(connection, self.fence.epoch, signal).await?;
            if !lives {
                return Ok(());
            }
            sleep(self.engine.timing.scan).await;
        }
    }

    /// Takes the rest of the log of a run that was stopped, and ends its attempt.
    async fn close_log(&self, row: &Row, connection: &Connection, job: &Job) -> Result<(), StepError> {
        let (ingest, rc) = self.take_log(row, connection, job).await?;
        let sha256 = self.prove(row, connection, job).await?;
        let verdict = with_names(ingest.verdict(), row);
        let mut tx = store::begin(&self.engine.pool).await?;
        fence::hold(&mut tx, &self.fence).await?;
        phase::end(&mut tx, row.id, row.attempt, PhaseState::Failed, OffsetDateTime::now_utc()).await?;
        attempt::ended(&mut tx, row.id, row.attempt, rc, &verdict, sha256.as_deref()).await?;
        let detail = json!({ "outcome": verdict.outcome, "rc": rc, "sha256": sha256, "cancelled": true });
        tx.record("system", "migration.nimadm_ended", &crate::engine::run::subject(row.id), detail);
        tx.commit().await?;
        Ok(())
    }
}
