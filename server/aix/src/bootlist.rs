//! `bootlist -m normal -o` and `-ov`: what the next boot starts from (nimadm.md §6.5).
//!
//! The verbose form has the same lines among those of the firmware, which are passed over (unconfirmed). An error message
//! must not pass for a device, so a device begins with a letter and all behind it are attributes.

use crate::{Unreadable, text::table};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// How the lines begin that `-v` adds.
const FIRMWARE: [&str; 4] = ["'ibm,max-boot-devices'", "NVRAM variable:", "Path name:", "match_specific_info:"];

/// One line of the bootlist: a path to a boot device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootDevice {
    /// The device, `hdisk0`, `cd0`, `ent0`; `-` for an entry that resolves to nothing (unconfirmed).
    pub device: String,
    /// The boot logical volume, `hd5` or `bos_hd5`; a disk without one does not boot.
    pub blv: Option<String>,
    /// The MPIO path, where AIX names it.
    pub pathid: Option<u32>,
}

/// Reads the output of `bootlist -m normal -o` or `-ov`; blank lines are passed over. The addresses of a network adapter
/// (`client=`, `bserver=`, `gateway=`) are not kept.
///
/// # Errors
/// A line that is no device with attributes, or an attribute whose number cannot be read.
pub fn parse(output: &str) -> Result<Vec<BootDevice>, Unreadable> {
    table("bootlist", output, |line| FIRMWARE.iter().any(|start| line.starts_with(start)), read_line)
}

fn read_line(line: &str) -> Option<BootDevice> {
    let mut fields = line.split_whitespace();
    let device = fields.next().filter(|device| *device == "-" || is_device(device))?;
    let mut boot = BootDevice { device: device.to_owned(), blv: None, pathid: None };
    for field in fields {
        match field.split_once('=')? {
            ("blv", value) => boot.blv = Some(value.to_owned()),
            ("pathid", value) => boot.pathid = Some(value.parse().ok()?),
            _ => {}
        }
    }
    Some(boot)
}

fn is_device(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Prints what [`parse`] reads, as `-o` does.
#[must_use]
pub fn print(bootlist: &[BootDevice]) -> String {
    let line = |BootDevice { device, blv, pathid }: &BootDevice| {
        let blv = blv.as_ref().map_or_else(String::new, |blv| format!(" blv={blv}"));
        let pathid = pathid.map_or_else(String::new, |pathid| format!(" pathid={pathid}"));
        format!("{device}{blv}{pathid}\n")
    };
    bootlist.iter().map(line).collect()
}

/// The devices in boot order, each once: the paths of a disk are folded.
#[must_use]
pub fn devices(bootlist: &[BootDevice]) -> Vec<&str> {
    let mut seen = HashSet::new();
    bootlist.iter().map(|boot| boot.device.as_str()).filter(|device| seen.insert(*device)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, samples};
    use proptest::{option::of, prelude::*};

    #[test]
    fn reads_and_prints_every_sample() {
        let samples = samples!("bootlist": "one_path.constructed", "four_paths.log", "mirrored.constructed",
            "multibos.constructed", "migrated.constructed", "lpar61.constructed", "lpar71.constructed",
            "lpar72.constructed");
        fixture::read_and_print(samples, parse, |bootlist| print(bootlist));
        fixture::read(samples!("bootlist": "network.unconfirmed", "verbose.unconfirmed"), parse);
    }

    #[test]
    fn paths_of_a_disk_are_one_device() {
        let boot = parse("hdisk2 blv=hd5 pathid=0\nhdisk2 blv=hd5 pathid=1\nhdisk1 blv=bos_hd5\n-\n").unwrap();
        assert_eq!(devices(&boot), ["hdisk2", "hdisk1", "-"]);
    }

    #[test]
    fn an_error_message_is_no_device() {
        for text in ["0514-221 bootlist: Unable to make boot device list for hdisk1", "ksh: bootlist:  not found."] {
            assert!(parse(text).is_err(), "{text:?} was taken");
        }
        assert!(parse("hdisk0 blv=hd5 pathid=first").is_err());
    }

    prop_compose! {
        fn device()(
            device in "[a-z]{2,5}[0-9]{1,3}|-",
            blv in of("(bos_)?hd5"),
            pathid in of(any::<u32>()),
        ) -> BootDevice {
            BootDevice { device, blv, pathid }
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(bootlist in proptest::collection::vec(device(), 0..8)) {
            prop_assert_eq!(parse(&print(&bootlist)).unwrap(), bootlist);
        }

        #[test]
        fn no_text_makes_it_panic(text in fixture::noise(&[
            "hdisk0", "blv=", "pathid=", "hd5", "NVRAM variable:", "'ibm,",
        ])) {
            let _ = parse(&text);
        }
    }
}
