//! From its turn to a nimadm that runs.

use crate::{
    engine::{
        authority::{self, StartRight, Why},
        look,
        machine::Event,
        preflight,
        run::{Run, StepError, subject, with_approver},
        safe,
    },
    remote::{
        Connection,
        spool::{Job, Status},
    },
    store::{
        self, attempt, fence, master,
        migration::{self, Row},
    },
};
use aix::{Phase, Pvid, command::for_phases};
use app::model::State;
use serde_json::json;

impl Run {
    /// Starts nimadm, or finds that it was started: the answer to an earlier start may have been lost.
    pub(in crate::engine) async fn start(&self, row: &Row) -> Result<(), StepError> {
        let connection = self.connect(row).await?;
        let job = Self::job(row);
        if job.status(&connection).await? == Status::Absent && !self.start_job(row, &connection, &job).await? {
            return Ok(());
        }
        let mut tx = store::begin(&self.engine.pool).await?;
        attempt::started(&mut tx, row.id, row.attempt).await?;
        self.advance_in(&mut tx, State::Starting, Event::JobStarted, None).await?;
        tx.commit().await?;
        self.announce();
        Ok(())
    }

    /// False where something is not as it must be; nothing was started then.
    async fn start_job(&self, row: &Row, connection: &Connection, job: &Job) -> Result<bool, StepError> {
        if let Err(why) = self.prepare(row, connection).await? {
            // An earlier start, whose answer was lost, may have begun its work since this step asked.
            if job.status(connection).await? != Status::Absent {
                return Ok(true);
            }
            let (event, why) = if row.step > 1 {
                let why = format!("The next phases were not started: {why}. Clean up, then launch again.");
                (Event::StepRefused, why)
            } else {
                (
                    Event::StartRefused,
                    format!("Not started: {why}. Mend it, or choose something else, and launch again."),
                )
            };
            self.advance(State::Starting, event, Some(&why)).await?;
            return Ok(false);
        }
        match self.record_start(row, job).await? {
            Ok(right) => {
                job.start(connection, self.fence.epoch, &command(row, &right)).await?;
                Ok(true)
            }
            Err(_) if job.status(connection).await? != Status::Absent => Ok(true),
            Err(why) => {
                self.approval_is_due(row, &why).await?;
                Ok(false)
            }
        }
    }

    /// Records the start, where the approvals that it needs count at this moment.
    async fn record_start(&self, row: &Row, job: &Job) -> Result<Result<StartRight, Why>, StepError> {
        let mut tx = store::begin(&self.engine.pool).await?;
        fence::hold(&mut tx, &self.fence).await?;
        let rights = self.rights(&mut tx).await?;
        let right = match if row.step > 1 { rights.may_go_on() } else { rights.may_start() } {
            Ok(right) => right,
            Err(why) => return Ok(Err(why)),
        };
        let detail = json!({
            "command": command(row, &right), "master": row.master, "attempt": row.attempt, "spool": job.folder(),
        });
        tx.record("system", "migration.start_nimadm", &subject(row.id), with_approver(&detail, right.by()));
        tx.commit().await?;
        Ok(Ok(right))
    }

    /// Nothing is sent until somebody who may has approved it.
    async fn approval_is_due(&self, row: &Row, why: &Why) -> Result<(), StepError> {
        let (event, why) = if row.step > 1 {
            let why = format!("The next phases were not started: {why}. An approver must resume it.");
            (Event::StepApprovalDue, why)
        } else {
            (Event::ApprovalDue, authority::awaits(row.moves_bootlist(), why))
        };
        self.advance(State::Starting, event, Some(&why)).await
    }

    /// The last look before a start, and its record; why nothing may be started, where that is so.
    async fn prepare(&self, row: &Row, connection: &Connection) -> Result<Result<(), String>, StepError> {
        let request = &row.request;
        // The directory may have become a link since the launch, and the setting another one.
        let setting = master::find(&self.engine.pool, row.master_id).await?.map(|master| master.allowed_directories);
        if let Some(why) = look::misplaced(connection, request, &setting.unwrap_or_default()).await? {
            return Ok(Err(why));
        }
        if let Some(image) = &request.image {
            match look::image(connection, image).await {
                Ok(seen) if seen.is_there() => {
                    let file = image.file.as_str();
                    return Ok(Err(format!("there is a file {file} or a NIM object of the new mksysb's name")));
                }
                Ok(_) => {}
                Err(error) if error.is_unreadable() => return Ok(Err(error.chain())),
                Err(error) => return Err(error.into()),
            }
        }
        if !request.operation.has_client() {
            return Ok(Ok(()));
        }
        let hostname = self.hostname(row).await?;
        let waived = preflight::waived(&row.overrides);
        if row.step > 1 {
            // Hours may have passed since the step before.
            let pvids = row.pvids()?;
            let now = look::for_order(connection, &hostname, waived).await?;
            return Ok(now.and_then(|now| safe::to_go_on(&now, &request.target_disks, &pvids)));
        }
        // Before the last look at the disks, so that nothing comes between it and the start.
        let size = look::size(connection, &hostname).await;
        let before = match look::for_order(connection, &hostname, waived).await? {
            Ok(before) => before,
            Err(why) => return Ok(Err(why)),
        };
        let pvids = match safe::to_start(&before, &request.target_disks) {
            Ok(pvids) => pvids,
            Err(why) => return Ok(Err(why)),
        };
        // All or none: a list with holes could not be compared with anything.
        let pvids: Vec<Pvid> = pvids.into_iter().collect::<Option<_>>().unwrap_or_default();
        let mut tx = store::begin(&self.engine.pool).await?;
        migration::set_before(&mut tx, &self.fence, &before, &pvids, size).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }
}

/// The command line of the job that is next. Nobody has it without the right to start it.
fn command(row: &Row, _right: &StartRight) -> String {
    let step = Phase::STEPS.get(usize::from(row.step.unsigned_abs()).wrapping_sub(1)).filter(|_| row.stepped());
    step.map_or_else(|| row.command.clone(), |phases| for_phases(&row.command, phases))
}
