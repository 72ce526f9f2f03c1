//! `oslevel`: which AIX is installed (nimadm.md §6.6, §5.3).
//!
//! The three forms say more and more: `7.2.0.0`, `7200-05`, `7200-05-10-2520`. [`Level`] is the complete form with 0 for
//! what it does not know; this type knows which parts were printed, and prints them again.

use crate::{
    Level, Unreadable, Vrmf,
    level::BadLevel,
    text::{begins, only, table},
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A level as `oslevel`, `oslevel -r` or `oslevel -s` prints it.
///
/// In JSON `{version, release, tl, sp, build}`, where what was not printed is null. Modification and fix are kept to print
/// `4.3.3.0` and `4330-11` again, but since AIX 5 they are 0, so JSON does not have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "View", into = "View")]
pub struct OsLevel {
    /// Version, release, modification, fix: one digit each.
    base: [u8; 4],
    part: Part,
}

/// What is known behind the base level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Nothing: `oslevel`.
    None,
    /// The technology level: `oslevel -r`.
    Technology(u8),
    /// The service pack too: `oslevel -s`; AIX 5.3 did not always print the build.
    Service { tl: u8, sp: u8, build: Option<u16> },
}

/// How an [`OsLevel`] looks in JSON.
#[derive(Serialize, Deserialize)]
struct View {
    version: u8,
    release: u8,
    tl: Option<u8>,
    sp: Option<u8>,
    build: Option<u16>,
}

impl OsLevel {
    /// Version, as 7 in 7.3.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.base[0]
    }

    /// Release, as 3 in 7.3.
    #[must_use]
    pub fn release(&self) -> u8 {
        self.base[1]
    }

    /// Technology level; none in the output of plain `oslevel`.
    #[must_use]
    pub fn tl(&self) -> Option<u8> {
        match self.part {
            Part::None => None,
            Part::Technology(tl) | Part::Service { tl, .. } => Some(tl),
        }
    }

    /// Service pack; only `oslevel -s` prints it.
    #[must_use]
    pub fn sp(&self) -> Option<u8> {
        if let Part::Service { sp, .. } = self.part { Some(sp) } else { None }
    }

    /// Year and week of the service pack, `2520`; 0 where AIX prints `0000`.
    #[must_use]
    pub fn build(&self) -> Option<u16> {
        if let Part::Service { build, .. } = self.part { build } else { None }
    }

    fn read(text: &str) -> Option<Self> {
        if let Ok(level) = text.parse::<Vrmf>() {
            let base = level.numbers().iter().map(|&number| u8::try_from(number).ok().filter(|digit| *digit < 10));
            let base = base.collect::<Option<Vec<_>>>()?.try_into().ok()?;
            return Some(Self { base, part: Part::None });
        }
        let mut parts = text.split('-');
        let base = parts.next().filter(|part| part.len() == 4)?.bytes();
        let base = base.map(|byte| byte.is_ascii_digit().then(|| byte - b'0')).collect::<Option<Vec<_>>>()?;
        let tl = u8::try_from(digits(parts.next()?, 2)?).ok()?;
        let part = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => Part::Technology(tl),
            (Some(sp), build, None) => {
                let build = build.map(|build| digits(build, 4).ok_or(())).transpose().ok()?;
                Part::Service { tl, sp: u8::try_from(digits(sp, 2)?).ok()?, build }
            }
            _ => return None,
        };
        Some(Self { base: base.try_into().ok()?, part })
    }
}

fn digits(text: &str, len: usize) -> Option<u16> {
    (text.len() == len && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

impl FromStr for OsLevel {
    type Err = BadLevel;

    fn from_str(text: &str) -> Result<Self, BadLevel> {
        Self::read(text).ok_or_else(|| BadLevel(text.chars().take(60).collect()))
    }
}

impl fmt::Display for OsLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [version, release, modification, fix] = self.base;
        let dashed = format!("{version}{release}{modification}{fix}");
        match self.part {
            Part::None => write!(f, "{version}.{release}.{modification}.{fix}"),
            Part::Technology(tl) => write!(f, "{dashed}-{tl:02}"),
            Part::Service { tl, sp, build: None } => write!(f, "{dashed}-{tl:02}-{sp:02}"),
            Part::Service { tl, sp, build: Some(build) } => write!(f, "{dashed}-{tl:02}-{sp:02}-{build:04}"),
        }
    }
}

impl From<OsLevel> for View {
    fn from(level: OsLevel) -> Self {
        let (version, release) = (level.version(), level.release());
        Self { version, release, tl: level.tl(), sp: level.sp(), build: level.build() }
    }
}

impl TryFrom<View> for OsLevel {
    type Error = BadLevel;

    fn try_from(View { version, release, tl, sp, build }: View) -> Result<Self, BadLevel> {
        let part = match (tl, sp) {
            (None, _) => Part::None,
            (Some(tl), None) => Part::Technology(tl),
            (Some(tl), Some(sp)) => Part::Service { tl, sp, build },
        };
        // Through the text, which refuses numbers too large for their place.
        Self { base: [version, release, 0, 0], part }.to_string().parse()
    }
}

impl From<Level> for OsLevel {
    fn from(level: Level) -> Self {
        let Level { version, release, tl, sp, build } = level;
        Self { base: [version, release, 0, 0], part: Part::Service { tl, sp, build: Some(build) } }
    }
}

impl TryFrom<OsLevel> for Level {
    type Error = BadLevel;

    /// Takes the complete form of AIX 5 and later: the others say less than a [`Level`] does.
    fn try_from(level: OsLevel) -> Result<Self, BadLevel> {
        match (level.base, level.part) {
            ([version, release, 0, 0], Part::Service { tl, sp, build: Some(build) }) => {
                Ok(Self { version, release, tl, sp, build })
            }
            _ => Err(BadLevel(level.to_string())),
        }
    }
}

/// Reads `oslevel`, `oslevel -r` or `oslevel -s`.
///
/// # Errors
/// Output that is not exactly one line with a level.
pub fn parse(output: &str) -> Result<OsLevel, Unreadable> {
    only("oslevel", output, |line| line.trim().parse().ok())
}

/// Prints a level as `oslevel` does.
#[must_use]
pub fn print(level: &OsLevel) -> String {
    format!("{level}\n")
}

/// A fileset that keeps a host from a level: a line of `oslevel -rl` or `oslevel -sl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behind {
    /// Its name.
    pub fileset: String,
    /// The level that is installed.
    pub actual: Vrmf,
    /// The level that belongs to what was asked for.
    pub recommended: Vrmf,
}

/// Reads `oslevel -rl <level>` and `oslevel -sl <level>`; an empty list where nothing is behind, with or without headings.
///
/// # Errors
/// A line under the headings without a name and two levels.
pub fn behind(output: &str) -> Result<Vec<Behind>, Unreadable> {
    table(
        "oslevel -l",
        output,
        |line| begins(line, "Fileset") || rule(line),
        |line| {
            let mut words = line.split_whitespace();
            let (fileset, actual, recommended) = (words.next()?, words.next()?, words.next()?);
            let row = Behind {
                fileset: fileset.to_owned(),
                actual: actual.parse().ok()?,
                recommended: recommended.parse().ok()?,
            };
            words.next().is_none().then_some(row)
        },
    )
}

/// Prints as `oslevel -rl` does: nothing where nothing is behind (unconfirmed whether the headings stay).
#[must_use]
pub fn print_behind(filesets: &[Behind]) -> String {
    if filesets.is_empty() {
        return String::new();
    }
    let mut out = format!("{:<40}{:<20}Recommended ML\n{}\n", "Fileset", "Actual Level", "-".repeat(77));
    for Behind { fileset, actual, recommended } in filesets {
        // A name that fills its column must not touch the level.
        out += &format!("{fileset:<39} {actual:<19} {recommended}\n");
    }
    out
}

/// Reads `oslevel -sq` and `oslevel -rq`: the levels this AIX has heard of, newest first. The heading is unconfirmed, so
/// it is known by its first word and by a rule.
///
/// # Errors
/// A line that is neither a level nor the heading.
pub fn known(output: &str) -> Result<Vec<OsLevel>, Unreadable> {
    table("oslevel -q", output, |line| begins(line, "Known") || rule(line), |line| line.trim().parse().ok())
}

/// Prints as `oslevel -sq` does (unconfirmed).
#[must_use]
pub fn print_known(levels: &[OsLevel]) -> String {
    let lines: String = levels.iter().map(print).collect();
    format!("Known Service Packs\n-------------------\n{lines}")
}

fn rule(line: &str) -> bool {
    line.bytes().all(|b| b == b'-')
}

#[cfg(test)]
mod tests;
