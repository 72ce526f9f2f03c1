//! `lspv` without arguments: the disks of a host (nimadm.md §6.3).

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
    rows("lspv", output, read_line)
}

fn read_line(line: &str) -> Option<PhysicalVolume> {
    let mut fields = line.split_whitespace();
    let disk = fields.next()?.parse().ok()?;
    let pvid = match fields.next()? {
        "none" | "None" => None,
        text => Some(text.parse().ok()?),
    };
    let vg = match fields.next()? {
        "None" | "none" => None,
        text => Some(text.parse().ok()?),
    };
    Some(PhysicalVolume { disk, pvid, vg, state: fields.next().map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every line type of nimadm.md §6.3 `[log]`.
    const SAMPLE: &str = "\
hdisk0          00f939e23e8ab01a                    rootvg          active      
hdisk1          000baf2b911815a4                    datavg          concurrent  
hdisk3          00002f8bd1e92b12                    None                        
hdisk4          none                                None                        
hdisk5          00c25ab0062fa576                    altinst_rootvg              
";

    #[test]
    fn reads_every_kind_of_line() {
        let disks = parse(SAMPLE).unwrap();
        let seen: Vec<_> = disks
            .iter()
            .map(|pv| {
                (pv.disk.as_str(), pv.pvid.is_some(), pv.vg.as_ref().map(ObjectName::as_str), pv.state.as_deref())
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("hdisk0", true, Some("rootvg"), Some("active")),
                ("hdisk1", true, Some("datavg"), Some("concurrent")),
                ("hdisk3", true, None, None),
                ("hdisk4", false, None, None),
                ("hdisk5", true, Some("altinst_rootvg"), None),
            ]
        );
    }

    #[test]
    fn names_the_line_it_cannot_read() {
        let error = parse("hdisk0 00f939e23e8ab01a rootvg active\nksh: lspv: not found\n").unwrap_err();
        assert_eq!(error.line, 2);
    }
}
