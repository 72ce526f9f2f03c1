//! `df`: file systems and the room in them (nimadm.md §6.11), in each unit (`-g`, `-m`, `-k`, none) and in the POSIX form
//! (`-P`).
//!
//! The heading says what each column is. Columns are not counted: a device with a long name pushes the rest of its line, or
//! sends it to the next one (unconfirmed). Without the heading, as behind `grep`, the rows of the usual form are read and the unit stays
//! unknown.

mod blocks;
mod columns;

pub use blocks::{BadBlocks, Blocks};

use crate::{
    Size, Unreadable,
    text::{begins, lines, word},
};
use columns::{Column, USUAL};
use serde::{Deserialize, Serialize};

/// What `df` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Df {
    /// What `blocks` and `free` count; none where there was no heading.
    pub unit: Option<Unit>,
    /// One for each file system.
    pub rows: Vec<Row>,
}

/// What a block is. As the heading has it in JSON: `GB blocks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// `df -g`: GiB, with two decimals.
    #[serde(rename = "GB blocks")]
    Gb,
    /// `df -m`: MiB, with two decimals (unconfirmed).
    #[serde(rename = "MB blocks")]
    Mb,
    /// `df -k`: KiB.
    #[serde(rename = "1024-blocks")]
    Kb,
    /// `df`: 512 bytes.
    #[serde(rename = "512-blocks")]
    HalfKb,
}

/// A file system. What AIX prints as `-` is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The device, or node and directory: `nim1:/export/nim`.
    pub fs: String,
    /// Its size.
    pub blocks: Option<Blocks>,
    /// What is free of it.
    pub free: Option<Blocks>,
    /// How much of it is used, in percent.
    pub used_pct: Option<u64>,
    /// Inodes in use; the POSIX form does not say it.
    pub iused: Option<u64>,
    /// How many of them are used, in percent; the POSIX form does not say it.
    pub iused_pct: Option<u64>,
    /// The mount point.
    pub mount: String,
}

impl Unit {
    const ALL: [Self; 4] = [Self::Gb, Self::Mb, Self::Kb, Self::HalfKb];

    /// As the heading has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gb => "GB blocks",
            Self::Mb => "MB blocks",
            Self::Kb => "1024-blocks",
            Self::HalfKb => "512-blocks",
        }
    }

    /// What so many blocks are, rounded down to KiB; none beyond what can be counted.
    #[must_use]
    pub fn size(self, blocks: Blocks) -> Option<Size> {
        let kib = match self {
            Self::Gb => blocks.hundredths().checked_mul(1024 * 1024)? / 100,
            Self::Mb => blocks.hundredths().checked_mul(1024)? / 100,
            Self::Kb => blocks.whole(),
            Self::HalfKb => blocks.whole() / 2,
        };
        Some(Size::from_kib(kib))
    }

    const fn has_decimals(self) -> bool {
        matches!(self, Self::Gb | Self::Mb)
    }
}

/// Reads `df` in any of its forms.
///
/// # Errors
/// A heading with columns or a unit that are not known, or behind rows of another unit, a line with too few words, and numbers that cannot be read.
pub fn parse(output: &str) -> Result<Df, Unreadable> {
    let mut df = Df { unit: None, rows: Vec::new() };
    let mut columns = USUAL.to_vec();
    let mut device: Option<(usize, &str)> = None;
    for (number, line) in lines(output) {
        let unreadable = || Unreadable::new("df", number, line);
        if begins(line, "Filesystem") {
            let (unit, found) = columns::heading(line.trim_start()).ok_or_else(unreadable)?;
            // Rows that come before it would be counted in its unit.
            if df.unit.is_some_and(|known| known != unit)
                || df.unit.is_none() && !df.rows.is_empty()
                || device.is_some()
            {
                return Err(unreadable());
            }
            df.unit = Some(unit);
            columns = found;
        } else if device.is_none() && line.split_whitespace().nth(1).is_none() {
            device = Some((number, line.trim_start()));
        } else {
            let wrapped = device.take().map(|(_, device)| format!("{device} {line}"));
            df.rows.push(row(&columns, wrapped.as_deref().unwrap_or(line)).ok_or_else(unreadable)?);
        }
    }
    match device {
        Some((number, line)) => Err(Unreadable::new("df", number, line)),
        None => Ok(df),
    }
}

fn row(columns: &[Column], line: &str) -> Option<Row> {
    let (fs, mut rest) = word(line)?;
    let mut row = Row {
        fs: fs.to_owned(),
        blocks: None,
        free: None,
        used_pct: None,
        iused: None,
        iused_pct: None,
        mount: String::new(),
    };
    for column in columns {
        if *column == Column::Mount {
            break;
        }
        let (first, behind) = word(rest)?;
        column.fill(&mut row, first)?;
        rest = behind;
    }
    row.mount = rest.trim().to_owned();
    Some(row).filter(|row| row.mount.starts_with('/'))
}

/// Prints what [`parse`] reads in the usual form.
#[must_use]
pub fn print(df: &Df) -> String {
    columns::print(df, "      Free %Used    Iused %Iused", |row, decimals| {
        let free = columns::amount(row.free, decimals);
        let (used, iused) = (columns::percent(row.used_pct), columns::dash(row.iused));
        format!("{free:>9} {used:>5} {iused:>8} {:>6}", columns::percent(row.iused_pct))
    })
}

/// Prints what [`parse`] reads in the POSIX form, which leaves the inodes out. What is used is what is not free.
#[must_use]
pub fn print_posix(df: &Df) -> String {
    columns::print(df, "      Used Available Capacity", |row, decimals| {
        let used = row.blocks.zip(row.free).map(|(blocks, free)| blocks.less(free));
        let (used, free) = (columns::amount(used, decimals), columns::amount(row.free, decimals));
        format!("{used:>9} {free:>9} {:>8}", columns::percent(row.used_pct))
    })
}

#[cfg(test)]
mod tests;
