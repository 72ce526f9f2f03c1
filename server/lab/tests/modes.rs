//! Every mode and flag of nimadm (nimadm.md §1.1), as somebody at the master's shell uses it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say so and stop")]

mod support;

use std::fs;
use support::Estate;

const RESOURCES: &str = "-s spot_7300_03_01 -l lpp_7300_03_01 -Y";

/// Sets the client's bootlist, reboots it and waits for it.
fn boot(estate: &Estate, client: &str, disk: &str) {
    estate.ask(client, &format!("bootlist -m normal {disk}"));
    estate.run(client, "shutdown -Fr");
    let file = estate.host(client).join("host.json");
    while !fs::read_to_string(&file).unwrap().contains("\"power\":\"running\"") {
        estate.ask(client, "lspv");
    }
}

fn files(estate: &Estate, client: &str, path: &str) -> String {
    fs::read_to_string(estate.root(client).join(path)).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_cloned_migrated_and_booted() {
    let estate = Estate::start(100_000, 4).await;
    fs::write(estate.root("lpar71").join("home/oracle/orders"), "before").unwrap();
    let log = estate.ask(
        "nim1",
        &format!("nimadm -j nimadmvg -c lpar71 {RESOURCES} -d hdisk1 -B -a pre_migration -z post_migration -e lpar71_exclude -i lpar71_image -b bnd_openssh -o bid_noprompt"),
    );
    assert!(log.contains("pre_migration: saving the site configuration"), "{log}");
    assert!(log.contains("Creating logical volume alt_monagent."), "{log}");
    assert!(!estate.root("nim1").join("lpar71_alt").exists());
    fs::write(estate.root("lpar71").join("home/oracle/orders"), "after").unwrap();
    assert_eq!(files(&estate, "lpar71", "usr/lpp/bos/README"), "AIX 7100-05-11-2246\n");
    boot(&estate, "lpar71", "hdisk1");
    // What was written after phase 1 is not on the clone; what the scripts and the base system wrote is.
    assert_eq!(files(&estate, "lpar71", "home/oracle/orders"), "before");
    assert_eq!(files(&estate, "lpar71", "usr/lpp/bos/README"), "AIX 7300-03-01-2520\n");
    assert!(files(&estate, "lpar71", "etc/motd").ends_with("Migrated by nimadm\n"));
    assert_eq!(files(&estate, "lpar71", "var/site/motd.before"), "Welcome to AIX on lpar71\n");
    assert!(!estate.root("lpar71").join("home/guest").exists(), "excluded");
    assert_eq!(estate.ask("lpar71", "oslevel -s"), "7300-03-01-2520\n");
    assert!(estate.ask("lpar71", "lsvg -l rootvg").contains("hd2                 jfs2       70"));
    assert!(estate.root("lpar71").join("data").exists(), "datavg is mounted");
    boot(&estate, "lpar71", "hdisk0");
    assert_eq!(files(&estate, "lpar71", "home/oracle/orders"), "after");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_cache_the_master_works_on_the_clone() {
    let estate = Estate::start(100_000, 4).await;
    let log = estate.ask("nim1", &format!("nimadm -c lpar72 {RESOURCES} -d 'hdisk2 hdisk3' -B -z post_migration"));
    for line in ["Exporting /alt_inst/usr", "NFS mounting lpar72:/alt_inst/usr", "Unexporting /alt_inst/usr"] {
        assert!(log.lines().any(|found| found == line), "{line} is missing in {log}");
    }
    assert!(!log.contains("cache file system"), "{log}");
    boot(&estate, "lpar72", "hdisk2 hdisk3");
    assert_eq!(estate.ask("lpar72", "oslevel -s"), "7300-03-01-2520\n");
    assert!(files(&estate, "lpar72", "etc/motd").ends_with("Migrated by nimadm\n"));
    assert!(estate.ask("lpar72", "lsvg -l rootvg").contains("hd5                 boot       1       2       2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn phases_can_be_run_one_by_one() {
    let estate = Estate::start(100_000, 4).await;
    let call = format!("nimadm -j nimadmvg -c lpar71 {RESOURCES} -d hdisk1");
    let refused = estate.run("nim1", &format!("{call} -P 3"));
    assert_eq!(refused.status.code(), Some(1));
    for phases in ["1", "2,3", "4", "5,6", "7 8"] {
        let log = estate.ask("nim1", &format!("{call} -P '{phases}'"));
        assert_eq!(log.matches("Executing nimadm phase ").count(), phases.split([',', ' ']).count(), "{log}");
        assert!(!estate.ask("nim1", "lsnim -a Cstate lpar71").contains("ready for"));
        assert_eq!(estate.run("nim1", &call).status.code(), Some(1), "a whole run must be refused");
    }
    // A phase that fails leaves what there is and can be repeated.
    estate.scenario("lpar71", "fails-in-9");
    assert_eq!(estate.run("nim1", &format!("{call} -P 9")).status.code(), Some(1));
    assert!(estate.ask("lpar71", "lspv").contains("altinst_rootvg"));
    estate.scenario("lpar71", "healthy");
    estate.ask("nim1", &format!("{call} -P9,10"));
    estate.ask("nim1", &format!("{call} -P11"));
    assert_eq!(estate.ask("lpar71", "bootlist -m normal -o | cut -d' ' -f1 | uniq"), "hdisk1\n");
    estate.ask("nim1", &format!("{call} -P12"));
    assert!(estate.ask("nim1", "lsnim -a Cstate lpar71").contains("ready for a NIM operation"));
    boot(&estate, "lpar71", "hdisk1");
    assert_eq!(estate.ask("lpar71", "oslevel -s"), "7300-03-01-2520\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_stays_in_its_release_and_stops_at_locked_filesets() {
    let estate = Estate::start(100_000, 4).await;
    let call = format!("nimadm -U -j nimadmvg -c lpar73 {RESOURCES} -d hdisk1 -B");
    let log = estate.ask("nim1", &call);
    assert!(log.contains("Updating software.") && log.contains("FAILED"), "{log}");
    boot(&estate, "lpar73", "hdisk1");
    assert_eq!(estate.ask("lpar73", "oslevel -s"), "7300-03-00-2446\n", "locked filesets keep the level down");
    boot(&estate, "lpar73", "hdisk0");
    estate.ask("nim1", "nimadm -C -c lpar73 -s spot_7300_03_01");
    let refused = estate.run("nim1", &format!("nimadm -U -j nimadmvg -c lpar71 {RESOURCES} -d hdisk1"));
    assert_eq!(refused.status.code(), Some(1), "-U does not change the release");
}

#[tokio::test(flavor = "multi_thread")]
async fn images_are_made_migrated_and_installed() {
    let estate = Estate::start(100_000, 4).await;
    fs::write(estate.root("lpar71").join("home/oracle/orders"), "imaged").unwrap();
    estate.ask("nim1", "nim -o define -t mksysb -a server=master -a location=/export/nim/mksysb/today.mksysb -a source=lpar71 -a mk_image=yes lpar71_today");
    assert!(estate.ask("nim1", "lsnim -l lpar71_today").contains("7100-05-11-2246"));
    // One is there from the beginning.
    assert!(estate.ask("nim1", "tar -tf export/nim/mksysb/lpar71.mksysb").contains("./home/oracle/.profile"));
    // mksysb to mksysb
    let log = estate.ask(
        "nim1",
        &format!("nimadm -T lpar71_today -O /export/nim/mksysb/new.mksysb -N lpar71_new -j nimadmvg {RESOURCES}"),
    );
    assert!(log.contains("Creating mksysb image /export/nim/mksysb/new.mksysb"), "{log}");
    assert!(estate.ask("nim1", "lsnim -l lpar71_new").contains("7300-03-01-2520"));
    // client to mksysb
    estate.ask(
        "nim1",
        &format!("nimadm -c lpar71 -O /export/nim/mksysb/third.mksysb -N lpar71_third -j nimadmvg {RESOURCES}"),
    );
    assert!(estate.ask("nim1", "tar -tf export/nim/mksysb/third.mksysb").contains("./home/oracle/orders"));
    assert!(estate.ask("lpar71", "lspv").lines().any(|line| line.starts_with("hdisk1") && line.contains("None")));
    // mksysb to client
    fs::write(estate.root("lpar71").join("home/oracle/orders"), "later").unwrap();
    let log = estate.ask("nim1", &format!("nimadm -T lpar71_today -c lpar71 -d hdisk1 -j nimadmvg -B {RESOURCES}"));
    assert!(log.contains("Creating altinst_rootvg on client from mksysb lpar71_today, Phase 1."), "{log}");
    boot(&estate, "lpar71", "hdisk1");
    assert_eq!(files(&estate, "lpar71", "home/oracle/orders"), "imaged");
    assert_eq!(estate.ask("lpar71", "oslevel -s"), "7300-03-01-2520\n");
    assert_eq!(estate.ask("nim1", "lsvg -l nimadmvg").lines().count(), 2, "cache left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clone_is_woken_put_to_sleep_and_the_spot_is_synchronised() {
    let estate = Estate::start(100_000, 4).await;
    estate.scenario("lpar73", "spot-level-mismatch");
    let call = format!("nimadm -U -j nimadmvg -c lpar73 {RESOURCES} -d hdisk1 -B");
    let refused = estate.run("nim1", &call);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("does not match its level on the NIM master"));
    let sync = "nimadm -M -s spot_7300_03_01 -l lpp_7300_03_01";
    assert!(estate.ask("nim1", &format!("{sync} -P")).contains("would be updated"));
    estate.ask("nim1", sync);
    assert!(estate.ask("nim1", sync).contains("nothing to do"));
    estate.ask("nim1", &call);
    // The same release may be woken from the running system (nimadm.md §1.9).
    let log = estate.ask("nim1", "nimadm -W -c lpar73 -s spot_7300_03_01 -d hdisk1 -z post_migration");
    assert!(log.contains("NFS mounting lpar73:/alt_inst/usr") && log.contains("post_migration: "), "{log}");
    assert!(estate.ask("lpar73", "df -g").contains("/alt_inst/usr"));
    assert!(estate.root("lpar73").join("alt_inst/etc/motd").exists());
    let log = estate.ask("nim1", "nimadm -S -c lpar73 -s spot_7300_03_01");
    assert!(log.contains("forced unmount of /alt_inst/usr"), "{log}");
    assert!(!estate.ask("lpar73", "df -g").contains("/alt_inst"));
    boot(&estate, "lpar73", "hdisk1");
    assert!(files(&estate, "lpar73", "etc/motd").ends_with("Migrated by nimadm\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_that_fail_and_calls_that_are_wrong_are_told() {
    let estate = Estate::start(100_000, 4).await;
    fs::write(estate.root("nim1").join("export/nim/script/pre_migration"), "echo oops >&2; exit 3\n").unwrap();
    let call = format!("nimadm -j nimadmvg -c lpar71 {RESOURCES} -d hdisk1");
    let failed = estate.run("nim1", &format!("{call} -a pre_migration"));
    let log = String::from_utf8_lossy(&failed.stdout);
    assert!(log.contains("oops") && log.contains("ended with return code 3"), "{log}");
    assert_eq!(failed.status.code(), Some(1));
    let code = |command: &str| estate.run("nim1", command).status.code();
    assert_eq!(code(&format!("{call} -a nothing")), Some(53));
    assert_eq!(code(&format!("{call} -B -r")), Some(1));
    assert_eq!(code("nimadm -j novg -c lpar71 -s spot_7300_03_01 -l lpp_7300_03_01 -d hdisk1 -Y"), Some(1));
    let log = estate.ask("nim1", &format!("{call} -D -V -r"));
    assert!(log.contains("\n+ alt_disk_copy "), "{log}");
    while !estate.ask("lpar71", "oslevel -s").contains("7300") {}
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_run_locally_and_through_links_from_elsewhere() {
    let estate = Estate::start(100_000, 4).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let bin = estate.host("lpar72").join("bin");
    std::os::unix::fs::symlink(bin.join("hostname"), elsewhere.path().join("who")).unwrap();
    std::os::unix::fs::symlink(&bin, elsewhere.path().join("aix")).unwrap();
    for path in [bin.join("hostname"), elsewhere.path().join("who"), elsewhere.path().join("aix/hostname")] {
        let output = std::process::Command::new(&path).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "lpar72\n", "{}", path.display());
    }
    let stray = elsewhere.path().join("hostname");
    fs::copy(bin.join("hostname"), &stray).unwrap();
    assert_eq!(std::process::Command::new(&stray).output().unwrap().status.code(), Some(127));
}
