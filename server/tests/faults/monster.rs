//! A line of 10 MB with NULs, invalid UTF-8 and carriage returns, all the way from the master to the viewer.

use crate::program::Program;
use crate::rest::{order, sha256};
use crate::viewer::watch;
use server::postgres::PrivatePostgres;
use sqlx::{Connection, PgConnection};
use std::fs;

/// What is printed before nimadm says anything.
const MONSTER: &str = r#"printf 'before\n'
printf 'begins \000\377\r'
head -c 10485760 /dev/zero
printf 'x\r\200 ends\r\n'
printf 'after\n'
"#;
const LENGTH: u64 = 10 + 10_485_760 + 9;

/// The most memory the server ever used, in KiB.
fn peak(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monster_line_arrives_byte_for_byte_and_is_shown_cut() {
    let program = Program::start(2000).await;
    let rest = &program.rest;
    // The master's nimadm prints the monster and is itself again.
    let real = String::from_utf8(program.on_master("cat \"$(command -v nimadm)\"", b"")).unwrap();
    let (shebang, exec) = real.split_once('\n').unwrap();
    program.on_master("cat >\"$(command -v nimadm)\"", format!("{shebang}\n{MONSTER}{exec}").as_bytes());

    let small = peak(program.pid());
    let id = rest.launch(&order("lpar71")).await;
    let viewer = tokio::spawn(watch(rest.clone(), id.clone(), "?after=0", None));
    let migration = rest.reach(&id, &["clone_ready", "failed_clean", "failed_debris"]).await;
    assert_eq!(migration["state"], "clone_ready", "{migration}");

    let printed = program.printed(&id, 1);
    let stored = rest.log(&id).await;
    assert!(printed.len() > 10 << 20 && stored == printed, "{} bytes of {}", stored.len(), printed.len());
    assert_eq!(migration["log_sha256"], sha256(&printed));
    let count = printed.iter().filter(|byte| **byte == b'\n').count();
    assert_eq!(migration["log_lines"], count);

    let lines = rest.lines(&id).await;
    assert_eq!(lines.len(), count, "the monster is one line");
    assert_eq!((lines[0].as_str(), lines[2].as_str()), ("before", "after"));
    assert!(lines[1].starts_with("begins \u{fffd}\u{fffd}\u{fffd}\u{fffd}"), "{:?}", &lines[1][..40]);
    // 16 KiB of it; each of its bytes is shown as U+FFFD, which has three.
    assert!(lines[1].len() < 50_000 && lines[1].contains(&format!("{LENGTH} bytes")), "{}", lines[1].len());
    let seen = viewer.await.unwrap();
    assert_eq!((seen.first, &seen.lines), (Some(1), &lines));

    let options = PrivatePostgres::options_of(program.data()).await.unwrap();
    let mut database = PgConnection::connect_with(&options).await.unwrap();
    let (chunks, largest): (i64, i32) = sqlx::query_as("SELECT count(*), max(octet_length(body)) FROM log_chunk")
        .fetch_one(&mut database)
        .await
        .unwrap();
    assert!(chunks > 80 && largest <= 128 << 10, "{chunks} chunks of up to {largest} bytes");
    let grown = peak(program.pid()) - small;
    assert!(grown < 64 << 10, "the server grew by {grown} KiB");
}
