//! `lsvg` in its five forms (nimadm.md §6.4).
//!
//! A volume group that is varied off has no forms: AIX prints `0516-010` in their place, which is an error to each of these
//! readers, never an empty table.

mod info;
mod logical_volumes;
mod map;
mod physical_volumes;

pub use info::{VolumeGroup, info, print_info};
pub use logical_volumes::{LogicalVolume, LogicalVolumes, logical_volumes, print_logical_volumes};
pub use map::{Map, Partition, map, print_map};
pub use physical_volumes::{PhysicalVolumes, VgDisk, physical_volumes, print_physical_volumes};

use crate::{ObjectName, Unreadable, text::rows};

/// Reads `lsvg` and `lsvg -o`: one name a line.
///
/// # Errors
/// A line that is no volume group's name.
pub fn list(output: &str) -> Result<Vec<ObjectName>, Unreadable> {
    rows("lsvg", output, |line| line.trim().parse().ok())
}

/// Prints what [`list`] reads.
#[must_use]
pub fn print_list(names: &[ObjectName]) -> String {
    names.iter().map(|name| format!("{name}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, samples};
    use proptest::prelude::*;

    #[test]
    fn reads_and_prints_names() {
        fixture::read_and_print(samples!("lsvg": "nim1.constructed"), list, |names| print_list(names));
    }

    #[test]
    fn a_group_varied_off_is_an_error_in_every_form() {
        let (_, off) = (samples!("lsvg": "varied_off.log") as fixture::Samples)[0];
        assert!(list(off).is_err() && info(off).is_err() && map(off).is_err());
        assert!(logical_volumes(off).is_err() && physical_volumes(off).is_err());
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(names in proptest::collection::vec(fixture::vg(), 0..5)) {
            prop_assert_eq!(list(&print_list(&names)).unwrap(), names);
        }

        #[test]
        fn no_text_makes_it_panic(text in fixture::noise(&[
            "rootvg", "rootvg:", "VG STATE:", "PP SIZE:", "VOLUME GROUP:", "LV NAME", "PV_NAME", "hd5",
            "hdisk0", "hdisk0:1", "hd5:1:1", "stale", "128 megabyte(s)", "2 (Enabled)",
        ])) {
            let _ = (list(&text), info(&text), map(&text), logical_volumes(&text), physical_volumes(&text));
        }
    }
}
