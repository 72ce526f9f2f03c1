use super::*;
use crate::Phase;
use std::{collections::HashSet, path::Path};

/// Every number that nimadm.md mentions as a message.
const MENTIONED: [&str; 42] = [
    "0042-001",
    "0042-006",
    "0042-008",
    "0042-021",
    "0042-032",
    "0042-048",
    "0042-053",
    "0042-081",
    "0042-154",
    "0042-175",
    "0042-207",
    "0042-358",
    "0301-150",
    "0301-152",
    "0301-154",
    "0301-158",
    "0301-168",
    "0503-008",
    "0503-105",
    "0503-438",
    "0504-132",
    "0504-208",
    "0504-212",
    "0505-126",
    "0505-158",
    "0505-187",
    "0505-218",
    "0513-004",
    "0513-029",
    "0513-059",
    "0514-221",
    "0516-010",
    "0516-1396",
    "0516-2038",
    "0516-306",
    "0516-320",
    "0516-404",
    "0516-787",
    "0516-788",
    "0516-862",
    "1831-008",
    "1831-011",
];
const FAMILIES: [&str; 20] = [
    "0042", "0301", "0403", "0481", "0503", "0504", "0505", "0506", "0511", "0512", "0513", "0514", "0516", "0554",
    "0645", "0822", "0826", "1831", "3001", "3004",
];

/// A plausible complaint for every situation that is found by words, and what must be in the advice.
const COMPLAINTS: &[(&str, &str)] = &[
    ("0505-140 nimadm: Client lpar71 is locked by another alt_disk_migration operation.", "wait until that ends"),
    ("nimadm: the client's lock is held: locked by process 1234", "wait until that ends"),
    ("nimadm is already running for lpar71", "wait until that ends"),
    ("0505-111 nimadm: altinst_rootvg already exists on client lpar71.", "find out whether somebody waits to boot it"),
    ("/alt_inst is already mounted", "altinst_rootvg"),
    ("crfs: /lpar71_alt/alt_inst/usr file system already exists", "nothing of this client may be left"),
    ("0505-999 alt_disk_copy: target disk hdisk1 is too small.", "500 MB"),
    ("There is not enough space on target disk(s) hdisk1", "500 MB"),
    ("target disk hdisk2 has a volume group assigned to it", "shows None"),
    ("The level of bos.alt_disk_install.rte in the SPOT does not match the master", "nim -o cust"),
    ("bos.alt_disk_install.rte is not installed in the SPOT", "nim -o cust"),
    ("0505-147 nimadm: Client lpar73 is already at version 7.3.", "nimadm -U"),
    ("0505-146 nimadm: The NIM master is at a lower level than spot_7300_03_01.", "Update the master first"),
    ("lpp_7300 and spot_7200 are not at the same level.", "pair of one level"),
    ("The lpp_source does not match the SPOT.", "pair of one level"),
    ("TCB is enabled on the client.", "(-j)"),
    ("0503-430 installp: Software license agreements must be accepted; use the -Y flag.", "with -Y"),
    ("the following filesets require licences which have not been accepted", "with -Y"),
    ("The spot resource is currently allocated for client use.", "wait for it"),
    ("Unable to allocate the spot_7300 resource to lpar71.", "wait for it"),
    ("The SPOT cannot be used: Rstate is \"unavailable for use\"", "nim -Fo check"),
    ("lpp_source lpp_7300 is missing the simages attribute", "simages = yes"),
    ("connect Error 0: A remote host refused an attempted connect operation.", "nimsh"),
    ("nimsh: Request denied - nim1", "nimsh"),
    ("0042-999 c_x: (From_Master) connect Connection timed out", "nimsh"),
    ("mount: c910f03c01p20 not in hosts database", "host <client>"),
    ("The cpuid of the client does not fit", "uname -m"),
    ("rshd: Permission denied", "who started nimadm"),
    ("The file access permissions do not allow the specified action.", "who started nimadm"),
    ("mount: access denied for nim:/export/nim/mksysb", "showmount -e"),
    ("mount: giving up on: nim:/export", "showmount -e"),
    ("There is not enough space in the file system.", "df -g"),
    ("tar: No space left on device", "df -g"),
    ("  MISSING REQUISITES:  The following filesets are required", "FAILURES"),
    ("installp: Installation failed due to BUILDDATE requisite failure.", "FAILURES"),
    ("Fileset bos.net.tcp.client is locked by efix IJ41396s1a", "emgr -l"),
    ("The boot image is too large for /dev/hd5", "image_data"),
    ("bosboot: hd5 is too small", "image_data"),
    ("system has multibos instances", "bootinfo -v"),
    ("A connection with a remote socket was reset by that socket.", "lssrc -s nimsh"),
    ("rsh: Connection timed out", "nimadm -C"),
    ("/usr/local/bin/save_site:  not found", "script"),
    ("./x: A file or directory in the path name does not exist.", "script"),
    ("nimadm: The user customization script post_mig ended with return code 2.", "script"),
    ("ksh: 7340496 Killed", "no nimadm"),
    ("Terminated", "no nimadm"),
    ("NFS server lpar61 not responding still trying", "never boot the target disk"),
    ("client lpar71 was rebooted", "never boot the target disk"),
    ("bootlist: Unable to make boot device list for hdisk1", "bootlist -m normal -o"),
    ("umount: Cannot unmount /dev/fslv05: The requested resource is busy.", "fuser"),
    ("Volume group must be varied on; use varyonvg command.", "varyonvg"),
    ("Unable to find volume group nimadmvg in the Device", "lsvg"),
    ("request.  There are not enough free partitions or not enough", "FREE PPs"),
    ("There is an input or output error.", "errpt"),
    ("There is not enough memory available now.", "lsps -s"),
    ("instal: Failed while executing the bos.net.nfs.client.post_i script.", "Installation Summary"),
    ("there is no NIM object named \"lpar17\"", "lsnim"),
];

fn fixtures() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/nimadm")
}

fn fixture(name: &str) -> String {
    let bytes = std::fs::read(fixtures().join(name)).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// All advice there is, with a name to find it by.
fn advice() -> Vec<(String, &'static str)> {
    let mut texts: Vec<_> = all().map(|d| (d.code.to_owned(), d.action)).collect();
    texts.extend(text_rules().iter().map(|rule| (format!("{:?}", rule.all), rule.diagnosis.action)));
    texts.extend(Phase::all().map(|phase| (format!("phase {phase}"), of_phase(phase).if_it_fails)));
    texts.extend(matrix::SITUATIONS.iter().map(|situation| (situation.id.to_owned(), situation.action)));
    for (name, text) in [
        ("AFTER_FAILURE", AFTER_FAILURE),
        ("AFTER_WARNING", AFTER_WARNING),
        ("AFTER_SILENCE", AFTER_SILENCE),
        ("AFTER_DEBRIS", AFTER_DEBRIS),
        ("BEFORE_PHASE_1", BEFORE_PHASE_1),
    ] {
        texts.push((name.to_owned(), text));
    }
    texts
}

#[test]
fn a_number_is_found_else_its_family_else_nothing() {
    assert_eq!(of("0505-126").unwrap().code, "0505-126");
    assert_eq!(of("0505-999").unwrap().code, "0505");
    assert_eq!(of("0505").unwrap().code, "0505");
    assert_eq!(of("0999-001"), None);
    assert_eq!(of(""), None);
}

#[test]
fn every_number_of_the_reference_has_its_own_entry_and_every_family_one() {
    for code in MENTIONED {
        assert_eq!(of(code).map(|d| d.code), Some(code));
    }
    for family in FAMILIES {
        assert_eq!(of(&format!("{family}-9999")).map(|d| d.code), Some(family));
    }
    // who has a number has a family to fall back to
    for diagnosis in all() {
        assert!(family(diagnosis.code).is_some() || FAMILIES.contains(&diagnosis.code) || diagnosis.code.len() == 4);
    }
}

#[test]
fn every_entry_is_there_once_and_complete() {
    let codes: HashSet<_> = all().map(|diagnosis| diagnosis.code).collect();
    assert_eq!(codes.len(), all().count());
    assert!(!codes.contains(""));
    let patterns: HashSet<_> = text_rules().iter().map(|rule| rule.all).collect();
    assert_eq!(patterns.len(), text_rules().len());
    for rule in text_rules() {
        assert!(!rule.all.is_empty() && rule.diagnosis.code.is_empty());
        for words in rule.all {
            assert!(words.len() > 2 && *words == words.to_ascii_lowercase(), "{words:?}");
        }
    }
    let found_by_words = text_rules().iter().map(|rule| &rule.diagnosis);
    for diagnosis in all().chain(found_by_words) {
        for text in [diagnosis.meaning, diagnosis.cause, diagnosis.action] {
            assert!(text.ends_with('.') && text.len() > 10 && !text.contains("  "), "{text:?}");
        }
        well_placed(diagnosis.look_at);
    }
    for phase in Phase::all() {
        let help = of_phase(phase);
        assert!(help.what_happens.ends_with('.') && help.if_it_fails.ends_with('.'));
        well_placed(help.look_at);
    }
    let phases: HashSet<_> = Phase::all().map(|phase| of_phase(phase).if_it_fails).collect();
    assert!(phases.len() >= 11, "the two scripts share theirs, no others");
    for (number, situation) in (1..).zip(&matrix::SITUATIONS) {
        assert_eq!(situation.id, format!("F{number}"));
        for text in [situation.situation, situation.seen, situation.action] {
            assert!(text.ends_with('.') && !text.contains("  "), "{text:?}");
        }
    }
    for (name, text) in advice() {
        assert!(text.ends_with('.') && !text.contains("  ") && !text.contains("license"), "{name}: {text:?}");
    }
}

/// Evidence names its host.
fn well_placed(look_at: &[&str]) {
    assert!(!look_at.is_empty());
    for place in look_at {
        assert!(place.starts_with("master: ") || place.starts_with("client: "), "{place:?}");
    }
}

/// The rules of safety, as far as words can be checked: what is wrong with an advice. A text that breaks one costs
/// somebody a system.
fn danger(text: &str) -> Option<&'static str> {
    let says = |words: &str| text.contains(words);
    let proven = says("no nimadm") && says("ps ");
    let never = [
        "-E ",
        "dry run",
        "FORCE=yes",
        "varyoffvg",
        "exportvg",
        "reducevg",
        "rmlv",
        "rmvg",
        "chpv",
        "mkvg",
        "kill -9",
        "bosboot -a",
    ];
    let rules = [
        (says("-F ") || says("-Fo"), proven, "force only where ps shows no nimadm"),
        (says("nimadm -C") || says("-C -c"), proven, "a clean-up takes the ground from under a run that lives"),
        (says("-X "), says("-X altinst_rootvg") || says("-X old_rootvg"), "-X needs the clone's name"),
        (says("-X "), says("lspv on the client") && proven, "-X only after lspv and ps"),
        (says("reset ") || says("deallocate"), says("no nimadm"), "no reset while a nimadm runs"),
        (says("rmfs") || says("umount"), proven, "file systems of a run only once it is over"),
        (
            says("rmfs") || says("umount"),
            says("_alt/") || says("/ALT_MIG_SPOT"),
            "file systems of this client's run only",
        ),
        (says("shutdown") || says("boot again"), says("no clone is awake"), "not with a clone awake"),
        (says("multibos -R"), says("changes the running rootvg") && says("mksysb"), "a change of its own"),
        (says("resume"), says("cannot be resumed"), "there is no resume"),
        (never.into_iter().any(says), false, "never"),
    ];
    rules.into_iter().find(|(asked, kept, _)| *asked && !kept).map(|(_, _, rule)| rule)
}

#[test]
fn no_advice_is_dangerous() {
    for (name, text) in advice() {
        assert_eq!(danger(text), None, "{name}: {text}");
    }
    for bad in [
        "Run nimadm -F -C -c <client> -s <spot>.",
        "If no nimadm runs, alt_rootvg_op -X on the client.",
        "Remove it with alt_rootvg_op -X datavg.",
        "Once ps shows no nimadm, alt_rootvg_op -X altinst_rootvg.",
        "Run nim -Fo reset <client>.",
        "Resume with -P 6, it can be resumed.",
        "Use -P 1 as a dry run.",
        "Then shutdown -Fr.",
        "Clean up with nimadm -C -c <client> -s <spot>.",
        "umount -f /alt_inst once ps shows no nimadm.",
    ] {
        assert!(danger(bad).is_some(), "{bad}");
    }
}

#[test]
fn complaints_are_found_by_their_words() {
    for (line, advice) in COMPLAINTS {
        let found = of_text(line).unwrap_or_else(|| panic!("nothing for {line:?}"));
        assert!(found.action.contains(advice), "{line:?} gives {:?}", found.action);
        assert_eq!(of_text(&line.to_ascii_uppercase()), Some(found), "{line:?}");
    }
    // every situation is reached by at least one of them
    let reached: HashSet<_> = COMPLAINTS.iter().filter_map(|(line, _)| of_text(line)).map(|d| d.action).collect();
    for rule in text_rules() {
        assert!(reached.contains(rule.diagnosis.action), "{:?}: {}", rule.all, rule.diagnosis.meaning);
    }
}

/// A rule that a more general one before it hides would never be found.
#[test]
fn no_rule_hides_one_behind_it() {
    for rule in text_rules() {
        let line = rule.all.join(" ");
        assert_eq!(of_text(&line), Some(&rule.diagnosis), "{:?}", rule.all);
    }
}

#[test]
fn words_count_at_the_beginning_of_a_word_only() {
    assert_eq!(of_text("the lock of hdisk1: unlocked by root"), None);
    assert_eq!(of_text("0516-320 getlvodm: Physical volume hdisk1 is not assigned to a volume group."), None);
    assert_eq!(of_text(""), None);
    assert!(of_text("\u{fc}ber: no space left").is_some());
}

/// Benign lines: whole runs that went well, in every form there is a fixture of.
#[test]
fn nothing_in_a_successful_run_sounds_like_a_complaint() {
    let mut read = 0;
    for entry in std::fs::read_dir(fixtures()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let one_success = name.starts_with("success_") && !name.starts_with("success_then_");
        if !one_success && !name.ends_with(".seed.log") {
            continue;
        }
        read += 1;
        for line in fixture(&name).lines() {
            assert_eq!(of_text(line).map(|d| d.meaning), None, "{name}: {line:?}");
        }
    }
    assert!(read >= 12, "{read} fixtures");
}

/// What the fixtures expect of the advice, from their table: one object a line.
#[test]
fn the_decisive_line_of_every_failed_fixture_gives_its_advice() {
    let field = |entry: &str, name: &str| -> Option<String> {
        let (_, rest) = entry.split_once(&format!("\"{name}\": \""))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    };
    let mut seen = 0;
    for entry in fixture("expected.json").lines().filter(|line| line.contains("\"outcome\": \"failed\"")) {
        let (file, cause) = (field(entry, "file").unwrap(), field(entry, "cause_contains").unwrap());
        let advice = field(entry, "advice_contains").unwrap();
        let log = fixture(&file);
        let line = log.lines().rfind(|line| line.contains(&cause)).unwrap();
        let code =
            line.split([' ', ':']).find(|word| word.len() >= 8 && word.as_bytes()[4] == b'-' && of(word).is_some());
        let action = explain(code, line).unwrap_or_else(|| panic!("{file}: {line:?}")).action;
        assert!(action.contains(&advice), "{file}: {line:?} gives {action:?}");
        seen += 1;
    }
    assert!(seen > 25, "{seen}");
    for (text, wanted) in [(AFTER_SILENCE, "ps -ef"), (AFTER_WARNING, "lppchk"), (AFTER_DEBRIS, "nimadm -C")] {
        assert!(text.contains(wanted));
    }
}

#[test]
fn a_number_says_more_than_words_and_words_more_than_a_family() {
    let locked = "0505-140 nimadm: Client lpar71 is locked by another alt_disk_migration operation.";
    assert_eq!(explain(Some("0505-126"), locked).unwrap().code, "0505-126");
    assert_eq!(explain(Some("0505-140"), locked), of_text(locked));
    assert_eq!(explain(None, locked), of_text(locked));
    assert_eq!(explain(Some("0505-140"), "0505-140 nimadm: something else").unwrap().code, "0505");
    assert_eq!(explain(Some("0999-140"), "0999-140 x: something else"), None);
    assert_eq!(explain(None, "all is well"), None);
}
