//! Every log of `fixtures/nimadm` against what `expected.json` says of it.

use super::{Mode, Outcome, Reader, Report};
use serde::Deserialize;
use std::{fs, path::PathBuf};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    file: String,
    /// None: this is no nimadm log.
    outcome: Option<Outcome>,
    failed_phase: Option<u8>,
    /// `1-6`, `1-3,5`, or nothing.
    phases_seen: Option<String>,
    codes: Vec<String>,
    failed_filesets: Vec<String>,
    cancelled_filesets: Vec<String>,
    cause_contains: Option<String>,
    advice_contains: Option<String>,
    cleaned_up: bool,
    mode: Option<Mode>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/nimadm")
}

fn all() -> Vec<Expected> {
    serde_json::from_slice(&fs::read(folder().join("expected.json")).unwrap()).unwrap()
}

pub(super) fn logs() -> impl Iterator<Item = (String, Vec<u8>)> {
    all().into_iter().map(|expected| {
        let bytes = fs::read(folder().join(&expected.file)).unwrap();
        (expected.file, bytes)
    })
}

fn report(log: &[u8]) -> Option<Report> {
    let mut reader = Reader::new();
    reader.push(log, &mut |_, _| {});
    reader.finish(&mut |_, _| {});
    reader.report()
}

fn numbers(phases: Option<&str>) -> Vec<u8> {
    let ranges = phases.unwrap_or_default().split(',').filter(|part| !part.is_empty());
    ranges
        .flat_map(|part| {
            let (from, to) = part.split_once('-').unwrap_or((part, part));
            from.parse().unwrap()..=to.parse().unwrap()
        })
        .collect()
}

/// What differs, in words.
fn differences(expected: &Expected, report: Option<&Report>) -> Vec<String> {
    let (Some(outcome), Some(report)) = (expected.outcome, report) else {
        let same = expected.outcome.is_none() == report.is_none();
        return if same { Vec::new() } else { vec![format!("recognised: {}", report.is_some())] };
    };
    let verdict = &report.verdict;
    let mut different = Vec::new();
    let mut check = |what: &str, same: bool, found: String| {
        if !same {
            different.push(format!("{what}: {found}"));
        }
    };
    let seen: Vec<u8> = verdict.phases_seen.iter().map(|phase| phase.number()).collect();
    let contains = |text: &Option<String>, part: &Option<String>| {
        part.as_ref()
            .is_none_or(|part| text.as_ref().is_some_and(|text| text.to_lowercase().contains(&part.to_lowercase())))
    };
    check("outcome", verdict.outcome == outcome, format!("{:?}", verdict.outcome));
    let failed = verdict.failed_phase.map(|phase| phase.number());
    check("failed_phase", failed == expected.failed_phase, format!("{failed:?}"));
    check("phases_seen", seen == numbers(expected.phases_seen.as_deref()), format!("{seen:?}"));
    check("codes", verdict.codes == expected.codes, format!("{:?}", verdict.codes));
    check("failed", verdict.failed_filesets == expected.failed_filesets, format!("{:?}", verdict.failed_filesets));
    let cancelled = &verdict.cancelled_filesets;
    check("cancelled", *cancelled == expected.cancelled_filesets, format!("{cancelled:?}"));
    check("cause", contains(&verdict.cause, &expected.cause_contains), format!("{:?}", verdict.cause));
    check("advice", contains(&verdict.advice, &expected.advice_contains), format!("{:?}", verdict.advice));
    check("cleaned_up", verdict.cleaned_up == expected.cleaned_up, format!("{}", verdict.cleaned_up));
    check("mode", report.mode == expected.mode, format!("{:?}", report.mode));
    // Whatever is no success says why and what to do.
    let told = verdict.outcome == Outcome::Success || (verdict.cause.is_some() && verdict.advice.is_some());
    check("told", told, format!("{:?}, {:?}", verdict.cause, verdict.advice));
    different
}

#[test]
fn every_log_is_judged_as_expected() {
    let mut wrong = Vec::new();
    for expected in all() {
        let log = fs::read(folder().join(&expected.file)).unwrap();
        for difference in differences(&expected, report(&log).as_ref()) {
            wrong.push(format!("{}: {difference}", expected.file));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_log_has_its_expectation() {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<_> = files.filter(|name| name.ends_with(".log")).collect();
    let mut known: Vec<_> = all().into_iter().map(|expected| expected.file).collect();
    files.sort();
    known.sort();
    assert_eq!(files, known);
}
