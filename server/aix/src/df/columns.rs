//! The columns of `df`: what the heading calls them and how they are printed.

use super::{Blocks, Df, Row, Unit};

/// What stands in a column behind the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Blocks,
    Free,
    UsedPct,
    Iused,
    IusedPct,
    /// Blocks or inodes that follow from the others.
    Passed,
    /// Always the last one: a mount point can have blanks.
    Mount,
}

/// The columns where no heading says otherwise.
pub(super) const USUAL: [Column; 6] =
    [Column::Blocks, Column::Free, Column::UsedPct, Column::Iused, Column::IusedPct, Column::Mount];

/// Unit and columns of a heading; none where a word of it is not known.
pub(super) fn heading(line: &str) -> Option<(Unit, Vec<Column>)> {
    let rest = line.strip_prefix("Filesystem")?.trim().strip_suffix("Mounted on")?;
    let (unit, names) = Unit::ALL.into_iter().find_map(|unit| Some((unit, rest.strip_prefix(unit.as_str())?)))?;
    let column = |name| match name {
        "Free" | "Available" => Some(Column::Free),
        "%Used" | "Capacity" => Some(Column::UsedPct),
        "Iused" => Some(Column::Iused),
        "%Iused" => Some(Column::IusedPct),
        "Used" | "Ifree" => Some(Column::Passed),
        _ => None,
    };
    let mut columns = vec![Column::Blocks];
    for name in names.split_whitespace() {
        columns.push(column(name)?);
    }
    columns.push(Column::Mount);
    Some((unit, columns))
}

impl Column {
    /// Puts a word where it belongs; none where it cannot be read.
    pub(super) fn fill(self, row: &mut Row, word: &str) -> Option<()> {
        let known = word != "-";
        match self {
            Self::Blocks => row.blocks = read(known, word)?,
            Self::Free => row.free = read(known, word)?,
            Self::UsedPct => row.used_pct = read(known, word.trim_end_matches('%'))?,
            Self::Iused => row.iused = read(known, word)?,
            Self::IusedPct => row.iused_pct = read(known, word.trim_end_matches('%'))?,
            Self::Passed | Self::Mount => {}
        }
        Some(())
    }
}

fn read<T: std::str::FromStr>(known: bool, word: &str) -> Option<Option<T>> {
    if known { word.parse().ok().map(Some) } else { Some(None) }
}

/// Prints heading and rows; without a unit, rows only, as `grep` leaves them. `middle` is what stands between size and mount
/// point, told whether amounts have decimals.
pub(super) fn print(df: &Df, titles: &str, middle: impl Fn(&Row, bool) -> String) -> String {
    let unit = df.unit.map_or("", Unit::as_str);
    let width = if unit.is_empty() { Unit::Gb.as_str().len() } else { unit.len() };
    let decimals = df.unit.is_none_or(Unit::has_decimals);
    let heading =
        if unit.is_empty() { String::new() } else { format!("{:<13} {unit}{titles} Mounted on\n", "Filesystem") };
    let line = |row: &Row| {
        let blocks = amount(row.blocks, decimals);
        format!("{:<13} {blocks:>width$} {} {}\n", row.fs, middle(row, decimals), row.mount)
    };
    heading + &df.rows.iter().map(line).collect::<String>()
}

pub(super) fn amount(blocks: Option<Blocks>, decimals: bool) -> String {
    let whole = |blocks: &Blocks| blocks.hundredths().is_multiple_of(100);
    dash(blocks.map(|blocks| if decimals || !whole(&blocks) { blocks.to_string() } else { format!("{blocks:.0}") }))
}

/// AIX prints a blank where the percent sign would be, seen in logs of 512-byte blocks; nimadm.md's sample does not.
pub(super) fn percent(value: Option<u64>) -> String {
    value.map_or_else(|| "- ".to_owned(), |value| format!("{value}%"))
}

pub(super) fn dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}
