//! Each check with what makes it fail, and each command with answers that cannot be read. Both are counted: a check without a case and a
//! command without an answer are missed.

use super::*;
use app::model::{Approvals, Preflight, Verdict};
use questions::Role;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A launch and what the hosts say; one of them is spoilt in each case.
#[derive(Clone)]
struct Case {
    request: Value,
    setting: Vec<String>,
    approvals: Approvals,
    /// Answers that are not the sound ones.
    said: BTreeMap<Topic, Result<Answer, Unread>>,
    /// Why the client does not answer.
    silent: Option<&'static str>,
}

fn answer(rc: i32, text: impl Into<String>) -> Answer {
    Answer { rc, text: text.into() }
}

fn volumes(rest: &str) -> String {
    format!(
        "rootvg:
LV NAME             TYPE       LPs     PPs     PVs  LV STATE      MOUNT POINT
hd5                 boot       1       1       1    closed/syncd  N/A
{rest}"
    )
}

const HD4: &str = "hd4                 jfs2       79      79      1    open/syncd    /\n";
const LONG: &str = "monitoring_1        jfs2       79      79      1    open/syncd    /opt/monitor\n";
const DISKS: &str = "hdisk0 00f9c87a12345678 rootvg active\nhdisk1 00f9c87a12345679 None\n";

fn group(name: &str, pp_size: u64, free_pps: u64, pvs: u64, lvs: u64) -> String {
    format!(
        "VOLUME GROUP:       {name}                 VG IDENTIFIER:  00f9c87a00004c00000001892a3b4c5d
VG STATE:           active                   PP SIZE:        {pp_size} megabyte(s)
VG PERMISSION:      read/write               TOTAL PPs:      1600 ({} megabytes)
MAX LVs:            256                      FREE PPs:       {free_pps} ({} megabytes)
LVs:                {lvs}                        USED PPs:       {} ({} megabytes)
TOTAL PVs:          {pvs}                        VG DESCRIPTORS: 2
STALE PVs:          0                        STALE PPs:      0
ACTIVE PVs:         {pvs}                        AUTO ON:        yes
",
        1600 * pp_size,
        free_pps * pp_size,
        1600 - free_pps,
        (1600 - free_pps) * pp_size
    )
}

fn object(name: &str, kind: &str, rest: &str) -> String {
    format!("{name}:\n   class = resources\n   type = {kind}\n   Rstate = ready for use\n   server = master\n{rest}")
}

fn room(free: u64) -> String {
    format!(
        "Filesystem    1024-blocks      Free %Used    Iused %Iused Mounted on\n/dev/nimlv 20480000 {} 50% 100 1% /export\n",
        free * 1024
    )
}

fn sizes(hdisk1: &str) -> String {
    format!("hdisk0 0 20000\nhdisk1 {hdisk1}\n")
}

/// What a host says to a question where nothing is wrong.
fn sound_answer(question: &Question, request: &LaunchRequest) -> Answer {
    let level = |level: &str| format!("   oslevel_r = {level}\n");
    let text = match question.topic {
        Topic::MasterLevel => "7300-03-01-2520\n".to_owned(),
        Topic::Machine => {
            "lpar71:\n   class  = machines\n   type   = standalone\n   Cstate = ready for a NIM operation\n".to_owned()
        }
        Topic::CacheVg => group("nimadmvg", 128, 94, 1, 0),
        Topic::Object(role) => {
            let name = role.of(request).unwrap().as_str();
            let rest = match role {
                Role::LppSource => "   simages = yes\n".to_owned(),
                Role::Spot => level("7300-03"),
                Role::Mksysb => level("7100-05"),
                _ => format!("   location = /export/nim/{name}\n"),
            };
            object(name, role.kind(), &rest)
        }
        Topic::AltDiskOnMaster => "bos.alt_disk_install:bos.alt_disk_install.rte:7.3.3.0: : :C: :Runtime\n".to_owned(),
        Topic::AltDiskInSpot => {
            "#Package Name:Fileset:Level\nbos.alt_disk_install:bos.alt_disk_install.rte:7.3.3.0: : :C\n@rc 0\n"
                .to_owned()
        }
        Topic::ImageFile => "absent\n".to_owned(),
        Topic::ImageName => return answer(53, "0042-053 lsnim: there is no NIM object named \"new\"\n"),
        Topic::ImageRoom => room(10_000),
        Topic::Mksysbs => object("old", "mksysb", "   location = /export/mksysb/old\n"),
        Topic::Sources => object("lpp_73", "lpp_source", "   location = /export/images/lpp_73\n"),
        Topic::Places => {
            let asked = question.command.split("place ").skip(1).filter_map(|rest| rest.split(';').next());
            asked.map(|path| format!("real {path} {path}\n")).collect::<String>() + "whole\n"
        }
        Topic::ImageDataText => "fs_data:\n\tFS_NAME= /opt/monitor\n\tFS_LV= /dev/mon\n".to_owned(),
        Topic::ClientLevel => "7100-05-11-2246\n".to_owned(),
        Topic::Disks => DISKS.to_owned(),
        Topic::Bootlist => "hdisk0 blv=hd5 pathid=0\n".to_owned(),
        Topic::Sizes => sizes("0 10500"),
        Topic::Rootvg => group("rootvg", 125, 1000, 1, 2),
        Topic::Volumes => volumes(HD4),
        Topic::Groups => "rootvg\n".to_owned(),
        Topic::Efixes => "There is no efix data on this system.\n".to_owned(),
        Topic::Processor => "System Model: IBM,9009-42A\nProcessor Type: PowerPC_POWER9\n@rc 0\n".to_owned(),
    };
    answer(0, text)
}

/// From 7.1 to 7.3 with a cache volume group, and nothing against it.
fn sound() -> Case {
    Case {
        request: json!({
            "client": "lpar71", "lpp_source": "lpp_73", "spot": "spot_73", "target_disks": ["hdisk1"],
            "cache_vg": "nimadmvg", "accept_licenses": true,
        }),
        setting: Vec::new(),
        approvals: Approvals::default(),
        said: BTreeMap::new(),
        silent: None,
    }
}

/// The same with a resource of each type, and an image_data that shortens a name.
fn everything() -> Case {
    let mut case = sound().says(Topic::Volumes, volumes(LONG));
    for role in Role::OTHERS {
        case.request[role.field()] = json!(format!("a_{}", role.field()));
    }
    case
}

/// The same where a second person approves cutovers.
fn second_person() -> Case {
    let mut case = sound();
    case.approvals.second_person = true;
    case
}

/// A client to a new mksysb.
fn capture() -> Case {
    let mut case = sound();
    case.request["operation"] = json!("capture");
    case.request["target_disks"] = json!([]);
    case.request["image"] = json!({ "file": "/export/mksysb/new", "name": "new" });
    case
}

/// A mksysb to a client.
fn restore() -> Case {
    let mut case = sound();
    case.request["operation"] = json!("restore");
    case.request["mksysb"] = json!("old");
    case
}

/// A mksysb to a new one.
fn convert() -> Case {
    let mut case = capture();
    case.request["operation"] = json!("convert");
    case.request["mksysb"] = json!("old");
    case.request["client"] = Value::Null;
    case
}

/// Master and SPOT to the same level.
fn synchronise() -> Case {
    let mut case = sound();
    case.request =
        json!({ "operation": "synchronise", "lpp_source": "lpp_73", "spot": "spot_73", "images": "/export/images" });
    let older = "bos.alt_disk_install:bos.alt_disk_install.rte:7.3.2.0: : :C: :Runtime\n";
    case.says(Topic::AltDiskOnMaster, older)
}

/// Within 7.3.
fn update() -> Case {
    let mut case = sound().says(Topic::ClientLevel, "7300-02-01-2346");
    case.request["update"] = json!(true);
    case
}

const SOUND: [fn() -> Case; 7] = [sound, everything, capture, restore, convert, synchronise, update];

impl Case {
    fn says(mut self, topic: Topic, text: impl Into<String>) -> Self {
        self.said.insert(topic, Ok(answer(0, text)));
        self
    }

    fn with(mut self, field: &str, value: Value) -> Self {
        self.request[field] = value;
        self
    }

    fn request(&self) -> LaunchRequest {
        serde_json::from_value(self.request.clone()).unwrap()
    }

    /// Asks what the pre-flight asks: the questions, in the order asked, and what is judged of the answers.
    fn asked(&self) -> (Vec<Question>, Facts) {
        let request = self.request();
        let name: Option<ObjectName> = request.client.as_ref().map(|name| name.parse().unwrap());
        let mut answers = Answers::default();
        let mut asked = Vec::new();
        for round in 0..2 {
            let questions = match round {
                0 => questions::first(&request, name.as_ref(), &self.setting),
                _ => questions::second(&request, &self.setting, &answers),
            };
            for question in questions {
                if question.whom != Whom::Client || self.silent.is_none() {
                    let said = self.said.get(&question.topic).cloned();
                    answers.insert(&question, said.unwrap_or_else(|| Ok(sound_answer(&question, &request))));
                }
                asked.push(question);
            }
        }
        let client = match (&name, self.silent) {
            (None, _) => Fact::NotApplicable,
            (Some(_), Some(why)) => Fact::Read(Err(why.to_owned())),
            (Some(_), None) => Fact::Read(Ok(())),
        };
        let name = name.as_ref().map_or("", ObjectName::as_str);
        let about = About { master: "nim1", approvals: self.approvals, setting: &self.setting, name, client };
        (asked, Facts::read(&answers, &request, about))
    }

    fn checks(&self) -> Vec<Check> {
        checks(&self.asked().1, &self.request())
    }
}

type Sound = fn() -> Case;
type Spoil = fn(Case) -> Case;

/// What is launched, what is wrong with it, and which check says so, how.
const CASES: &[(Sound, Spoil, &str, Verdict)] = &[
    (
        sound,
        |case| case.says(Topic::Machine, "0042-053 lsnim: there is no NIM object named \"lpar71\""),
        "N1",
        Verdict::Block,
    ),
    (
        sound,
        |case| case.says(Topic::Machine, "lpar71:\n   type = standalone\n   Cstate = alt_disk_install in progress\n"),
        "M14",
        Verdict::Block,
    ),
    (sound, |case| case.says(Topic::Machine, "lpar71:\n   type = standalone\n"), "M14", Verdict::Unknown),
    (
        sound,
        |case| case.says(Topic::Object(Role::LppSource), "0042-053 lsnim: there is no NIM object named \"lpp_73\""),
        "M4",
        Verdict::Block,
    ),
    (
        sound,
        |case| case.says(Topic::Object(Role::LppSource), object("lpp_73", "lpp_source", "   simages = no\n")),
        "M4",
        Verdict::Block,
    ),
    (sound, |case| case.says(Topic::Object(Role::LppSource), object("lpp_73", "lpp_source", "")), "M4", Verdict::Block),
    (
        sound,
        |case| case.says(Topic::Object(Role::LppSource), object("lpp_73", "spot", "   simages = yes\n")),
        "M4",
        Verdict::Block,
    ),
    (
        sound,
        |case| case.says(Topic::Object(Role::Spot), "spot_73:\n   type = spot\n   Rstate = unavailable for use\n"),
        "M5",
        Verdict::Block,
    ),
    (sound, |case| case.says(Topic::Object(Role::Spot), "spot_73:\n   type = spot\n"), "M5", Verdict::Unknown),
    (
        restore,
        |case| case.says(Topic::Object(Role::Mksysb), "old:\n   type = mksysb\n   Rstate = unavailable for use\n"),
        "ND-8",
        Verdict::Block,
    ),
    (
        everything,
        |case| {
            case.says(Topic::Object(Role::PreScript), "0042-053 lsnim: there is no NIM object named \"a_pre_script\"")
        },
        "ND-10",
        Verdict::Block,
    ),
    (
        everything,
        |case| case.says(Topic::Object(Role::Bundle), object("a_bundle", "script", "")),
        "ND-10",
        Verdict::Block,
    ),
    (
        sound,
        |case| case.says(Topic::AltDiskOnMaster, "lslpp: 0504-132  Fileset bos.alt_disk_install.rte not installed."),
        "M2",
        Verdict::Block,
    ),
    (
        sound,
        |case| case.says(Topic::AltDiskInSpot, "bos.alt_disk_install:bos.alt_disk_install.rte:7.3.2.0:\n@rc 0\n"),
        "M3",
        Verdict::Block,
    ),
    (sound, |case| case.says(Topic::AltDiskInSpot, "#Package Name:Fileset:Level\n@rc 0\n"), "M3", Verdict::Block),
    (
        sound,
        |case| {
            case.says(Topic::AltDiskInSpot, "0042-207 m_showres: Unable to allocate the spot_73 resource\n@rc 207\n")
        },
        "M3",
        Verdict::Unknown,
    ),
    (
        synchronise,
        |case| case.says(Topic::AltDiskOnMaster, "bos.alt_disk_install:bos.alt_disk_install.rte:7.3.3.0:\n"),
        "M3",
        Verdict::Warn,
    ),
    (sound, |case| case.says(Topic::CacheVg, group("nimadmvg", 128, 93, 1, 0)), "M9", Verdict::Block),
    (
        sound,
        |case| case.says(Topic::CacheVg, "0516-306 lsvg: Unable to find volume group nimadmvg"),
        "M9",
        Verdict::Block,
    ),
    (
        sound,
        |case| case.says(Topic::CacheVg, group("nimadmvg", 128, 94, 1, 0).replace("read/write", "read-only ")),
        "M9",
        Verdict::Block,
    ),
    (sound, |case| case.says(Topic::CacheVg, group("nimvg", 128, 94, 1, 0)), "M9", Verdict::Unknown),
    (restore, |case| case, "M9", Verdict::Warn),
    (
        capture,
        |case| case.says(Topic::ImageFile, "there\n-rw-r--r-- 1 root system 0 Aug 28 03:14 /export/mksysb/new\n"),
        "ND-6",
        Verdict::Block,
    ),
    (capture, |case| case.says(Topic::ImageFile, "there\nls: garbage\n"), "ND-6", Verdict::Block),
    (capture, |case| case.says(Topic::ImageName, "new resources mksysb\n"), "ND-6", Verdict::Block),
    (capture, |case| case.says(Topic::Places, "absent /export/mksysb\nwhole\n"), "ND-6", Verdict::Block),
    (
        || Case { setting: vec!["/mksysb".to_owned()], ..capture() },
        |case| case.says(Topic::Places, "real /export/mksysb /export/mksysb\nreal /mksysb /mksysb\nwhole\n"),
        "ND-11",
        Verdict::Block,
    ),
    (capture, |case| case.with("image", json!({ "file": "/etc/cron.d/x" })), "ND-11", Verdict::Block),
    (convert, |case| case.with("image", json!({ "file": "/etc/cron.d/x" })), "ND-11", Verdict::Block),
    (synchronise, |case| case.with("images", json!("/tmp/evil")), "ND-12", Verdict::Block),
    (capture, |case| case.says(Topic::ImageRoom, room(9_999)), "ND-9", Verdict::Warn),
    (synchronise, |case| case.says(Topic::Places, "absent /export/images\nwhole\n"), "ND-7", Verdict::Block),
    (sound, |case| Case { silent: Some("nimsh does not answer"), ..case }, "N3", Verdict::Block),
    (sound, |case| Case { silent: Some("nimsh does not answer"), ..case }, "D1", Verdict::Unknown),
    (sound, |case| case.with("target_disks", json!(["hdisk9"])), "D1", Verdict::Block),
    (sound, |case| case.with("target_disks", json!(["hdisk0"])), "D1", Verdict::Block),
    (sound, |case| case.says(Topic::Disks, DISKS.replace("None", "datavg active")), "D1", Verdict::Block),
    (sound, |case| case.says(Topic::Bootlist, "hdisk0 blv=hd5\nhdisk1 blv=hd5\n"), "D1", Verdict::Block),
    (sound, |case| case.says(Topic::Bootlist, "-\n"), "D1", Verdict::Unknown),
    (sound, |case| case.says(Topic::Bootlist, "hdisk7 blv=hd5\n"), "D1", Verdict::Unknown),
    (sound, |case| case.says(Topic::Disks, "hdisk1 00f9c87a12345679 None\n"), "D1", Verdict::Unknown),
    (sound, |case| case.says(Topic::Sizes, sizes("0 10499")), "D3", Verdict::Block),
    (sound, |case| case.says(Topic::Sizes, sizes("127 ksh: bootinfo: not found")), "D3", Verdict::Unknown),
    (sound, |case| case.says(Topic::Sizes, sizes("0 ")), "D3", Verdict::Unknown),
    (sound, |case| case.says(Topic::Sizes, sizes("0 0")), "D3", Verdict::Unknown),
    (restore, |case| case, "D3", Verdict::Warn),
    (
        sound,
        |case| case.says(Topic::Disks, format!("{DISKS}hdisk2 00f9c87a12345670 altinst_rootvg\n")),
        "D6",
        Verdict::Block,
    ),
    (sound, |case| case.says(Topic::Groups, "rootvg\naltinst_rootvg\n"), "D6", Verdict::Block),
    (
        sound,
        |case| case.says(Topic::Disks, format!("{DISKS}hdisk2 00f9c87a12345670 old_rootvg\n")),
        "D6",
        Verdict::Warn,
    ),
    (sound, |case| case.says(Topic::Volumes, volumes(&HD4.replace("79      79", "79     158"))), "D5", Verdict::Warn),
    (sound, |case| case.says(Topic::Volumes, volumes(LONG)), "R1", Verdict::Warn),
    (
        everything,
        |case| case.says(Topic::ImageDataText, "fs_data:\n\tFS_NAME= /usr\n\tFS_LV= /dev/hd2\n"),
        "R1",
        Verdict::Warn,
    ),
    (
        everything,
        |case| case.says(Topic::ImageDataText, "fs_data:\n\tFS_NAME= /opt/monitor\n\tFS_LV= /dev/monitoring_2\n"),
        "R1",
        Verdict::Warn,
    ),
    (sound, |case| case.says(Topic::Volumes, volumes(&HD4.replace("hd4  ", "altfs"))), "R2", Verdict::Block),
    (sound, |case| case.says(Topic::Volumes, volumes(&HD4.replace("hd4    ", "bos_hd4"))), "R3", Verdict::Block),
    (capture, |case| case.says(Topic::Volumes, volumes(&HD4.replace("hd4    ", "bos_hd4"))), "R3", Verdict::Block),
    (sound, |case| case.says(Topic::Volumes, volumes("")), "R3", Verdict::Unknown),
    (sound, |case| case.says(Topic::Volumes, volumes(&HD4.replace("syncd", "stale"))), "R4", Verdict::Block),
    (
        sound,
        |case| {
            let list = "ID  STATE LABEL      INSTALL TIME      UPDATED BY ABSTRACT\n1    S    IJ41396s1a 02/14/23 09:12:41            Security fix\n";
            case.says(Topic::Efixes, list)
        },
        "S5",
        Verdict::Warn,
    ),
    (
        sound,
        |case| case.says(Topic::Efixes, "ID  STATE LABEL      INSTALL TIME      UPDATED BY ABSTRACT\n"),
        "S5",
        Verdict::Unknown,
    ),
    (sound, |case| case.says(Topic::ClientLevel, "7300-03-01-2520"), "S1", Verdict::Block),
    (sound, |case| case.says(Topic::ClientLevel, "7300-02-01-2346"), "S1", Verdict::Block),
    (sound, |case| case.says(Topic::ClientLevel, "7100-05"), "S1", Verdict::Unknown),
    (sound, |case| case.says(Topic::Object(Role::Spot), object("spot_73", "spot", "")), "S1", Verdict::Unknown),
    (restore, |case| case.says(Topic::Object(Role::Mksysb), object("old", "mksysb", "")), "S1", Verdict::Unknown),
    (
        restore,
        |case| case.says(Topic::Object(Role::Mksysb), object("old", "mksysb", "   oslevel_r = 7300-03\n")),
        "S1",
        Verdict::Block,
    ),
    (update, |case| case.says(Topic::ClientLevel, "7200-05-05-2246"), "S1", Verdict::Block),
    (update, |case| case.says(Topic::ClientLevel, "7300-03-01-2520"), "S1", Verdict::Block),
    (sound, |case| case.says(Topic::MasterLevel, "7200-05-05-2246"), "M1", Verdict::Block),
    (update, |case| case.says(Topic::MasterLevel, "7300-02-01-2346"), "ND-5", Verdict::Block),
    (sound, |case| case.says(Topic::Processor, "Processor Type: PowerPC_POWER7\n@rc 0\n"), "H1", Verdict::Block),
    (sound, |case| case.says(Topic::Processor, "Processor Type: PowerPC\n@rc 0\n"), "H1", Verdict::Unknown),
    (sound, |case| case.with("bootlist", json!("nimadm")), "ND-2", Verdict::Warn),
    (second_person, |case| case.with("bootlist", json!("nimadm")), "ND-2", Verdict::Block),
    (sound, |case| case.with("accept_licenses", json!(false)), "ND-3", Verdict::Warn),
    (sound, |case| case.with("mode", json!("stepped")), "ND-4", Verdict::Warn),
];

/// What looks like trouble and is none for that check.
const HARMLESS: &[(Sound, Spoil, &str)] = &[
    (capture, |case| case.says(Topic::Places, "absent /export/mksysb\nwhole\n"), "ND-9"),
    (capture, |case| case.says(Topic::Volumes, volumes(&HD4.replace("hd4  ", "altfs"))), "R2"),
    (sound, |case| case.says(Topic::Volumes, volumes(&HD4.replace("hd4        ", "elevenchars"))), "R1"),
    (everything, |case| case, "R1"),
    (
        sound,
        |case| {
            let case = case.says(Topic::Volumes, volumes(&HD4.replace("79      79", "79     158")));
            case.with("target_disks", json!(["hdisk1", "hdisk2"]))
        },
        "D5",
    ),
    (sound, |case| case.says(Topic::Processor, "Processor Type: PowerPC_POWER8\n@rc 0\n"), "H1"),
    (
        sound,
        |case| {
            let case = case.says(Topic::Processor, "Processor Type: PowerPC_POWER7\n@rc 0\n");
            case.says(Topic::Object(Role::Spot), object("spot_73", "spot", "   oslevel_r = 7200-05\n"))
        },
        "H1",
    ),
    (sound, |case| case.says(Topic::Bootlist, "-\nhdisk0 blv=hd5\ncd0\n"), "D1"),
    (
        || Case { setting: vec!["/mksysb".to_owned()], ..capture() },
        |case| {
            let case = case.with("image", json!({ "file": "/mksysb/link/new" }));
            case.says(Topic::Places, "real /mksysb/link /data/mksysb/x\nreal /mksysb /data/mksysb\nwhole\n")
        },
        "ND-11",
    ),
];

fn fails(check: &Check) -> bool {
    !matches!(check.verdict, Verdict::Pass | Verdict::NotApplicable)
}

#[test]
fn no_check_fails_where_nothing_is_wrong_for_it() {
    for (number, (sound, spoil, id)) in HARMLESS.iter().enumerate() {
        let bad = spoil(sound()).checks().into_iter().find(|check| check.id == *id && fails(check));
        assert_eq!(bad, None, "case {number}");
    }
}

#[test]
fn a_sound_launch_passes_every_check() {
    for case in SOUND.map(|sound| sound()) {
        let bad: Vec<_> = case.checks().into_iter().filter(fails).collect();
        // How much a mksysb unpacks to is not known.
        let reads = !case.request["mksysb"].is_null();
        let known = |check: &Check| ["D3", "M9"].contains(&check.id.as_str()) && check.verdict == Verdict::Warn;
        assert!(bad.is_empty() || reads && bad.iter().all(known), "{bad:?}");
    }
}

#[test]
fn each_check_fails_where_something_is_wrong() {
    for (number, (sound, spoil, id, verdict)) in CASES.iter().enumerate() {
        let checks = spoil(sound()).checks();
        let worst = checks.iter().filter(|check| check.id == *id).map(|check| check.verdict).max();
        assert_eq!(worst, Some(*verdict), "case {number}, {id}: {checks:#?}");
    }
}

/// The ids of all checks, read from the sources: a list of them would be forgotten just as a case is.
fn ids() -> BTreeSet<&'static str> {
    let source = [include_str!("nim.rs"), include_str!("client.rs"), include_str!("level.rs"), include_str!("mod.rs")];
    let items = source.iter().flat_map(|source| source.split("Item::").skip(1));
    let items = items.filter(|rest| rest.starts_with("blocks(") || rest.starts_with("warns("));
    items.filter_map(|rest| rest.split('"').nth(1)).filter(|id| *id != "ND-1").collect()
}

#[test]
fn no_check_is_without_a_case() {
    let cases: BTreeSet<&str> =
        CASES.iter().filter(|(_, _, _, verdict)| *verdict != Verdict::Pass).map(|(_, _, id, _)| *id).collect();
    assert!(ids().len() > 25, "{:?}", ids());
    assert_eq!(cases, ids());
}

#[test]
fn h6_every_check_is_in_every_answer() {
    for case in SOUND.map(|sound| sound()).into_iter().chain([Case { silent: Some("nimsh is down"), ..sound() }]) {
        let checks = case.checks();
        let found: BTreeSet<&str> = checks.iter().map(|check| check.id.as_str()).collect();
        assert_eq!(found, ids(), "{}", case.request);
    }
}

/// Answers to a question that cannot be read: failures, silence, garbage, and what is sound but for its return code.
fn unreadable(sound: &Answer, command: &str) -> Vec<Result<Answer, Unread>> {
    let mut bad = [
        answer(127, "sh: it: not found"),
        answer(0, ""),
        answer(0, "garbage"),
        answer(1, "0301-100 garbage"),
        answer(0, "garbage garbage\n\ngarbage=1\n"),
        answer(-1, "\u{FFFD}\u{FFFD}"),
    ]
    .map(Ok)
    .to_vec();
    let hangs = RemoteError::Silent { host: "nim1".to_owned(), seconds: 120 };
    bad.push(Err(Unread::silent(command, &HostError::Remote(hangs))));
    if sound.rc == 0 {
        bad.push(Ok(answer(3, sound.text.clone())));
    }
    bad
}

/// For every command that the pre-flight sends: an answer that cannot be read makes each check that hangs on it unknown, and nothing else
/// changes. The commands are those of the sound launches, so a new one is in here.
#[test]
fn h6_an_answer_that_cannot_be_read_is_unknown_whatever_the_command() {
    let mut seen = BTreeSet::new();
    for sound in SOUND {
        let good = sound().checks();
        for question in sound().asked().0 {
            for said in unreadable(&sound_answer(&question, &sound().request()), &question.name) {
                let mut case = sound();
                case.said.insert(question.topic, said.clone());
                let checks = case.checks();
                let changed: Vec<&Check> = checks.iter().filter(|check| !good.contains(check)).collect();
                let about = format!("{} {said:?}", question.command);
                assert!(!changed.is_empty(), "{about} changes nothing");
                let (quoted, text) = match &said {
                    Ok(answer) => (answer.rc.to_string(), answer.text.as_str()),
                    Err(unread) => ("was not answered".to_owned(), unread.said.as_str()),
                };
                let word = text.split_whitespace().next().filter(|word| word.is_ascii()).unwrap_or_default();
                for check in &changed {
                    assert_eq!(check.verdict, Verdict::Unknown, "{about}: {check:?}");
                    assert!(check.found.contains(&quoted) && check.found.contains(word), "{about}: {check:?}");
                }
                let blocks = changed.iter().any(|check| check.needs_override());
                let verdict = Preflight::new(String::new(), Vec::new(), checks.clone()).verdict;
                assert_eq!(verdict, if blocks { Verdict::Block } else { Verdict::Warn }, "{about}");
            }
            seen.insert(question.topic);
        }
    }
    assert!(seen.len() >= 28, "every topic was asked for: {seen:?}");
}

/// Lists that were cut off look like lists. What they would have shown must not be taken for absent.
#[test]
fn h6_a_list_that_was_cut_off_is_not_the_list() {
    let worst = |case: Case, id: &str| case.checks().into_iter().filter(|c| c.id == id).map(|c| c.verdict).max();
    // bos_hd4 would be in the line that is missing.
    assert_eq!(worst(sound().says(Topic::Volumes, volumes("")), "R3"), Some(Verdict::Unknown));
    let two_disks = group("rootvg", 125, 1000, 2, 2);
    assert_eq!(
        worst(sound().says(Topic::Rootvg, two_disks), "D1"),
        Some(Verdict::Unknown),
        "a disk of rootvg is missing"
    );
    for cut in
        ["hdisk0 00f9c87a12345678 rootvg active\nhdisk1 none", "hdisk0 00f9c87a12345678 rootvg active\nhdisk1 00f9"]
    {
        assert_eq!(worst(sound().says(Topic::Disks, cut), "D1"), Some(Verdict::Unknown), "{cut}");
    }
    let half = "lpar71:\n   class  = machines\n   type   = standalone\n   Csta";
    assert_eq!(worst(sound().says(Topic::Machine, half), "M14"), Some(Verdict::Unknown));
}

#[test]
fn h6_only_a_name_and_a_reason_override_an_unknown_and_nothing_overrides_a_block() {
    let unread = || sound().says(Topic::Sizes, "");
    let verdict = |case: Case| Preflight::new(String::new(), Vec::new(), case.checks()).verdict;
    assert_eq!(verdict(unread()), Verdict::Block);
    assert_eq!(
        verdict(unread().with("acknowledge_warnings", json!(true)).with("reason", json!("why"))),
        Verdict::Block
    );
    let named = || unread().with("acknowledge_warnings", json!(["D3"]));
    assert_eq!(verdict(named()), Verdict::Block);
    assert_eq!(verdict(named().with("reason", json!("  "))), Verdict::Block);
    assert_eq!(verdict(named().with("reason", json!("seen at the HMC"))), Verdict::Warn);
    let too_small = sound().says(Topic::Sizes, sizes("0 1")).with("acknowledge_warnings", json!(["D3"]));
    assert_eq!(verdict(too_small.with("reason", json!("seen"))), Verdict::Block);
}

/// What nobody could read is reserved as unknown, never as nothing.
#[test]
fn h6_the_space_that_is_needed_is_not_zero_where_it_is_not_known() {
    assert_eq!(sound().asked().1.cache_need(), Some(12_000));
    assert_eq!(sound().says(Topic::Rootvg, "").asked().1.cache_need(), None);
    assert_eq!(restore().asked().1.cache_need(), None);
}

#[test]
fn m11_a_refused_name_says_which_field_it_is_in() {
    for role in Role::OTHERS {
        let gone = format!("0042-053 lsnim: there is no NIM object named \"a_{}\"", role.field());
        let checks = everything().says(Topic::Object(role), gone).checks();
        let blocked: Vec<_> = checks.iter().filter(|check| check.verdict == Verdict::Block).collect();
        assert_eq!(blocked.len(), 1, "{blocked:?}");
        assert_eq!(blocked[0].field.as_deref(), Some(role.field()));
    }
}

#[test]
fn m12_the_refusal_names_the_directories_that_are_allowed() {
    let checks = capture().with("image", json!({ "file": "/etc/cron.d/x" })).checks();
    let check = checks.iter().find(|check| check.id == "ND-11").unwrap();
    assert_eq!((check.verdict, check.field.as_deref()), (Verdict::Block, Some("image")));
    assert!(check.found.contains("/etc/cron.d") && check.found.contains("/export/mksysb"), "{check:?}");
}
