//! The weather of a host's network, seen by OpenSSH.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say so and stop")]

mod support;

use std::process::Stdio;
use support::Estate;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::Command,
};

fn ssh(estate: &Estate, host: &str, command: &str) -> Command {
    let mut ssh = Command::new("ssh");
    ssh.arg("-F").arg(estate.lab.dir().join("ssh_config")).args(["-o", "BatchMode=yes", host, command]);
    ssh.stdin(Stdio::null()).kill_on_drop(true);
    ssh
}

/// Repeats a command until its exit code is as wanted: the lab looks at the weather ten times a second.
async fn until(estate: &Estate, host: &str, code: i32) -> String {
    loop {
        let output = ssh(estate, host, "hostname").output().await.unwrap();
        if output.status.code() == Some(code) {
            return String::from_utf8(output.stderr).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_and_another_key_and_back() {
    let estate = Estate::start(1000, 4).await;
    let mut open = ssh(&estate, "lpar71", "exec sleep 600").spawn().unwrap();
    until(&estate, "lpar71", 0).await;
    estate.scenario("lpar71", "ssh-refused");
    until(&estate, "lpar71", 255).await;
    assert_eq!(open.wait().await.unwrap().code(), Some(255), "an open connection is cut");
    estate.scenario("lpar71", "host-key-changed");
    let complaint = until(&estate, "lpar71", 255).await;
    assert!(complaint.contains("REMOTE HOST IDENTIFICATION HAS CHANGED"), "{complaint}");
    estate.scenario("lpar71", "healthy");
    until(&estate, "lpar71", 0).await;
    estate.lab.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_connection_goes_on_where_it_stopped() {
    let estate = Estate::start(1000, 4).await;
    let mut cat = ssh(&estate, "nim1", "cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut to, mut from) = (cat.stdin.take().unwrap(), BufReader::new(cat.stdout.take().unwrap()).lines());
    to.write_all(b"one\n").await.unwrap();
    assert_eq!(from.next_line().await.unwrap().as_deref(), Some("one"));
    estate.scenario("nim1", "ssh-frozen");
    // What is sent arrives as long as the freeze has not been noticed; then nothing does.
    let mut sent = 1;
    loop {
        sent += 1;
        to.write_all(format!("{sent}\n").as_bytes()).await.unwrap();
        let line = tokio::time::timeout(std::time::Duration::from_millis(500), from.next_line());
        match line.await {
            Ok(line) => assert_eq!(line.unwrap(), Some(sent.to_string())),
            Err(_) => break,
        }
    }
    estate.scenario("nim1", "healthy");
    assert_eq!(from.next_line().await.unwrap(), Some(sent.to_string()), "nothing is lost");
    drop(to);
    assert!(cat.wait().await.unwrap().success());
    estate.lab.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_dropped_by_their_age_and_slowed() {
    let estate = Estate::start(1000, 4).await;
    estate.scenario("nim1", "ssh-drops");
    let dropped = ssh(&estate, "nim1", "exec sleep 600").status().await.unwrap();
    assert_eq!(dropped.code(), Some(255));
    let began = std::time::Instant::now();
    ssh(&estate, "lpar61", "hostname").status().await.unwrap();
    let fair = began.elapsed();
    estate.scenario("lpar61", "ssh-slow");
    let began = std::time::Instant::now();
    assert!(ssh(&estate, "lpar61", "hostname").status().await.unwrap().success());
    // A handshake has several round trips of 300 ms each.
    assert!(began.elapsed() > fair + std::time::Duration::from_millis(600));
    estate.lab.shutdown().await;
}
