//! Connections to masters by their id, and what each try teaches about them.

use super::{
    gates::{Full, Gates, Purpose},
    turns::Turns,
};
use crate::{
    error,
    remote::{Address, Connection, HostKey, Pin, RemoteError, Terms},
    store::{self, master},
};
use app::model::Problem;
use russh::keys::PrivateKey;
use sqlx::PgPool;
use std::sync::Arc;
use uuid::Uuid;

/// Opens connections.
#[derive(Clone)]
pub struct Masters {
    pool: PgPool,
    keys: Keys,
    /// For calls that NIM rejects when they are concurrent.
    pub(super) turns: Turns,
    gates: Gates,
    purpose: Purpose,
}

/// What nimdeck signs in with. The lab has a key of its own: a real host must never be offered one that a simulation made.
#[derive(Clone)]
pub struct Keys {
    /// For real masters.
    pub own: Arc<PrivateKey>,
    /// For the lab's, while it runs.
    pub lab: Option<Arc<PrivateKey>>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The database cannot be asked for the master's address.
    #[error("the database refused a query")]
    Database(#[from] sqlx::Error),
    /// There is no such master.
    #[error("there is no master {0}")]
    NoSuchMaster(Uuid),
    /// The master has all the connections it may have.
    #[error("the NIM master {0} is busy: it has all the connections that nimdeck opens to one master")]
    Busy(String),
    /// The host itself.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

impl ConnectError {
    /// The problem for the person whose request met it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        match self {
            Self::Database(source) => error::database(source),
            Self::NoSuchMaster(id) => {
                error::NOT_FOUND.problem(format!("There is no NIM master {id}. List them at /api/v1/masters."))
            }
            Self::Busy(_) => error::MASTER_BUSY.problem(format!("{self}. Try again in a moment.")),
            Self::Remote(source) => source.problem(),
        }
    }
}

impl Masters {
    /// Connections signed in with these keys.
    #[must_use]
    pub fn new(pool: PgPool, keys: Keys) -> Self {
        Self { turns: Turns::new(pool.clone()), pool, keys, gates: Gates::default(), purpose: Purpose::Request }
    }

    /// The same connections for another purpose. Without it they are for people.
    #[must_use]
    pub fn serving(&self, purpose: Purpose) -> Self {
        Self { purpose, ..self.clone() }
    }

    /// The same with another pool: what people ask for must not take the engine's connections.
    #[must_use]
    pub fn on(&self, pool: PgPool) -> Self {
        Self { turns: self.turns.on(pool.clone()), pool, ..self.clone() }
    }

    /// Connects to a master, and remembers whether it answered and which key it offered.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn connect(&self, id: Uuid) -> Result<Connection, ConnectError> {
        let row = master::find(&self.pool, id).await?.ok_or(ConnectError::NoSuchMaster(id))?;
        let key = if row.simulated { self.keys.lab.as_ref() } else { None };
        let pinned = row.pinned_key.as_deref().map(str::parse::<HostKey>).transpose();
        let address = Address {
            pin: pinned.map_err(crate::store::decode)?.map_or(Pin::Nobody, Pin::Key),
            port: u16::try_from(row.port).map_err(crate::store::decode)?,
            host: row.host,
            user: row.username,
            key: key.unwrap_or(&self.keys.own).clone(),
        };
        let place = self.gates.enter(id, self.purpose).await.map_err(|Full| ConnectError::Busy(row.name))?;
        // A worker gives its place back once it is connected.
        let (connecting, place) =
            if self.purpose == Purpose::Worker { (Some(place), None) } else { (None, Some(place)) };
        let opened = Connection::open(&address, Terms { place, longest: self.purpose.longest() }).await;
        drop(connecting);
        match opened {
            Ok(connection) => {
                let mut tx = store::begin(&self.pool).await?;
                master::answered(&mut tx, id).await?;
                tx.commit().await?;
                Ok(connection)
            }
            Err(error) => {
                let offered = match &error {
                    RemoteError::HostKeyUnknown { offered, .. } | RemoteError::HostKeyChanged { offered, .. } => {
                        Some(offered)
                    }
                    _ => None,
                };
                let mut tx = store::begin(&self.pool).await?;
                master::failed(&mut tx, id, &error.chain(), offered).await?;
                tx.commit().await?;
                Err(error.into())
            }
        }
    }
}
