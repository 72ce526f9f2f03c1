//! A network between nimdeck and a master that can be cut.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// Whether the cable is in.
    up: watch::Sender<bool>,
    /// Bytes that nimdeck sent to the master.
    sent: Arc<AtomicU64>,
}

impl Proxy {
    pub(crate) async fn to(master: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (up, state) = watch::channel(true);
        let sent = Arc::new(AtomicU64::new(0));
        let counter = sent.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, master, state.clone(), counter.clone()));
            }
        });
        Self { port, up, sent }
    }

    /// Breaks every connection; new ones break at once until [`Proxy::mend`].
    pub(crate) fn cut(&self) {
        self.up.send_replace(false);
    }

    pub(crate) fn mend(&self) {
        self.up.send_replace(true);
    }

    pub(crate) fn bytes_sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

async fn carry(client: TcpStream, master: SocketAddr, mut up: watch::Receiver<bool>, sent: Arc<AtomicU64>) {
    let Ok(master) = TcpStream::connect(master).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_master, mut to_master) = master.into_split();
    let there = async {
        let mut buffer = [0; 16 << 10];
        while let Ok(length @ 1..) = from_client.read(&mut buffer).await {
            sent.fetch_add(length as u64, Ordering::SeqCst);
            if to_master.write_all(&buffer[..length]).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = there => {}
        _ = tokio::io::copy(&mut from_master, &mut to_client) => {}
        _ = up.wait_for(|up| !up) => {}
    }
}
