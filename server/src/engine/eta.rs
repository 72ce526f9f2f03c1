//! When a run should end, from how long the runs like it took. Pure: durations in, points in time out.
//!
//! Guaranteed: no time lies in the past, p50 is never after p90, and a later phase never ends before an earlier one. All three
//! follow from one thing: each earlier run is laid over the rest of this one as a whole, and the quantiles are taken of what that
//! gives. Adding up the quantiles of single phases would be simpler and wrong: the p90 of a sum is far less than the sum of p90s.
//!
//! What a phase has taken so far is known, so only runs that took longer than that still speak of it. Where none did, the phase is
//! overdue: it gets no time at all, and after a while the signal that it is slow.

use aix::Phase;
use app::model::{Basis, Eta, PhaseRecord, PhaseState, Signal, SignalKind, Timestamp};

/// Runs that are looked for before the likeness is widened.
const WANTED: usize = 5;
/// Fewer than these say nothing.
const ENOUGH: usize = 3;
/// A phase of seconds that takes some seconds more is nothing to tell anybody.
const SLACK: i64 = 60_000;
/// Nine in ten runs take at most this much longer than the shares say; after the ranges of nimadm.md §2.0.
const SHARES_SPREAD: f64 = 1.5;
/// Phases that copy rootvg: what they take grows with its size (nimadm.md §2.0).
const COPYING: [usize; 3] = [0, 2, 8];
/// Phases in which nimadm says nothing for long (nimadm.md §2.1, §2.3, §2.9), and how much longer that may last.
const QUIET: [u8; 3] = [1, 3, 9];
const QUIET_FACTOR: i64 = 3;

/// What makes runs alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Likeness {
    /// The lab's runs take as long as its speed says.
    pub simulated: bool,
    /// With a cache volume group, or over NFS.
    pub cache: bool,
    /// Version and release before: `71`.
    pub from: Option<String>,
    /// Version and release after.
    pub to: Option<String>,
    /// MiB of rootvg in use.
    pub used_mb: Option<u64>,
    /// Filesets installed.
    pub filesets: Option<u64>,
}

impl Likeness {
    /// Version and release of a level as the database has it, `7100-05-11-2246` or `7300-03`.
    #[must_use]
    pub fn release(level: Option<&str>) -> Option<String> {
        level.and_then(|level| level.get(..2)).map(str::to_owned)
    }
}

/// A run that ended well.
#[derive(Debug, Clone)]
pub struct Past {
    /// What it was.
    pub like: Likeness,
    /// How long each phase took, in milliseconds.
    pub phases: Durations,
}

/// Milliseconds of each phase.
pub type Durations = [i64; Phase::COUNT];

/// The runs an estimate is drawn from.
#[derive(Debug, Clone)]
pub struct Alike {
    /// How long their phases took, for a client of this one's size.
    pub runs: Vec<Durations>,
    /// What they have in common with this run.
    pub words: String,
}

/// What is said of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Estimate {
    /// When it ends.
    pub eta: Option<Eta>,
    /// When each phase ends: p50 and p90.
    pub phases: [Option<(Timestamp, Timestamp)>; Phase::COUNT],
    /// It is slower than nearly all.
    pub slow: Option<Signal>,
}

/// How far likeness is widened: most a size may differ, most the filesets may, whether the levels must be the same.
const STEPS: [(Option<f64>, Option<f64>, bool); 5] = [
    (Some(1.25), Some(1.25), true),
    (Some(1.5), Some(1.5), true),
    (Some(2.0), None, true),
    (None, None, true),
    (None, None, false),
];

/// The runs most like one, widened until there are enough; none where history is too short.
#[must_use]
pub fn alike(like: &Likeness, history: &[Past]) -> Option<Alike> {
    let mut best = None;
    for (size, filesets, levels) in STEPS {
        let (size, filesets) = (size.filter(|_| like.used_mb.is_some()), filesets.filter(|_| like.filesets.is_some()));
        let matches = |past: &&Past| {
            let other = &past.like;
            (other.simulated, other.cache) == (like.simulated, like.cache)
                && (!levels || (&other.from, &other.to) == (&like.from, &like.to))
                && size.is_none_or(|factor| within(like.used_mb, other.used_mb, factor))
                && filesets.is_none_or(|factor| within(like.filesets, other.filesets, factor))
        };
        let scaled = |past: &Past| if size.is_some() { past.phases } else { scale(past, like.used_mb) };
        let runs: Vec<_> = history.iter().filter(matches).map(scaled).collect();
        let enough = runs.len() >= WANTED;
        // A wider step that finds no more says less of this run.
        if runs.len() >= ENOUGH && best.as_ref().is_none_or(|best: &Alike| runs.len() > best.runs.len()) {
            best = Some(Alike { runs, words: words(like, size, filesets, levels) });
        }
        if enough {
            break;
        }
    }
    best
}

fn words(like: &Likeness, size: Option<f64>, filesets: Option<f64>, levels: bool) -> String {
    let mode = if like.cache { "disk cache" } else { "NFS" };
    let mut words = vec![if levels { "same levels" } else { "any levels" }.to_owned(), mode.to_owned()];
    words.push(size.map_or_else(|| "any size".to_owned(), |factor| format!("rootvg within {factor} times")));
    words.extend(filesets.map(|factor| format!("filesets within {factor} times")));
    words.join(", ")
}

fn within(a: Option<u64>, b: Option<u64>, factor: f64) -> bool {
    ratio(a, b).is_some_and(|ratio| (1.0 / factor..=factor).contains(&ratio))
}

fn ratio(a: Option<u64>, b: Option<u64>) -> Option<f64> {
    let (a, b) = (a.filter(|a| *a > 0)?, b.filter(|b| *b > 0)?);
    Some(a as f64 / b as f64)
}

/// What the copying phases would have taken with a rootvg of this size.
fn scale(past: &Past, used_mb: Option<u64>) -> Durations {
    let factor = ratio(used_mb, past.like.used_mb).unwrap_or(1.0).clamp(0.1, 10.0);
    let mut phases = past.phases;
    for phase in COPYING {
        phases[phase] = times(phases[phase], factor);
    }
    phases
}

/// A run as far as it has come.
struct Progress {
    /// The phase it is in: index, milliseconds so far, part done where its lines tell.
    running: Option<(usize, i64, Option<f64>)>,
    /// Phases still to come.
    waiting: Vec<usize>,
    /// What the phases before it took.
    done: Vec<(usize, i64)>,
}

impl Progress {
    fn of(phases: &[PhaseRecord], now: i64) -> Self {
        let mut progress = Self { running: None, waiting: Vec::new(), done: Vec::new() };
        for phase in phases {
            let index = usize::from(phase.number.number() - 1);
            let took = |until: i64| phase.started_at.map_or(0, |from| (until - from.unix_millis()).max(0));
            match phase.state {
                PhaseState::Running => progress.running = Some((index, took(now), part_done(phase))),
                PhaseState::Waiting => progress.waiting.push(index),
                PhaseState::Done => {
                    progress.done.push((index, took(phase.ended_at.map_or(now, Timestamp::unix_millis))));
                }
                PhaseState::Failed | PhaseState::Skipped => {}
            }
        }
        progress
    }

    fn so_far(&self) -> i64 {
        self.done.iter().map(|(_, took)| took).sum::<i64>() + self.running.map_or(0, |(_, elapsed, _)| elapsed)
    }
}

/// The part that is done; none at the very beginning and at the very end, where it says nothing of what is left.
fn part_done(phase: &PhaseRecord) -> Option<f64> {
    let progress = phase.progress.as_ref()?;
    let total = progress.total.filter(|total| *total > 0)?;
    (0 < progress.done && progress.done < total).then(|| f64::from(progress.done) / f64::from(total))
}

/// What is left of a phase that took `whole` in another run. The further this one is, the more its own pace counts.
fn left(whole: i64, elapsed: i64, part: Option<f64>) -> i64 {
    match part {
        Some(part) => times(times(whole, 1.0 - part).saturating_add(elapsed), 1.0 - part),
        None => whole.saturating_sub(elapsed).max(0),
    }
}

/// When a run that goes on should end.
#[must_use]
pub fn estimate(phases: &[PhaseRecord], now: Timestamp, alike: Option<&Alike>) -> Estimate {
    let now = now.unix_millis();
    let progress = Progress::of(phases, now);
    if progress.running.is_none() && progress.waiting.is_empty() {
        return Estimate::default();
    }
    match alike.filter(|alike| !alike.runs.is_empty()) {
        Some(alike) => by_history(&progress, now, alike),
        None => by_shares(&progress, now),
    }
}

fn by_history(progress: &Progress, now: i64, alike: &Alike) -> Estimate {
    let mut speaking: Vec<&Durations> = alike.runs.iter().collect();
    let mut overdue = false;
    if let Some((phase, elapsed, None)) = progress.running {
        speaking.retain(|run| run[phase] > elapsed);
        if speaking.is_empty() {
            overdue = true;
            speaking = alike.runs.iter().collect();
        }
    }
    let mut ends = vec![now; speaking.len()];
    let mut estimate = Estimate::default();
    let mut last = None;
    let mut lay = |phase: usize, left: &dyn Fn(&Durations) -> i64, known: bool| {
        for (end, run) in ends.iter_mut().zip(&speaking) {
            *end = end.saturating_add(left(run).max(0));
        }
        last = known.then(|| (point(quantile(&ends, 50)), point(quantile(&ends, 90))));
        estimate.phases[phase] = last;
    };
    if let Some((phase, elapsed, part)) = progress.running {
        lay(phase, &|run| left(run[phase], elapsed, part), !overdue);
    }
    for &phase in &progress.waiting {
        lay(phase, &|run| run[phase], true);
    }
    let runs = u32::try_from(alike.runs.len()).unwrap_or(u32::MAX);
    let words = Some(alike.words.clone());
    estimate.eta = last.map(|(p50, p90)| Eta { p50, p90, basis: Basis::History, runs, alike: words });
    estimate.slow = slow(progress, now, alike);
    estimate
}

/// Shares of a whole say something once phase 1 has shown how long a share is.
fn by_shares(progress: &Progress, now: i64) -> Estimate {
    let mut estimate = Estimate::default();
    if !progress.done.iter().any(|(phase, _)| *phase == 0) {
        return estimate;
    }
    let share = |phase: usize| f64::from(Phase::ALL[phase].typical_share());
    let passed: i64 = progress.done.iter().map(|(_, took)| took).sum();
    let shares: f64 = progress.done.iter().map(|(phase, _)| share(*phase)).sum();
    let unit = passed as f64 / shares;
    // A phase that takes longer than its share makes the others look longer too.
    let slower = progress.running.map_or(unit, |(phase, elapsed, _)| {
        ((passed.saturating_add(elapsed)) as f64 / (shares + share(phase))).max(unit)
    });
    let (mut middle, mut late) = (0_i64, 0_i64);
    let mut last = None;
    if let Some((phase, elapsed, part)) = progress.running {
        let left = left((unit * share(phase)) as i64, elapsed, part);
        middle = left;
        late = times(left, SHARES_SPREAD);
        last = (left > 0).then(|| (point(now + middle), point(now + late)));
        estimate.phases[phase] = last;
    }
    for &phase in &progress.waiting {
        let left = (slower * share(phase)) as i64;
        middle = middle.saturating_add(left);
        late = late.saturating_add(times(left, SHARES_SPREAD));
        last = Some((point(now.saturating_add(middle)), point(now.saturating_add(late))));
        estimate.phases[phase] = last;
    }
    estimate.eta = last.map(|(p50, p90)| Eta { p50, p90, basis: Basis::Shares, runs: 0, alike: None });
    estimate
}

/// Slower than 95 % of the runs like it: the phase it is in, or else the whole.
fn slow(progress: &Progress, now: i64, alike: &Alike) -> Option<Signal> {
    if alike.runs.len() < WANTED {
        return None;
    }
    let signal = |what: &str, took: i64, usual: i64| {
        (took > usual.saturating_add(SLACK)).then(|| Signal {
            kind: SignalKind::Slow,
            text: format!(
                "{what} takes longer than in 95 % of {} similar runs: there it was over after {}.",
                alike.runs.len(),
                minutes(usual)
            ),
            since: point(now.saturating_sub(took).saturating_add(usual)),
        })
    };
    let phase = progress.running.and_then(|(phase, elapsed, _)| {
        let usual: Vec<_> = alike.runs.iter().map(|run| run[phase]).collect();
        let named = Phase::ALL[phase];
        signal(&format!("Phase {named} ({})", named.title()), elapsed, quantile(&usual, 95))
    });
    phase.or_else(|| {
        let usual: Vec<_> = alike.runs.iter().map(|run| run.iter().sum()).collect();
        signal("The run", progress.so_far(), quantile(&usual, 95))
    })
}

/// The log has not grown for long.
#[must_use]
pub fn silent(last_line_at: Timestamp, phase: Option<Phase>, now: Timestamp, minutes: u32) -> Option<Signal> {
    let quiet = phase.is_some_and(|phase| QUIET.contains(&phase.number()));
    let patience = i64::from(minutes) * 60_000 * if quiet { QUIET_FACTOR } else { 1 };
    let since = last_line_at.unix_millis();
    (now.unix_millis() - since >= patience).then(|| Signal {
        kind: SignalKind::Silent,
        text: format!(
            "No new line in the log since {} UTC, for more than {} minutes{}. Look at its processes on the master.",
            last_line_at.readable(),
            patience / 60_000,
            phase.map_or_else(String::new, |phase| format!(" in phase {phase}"))
        ),
        since: last_line_at,
    })
}

/// The smallest value that so many percent of all are not above.
fn quantile(values: &[i64], percent: usize) -> i64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

fn times(millis: i64, factor: f64) -> i64 {
    (millis as f64 * factor) as i64
}

fn point(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(millis)
}

fn minutes(millis: i64) -> String {
    match millis / 60_000 {
        0 => format!("{} s", millis / 1000),
        minutes => format!("{minutes} min"),
    }
}

#[cfg(test)]
mod tests;
