//! Each check with what makes it fail. The last test counts: a check that nothing here makes fail is missed.

use super::*;
use aix::lsnim::stanzas;
use app::model::Verdict;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A launch and what was found; one of them is spoilt in each case.
struct Case {
    facts: Facts,
    request: Value,
}

const VOLUMES: &str = "rootvg:
LV NAME             TYPE       LPs     PPs     PVs  LV STATE      MOUNT POINT
hd5                 boot       1       1       1    closed/syncd  N/A
hd4                 jfs2       16      16      1    open/syncd    /
";

fn group(free_pps: u64) -> String {
    format!(
        "VOLUME GROUP:       nimadmvg                 VG IDENTIFIER:  00f9c87a00004c00000001892a3b4c5d
VG STATE:           active                   PP SIZE:        128 megabyte(s)
VG PERMISSION:      read/write               TOTAL PPs:      1600 (204800 megabytes)
MAX LVs:            256                      FREE PPs:       {free_pps} ({} megabytes)
LVs:                1                        USED PPs:       {} ({} megabytes)
TOTAL PVs:          1                        VG DESCRIPTORS: 2
STALE PVs:          0                        STALE PPs:      0
ACTIVE PVs:         1                        AUTO ON:        yes
",
        free_pps * 128,
        1600 - free_pps,
        (1600 - free_pps) * 128
    )
}

fn resource(name: &str, kind: &str, level: &str) -> Option<Resource> {
    Some(Resource { name: name.parse().unwrap(), kind: kind.to_owned(), ready: true, level: Some(level.to_owned()) })
}

/// From 7.1 to 7.3 with a cache volume group, and nothing against it.
fn sound() -> Case {
    let machine = "lpar71:\n   class  = machines\n   type   = standalone\n   Cstate = ready for a NIM operation\n";
    let inventory = json!({
        "disks": [
            { "disk": "hdisk0", "pvid": "00f9c87a12345678", "vg": "rootvg", "state": "active", "size": 20_000 },
            { "disk": "hdisk1", "pvid": "00f9c87a12345679", "vg": null, "state": null, "size": 10_500 },
        ],
        "bootlist": [{ "device": "hdisk0", "blv": "hd5", "pathid": 0 }],
        "rootvg": ["hdisk0"],
        "rootvg_used": 10_000,
    });
    let level = Some("7.3.3.0".to_owned());
    let client = ClientFacts {
        level: "7100-05-11-2246".parse().unwrap(),
        inventory: serde_json::from_value(inventory).unwrap(),
        volumes: Ok(lsvg::logical_volumes(VOLUMES).unwrap().lvs),
        efixes: Some(Vec::new()),
        processor: Some("PowerPC_POWER9".to_owned()),
    };
    Case {
        facts: Facts {
            master: "nim1".to_owned(),
            approvals: Approvals::default(),
            master_level: Some("7300-03-01-2520".parse().unwrap()),
            machine: stanzas(machine).unwrap().pop(),
            // 12,032 MiB; a fifth more than rootvg uses is 12,000.
            cache_vg: Some(Answer { rc: 0, text: group(94) }),
            alt_disk_install: (level.clone(), level),
            lpp_source: resource("lpp_73", "lpp_source", "7300-03"),
            spot: resource("spot_73", "spot", "7300-03"),
            mksysb: None,
            image: None,
            images_are_there: None,
            client: Some(Ok(client)),
        },
        request: json!({
            "client": "lpar71", "lpp_source": "lpp_73", "spot": "spot_73", "target_disks": ["hdisk1"],
            "cache_vg": "nimadmvg", "accept_licenses": true,
        }),
    }
}

/// The same where a second person approves cutovers.
fn second_person() -> Case {
    let mut case = sound();
    case.facts.approvals.second_person = true;
    case
}

/// A client to a new mksysb.
fn capture() -> Case {
    let mut case = sound();
    case.request["operation"] = json!("capture");
    case.request["target_disks"] = json!([]);
    case.request["image"] = json!({ "file": "/export/new", "name": "new" });
    let seen = ImageSeen { bytes: None, defined: Some(false) };
    case.facts.image = Some(Place { seen, folder: true, free: Size::from_mib(10_000) });
    case
}

/// A mksysb to a client.
fn restore() -> Case {
    let mut case = sound();
    case.request["operation"] = json!("restore");
    case.request["mksysb"] = json!("old");
    case.facts.mksysb = resource("old", "mksysb", "7100-05");
    case
}

/// Master and SPOT to the same level.
fn synchronise() -> Case {
    let mut case = sound();
    case.request =
        json!({ "operation": "synchronise", "lpp_source": "lpp_73", "spot": "spot_73", "images": "/export/images" });
    (case.facts.client, case.facts.cache_vg, case.facts.machine) = (None, None, None);
    case.facts.alt_disk_install.0 = Some("7.3.2.0".to_owned());
    case.facts.images_are_there = Some(true);
    case
}

/// Within 7.3.
fn update() -> Case {
    let mut case = sound();
    case.request["update"] = json!(true);
    case.client().level = "7300-02-01-2346".parse().unwrap();
    case
}

impl Case {
    fn client(&mut self) -> &mut ClientFacts {
        self.facts.client.as_mut().unwrap().as_mut().unwrap()
    }

    fn place(&mut self) -> &mut Place {
        self.facts.image.as_mut().unwrap()
    }

    fn volume(&mut self) -> &mut lsvg::LogicalVolume {
        &mut self.client().volumes.as_mut().unwrap()[1]
    }

    fn checks(&self) -> Vec<Check> {
        checks(&self.facts, &serde_json::from_value(self.request.clone()).unwrap())
    }
}

type Sound = fn() -> Case;
type Spoil = fn(&mut Case);

/// What is launched, what is wrong with it, and which check says so, how.
const CASES: &[(Sound, Spoil, &str, Verdict)] = &[
    (sound, |case| case.facts.machine = None, "N1", Verdict::Block),
    (
        sound,
        |case| case.facts.machine = stanzas("lpar71:\n   Cstate = alt_disk_install in progress\n").unwrap().pop(),
        "M14",
        Verdict::Block,
    ),
    (sound, |case| case.facts.lpp_source = None, "M4", Verdict::Block),
    (sound, |case| case.facts.lpp_source.as_mut().unwrap().ready = false, "M4", Verdict::Block),
    (sound, |case| case.facts.spot.as_mut().unwrap().ready = false, "M5", Verdict::Block),
    (restore, |case| case.facts.mksysb.as_mut().unwrap().ready = false, "ND-8", Verdict::Block),
    (sound, |case| case.facts.alt_disk_install.0 = None, "M2", Verdict::Block),
    (sound, |case| case.facts.alt_disk_install.1 = Some("7.3.2.0".to_owned()), "M3", Verdict::Block),
    (sound, |case| case.facts.alt_disk_install.1 = None, "M3", Verdict::Skipped),
    (synchronise, |case| case.facts.alt_disk_install.0 = case.facts.alt_disk_install.1.clone(), "M3", Verdict::Warn),
    (sound, |case| case.facts.cache_vg.as_mut().unwrap().text = group(93), "M9", Verdict::Block),
    (
        sound,
        |case| case.facts.cache_vg.as_mut().unwrap().text = "0516-306 lsvg: nimadmvg".to_owned(),
        "M9",
        Verdict::Block,
    ),
    (sound, |case| case.client().inventory.rootvg_used = None, "M9", Verdict::Skipped),
    (restore, |_| (), "M9", Verdict::Skipped),
    (capture, |case| case.place().seen.bytes = Some(0), "ND-6", Verdict::Block),
    (capture, |case| case.place().seen.defined = Some(true), "ND-6", Verdict::Block),
    (capture, |case| case.place().folder = false, "ND-6", Verdict::Block),
    (capture, |case| case.place().free = Size::from_mib(9_999), "ND-9", Verdict::Warn),
    (capture, |case| case.place().free = None, "ND-9", Verdict::Skipped),
    (capture, |case| case.client().inventory.rootvg_used = None, "ND-9", Verdict::Skipped),
    (synchronise, |case| case.facts.images_are_there = Some(false), "ND-7", Verdict::Block),
    (sound, |case| case.facts.client = Some(Err("nimsh does not answer".to_owned())), "N3", Verdict::Block),
    (sound, |case| case.request["target_disks"] = json!(["hdisk9"]), "D1", Verdict::Block),
    (sound, |case| case.request["target_disks"] = json!(["hdisk0"]), "D1", Verdict::Block),
    (sound, |case| case.client().inventory.disks[1].vg = Some("datavg".parse().unwrap()), "D1", Verdict::Block),
    (
        sound,
        |case| {
            case.client().inventory.bootlist[0] =
                serde_json::from_value(json!({ "device": "hdisk1", "blv": "hd5", "pathid": 0 })).unwrap();
        },
        "D1",
        Verdict::Block,
    ),
    (sound, |case| case.client().inventory.disks[1].size = Some(10_499), "D3", Verdict::Block),
    (sound, |case| case.client().inventory.disks[1].size = None, "D3", Verdict::Skipped),
    (sound, |case| case.client().inventory.rootvg_used = None, "D3", Verdict::Skipped),
    (sound, |case| case.volume().pps = 32, "D5", Verdict::Warn),
    (sound, |case| case.volume().name = "monitoring_1".to_owned(), "R1", Verdict::Warn),
    (sound, |case| case.volume().name = "altfs".to_owned(), "R2", Verdict::Block),
    (sound, |case| case.volume().name = "bos_hd4".to_owned(), "R3", Verdict::Block),
    (sound, |case| case.client().volumes = Err("0516-062".to_owned()), "R3", Verdict::Block),
    (capture, |case| case.volume().name = "bos_hd4".to_owned(), "R3", Verdict::Block),
    (sound, |case| case.volume().state = "open/stale".to_owned(), "R4", Verdict::Block),
    (
        sound,
        |case| {
            let fix = json!({ "id": 1, "state": "S", "label": "IJ41396s1a", "install_time": "02/14/23 09:12:41",
                              "updated_by": null, "about": null });
            case.client().efixes = Some(vec![serde_json::from_value(fix).unwrap()]);
        },
        "S5",
        Verdict::Warn,
    ),
    (sound, |case| case.client().efixes = None, "S5", Verdict::Skipped),
    (sound, |case| case.client().level = "7300-03-01-2520".parse().unwrap(), "S1", Verdict::Block),
    (sound, |case| case.client().level = "7300-02-01-2346".parse().unwrap(), "S1", Verdict::Block),
    (sound, |case| case.facts.spot.as_mut().unwrap().level = None, "S1", Verdict::Skipped),
    (restore, |case| case.facts.mksysb.as_mut().unwrap().level = None, "S1", Verdict::Skipped),
    (restore, |case| case.facts.mksysb.as_mut().unwrap().level = Some("7300-03".to_owned()), "S1", Verdict::Block),
    (update, |case| case.client().level = "7200-05-05-2246".parse().unwrap(), "S1", Verdict::Block),
    (update, |case| case.client().level = "7300-03-01-2520".parse().unwrap(), "S1", Verdict::Block),
    (sound, |case| case.facts.master_level = Some("7200-05-05-2246".parse().unwrap()), "M1", Verdict::Block),
    (update, |case| case.facts.master_level = Some("7300-02-01-2346".parse().unwrap()), "ND-5", Verdict::Block),
    (sound, |case| case.client().processor = Some("PowerPC_POWER7".to_owned()), "H1", Verdict::Block),
    (sound, |case| case.request["bootlist"] = json!("nimadm"), "ND-2", Verdict::Warn),
    (second_person, |case| case.request["bootlist"] = json!("nimadm"), "ND-2", Verdict::Block),
    (sound, |case| case.request["accept_licenses"] = json!(false), "ND-3", Verdict::Warn),
    (sound, |case| case.request["mode"] = json!("stepped"), "ND-4", Verdict::Warn),
];

/// What looks like trouble and is none for that check.
const HARMLESS: &[(Sound, Spoil, &str)] = &[
    (capture, |case| *case.place() = Place { folder: false, free: None, seen: case.place().seen }, "ND-9"),
    (restore, |case| case.volume().name = "bos_hd4".to_owned(), "R3"),
    (capture, |case| case.volume().name = "altfs".to_owned(), "R2"),
    (sound, |case| case.volume().name = "elevenchars".to_owned(), "R1"),
    (
        sound,
        |case| {
            case.volume().name = "monitoring_1".to_owned();
            case.request["image_data"] = json!("shorter");
        },
        "R1",
    ),
    (
        sound,
        |case| {
            case.volume().pps = 32;
            case.request["target_disks"] = json!(["hdisk1", "hdisk2"]);
        },
        "D5",
    ),
    (sound, |case| case.client().processor = Some("PowerPC_POWER8".to_owned()), "H1"),
    (
        sound,
        |case| {
            case.client().processor = Some("PowerPC_POWER7".to_owned());
            case.facts.spot = resource("spot_72", "spot", "7200-05");
        },
        "H1",
    ),
];

#[test]
fn no_check_fails_where_nothing_is_wrong_for_it() {
    for (number, (sound, spoil, id)) in HARMLESS.iter().enumerate() {
        let mut case = sound();
        spoil(&mut case);
        let bad = case.checks().into_iter().find(|check| check.id == *id && check.verdict != Verdict::Pass);
        assert_eq!(bad, None, "case {number}");
    }
}

#[test]
fn a_sound_launch_passes_every_check() {
    for case in [sound(), capture(), restore(), synchronise(), update()] {
        let bad: Vec<_> = case.checks().into_iter().filter(|check| check.verdict != Verdict::Pass).collect();
        // How much a mksysb unpacks to is not known.
        let restores = case.facts.mksysb.is_some();
        assert!(
            bad.is_empty() || restores && bad.iter().all(|check| ["D3", "M9"].contains(&check.id.as_str())),
            "{bad:?}"
        );
    }
}

#[test]
fn each_check_fails_where_something_is_wrong() {
    for (number, (sound, spoil, id, verdict)) in CASES.iter().enumerate() {
        let mut case = sound();
        spoil(&mut case);
        let checks = case.checks();
        let found = checks.iter().find(|check| check.id == *id);
        assert_eq!(found.map(|check| check.verdict), Some(*verdict), "case {number}, {id}: {checks:#?}");
    }
}

/// The identifiers are read from the sources: a list of them would be forgotten just as a case is.
#[test]
fn no_check_is_without_a_case() {
    let cases: BTreeSet<&str> = CASES.iter().map(|(_, _, id, _)| *id).collect();
    let source = [include_str!("nim.rs"), include_str!("client.rs"), include_str!("level.rs"), include_str!("mod.rs")];
    let source = source.concat();
    let words = source.split('"').skip(1).step_by(2);
    let letters = |word: &str| word.trim_start_matches(|letter: char| letter.is_ascii_uppercase()).len() < word.len();
    let number =
        |word: &str| word.trim_start_matches(|l: char| l.is_ascii_uppercase() || l == '-').parse::<u8>().is_ok();
    let checks: BTreeSet<&str> = words.filter(|word| letters(word) && number(word)).collect();
    assert!(checks.len() > 20, "{checks:?}");
    assert_eq!(cases, checks);
}
