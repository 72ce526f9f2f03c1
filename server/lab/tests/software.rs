//! Software and system commands: what they print is read by `aix` and is what the model holds.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say so and stop")]

mod support;

use aix::{
    efix, errpt, instfix, lparstat, lppchk, lslpp, lsmcode, lsnim, lssrc, nim, oslevel, prtconf, ps, uname, uptime,
};
use serde_json::Value;
use support::Estate;

const HOSTS: [&str; 5] = ["nim1", "lpar61", "lpar71", "lpar72", "lpar73"];

fn model(estate: &Estate, host: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(estate.host(host).join("host.json")).unwrap()).unwrap()
}

fn running(model: &Value) -> &Value {
    let groups = model["groups"].as_array().unwrap();
    &groups.iter().find(|group| group["id"] == model["running"]).unwrap()["system"]
}

/// Everything a host prints about its software and itself is what the model says.
fn agrees(estate: &Estate, host: &str) {
    let model = model(estate, host);
    let system = running(&model);
    let stored = system["filesets"].as_object().unwrap();
    let ask = |command: &str| estate.ask(host, command);
    let level = oslevel::parse(&ask("oslevel -s")).unwrap();
    assert_eq!(oslevel::parse(&ask("oslevel -r")).unwrap().to_string(), level.to_string()[..7]);
    for (flags, parsed) in [
        ("-lc", lslpp::installed_colons(&ask("lslpp -lc")).unwrap().len()),
        ("-Lc", lslpp::packages(&ask("lslpp -Lc")).unwrap().len()),
        ("-L", lslpp::listing(&ask("lslpp -L")).unwrap().len()),
    ] {
        assert!(parsed >= stored.len(), "{host}: lslpp {flags} lists {parsed} of {}", stored.len());
    }
    for row in lslpp::packages(&ask("lslpp -Lc")).unwrap() {
        assert_eq!(row.level, stored[&row.fileset]["level"].as_str().unwrap(), "{host}: {}", row.fileset);
    }
    let broken = stored.values().filter(|found| found["state"] == "B").count();
    let output = estate.run(host, "lppchk -v");
    let text = String::from_utf8(output.stdout).unwrap();
    let found =
        lppchk::parse(&text).unwrap().into_iter().filter(|found| matches!(found, lppchk::Finding::Fileset { .. }));
    assert_eq!((found.count(), output.status.code()), (broken, Some(i32::from(broken > 0))), "{host}: {text}");
    let fixes = instfix::parse(&ask("instfix -i | grep ML")).unwrap();
    assert!(fixes.len() > 1, "{fixes:?}");
    let behind = estate.run(host, &format!("oslevel -rl {}", &level.to_string()[..7]));
    let behind = String::from_utf8(behind.stdout).unwrap();
    assert!(broken > 0 || oslevel::behind(&behind).unwrap().is_empty(), "{host}: {behind}");
    let efixes = efix::parse(&ask("emgr -l")).unwrap();
    assert_eq!(efixes.len(), system["efixes"].as_array().unwrap().len());
    assert_eq!(errpt::parse(&ask("errpt")).unwrap().len(), system["errors"].as_array().map_or(0, Vec::len));
    let hardware = &model["hardware"];
    let conf = prtconf::parse(&ask("prtconf")).unwrap();
    assert_eq!(serde_json::to_value(&conf).unwrap()["system_model"], hardware["model"], "{conf:#?}");
    assert_eq!(uname::parse(&ask("uname -m")).unwrap().to_string(), hardware["cpuid"].as_str().unwrap());
    uptime::parse(&ask("uptime")).unwrap();
    lparstat::parse(&ask("lparstat -i")).unwrap();
    lsmcode::parse(&ask("lsmcode -c")).unwrap();
    assert!(!lssrc::parse(&ask("lssrc -a")).unwrap().is_empty());
    ps::processes(&ask("ps -ef")).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_host_shows_what_the_model_holds() {
    let estate = Estate::start(1_000_000, 4).await;
    for host in HOSTS {
        agrees(&estate, host);
    }
    estate.scenario("lpar71", "inconsistent");
    agrees(&estate, "lpar71");
    estate.scenario("lpar71", "filesets-failed");
    estate.ask("nim1", "nimadm -j nimadmvg -c lpar71 -s spot_7300_03_01 -l lpp_7300_03_01 -d hdisk1 -Y");
    estate.run("lpar71", "shutdown -Fr");
    while !estate.ask("lpar71", "bootinfo -b").contains("hdisk1") {}
    agrees(&estate, "lpar71");
    let lagging = estate.run("lpar71", "oslevel -rl 7300-03");
    assert!(!oslevel::behind(&String::from_utf8(lagging.stdout).unwrap()).unwrap().is_empty());
    assert!(estate.ask("lpar71", "instfix -i | grep ML").contains("Not all filesets for 7300-03_AIX_ML"));
    let events: Vec<_> =
        errpt::parse(&estate.ask("lpar71", "errpt")).unwrap().into_iter().map(|entry| entry.id).collect();
    // The shutdown is in the log of the system that went down; this one only came up.
    assert_eq!(events, ["A6DF45AA", "9DBCFDEE"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nim_prints_what_it_holds() {
    let estate = Estate::start(1_000_000, 4).await;
    let ask = |command: &str| estate.ask("nim1", command);
    let all = lsnim::list(&ask("lsnim")).unwrap();
    let stanzas = lsnim::stanzas(&ask("lsnim -l")).unwrap();
    assert_eq!(all.len(), stanzas.len());
    for (entry, stanza) in all.iter().zip(&stanzas) {
        assert_eq!((entry.name.as_str(), Some(entry.kind.as_str())), (stanza.name.as_str(), stanza.get("type")));
    }
    assert_eq!(lsnim::list(&ask("lsnim -t standalone")).unwrap().len(), 4);
    assert_eq!(lsnim::classes(&ask("lsnim -p")).unwrap()[0], "machines");
    assert_eq!(lsnim::arguments(&ask("lsnim -q define -t lpp_source")).unwrap().required, ["server", "location"]);
    let colons = lsnim::colons(&ask("lsnim -Z -a Cstate -a info -a Cstate_result lpar71")).unwrap();
    assert_eq!(colons.rows[0].values, ["ready for a NIM operation"]);
    let images = nim::images(&ask("nim -o showres lpp_7300_03_01")).unwrap();
    assert!(images.iter().any(|image| image.fileset == "bos.mp64" && image.level.to_string() == "7.3.3.1"));
    let spot = lslpp::packages(&ask("nim -o showres -a lslpp_flags=Lc spot_7300_03_01")).unwrap();
    assert!(spot.iter().any(|row| row.fileset == "bos.alt_disk_install.rte" && row.level == "7.3.3.1"));
    assert_eq!(
        lslpp::listing(&ask("nim -o lslpp lpar71")).unwrap().len(),
        model(&estate, "lpar71")["groups"][0]["system"]["filesets"].as_object().unwrap().len()
    );
    // Objects come and go.
    ask("nim -o define -t script -a server=master -a location=/export/nim/script/post_migration another");
    let twice = estate.run("nim1", "nim -o define -t script -a server=master -a location=/tmp another");
    assert_eq!(twice.status.code(), Some(32));
    assert_eq!(
        estate.run("nim1", "nim -o define -t script -a server=master -a location=/no/where x").status.code(),
        Some(1)
    );
    ask("nim -o allocate -a spot=spot_7300_03_01 lpar61");
    assert_eq!(lsnim::stanzas(&ask("lsnim -l spot_7300_03_01")).unwrap()[0].get("alloc_count"), Some("1"));
    assert!(ask("lsnim -a spot").contains("lpar61:\n   spot = spot_7300_03_01"));
    assert_eq!(estate.run("nim1", "nim -o remove spot_7300_03_01").status.code(), Some(61));
    ask("nim -Fo deallocate -a subclass=all lpar61 && nim -o remove another");
    assert_eq!(estate.run("nim1", "lsnim -l another").status.code(), Some(53));
}

#[tokio::test(flavor = "multi_thread")]
async fn subsystems_clocks_and_languages_change() {
    let estate = Estate::start(1_000_000, 4).await;
    estate.scenario("lpar71", "nimsh-down");
    assert!(estate.ask("lpar71", "lssrc -s nimsh").contains("inoperative"));
    assert_ne!(estate.run("nim1", "c_rsh lpar71 hostname").status.code(), Some(0));
    assert!(estate.ask("lpar71", "startsrc -s nimsh").starts_with("0513-059 The nimsh Subsystem has been started."));
    assert_eq!(estate.ask("nim1", "c_rsh lpar71 hostname"), "lpar71\n");
    let ahead = |host: &str| {
        let shown: i64 = estate.ask(host, "date +%s").trim().parse().unwrap();
        let now: i64 = estate.ask("lpar72", "date +%s").trim().parse().unwrap();
        (shown - now) / 60
    };
    estate.scenario("lpar61", "clock-ahead");
    assert!((179..=180).contains(&ahead("lpar61")));
    estate.scenario("lpar61", "clock-behind");
    assert!((-2881..=-2879).contains(&ahead("lpar61")));
    estate.scenario("lpar61", "french");
    let french = estate.ask("nim1", "c_rsh lpar61 'lslpp -lc bos.rte; lspv'");
    assert!(french.contains(":VALIDE:") && french.contains("Néant"), "{french}");
    let plain = estate.ask("nim1", "c_rsh lpar61 'LC_ALL=C lslpp -lc bos.rte; LC_ALL=C lspv'");
    assert!(plain.contains(":COMMITTED:") && plain.contains("None"), "{plain}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ps_shows_a_hosts_own_processes() {
    let estate = Estate::start(200, 4).await;
    let call = "nimadm -j nimadmvg -c lpar71 -s spot_7300_03_01 -l lpp_7300_03_01 -d hdisk1 -Y";
    let mut child = estate.shell("nim1", &format!("exec {call} >/dev/null")).spawn().unwrap();
    let clients = |host: &str| -> Vec<_> {
        let all = ps::processes(&estate.ask(host, "ps -ef")).unwrap();
        let client = |process: &ps::Process| Some((process.pid, ps::nimadm_client(&process.cmd)?.as_str().to_owned()));
        all.iter().filter_map(client).collect()
    };
    let wanted = [(u64::from(child.id()), "lpar71".to_owned())];
    while clients("nim1") != wanted {
        assert!(child.try_wait().unwrap().is_none(), "nimadm ended before it was seen: {:?}", clients("nim1"));
    }
    assert!(clients("lpar71").is_empty() && clients("lpar72").is_empty());
    // What is asked of a known process is the machine's answer.
    assert!(estate.ask("nim1", &format!("ps -p {} -o args=", child.id())).contains("nimadm"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(clients("nim1").is_empty());
}
