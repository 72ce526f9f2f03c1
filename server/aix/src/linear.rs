//! Every reader takes time linear in its input, whatever the input looks like.
//!
//! Anybody who may sign in can send any text to any reader. One that takes quadratic time turns a megabyte into minutes of a
//! processor. So each reader of the table, the recognition of outputs and the log reader are given texts that are made of
//! their own samples, stretched in every way that is known to hurt: a line many times, a line as long as the text, names
//! that all differ and names that all repeat, a run of one sign, keys without their values. The tests measure the
//! processor time of this thread, for a text and for one four times as long. Four times is linear, sixteen times is
//! quadratic; a test fails above eight, and only if a longer text confirms it.

use crate::{
    explain::{self, Kind},
    log::Reader,
};
use rustix::time::{ClockId, clock_gettime};
use std::{fs, path::Path, time::Duration};

/// Bytes of the shorter text; the longer one has four times as many.
const SHORT: usize = 8 << 10;
/// The same where a suspicion is confirmed.
const CONFIRM: usize = 32 << 10;
/// What is too little to be measured.
const NOTHING: Duration = Duration::from_micros(500);

/// How a text of any size is made, and what it is called when a test fails.
struct Shape {
    name: String,
    before: String,
    /// What is repeated, by the number of the repetition.
    unit: Box<dyn Fn(usize) -> String>,
    after: String,
}

impl Shape {
    /// `{}` in the unit stands for the number of the repetition.
    fn new(name: impl Into<String>, before: &str, unit: impl Into<String>, after: &str) -> Self {
        let unit = unit.into();
        let unit = move |number: usize| match unit.split_once("{}") {
            Some((start, rest)) => format!("{start}{}{rest}", 100_000 + number),
            None => unit.clone(),
        };
        Self::by(name, before, unit, after)
    }

    fn by(name: impl Into<String>, before: &str, unit: impl Fn(usize) -> String + 'static, after: &str) -> Self {
        Self { name: name.into(), before: before.to_owned(), unit: Box::new(unit), after: after.to_owned() }
    }

    /// A text of about so many bytes.
    fn text(&self, bytes: usize) -> String {
        let mut text = self.before.clone();
        let end = bytes.saturating_sub(self.after.len());
        let mut number = 0;
        while text.len() < end {
            text.push_str(&(self.unit)(number));
            number += 1;
        }
        text + &self.after
    }
}

/// Processor time of this thread.
fn cpu() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap()
}

/// The least time that the work took in so many tries.
fn least(tries: u32, text: &str, work: &dyn Fn(&str)) -> Duration {
    let took = |_| {
        let start = cpu();
        work(text);
        cpu() - start
    };
    (0..tries).map(took).min().unwrap()
}

fn is_linear(shape: &Shape, bytes: usize, tries: u32, work: &dyn Fn(&str)) -> Result<(), String> {
    let [short, long] = [bytes, 4 * bytes].map(|bytes| least(tries, &shape.text(bytes), work));
    let good = long <= 8 * short + NOTHING;
    if good {
        Ok(())
    } else {
        Err(format!("{}: {short:?} for {bytes} bytes, {long:?} for four times as many", shape.name))
    }
}

/// Fails unless the work takes linear time for every shape.
fn all_linear(what: &str, shapes: &[Shape], work: impl Fn(&str)) {
    let slow: Vec<String> = shapes
        .iter()
        .filter(|shape| is_linear(shape, SHORT, 1, &work).is_err())
        .filter_map(|shape| is_linear(shape, CONFIRM, 3, &work).err())
        .collect();
    assert!(slow.is_empty(), "{what} takes more than linear time:\n{}", slow.join("\n"));
}

const SIGNS: &str = " :-=,.(\"/*%0x";

/// A sample, stretched in every way.
fn shapes(sample: &str) -> Vec<Shape> {
    let mut shapes = vec![
        Shape::new("the whole again and again", "", format!("{}\n", sample.trim_end()), ""),
        Shape::new("empty lines behind it", sample, "\n", ""),
        Shape::new("empty lines before it", "", "\n", sample),
    ];
    let lines: Vec<&str> = sample.lines().collect();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()).take(6) {
        let mut before = lines[..at].join("\n");
        if at > 0 {
            before.push('\n');
        }
        let after = lines.get(at + 1..).unwrap_or_default().join("\n");
        let mut add = |name: &str, before: String, unit: String, after: String| {
            shapes.push(Shape::new(format!("line {}, {name}", at + 1), &before, unit, &after));
        };
        let behind = format!("\n{after}");
        add("many times", before.clone(), format!("{line}\n"), after.clone());
        add("many times in one line", before.clone(), (*line).to_owned(), behind.clone());
        add("many times in one line with blanks", before.clone(), format!("{line} "), behind.clone());
        if let Some(next) = lines.get(at + 1) {
            add("and the next many times", before.clone(), format!("{line}\n{next}\n"), after.clone());
        }
        // Names that all differ: the first word, and the first number.
        let (blanks, words) = line.split_at(line.len() - line.trim_start().len());
        let (first, rest) = words.split_at(words.find([' ', ':', '=']).unwrap_or(words.len()));
        add("with first words that differ", before.clone(), format!("{blanks}{first}{{}}{rest}\n"), after.clone());
        if let Some(digit) = line.find(|c: char| c.is_ascii_digit()) {
            let (start, rest) = line.split_at(digit);
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            add("with numbers that differ", before.clone(), format!("{start}{{}}{rest}\n"), after.clone());
        }
        for word in line.split_whitespace().take(3) {
            let place = line.find(word).unwrap();
            let (start, rest) = line.split_at(place);
            let (start, rest) = (format!("{before}{start}"), format!("{rest}{behind}"));
            add("with a word that has no end", start.clone(), word.to_owned(), rest.clone());
            add("with a word many times", start, format!("{word} "), rest);
        }
        for sign in SIGNS.chars() {
            let middle = line.trim_end().rfind(' ').unwrap_or(line.len() / 2);
            let middle = (0..=middle).rev().find(|at| line.is_char_boundary(*at)).unwrap();
            let (start, rest) = line.split_at(middle);
            let run = format!("in its middle a run of {sign:?}");
            add(&run, format!("{before}{start}"), sign.to_string(), format!("{rest}{behind}"));
            add(
                &format!("behind it lines of {sign:?}"),
                format!("{before}{line}\n"),
                format!("{sign}\n"),
                after.clone(),
            );
        }
    }
    shapes
}

/// All samples but those of nimadm.
fn samples() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let inside = |path: &Path| -> Vec<_> {
        let mut paths: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let folders = inside(&folder).into_iter().filter(|path| path.is_dir() && !path.ends_with("nimadm"));
    folders.flat_map(|path| inside(&path)).map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// The kinds in four parts, because tests run in parallel.
fn every_kind_is_linear(part: usize) {
    let samples = samples();
    for kind in explain::kinds().skip(part).step_by(4) {
        let mut own: Vec<&String> = samples.iter().filter(|sample| kind.read(sample).is_ok()).collect();
        // The one that says most, of those that this reader is for.
        own.sort_by_key(|sample| {
            let known = explain::recognise(sample).is_some_and(|(known, _)| known.name == kind.name);
            (known, sample.len().min(2000))
        });
        let sample = own.last().unwrap_or_else(|| panic!("{} has no sample", kind.name));
        all_linear(kind.name, &shapes(sample), |text| read(kind, text));
    }
}

fn read(kind: &Kind, text: &str) {
    // What cannot be read must be refused in linear time, too.
    let _ = kind.read(text);
}

#[test]
fn c2_every_kind_is_read_in_linear_time_1() {
    every_kind_is_linear(0);
}

#[test]
fn c2_every_kind_is_read_in_linear_time_2() {
    every_kind_is_linear(1);
}

#[test]
fn c2_every_kind_is_read_in_linear_time_3() {
    every_kind_is_linear(2);
}

#[test]
fn c2_every_kind_is_read_in_linear_time_4() {
    every_kind_is_linear(3);
}

#[test]
fn c2_outputs_are_recognised_in_linear_time() {
    for sample in samples() {
        let few: Vec<Shape> = shapes(&sample)
            .into_iter()
            .filter(|shape| !shape.name.contains("run of") && !shape.name.contains("lines of"))
            .step_by(5)
            .collect();
        all_linear("recognition", &few, |text| {
            let _ = explain::recognise(text);
        });
    }
}

/// The whole of a log at once, and its report as JSON.
fn report(log: &str) {
    let mut reader = Reader::new();
    reader.push(log.as_bytes(), &mut |_, _| {});
    reader.finish(&mut |_, _| {});
    serde_json::to_string(&reader.report()).unwrap();
}

fn log(name: &str) -> String {
    let path = format!("{}/fixtures/nimadm/{name}.log", env!("CARGO_MANIFEST_DIR"));
    String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
}

#[test]
fn c2_logs_are_read_in_linear_time() {
    for name in ["warning_filesets_failed.constructed", "clean_up_mode.unconfirmed", "phase_11_multibos.log"] {
        all_linear(name, &shapes(&log(name)), report);
    }
}

#[test]
fn c2_logs_of_many_runs_and_milestones_are_read_in_linear_time() {
    let whole = log("whole_run.seed");
    let run =
        "Initializing the NIM master.\nInitializing NIM client lpar{}.\nVerifying alt_disk_migration eligibility.\n";
    let phases = "Executing nimadm phase 1.\nExecuting nimadm phase 2.\nExecuting nimadm phase {}.\n";
    let head = "Initializing the NIM master.\nInitializing NIM client lpar1.\nStarting Alternate Disk Migration.\n";
    let failed = "bos.{}.rte  7.3.3.1  USR  APPLY  FAILED\n";
    let shapes = [
        Shape::new("whole runs", "", whole.clone(), ""),
        Shape::new("headers", &whole, run, ""),
        Shape::new("phases to and fro", head, phases.replace("{}", "3"), ""),
        Shape::new("phases that are none", head, phases, ""),
        Shape::new("banners that are nearly one", head, "Executing nimadm phase 1..\nExecuting nimadm phase \n", ""),
        Shape::new("steps that differ", head, "Creating logical volume alt_hd{}\n", ""),
        Shape::new("steps that are the same", head, "Creating logical volume alt_hd5\n", ""),
        Shape::new("clean-ups", head, "Cleaning up alt_disk_migration on the NIM master.\nCleaning up.\n", ""),
        Shape::new("filesets that fail and differ", head, failed, ""),
        Shape::new("filesets that fail and are the same", head, failed.replace("{}", "x"), ""),
        Shape::by("message numbers that differ", head, code, ""),
        Shape::new("a message that goes on", &format!("{head}0042-001 nim: x\n"), "    and on {}\n", ""),
        Shape::new("complaints", head, "cp: cannot access {}: not found\n", ""),
        Shape::new("escapes", head, "\u{1b}[31mred\u{1b}[0m\n", ""),
        Shape::new("escapes in one line", head, "\u{1b}[", "\n"),
        Shape::new("one line", head, "Executing nimadm phase 1.", "\n"),
    ];
    all_linear("the log reader", &shapes, report);
    all_linear("the log reader, byte by byte", &shapes, |log| {
        let mut reader = Reader::new();
        log.as_bytes().chunks(1).for_each(|byte| reader.push(byte, &mut |_, _| {}));
        reader.finish(&mut |_, _| {});
    });
}

/// A message with a number of its own.
fn code(number: usize) -> String {
    format!("0{:03}-{:04} nim: an error\n", number / 10_000 % 1000, number % 10_000)
}

/// The texts that were slow, by name, so that they stay in the tests whatever the samples become.
#[test]
fn c2_what_was_slow_is_linear() {
    let by = |name: &str, shape: Shape| {
        let kind = explain::kind(name).unwrap();
        assert!(kind.read(&shape.text(SHORT)).is_ok(), "{name}: {} is not even read", shape.name);
        all_linear(name, &[shape], |text| read(kind, text));
    };
    by("lsnim-l", Shape::new("one object of many attributes", "lpar71:\n", "   a{} = b\n", ""));
    by("lsnim-l", Shape::new("one attribute many times", "lpar71:\n", "   a = {}\n", ""));
    by("lsnim-l", Shape::new("many objects", "", "lpar{}:\n   a = b\n", ""));
    by("nim-error", Shape::by("message numbers that differ", "", code, ""));
    by("lppchk", Shape::new("a problem without an end", "  bos.rte 7.2.0.0 (not\n", "  so(\n", ""));
    let group = "VOLUME GROUP:       rootvg    VG IDENTIFIER:  00f9c87a00004c00000001700c5be2a0\nVG STATE:  active   PP SIZE: 64 \
                 megabyte(s)\nTOTAL PVs: 1  TOTAL PPs: 1\nSTALE PVs: 0 STALE PPs: 0\nACTIVE PVs: 1 FREE PPs: 1\nLVs: 1 USED \
                 PPs: 1\n";
    by("lsvg-vg", Shape::new("a key many times", &format!("{group}OPEN LVs: 1 "), "QUORUM: 2 ", "\n"));
}
