//! `uptime`: how long a host is up (nimadm.md §6.15).

/// Whole minutes since the boot; none where the line cannot be read. AIX prints `up 8 mins`, `up 4:32`, `up 1 day,  2:05`,
/// `up 64 days, 4 hrs` (the last unconfirmed).
#[must_use]
pub fn minutes(line: &str) -> Option<u64> {
    let (_, rest) = line.split_once(" up ")?;
    let mut minutes: Option<u64> = None;
    for part in rest.split(',').map(str::trim) {
        let mut words = part.split_whitespace();
        let amount = words.next().unwrap_or_default();
        let found = match (amount.split_once(':'), words.next()) {
            (Some((hours, rest)), None) => {
                u64::from(hours.parse::<u32>().ok()?) * 60 + u64::from(rest.parse::<u8>().ok()?)
            }
            (None, Some("day" | "days")) => u64::from(amount.parse::<u32>().ok()?) * 24 * 60,
            (None, Some("hr" | "hrs" | "hour" | "hours")) => u64::from(amount.parse::<u32>().ok()?) * 60,
            (None, Some("min" | "mins" | "minutes")) => u64::from(amount.parse::<u32>().ok()?),
            _ => break,
        };
        minutes = Some(minutes.unwrap_or(0).saturating_add(found));
    }
    minutes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_minutes_hours_and_days() {
        let up = |text: &str| minutes(&format!("  02:41PM   up {text},  3 users,  load average: 0.45, 0.38, 0.31"));
        assert_eq!(up("8 mins"), Some(8));
        assert_eq!(up("4:32"), Some(272));
        assert_eq!(up("64 days,   4:32"), Some(64 * 1440 + 272));
        assert_eq!(up("1 day,  3 hrs"), Some(1440 + 180));
        assert_eq!(minutes("uptime: not found"), None);
        assert_eq!(minutes("x up 99999999999999999999 days"), None);
    }
}
