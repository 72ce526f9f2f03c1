//! What a process has used, as Linux tells it.

use sqlx::PgPool;
use std::fs;

/// The unit of times in `/proc`: always a hundredth of a second for programs.
const TICKS: f64 = 100.0;

/// What one process has used so far.
pub(crate) struct Usage {
    pub(crate) cpu_seconds: f64,
    /// Memory that is in use now, with its part of what is shared.
    pub(crate) pss_mib: f64,
    /// The most that ever was in use (VmHWM).
    pub(crate) peak_mib: f64,
}

impl Usage {
    pub(crate) fn of(pid: u32) -> Self {
        let (own, _) = times(pid).unwrap();
        let read = |file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap();
        Self {
            cpu_seconds: own,
            pss_mib: field(&read("smaps_rollup"), "Pss:") / 1024.0,
            peak_mib: field(&read("status"), "VmHWM:") / 1024.0,
        }
    }
}

/// Seconds of CPU that a PostgreSQL has used, all its processes together.
pub(crate) async fn postgres(pool: &PgPool) -> f64 {
    let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(pool).await.unwrap();
    let postmaster = stat(backend.unsigned_abs()).unwrap()[1].parse().unwrap();
    let (own, ended) = times(postmaster).unwrap();
    let children = fs::read_to_string(format!("/proc/{postmaster}/task/{postmaster}/children")).unwrap();
    let living = children.split_whitespace().filter_map(|pid| times(pid.parse().ok()?));
    own + ended + living.map(|(own, _)| own).sum::<f64>()
}

/// Of a process, and of its children that have ended.
fn times(pid: u32) -> Option<(f64, f64)> {
    let stat = stat(pid)?;
    let at = |field: usize| stat[field].parse::<f64>().unwrap() / TICKS;
    Some((at(11) + at(12), at(13) + at(14)))
}

/// The fields of `stat` after the name, which may hold anything.
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_owned).collect())
}

fn field(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
