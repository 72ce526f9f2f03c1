//! `lsvg -M <vg>`: which partition of which disk holds what.
//!
//! A line is `disk:partition`, then, where it is in use, `volume:partition`, the copy's number where the volume is mirrored,
//! and `stale`. Free partitions come as ranges.

use crate::{
    ObjectName, Unreadable,
    text::{caption, lines, word},
};
use serde::{Deserialize, Serialize};

/// The partitions of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Map {
    /// The group, where a line names it (unconfirmed), with a colon behind it or not.
    pub vg: Option<ObjectName>,
    /// In AIX's order: disk by disk.
    pub partitions: Vec<Partition>,
}

/// One line of `lsvg -M`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Partition {
    /// A partition that a logical volume uses.
    Used {
        /// The disk.
        pv: String,
        /// The partition on it.
        pp: u64,
        /// The logical volume.
        lv: String,
        /// Its logical partition.
        lp: u64,
        /// Which copy of the mirror it is.
        copy: Option<u32>,
        /// `stale` where it is out of date.
        state: Option<String>,
    },
    /// Partitions in a row that nothing uses.
    Free {
        /// The disk.
        pv: String,
        /// The first one.
        first_pp: u64,
        /// The last one; the first one where it stands alone.
        last_pp: u64,
    },
}

/// Reads `lsvg -M <vg>`.
///
/// # Errors
/// A line that names no partition, or a second group.
pub fn map(output: &str) -> Result<Map, Unreadable> {
    let mut map = Map { vg: None, partitions: Vec::new() };
    for (number, line) in lines(output) {
        let unreadable = || Unreadable::new("lsvg -M", number, line);
        match caption(line).or(Some(line).filter(|line| !line.contains([':', ' ', '\t']))) {
            Some(name) if map.vg.is_none() && map.partitions.is_empty() => {
                map.vg = Some(name.parse().map_err(|_| unreadable())?);
            }
            _ => map.partitions.push(partition(line).ok_or_else(unreadable)?),
        }
    }
    Ok(map)
}

fn partition(line: &str) -> Option<Partition> {
    let (place, rest) = word(line)?;
    let (pv, place) = place.split_once(':')?;
    let pv = pv.to_owned();
    let Some((use_of, state)) = word(rest) else {
        let (first, last) = place.split_once('-').unwrap_or((place, place));
        return Some(Partition::Free { pv, first_pp: first.parse().ok()?, last_pp: last.parse().ok()? });
    };
    let mut parts = use_of.split(':');
    let (lv, lp, copy) = (parts.next()?, parts.next()?, parts.next());
    let copy = match copy {
        Some(copy) => Some(copy.parse().ok()?),
        None => None,
    };
    if parts.next().is_some() {
        return None;
    }
    let state = Some(state.trim().to_owned()).filter(|state| !state.is_empty());
    Some(Partition::Used { pv, pp: place.parse().ok()?, lv: lv.to_owned(), lp: lp.parse().ok()?, copy, state })
}

/// Prints what [`map`] reads.
#[must_use]
pub fn print_map(map: &Map) -> String {
    let caption = map.vg.as_ref().map_or_else(String::new, |vg| format!("{vg}:\n"));
    caption + &map.partitions.iter().map(print_partition).collect::<String>()
}

fn print_partition(partition: &Partition) -> String {
    match partition {
        Partition::Free { pv, first_pp, last_pp } if first_pp == last_pp => format!("{pv}:{first_pp}\n"),
        Partition::Free { pv, first_pp, last_pp } => format!("{pv}:{first_pp}-{last_pp}\n"),
        Partition::Used { pv, pp, lv, lp, copy, state } => {
            let copy = copy.map_or_else(String::new, |copy| format!(":{copy}"));
            let (place, use_of) = (format!("{pv}:{pp}"), format!("{lv}:{lp}{copy}"));
            let line = format!("{place:<15} {use_of:<15} {}", state.as_deref().unwrap_or_default());
            format!("{}\n", line.trim_end())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, count, samples};
    use proptest::{option::of, prelude::*};

    #[test]
    fn reads_and_prints_every_sample() {
        fixture::read_and_print(samples!("lsvg": "map.code", "map_named.unconfirmed"), map, print_map);
        assert_eq!(map("rootvg:\nhdisk0:1 hd5:1\ndatavg:\n").unwrap_err().line, 3);
        assert_eq!(map("\nrootvg\n").unwrap().vg, Some("rootvg".parse().unwrap()));
    }

    fn partition() -> impl Strategy<Value = Partition> {
        let name = || "[a-z][a-z0-9_]{0,14}";
        let used = (name(), count(), name(), count(), of(1..4_u32), of(Just("stale".to_owned())));
        prop_oneof![
            used.prop_map(|(pv, pp, lv, lp, copy, state)| Partition::Used { pv, pp, lv, lp, copy, state }),
            (name(), count(), count()).prop_map(|(pv, first_pp, last_pp)| Partition::Free { pv, first_pp, last_pp }),
        ]
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(
            vg in of(fixture::vg()),
            partitions in proptest::collection::vec(partition(), 0..5),
        ) {
            let printed = Map { vg, partitions };
            prop_assert_eq!(map(&print_map(&printed)).unwrap(), printed);
        }
    }
}
