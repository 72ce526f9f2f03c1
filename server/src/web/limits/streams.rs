//! How many streams of events are open.
//!
//! A stream holds a connection for hours, and its memory. Its place is held by the body that is sent, so it ends with it.

use super::{Refusal, Source};
use crate::places::{Place, Places};
use app::model::Caller;
use std::time::Duration;
use uuid::Uuid;

/// When a stream that was refused should be tried again.
const AGAIN: Duration = Duration::from_secs(15);

/// The streams.
#[derive(Debug)]
pub struct Streams {
    of_user: Places<Uuid>,
    of_source: Places<Source>,
}

/// The place of an open stream.
#[derive(Debug)]
pub struct StreamPlace {
    _user: Place<Uuid>,
    _source: Place<Source>,
}

impl Streams {
    /// So many for a user, for a source, and in all.
    #[must_use]
    pub fn new(of_user: usize, of_source: usize, all: usize) -> Self {
        Self { of_user: Places::new(of_user, 0, all), of_source: Places::new(of_source, 0, all) }
    }

    /// A place for a stream.
    ///
    /// # Errors
    /// There is none: too many are open.
    pub fn open(&self, caller: &Caller, source: Source) -> Result<StreamPlace, Refusal> {
        let user = self.of_user.try_take(caller.id).ok_or_else(|| {
            Refusal::busy("You have as many live streams open as one user may have. Close some tabs.", AGAIN)
        })?;
        let source = self.of_source.try_take(source).ok_or_else(|| {
            Refusal::busy("As many live streams are open from your address as may be. Close some tabs.", AGAIN)
        })?;
        Ok(StreamPlace { _user: user, _source: source })
    }
}
