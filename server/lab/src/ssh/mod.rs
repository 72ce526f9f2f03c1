//! One host's SSH server.
//!
//! Each channel gets a task that owns the command it runs, so a silent command holds up nobody. Output goes through the channel's
//! window: a reader that stops reading stops the command, as a pipe would, and nothing piles up here.

mod backlog;
mod channel;
mod process;
mod sftp;
mod terminal;
pub(crate) mod weather;

use crate::{model::Power, store::Store};
use russh::{
    Channel, MethodKind, MethodSet,
    keys::PrivateKey,
    server::{self, Auth, ChannelOpenHandle, Config, Handler, Msg, Session, VerifiedPublicKey},
};
use std::{
    net::Shutdown,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::MissedTickBehavior,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use weather::Weather;

/// How often a host with open connections looks whether it went down.
const WATCH: Duration = Duration::from_millis(100);

/// What all connections of one host share.
#[derive(Clone)]
pub(crate) struct HostServer {
    pub(crate) store: Store,
    pub(crate) name: String,
    pub(crate) host_key: PrivateKey,
    /// Who may sign in.
    pub(crate) authorized: Arc<PrivateKey>,
    pub(crate) connections: Connections,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

/// The open sockets of a host, for cutting them.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<Mutex<Vec<std::net::TcpStream>>>);

impl Connections {
    fn add(&self, stream: std::net::TcpStream) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Those that ended meanwhile have no peer any more.
        open.retain(|stream| stream.peer_addr().is_ok());
        open.push(stream);
    }

    /// Cuts every connection now, in the middle of whatever it carries.
    pub(crate) fn cut(&self) {
        for stream in self.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            drop(stream.shutdown(Shutdown::Both));
        }
    }

    /// Whether nobody is connected.
    fn is_empty(&self) -> bool {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|stream| stream.peer_addr().is_ok());
        open.is_empty()
    }
}

impl HostServer {
    /// Serves until stopped. A host without connections does nothing but wait for one: a thousand of them cost nothing.
    pub(crate) async fn serve(self, listener: TcpListener) {
        let config = Arc::new(self.config(self.host_key.clone()));
        let (weather, _) = watch::channel(Weather::Fair);
        let mut tick = tokio::time::interval(WATCH);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.stop.cancelled() => break,
                _ = tick.tick(), if !self.connections.is_empty() => {
                    let now = self.look().await;
                    if matches!(now, None | Some(Weather::Refused)) {
                        self.connections.cut();
                    }
                    weather.send_if_modified(|known| std::mem::replace(known, now.unwrap_or_default()) != now.unwrap_or_default());
                }
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let now = self.look().await;
                        weather.send_replace(now.unwrap_or_default());
                        match now {
                            // A host that is down does not answer; closing at once is as near as a listening port comes.
                            None | Some(Weather::Refused) => {}
                            Some(Weather::OtherHostKey) => match self.changed_key() {
                                Ok(key) => self.welcome(stream, Arc::new(self.config(key)), weather.subscribe()),
                                Err(error) => tracing::error!(
                                    host = self.name,
                                    error = &error as &dyn std::error::Error,
                                    "cannot make another host key"
                                ),
                            },
                            Some(_) => self.welcome(stream, Arc::clone(&config), weather.subscribe()),
                        }
                    }
                    Err(error) => {
                        tracing::warn!(host = self.name, %error, "cannot accept a connection");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
            }
        }
        self.connections.cut();
    }

    fn config(&self, host_key: PrivateKey) -> Config {
        Config {
            methods: MethodSet::from(&[MethodKind::PublicKey][..]),
            auth_rejection_time: Duration::from_millis(1),
            auth_rejection_time_initial: Some(Duration::ZERO),
            keys: vec![host_key],
            inactivity_timeout: None,
            keepalive_interval: Some(Duration::from_secs(15)),
            // A frozen network must not end a connection from this side.
            keepalive_max: 0,
            nodelay: true,
            ..Config::default()
        }
    }

    /// Another key, always the same one.
    fn changed_key(&self) -> Result<PrivateKey, crate::LabError> {
        crate::keys::load_or_create(&self.store.host_dir(&self.name).join("ssh_host_ed25519_key.changed"))
    }

    /// The weather of a host that is up; none where it is down.
    async fn look(&self) -> Option<Weather> {
        let (store, name) = (self.store.clone(), self.name.clone());
        match tokio::task::spawn_blocking(move || store.host(&name)).await {
            Ok(Ok(host)) => (host.power == Power::Running).then(|| host.scenario.weather()),
            Ok(Err(error)) => {
                tracing::error!(host = self.name, error = &error as &dyn std::error::Error, "cannot read the host");
                None
            }
            Err(_) => None,
        }
    }

    fn welcome(&self, stream: TcpStream, config: Arc<Config>, weather: watch::Receiver<Weather>) {
        drop(stream.set_nodelay(true));
        let Ok(stream) = stream.into_std() else { return };
        let Ok(twin) = stream.try_clone() else { return };
        let Ok(stream) = TcpStream::from_std(stream) else { return };
        self.connections.add(twin);
        let peer = Peer { host: self.clone() };
        let (stream, relay) = weather::relayed(stream, weather);
        self.tasks.spawn(async move {
            let name = peer.host.name.clone();
            let session = async {
                match server::run_stream(config, stream, peer).await {
                    Ok(session) => session.await,
                    Err(error) => Err(error),
                }
            };
            let ((), ended) = tokio::join!(relay, session);
            if let Err(error) = ended {
                tracing::debug!(host = name, %error, "connection ended");
            }
        });
    }
}

/// One connection.
struct Peer {
    host: HostServer,
}

impl Handler for Peer {
    type Error = russh::Error;

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        let known = key.public_key.key_data() == self.host.authorized.public_key().key_data();
        Ok(if known && user == crate::USER { Auth::Accept } else { Auth::reject() })
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        reply.accept().await;
        self.host.tasks.spawn(channel::serve(channel, session.handle(), self.host.clone()));
        Ok(())
    }
}
