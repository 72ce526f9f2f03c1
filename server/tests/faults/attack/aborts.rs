//! Requests whose sender leaves before the answer.

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Sends a request and closes the connection after `patience`, whatever has come by then.
pub(crate) async fn abort(to: SocketAddr, head: &str, body: &str, patience: Duration) {
    let request = format!("{head}\r\nHost: {to}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    // A server under attack may refuse the connection.
    let Ok(mut connection) = TcpStream::connect(to).await else { return };
    if connection.write_all(request.as_bytes()).await.is_ok() {
        tokio::time::sleep(patience).await;
    }
}
