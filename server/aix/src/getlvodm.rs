//! `getlvodm -j hdiskN`: the volume group that the ODM has a disk in (nimadm.md §3.2 D2, §4.2).
//!
//! `lspv` can say `None` of a disk that a group still claims. This command is asked second, and here the error is the good
//! answer: `0516-320` means that the disk is in no group, `0516-1396` that it has not even a PVID. Any other error is none.

use crate::{
    DiskName, Unreadable, VgId,
    text::{lines, only},
};

/// Reads the identifier of the group; none where AIX says that the disk is assigned to none. The messages are known by
/// their number: their text is wrapped at different places.
///
/// # Errors
/// Anything else, another error above all: nothing is known of the disk then.
pub fn parse(output: &str) -> Result<Option<VgId>, Unreadable> {
    let code = lines(output).next().and_then(|(_, line)| line.split_whitespace().next());
    match code {
        Some("0516-320" | "0516-1396") => Ok(None),
        _ => only("getlvodm -j", output, |line| line.parse().ok()).map(Some),
    }
}

/// Prints what [`parse`] reads: the message for none names the disk.
#[must_use]
pub fn print(group: Option<&VgId>, disk: &DiskName) -> String {
    match group {
        Some(id) => format!("{id}\n"),
        None => {
            format!("0516-320 /usr/sbin/getlvodm: Physical volume {disk} is not assigned to\n        a volume group.\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, samples};
    use proptest::prelude::*;

    #[test]
    fn reads_and_prints_every_sample() {
        let disk = "hdisk1".parse().unwrap();
        let samples = samples!("getlvodm": "not_assigned.code", "assigned.constructed");
        fixture::read_and_print(samples, parse, |group| print(group.as_ref(), &disk));
        fixture::read(samples!("getlvodm": "no_pvid.constructed"), parse);
    }

    #[test]
    fn another_error_does_not_free_the_disk() {
        for text in [
            "",
            "0516-306 getlvodm: Unable to find volume group foovg in the Device\n        Configuration Database.\n",
            "ksh: getlvodm:  not found.\n",
            "00f9c87a00004c000000017a0bd88942\n0516-320 and more\n",
        ] {
            assert!(parse(text).is_err(), "{text:?} was taken");
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(group in proptest::option::of(fixture::vg_id()), disk in fixture::disk()) {
            prop_assert_eq!(parse(&print(group.as_ref(), &disk)).unwrap(), group);
        }

        #[test]
        fn no_text_makes_it_panic(text in fixture::noise(&[
            "0516-320", "0516-1396", "00f9c87a00004c000000017a0bd88942",
        ])) {
            let _ = parse(&text);
        }
    }
}
