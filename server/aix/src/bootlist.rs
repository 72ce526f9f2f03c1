//! `bootlist -m normal -o`: what the next boot starts from (nimadm.md §6.5).

use crate::{Unreadable, text::rows};
use serde::{Deserialize, Serialize};

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

/// Reads the output of `bootlist -m normal -o`; blank lines are passed over.
///
/// # Errors
/// A line with an attribute whose number cannot be read.
pub fn parse(output: &str) -> Result<Vec<BootDevice>, Unreadable> {
    rows("bootlist", output, read_line)
}

fn read_line(line: &str) -> Option<BootDevice> {
    let mut fields = line.split_whitespace();
    let mut boot = BootDevice { device: fields.next()?.to_owned(), blv: None, pathid: None };
    for field in fields {
        match field.split_once('=') {
            Some(("blv", value)) => boot.blv = Some(value.to_owned()),
            Some(("pathid", value)) => boot.pathid = Some(value.parse().ok()?),
            _ => {}
        }
    }
    Some(boot)
}

/// The devices in boot order, each once: the paths of a disk are folded.
#[must_use]
pub fn devices(bootlist: &[BootDevice]) -> Vec<&str> {
    let mut devices: Vec<&str> = Vec::new();
    for boot in bootlist {
        if !devices.contains(&boot.device.as_str()) {
            devices.push(&boot.device);
        }
    }
    devices
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_paths_adapters_and_multibos() {
        let boot = parse("hdisk2 blv=hd5 pathid=0\nhdisk2 blv=hd5 pathid=1\nhdisk1 blv=bos_hd5\n").unwrap();
        assert_eq!(devices(&boot), ["hdisk2", "hdisk1"]);
        assert_eq!(boot[1].pathid, Some(1));
        assert_eq!(boot[2].blv.as_deref(), Some("bos_hd5"));
        let network = parse("cd0\nent0 client=10.1.1.20 bserver=10.1.1.10 gateway=10.1.1.1\n-\nhdisk1\n").unwrap();
        assert_eq!(devices(&network), ["cd0", "ent0", "-", "hdisk1"]);
        assert_eq!(network[3].blv, None);
    }
}
