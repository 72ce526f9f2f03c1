//! Clients at many addresses: all of 127.0.0.0/8 is this machine.

use crate::rest::Answer;
use crate::support::PASSWORD;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};

/// After this long without an answer the server hangs.
const HANGS: Duration = Duration::from_secs(120);

/// The address of a stranger.
pub(crate) fn stranger(number: usize) -> IpAddr {
    let [.., high, low] = u32::try_from(number).unwrap().to_be_bytes();
    IpAddr::V4(Ipv4Addr::new(127, 1, high, low))
}

/// A connection from this address.
pub(crate) async fn connect(from: IpAddr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    socket.connect(to).await
}

/// An answer, and after how many seconds the server wants to be asked again.
pub(crate) struct Told {
    pub(crate) answer: Answer,
    pub(crate) retry_after: Option<u64>,
}

impl Told {
    /// Whether it is a refusal by a limit, as the contract has it.
    pub(crate) fn is_limit(&self) -> bool {
        let limit = self.answer.status == 429;
        assert!(!limit || self.retry_after.is_some_and(|seconds| seconds > 0), "429 without Retry-After");
        limit
    }
}

/// Sends a request from this address, on a connection of its own.
pub(crate) async fn send(from: IpAddr, make: impl FnOnce(&reqwest::Client) -> reqwest::RequestBuilder) -> Told {
    let http = reqwest::Client::builder().local_address(from).build().unwrap();
    let response = make(&http).timeout(HANGS).send().await.unwrap();
    let retry_after = response.headers().get("retry-after").map(|seconds| seconds.to_str().unwrap().parse().unwrap());
    let status = response.status().as_u16();
    Told { answer: Answer { status, body: response.json().await.unwrap_or(Value::Null) }, retry_after }
}

/// Tries to sign in from this address.
pub(crate) async fn sign_in(from: IpAddr, to: SocketAddr, name: &str, password: &str) -> Told {
    let body = json!({ "username": name, "password": password });
    send(from, |http| http.post(format!("http://{to}/api/v1/session")).json(&body)).await
}

/// Signs in with the right password.
pub(crate) async fn sign_in_right(from: IpAddr, to: SocketAddr, name: &str) -> Told {
    sign_in(from, to, name, PASSWORD).await
}
