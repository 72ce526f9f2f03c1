//! Removing what nimadm left behind.
//!
//! `-F` breaks the client's lock, and a lock may be somebody's who is at work. It is sent only after `nimadm -C` was refused for the
//! lock, and the master's process table shows no nimadm for this client.

use crate::{
    engine::{
        host::{self, HostError},
        look,
        machine::Event,
        run::{Run, StepError},
    },
    remote::{
        Connection,
        connection::Piece,
        spool::{Job, Status},
    },
    store::migration::Row,
};
use aix::{ObjectName, command, lsnim, ps};
use app::model::State;
use serde_json::json;

/// Bytes of nimadm's words that are kept in the reason.
const KEPT: usize = 2000;

impl Run {
    pub(in crate::engine) async fn clean(&self, row: &Row) -> Result<(), StepError> {
        let connection = self.connect(row).await?;
        self.clean_up(row, &connection, State::Cleaning).await
    }

    /// Runs `nimadm -C` in the spool and looks whether master and client are clean.
    pub(super) async fn clean_up(&self, row: &Row, connection: &Connection, from: State) -> Result<(), StepError> {
        self.client_is_quiet(row, connection).await?;
        let job = Job::of_cleaning(row.id, row.cleanings);
        // Without a client there is nobody to clean (nimadm.md §1.1, mode 2): what is left is named, and removed by hand.
        let has_client = row.request.operation.has_client();
        let mut said = if has_client { self.run_cleaning(row, connection, &job, false).await? } else { String::new() };
        let mut left = self.left_behind(row, connection).await?;
        if !left.is_empty() && is_locked(&said) {
            match self.who_runs(row, connection).await? {
                Some(command) => left.push(format!("its master runs {command:?} for it, which is not nimdeck's")),
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
    async fn client_is_quiet(&self, row: &Row, connection: &Connection) -> Result<(), StepError> {
        if row.client_id.is_none() {
            return Ok(());
        }
        let hostname = self.hostname(row).await?;
        let ask = ["ps -ef | grep '[a]lt_disk_copy' | head -1"];
        let mut told = false;
        loop {
            let [answer] = host::client(connection, &hostname, ask).await?;
            if answer.text.trim().is_empty() {
                return Ok(());
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
        let [answer] = host::master(connection, ["ps -ef"]).await?;
        let unreadable = |source| HostError::Unreadable { command: "ps -ef".to_owned(), source };
        let processes = ps::processes(answer.success("ps -ef")?).map_err(unreadable)?;
        let of_client = |process: &ps::Process| {
            ps::nimadm_client(&process.cmd).is_some_and(|client| client.as_str() == row.subject)
        };
        Ok(processes.into_iter().find(of_client).map(|process| process.cmd))
    }

    /// What is still there of the failed run.
    async fn left_behind(&self, row: &Row, connection: &Connection) -> Result<Vec<String>, StepError> {
        let mut left = Vec::new();
        if let Some(image) = &row.request.image
            && look::image(connection, image).await?.is_there()
        {
            left.push(format!("the file {} or its NIM object is there", image.file.as_str()));
        }
        if row.client_id.is_none() {
            let [mounted] = host::master(connection, ["mount"]).await?;
            // nimadm.md §2.2: the cache of X is mounted below /X_alt.
            let cache = format!("/{}_alt/", row.subject);
            left.extend(mounted.text.contains(&cache).then(|| format!("file systems are mounted below {cache}")));
            return Ok(left);
        }
        let client = look::snapshot(connection, &self.hostname(row).await?).await?;
        let command = format!("lsnim -l {}", row.subject);
        let [machine] = host::master(connection, [&command]).await?;
        let cstate = lsnim::stanzas(&machine.text)
            .ok()
            .and_then(|stanzas| Some(stanzas.first()?.get("Cstate")?.to_owned()))
            .unwrap_or_else(|| "unknown".to_owned());
        let clone = client.disks.iter().find(|pv| pv.vg.as_ref().map(ObjectName::as_str) == Some("altinst_rootvg"));
        left.extend(clone.map(|pv| format!("{} still holds altinst_rootvg", pv.disk)));
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
