//! `lspv -u`: the disks with the identifiers that the storage gives them (nimadm.md §3.2 D11).
//!
//! The layout is (unconfirmed), so nothing but the words and their order is relied on: the columns of `lspv`, then the
//! unique identifier, which can have blanks inside where a vendor pads the model's name, then a UUID in its usual groups.
//! A state has no digit and an identifier always has some: that tells them apart where a disk has no state.

use super::{columns, owner};
use crate::{
    DiskName, ObjectName, Pvid, Unreadable,
    text::{rows, word},
};
use serde::{Deserialize, Serialize};

/// One line of `lspv -u`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UniqueDisk {
    /// The disk's name.
    pub disk: DiskName,
    /// Its PVID; none where AIX prints `none`.
    pub pvid: Option<Pvid>,
    /// The volume group it belongs to; none where AIX prints `None`.
    pub vg: Option<ObjectName>,
    /// As in [`super::PhysicalVolume`].
    pub state: Option<String>,
    /// The storage's own identifier (UDID), as printed; stays when the disk's name changes.
    pub unique_id: Option<String>,
    /// The disk's UUID; AIX 7.1 and later (unconfirmed).
    pub uuid: Option<String>,
}

/// Reads the output of `lspv -u`; blank lines are passed over.
///
/// # Errors
/// A line without at least disk, PVID and volume group, or with a malformed one.
pub fn unique(output: &str) -> Result<Vec<UniqueDisk>, Unreadable> {
    rows("lspv -u", output, |line| {
        let mut rest = line;
        let mut words = std::iter::from_fn(|| {
            let (first, behind) = word(rest)?;
            rest = behind;
            Some(first)
        });
        let (disk, pvid, vg) = owner(&mut words)?;
        let rest = rest.trim();
        let (state, rest) = match word(rest) {
            Some((state, behind)) if !state.contains(|c: char| c.is_ascii_digit()) => (Some(state), behind.trim()),
            _ => (None, rest),
        };
        let (id, uuid) = match rest.rsplit_once(char::is_whitespace) {
            Some((id, uuid)) if is_uuid(uuid) => (id.trim_end(), Some(uuid)),
            None if is_uuid(rest) => ("", Some(rest)),
            _ => (rest, None),
        };
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Some(UniqueDisk { disk, pvid, vg, state: state.and_then(text), unique_id: text(id), uuid: uuid.and_then(text) })
    })
}

/// Prints what [`unique`] reads; the columns behind the state are (unconfirmed).
#[must_use]
pub fn print_unique(disks: &[UniqueDisk]) -> String {
    let line = |disk: &UniqueDisk| {
        let start = columns(&disk.disk, &disk.pvid, &disk.vg, &disk.state);
        let (id, uuid) = (disk.unique_id.as_deref().unwrap_or_default(), disk.uuid.as_deref().unwrap_or_default());
        // A state that fills its column must not touch the identifier.
        let gap = if start.ends_with(' ') { "" } else { " " };
        format!("{}\n", format!("{start}{gap}{id:<50} {uuid}").trim_end())
    };
    disks.iter().map(line).collect()
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.concat().bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        fixture::{self, samples},
        lspv::{PhysicalVolume, tests::volume},
    };
    use proptest::prelude::*;

    #[test]
    fn reads_the_sample() {
        fixture::read(samples!("lspv": "unique.unconfirmed"), unique);
        assert!(unique("lspv: 0516-1000 illegal option\n").is_err());
        let disks = unique("hdisk0 none None a-very-long-state 3E213600A0B8\n").unwrap();
        assert_eq!(unique(&print_unique(&disks)).unwrap(), disks);
    }

    prop_compose! {
        fn disk()(
            PhysicalVolume { disk, pvid, vg, state } in volume(),
            // an identifier begins with the length of its first part: a digit (unconfirmed)
            unique_id in proptest::option::of("[0-9][0-9A-F]{1,45}( {1,9}[A-Z][A-Za-z0-9]{1,8})?"),
            uuid in proptest::option::of("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ) -> UniqueDisk {
            UniqueDisk { disk, pvid, vg, state, unique_id, uuid }
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(disks in proptest::collection::vec(disk(), 0..5)) {
            prop_assert_eq!(unique(&print_unique(&disks)).unwrap(), disks);
        }
    }
}
