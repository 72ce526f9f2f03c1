//! The lab from outside: OpenSSH's `ssh` against real servers, nothing behind their backs.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should say so and stop")]

use lab::{Lab, LabOptions, scenario};
use std::{
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
};
use tokio_util::sync::CancellationToken;

const MIGRATE_71: &str = "nimadm -j nimadmvg -c lpar71 -s spot_7300_03_01 -l lpp_7300_03_01 -d hdisk1 -Y -B";

async fn start(dir: &Path, speed: u32) -> Lab {
    let options = LabOptions { speed: Some(speed), ..LabOptions::new(dir.join("lab"), env!("CARGO_BIN_EXE_lab-exec")) };
    Lab::start(options, CancellationToken::new()).await.unwrap()
}

fn ssh(lab: &Lab, host: &str, command: &str) -> Command {
    let mut ssh = Command::new("ssh");
    ssh.arg("-F").arg(lab.dir().join("ssh_config")).args(["-o", "BatchMode=yes", host, command]);
    ssh.stdin(Stdio::null()).kill_on_drop(true);
    ssh
}

async fn run(lab: &Lab, host: &str, command: &str) -> Output {
    ssh(lab, host, command).output().await.expect("openssh-client is installed")
}

/// Standard output of a command that must succeed.
async fn ask(lab: &Lab, host: &str, command: &str) -> String {
    let output = run(lab, host, command).await;
    let text = String::from_utf8(output.stdout).unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{host}: {command}: {} {text}{complaint}", output.status);
    text
}

/// Waits until a command's output is as wanted; fails after half a minute with the last one.
async fn wait_for(lab: &Lab, host: &str, command: &str, wanted: impl Fn(&str) -> bool) -> String {
    let mut last = String::new();
    for _ in 0..600 {
        let output = run(lab, host, command).await;
        last = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() && wanted(&last) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{host}: {command}: {last}");
}

/// What must not change before a cutover.
async fn untouched(lab: &Lab, client: &str) -> (String, String, String) {
    (
        ask(lab, client, "bootlist -m normal -o").await,
        ask(lab, client, "oslevel -s; bootinfo -b").await,
        ask(lab, client, "lsvg rootvg; lsvg -l rootvg").await,
    )
}

fn vg_of(lspv: &str, disk: &str) -> String {
    let line = lspv.lines().find(|line| line.starts_with(disk)).unwrap_or_default();
    line.split_whitespace().skip(2).collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_from_7_1_to_7_3_and_back_again() {
    let dir = tempfile::tempdir().unwrap();
    let lab = start(dir.path(), 10_000).await;
    let before = untouched(&lab, "lpar71").await;

    let log = ask(&lab, "nim1", MIGRATE_71).await;
    let phases: Vec<_> = log.lines().filter_map(|line| line.strip_prefix("Executing nimadm phase ")).collect();
    assert_eq!(phases.join(" "), "1. 2. 3. 4. 5. 6. 7. 8. 9. 10. 11. 12.");
    assert_eq!(ask(&lab, "nim1", "cat var/adm/ras/alt_mig/lpar71_alt_mig.log").await, log, "log and output differ");
    assert!(log.ends_with("Cleaning up alt_disk_migration on client lpar71.\n"));
    assert_eq!(untouched(&lab, "lpar71").await, before, "the running system was touched");
    let lspv = ask(&lab, "lpar71", "lspv").await;
    assert_eq!((vg_of(&lspv, "hdisk0"), vg_of(&lspv, "hdisk1")), ("rootvg active".into(), "altinst_rootvg".into()));

    ask(&lab, "lpar71", "bootlist -m normal hdisk1").await;
    run(&lab, "lpar71", "shutdown -Fr").await;
    let lspv = wait_for(&lab, "lpar71", "lspv", |text| text.contains("old_rootvg")).await;
    assert_eq!((vg_of(&lspv, "hdisk0"), vg_of(&lspv, "hdisk1")), ("old_rootvg".into(), "rootvg active".into()));
    assert_eq!(ask(&lab, "lpar71", "oslevel -s; bootinfo -b").await, "7300-03-01-2520\nhdisk1\n");

    ask(&lab, "lpar71", "bootlist -m normal hdisk0").await;
    run(&lab, "lpar71", "shutdown -Fr").await;
    let lspv = wait_for(&lab, "lpar71", "lspv", |text| !text.contains("old_rootvg")).await;
    assert_eq!((vg_of(&lspv, "hdisk0"), vg_of(&lspv, "hdisk1")), ("rootvg active".into(), "altinst_rootvg".into()));
    assert_eq!(untouched(&lab, "lpar71").await, before);
    lab.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_migration_leaves_the_client_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let lab = start(dir.path(), 10_000).await;
    for (name, phase, code) in [("target-disk-in-vg", "1.", "0505-126"), ("multibos", "11.", "0505-218")] {
        scenario::set(lab.dir(), "lpar71", name).unwrap();
        let (before, disks) = (untouched(&lab, "lpar71").await, ask(&lab, "lpar71", "lspv").await);
        let output = run(&lab, "nim1", MIGRATE_71).await;
        let log = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(
            log.contains(code) && log.contains("0505-187 nimadm: Error cloning altinst_rootvg on client."),
            "{log}"
        );
        let last = log.lines().filter_map(|line| line.strip_prefix("Executing nimadm phase ")).next_back();
        assert_eq!(last, Some(phase), "{name}");
        assert!(log.ends_with("Bootlist is set to the boot disk: hdisk0 blv=hd5\n"), "{name}");
        assert_eq!(untouched(&lab, "lpar71").await, before, "{name}");
        assert_eq!(ask(&lab, "lpar71", "lspv").await, disks, "{name}");
        assert!(ask(&lab, "nim1", "lsnim -l lpar71").await.contains("ready for a NIM operation"));
        assert_eq!(ask(&lab, "nim1", "lsvg -l nimadmvg").await.lines().count(), 2, "{name}: cache left behind");
    }
    lab.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_nimadm_leaves_debris_that_outlives_the_lab_and_that_nimadm_c_clears() {
    let dir = tempfile::tempdir().unwrap();
    let lab = start(dir.path(), 10_000).await;
    let before = untouched(&lab, "lpar71").await;
    scenario::set(lab.dir(), "lpar71", "killed").unwrap();
    let output = run(&lab, "nim1", &format!("{MIGRATE_71} > out; echo rc=$?")).await;
    assert_eq!(String::from_utf8_lossy(&output.stdout), "rc=137\n");

    let estate = lab.dir().to_owned();
    let ports: Vec<_> = lab.hosts().iter().map(|host| (host.addr, host.host_key.clone())).collect();
    lab.shutdown().await;
    let lab = start(dir.path(), 10_000).await;
    assert_eq!(lab.dir(), estate);
    assert_eq!(lab.hosts().iter().map(|host| (host.addr, host.host_key.clone())).collect::<Vec<_>>(), ports);

    scenario::set(lab.dir(), "lpar71", "healthy").unwrap();
    assert_eq!(untouched(&lab, "lpar71").await, before);
    assert_eq!(vg_of(&ask(&lab, "lpar71", "lspv").await, "hdisk1"), "altinst_rootvg active");
    assert!(ask(&lab, "lpar71", "df -g").await.contains("/ALT_MIG_SPOT"));
    assert!(ask(&lab, "nim1", "lsvg -l nimadmvg").await.contains("/lpar71_alt/alt_inst/usr"));
    assert!(!ask(&lab, "nim1", "lsnim -l lpar71").await.contains("Cstate         = ready for a NIM operation"));
    let refused = run(&lab, "nim1", MIGRATE_71).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("0505-140"));

    ask(&lab, "nim1", "nimadm -C -c lpar71 -s spot_7300_03_01").await;
    assert_eq!(vg_of(&ask(&lab, "lpar71", "lspv").await, "hdisk1"), "None");
    assert_eq!(ask(&lab, "nim1", "lsvg -l nimadmvg").await.lines().count(), 2);
    ask(&lab, "nim1", MIGRATE_71).await;
    assert_eq!(untouched(&lab, "lpar71").await, before);
    lab.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detached_nimadm_outlives_its_connection_and_the_lab() {
    let dir = tempfile::tempdir().unwrap();
    let lab = start(dir.path(), 2_500).await;
    let detached = format!("nohup {MIGRATE_71} </dev/null >out 2>&1 & echo $!");
    let pid = ask(&lab, "nim1", &detached).await.trim().to_owned();
    wait_for(&lab, "nim1", "cat out", |text| text.contains("phase 3.")).await;
    let args = ask(&lab, "nim1", &format!("ps -p {pid} -o args=")).await;
    assert!(args.contains("nimadm") && args.contains("lpar71"), "{args}");
    // Somebody else who follows is cut off, and the server goes away.
    let mut follower = ssh(&lab, "nim1", "tail -c +1 -f out").stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0];
    follower.stdout.as_mut().unwrap().read_exact(&mut first).await.unwrap();
    lab.drop_connections("nim1");
    assert_eq!(follower.wait().await.unwrap().code(), Some(255));
    lab.shutdown().await;

    let lab = start(dir.path(), 10_000).await;
    let out = wait_for(&lab, "nim1", "cat out", |text| text.ends_with("on client lpar71.\n")).await;
    assert_eq!(out.matches("Executing nimadm phase ").count(), 12);
    assert_eq!(ask(&lab, "nim1", "cat var/adm/ras/alt_mig/lpar71_alt_mig.log").await, out);
    lab.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_get_standard_input_and_give_their_exit_codes() {
    let dir = tempfile::tempdir().unwrap();
    let lab = start(dir.path(), 10_000).await;
    let mut shell =
        ssh(&lab, "nim1", "LC_ALL=C exec sh -s").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = shell.stdin.take().unwrap();
    stdin.write_all(b"lsnim -t spot | wc -l; printf '%s' \"$LC_ALL\"; kill -9 $$").await.unwrap();
    drop(stdin);
    let output = shell.wait_with_output().await.unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>(), ["2", "C"]);
    assert_eq!(output.status.code(), Some(255), "an exit signal is no exit code");
    assert_eq!(run(&lab, "nim1", "lsnim -l nobody").await.status.code(), Some(53));
    let echoed = ask(&lab, "nim1", "LC_ALL=C PATH=$PATH:/usr/sbin c_rsh lpar61 '( exit 7 ); echo rc=$?'").await;
    assert_eq!(echoed, "rc=7\n");
    // Another key does not get in.
    let stranger = dir.path().join("stranger");
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&stranger).status().await;
    assert!(made.unwrap().success());
    let mut ssh = Command::new("ssh");
    ssh.arg("-F").arg(lab.dir().join("ssh_config")).args(["-o", "BatchMode=yes", "-i"]).arg(&stranger);
    ssh.args(["-o", "IdentityFile=none", "nim1", "true"]).env_remove("SSH_AUTH_SOCK").stdin(Stdio::null());
    std::fs::rename(lab.key_path(), dir.path().join("aside")).unwrap();
    assert_eq!(ssh.output().await.unwrap().status.code(), Some(255));
    lab.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_lab_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let lab = start(dir.path(), 10_000).await;
    let second = Lab::start(LabOptions::new(lab.dir(), "nimdeck"), CancellationToken::new()).await;
    assert!(matches!(second, Err(lab::LabError::Busy(_))));
    lab.shutdown().await;
}
