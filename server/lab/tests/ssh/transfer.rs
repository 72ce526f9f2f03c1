//! `sftp`, `scp`, and several sessions on one connection.

use crate::{Estate, soon, text};
use std::{fs, process::Stdio};
use tokio::io::AsyncWriteExt;

#[tokio::test(flavor = "multi_thread")]
async fn files_come_and_go_with_sftp_and_scp() {
    let estate = Estate::start().await;
    let here = tempfile::tempdir().unwrap();
    let tree = here.path().join("tree");
    fs::create_dir_all(tree.join("deep")).unwrap();
    let large: Vec<u8> = (0..3_000_000_u32).map(|at| u8::try_from(at % 251).unwrap()).collect();
    fs::write(tree.join("deep/large"), &large).unwrap();
    fs::write(tree.join("script"), "#!/bin/sh\nhostname\n").unwrap();
    fs::set_permissions(tree.join("script"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut scp = estate.client("scp");
    soon(async { text(&scp.args(["-r", "-p", "-q"]).arg(&tree).arg("lpar72:tmp/").output().await.unwrap()) }).await;
    assert_eq!(estate.ask("lpar72", "tmp/tree/script; cat etc/motd").await, "lpar72\nWelcome to AIX on lpar72\n");
    // Absolute paths are those that the shell gives.
    let home = estate.ask("lpar72", "pwd").await;
    let batch = format!(
        "cd {}/tmp/tree\nget deep/large {}/back\nmkdir new\nrename script new/renamed\nrm deep/large\nrmdir deep\nls -l new\n",
        home.trim(),
        here.path().display()
    );
    let mut sftp =
        estate.client("sftp").args(["-b", "-", "lpar72"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut commands = sftp.stdin.take().unwrap();
    commands.write_all(batch.as_bytes()).await.unwrap();
    drop(commands);
    let listed = text(&soon(sftp.wait_with_output()).await.unwrap());
    assert!(listed.contains("-rwxr-xr-x"), "{listed}");
    assert!(fs::read(here.path().join("back")).unwrap() == large);
    assert_eq!(estate.ask("lpar72", "ls tmp/tree; ls tmp/tree/new").await, "new\nrenamed\n");
    estate.lab.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_sessions_share_one_connection() {
    let estate = Estate::start().await;
    let here = tempfile::tempdir().unwrap();
    let socket = format!("ControlPath={}", here.path().join("master").display());
    let mut first = estate.client("ssh");
    first.args(["-o", "ControlMaster=yes", "-o", &socket, "-N", "nim1"]);
    let mut master = first.spawn().unwrap();
    crate::until(async || here.path().join("master").exists()).await;
    let session = |command: &str| {
        let mut ssh = estate.client("ssh");
        ssh.args(["-o", &socket, "nim1", command]);
        async move { text(&ssh.output().await.unwrap()) }
    };
    // One that is stuck holds up none of the others.
    let mut stuck = estate.client("ssh");
    let mut stuck = stuck.args(["-o", &socket, "nim1", "exec sleep 600"]).spawn().unwrap();
    let (a, b, c) =
        soon(async { tokio::join!(session("lsnim | wc -l"), session("hostname"), session("cat etc/niminfo")) }).await;
    assert!(a.trim().parse::<u32>().unwrap() > 10);
    assert_eq!(b, "nim1\n");
    assert!(c.contains("NIM_CONFIGURATION=master"));
    stuck.kill().await.unwrap();
    master.kill().await.unwrap();
    estate.lab.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_sessions_at_once() {
    let estate = Estate::start().await;
    let sessions: Vec<_> = (0..200)
        .map(|_| {
            estate.ssh("nim1", "read line; echo $line").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
        })
        .collect();
    for (number, mut session) in (0..).zip(sessions) {
        let mut stdin = session.stdin.take().unwrap();
        stdin.write_all(format!("{number}\n").as_bytes()).await.unwrap();
        assert_eq!(text(&session.wait_with_output().await.unwrap()).trim(), number.to_string());
    }
    estate.lab.shutdown().await;
}
