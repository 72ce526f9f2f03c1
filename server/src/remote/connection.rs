//! One SSH connection to one master.
//!
//! A running job has a connection of its own: russh stops reading a whole connection when one of its channels is not
//! drained, so a slow database would otherwise freeze commands that have nothing to do with it.
//!
//! Every wait has an end, whatever the host does: connecting, signing in, opening a channel, a command as a whole, a connection as a whole
//! where it was opened for somebody who waits. What a command prints is bounded by its caller. Only a follower of a running job may be
//! silent for hours; that the host lives is found out by keepalives then.

use super::{HostKey, Pin, RemoteError, socket::Socket};
use crate::places::Place;
use russh::{
    ChannelMsg, cipher, client,
    keys::{PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate},
};
use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout, timeout_at},
};
use uuid::Uuid;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const KEEPALIVE: Duration = Duration::from_secs(15);
/// How long a host may take to begin a command.
const CHANNEL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a command may be silent that prints a file.
const SILENCE: Duration = Duration::from_secs(60);
/// In the order of preference.
const CIPHERS: [cipher::Name; 5] =
    [cipher::AES_256_GCM, cipher::CHACHA20_POLY1305, cipher::AES_256_CTR, cipher::AES_192_CTR, cipher::AES_128_CTR];

/// Where a master is and how to sign in there.
#[derive(Clone)]
pub struct Address {
    /// Host name or address.
    pub host: String,
    /// SSH port.
    pub port: u16,
    /// User to sign in as.
    pub user: String,
    /// The key the host must offer.
    pub pin: Pin,
    /// The key to sign in with.
    pub key: Arc<PrivateKey>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}:{}", self.user, self.host, self.port)
    }
}

impl Address {
    fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// What a command came to.
#[derive(Debug, Clone)]
pub struct Output {
    /// Its exit status; none where a signal ended it.
    pub status: Option<u32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Output {
    /// Standard output as text; invalid UTF-8 becomes U+FFFD.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text, trimmed.
    #[must_use]
    pub fn error_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).trim().to_owned()
    }
}

/// An open, authenticated connection. Dropping it closes it.
pub struct Connection {
    session: client::Handle<Verifier>,
    place: String,
    /// When it must not be used any more.
    until: Option<Instant>,
}

/// What a connection is given when it is opened.
#[derive(Debug, Default)]
pub struct Terms {
    /// A place at the host, given back when the socket is closed, which may be later than the [`Connection`] is dropped.
    pub place: Option<Place<Uuid>>,
    /// How long it may be used; without a limit where there is none.
    pub longest: Option<Duration>,
}

/// Checks the host key; remembers what was offered, for the error and for the page that lets somebody pin it.
struct Verifier {
    pin: Pin,
    offered: Arc<Mutex<Option<HostKey>>>,
}

impl client::Handler for Verifier {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = key else {
            return Ok(false);
        };
        let offered = HostKey::new(key.clone());
        let accepted = matches!(&self.pin, Pin::Key(pinned) if *pinned == offered);
        *self.offered.lock().unwrap_or_else(PoisonError::into_inner) = Some(offered);
        Ok(accepted)
    }
}

impl Connection {
    /// Connects, checks the host key, signs in.
    ///
    /// # Errors
    /// [`RemoteError::Unreachable`], [`RemoteError::HostKeyUnknown`], [`RemoteError::HostKeyChanged`],
    /// [`RemoteError::Refused`] or [`RemoteError::Silent`].
    pub async fn open(address: &Address, terms: Terms) -> Result<Self, RemoteError> {
        let until = terms.longest.map(|longest| Instant::now() + longest);
        let place = address.place();
        let offered = Arc::new(Mutex::new(None));
        let verifier = Verifier { pin: address.pin.clone(), offered: offered.clone() };
        let connect = async {
            let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
            stream.set_nodelay(true)?;
            let socket = Socket::new(stream, terms.place);
            client::connect_stream(Arc::new(config(&address.pin)), socket, verifier).await
        };
        let session = match timeout(CONNECT_TIMEOUT, connect).await {
            Err(_) => return Err(RemoteError::Silent { host: place, seconds: CONNECT_TIMEOUT.as_secs() }),
            Ok(Ok(session)) => session,
            Ok(Err(error)) => {
                let offered = offered.lock().unwrap_or_else(PoisonError::into_inner).take();
                return Err(refused_key(place.clone(), &address.pin, offered)
                    .unwrap_or_else(|| RemoteError::Unreachable { host: place, source: Box::new(error) }));
            }
        };
        let mut connection = Self { session, place, until };
        connection.sign_in(address).await?;
        Ok(connection)
    }

    async fn sign_in(&mut self, address: &Address) -> Result<(), RemoteError> {
        let lost = |place: &str, source| RemoteError::Lost { host: place.to_owned(), source: Some(source) };
        let sign_in = async {
            let rsa = self.session.best_supported_rsa_hash().await?.flatten();
            let key = PrivateKeyWithHashAlg::new(address.key.clone(), rsa);
            self.session.authenticate_publickey(&address.user, key).await
        };
        match timeout(CONNECT_TIMEOUT, sign_in).await {
            Err(_) => Err(RemoteError::Silent { host: self.place.clone(), seconds: CONNECT_TIMEOUT.as_secs() }),
            Ok(Err(error)) => Err(lost(&self.place, error)),
            Ok(Ok(result)) if result.success() => Ok(()),
            Ok(Ok(_)) => Err(RemoteError::Refused { host: self.place.clone(), user: address.user.clone() }),
        }
    }

    /// Runs a command with the given standard input and waits for its end.
    ///
    /// # Errors
    /// [`RemoteError::Lost`] where the connection breaks first, [`RemoteError::Silent`] after `patience`,
    /// [`RemoteError::TooMuch`] beyond `limit` bytes of output.
    pub async fn run(
        &self,
        command: &str,
        stdin: &[u8],
        patience: Duration,
        limit: usize,
    ) -> Result<Output, RemoteError> {
        let began = Instant::now();
        let end = self.until.map_or(began + patience, |until| until.min(began + patience));
        match timeout_at(end, self.run_unhurried(command, stdin, limit)).await {
            Ok(result) => result,
            Err(_) => Err(RemoteError::Silent { host: self.place.clone(), seconds: began.elapsed().as_secs() }),
        }
    }

    async fn run_unhurried(&self, command: &str, stdin: &[u8], limit: usize) -> Result<Output, RemoteError> {
        let mut stream = self.stream(command).await?;
        stream.send(stdin).await?;
        let mut output = Output { status: None, stdout: Vec::new(), stderr: Vec::new() };
        while let Some(piece) = stream.next().await? {
            let (buffer, bytes) = match piece {
                Piece::Stdout(bytes) => (&mut output.stdout, bytes),
                Piece::Stderr(bytes) => (&mut output.stderr, bytes),
            };
            if buffer.len() + bytes.len() > limit {
                return Err(RemoteError::TooMuch { host: self.place.clone(), command: command.to_owned(), limit });
            }
            buffer.extend_from_slice(&bytes);
        }
        output.status = stream.status;
        Ok(output)
    }

    /// Starts a command whose output is taken piece by piece. It may be silent without limit.
    ///
    /// # Errors
    /// [`RemoteError::Lost`], [`RemoteError::Silent`].
    pub async fn stream(&self, command: &str) -> Result<Stream, RemoteError> {
        let lost = |source| RemoteError::Lost { host: self.place.clone(), source: Some(source) };
        let start = async {
            let channel = self.session.channel_open_session().await?;
            channel.exec(true, command).await?;
            Ok(channel)
        };
        let channel = match timeout(CHANNEL_TIMEOUT, start).await {
            Ok(channel) => channel.map_err(lost)?,
            Err(_) => return Err(RemoteError::Silent { host: self.place.clone(), seconds: CHANNEL_TIMEOUT.as_secs() }),
        };
        Ok(Stream { channel, place: self.place.clone(), status: None, signalled: false, silence: None, until: None })
    }

    /// Starts a command that prints a file and ends. It may take `longest` as a whole, and must not be silent for long.
    ///
    /// # Errors
    /// [`RemoteError::Lost`], [`RemoteError::Silent`].
    pub async fn print(&self, command: &str, longest: Duration) -> Result<Stream, RemoteError> {
        let stream = self.stream(command).await?;
        Ok(Stream { silence: Some(SILENCE), until: Some((Instant::now() + longest, longest)), ..stream })
    }
}

/// A command's output on its way.
pub struct Stream {
    channel: russh::Channel<client::Msg>,
    place: String,
    /// The exit status, once the stream has ended; none where a signal ended the command.
    pub status: Option<u32>,
    signalled: bool,
    /// How long it may print nothing.
    silence: Option<Duration>,
    /// When it must have ended, and after how long that is.
    until: Option<(Instant, Duration)>,
}

/// A piece of output.
pub enum Piece {
    /// Of standard output.
    Stdout(bytes::Bytes),
    /// Of standard error.
    Stderr(bytes::Bytes),
}

impl Stream {
    async fn send(&mut self, stdin: &[u8]) -> Result<(), RemoteError> {
        let lost = |source| RemoteError::Lost { host: self.place.clone(), source: Some(source) };
        if !stdin.is_empty() {
            self.channel.data(stdin).await.map_err(lost)?;
        }
        self.channel.eof().await.map_err(lost)
    }

    /// The next piece; `None` once the command has ended and everything it printed was given out.
    ///
    /// # Errors
    /// [`RemoteError::Lost`] where the stream ends without saying how the command did; [`RemoteError::Silent`] where it takes longer than
    /// it may.
    pub async fn next(&mut self) -> Result<Option<Piece>, RemoteError> {
        let quiet = self.silence.map(|silence| (Instant::now() + silence, silence));
        let ends = [quiet, self.until].into_iter().flatten().min();
        loop {
            let waited = match ends {
                None => self.channel.wait().await,
                Some((end, allowed)) => match timeout_at(end, self.channel.wait()).await {
                    Ok(waited) => waited,
                    Err(_) => {
                        return Err(RemoteError::Silent { host: self.place.clone(), seconds: allowed.as_secs() });
                    }
                },
            };
            match waited {
                Some(ChannelMsg::Data { data }) => return Ok(Some(Piece::Stdout(data))),
                Some(ChannelMsg::ExtendedData { data, .. }) => return Ok(Some(Piece::Stderr(data))),
                Some(ChannelMsg::ExitStatus { exit_status }) => self.status = Some(exit_status),
                Some(ChannelMsg::ExitSignal { .. }) => self.signalled = true,
                // OpenSSH sends the end of the data before the exit status: go on until the channel is gone.
                Some(_) => {}
                None if self.status.is_some() || self.signalled => return Ok(None),
                None => return Err(RemoteError::Lost { host: self.place.clone(), source: None }),
            }
        }
    }
}

fn config(pin: &Pin) -> client::Config {
    let mut config = client::Config {
        // Hours without output are normal; a dead peer is found by keepalives, not by silence.
        inactivity_timeout: None,
        keepalive_interval: Some(KEEPALIVE),
        keepalive_max: 3,
        nodelay: true,
        ..client::Config::default()
    };
    // Both are safe; this one is done by the CPU's own AES instructions, here and on POWER8 and later.
    config.preferred.cipher = Cow::Borrowed(&CIPHERS);
    // Ask for the algorithm that is pinned: a host that has gained a key of another kind is still the same host.
    if let Pin::Key(key) = pin {
        config.preferred.key = Cow::Owned(vec![key.algorithm()]);
    }
    config
}

fn refused_key(host: String, pin: &Pin, offered: Option<HostKey>) -> Option<RemoteError> {
    let offered = offered?;
    match pin {
        Pin::Nobody => Some(RemoteError::HostKeyUnknown { host, offered }),
        Pin::Key(pinned) if *pinned != offered => {
            Some(RemoteError::HostKeyChanged { host, offered, pinned: pinned.clone() })
        }
        Pin::Key(_) => None,
    }
}
