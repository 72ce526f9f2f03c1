//! `lslv -m <lv>`: the partitions of a logical volume, one line for each logical one. A boot volume whose partitions do not
//! follow each other on the disk cannot be booted from (nimadm.md §3.2 R10).

use crate::{
    Unreadable,
    text::{lines, unless, word},
};
use serde::{Deserialize, Serialize};

/// Where a logical volume lies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Map {
    /// Its name.
    pub lv: String,
    /// Where it is or would be mounted; none where AIX prints `N/A`.
    #[serde(rename = "mount")]
    pub mount_point: Option<String>,
    /// Its partitions in order.
    pub lps: Vec<MappedLp>,
}

/// A logical partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappedLp {
    /// Its number, from 1.
    pub lp: u64,
    /// One, or two or three where mirrored.
    pub copies: Vec<Copy>,
}

/// A copy of a logical partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copy {
    /// The partition on the disk, from 1.
    pub pp: u64,
    /// The disk; its identifier where AIX knows no name.
    pub pv: String,
}

/// Reads `lslv -m <lv>`.
///
/// # Errors
/// Output that does not begin with name and mount point, or a line that is no number with pairs of partition and disk.
pub fn map(output: &str) -> Result<Map, Unreadable> {
    let mut lines = lines(output);
    let (number, first) = lines.next().unwrap_or((1, ""));
    let unreadable = |number, line| move || Unreadable::new("lslv -m", number, line);
    let (lv, mount) = first
        .split_once(':')
        .filter(|(lv, mount)| !lv.contains(char::is_whitespace) && !mount.is_empty() && !mount.starts_with(' '))
        .ok_or_else(unreadable(number, first))?;
    let lps = lines
        .filter(|(_, line)| !line.starts_with("LP "))
        .map(|(number, line)| row(line).ok_or_else(unreadable(number, line)));
    Ok(Map { lv: lv.to_owned(), mount_point: unless(mount, "N/A"), lps: lps.collect::<Result<_, _>>()? })
}

fn row(line: &str) -> Option<MappedLp> {
    let (lp, mut rest) = word(line)?;
    let mut copies = Vec::new();
    while let Some((pp, behind)) = word(rest) {
        let (pv, behind) = word(behind)?;
        copies.push(Copy { pp: pp.parse().ok()?, pv: pv.to_owned() });
        rest = behind;
    }
    Some(MappedLp { lp: lp.parse().ok()?, copies }).filter(|lp| !lp.copies.is_empty())
}

/// Prints what [`map`] reads.
#[must_use]
pub fn print_map(map: &Map) -> String {
    let mount = map.mount_point.as_deref().unwrap_or("N/A");
    let heading = format!("{}:{mount}\nLP    PP1  PV1               PP2  PV2               PP3  PV3\n", map.lv);
    let line = |MappedLp { lp, copies }: &MappedLp| {
        let copies: String = copies.iter().map(|Copy { pp, pv }| format!("{pp:04} {pv:<16}  ")).collect();
        format!("{lp:04}  {copies}\n")
    };
    heading + &map.lps.iter().map(line).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, count, samples};
    use proptest::{collection::vec, prelude::*};

    #[test]
    fn reads_and_prints_every_sample() {
        let samples = samples!("lslv": "map_hd5.constructed", "map_hd5_lpar72.constructed");
        fixture::read_and_print(samples, map, print_map);
        assert!(map("0516-306 lslv: Unable to find  hd99 in the Device\n\tConfiguration Database.\n").is_err());
        assert!(map("ksh: lslv:  not found.\n").is_err());
        assert_eq!(map("hd5:N/A\n0001  0001 hdisk0  0002\n").unwrap_err().line, 2);
    }

    prop_compose! {
        fn copy()(pp in count(), pv in "[a-z][a-z0-9_]{0,14}") -> Copy {
            Copy { pp, pv }
        }
    }
    prop_compose! {
        fn lp()(lp in count(), copies in vec(copy(), 1..4)) -> MappedLp {
            MappedLp { lp, copies }
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(
            lv in "[a-z][a-z0-9_]{0,14}",
            mount_point in proptest::option::of(fixture::path()),
            lps in vec(lp(), 0..5),
        ) {
            let printed = Map { lv, mount_point, lps };
            prop_assert_eq!(map(&print_map(&printed)).unwrap(), printed);
        }
    }
}
