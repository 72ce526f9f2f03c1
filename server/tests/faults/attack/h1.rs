//! H1: connections that send half a head took every descriptor; nothing answered, and PostgreSQL was taken for dead.

use super::from::{connect, send, stranger};
use crate::program::Program;
use crate::rest::{until, until_within};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// As many files as the server may open, and more half heads than that.
const FILES: u32 = 600;
const HALF_HEADS: usize = 700;
/// How long people are served beside them: the private PostgreSQL is looked after every three seconds.
const ATTACK: Duration = Duration::from_secs(8);
/// After this long a head or a body that does not come must have been given up.
const GIVEN_UP: Duration = Duration::from_secs(60);

async fn half_a_head(from: IpAddr, to: SocketAddr) -> TcpStream {
    let mut connection = connect(from, to).await.unwrap();
    connection.write_all(format!("GET / HTTP/1.1\r\nHost: {to}\r\nX-Half:").as_bytes()).await.ok();
    connection
}

#[tokio::test(flavor = "multi_thread")]
async fn h1_half_heads_keep_nobody_out_and_are_not_taken_for_a_dead_database() {
    let program = Program::start_with_files(FILES).await;
    let (to, files) = (program.address(), || std::fs::read_dir(format!("/proc/{}/fd", program.pid())).unwrap().count());
    let before = files();
    let mut crowd = Vec::new();
    for _ in 0..HALF_HEADS {
        crowd.push(half_a_head(HERE, to).await);
    }
    let begun = Instant::now();
    while begun.elapsed() < ATTACK {
        // From the address of the crowd and from another one, each time on a new connection.
        for from in [HERE, stranger(1)] {
            let told = tokio::time::timeout(GIVEN_UP, send(from, |http| http.get(format!("http://{to}/readyz")))).await;
            assert_eq!(told.unwrap().answer.status, 200);
        }
        program.rest.get("/clients").await.ok();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let log = program.log();
    assert!(!log.contains("starting it again"), "PostgreSQL was taken for dead");
    drop(crowd);
    until("the descriptors are given back", || async { (files() < before + 30).then_some(()) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h1_a_head_and_a_body_that_do_not_come_are_given_up() {
    let program = Program::start(1).await;
    let to = program.address();
    let mut head = half_a_head(HERE, to).await;
    let mut body = connect(HERE, to).await.unwrap();
    let sign_in = format!(
        "POST /api/v1/session HTTP/1.1\r\nHost: {to}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    body.write_all(sign_in.as_bytes()).await.unwrap();
    // And one that says nothing at all.
    let mut silent = connect(HERE, to).await.unwrap();
    let ended = async |connection: &mut TcpStream| {
        let mut said = Vec::new();
        connection.read_to_end(&mut said).await.ok();
        String::from_utf8_lossy(&said).into_owned()
    };
    let all = async { tokio::join!(ended(&mut head), ended(&mut silent), ended(&mut body)) };
    let (.., answer) = tokio::time::timeout(GIVEN_UP, all).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("ND0112"), "{answer}");
    until_within(GIVEN_UP, "others are served", || async { program.rest.try_sign_in("admin").await }).await;
}
