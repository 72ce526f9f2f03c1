//! Giving the old disk back: `old_rootvg` is removed, and with it the way back (nimadm.md §1.9).

use crate::{
    engine::{
        boot_orders, disks, look,
        machine::Event,
        preflight,
        run::{Run, StepError},
    },
    store::{authority::Act, fence::WriteError, migration::Row},
};
use aix::{DiskName, ObjectName, Pvid, bootlist};
use app::model::{Snapshot, State};
use serde_json::json;

impl Run {
    pub(in crate::engine) async fn finalise(&self, row: &Row) -> Result<(), StepError> {
        let connection = self.connect(row).await?;
        let hostname = self.hostname(row).await?;
        let before = row.before.as_ref().ok_or(WriteError::Fenced)?;
        let old = disks::of_rootvg(before);
        let waived = preflight::waived(&row.overrides);
        let mut said = String::new();
        let known = look::for_order(&connection, &hostname, waived).await?;
        match known.and_then(|client| still_there(&client, &old)) {
            Err(why) => {
                let why = format!("Not finalised: {why}. Nothing was removed.");
                return self.advance(State::Finalising, Event::FinaliseEnded { freed: false }, Some(&why)).await;
            }
            // Whoever was here before has done it.
            Ok(disks) if disks.is_empty() => {}
            Ok(disks) => {
                let detail = json!({ "command": boot_orders::REMOVE_OLD_ROOTVG, "disks": disks });
                match self.record_approved(Act::Finalise, "migration.remove_old_rootvg", detail).await? {
                    Ok(approved) => {
                        said = boot_orders::remove_old_rootvg(&approved, &connection, &hostname).await?;
                    }
                    Err(why) => {
                        let why = format!("Not finalised: {why}. Nothing was removed.");
                        let event = Event::FinaliseEnded { freed: false };
                        return self.advance(State::Finalising, event, Some(&why)).await;
                    }
                }
            }
        }
        let after = look::for_order(&connection, &hostname, waived).await?;
        let left = after.and_then(|client| still_there(&client, &old));
        let freed = left.as_ref().is_ok_and(Vec::is_empty);
        let command = boot_orders::REMOVE_OLD_ROOTVG;
        let reason = match left {
            Ok(_) if freed => "The old disk is free. There is no way back to the old system but a backup.".to_owned(),
            Ok(_) => format!("{command} has run, but old_rootvg is still there. It said: {said}"),
            Err(why) => {
                format!("{command} has run, but whether old_rootvg is gone is not known: {why}. It said: {said}")
            }
        };
        self.advance(State::Finalising, Event::FinaliseEnded { freed }, Some(&reason)).await?;
        self.refresh_client(row).await;
        Ok(())
    }
}

/// The disks that still hold the old system. Refuses where removing it could touch what runs or boots.
fn still_there(client: &Snapshot, old: &[Pvid]) -> Result<Vec<DiskName>, String> {
    let boots = bootlist::devices(&client.boot);
    let mut disks = Vec::new();
    for pv in &client.disks {
        let is_old = pv.pvid.as_ref().is_some_and(|pvid| old.contains(pvid));
        match pv.vg.as_ref().map(ObjectName::as_str) {
            Some("old_rootvg") if !is_old => {
                return Err(format!("{} holds an old_rootvg that is not this migration's", pv.disk));
            }
            Some("old_rootvg") if boots.contains(&pv.disk.as_str()) => {
                return Err(format!("{} is in the bootlist", pv.disk));
            }
            Some("old_rootvg") => disks.push(pv.disk.clone()),
            Some("rootvg") if is_old => {
                return Err(format!("{} holds the running rootvg: the client was rolled back", pv.disk));
            }
            _ => {}
        }
    }
    // A list that was cut off would say that the old system is gone.
    let listed = |pvid: &Pvid| client.disks.iter().any(|pv| pv.pvid.as_ref() == Some(pvid));
    if let Some(pvid) = old.iter().find(|pvid| !listed(pvid)) {
        return Err(format!("lspv does not list the disk with PVID {pvid}, which held the old system"));
    }
    Ok(disks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::look::fixture::snapshot;

    #[test]
    fn only_the_old_disk_that_neither_runs_nor_boots_is_given_back() {
        let look = |lspv: &str, boot: &str| still_there(&snapshot(lspv, boot), &["00f9c87a12345678".parse().unwrap()]);
        let new = "hdisk1 00f9c87a12345679 rootvg active\n";
        let kept = format!("hdisk0 00f9c87a12345678 old_rootvg\n{new}");
        assert_eq!(look(&kept, "hdisk1 blv=hd5").unwrap().len(), 1);
        assert!(look(&format!("hdisk0 00f9c87a12345678 None\n{new}"), "hdisk1 blv=hd5").unwrap().is_empty());
        assert!(look(&kept, "hdisk1 blv=hd5\nhdisk0 blv=hd5").unwrap_err().contains("bootlist"));
        let other = format!("hdisk4 00f9c87a12345670 old_rootvg\n{new}");
        assert!(look(&other, "hdisk1 blv=hd5").unwrap_err().contains("not this migration's"));
        let back = "hdisk0 00f9c87a12345678 rootvg active\nhdisk1 00f9c87a12345679 altinst_rootvg\n";
        assert!(look(back, "hdisk0 blv=hd5").unwrap_err().contains("rolled back"));
        assert!(look(new, "hdisk1 blv=hd5").unwrap_err().contains("does not list"), "h6: absence is no evidence");
    }
}
