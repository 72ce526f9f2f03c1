//! H4: a viewer opened two thousand streams; others waited, then got 503, and the engine lost its claims.

use super::from::connect;
use crate::program::Program;
use crate::rest::until;
use futures::{StreamExt, stream};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const STREAMS: usize = 2000;
/// How many of them come at the same time.
const AT_ONCE: usize = 64;
/// More than anybody has tabs, fewer than hurt others.
const SHARE: std::ops::Range<usize> = 32..513;
const HANGS: Duration = Duration::from_secs(60);

/// The head of the answer to a request for a stream, and its connection.
async fn open(to: SocketAddr, token: &str) -> (String, BufReader<TcpStream>) {
    let mut connection = connect(HERE, to).await.unwrap();
    let request =
        format!("GET /api/v1/events?topics=fleet HTTP/1.1\r\nHost: {to}\r\nAuthorization: Bearer {token}\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut connection = BufReader::new(connection);
    let mut head = String::new();
    let whole = async { while connection.read_line(&mut head).await.unwrap() > 2 {} };
    tokio::time::timeout(HANGS, whole).await.unwrap();
    (head, connection)
}

fn is_open(head: &str) -> bool {
    head.starts_with("HTTP/1.1 200 ")
}

#[tokio::test(flavor = "multi_thread")]
async fn h4_streams_beyond_the_share_of_a_user_are_refused_and_hurt_nobody() {
    server::web::limits::descriptors::raise();
    let program = Program::start(1).await;
    let jane = program.person("jane", "viewer").await;
    program.person("eve", "viewer").await;
    let (to, token, janes) = (program.address(), program.token("eve").await, program.token("jane").await);
    let (token, held) = (&token, std::sync::Mutex::new(Vec::new()));
    let attack = stream::iter(0..STREAMS).for_each_concurrent(AT_ONCE, |_| async {
        let (head, connection) = open(to, token).await;
        if is_open(&head) {
            return held.lock().unwrap().push(connection);
        }
        assert!(head.starts_with("HTTP/1.1 429 ") && head.to_lowercase().contains("retry-after: "), "{head}");
    });
    let others = async {
        for _ in 0..20 {
            jane.get("/clients").await.ok();
            jane.get("/migrations").await.ok();
        }
    };
    tokio::join!(attack, others);
    let held = held.into_inner().unwrap();
    assert!(SHARE.contains(&held.len()), "{} of {STREAMS} streams of one viewer are open", held.len());
    jane.get("/clients").await.ok();
    assert!(is_open(&open(to, &janes).await.0), "another viewer gets a stream");
    drop(held);
    until("the share is given back", || async { is_open(&open(to, token).await.0).then_some(()) }).await;
}
