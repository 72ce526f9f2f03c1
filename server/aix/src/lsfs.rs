//! `lsfs -c` and `lsfs`: what `/etc/filesystems` says about file systems (nimadm.md §6.11).
//!
//! Colons part the fields of `-c`, and the address of an IPv6 node has colons itself: so the first three and the last five
//! fields are counted from the ends, and what is left between them is the node. The table without `-c` is (unconfirmed).

use crate::{Unreadable, text::table};
use serde::{Deserialize, Serialize};

const COLONS: &str = "#MountPoint:Device:Vfs:Nodename:Type:Size:Options:AutoMount:Acct\n";
const TABLE: &str = "Name            Nodename   Mount Pt               VFS   Size    Options    Auto Accounting\n";

/// A file system; what is empty or `--` in the output is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSystem {
    /// Where it is mounted.
    #[serde(rename = "mount")]
    pub mount_point: String,
    /// The device, or the directory of the node.
    pub device: Option<String>,
    /// `jfs2`, `nfs3`, `procfs`, …
    pub vfs: Option<String>,
    /// The host it comes from; none where it is local.
    pub node: Option<String>,
    /// The group it is mounted with, `bootfs`; the table does not say it.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Size in blocks of 512 bytes.
    pub size_512_blocks: Option<u64>,
    /// Mount options, as printed: `rw`, `ro,bg,hard`.
    pub options: Option<String>,
    /// Whether it is mounted at the boot.
    pub auto_mount: Option<bool>,
    /// Whether accounting counts it.
    pub acct: Option<bool>,
}

/// Reads `lsfs -c`; the lines in parentheses that `-q` adds are passed over.
///
/// # Errors
/// A line with fewer than nine fields, or a size or a yes or no that cannot be read.
pub fn parse(output: &str) -> Result<Vec<FileSystem>, Unreadable> {
    let other = |line: &str| line.starts_with('#') || is_query(line);
    table("lsfs -c", output, other, |line| {
        let mut front = line.splitn(4, ':');
        let (mount_point, device, vfs, rest) = (front.next()?, front.next()?, front.next()?, front.next()?);
        let mut back = rest.rsplitn(6, ':');
        let (acct, auto, options) = (back.next()?, back.next()?, back.next()?);
        let (size, kind, node) = (back.next()?, back.next()?, back.next()?);
        read([mount_point, device, vfs, node, kind, size, options, auto, acct])
    })
}

/// Reads the table of `lsfs`; the lines in parentheses that `-q` adds are passed over.
///
/// # Errors
/// A line with another number of words than eight, or a size or a yes or no that cannot be read.
pub fn parse_table(output: &str) -> Result<Vec<FileSystem>, Unreadable> {
    let other = |line: &str| (line.starts_with("Name ") && line.contains("Mount Pt")) || is_query(line);
    table("lsfs", output, other, |line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [device, node, mount_point, vfs, size, options, auto, acct] = words[..] else { return None };
        read([mount_point, device, vfs, node, "", size, options, auto, acct])
    })
}

fn is_query(line: &str) -> bool {
    line.trim_start().starts_with('(')
}

/// The fields in the order of `-c`.
fn read([mount_point, device, vfs, node, kind, size, options, auto, acct]: [&str; 9]) -> Option<FileSystem> {
    let text = |field: &str| Some(field.trim().to_owned()).filter(|field| !matches!(field.as_str(), "" | "--" | "-"));
    let size = match text(size) {
        Some(size) => Some(size.parse().ok()?),
        None => None,
    };
    let yes = |field: &str| match field.trim() {
        "yes" => Some(Some(true)),
        "no" => Some(Some(false)),
        "" | "--" | "-" => Some(None),
        _ => None,
    };
    Some(FileSystem {
        mount_point: text(mount_point)?,
        device: text(device),
        vfs: text(vfs),
        node: text(node),
        kind: text(kind),
        size_512_blocks: size,
        options: text(options),
        auto_mount: yes(auto)?,
        acct: yes(acct)?,
    })
}

/// Prints what [`parse`] reads.
#[must_use]
pub fn print(filesystems: &[FileSystem]) -> String {
    let line = |fs: &FileSystem| format!("{}\n", fields(fs, "").join(":"));
    COLONS.to_owned() + &filesystems.iter().map(line).collect::<String>()
}

/// Prints what [`parse_table`] reads.
#[must_use]
pub fn print_table(filesystems: &[FileSystem]) -> String {
    let line = |fs: &FileSystem| {
        let [mount, device, vfs, node, _, size, options, auto, acct] = fields(fs, "--");
        format!("{device:<15} {node:<10} {mount:<22} {vfs:<5} {size:<7} {options:<10} {auto:<4} {acct}\n")
    };
    TABLE.to_owned() + &filesystems.iter().map(line).collect::<String>()
}

fn fields(fs: &FileSystem, none: &str) -> [String; 9] {
    let text = |field: &Option<String>| field.clone().unwrap_or_else(|| none.to_owned());
    let yes = |field: Option<bool>| field.map_or(none, |yes| if yes { "yes" } else { "no" }).to_owned();
    [
        fs.mount_point.clone(),
        text(&fs.device),
        text(&fs.vfs),
        text(&fs.node),
        text(&fs.kind),
        text(&fs.size_512_blocks.map(|size| size.to_string())),
        text(&fs.options),
        yes(fs.auto_mount),
        yes(fs.acct),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, count, path, samples};
    use proptest::{collection::vec, option::of, prelude::*};

    #[test]
    fn reads_and_prints_every_sample() {
        fixture::read_and_print(samples!("lsfs": "header.log", "colons.constructed"), parse, |list| print(list));
        fixture::read_and_print(samples!("lsfs": "table.unconfirmed"), parse_table, |list| print_table(list));
    }

    #[test]
    fn passes_over_what_q_adds_and_no_error() {
        let queried = format!("{COLONS}/tmp:/dev/hd3:jfs2:::10485760:rw:yes:no\n(lv size 10485760:fs size 10485760)\n");
        assert_eq!(parse(&queried).unwrap().len(), 1);
        let error = "lsfs: No record matching '/x' was found in /etc/filesystems.\n";
        assert!(parse(error).is_err() && parse_table(error).is_err());
    }

    prop_compose! {
        fn filesystem()(
            (mount_point, device) in (path(), of(path())),
            vfs in of("jfs2|jfs|nfs3|procfs"),
            node in of("[a-z]{1,3}[0-9]{1,2}|fe80::[0-9a-f]{1,4}:[0-9a-f]{1,4}"),
            kind in of("bootfs|[a-z]{1,6}"),
            (size_512_blocks, options) in (of(count()), of("(rw|ro)(,bg|,hard){0,2}")),
            (auto_mount, acct) in (of(any::<bool>()), of(any::<bool>())),
        ) -> FileSystem {
            FileSystem { mount_point, device, vfs, node, kind, size_512_blocks, options, auto_mount, acct }
        }
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(list in vec(filesystem(), 0..5)) {
            prop_assert_eq!(&parse(&print(&list)).unwrap(), &list);
            let shown: Vec<_> = list.into_iter().map(|fs| FileSystem { kind: None, ..fs }).collect();
            prop_assert_eq!(parse_table(&print_table(&shown)).unwrap(), shown);
        }

        #[test]
        fn no_text_makes_it_panic(text in fixture::noise(&[
            "/:", "/dev/hd4", "jfs2", "::", "rw", "yes", "no", "--", "(lv size",
        ])) {
            let _ = (parse(&text), parse_table(&text));
        }
    }
}
