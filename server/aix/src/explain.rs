//! What an output is of, and what it says, as JSON: the commands of `nimdeck explain --as`.
//!
//! One table. An entry names a command's form, its parser, and how the form is known from others: by a heading where it has
//! one, else by being read from end to end. Forms with headings come first, so that a form without one only gets what no
//! heading claims; `bootinfo -b` and its like print a single word and are never guessed.

use crate::{
    Unreadable, bootinfo, bootlist, df, efix, errpt, getconf, getlvodm, instfix, lparstat, lppchk, lsattr, lsdev, lsfs,
    lslpp, lslv, lsmcode, lsnim, lspath, lsps, lspv, lssrc, lsvg, message, mount, nim, oslevel, prtconf, ps, uname,
    uptime,
};
use serde::Serialize;

/// A form of a command whose output can be read.
pub struct Kind {
    /// What `--as` takes: `lsvg-l`.
    pub name: &'static str,
    /// The command as it is typed: `lsvg -l <vg>`.
    pub command: &'static str,
    knows: Knows,
    read: fn(&str) -> Result<String, Unreadable>,
}

/// How an output is known to be of a kind.
enum Knows {
    /// All of these are in it.
    Texts(&'static [&'static str]),
    /// Every line is one of its rows, and this holds, too.
    Rows(fn(&str) -> bool),
    /// It says too little to tell: only when asked for.
    Never,
}

/// The kind with this name.
#[must_use]
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// All kinds, in the order in which they are tried.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    KINDS.iter()
}

/// The kind of an output, and its value as JSON; none where it is nothing known.
#[must_use]
pub fn recognise(output: &str) -> Option<(&'static Kind, String)> {
    let fits = |kind: &&Kind| match kind.knows {
        Knows::Texts(texts) => texts.iter().all(|text| output.contains(text)),
        Knows::Rows(also) => also(output),
        Knows::Never => false,
    };
    KINDS.iter().filter(fits).find_map(|kind| Some((kind, kind.read(output).ok()?)))
}

impl Kind {
    /// The output's value as JSON, in the order in which the command prints it.
    ///
    /// # Errors
    /// The line that cannot be read.
    pub fn read(&self, output: &str) -> Result<String, Unreadable> {
        (self.read)(output)
    }
}

fn json<T: Serialize>(value: Result<T, Unreadable>) -> Result<String, Unreadable> {
    serde_json::to_string(&value?).map_err(|error| Unreadable::new("JSON", 1, &error.to_string()))
}

/// An entry of the table.
macro_rules! kind {
    ($name:literal, $command:literal, $knows:expr, $read:expr) => {
        Kind { name: $name, command: $command, knows: $knows, read: |output| json($read(output)) }
    };
}

use Knows::{Never, Rows, Texts};

const KINDS: &[Kind] = &[
    kind!("prtconf", "prtconf", Texts(&["System Model:", "Processor Type:"]), prtconf::parse),
    kind!("lspv-disk", "lspv <disk>", Texts(&["PHYSICAL VOLUME:", "PV IDENTIFIER:"]), lspv::detail),
    kind!("lslv", "lslv <lv>", Texts(&["LOGICAL VOLUME:", "LV IDENTIFIER:"]), lslv::parse),
    kind!("lsvg-vg", "lsvg <vg>", Texts(&["VOLUME GROUP:", "VG IDENTIFIER:", "MAX LVs:"]), lsvg::info),
    kind!("lsvg-l", "lsvg -l <vg>", Texts(&["LV NAME", "LV STATE"]), lsvg::logical_volumes),
    kind!("lspv-l", "lspv -l <disk>", Texts(&["LV NAME", "DISTRIBUTION"]), lspv::logical_volumes),
    kind!("lsvg-p", "lsvg -p <vg>", Texts(&["PV_NAME", "TOTAL PPs"]), lsvg::physical_volumes),
    kind!("lslv-m", "lslv -m <lv>", Texts(&["PP1", "PV1"]), lslv::map),
    kind!("emgr-l", "emgr -l", Texts(&["INSTALL TIME", "ABSTRACT"]), efix::parse),
    kind!("emgr-l", "emgr -l", Texts(&["There is no efix data on this system."]), efix::parse),
    kind!("errpt", "errpt", Texts(&["IDENTIFIER TIMESTAMP"]), errpt::parse),
    kind!("df", "df", Texts(&["Filesystem", "Mounted on"]), df::parse),
    kind!("mount", "mount", Texts(&["mounted over"]), mount::parse),
    kind!("lsfs-c", "lsfs -c", Texts(&["#MountPoint:"]), lsfs::parse),
    kind!("lsfs", "lsfs", Texts(&["Nodename", "Mount Pt"]), lsfs::parse_table),
    kind!("lslpp-Lc", "lslpp -Lc", Texts(&["#Package Name:"]), lslpp::packages),
    kind!("lslpp-lc", "lslpp -lc", Texts(&["#Fileset:Level:"]), lslpp::installed_colons),
    kind!("lslpp-L", "lslpp -L", Texts(&["Fileset", "Level", "State", "Type"]), lslpp::listing),
    kind!("lslpp-l", "lslpp -l", Texts(&["Path: ", "Fileset", "State"]), lslpp::installed),
    kind!("oslevel-rl", "oslevel -rl <level>", Texts(&["Actual Level", "Recommended"]), oslevel::behind),
    kind!("oslevel-sq", "oslevel -sq", Texts(&["Known "]), oslevel::known),
    kind!("instfix", "instfix -i", Texts(&["filesets for ", " were found."]), instfix::parse),
    kind!("lssrc", "lssrc", Texts(&["Subsystem", "Group", "Status"]), lssrc::parse),
    kind!("lsps-s", "lsps -s", Texts(&["Total Paging Space", "Percent Used"]), lsps::summary),
    kind!("lsps-a", "lsps -a", Texts(&["Page Space", "Physical Volume"]), lsps::page_spaces),
    kind!("lparstat-i", "lparstat -i", Texts(&["Partition Name", "Entitled Capacity"]), lparstat::parse),
    kind!("lsmcode-c", "lsmcode -c", Texts(&["system firmware image is"]), lsmcode::parse),
    kind!("uptime", "uptime", Texts(&[" up ", "load average"]), uptime::parse),
    kind!("getlvodm", "getlvodm -j <disk>", Texts(&["0516-320", "getlvodm"]), getlvodm::parse),
    kind!("ps-ef", "ps -ef", Texts(&["UID", "PPID", "CMD"]), ps::processes),
    kind!("lsnim-q", "lsnim -q <operation>", Texts(&["the following attributes are"]), lsnim::arguments),
    kind!("lsnim-Z", "lsnim -Z -a <attribute> <object>", Texts(&["#name:"]), lsnim::colons),
    kind!("lsnim-l", "lsnim -l", Rows(|text| text.contains(" = ")), |text: &str| lsnim::stanzas(text)
        .map(lsnim::Objects)),
    kind!("lppchk", "lppchk -v", Rows(|text| text.trim_start().starts_with("lppchk:")), lppchk::parse),
    kind!("instfix-icqv", "instfix -icqv", Rows(has_colons), instfix::filesets),
    kind!("lslpp-Lqc", "lslpp -Lqc", Rows(has_colons), lslpp::packages),
    kind!("nim-error", "error text of NIM or LVM", Rows(is_error), error),
    kind!("lspv", "lspv", Rows(not_empty), lspv::parse),
    kind!("lspv-u", "lspv -u", Rows(not_empty), lspv::unique),
    kind!("lsnim", "lsnim", Rows(|text| text.contains(" machines ") || text.contains(" resources ")), lsnim::list),
    kind!("lspath", "lspath -l <disk>", Rows(not_empty), lspath::parse),
    kind!("lsdev-disk", "lsdev -Cc disk", Rows(not_empty), lsdev::parse),
    kind!("lsvg-M", "lsvg -M <vg>", Rows(has_colons), lsvg::map),
    kind!("showres", "nim -o showres <lpp_source>", Rows(not_empty), nim::images),
    kind!(
        "bootlist",
        "bootlist -m normal -o",
        Rows(|text| text.contains("blv=") || text.contains("client=")),
        bootlist::parse
    ),
    kind!("oslevel", "oslevel -s", Rows(not_empty), oslevel::parse),
    kind!("lsvg", "lsvg", Rows(|text| text.lines().any(|line| line.trim() == "rootvg")), lsvg::list),
    kind!("bootinfo-b", "bootinfo -b", Never, bootinfo::boot_device),
    kind!("bootinfo-s", "bootinfo -s <disk>", Never, bootinfo::size),
    kind!("bootinfo-v", "bootinfo -v", Never, bootinfo::blv),
    kind!("bootinfo-B", "bootinfo -B <disk>", Never, bootinfo::bootable),
    kind!("bootinfo-K", "bootinfo -K", Never, bootinfo::kernel_bits),
    kind!("disk-size", "getconf DISK_SIZE /dev/<disk>", Never, getconf::disk_size),
    kind!("lsdev-status", "lsdev -l <disk> -F status", Never, lsdev::status),
    kind!("lsattr-El", "lsattr -El <device>", Never, lsattr::parse),
    kind!("lsmcode-A", "lsmcode -A", Never, lsmcode::devices),
    kind!("lsnim-p", "lsnim -p", Never, lsnim::classes),
    kind!("ps-p", "ps -p <pid> -o pid,etime,args", Never, ps::running),
    kind!("uname-m", "uname -m", Never, uname::parse),
];

fn not_empty(output: &str) -> bool {
    !output.trim().is_empty()
}

fn has_colons(output: &str) -> bool {
    output.contains(':')
}

/// Messages and nothing else: a log in which something failed is more than its messages.
fn is_error(output: &str) -> bool {
    let report = message::parse(output);
    !report.messages.is_empty() && report.other.is_empty()
}

fn error(output: &str) -> Result<message::NimError, Unreadable> {
    let report = message::parse(output);
    if report.messages.is_empty() && report.rc.is_none() {
        return Err(Unreadable::new("error text", 1, output.lines().next().unwrap_or_default()));
    }
    Ok(report.nim_error())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::HashSet, fs, path::Path};

    /// Samples that say too little to be known, or nothing but what went wrong.
    const UNKNOWN: &[&str] = &[
        "df/nim1.constructed.txt",
        "getlvodm/assigned.constructed.txt",
        "lppchk/consistent.doc.txt",
        "lppchk/continued.unconfirmed.txt",
        "lsdev/status.constructed.txt",
        "lsmcode/devices.unconfirmed.txt",
        "lsnim/classes.log.txt",
        "ps/running.unconfirmed.txt",
    ];
    const ERRORS: &[&str] = &["lsvg/varied_off.log.txt", "getlvodm/no_pvid.constructed.txt"];

    fn is_right(folder: &str, sample: &str, kind: Option<&str>) -> bool {
        match (kind, folder) {
            (None, "bootinfo" | "getconf" | "lsattr" | "uname") => true,
            (None, _) => UNKNOWN.contains(&sample),
            (Some("nim-error"), _) => folder == "message" || ERRORS.contains(&sample),
            (Some(name), "nim") => name == "showres",
            (Some(name), _) => name == folder || name.starts_with(&format!("{folder}-")),
        }
    }

    #[test]
    fn every_sample_is_known_for_what_it_is() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let (mut wrong, mut seen) = (Vec::new(), 0);
        for command in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
            let name = command.file_name().unwrap().to_str().unwrap().to_owned();
            if name == "nimadm" {
                continue;
            }
            for sample in fs::read_dir(&command).unwrap().map(|entry| entry.unwrap().path()) {
                let file = format!("{name}/{}", sample.file_name().unwrap().to_str().unwrap());
                let text = fs::read_to_string(&sample).unwrap();
                let kind = recognise(&text).map(|(kind, _)| kind.name);
                seen += 1;
                if !is_right(&name, &file, kind) {
                    wrong.push(format!("{file}: {kind:?}"));
                }
            }
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
        assert!(seen > 100);
    }

    #[test]
    fn a_log_of_something_else_is_no_output() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/nimadm");
        for other in ["alt_disk_copy.constructed", "alt_disk_mksysb.log", "installp.constructed", "empty.constructed"] {
            let text = fs::read_to_string(folder.join(format!("no_nimadm_{other}.log"))).unwrap();
            assert_eq!(recognise(&text).map(|(kind, _)| kind.name), None, "{other}");
        }
        let failed = "Tue Sep  2 02:10\n0503-008 installp: There is not enough free disk space.\nInstallation ended.\n";
        assert_eq!(recognise(failed).map(|(kind, _)| kind.name), None);
    }

    #[test]
    fn the_contract_has_its_names_and_prose_is_nothing() {
        let names: HashSet<_> = kinds().map(|kind| kind.name).collect();
        for name in [
            "lspv",
            "bootlist",
            "oslevel",
            "lsvg",
            "lsvg-l",
            "lsvg-p",
            "lsnim-l",
            "df",
            "emgr-l",
            "errpt",
            "lsdev-disk",
            "nim-error",
        ] {
            assert!(names.contains(name), "{name}");
        }
        for nothing in [
            "",
            "\n\n",
            "The quick brown fox\njumps over the lazy dog\n",
            "total 12\n-rw-r--r-- 1 root system 12 Jan 1 x\n",
        ] {
            assert_eq!(recognise(nothing).map(|(kind, _)| kind.name), None, "{nothing:?}");
        }
    }
}
