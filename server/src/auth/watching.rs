//! Whether those who opened a stream may still see it.
//!
//! A stream lives for hours and its right was checked once. So it is checked again, for all streams of this process together: one
//! question about all sessions and one about all tokens, however many streams there are. Each stream asking for itself would be
//! a load that grows with the viewers and finds the same for nearly all of them.

use super::{session_layer, token};
use crate::background::{Background, Every};
use crate::store;
use http::HeaderMap;
use sqlx::PgPool;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use tower_sessions::Session;

/// How long an open stream may outlive the right to see it.
const REVOKED_AFTER: Duration = Duration::from_secs(15);

/// By what right a stream was opened; the hash as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Right {
    Session([u8; 32]),
    Token([u8; 32]),
}

/// The rights by which streams of this process are open.
#[derive(Debug)]
pub struct Rights {
    pool: PgPool,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    /// Each right, what tells that it is gone, and how many streams are open by it.
    held: HashMap<Right, (CancellationToken, usize)>,
}

/// A right as long as a stream is open by it.
pub struct Held {
    rights: Arc<Rights>,
    right: Right,
    revoked: CancellationToken,
}

impl Rights {
    /// None yet.
    #[must_use]
    pub fn new(pool: PgPool) -> Arc<Self> {
        Arc::new(Self { pool, open: Mutex::default() })
    }

    /// Ends streams whose right is gone, from now on. A database that is away ends none.
    pub fn watch(self: &Arc<Self>, background: &Background, stop: CancellationToken) {
        let rights = self.clone();
        background.repeat(Every::new("stream rights", REVOKED_AFTER), stop, move || {
            let rights = rights.clone();
            async move { Ok(rights.check().await?) }
        });
    }

    /// Takes note of a stream and of the right it was opened by; none where it has none.
    #[must_use]
    pub fn hold(self: &Arc<Self>, session: &Session, headers: &HeaderMap) -> Option<Held> {
        let right = match (token::from_headers(headers), session.id()) {
            (Ok(Some(token)), _) => Right::Token(token::hash(token)),
            (_, Some(id)) => Right::Session(session_layer::hash(&id)),
            _ => return None,
        };
        let mut open = self.lock();
        let (revoked, streams) = open.held.entry(right).or_default();
        *streams += 1;
        Some(Held { rights: self.clone(), right, revoked: revoked.clone() })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the streams whose right is gone.
    async fn check(&self) -> Result<(), sqlx::Error> {
        let (mut sessions, mut tokens) = (Vec::new(), Vec::new());
        for right in self.lock().held.keys() {
            match right {
                Right::Session(hash) => sessions.push(hash.to_vec()),
                Right::Token(hash) => tokens.push(hash.to_vec()),
            }
        }
        if sessions.is_empty() && tokens.is_empty() {
            return Ok(());
        }
        let gone_sessions = store::session::gone(&self.pool, &sessions).await?.into_iter();
        let gone_tokens = store::token::gone(&self.pool, &tokens).await?.into_iter();
        let gone = gone_sessions.filter_map(|hash| hash.try_into().ok().map(Right::Session));
        let gone = gone.chain(gone_tokens.filter_map(|hash| hash.try_into().ok().map(Right::Token)));
        let open = self.lock();
        for (revoked, _) in gone.filter_map(|right| open.held.get(&right)) {
            revoked.cancel();
        }
        Ok(())
    }
}

impl Held {
    /// Comes back once the right is gone: signed out, disabled, token revoked.
    pub async fn revoked(self) {
        self.revoked.cancelled().await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut open = self.rights.lock();
        if let Some((_, streams)) = open.held.get_mut(&self.right) {
            *streams -= 1;
            if *streams == 0 {
                open.held.remove(&self.right);
            }
        }
    }
}
