//! The weather of a host's network: between the socket and the SSH server, and switchable while connections are open.
//!
//! Every connection goes through a relay, in fair weather too: what is put in only when it is needed could not freeze a
//! connection that is open already, which is the case that matters. The relay holds at most eight pieces of 64 KiB a
//! direction, and a peer that stops reading stops the other side as before.

use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex, split},
    net::TcpStream,
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

/// What happens to a host's connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Weather {
    /// Nothing.
    #[default]
    Fair,
    /// Every piece takes so much longer, at so many bytes a second, in both directions.
    Slow { delay: Duration, bytes_per_second: u32 },
    /// Connections stay open and carry nothing; they go on when it is over.
    Frozen,
    /// Connections are closed at once, open ones are cut.
    Refused,
    /// Every connection is cut after that time.
    Dropping { after: Duration },
    /// New connections are greeted with another host key.
    OtherHostKey,
}

/// The most that is read at once.
const PIECE: usize = 64 << 10;
/// Pieces under way in one direction.
const UNDER_WAY: usize = 8;

/// The other end of a relayed connection, for the SSH server; the relay itself runs until both ends are closed, or one cut.
pub(super) fn relayed(
    socket: TcpStream,
    weather: watch::Receiver<Weather>,
) -> (DuplexStream, impl Future<Output = ()>) {
    let (server, middle) = duplex(PIECE);
    let relay = async move {
        let opened = Instant::now();
        let (from_peer, to_peer) = socket.into_split();
        let (from_server, to_server) = split(middle);
        let both = async {
            tokio::join!(carry(from_peer, to_server, weather.clone()), carry(from_server, to_peer, weather.clone()),)
        };
        tokio::select! {
            _ = both => {}
            () = dropped(opened, weather.clone()) => {}
        }
    };
    (server, relay)
}

/// Copies one direction to its end, a piece at a time, as the weather lets it. What is under way keeps its own time, so that the
/// delay is a delay and takes nothing from the rate.
async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, weather: watch::Receiver<Weather>) {
    let (sent, mut under_way) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let mut now = weather.clone();
    let reading = async move {
        let mut free = Instant::now();
        let mut piece = vec![0; PIECE];
        loop {
            let wanted = match *weather.borrow() {
                // So little that the rate is felt evenly.
                Weather::Slow { bytes_per_second, .. } => (bytes_per_second as usize / 10).clamp(1, PIECE),
                _ => PIECE,
            };
            let Ok(count @ 1..) = from.read(&mut piece[..wanted]).await else { break };
            let due = match *weather.borrow() {
                Weather::Slow { delay, bytes_per_second } => {
                    let time = Duration::from_secs_f64(count as f64 / f64::from(bytes_per_second.max(1)));
                    free = free.max(Instant::now()) + time;
                    free + delay
                }
                _ => Instant::now(),
            };
            if sent.send((due, piece[..count].to_vec())).await.is_err() {
                break;
            }
        }
    };
    let writing = async move {
        while let Some((due, piece)) = under_way.recv().await {
            sleep_until(due).await;
            while *now.borrow_and_update() == Weather::Frozen && now.changed().await.is_ok() {}
            if to.write_all(&piece).await.is_err() {
                break;
            }
        }
        // The end of one direction is passed on; an error means that the other side is gone already.
        drop(to.shutdown().await);
    };
    tokio::join!(reading, writing);
}

/// Ends when the weather says that a connection of that age is cut.
async fn dropped(opened: Instant, mut weather: watch::Receiver<Weather>) {
    loop {
        let now = *weather.borrow_and_update();
        let cut = async {
            match now {
                Weather::Dropping { after } => sleep_until(opened + after).await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            () = cut => return,
            changed = weather.changed() => if changed.is_err() { return std::future::pending().await },
        }
    }
}
