//! `nimdeck explain` as scripts and people call it: the program itself, its output and its exit code.

use crate::support::program;
use serde_json::{Value, json};
use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("aix/fixtures").join(name)
}

/// Runs it; what it reads from standard input where the file is `-`.
fn explain(arguments: &[&str], stdin: &[u8]) -> Output {
    let mut child = Command::new(program())
        .env_remove("NIMDECK_PROGRAM")
        .arg("explain")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end before it has read everything, as with bad arguments.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

fn value(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn the_article_is_a_success_of_twelve_phases() {
    let log = fixture("nimadm/article.seed.log");
    let output = explain(&[log.to_str().unwrap()], b"");
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("SUCCESS") && !text.contains('\u{1b}'), "no colours in a pipe");
    for phase in aix::Phase::all() {
        let row = |line: &str| line.trim_start().starts_with(&format!("{phase}  done")) && line.contains(phase.title());
        assert!(text.lines().any(row), "phase {phase}: {text}");
    }
    for line in
        ["cannot access ./tmp/alt_lock", "0513-029", "forced unmount of /alt_inst/usr", "lwi.runtime", "Java5.sdk"]
    {
        assert!(text.contains(line), "{line}");
    }

    let output = explain(&["--json", "-"], &std::fs::read(log).unwrap());
    assert_eq!(output.status.code(), Some(0));
    let report = value(&output);
    assert_eq!((&report["kind"], &report["outcome"]), (&json!("nimadm-log"), &json!("success")));
    assert_eq!(report["phases_seen"], json!([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]));
    for null in ["failed_phase", "cause", "advice"] {
        assert_eq!(report.get(null), Some(&Value::Null), "{null} is null, not dropped");
    }
    for empty in ["codes", "failed_filesets", "cancelled_filesets"] {
        assert_eq!(report[empty], json!([]), "{empty}");
    }
    let finding = &report["findings"][0];
    assert_eq!((&finding["line"], &finding["severity"]), (&json!(1), &json!("benign")));
}

#[test]
fn a_failure_names_phase_cause_and_what_to_do() {
    let log = fixture("nimadm/phase_11_multibos.log.log");
    let output = explain(&["--json", log.to_str().unwrap()], b"");
    assert_eq!(output.status.code(), Some(1));
    let report = value(&output);
    assert_eq!((&report["outcome"], &report["failed_phase"]), (&json!("failed"), &json!(11)));
    assert_eq!(report["codes"], json!(["0505-218", "0505-187"]));
    assert!(report["cause"].as_str().unwrap().contains("init_multibos"));
    assert!(report["advice"].as_str().unwrap().contains("multibos"));
    let fatal = report["findings"].as_array().unwrap().iter().find(|finding| finding["severity"] == "fatal").unwrap();
    assert_eq!(fatal["code"], "0505-218");
    assert!(fatal["meaning"].is_string());

    let text = String::from_utf8(explain(&[log.to_str().unwrap()], b"").stdout).unwrap();
    assert!(text.contains("FAILED  in phase 11") && text.contains("cause") && text.contains("next"), "{text}");
}

#[test]
fn what_is_no_log_says_so_and_bad_arguments_are_told_apart() {
    let output = explain(&["-"], b"Dear diary,\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error[ND0501]: This is no nimadm log"));
    let output = explain(&["--as", "nimadm-log", "-"], b"hdisk0          none                                None\n");
    assert_eq!(output.status.code(), Some(1));
    let output = explain(&["--as", "lspv", "-"], b"ksh: lspv: not found\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("error[ND0503]: As the output of lspv, lspv: line 1"));
    assert_eq!(explain(&["--as", "nonsense", "-"], b"").status.code(), Some(2));
    assert_eq!(explain(&[], b"").status.code(), Some(2));
    assert_eq!(explain(&["/there/is/no/such/file"], b"").status.code(), Some(1));
}

/// api.md, last table: names, shapes and nulls.
#[test]
fn outputs_of_commands_have_the_shapes_of_the_contract() {
    let shape = |kind: &str, output: &str, expected: Value| {
        for arguments in [&["--as", kind, "--json", "-"][..], &["--json", "-"]] {
            let answer = explain(arguments, output.as_bytes());
            assert_eq!(answer.status.code(), Some(0), "{kind}: {answer:?}");
            assert_eq!(value(&answer), expected, "{kind} by {arguments:?}");
        }
    };
    shape(
        "lspv",
        "hdisk0          00f939e23e8ab01a                    rootvg          active      \n\
         hdisk4          none                                None                        \n",
        json!([{"disk": "hdisk0", "pvid": "00f939e23e8ab01a", "vg": "rootvg", "state": "active"},
               {"disk": "hdisk4", "pvid": null, "vg": null, "state": null}]),
    );
    shape(
        "bootlist",
        "hdisk2 blv=hd5 pathid=0\nhdisk1\n",
        json!([{"device": "hdisk2", "blv": "hd5", "pathid": 0}, {"device": "hdisk1", "blv": null, "pathid": null}]),
    );
    shape("oslevel", "7200-05-10-2520\n", json!({"version": 7, "release": 2, "tl": 5, "sp": 10, "build": 2520}));
    shape("oslevel", "7200-05\n", json!({"version": 7, "release": 2, "tl": 5, "sp": null, "build": null}));
    shape("lsvg", "rootvg\nnimadmvg\n", json!(["rootvg", "nimadmvg"]));
    shape(
        "lsvg-l",
        "rootvg:\nLV NAME             TYPE       LPs     PPs     PVs  LV STATE      MOUNT POINT\n\
         hd5                 boot       1       1       1    closed/syncd  N/A\n\
         hd4                 jfs2       8       16      2    open/syncd    /\n",
        json!({"vg": "rootvg", "lvs": [
            {"lv": "hd5", "type": "boot", "lps": 1, "pps": 1, "pvs": 1, "state": "closed/syncd", "mount": null},
            {"lv": "hd4", "type": "jfs2", "lps": 8, "pps": 16, "pvs": 2, "state": "open/syncd", "mount": "/"}]}),
    );
    shape(
        "lsvg-p",
        "rootvg:\nPV_NAME           PV STATE          TOTAL PPs   FREE PPs    FREE DISTRIBUTION\n\
         hdisk0            active            639         171         43..00..00..00..128\n",
        json!({"vg": "rootvg", "pvs": [
            {"pv": "hdisk0", "state": "active", "total_pps": 639, "free_pps": 171, "distribution": "43..00..00..00..128"}]}),
    );
    shape(
        "lsnim-l",
        "aix05:\n   class          = machines\n   type           = standalone\n   if1            = net_10 aix05 0\n",
        json!({"aix05": {"class": "machines", "type": "standalone", "if1": "net_10 aix05 0"}}),
    );
    shape(
        "df",
        "Filesystem    GB blocks      Free %Used    Iused %Iused Mounted on\n\
         /dev/hd2          13.06      6.55   50%    49625     4% /usr\n\
         /proc                 -         -    -        -      - /proc\n",
        json!({"unit": "GB blocks", "rows": [
            {"fs": "/dev/hd2", "blocks": 13.06, "free": 6.55, "used_pct": 50, "iused": 49625, "iused_pct": 4, "mount": "/usr"},
            {"fs": "/proc", "blocks": null, "free": null, "used_pct": null, "iused": null, "iused_pct": null, "mount": "/proc"}]}),
    );
    shape("emgr-l", "There is no efix data on this system.\n", json!([]));
    shape(
        "errpt",
        "IDENTIFIER TIMESTAMP  T C RESOURCE_NAME  DESCRIPTION\nDE3B8540   0831021126 P H hdisk0         PATH HAS FAILED\n",
        json!([{"id": "DE3B8540", "timestamp": "0831021126", "type": "P", "class": "H", "resource": "hdisk0",
                "description": "PATH HAS FAILED"}]),
    );
    shape(
        "lsdev-disk",
        "hdisk0 Available 00-08-00 SAS Disk Drive\nhdisk1 Available  Virtual SCSI Disk Drive\n",
        json!([{"name": "hdisk0", "status": "Available", "location": "00-08-00", "description": "SAS Disk Drive"},
               {"name": "hdisk1", "status": "Available", "location": null, "description": "Virtual SCSI Disk Drive"}]),
    );
    shape(
        "nim-error",
        "0042-053 lsnim: there is no NIM object named \"quimby07\"\n",
        json!({"codes": ["0042-053"], "rc": 53}),
    );
    let efix = "ID  STATE LABEL      INSTALL TIME      UPDATED BY ABSTRACT\n\
                === ===== ========== ================= ========== ======================================\n\
                3   *Q*   IJ09625s2a 04/30/20 11:04:14            IJ09624 7.2.3.2                       \n";
    let answer = value(&explain(&["--as", "emgr-l", "--json", "-"], efix.as_bytes()));
    assert_eq!(
        (&answer[0]["id"], &answer[0]["state"], &answer[0]["reboot_required"]),
        (&json!(3), &json!("Q"), &json!(true))
    );
    assert_eq!((&answer[0]["label"], &answer[0]["abstract"]), (&json!("IJ09625s2a"), &json!("IJ09624 7.2.3.2")));
    assert_eq!(answer[0]["install_time"], "04/30/20 11:04:14");
}
