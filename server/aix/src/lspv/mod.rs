//! `lspv` in its four forms: the disks of a host, one disk, and what lies on it (nimadm.md §6.3).
//!
//! Words are told apart by blanks, not by columns: a column moves when a name is too long for it. What is missing can only
//! be the last word, the state.

mod detail;
mod logical_volumes;
mod unique;

pub use detail::{Detail, detail, print_detail};
pub use logical_volumes::{DiskVolume, DiskVolumes, logical_volumes, print_logical_volumes};
pub use unique::{UniqueDisk, print_unique, unique};

use crate::{DiskName, ObjectName, Pvid, Unreadable, text::rows};
use serde::{Deserialize, Serialize};

/// One line of `lspv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhysicalVolume {
    /// The disk's name.
    pub disk: DiskName,
    /// Its identifier; none where AIX prints `none`.
    pub pvid: Option<Pvid>,
    /// The volume group it belongs to; none where AIX prints `None`.
    pub vg: Option<ObjectName>,
    /// `active`, `concurrent`, `locked`; none where the volume group is varied off or there is none.
    pub state: Option<String>,
}

/// Reads the output of `lspv`; blank lines are passed over.
///
/// # Errors
/// A line without at least disk, PVID and volume group, or with a malformed one.
pub fn parse(output: &str) -> Result<Vec<PhysicalVolume>, Unreadable> {
    rows("lspv", output, |line| {
        let mut words = line.split_whitespace();
        let (disk, pvid, vg) = owner(&mut words)?;
        Some(PhysicalVolume { disk, pvid, vg, state: words.next().map(str::to_owned) })
    })
}

/// Prints what [`parse`] reads, with blanks up to the last column's end as AIX does.
#[must_use]
pub fn print(disks: &[PhysicalVolume]) -> String {
    disks.iter().map(|pv| columns(&pv.disk, &pv.pvid, &pv.vg, &pv.state) + "\n").collect()
}

/// The first three words of a line, `None` and `none` understood.
fn owner<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<(DiskName, Option<Pvid>, Option<ObjectName>)> {
    let disk = words.next()?.parse().ok()?;
    let pvid = match words.next()? {
        "none" | "None" => None,
        text => Some(text.parse().ok()?),
    };
    let vg = match words.next()? {
        "None" | "none" => None,
        text => Some(text.parse().ok()?),
    };
    Some((disk, pvid, vg))
}

fn columns(disk: &DiskName, pvid: &Option<Pvid>, vg: &Option<ObjectName>, state: &Option<String>) -> String {
    let (disk, state) = (disk.as_str(), state.as_deref().unwrap_or_default());
    let pvid = pvid.as_ref().map_or("none", Pvid::as_str);
    let vg = vg.as_ref().map_or("None", ObjectName::as_str);
    format!("{disk:<15} {pvid:<35} {vg:<15} {state:<12}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, samples};
    use proptest::prelude::*;

    #[test]
    fn reads_and_prints_every_sample() {
        let samples = samples!("lspv": "every_state.log", "awake.constructed", "migrated.constructed",
            "old_disk_booted.constructed", "lpar61.constructed", "lpar71.constructed", "lpar72.constructed");
        fixture::read_and_print(samples, parse, |disks| print(disks));
    }

    #[test]
    fn names_the_line_it_cannot_read() {
        let error = parse("hdisk0 00f939e23e8ab01a rootvg active\nksh: lspv: not found\n").unwrap_err();
        assert_eq!(error.line, 2);
        assert!(parse("0516-010 : Volume group must be varied on; use varyonvg command.\n").is_err());
    }

    prop_compose! {
        pub(super) fn volume()(
            disk in fixture::disk(),
            pvid in proptest::option::of(fixture::pvid()),
            vg in proptest::option::of(fixture::vg()),
            state in proptest::option::of("active|concurrent|locked"),
        ) -> PhysicalVolume {
            PhysicalVolume { disk, pvid, vg, state }
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(disks in proptest::collection::vec(volume(), 0..5)) {
            prop_assert_eq!(parse(&print(&disks)).unwrap(), disks);
        }

        #[test]
        fn no_text_makes_it_panic(text in fixture::noise(&[
            "hdisk0", "none", "None", "00f939e23e8ab01a", "rootvg", "active",
        ])) {
            let _ = (parse(&text), unique(&text));
        }
    }
}
