//! What installp prints in phase 6 (nimadm.md §2.6).

use super::RULE;
use crate::filesets;
use aix::Level;
use std::fmt::Write as _;

/// Filesets that a last pass updates from what came after the base images.
const UPDATED: &[&str] = &["xlC.rte", "rpm.rte", "openssh.base.server", "openssl.base"];

/// All lines of the three passes: install utilities, everything, updates; then the verdict of install_all_updates.
pub(super) fn passes(level: Level) -> Vec<String> {
    let all: Vec<_> = filesets::BASE.iter().map(|(name, _)| *name).collect();
    let (first, rest) = all.split_at(1);
    let rest: Vec<_> = rest.iter().copied().filter(|name| !UPDATED.contains(name)).collect();
    let mut text = String::new();
    pass(&mut text, level, first);
    pass(&mut text, level, &rest);
    pass(&mut text, level, UPDATED);
    let tl = format!("{}{}00-{:02}", level.version, level.release, level.tl);
    let _ = write!(
        text,
        "install_all_updates: Generating list of updatable rpm packages.
install_all_updates: No updatable rpm packages found.

install_all_updates: Checking for recommended maintenance level {tl}.
install_all_updates: Executing /usr/bin/oslevel -rf, Result = {tl}
install_all_updates: Verification completed.
install_all_updates: Log file is /var/adm/ras/install_all_updates.log
install_all_updates: Result = SUCCESS
Known Recommended Maintenance Levels
------------------------------------
Restoring device ODM database."
    );
    text.lines().map(str::to_owned).collect()
}

/// One installp transaction, from verification to summary.
fn pass(text: &mut String, level: Level, names: &[&str]) {
    let count = names.len();
    let levelled: Vec<_> = names.iter().map(|name| (*name, filesets::level_of(name, level))).collect();
    let _ = write!(
        text,
        "{RULE}
                    Pre-installation Verification...
{RULE}
Verifying selections...done
Verifying requisites...done
Results...

SUCCESSES
---------
  Filesets listed in this section passed pre-installation verification
  and will be installed.

  Selected Filesets
  -----------------
"
    );
    for (name, vrmf) in &levelled {
        let title = filesets::BASE.iter().find(|(known, _)| known == name).map_or("", |(_, title)| title);
        let _ = writeln!(text, "  {:<43} # {title}", format!("{name} {vrmf}"));
    }
    let _ = write!(
        text,
        "
  << End of Success Section >>

{RULE}
                   BUILDDATE Verification ...
{RULE}
Verifying build dates...done
FILESET STATISTICS
------------------
{count:>5}  Selected to be installed, of which:
{count:>9}  Passed pre-installation verification
  ----
{count:>5}  Total to be installed

{RULE}
                         Installing Software...
{RULE}

"
    );
    let mut seconds = 0;
    for (index, (name, vrmf)) in (1_u32..).zip(&levelled) {
        seconds += 4 + u32::try_from(name.len()).unwrap_or(0);
        let product = name.split('.').next().unwrap_or(name);
        let _ = write!(
            text,
            "installp: APPLYING software for:
        {name} {vrmf}

. . . . . << Copyright notice for {product} >> . . . . . . .
 Licensed Materials - Property of IBM

Filesets processed:  {index} of {count}  (Total time:  {}).

",
            spoken(seconds)
        );
    }
    let _ = write!(
        text,
        "Finished processing all filesets.  (Total time:  {}).

Installation Summary
--------------------
Name                        Level           Part        Event       Result
-------------------------------------------------------------------------------
",
        spoken(seconds + 2)
    );
    for (name, vrmf) in &levelled {
        for part in ["USR", "ROOT"].into_iter().take(if has_root(name) { 2 } else { 1 }) {
            // A name longer than its column pushes the rest (unconfirmed).
            let _ = writeln!(text, "{name:<27} {vrmf:<16}{part:<12}{:<12}SUCCESS", "APPLY");
        }
    }
    text.push('\n');
}

/// Whether a fileset has a part outside `/usr`.
fn has_root(name: &str) -> bool {
    name.starts_with("bos.rte") || name.starts_with("bos.net.tcp")
}

fn spoken(seconds: u32) -> String {
    if seconds < 60 { format!("{seconds} secs") } else { format!("{} mins {} secs", seconds / 60, seconds % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_summaries_of_a_believable_length_and_the_same_every_time() {
        let level: Level = "7300-03-01-2520".parse().unwrap();
        let lines = passes(level);
        assert_eq!(lines, passes(level));
        assert_eq!(lines.iter().filter(|line| *line == "Installation Summary").count(), 3);
        let rows = lines.iter().filter(|line| line.ends_with("SUCCESS") && line.contains("APPLY")).count();
        assert!((60..=80).contains(&rows), "{rows} rows");
        assert_eq!(lines.last().unwrap(), "Restoring device ODM database.");
    }
}
