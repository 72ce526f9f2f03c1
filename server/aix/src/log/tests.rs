use super::*;
use proptest::prelude::*;
use std::sync::LazyLock;

/// A real run that went well `[seed]`.
const SEED: &str = include_str!("../../fixtures/nimadm/whole_run.seed.log");

/// nimadm's own cleanup after a failure `[log, gibsonnet.net]`, nimadm.md §1.6.
const TAIL: &str = "\
0505-187 nimadm: Error cloning altinst_rootvg on client.
Cleaning up alt_disk_migration on the NIM master.
Cleaning up alt_disk_migration on client lpar1.
Client alt_disk_install command: alt_disk_install -M 7.1 -X
Bootlist is set to the boot disk: hdisk0 blv=hd5
";

/// Every event with its line, in a form that can be compared, and the reader at the end.
fn events(pieces: &[&[u8]]) -> (Vec<String>, Reader) {
    let mut reader = Reader::new();
    let mut events = Vec::new();
    let mut keep = |line: u64, event: Event<'_>| events.push(format!("{line}: {event:?}"));
    for piece in pieces {
        reader.push(piece, &mut keep);
    }
    reader.finish(&mut keep);
    (events, reader)
}

/// The counted steps of one kind.
fn counts(log: &str, kind: StepKind) -> Vec<(u32, Option<u32>)> {
    let mut counts = Vec::new();
    let mut keep = |_: u64, event: Event<'_>| match event {
        Event::Step(step) if step.kind == kind => counts.push((step.done, step.total)),
        _ => {}
    };
    let mut reader = Reader::new();
    reader.push(log.as_bytes(), &mut keep);
    reader.finish(&mut keep);
    counts
}

fn verdict(log: &str) -> Verdict {
    events(&[log.as_bytes()]).1.verdict()
}

/// The seed's log up to and without the banner of a phase, and `rest` instead of what follows.
fn seed_until(phase: u8, rest: &str) -> String {
    let end = SEED.find(&format!("Executing nimadm phase {phase}.")).unwrap();
    format!("{}{rest}", &SEED[..end])
}

fn phase(number: u8) -> Phase {
    number.try_into().unwrap()
}

#[test]
fn a_real_log_is_a_success_of_twelve_phases() {
    let verdict = verdict(SEED);
    assert_eq!(verdict.outcome, Outcome::Success);
    assert_eq!(verdict.phases_seen, Phase::all().collect::<Vec<_>>());
    assert!(verdict.cleaned_up);
    assert_eq!((verdict.failed_phase, verdict.cause, verdict.advice), (None, None, None));
    // what stands before the header belongs to a wrapper
    assert_eq!(verdict.codes, [""; 0]);
    assert_eq!(counts(SEED, StepKind::Merge), (1..=27).map(|n| (n, None)).collect::<Vec<_>>());
    // phase 1 tells how many file systems there are
    let cached = counts(SEED, StepKind::CacheFileSystem);
    assert_eq!((cached[0], cached.last()), ((1, Some(10)), Some(&(10, Some(10)))));
    assert_eq!(self::verdict(&SEED.replace('\n', "\r\n")).outcome, Outcome::Success);
}

#[test]
fn a_log_cut_anywhere_is_incomplete() {
    for (at, _) in SEED.match_indices('\n').rev().skip(1).step_by(7) {
        assert_eq!(verdict(&SEED[..at]).outcome, Outcome::Incomplete, "cut at {at}");
    }
    assert!(verdict(&seed_until(6, "")).advice.unwrap().contains("nimadm -C"));
}

#[test]
fn the_specific_line_is_the_cause_and_not_the_wrapper() {
    // [code] for 0505-126
    let line = "0505-126 alt_disk_install: target disk hdisk2 has a volume group assigned to it.";
    let verdict = verdict(&seed_until(2, &format!("{line}\n{TAIL}")));
    assert_eq!((verdict.outcome, verdict.failed_phase), (Outcome::Failed, Some(phase(1))));
    assert_eq!(verdict.cause.as_deref(), Some(line));
    assert!(verdict.advice.unwrap().contains("lspv"));
    assert_eq!(verdict.codes, ["0505-126", "0505-187"]);
    assert!(verdict.cleaned_up);
}

#[test]
fn multibos_leftovers_lose_the_run_in_phase_11() {
    // [log, gibsonnet.net], nimadm.md §2.11
    let line = "alt_disk_copy: 0505-218 ATTENTION: init_multibos() returned an unexpected result.";
    let mut log = SEED[..SEED.find("Modifying ODM").unwrap()].to_owned();
    log.push_str(&format!("{line}\nCleaning up.\nforced unmount of /alt_inst\n{TAIL}"));
    let verdict = verdict(&log);
    assert_eq!((verdict.outcome, verdict.failed_phase), (Outcome::Failed, Some(phase(11))));
    assert_eq!(verdict.cause.as_deref(), Some(line));
}

#[test]
fn a_failure_that_was_not_cleaned_up_says_so() {
    let verdict = verdict(&seed_until(2, "0505-187 nimadm: Error cloning altinst_rootvg on client.\n"));
    assert_eq!((verdict.outcome, verdict.cleaned_up), (Outcome::Failed, false));
}

#[test]
fn cleanup_outside_phase_12_is_a_failure_even_without_a_number() {
    let tail = TAIL.split_once('\n').unwrap().1;
    let verdict = verdict(&seed_until(4, tail));
    assert_eq!((verdict.outcome, verdict.failed_phase), (Outcome::Failed, Some(phase(3))));
    assert!(verdict.cause.unwrap().contains("did not say why"));
    assert!(verdict.advice.is_some());
}

#[test]
fn a_run_that_nimadm_c_cleaned_up_after_is_no_success() {
    // killed in phase 12, before it cleaned up itself; then `nimadm -C`
    let clean_up = include_str!("../../fixtures/nimadm/clean_up_mode.unconfirmed.log");
    let killed = SEED.split_once("Cleaning up alt_disk_migration on the NIM master").unwrap().0;
    let (_, reader) = events(&[format!("{killed}{clean_up}").as_bytes()]);
    let report = reader.report().unwrap();
    assert_eq!((report.verdict.outcome, report.verdict.cleaned_up), (Outcome::Incomplete, true));
    assert!(report.verdict.cause.unwrap().contains("stops in phase 12"));
    assert!(report.verdict.advice.unwrap().contains("begins at phase 1"));
    assert_eq!(report.phases.last().unwrap().state, PhaseEnd::Stopped);
}

#[test]
fn a_call_that_repeats_phase_12_cleans_up_itself() {
    let header = "Initializing the NIM master.\nInitializing NIM client webmanual01.\nExecuting nimadm phase 12.\n";
    let (killed, client) = SEED.trim_end().rsplit_once('\n').unwrap();
    let (told, reader) = events(&[format!("{killed}\n{header}{client}\n").as_bytes()]);
    assert_eq!(reader.verdict().outcome, Outcome::Incomplete);
    assert_eq!(told.iter().filter(|event| event.contains("Phase(Phase(12))")).count(), 2);
    let master = "Cleaning up alt_disk_migration on the NIM master.\n";
    assert_eq!(verdict(&format!("{killed}\n{header}{master}{client}\n")).outcome, Outcome::Success);
}

#[test]
fn nim_can_refuse_before_phase_1() {
    // texts [code]; the combination is constructed
    let log = "Initializing the NIM master.\n0042-001 nim: processing error encountered on \"master\":\n\
               0042-053 lsnim: there is no NIM object named \"quimby07\"\n";
    let verdict = verdict(log);
    assert_eq!((verdict.outcome, verdict.failed_phase), (Outcome::Failed, None));
    assert!(verdict.cause.unwrap().starts_with("0042-053"));
}

#[test]
fn filesets_that_fail_make_it_a_warning() {
    let rows = "bos.net.tcp.client   7.3.3.1  USR   APPLY  FAILED\nbos.net.tcp.client   7.3.3.1  ROOT  APPLY  FAILED\n\
                bos.net.nfs.client   7.3.3.1  USR   APPLY  CANCELLED\nExecuting nimadm phase 7.";
    let verdict = verdict(&SEED.replace("Executing nimadm phase 7.", rows));
    assert_eq!(verdict.outcome, Outcome::Warning);
    assert_eq!(verdict.failed_filesets, ["bos.net.tcp.client"]);
    assert_eq!(verdict.cancelled_filesets, ["bos.net.nfs.client"]);
    let updates = SEED.replace("install_all_updates: Result = SUCCESS", "install_all_updates: Result = FAILURE");
    assert_eq!(self::verdict(&updates).outcome, Outcome::Warning);
}

#[test]
fn an_error_that_the_run_survived_is_a_warning_and_a_warning_is_none() {
    let with =
        |line: &str| verdict(&SEED.replace("Executing nimadm phase 9.", &format!("{line}\nExecuting nimadm phase 9.")));
    let survived = with("0301-158 bosboot: savebase failed with device /dev/hdisk1"); // text unconfirmed
    assert_eq!(survived.outcome, Outcome::Warning);
    assert!(survived.cause.unwrap().contains("savebase failed"));
    assert_eq!(survived.codes, ["0301-158"]);
    for harmless in ["0505-158 nimadm: WARNING, unexpected result", "warning: 0042-175 c_mkbosi: An unexpected result"]
    {
        assert_eq!(with(harmless).outcome, Outcome::Success, "{harmless}");
    }
}

#[test]
fn the_verdict_is_about_the_last_run() {
    let failed = seed_until(2, TAIL);
    assert_eq!(verdict(&format!("{failed}{SEED}")).outcome, Outcome::Success);
    assert_eq!(verdict(&format!("{SEED}{failed}")).outcome, Outcome::Failed);
    let begun = verdict(&format!("{SEED}Initializing the NIM master.\n"));
    assert_eq!((begun.outcome, begun.phases_seen.len()), (Outcome::Incomplete, 0));
}

#[test]
fn counts_are_per_phase_and_a_line_printed_twice_is_one_step() {
    let unmounts = "Executing nimadm phase 10.\nforced unmount of /a\nforced unmount of /a\nforced unmount of /b\n";
    let again = format!("{unmounts}Executing nimadm phase 11.\nforced unmount of /alt_inst/var\n");
    let done: Vec<_> = counts(&again, StepKind::Unmount).into_iter().map(|(done, _)| done).collect();
    assert_eq!(done, [1, 1, 2, 1]);
    let installed = "Filesets processed:  12 of 340  (Total time:  9 secs).\n";
    assert_eq!(counts(installed, StepKind::Installed), [(12, Some(340))]);
}

#[test]
fn a_huge_line_is_cut() {
    let mut reader = Reader::new();
    let mut line = b"0505-187 nimadm: Error \0\xff".to_vec();
    line.resize(10 << 20, b'x');
    reader.line(&line, &mut |_, _| {});
    let verdict = reader.verdict();
    assert_eq!(verdict.outcome, Outcome::Failed);
    assert_eq!(verdict.cause.unwrap().chars().count(), 400);
}

/// A log, with what reading it in one piece gives.
type Read = (Vec<u8>, Vec<String>, Option<Report>);

/// All fixtures.
static WHOLE: LazyLock<Vec<Read>> = LazyLock::new(|| {
    let read = |log: Vec<u8>| {
        let (events, reader) = events(&[&log]);
        (log, events, reader.report())
    };
    fixture_tests::logs().map(|(_, log)| read(log)).collect()
});

#[test]
fn no_beginning_of_a_success_is_one() {
    let mut tried = 0;
    for (log, _, report) in WHOLE.iter() {
        let whole =
            report.as_ref().is_some_and(|report| report.verdict.outcome == Outcome::Success && report.runs == 1);
        let Some(end) = whole.then(|| log.windows(12).rposition(|w| w == b"on the NIM m")).flatten() else { continue };
        // The client's clean-up line ends behind this; before it, nothing may be taken for the end.
        let client = log[end..].iter().filter(|b| **b == b'\n').count();
        assert!(client >= 2, "the clean-up of the client follows");
        let last = end
            + log[end..].iter().position(|b| *b == b'\n').unwrap()
            + "Cleaning up alt_disk_migration on client ".len();
        let mut reader = Reader::new();
        for (cut, byte) in log[..last].iter().enumerate() {
            reader.push(std::slice::from_ref(byte), &mut |_, _| {});
            // Every end of a line and some places within; the whole of the last lines.
            if *byte == b'\n' || cut % 97 == 0 || cut + 200 > last {
                let mut cut_here = reader.clone();
                cut_here.finish(&mut |_, _| {});
                tried += 1;
                assert_ne!(cut_here.verdict().outcome, Outcome::Success, "cut at {cut} of {}", log.len());
            }
        }
    }
    assert!(tried > 1000, "{tried}");
}

proptest! {
    /// However the bytes are cut on their way: the same events, the same report.
    #[test]
    fn any_split_gives_the_same_events(
        log in any::<prop::sample::Index>(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let (log, whole, report) = &WHOLE[log.index(WHOLE.len())];
        let mut at: Vec<_> = cuts.iter().map(|cut| cut.index(log.len() + 1)).collect();
        at.extend([0, log.len()]);
        at.sort_unstable();
        let pieces: Vec<_> = at.windows(2).map(|pair| &log[pair[0]..pair[1]]).collect();
        let (events, reader) = events(&pieces);
        prop_assert_eq!(&events, whole);
        prop_assert_eq!(&reader.report(), report);
    }

    #[test]
    fn any_bytes_split_anywhere_give_the_same_events(
        log in prop::collection::vec(prop_oneof![6 => any::<u8>(), 1 => Just(b'\n'), 1 => Just(b'\r')], 0..400),
        cut in any::<prop::sample::Index>(),
    ) {
        let (one, two) = log.split_at(cut.index(log.len() + 1));
        prop_assert_eq!(events(&[one, two]).0, events(&[&log]).0);
    }

    #[test]
    fn no_bytes_make_it_panic(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..20)) {
        let mut reader = Reader::new();
        for line in &lines {
            reader.line(line, &mut |_, _| {});
        }
        let _ = reader.verdict();
    }

    /// Lines that mean something, in any order and cut anywhere: no panic, and no success without phase 12.
    #[test]
    fn no_order_of_lines_makes_a_false_success(
        picks in prop::collection::vec((0..SEED.lines().count(), 0_usize..90), 0..60),
    ) {
        let lines: Vec<_> = SEED.lines().collect();
        let mut reader = Reader::new();
        for (index, end) in picks {
            let line = lines[index].as_bytes();
            reader.line(&line[..end.min(line.len())], &mut |_, _| {});
        }
        let verdict = reader.verdict();
        prop_assert!(verdict.outcome != Outcome::Success || verdict.phases_seen.contains(&Phase::LAST));
    }
}
