//! Removing what a failed nimadm left behind.

use crate::{
    engine::{
        host, look,
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
use aix::{ObjectName, command::quote_words, lsnim};
use app::model::State;
use serde_json::json;

/// Bytes of nimadm's words that are kept in the reason.
const KEPT: usize = 2000;

impl Run {
    /// Runs `nimadm -C` in the spool and looks whether master and client are clean. `-F` is never sent: a lock that holds
    /// may be somebody's who is at work.
    pub(in crate::engine) async fn clean(&self, row: &Row) -> Result<(), StepError> {
        let connection = self.connect(row).await?;
        let job = Job::of_cleaning(row.id, row.cleanings);
        if job.status(&connection).await? == Status::Absent {
            let spot = row.request.spot.as_str();
            let command = quote_words(["nimadm", "-C", "-c", &row.client, "-s", spot]);
            self.record_act("migration.clean", json!({ "command": command, "master": row.master })).await?;
            job.start(&connection, self.fence.epoch, &command).await?;
        }
        while let Status::Absent | Status::Claimed { alive: true, rc: None, .. } = job.status(&connection).await? {
            tokio::time::sleep(self.engine.timing.scan).await;
        }
        let said = said(&connection, &job).await?;
        let left = self.left_behind(row, &connection).await?;
        let clean = left.is_empty();
        let reason = if clean {
            "Cleaned up: the disk is free, NIM is ready for the client.".to_owned()
        } else {
            format!("nimadm -C has run, but {}. It said: {said}", left.join(" and "))
        };
        self.advance(State::Cleaning, Event::CleaningEnded { clean }, Some(&reason)).await?;
        self.refresh_client(row).await;
        Ok(())
    }

    /// What is still there of the failed run.
    async fn left_behind(&self, row: &Row, connection: &Connection) -> Result<Vec<String>, StepError> {
        let client = look::snapshot(connection, &self.hostname(row).await?).await?;
        let command = format!("lsnim -l {}", row.client);
        let [machine] = host::master(connection, [&command]).await?;
        let cstate = lsnim::stanzas(&machine.text)
            .ok()
            .and_then(|stanzas| Some(stanzas.first()?.get("Cstate")?.to_owned()))
            .unwrap_or_else(|| "unknown".to_owned());
        let clone = client.disks.iter().find(|pv| pv.vg.as_ref().map(ObjectName::as_str) == Some("altinst_rootvg"));
        let mut left = Vec::new();
        left.extend(clone.map(|pv| format!("{} still holds altinst_rootvg", pv.disk)));
        if cstate != "ready for a NIM operation" {
            left.push(format!("NIM says of the client: {cstate}"));
        }
        Ok(left)
    }
}

/// The end of what the job printed.
async fn said(connection: &Connection, job: &Job) -> Result<String, StepError> {
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
