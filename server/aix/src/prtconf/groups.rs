//! The blocks of `prtconf` that are no keys with values: volume groups and resources.

use super::System;
use serde::{Deserialize, Serialize};

/// A volume group that is varied on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveGroup {
    /// Its name.
    pub vg: String,
    /// Its disks.
    pub pvs: Vec<Disk>,
}

/// A disk of a volume group, as `lsvg -p` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Its name.
    pub pv: String,
    /// `active`, `missing`, …
    pub state: String,
    /// Physical partitions in all.
    pub total_pps: u64,
    /// Physical partitions not in use.
    pub free_pps: u64,
    /// Where the free ones are: `43..00..00..00..128`.
    pub distribution: Option<String>,
}

/// Which lines are being read.
pub(super) enum Part {
    Inactive,
    Active,
    Resources,
}

const HEADINGS: &str = "PV_NAME           PV STATE          TOTAL PPs   FREE PPs    FREE DISTRIBUTION";

pub(super) fn read(system: &mut System, part: &mut Part, line: &str) -> Option<()> {
    let text = line.trim_start();
    let rule = text.bytes().all(|b| b == b'=');
    match (&part, text) {
        (Part::Resources, _) => system.resources.push(line.to_owned()),
        (_, "Inactive VGs") => *part = Part::Inactive,
        (_, "Active VGs") => *part = Part::Active,
        (_, line) if rule || line.starts_with("PV_NAME") => {}
        (Part::Inactive, line) => system.inactive_vgs.push(one_word(line)?),
        (Part::Active, line) => match line.strip_suffix(':') {
            Some(vg) => system.active_vgs.push(ActiveGroup { vg: one_word(vg)?, pvs: Vec::new() }),
            None => system.active_vgs.last_mut()?.pvs.push(disk(line)?),
        },
    }
    Some(())
}

fn one_word(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && !text.contains(char::is_whitespace)).then(|| text.to_owned())
}

fn disk(line: &str) -> Option<Disk> {
    let mut words = line.split_whitespace();
    let disk = Disk {
        pv: words.next()?.to_owned(),
        state: words.next()?.to_owned(),
        total_pps: words.next()?.parse().ok()?,
        free_pps: words.next()?.parse().ok()?,
        distribution: words.next().map(str::to_owned),
    };
    words.next().is_none().then_some(disk)
}

pub(super) fn print(system: &System) -> String {
    let rule = "=".repeat(78);
    let mut out = String::new();
    let System { inactive_vgs, active_vgs, resources, .. } = system;
    if !inactive_vgs.is_empty() || !active_vgs.is_empty() {
        out += &format!("\nVolume Groups Information\n{rule}\n");
    }
    if !inactive_vgs.is_empty() {
        out += &format!("Inactive VGs\n{rule}\n{}\n{rule}\nActive VGs\n{rule}\n", inactive_vgs.join("\n"));
    }
    for ActiveGroup { vg, pvs } in active_vgs {
        out += &format!("{vg}:\n{HEADINGS}\n");
        for Disk { pv, state, total_pps, free_pps, distribution } in pvs {
            let distribution = distribution.as_deref().unwrap_or_default();
            out += &format!("{pv:<17} {state:<17} {total_pps:<11} {free_pps:<11} {distribution}\n");
        }
        out += &format!("{rule}\n");
    }
    if !resources.is_empty() {
        out += &format!("\nINSTALLED RESOURCE LIST\n{}\n", resources.join("\n"));
    }
    out
}
