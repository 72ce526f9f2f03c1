//! A network that can be cut, frozen, and led to another host.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the cable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cable {
    Whole,
    Cut,
    /// Connections stay and carry nothing.
    Frozen,
}

#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) port: u16,
    cable: watch::Sender<Cable>,
    target: watch::Sender<SocketAddr>,
    /// Bytes that were sent to the target.
    sent: Arc<AtomicU64>,
    /// Connections that are open, and the most that were.
    open: Arc<AtomicUsize>,
    most_open: Arc<AtomicUsize>,
}

impl Proxy {
    pub(crate) async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let proxy = Self {
            port,
            cable: watch::Sender::new(Cable::Whole),
            target: watch::Sender::new(target),
            sent: Arc::default(),
            open: Arc::default(),
            most_open: Arc::default(),
        };
        let here = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let proxy = here.clone();
                tokio::spawn(async move {
                    let open = proxy.open.fetch_add(1, Ordering::SeqCst) + 1;
                    proxy.most_open.fetch_max(open, Ordering::SeqCst);
                    Box::pin(carry(client, proxy.clone())).await;
                    proxy.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        proxy
    }

    /// Breaks every connection; new ones break at once until [`Proxy::mend`].
    pub(crate) fn cut(&self) {
        self.cable.send_replace(Cable::Cut);
    }

    /// Nothing gets through, and nobody is told.
    pub(crate) fn freeze(&self) {
        self.cable.send_replace(Cable::Frozen);
    }

    pub(crate) fn mend(&self) {
        self.cable.send_replace(Cable::Whole);
    }

    /// Leads new connections somewhere else, and breaks the old ones.
    pub(crate) fn lead_to(&self, target: SocketAddr) {
        self.cut();
        self.target.send_replace(target);
        self.mend();
    }

    /// The most connections that were open at once.
    pub(crate) fn most_open(&self) -> usize {
        self.most_open.load(Ordering::SeqCst)
    }

    pub(crate) fn bytes_sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

async fn carry(client: TcpStream, proxy: Proxy) {
    let mut cable = proxy.cable.subscribe();
    // A cut that is mended at once must still break what was there.
    let cut = async {
        loop {
            if *cable.borrow_and_update() == Cable::Cut || cable.changed().await.is_err() {
                return;
            }
        }
    };
    let mut target = proxy.target.subscribe();
    let address = *target.borrow_and_update();
    let Ok(host) = TcpStream::connect(address).await else { return };
    // Without it the kernel holds a small packet back until the one before is acknowledged: 40 ms that no cable has.
    if client.set_nodelay(true).and(host.set_nodelay(true)).is_err() {
        return;
    }
    let (from_client, to_client) = client.into_split();
    let (from_host, to_host) = host.into_split();
    tokio::select! {
        () = copy(from_client, to_host, proxy.cable.subscribe(), Some(&proxy.sent)) => {}
        () = copy(from_host, to_client, proxy.cable.subscribe(), None) => {}
        () = cut => {}
        _ = target.changed() => {}
    }
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut cable: watch::Receiver<Cable>,
    count: Option<&AtomicU64>,
) {
    let mut buffer = [0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if cable.wait_for(|cable| *cable != Cable::Frozen).await.is_err() {
            return;
        }
        if let Some(count) = count {
            count.fetch_add(length as u64, Ordering::SeqCst);
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
