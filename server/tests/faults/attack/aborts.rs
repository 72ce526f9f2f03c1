//! Requests whose sender leaves before the answer.

use super::from::connect;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// Sends a request and closes the connection after `patience`, whatever has come by then.
pub(crate) async fn abort(to: SocketAddr, head: &str, body: &str, patience: Duration) {
    abort_from(Ipv4Addr::LOCALHOST.into(), to, head, body, patience).await;
}

/// The same from this address.
pub(crate) async fn abort_from(from: IpAddr, to: SocketAddr, head: &str, body: &str, patience: Duration) {
    let request = format!("{head}\r\nHost: {to}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    // A server under attack may refuse the connection.
    let Ok(mut connection) = connect(from, to).await else { return };
    if connection.write_all(request.as_bytes()).await.is_ok() {
        tokio::time::sleep(patience).await;
    }
}
