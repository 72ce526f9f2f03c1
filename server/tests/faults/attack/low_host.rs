//! Low: `Host` was not checked, so a page whose name is made to lead here (DNS rebinding) could read what nimdeck answers.

use super::from::connect;
use crate::program::Program;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The whole answer to a request of these lines.
async fn answer(to: SocketAddr, lines: &[&str]) -> String {
    let mut connection = connect(IpAddr::V4(Ipv4Addr::LOCALHOST), to).await.unwrap();
    let request = format!("{}\r\nConnection: close\r\n\r\n", lines.join("\r\n"));
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn low_host_is_checked() {
    let program = Program::start_with(1, &[]).await;
    let to = program.address();
    let own = format!("Host: {to}");
    let local = format!("Host: localhost:{}", to.port());
    for path in ["/sign-in", "/", "/api/v1/session", "/api/v1/clients", "/pkg/nothing", "/nothing"] {
        let get = format!("GET {path} HTTP/1.1");
        for foreign in [
            &["Host: evil.example"][..],
            &["Host: 127.0.0.1.evil.example"],
            &["Host: 192.0.2.1"],
            &["Host: "],
            &[&own, "Host: evil.example"],
        ] {
            let answer = answer(to, &[&[get.as_str()], foreign].concat()).await;
            let refused = answer.starts_with("HTTP/1.1 421 ") || answer.starts_with("HTTP/1.1 400 ");
            assert!(refused, "{path} {foreign:?}: {answer}");
        }
        let absolute = format!("GET http://evil.example{path} HTTP/1.1");
        assert!(answer(to, &[&absolute, &own]).await.starts_with("HTTP/1.1 421 "), "{path}, as a whole address");
        for host in [&own, &local] {
            assert!(!answer(to, &[&get, host]).await.starts_with("HTTP/1.1 421 "), "{path} {host}");
        }
    }
    let refused = answer(to, &["GET /api/v1/session HTTP/1.1", "Host: evil.example"]).await;
    assert!(refused.contains("ND0111") && refused.contains("allowed_hosts"), "{refused}");
    // What watches the server asks for it by any name.
    for path in ["/healthz", "/readyz", "/metrics"] {
        let answer = answer(to, &[&format!("GET {path} HTTP/1.1"), "Host: deck-1.internal"]).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
    }
}
