//! Following nimadm to its end, and judging it by the evidence.

use super::clean::said;
use crate::{
    engine::{
        ending::{self, Evidence},
        inventory, look,
        machine::{Ending, Event},
        preflight,
        run::{Run, StepError},
    },
    logs::ingest::{Ingest, Position},
    remote::{
        Connection,
        connection::Piece,
        spool::{Job, SpoolError, Status},
    },
    store::{self, attempt, log, migration, migration::Row, phase},
};
use aix::{
    Phase,
    log::{Outcome, Verdict},
};
use app::model::{PhaseState, State};
use futures::TryStreamExt;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::time::{Instant, sleep_until};

/// Lines that come one after the other are stored so often, while the database is quick.
const FLUSH: Duration = Duration::from_millis(40);
/// And at least so often, however slow it is.
const SLOWEST: Duration = Duration::from_millis(250);

impl Run {
    pub(in crate::engine) async fn follow(&self, row: &Row) -> Result<(), StepError> {
        let connection = self.connect(row).await?;
        let job = Self::job(row);
        if job.status(&connection).await? == Status::Absent {
            return Err(gone(&job));
        }
        if row.state()? == State::ContactLost {
            self.advance(State::ContactLost, Event::ContactRegained, None).await?;
        }
        let (ingest, rc) = self.take_log(row, &connection, &job).await?;
        self.conclude(row, &connection, &job, &ingest, rc).await
    }

    /// Takes the log until the job has ended and every byte is stored; its return code, where it said one.
    pub(super) async fn take_log(
        &self,
        row: &Row,
        connection: &Connection,
        job: &Job,
    ) -> Result<(Ingest, Option<i32>), StepError> {
        let stored = Position {
            bytes: (row.log_bytes - row.attempt_bytes.unwrap_or_default()).unsigned_abs(),
            lines: (row.log_lines - row.attempt_lines.unwrap_or_default()).unsigned_abs(),
        };
        let (pool, bus) = (&self.engine.pool, &self.engine.bus);
        let mut ingest = Ingest::resume(pool, bus, self.fence, row.attempt, stored).await?;
        ingest.set_marks(job.marks(connection).await?);
        let mut looked_dead = false;
        let rc = loop {
            let followed = follow_once(connection, job, &mut ingest).await;
            // Also where the connection was lost: what was received is stored before anybody asks what is.
            if !matches!(followed, Err(StepError::Write(_))) {
                ingest.settle().await?;
            }
            followed?;
            // Bytes printed from here on are printed now.
            ingest.set_marks(Vec::new());
            match job.status(connection).await? {
                Status::Absent => return Err(gone(job)),
                Status::Claimed { alive: true, rc: None, .. } => {}
                // A wrapper that has just claimed the job has not written its process id yet: what looks dead is looked at twice.
                Status::Claimed { alive: false, rc: None, .. } if !std::mem::replace(&mut looked_dead, true) => {}
                // A file that shrank is found by the comparison at the end.
                Status::Claimed { rc, size, .. } if size <= ingest.received() => break rc,
                Status::Claimed { .. } => drain(connection, job, &mut ingest).await?,
            }
        };
        ingest.finish().await?;
        Ok((ingest, rc))
    }

    /// The log is complete. What it and the client say decides; everything is stored in one transaction.
    async fn conclude(
        &self,
        row: &Row,
        connection: &Connection,
        job: &Job,
        ingest: &Ingest,
        rc: Option<i32>,
    ) -> Result<(), StepError> {
        let sha256 = self.prove(row, connection, job).await?;
        let mut verdict = with_names(ingest.verdict(), row);
        let known = row.pvids()?;
        let step = Phase::STEPS.get(usize::from(row.step.unsigned_abs()).wrapping_sub(1)).filter(|_| row.stepped());
        let step = step.and_then(|phases| phases.last().copied());
        let mut bootlist = None;
        let (ending, mut reason, found) = match (row.request.operation, &row.request.image) {
            (operation, _) if operation.makes_clone() => {
                let waived = preflight::waived(&row.overrides);
                let client = look::whole(connection, &self.hostname(row).await?, waived).await?;
                let targets = &row.request.target_disks;
                let evidence = Evidence { verdict: &verdict, rc, step, disks: &client.disks, targets, pvids: &known };
                bootlist = Some(client.bootlist);
                ending::judge(&evidence)
            }
            (_, Some(image)) => {
                let (ending, reason) = ending::judge_image(&verdict, rc, look::image(connection, image).await?);
                (ending, reason, Vec::new())
            }
            (_, None) => {
                let (master, spot) =
                    preflight::alt_disk_install(&self.engine.masters, connection, row.master_id, &row.request.spot)
                        .await?;
                let said = said(connection, job).await?;
                let (ending, reason) = ending::judge_levels(rc, &master, &spot, &said);
                // The reader looks for the twelve phases.
                let outcome = if ending == Ending::Completed { Outcome::Success } else { Outcome::Failed };
                verdict = Verdict { outcome, cause: None, advice: None, ..verdict };
                (ending, reason, Vec::new())
            }
        };
        if sha256.is_none() {
            let differs = "The stored log is not the master's file, byte for byte: read that one";
            reason = Some(reason.map_or_else(|| differs.to_owned(), |reason| format!("{reason}. {differs}")));
        }
        let good = matches!(ending, Ending::CloneReady | Ending::Completed | Ending::Step { .. });
        let last_phase = if good { PhaseState::Done } else { PhaseState::Failed };

        let mut tx = store::begin(&self.engine.pool).await?;
        crate::store::fence::hold(&mut tx, &self.fence).await?;
        phase::end(&mut tx, row.id, row.attempt, last_phase, OffsetDateTime::now_utc()).await?;
        if known.is_empty() && good {
            migration::set_pvids(&mut tx, &self.fence, &found).await?;
        }
        let subject = crate::engine::run::subject(row.id);
        let ending = match (ending, step) {
            (Ending::Step { .. }, Some(last)) => {
                migration::next_step(&mut tx, &self.fence).await?;
                // Asked for at the launch, or since: the row is locked, so nobody can ask in between.
                let asked: Option<String> = migration::hold_asked_by(&mut tx, row.id).await?;
                let hold = asked.is_some() || row.request.hold_after.contains(&last);
                let asked = asked.map_or_else(|| "at the launch".to_owned(), |by| format!("by {by}"));
                reason = hold.then(|| format!("Held after phase {last}, as asked {asked}. Resume, or cancel."));
                tx.record("system", "migration.step_ended", &subject, json!({ "after_phase": last, "rc": rc }));
                Ending::Step { hold }
            }
            (ending, _) => {
                attempt::ended(&mut tx, row.id, row.attempt, rc, &verdict, sha256.as_deref()).await?;
                let detail = json!({ "outcome": verdict.outcome, "rc": rc, "sha256": sha256, "bootlist": bootlist });
                tx.record("system", "migration.nimadm_ended", &subject, detail);
                ending
            }
        };
        self.advance_in(&mut tx, State::Running, Event::JobEnded(ending), reason.as_deref()).await?;
        tx.commit().await?;
        if ending == Ending::Completed
            && let Err(error) = inventory::refresh_mksysbs(&self.engine.pool, connection, row.master_id).await
        {
            tracing::info!(error = &error as &dyn std::error::Error, "the new mksysb is not listed yet");
        }
        if !matches!(ending, Ending::Step { .. }) {
            self.refresh_client(row).await;
        }
        self.announce();
        Ok(())
    }

    /// Reads the master's file once more and compares it with what is stored. The hash of the whole log where they are equal.
    pub(super) async fn prove(
        &self,
        row: &Row,
        connection: &Connection,
        job: &Job,
    ) -> Result<Option<String>, StepError> {
        let mut theirs = Sha256::new();
        let mut stream = job.rest(connection, 0).await?;
        while let Some(piece) = stream.next().await? {
            if let Piece::Stdout(bytes) = piece {
                theirs.update(&bytes);
            }
        }
        let (mut ours, mut whole) = (Sha256::new(), Sha256::new());
        for attempt in 1..=row.attempt {
            let mut bodies = std::pin::pin!(log::bodies(&self.engine.pool, row.id, attempt));
            while let Some(body) = bodies.try_next().await? {
                whole.update(&body);
                if attempt == row.attempt {
                    ours.update(&body);
                }
            }
        }
        if theirs.finalize() == ours.finalize() {
            return Ok(Some(crate::store::hex(&whole.finalize())));
        }
        tracing::error!("the stored log differs from the master's file");
        Ok(None)
    }

    /// Brings the clients page up to date; the migration does not depend on it.
    pub(super) async fn refresh_client(&self, row: &Row) {
        let refreshed = async {
            let Some(client) = row.client_id else { return Ok(()) };
            let client = crate::store::client::by_id(&self.engine.pool, client).await?;
            match client {
                Some(client) => inventory::refresh_client(&self.engine.pool, &self.engine.masters, &client).await,
                None => Ok(()),
            }
        };
        if let Err(error) = refreshed.await {
            tracing::info!(error = &error as &dyn std::error::Error, "the client's inventory could not be refreshed");
        }
    }
}

/// The verdict with the names of this migration in its advice: the reader knows none, and whoever follows the advice should not have to
/// fill them in.
pub(super) fn with_names(verdict: Verdict, row: &Row) -> Verdict {
    let names = |text: String| text.replace("<client>", &row.subject).replace("<spot>", row.request.spot.as_str());
    Verdict { advice: verdict.advice.map(names), ..verdict }
}

fn gone(job: &Job) -> StepError {
    StepError::Spool(SpoolError::Gone(job.folder()))
}

/// Takes the output until the job or its follower ends.
///
/// A line after a quiet time is stored at once. While more come they are stored together: each commit is an fsync, and with many
/// migrations a commit a line would be all the database does. Where commits take long, batches are larger still.
async fn follow_once(connection: &Connection, job: &Job, ingest: &mut Ingest) -> Result<(), StepError> {
    let mut stream = job.follow(connection, ingest.received()).await?;
    let mut flushed: Option<Instant> = None;
    let mut due: Option<Instant> = None;
    loop {
        let wait = async {
            match due {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            piece = stream.next() => match piece? {
                Some(Piece::Stdout(bytes)) => {
                    ingest.take(&bytes).await?;
                    let pause = (ingest.took() * 4).clamp(FLUSH, SLOWEST);
                    due.get_or_insert(flushed.map_or_else(Instant::now, |flushed| flushed + pause));
                }
                Some(Piece::Stderr(bytes)) => {
                    tracing::debug!(said = %String::from_utf8_lossy(&bytes), "the follower on the master complains");
                }
                None => return Ok(()),
            },
            () = wait => {
                ingest.flush();
                flushed = Some(Instant::now());
                due = None;
            }
            stored = ingest.stored(), if ingest.is_storing() => stored?,
        }
    }
}

/// Takes what was printed after the follower ended.
async fn drain(connection: &Connection, job: &Job, ingest: &mut Ingest) -> Result<(), StepError> {
    let mut stream = job.rest(connection, ingest.received()).await?;
    while let Some(piece) = stream.next().await? {
        if let Piece::Stdout(bytes) = piece {
            ingest.take(&bytes).await?;
        }
    }
    Ok(())
}
