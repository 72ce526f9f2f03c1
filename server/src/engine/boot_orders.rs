//! The orders that change what a client boots, and the one place that sends them.
//!
//! Each takes the proof that an approver has approved it. Its record is committed before the proof exists: both are made in one
//! transaction (`Run::record_approved`).

use super::{
    authority::ApprovedCutover,
    host::{self, HostError},
};
use crate::remote::Connection;
use aix::{DiskName, ObjectName, bootlist};

/// The command that points the bootlist to these disks.
#[must_use]
pub(super) fn bootlist_command(disks: &[DiskName]) -> String {
    let names: Vec<&str> = disks.iter().map(DiskName::as_str).collect();
    format!("bootlist -m normal {}", names.join(" "))
}

/// Points the bootlist to these disks and reads it back. The inner error says how what was read differs.
///
/// # Errors
/// The client cannot be asked.
pub(super) async fn point_bootlist(
    _approved: &ApprovedCutover,
    connection: &Connection,
    hostname: &ObjectName,
    disks: &[DiskName],
) -> Result<Result<(), String>, HostError> {
    let names: Vec<&str> = disks.iter().map(DiskName::as_str).collect();
    let command = bootlist_command(disks);
    let [set, read] = host::client(connection, hostname, [&command, "bootlist -m normal -o"]).await?;
    let boot = bootlist::parse(&read.text).unwrap_or_default();
    let bootable = boot.iter().all(|boot| boot.blv.as_deref() == Some("hd5"));
    if set.rc == 0 && bootable && bootlist::devices(&boot) == names {
        return Ok(Ok(()));
    }
    let (said, now) = (set.text.trim(), read.text.trim());
    Ok(Err(format!("{command} returned {} {said}, and the bootlist now reads: {now}. Check it on the client", set.rc)))
}

/// Reboots the client. Its answer dies with it; what counts is that the client goes away and comes back.
pub(super) async fn shutdown(_approved: &ApprovedCutover, connection: &Connection, hostname: &ObjectName) {
    let sent = host::client(connection, hostname, ["nohup shutdown -Fr >/dev/null 2>&1 &"]).await;
    tracing::info!(answered = sent.is_ok(), "shutdown was sent");
}

/// Removes old_rootvg. It sets the bootlist to the running disk as well (nimadm.md §1.9).
pub(super) const REMOVE_OLD_ROOTVG: &str = "alt_rootvg_op -X old_rootvg";

/// Gives the old disk back; what the command said.
///
/// # Errors
/// The client cannot be asked.
pub(super) async fn remove_old_rootvg(
    _approved: &ApprovedCutover,
    connection: &Connection,
    hostname: &ObjectName,
) -> Result<String, HostError> {
    let [answer] = host::client(connection, hostname, [REMOVE_OLD_ROOTVG]).await?;
    Ok(answer.text.trim().to_owned())
}
