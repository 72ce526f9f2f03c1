//! The weather of a host's network: between the socket and the SSH server, and switchable while connections are open.
//!
//! Every connection goes through a relay, in fair weather too: what is put in only when it is needed could not freeze a
//! connection that is open already, which is the case that matters. The relay holds at most two pieces of 64 KiB a connection,
//! and a peer that stops reading stops the other side as before.

use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex, split},
    net::TcpStream,
    sync::watch,
    time::{Instant, sleep, sleep_until},
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

/// The most that is under way in one direction.
const PIECE: usize = 64 << 10;

/// The other end of a relayed connection, for the SSH server; the relay itself runs until both ends are closed, or one cut.
pub(super) fn relayed(
    socket: TcpStream,
    weather: watch::Receiver<Weather>,
) -> (DuplexStream, impl Future<Output = ()>) {
    let (server, middle) = duplex(PIECE);
    let relay = async move {
        let opened = Instant::now();
        let (mut from_peer, mut to_peer) = socket.into_split();
        let (mut from_server, mut to_server) = split(middle);
        let both = async {
            tokio::join!(
                carry(&mut from_peer, &mut to_server, weather.clone()),
                carry(&mut from_server, &mut to_peer, weather.clone()),
            )
        };
        tokio::select! {
            _ = both => {}
            () = dropped(opened, weather.clone()) => {}
        }
    };
    (server, relay)
}

/// Copies one direction to its end, a piece at a time, as the weather lets it.
async fn carry(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    mut weather: watch::Receiver<Weather>,
) {
    let mut piece = vec![0; PIECE];
    loop {
        let wanted = match *weather.borrow() {
            // So little that the rate is felt evenly.
            Weather::Slow { bytes_per_second, .. } => (bytes_per_second as usize / 10).clamp(1, PIECE),
            _ => PIECE,
        };
        let Ok(count @ 1..) = from.read(&mut piece[..wanted]).await else { break };
        loop {
            let now = *weather.borrow_and_update();
            match now {
                Weather::Frozen if weather.changed().await.is_ok() => {}
                Weather::Slow { delay, bytes_per_second } => {
                    let rate = f64::from(bytes_per_second.max(1));
                    sleep(delay + Duration::from_secs_f64(count as f64 / rate)).await;
                    break;
                }
                _ => break,
            }
        }
        if to.write_all(&piece[..count]).await.is_err() {
            break;
        }
    }
    // The end of one direction is passed on; an error means that the other side is gone already.
    drop(to.shutdown().await);
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
