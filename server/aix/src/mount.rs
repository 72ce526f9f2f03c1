//! `mount`: what is mounted (nimadm.md §6.11).
//!
//! The node's column is empty for a local file system, and a long name pushes the others, so the date is looked for: the
//! type, the mount point, what is mounted and the node stand before it in this order, the options behind it.

use crate::{Unreadable, text::table};
use serde::{Deserialize, Serialize};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const HEADING: &str = "  node       mounted        mounted over    vfs       date        options      \n\
                       -------- ---------------  ---------------  ------ ------------ --------------- \n";

/// One line of `mount`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// The host it comes from; none where it is local.
    pub node: Option<String>,
    /// The device, or the directory of the node.
    pub mounted: String,
    /// The mount point.
    pub mounted_over: String,
    /// `jfs2`, `nfs3`, `procfs`, …
    pub vfs: String,
    /// When it was mounted, as printed: `Nov 07 19:11`, without a year.
    pub date: String,
    /// `rw`, `log=/dev/hd8`, …
    pub options: Vec<String>,
}

/// Reads `mount`.
///
/// # Errors
/// A line under the headings without a date, or with fewer or more than three or four words before it.
pub fn parse(output: &str) -> Result<Vec<Mount>, Unreadable> {
    // A host can be called `node`.
    let heading = |line: &str| {
        let mut words = line.split_whitespace();
        words.next() == Some("node") && words.next() == Some("mounted") || line.split_whitespace().all(is_rule)
    };
    table("mount", output, heading, |line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = words.windows(3).position(is_date)?;
        let (before, behind) = words.split_at(at);
        let (node, [mounted, mounted_over, vfs]) = match before {
            [mounted, over, vfs] => (None, [mounted, over, vfs]),
            [node, mounted, over, vfs] => (Some(node), [mounted, over, vfs]),
            _ => return None,
        };
        let (date, options) = behind.split_at_checked(3)?;
        Some(Mount {
            node: node.map(ToString::to_string),
            mounted: mounted.to_string(),
            mounted_over: mounted_over.to_string(),
            vfs: vfs.to_string(),
            date: date.join(" "),
            options: options.iter().flat_map(|words| words.split(',')).map(str::to_owned).collect(),
        })
    })
}

/// Prints what [`parse`] reads.
#[must_use]
pub fn print(mounts: &[Mount]) -> String {
    let line = |Mount { node, mounted, mounted_over, vfs, date, options }: &Mount| {
        let (node, options) = (node.as_deref().unwrap_or_default(), options.join(","));
        format!("{node:<8} {mounted:<16} {mounted_over:<16} {vfs:<6} {date:<12} {options:<15} \n")
    };
    HEADING.to_owned() + &mounts.iter().map(line).collect::<String>()
}

fn is_rule(word: &str) -> bool {
    word.bytes().all(|b| b == b'-')
}

fn is_date(words: &[&str]) -> bool {
    let [month, day, time] = words else { return false };
    let number = |text: &str, limit: u8| text.len() == 2 && text.parse::<u8>().is_ok_and(|number| number < limit);
    let time = time.split_once(':').is_some_and(|(hours, minutes)| number(hours, 24) && number(minutes, 60));
    MONTHS.contains(month) && number(day, 32) && time
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, path, samples};
    use proptest::prelude::*;

    #[test]
    fn reads_and_prints_every_sample() {
        fixture::read_and_print(samples!("mount": "local.log", "nfs.constructed"), parse, |mounts| print(mounts));
        assert!(parse("mount: 1831-011 access denied for nim:/export/nim/mksysb\n").is_err());
        let called_node =
            parse("node /export /mnt nfs3 Nov 07 19:11 rw\n-------- /a /b nfs3 Nov 07 19:11 rw\n").unwrap();
        assert_eq!(parse(&print(&called_node)).unwrap(), called_node);
        assert_eq!(called_node.len(), 2);
        assert!(parse("a b c d e jfs2 Nov 07 19:11 rw\n").is_err());
    }

    prop_compose! {
        fn date()(month in 0..12_usize, day in 1..32_u8, hours in 0..24_u8, minutes in 0..60_u8) -> String {
            format!("{} {day:02} {hours:02}:{minutes:02}", MONTHS[month])
        }
    }
    prop_compose! {
        fn mount()(
            node in proptest::option::of("[a-z]{1,3}[0-9]{1,2}(\\.example\\.com)?"),
            (mounted, mounted_over) in (path(), path()),
            (vfs, date) in ("jfs2|jfs|nfs3|nfs4|procfs|ahafs", date()),
            options in proptest::collection::vec("[a-z]{1,5}(=/[a-z0-9]{1,5})?", 0..4),
        ) -> Mount {
            Mount { node, mounted, mounted_over, vfs, date, options }
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(mounts in proptest::collection::vec(mount(), 0..5)) {
            prop_assert_eq!(parse(&print(&mounts)).unwrap(), mounts);
        }

        #[test]
        fn no_text_makes_it_panic(text in fixture::noise(&[
            "/dev/hd4", "jfs2", "Nov 07 19:11", "Nov", "07", "nim1", "rw,",
        ])) {
            let _ = parse(&text);
        }
    }
}
