use super::*;
use app::model::Progress as Steps;
use proptest::{array::uniform12, collection::vec, option::of, prelude::*};

const HOUR: i64 = 3_600_000;
const NOW: i64 = 1_000 * HOUR;

fn like(used_mb: u64) -> Likeness {
    let release = |text: &str| Likeness::release(Some(text));
    Likeness {
        simulated: false,
        cache: true,
        from: release("7100-05-11-2246"),
        to: release("7300-03"),
        used_mb: Some(used_mb),
        filesets: Some(400),
    }
}

fn past(like: Likeness, phases: Durations) -> Past {
    Past { like, phases }
}

/// A run in which `done` phases took 10 minutes each, and the next has taken `elapsed`.
fn going(done: usize, elapsed: i64, progress: Option<(u32, u32)>) -> Vec<PhaseRecord> {
    let took = 600_000;
    let begun = NOW - elapsed - i64::try_from(done).unwrap() * took;
    let at = |index: usize| Some(Timestamp::from_unix_millis(begun + i64::try_from(index).unwrap() * took));
    Phase::ALL
        .into_iter()
        .enumerate()
        .map(|(index, number)| PhaseRecord {
            number,
            title: String::new(),
            state: match index {
                index if index < done => PhaseState::Done,
                index if index == done => PhaseState::Running,
                _ => PhaseState::Waiting,
            },
            started_at: at(index).filter(|_| index <= done),
            ended_at: at(index + 1).filter(|_| index < done),
            eta: None,
            p90: None,
            progress: progress.filter(|_| index == done).map(|(done, total)| Steps {
                done,
                total: Some(total),
                what: String::new(),
            }),
        })
        .collect()
}

fn now() -> Timestamp {
    Timestamp::from_unix_millis(NOW)
}

fn minutes_from_now(at: Timestamp) -> i64 {
    (at.unix_millis() - NOW) / 60_000
}

#[test]
fn the_rest_of_a_run_takes_what_it_took_in_runs_like_it() {
    let history: Vec<_> = (0..10).map(|n| past(like(20_000), [(10 + n) * 60_000; 12])).collect();
    let alike = alike(&like(22_000), &history).unwrap();
    assert_eq!(
        (alike.runs.len(), alike.words.as_str()),
        (10, "same levels, disk cache, rootvg within 1.25 times, filesets within 1.25 times")
    );
    let estimate = estimate(&going(10, 0, None), now(), Some(&alike));
    let eta = estimate.eta.unwrap();
    assert_eq!((minutes_from_now(eta.p50), minutes_from_now(eta.p90), eta.runs), (28, 36, 10));
    let (p50, p90) = estimate.phases[10].unwrap();
    assert_eq!((minutes_from_now(p50), minutes_from_now(p90)), (14, 18));
    assert_eq!(estimate.phases[9], None, "over");
    assert_eq!(estimate.slow, None);
}

#[test]
fn a_phase_that_takes_longer_than_ever_is_slow_and_has_no_time() {
    let history: Vec<_> = (0..20).map(|n| past(like(20_000), [(10 + n) * 60_000; 12])).collect();
    let alike = alike(&like(20_000), &history).unwrap();
    let late = estimate(&going(5, 20 * 60_000, None), now(), Some(&alike));
    assert_eq!(minutes_from_now(late.phases[5].unwrap().0), 5, "only those that took longer still speak");
    let overdue = estimate(&going(5, 40 * 60_000, None), now(), Some(&alike));
    assert_eq!(overdue.phases[5], None);
    assert!(overdue.phases[6].unwrap().0 > now() && overdue.eta.is_some());
    let slow = overdue.slow.unwrap();
    assert!(
        slow.text.starts_with("Phase 6 (") && slow.text.contains("95 % of 20") && slow.text.contains("28 min"),
        "{}",
        slow.text
    );
    assert_eq!(minutes_from_now(slow.since), -12);
    let paced = estimate(&going(5, 40 * 60_000, Some((50, 100))), now(), Some(&alike));
    assert!((20..=30).contains(&minutes_from_now(paced.phases[5].unwrap().0)), "half done, it has its own pace");
    let last = estimate(&going(11, 40 * 60_000, None), now(), Some(&alike));
    assert_eq!(last.eta, None, "nothing is left to say");
}

#[test]
fn likeness_is_widened_until_there_are_enough() {
    let mut history = vec![past(like(20_000), [60_000; 12]); 2];
    assert!(alike(&like(20_000), &history).is_none(), "two say nothing");
    history.extend(vec![past(like(38_000), [60_000; 12]); 2]);
    let some = alike(&like(20_000), &history).unwrap();
    assert_eq!((some.runs.len(), some.words.as_str()), (4, "same levels, disk cache, rootvg within 2 times"));
    history.extend(vec![past(like(80_000), [60_000; 12]); 2]);
    let all = alike(&like(20_000), &history).unwrap();
    assert_eq!((all.runs.len(), all.words.as_str()), (6, "same levels, disk cache, any size"));
    assert_eq!((all.runs[5][0], all.runs[5][5]), (15_000, 60_000), "copying a quarter takes a quarter");
    for other in [Likeness { simulated: true, ..like(20_000) }, Likeness { cache: false, ..like(20_000) }] {
        assert!(alike(&other, &history).is_none(), "{other:?}");
    }
    let other = Likeness { to: Likeness::release(Some("7200-05")), ..like(20_000) };
    assert!(alike(&other, &history).unwrap().words.starts_with("any levels"));
}

#[test]
fn without_history_shares_speak_once_phase_1_is_over() {
    assert_eq!(estimate(&going(0, HOUR, None), now(), None), Estimate::default());
    let shares = estimate(&going(1, 0, None), now(), None);
    let eta = shares.eta.unwrap();
    // Phase 1 is a fifth of a run and took 10 minutes.
    assert_eq!((minutes_from_now(eta.p50), minutes_from_now(eta.p90), eta.basis), (40, 60, Basis::Shares));
}

#[test]
fn silence_is_a_signal_later_where_nimadm_is_known_to_be_quiet() {
    let ago = |minutes: i64| Timestamp::from_unix_millis(NOW - minutes * 60_000);
    let phase = |number| Phase::try_from(number).ok();
    assert_eq!(silent(ago(14), phase(6), now(), 15), None);
    let signal = silent(ago(16), phase(6), now(), 15).unwrap();
    assert_eq!((signal.kind, signal.since), (SignalKind::Silent, ago(16)));
    assert_eq!(silent(ago(44), phase(3), now(), 15), None);
    assert!(silent(ago(46), phase(3), now(), 15).is_some());
}

prop_compose! {
    fn a_past()(phases in uniform12(0..4 * HOUR), used in of(1_u64..200_000), release in "7[123]", filesets in of(1_u64..2000)) -> Past {
        past(Likeness { from: Some(release), used_mb: used, filesets, ..like(1) }, phases)
    }
}

proptest! {
    #[test]
    fn no_time_is_in_the_past_and_phases_end_in_order(
        history in vec(a_past(), 0..40),
        done in 0_usize..12,
        elapsed in 0..6 * HOUR,
        progress in of((0_u32..120, 1_u32..100)),
        used in of(1_u64..200_000),
    ) {
        let like = Likeness { used_mb: used, ..like(1) };
        let alike = alike(&like, &history);
        prop_assert!(alike.as_ref().is_none_or(|alike| (ENOUGH..=history.len()).contains(&alike.runs.len())));
        let estimate = estimate(&going(done, elapsed, progress), now(), alike.as_ref());
        let known: Vec<_> = estimate.phases.iter().flatten().collect();
        for (p50, p90) in &known {
            prop_assert!(*p50 >= now() && p50 <= p90);
        }
        prop_assert!(known.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 <= pair[1].1));
        prop_assert!(estimate.phases[..done].iter().all(Option::is_none));
        prop_assert_eq!(estimate.eta.map(|eta| (eta.p50, eta.p90)), estimate.phases[11]);
        prop_assert!(estimate.slow.is_none_or(|slow| slow.since < now()));
    }
}
