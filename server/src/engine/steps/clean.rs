//! Removing what nimadm left behind.
//!
//! `nimadm -C` removes whatever altinst_rootvg it finds on the client. So the client is looked at before it is sent: a clone that this
//! migration did not make stays, and where the look cannot be read nothing is sent at all.
//!
//! `-F` breaks the client's lock, and a lock may be somebody's who is at work. It is sent only after `nimadm -C` was refused for the
//! lock, and the master's process table shows no nimadm for this client.

use crate::{
    engine::{
        fact::Unread,
        host::{self, HostError},
        look,
        machine::Event,
        preflight, readings,
        run::{Run, StepError},
        safe::{self, CloneOwner},
    },
    remote::{
        Connection,
        connection::Piece,
        spool::{Job, Status},
    },
    store::migration::Row,
};
use aix::{DiskName, command, lsnim, ps};
use app::model::State;
use serde_json::json;

/// What shows who works.
const PROCESSES: &str = "ps -ef";
/// Bytes of nimadm's words that are kept in the reason.
const KEPT: usize = 2000;

impl Run {
    pub(in crate::engine) async fn clean(&self, row: &Row) -> Result<(), StepError> {
        let connection = self.connect(row).await?;
        self.clean_up(row, &connection, State::Cleaning).await
    }

    /// Runs `nimadm -C` in the spool and looks whether master and client are clean.
    pub(super) async fn clean_up(&self, row: &Row, connection: &Connection, from: State) -> Result<(), StepError> {
        let job = Job::of_cleaning(row.id, row.cleanings);
        // A clean-up that another server has started is followed to its end.
        if job.status(connection).await? == Status::Absent {
            if let Err(why) = self.client_is_quiet(row, connection).await? {
                return self.not_cleaned(from, &why).await;
            }
            match self.clone_owner(row, connection).await? {
                Err(why) => return self.not_cleaned(from, &why).await,
                Ok(CloneOwner::Other(disks)) => return self.leave_alone(row, connection, from, &disks).await,
                Ok(CloneOwner::This | CloneOwner::Nobody) => {}
            }
        }
        // Without a client there is nobody to clean (nimadm.md §1.1, mode 2): what is left is named, and removed by hand.
        let has_client = row.request.operation.has_client();
        let mut said = if has_client { self.run_cleaning(row, connection, &job, false).await? } else { String::new() };
        let mut left = self.left_behind(row, connection).await?;
        if !left.is_empty() && is_locked(&said) {
            match self.who_runs(row, connection).await? {
                Some(command) => left.push(format!("its master runs {command:?} for it, which is not nimdeck's")),
                None if matches!(self.clone_owner(row, connection).await?, Err(_) | Ok(CloneOwner::Other(_))) => {
                    left.push("its clone is not this migration's any more, or cannot be read".to_owned());
                }
                None => {
                    said = self.run_cleaning(row, connection, &job.forced(), true).await?;
                    left = self.left_behind(row, connection).await?;
                }
            }
        }
        let clean = left.is_empty();
        let reason = match (clean, has_client) {
            (true, true) if row.request.operation.makes_clone() => {
                "Cleaned up: the disk is free, NIM is ready for the client.".to_owned()
            }
            (true, true) => "Cleaned up: NIM is ready for the client.".to_owned(),
            (true, false) => "Nothing is left of it on the master.".to_owned(),
            (false, true) => format!("nimadm -C has run, but {}. It said: {said}", left.join(" and ")),
            (false, false) => {
                format!("{}. nimadm -C cleans clients only: remove it by hand, then clean again.", left.join(" and "))
            }
        };
        self.advance(from, Event::CleaningEnded { clean }, Some(&reason)).await?;
        self.refresh_client(row).await;
        Ok(())
    }

    /// Nothing is sent where it is not known what it would meet.
    async fn not_cleaned(&self, from: State, why: &str) -> Result<(), StepError> {
        let why = format!("Not cleaned: {why}. Nothing was removed.");
        self.advance(from, Event::CleaningEnded { clean: false }, Some(&why)).await
    }

    /// Who made the clone on the client; why that cannot be said, where it cannot. An operation without a client has none.
    async fn clone_owner(&self, row: &Row, connection: &Connection) -> Result<Result<CloneOwner, String>, StepError> {
        if row.client_id.is_none() {
            return Ok(Ok(CloneOwner::Nobody));
        }
        let pvids = row.pvids()?;
        let now = look::for_order(connection, &self.hostname(row).await?, preflight::waived(&row.overrides)).await?;
        let before = row.before.as_deref();
        Ok(now.map(|now| safe::clone_of(&now, before, &row.request.target_disks, &pvids)))
    }

    /// The client holds a clone that this migration did not make: nothing of it is removed, and what else is left is named.
    async fn leave_alone(
        &self,
        row: &Row,
        connection: &Connection,
        from: State,
        disks: &[DiskName],
    ) -> Result<(), StepError> {
        let disks = disks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let left = self.left_behind(row, connection).await?;
        let clean = left.is_empty();
        let reason = if clean {
            format!(
                "Nothing of this migration is left. The clone on {disks} is not this migration's and was not touched."
            )
        } else {
            format!(
                "nimadm -C was not sent: it would remove the clone on {disks}, which this migration did not make. Still there: {}. \
                 Remove that by hand, then clean again.",
                left.join(" and ")
            )
        };
        self.advance(from, Event::CleaningEnded { clean }, Some(&reason)).await?;
        self.refresh_client(row).await;
        Ok(())
    }

    /// Runs a clean-up to its end; the end of what it printed.
    async fn run_cleaning(
        &self,
        row: &Row,
        connection: &Connection,
        job: &Job,
        force: bool,
    ) -> Result<String, StepError> {
        let command = command::clean(&row.subject, &row.request.spot, force);
        self.run_aside(row, connection, job, "migration.clean", &command).await
    }

    /// Runs a job beside the migration's own to its end; the end of what it printed.
    pub(super) async fn run_aside(
        &self,
        row: &Row,
        connection: &Connection,
        job: &Job,
        act: &str,
        command: &str,
    ) -> Result<String, StepError> {
        if job.status(connection).await? == Status::Absent {
            self.record_act(act, json!({ "command": command, "master": row.master })).await?;
            job.start(connection, self.fence.epoch, command).await?;
        }
        while let Status::Absent | Status::Claimed { alive: true, rc: None, .. } = job.status(connection).await? {
            tokio::time::sleep(self.engine.timing.scan).await;
        }
        said(connection, job).await
    }

    /// What nimadm has begun on the client does not end with nimadm: cleaning while a copy still runs would race it.
    /// Why that cannot be said, where it cannot.
    async fn client_is_quiet(&self, row: &Row, connection: &Connection) -> Result<Result<(), String>, StepError> {
        if row.client_id.is_none() {
            return Ok(Ok(()));
        }
        let hostname = self.hostname(row).await?;
        let mut told = false;
        loop {
            let [answer] = host::client(connection, &hostname, [PROCESSES]).await?;
            // No line with its name is no proof: ps may have printed nothing.
            let processes = match readings::processes(&answer) {
                Ok(processes) => processes,
                Err(why) => return Ok(Err(Unread::new(PROCESSES, &answer, why).to_string())),
            };
            if !processes.iter().any(|process| process.cmd.contains("alt_disk_copy")) {
                return Ok(Ok(()));
            }
            if !std::mem::replace(&mut told, true) {
                self.explain("alt_disk_copy still runs on the client: cleaning up waits for its end.").await?;
            }
            tokio::time::sleep(self.engine.timing.client_poll).await;
        }
    }

    /// The nimadm that runs for this client on its master, if one does.
    pub(in crate::engine) async fn who_runs(
        &self,
        row: &Row,
        connection: &Connection,
    ) -> Result<Option<String>, StepError> {
        let [answer] = host::master(connection, [PROCESSES]).await?;
        let unread = |why| HostError::Incomplete(Unread::new(PROCESSES, &answer, why).to_string());
        let processes = readings::processes(&answer).map_err(unread)?;
        let of_client = |process: &ps::Process| {
            ps::nimadm_client(&process.cmd).is_some_and(|client| client.as_str() == row.subject)
        };
        Ok(processes.into_iter().find(of_client).map(|process| process.cmd))
    }

    /// What is still there of the failed run.
    async fn left_behind(&self, row: &Row, connection: &Connection) -> Result<Vec<String>, StepError> {
        let mut left = Vec::new();
        if let Some(image) = &row.request.image {
            match look::image(connection, image).await {
                Ok(seen) if !seen.is_there() => {}
                Ok(_) => left.push(format!("the file {} or its NIM object is there", image.file.as_str())),
                Err(error) if error.is_unreadable() => {
                    left.push(format!("whether its mksysb is there is not known: {}", error.chain()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if row.client_id.is_none() {
            let [mounted] = host::master(connection, ["mount"]).await?;
            // nimadm.md §2.2: the cache of X is mounted below /X_alt.
            let cache = format!("/{}_alt/", row.subject);
            match readings::mounts(&mounted) {
                Ok(mounts) if mounts.iter().any(|mount| mount.mounted_over.contains(&cache)) => {
                    left.push(format!("file systems are mounted below {cache}"));
                }
                Ok(_) => {}
                Err(why) => left.push(Unread::new("mount", &mounted, why).to_string()),
            }
            return Ok(left);
        }
        match self.clone_owner(row, connection).await? {
            Ok(CloneOwner::This) => left.push("its disk still holds altinst_rootvg".to_owned()),
            Ok(CloneOwner::Nobody | CloneOwner::Other(_)) => {}
            Err(why) => left.push(format!("what is left on the client is not known: {why}")),
        }
        let command = format!("lsnim -l {}", row.subject);
        let [machine] = host::master(connection, [&command]).await?;
        let cstate = lsnim::stanzas(&machine.text)
            .ok()
            .and_then(|stanzas| Some(stanzas.first()?.get("Cstate")?.to_owned()))
            .unwrap_or_else(|| "unknown".to_owned());
        if cstate != "ready for a NIM operation" {
            left.push(format!("NIM says of the client: {cstate}"));
        }
        Ok(left)
    }
}

/// nimadm refused because of the client's lock (0505-140, unconfirmed: found by the word as well).
fn is_locked(said: &str) -> bool {
    said.contains("0505-140") || said.contains("locked")
}

/// The end of what the job printed.
pub(super) async fn said(connection: &Connection, job: &Job) -> Result<String, StepError> {
    let mut stream = job.rest(connection, 0).await?;
    let mut said = Vec::new();
    while let Some(piece) = stream.next().await? {
        if let Piece::Stdout(bytes) = piece {
            said.extend_from_slice(&bytes);
            said.drain(..said.len().saturating_sub(KEPT));
        }
    }
    Ok(String::from_utf8_lossy(&said).replace('\0', "\u{FFFD}").trim().to_owned())
}
