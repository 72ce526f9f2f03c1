//! `lsps`: paging space (nimadm.md §6.15).

use crate::{
    Unreadable,
    text::{lines, table},
};
use serde::{Deserialize, Serialize};

/// What `lsps -s` says about all paging spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Size in MB.
    pub total_mb: u64,
    /// 0 to 100.
    pub percent_used: u8,
}

/// A paging space: a line of `lsps -a`. The columns are unconfirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageSpace {
    /// Its logical volume.
    pub page_space: String,
    /// The disk, or the host of one on NFS.
    pub physical_volume: String,
    /// The volume group.
    pub volume_group: String,
    /// Size in MB.
    pub size_mb: u64,
    /// 0 to 100; none where AIX prints no number, as for one not in use.
    pub percent_used: Option<u8>,
    /// Whether it is in use.
    pub active: bool,
    /// Whether it comes into use at a boot.
    pub auto: bool,
    /// `lv` or `nfs`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Size of the checksum in bits; older AIX do not print it.
    pub chksum: Option<u32>,
}

/// `2048MB`.
fn megabytes(text: &str) -> Option<u64> {
    text.strip_suffix("MB")?.parse().ok()
}

/// Reads `lsps -s`.
///
/// # Errors
/// Output without a line of a size in MB and a percentage.
pub fn summary(output: &str) -> Result<Summary, Unreadable> {
    let read = |line: &str| {
        let mut words = line.split_whitespace();
        let total_mb = megabytes(words.next()?)?;
        let percent_used = words.next()?.strip_suffix('%')?.parse().ok()?;
        words.next().is_none().then_some(Summary { total_mb, percent_used })
    };
    let found = lines(output).find_map(|(_, line)| read(line));
    found.ok_or_else(|| Unreadable::new("lsps -s", 1, output.lines().next().unwrap_or_default()))
}

/// Prints as `lsps -s` does.
#[must_use]
pub fn print_summary(summary: &Summary) -> String {
    let Summary { total_mb, percent_used } = summary;
    format!("Total Paging Space   Percent Used\n{:>12} {:>16}\n", format!("{total_mb}MB"), format!("{percent_used}%"))
}

/// Reads `lsps -a`.
///
/// # Errors
/// A line under the headings without the columns up to the type.
pub fn page_spaces(output: &str) -> Result<Vec<PageSpace>, Unreadable> {
    table(
        "lsps -a",
        output,
        |line| line.starts_with("Page Space"),
        |line| {
            let mut words = line.split_whitespace();
            let mut word = || words.next().map(str::to_owned);
            Some(PageSpace {
                page_space: word()?,
                physical_volume: word()?,
                volume_group: word()?,
                size_mb: megabytes(&word()?)?,
                percent_used: word()?.parse().ok(),
                active: yes(&word()?)?,
                auto: yes(&word()?)?,
                kind: word()?,
                chksum: word().and_then(|bits| bits.parse().ok()),
            })
        },
    )
}

fn yes(word: &str) -> Option<bool> {
    matches!(word, "yes" | "no").then_some(word == "yes")
}

/// Prints as `lsps -a` does.
#[must_use]
pub fn print_page_spaces(spaces: &[PageSpace]) -> String {
    let mut out =
        "Page Space      Physical Volume   Volume Group    Size %Used   Active    Auto    Type   Chksum\n".to_owned();
    let word = |yes: bool| if yes { "yes" } else { "no" };
    for space in spaces {
        let PageSpace { page_space, physical_volume, volume_group, size_mb, percent_used, kind, .. } = space;
        let size = format!("{size_mb}MB");
        let used = percent_used.map_or("-".to_owned(), |used| used.to_string());
        let chksum = space.chksum.map(|bits| bits.to_string()).unwrap_or_default();
        let (active, auto) = (word(space.active), word(space.auto));
        out += &format!(
            "{page_space:<15} {physical_volume:<17} {volume_group:<11} {size:>8} {used:>5} {active:>7} {auto:>7} {kind:>7} {chksum:>7}\n"
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use proptest::{collection::vec, prelude::*};

    fn any_space() -> impl Strategy<Value = PageSpace> {
        let names = ("[a-z0-9]{1,20}", "hdisk[0-9]{1,3}|---", "[a-z]{1,15}", "lv|nfs");
        let flags = (any::<bool>(), any::<bool>(), any::<Option<u8>>(), any::<Option<u32>>());
        (names, any::<u64>(), flags).prop_map(|((page_space, physical_volume, volume_group, kind), size_mb, flags)| {
            let (active, auto, percent_used, chksum) = flags;
            PageSpace { page_space, physical_volume, volume_group, size_mb, percent_used, active, auto, kind, chksum }
        })
    }

    #[test]
    fn fixtures_print_as_they_were() {
        fixture::round_trip("lsps/summary.log", summary, print_summary);
        fixture::round_trip("lsps/all.unconfirmed", page_spaces, |spaces| print_page_spaces(spaces));
        let bad = "ksh: lsps: not found\n";
        assert!(summary("").is_err() && summary(bad).is_err() && page_spaces(bad).is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(
            all in (any::<u64>(), any::<u8>()),
            spaces in vec(any_space(), 0..4),
        ) {
            let all = Summary { total_mb: all.0, percent_used: all.1 };
            prop_assert_eq!(summary(&print_summary(&all)).unwrap(), all);
            prop_assert_eq!(page_spaces(&print_page_spaces(&spaces)).unwrap(), spaces);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n|hd6 hdisk0 rootvg 12MB|%|yes| ){0,40}") {
            let _ = (summary(&text), page_spaces(&text));
        }
    }
}
