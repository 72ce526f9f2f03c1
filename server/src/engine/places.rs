//! Where on a master nimadm may write a mksysb to and read images from, as root. Pure, but for the question.
//!
//! nimadm writes to any path as root: with `-O /etc/cron.d/x` everybody who may launch would own the master. So a path is allowed only
//! below certain directories. The master itself resolves both, because a symbolic link below an allowed directory leads somewhere else.

use super::{fact::Fact, host::Answer};
use aix::{command::quote, lsnim::Stanza};
use std::collections::BTreeMap;

/// Directories of the system itself: a NIM object that lies in one of them does not open it for everything else.
const SYSTEM: [&str; 7] = ["/", "/var", "/opt", "/home", "/tmp", "/root", "/admin"];
/// The same with everything below them.
const SYSTEM_TREES: [&str; 8] = ["/etc", "/usr", "/dev", "/proc", "/sbin", "/bin", "/lib", "/boot"];

/// What the master said of directories: where each really is; none where there is no such directory.
pub type Places = BTreeMap<String, Option<String>>;

/// Directories below which a path may lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// The directories, as named.
    pub directories: Vec<String>,
    /// They are the master's setting, and not only where its NIM objects lie.
    pub set: bool,
}

impl Allowed {
    /// In words, for people who were refused.
    #[must_use]
    pub fn listed(&self) -> String {
        if self.directories.is_empty() { "none".to_owned() } else { self.directories.join(", ") }
    }
}

/// The directories that a setting of the master allows.
#[must_use]
pub fn of_setting(directories: &[String]) -> Allowed {
    Allowed { directories: directories.to_vec(), set: true }
}

/// Without a setting: where the master's own mksysbs lie.
#[must_use]
pub fn of_mksysbs(mksysbs: &[Stanza]) -> Allowed {
    let parents = mksysbs.iter().filter_map(location).filter_map(parent).map(str::to_owned);
    Allowed { directories: usual(parents), set: false }
}

/// Without a setting: where the master's lpp_sources lie, and what lies beside them.
#[must_use]
pub fn of_sources(sources: &[Stanza]) -> Allowed {
    let places = sources.iter().filter_map(location);
    let both = places.flat_map(|place| [Some(place), parent(place)]).flatten().map(str::to_owned);
    Allowed { directories: usual(both), set: false }
}

fn location(object: &Stanza) -> Option<&str> {
    object.get("location").filter(|_| object.get("server").is_none_or(|server| server == "master"))
}

fn parent(path: &str) -> Option<&str> {
    path.trim_end_matches('/').rsplit_once('/').map(|(parent, _)| parent).filter(|parent| !parent.is_empty())
}

fn usual(directories: impl Iterator<Item = String>) -> Vec<String> {
    let fits = |path: &String| {
        let system = SYSTEM.contains(&path.as_str()) || SYSTEM_TREES.iter().any(|tree| is_below(path, tree));
        is_plain(path) && !system
    };
    let mut all: Vec<_> = directories.filter(fits).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Absolute, in one spelling, and nothing that a line of an answer could not hold.
#[must_use]
pub fn is_plain(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(|part| !matches!(part, "" | "." | "..")))
        && path.len() <= 255
        && !path.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// A directory is another one, or lies below it.
fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || directory == "/")
}

/// Asks where directories really are. Each line of the answer is about one of them, the last one says that the answer is whole.
///
/// A path is looked for below the login directory first, as the job spool is: that is `/` for root on AIX, and the lab has one file
/// system for many hosts.
#[must_use]
pub fn question<'a>(directories: impl IntoIterator<Item = &'a str>) -> String {
    let asked: String = directories.into_iter().map(|path| format!("place {}; ", quote(path))).collect();
    format!(
        "place() {{ for p in \".$1\" \"$1\"; do if [ -d \"$p\" ]; then r=$(cd \"$p\" && env pwd -P) && echo \"real $1 $r\"; return; fi; done; \
         echo \"absent $1\"; }}; {asked}echo whole"
    )
}

/// Reads the answer to [`question`].
///
/// # Errors
/// A line that is none of its own, or an answer that ends early.
pub fn read(answer: &Answer) -> Result<Places, String> {
    let mut lines = answer.text.lines().filter(|line| !line.trim().is_empty());
    if answer.rc != 0 || lines.next_back() != Some("whole") {
        return Err("the answer is not whole".to_owned());
    }
    let line = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
        ["real", path, real] if real.starts_with('/') => Ok((path.to_owned(), Some(real.to_owned()))),
        ["absent", path] => Ok((path.to_owned(), None)),
        _ => Err(format!("{line:?} is no answer")),
    };
    lines.map(line).collect()
}

/// Whether a directory lies below an allowed one, in the place where it really is.
///
/// # Errors
/// Why not, with the directories that are allowed.
pub fn inside(directory: &str, allowed: &Allowed, places: &Places) -> Result<(), String> {
    let hint = if allowed.set { "the master's settings name" } else { "its NIM objects lie in" };
    let refuse = |what: String| {
        Err(format!("{what} is in none of the directories that are allowed: {hint} {}", allowed.listed()))
    };
    let real = |path: &str| places.get(path).and_then(|place| place.as_deref());
    match (places.get(directory), real(directory)) {
        (_, Some(found)) => {
            let roots = || allowed.directories.iter().filter_map(|path| real(path));
            match () {
                () if roots().any(|root| is_below(found, root)) => Ok(()),
                () if found == directory => refuse(directory.to_owned()),
                () => refuse(format!("{directory}, which is {found} on the master,")),
            }
        }
        // A directory that is not there is somewhere by its name only.
        (Some(None), None) if allowed.directories.iter().any(|root| is_below(directory, root)) => Ok(()),
        (Some(None), None) => refuse(directory.to_owned()),
        (None, None) | (Some(Some(_)), None) => Err(format!("the master did not say where {directory} is")),
    }
}

/// The facts of [`inside`] together.
#[must_use]
pub fn judged(directory: &str, allowed: Fact<&Allowed>, places: Fact<&Places>) -> Fact<Result<(), String>> {
    allowed.and(places).map(|(allowed, places)| inside(directory, allowed, places))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aix::lsnim::stanzas;
    use std::process::Command;

    const MKSYSBS: &str = "a:\n   server = master\n   location = /export/nim/mksysb/a.mksysb\nb:\n   server = other\n   location = \
                           /elsewhere/b\nc:\n   location = /c.mksysb\nd:\n   location = /etc/cron.d/d\ne:\n   location = /x/../etc/e\n";

    fn places(pairs: &[(&str, Option<&str>)]) -> Places {
        pairs.iter().map(|(path, real)| ((*path).to_owned(), real.map(str::to_owned))).collect()
    }

    #[test]
    fn m12_only_directories_of_the_masters_own_mksysbs_are_allowed() {
        let allowed = of_mksysbs(&stanzas(MKSYSBS).unwrap());
        assert_eq!(allowed.directories, ["/export/nim/mksysb"], "never / nor a directory of the system");
    }

    #[test]
    fn m12_a_path_is_judged_by_where_the_master_says_it_is() {
        let allowed = of_setting(&["/mksysb".to_owned()]);
        let root = ("/mksysb", Some("/data/mksysb"));
        let inside = |path: &str, real: Option<&str>| inside(path, &allowed, &places(&[root, (path, real)]));
        assert_eq!(inside("/mksysb/new", Some("/data/mksysb/new")), Ok(()));
        assert_eq!(inside("/link", Some("/data/mksysb")), Ok(()), "a link into it is no way out of it");
        let why = inside("/mksysb/link", Some("/etc/cron.d")).unwrap_err();
        assert!(why.contains("/etc/cron.d") && why.contains("/mksysb"), "{why}");
        for (path, real) in
            [("/etc/cron.d", Some("/etc/cron.d")), ("/mksysb2", Some("/data/mksysb2")), ("/nowhere", None)]
        {
            assert!(inside(path, real).unwrap_err().contains("settings name /mksysb"), "{path}");
        }
        assert_eq!(inside("/mksysb/later", None), Ok(()), "another check says that it is not there");
        let nothing = of_setting(&[]);
        assert!(super::inside("/mksysb", &nothing, &places(&[root])).is_err());
        assert!(super::inside("/mksysb", &allowed, &places(&[])).is_err(), "not asked is not allowed");
    }

    #[test]
    fn m12_the_master_resolves_links_itself() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join("export/nim/mksysb")).unwrap();
        std::os::unix::fs::symlink("/etc", home.path().join("export/nim/mksysb/out")).unwrap();
        let asked = question(["/export/nim/mksysb", "/export/nim/mksysb/out", "/no/such"]);
        let output = Command::new("/bin/sh").args(["-c", &asked]).current_dir(home.path()).output().unwrap();
        let answer = Answer { rc: 0, text: String::from_utf8(output.stdout).unwrap() };
        let found = read(&answer).unwrap();
        assert_eq!((found["/no/such"].clone(), found["/export/nim/mksysb/out"].as_deref()), (None, Some("/etc")));
        let allowed = of_setting(&["/export/nim/mksysb".to_owned()]);
        assert!(inside("/export/nim/mksysb", &allowed, &found).is_ok());
        assert!(inside("/export/nim/mksysb/out", &allowed, &found).is_err());
        for bad in ["", "whole of it", "sh: cd: not found\nwhole", "real /a /a\n", "real /a\nwhole\n"] {
            assert!(read(&Answer { rc: 0, text: bad.to_owned() }).is_err(), "{bad:?}");
        }
    }
}
