//! A log of 100 MB through SSH into PostgreSQL, beside OpenSSH's client that reads the same file from the same server and throws it
//! away.

use crate::{
    figures::{goal, row},
    program::Program,
    support::run,
};
use server::{
    logs::{
        bus::Bus,
        ingest::{Ingest, Position},
    },
    postgres::PrivatePostgres,
    remote::{Address, Connection, Pin, Terms, connection::Piece, key, spool::Job},
    store,
};
use sha2::{Digest, Sha256};
use sqlx::PgPool;
use std::{
    fmt::Write as _,
    fs,
    process::{Command, Stdio},
    time::Instant,
};

const SIZE: usize = 100 << 20;
const ROUNDS: usize = 3;

/// Lines as a long phase prints them, about 100 bytes each.
fn log() -> Vec<u8> {
    let mut log = "Executing nimadm phase 1.\n".to_owned();
    let (mut number, mut phase) = (0_u32, 1);
    while log.len() < SIZE {
        number += 1;
        if number.is_multiple_of(100_000) && phase < 12 {
            phase += 1;
            writeln!(log, "Executing nimadm phase {phase}.").unwrap();
        }
        match number % 20 {
            0 => writeln!(log, "Filesets processed:  {} of 9999  (Total time:  {} secs).", number % 9999, number % 977),
            7 => writeln!(log, "installp: APPLYING software for: vendor{}.part{}.rte 7.3.3.{} of the base operating system", number % 977, number % 31, number % 200),
            _ => writeln!(
                log,
                "x ./alt_inst/usr/lpp/bos.rte{}/inst_root/usr/share/lib/objrepos/{number:08}.vpd, {} bytes, 12 media blocks.",
                number % 61, number % 65_536
            ),
        }
        .unwrap();
    }
    log.into_bytes()
}

pub(crate) async fn measure() {
    let program = Program::start(100).await;
    let options = PrivatePostgres::options_of(program.data()).await.unwrap();
    let pool = store::connect(options).await.unwrap();
    let log = log();
    let lines = log.iter().filter(|byte| **byte == b'\n').count();
    row("the log", &format!("{} MB, {lines} lines of {} bytes", log.len() >> 20, log.len() / lines));
    let (mut best, mut base, mut same) = (f64::MAX, f64::MAX, f64::MAX);
    for _ in 0..ROUNDS {
        let fence = run::claimed(&pool).await;
        let job = Job::of_attempt(fence.migration, 1);
        let folder = program.lab().join("hosts/nim1/root").join(job.folder());
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("out"), &log).unwrap();

        base = base.min(cat(&program, &job, &[]));
        same = same.min(cat(&program, &job, &["-c", "aes256-gcm@openssh.com"]));

        let begun = Instant::now();
        let connection = Connection::open(&address(&program), Terms::default()).await.unwrap();
        let mut ingest = Ingest::resume(&pool, &Bus::new(pool.clone()), fence, 1, Position::default()).await.unwrap();
        let mut stream = job.rest(&connection, 0).await.unwrap();
        while let Some(piece) = stream.next().await.unwrap() {
            if let Piece::Stdout(bytes) = piece {
                ingest.take(&bytes).await.unwrap();
            }
        }
        ingest.finish().await.unwrap();
        best = best.min(begun.elapsed().as_secs_f64());
        assert_eq!(stored(&pool, fence.migration).await, (Sha256::digest(&log).to_vec(), lines as i64));
        let mut tx = store::begin(&pool).await.unwrap();
        sqlx::query("DELETE FROM migration WHERE id = $1").bind(fence.migration).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
        fs::remove_dir_all(folder).unwrap();
    }
    let speed = |seconds: f64| (log.len() as f64 / seconds / 1e6, lines as f64 / seconds);
    let ((ours, our_lines), (theirs, their_lines)) = (speed(best), speed(base));
    row("baseline: ssh host cat", &format!("{theirs:.0} MB/s, {their_lines:.0} lines/s"));
    row("baseline: the same with nimdeck's cipher", &format!("{:.0} MB/s", speed(same).0));
    row("into PostgreSQL, committed to disk", &format!("{ours:.0} MB/s, {our_lines:.0} lines/s"));
    goal("at least half as fast as ssh", &format!("{:.0} %", ours / theirs * 100.0), ours >= theirs / 2.0);
    goal("at least 300 000 lines a second", &format!("{our_lines:.0}"), our_lines >= 300_000.0);
}

/// Seconds that OpenSSH's client needs for the file.
fn cat(program: &Program, job: &Job, options: &[&str]) -> f64 {
    let begun = Instant::now();
    let mut ssh = Command::new("ssh");
    ssh.arg("-F").arg(program.lab().join("ssh_config")).args(options);
    ssh.args(["nim1", &format!("cat {}/out", job.folder())]);
    assert!(ssh.stdout(Stdio::null()).status().unwrap().success());
    begun.elapsed().as_secs_f64()
}

/// How to reach the lab's master, as the lab tells `ssh`.
fn address(program: &Program) -> Address {
    let known = fs::read_to_string(program.lab().join("known_hosts")).unwrap();
    let (place, pinned) = known.lines().next().unwrap().split_once(' ').unwrap();
    let place = place.replace(['[', ']'], "");
    let (host, port) = place.rsplit_once(':').unwrap();
    Address {
        host: host.to_owned(),
        port: port.parse().unwrap(),
        user: lab::USER.to_owned(),
        pin: Pin::Key(pinned.parse().unwrap()),
        key: key::load_or_create(&program.lab().join("id_ed25519")).unwrap(),
    }
}

/// Hash of the bytes, and the number of lines, as they are stored.
async fn stored(pool: &PgPool, migration: uuid::Uuid) -> (Vec<u8>, i64) {
    use futures::TryStreamExt;
    let mut hash = Sha256::new();
    let mut bodies = std::pin::pin!(store::log::bodies(pool, migration, 1));
    while let Some(body) = bodies.try_next().await.unwrap() {
        hash.update(&body);
    }
    let lines = sqlx::query_scalar("SELECT log_lines FROM migration WHERE id = $1").bind(migration);
    (hash.finalize().to_vec(), lines.fetch_one(pool).await.unwrap())
}
