//! `instfix -i`: which levels and fixes are complete (nimadm.md §6.10).

use crate::{
    OsLevel, Unreadable,
    text::{filled, rows, table},
};
use serde::{Deserialize, Serialize};

/// One line of `instfix -i`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What was looked for: `7200-05_AIX_ML`, `7.2.0.0_AIX_ML`, `72-05-102520_SP`, or an APAR such as `IV82292`.
    pub keyword: String,
    /// Whether all of its filesets are there; false where some are missing or too old.
    pub complete: bool,
}

impl Fix {
    /// The AIX level behind the keyword of a technology level or service pack.
    #[must_use]
    pub fn level(&self) -> Option<OsLevel> {
        if let Some(level) = self.keyword.strip_suffix("_AIX_ML") {
            return level.parse().ok();
        }
        // 72-05-102520_SP is 7200-05-10-2520.
        let mut parts = self.keyword.strip_suffix("_SP")?.split('-');
        let (release, tl, rest) = (parts.next()?, parts.next()?, parts.next()?);
        let (sp, build) = rest.split_at_checked(2)?;
        parts.next().is_none().then(|| format!("{release}00-{tl}-{sp}-{build}").parse().ok())?
    }
}

/// Reads `instfix -i`, also behind `grep ML`. No output is an empty list: nothing matched.
///
/// # Errors
/// A line that is not one of the two sentences.
pub fn parse(output: &str) -> Result<Vec<Fix>, Unreadable> {
    rows("instfix -i", output, |line| {
        let line = line.trim_start();
        let (complete, rest) = match line.strip_prefix("Not all filesets for ") {
            Some(rest) => (false, rest),
            None => (true, line.strip_prefix("All filesets for ")?),
        };
        let keyword = rest.strip_suffix(" were found.")?.trim();
        (!keyword.is_empty() && !keyword.contains(' ')).then(|| Fix { keyword: keyword.to_owned(), complete })
    })
}

/// Prints as `instfix -i` does.
#[must_use]
pub fn print(fixes: &[Fix]) -> String {
    let line = |Fix { keyword, complete }: &Fix| {
        let all = if *complete { "All" } else { "Not all" };
        format!("    {all} filesets for {keyword} were found.\n")
    };
    fixes.iter().map(line).collect()
}

/// One line of `instfix -icqv`: a fileset of a fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixFileset {
    /// The fix: `7200-05_AIX_ML`, `IV82292`.
    pub keyword: String,
    /// The fileset.
    pub fileset: String,
    /// The level that the fix needs, as printed.
    pub required: String,
    /// The level that is installed, as printed; none where nothing is.
    pub installed: Option<String>,
    /// How the two compare.
    pub status: Status,
    /// What the fix is about; can have colons.
    #[serde(rename = "abstract")]
    pub about: String,
}

/// How the installed level compares with the one that a fix needs. The letters are `[code]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// `-`: too old, so the fix is missing.
    Below,
    /// `=`: the same.
    Equal,
    /// `+`: newer.
    Above,
    /// `!`: the fileset is not installed, so the fix does not matter.
    NotInstalled,
}

impl Status {
    const ALL: [(Self, &str); 4] =
        [(Self::Below, "-"), (Self::Equal, "="), (Self::Above, "+"), (Self::NotInstalled, "!")];

    fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(status, _)| *status == self).map_or("", |(_, sign)| sign)
    }
}

/// Reads `instfix -icqv`, also behind `grep ':-:'`, and `instfix -icv` with its header.
///
/// # Errors
/// A line without six fields, or with another status.
pub fn filesets(output: &str) -> Result<Vec<FixFileset>, Unreadable> {
    table("instfix -ic", output, header, |line| {
        let mut fields = line.splitn(6, ':');
        let mut field = || fields.next().map(str::trim);
        let (keyword, fileset, required, installed, sign) = (field()?, field()?, field()?, field()?, field()?);
        let (status, _) = Status::ALL.iter().find(|(_, known)| *known == sign)?;
        Some(FixFileset {
            keyword: filled(keyword)?,
            fileset: filled(fileset)?,
            required: required.to_owned(),
            installed: filled(installed),
            status: *status,
            about: field()?.to_owned(),
        })
    })
}

/// `Keyword:Fileset:ReqLevel:InstLevel:Status:Abstract`, with or without `#` (unconfirmed which AIX prints it how).
fn header(line: &str) -> bool {
    line.trim_start_matches('#').split(':').map(str::trim).take(2).eq(["Keyword", "Fileset"])
}

/// Prints as `instfix -icqv` does, without a header.
#[must_use]
pub fn print_filesets(filesets: &[FixFileset]) -> String {
    let line = |FixFileset { keyword, fileset, required, installed, status, about }: &FixFileset| {
        let installed = installed.as_deref().unwrap_or_default();
        format!("{keyword}:{fileset}:{required}:{installed}:{}:{about}\n", status.sign())
    };
    filesets.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use proptest::{collection::vec, option, prelude::*};

    fn any_fix() -> impl Strategy<Value = Fix> {
        ("[A-Z0-9._-]{1,20}(_AIX_ML|_SP)?", any::<bool>()).prop_map(|(keyword, complete)| Fix { keyword, complete })
    }

    fn any_fileset() -> impl Strategy<Value = FixFileset> {
        let level = "[0-9]\\.[0-9]\\.[0-9]{1,2}\\.[0-9]{1,4}";
        let status = proptest::sample::select(Status::ALL.map(|(status, _)| status).to_vec());
        // Capital letters only, so that no keyword makes a header.
        ("[A-Z0-9_.-]{1,20}", "[a-z._]{1,30}", level, option::of(level), status, "([A-Z:][A-Z :]{0,20}[A-Z:])?")
            .prop_map(|(keyword, fileset, required, installed, status, about)| FixFileset {
                keyword,
                fileset,
                required,
                installed,
                status,
                about,
            })
    }

    #[test]
    fn fixtures_print_as_they_were() {
        for name in ["aix72.constructed", "behind.log", "aix61.constructed", "service_pack.constructed"] {
            fixture::round_trip(&format!("instfix/{name}"), parse, |fixes| print(fixes));
        }
        fixture::round_trip("instfix/colons.constructed", filesets, |rows| print_filesets(rows));
        fixture::snapshot("instfix/colons_header.code", filesets);
    }

    #[test]
    fn keywords_of_levels_say_which() {
        let level = |keyword: &str| {
            let fix = Fix { keyword: keyword.to_owned(), complete: true };
            fix.level().map(|level| level.to_string())
        };
        assert_eq!(level("7200-05_AIX_ML").as_deref(), Some("7200-05"));
        assert_eq!(level("7.2.0.0_AIX_ML").as_deref(), Some("7.2.0.0"));
        assert_eq!(level("72-05-102520_SP").as_deref(), Some("7200-05-10-2520"));
        assert_eq!(level("IV82292"), None);
        assert_eq!(level("72-05-é_SP"), None);
        assert!(parse("0503-000 instfix: no such fix\n").is_err());
        assert_eq!(filesets("Keyword :Fileset:ReqLevel:InstLevel:Status:Abstract\n").unwrap(), []);
        assert!(filesets("ksh: instfix: not found\n").is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(fixes in vec(any_fix(), 0..5), rows in vec(any_fileset(), 0..5)) {
            prop_assert_eq!(parse(&print(&fixes)).unwrap(), fixes);
            prop_assert_eq!(filesets(&print_filesets(&rows)).unwrap(), rows);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n|All filesets for | were found\\.|:-:|_SP){0,40}") {
            let _ = filesets(&text);
            let _ = parse(&text).map(|fixes| fixes.iter().filter_map(Fix::level).count());
        }
    }
}
