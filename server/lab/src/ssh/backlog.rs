//! What a client has sent and its command has not read yet.
//!
//! A channel's queue has to be emptied at once, whatever the command does: the one loop of a connection waits for a full queue, and
//! with it wait all other sessions of that connection, and the very output that a command like `cat` must get rid of before
//! it reads on. russh gives a client new window as soon as data arrives, so a client is not held back either. Therefore data goes
//! on into memory, as far as [`MEMORY`] reaches, and then into a file without a name; memory stays bounded, and a session
//! that sends more than [`FILE`] unread bytes ends.

use bytes::Bytes;
use std::{
    collections::VecDeque,
    fs::File,
    io,
    os::unix::fs::FileExt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::Notify,
};

/// Bytes of one session kept in memory.
const MEMORY: usize = 1 << 20;
/// Bytes of one session kept in its file.
const FILE: u64 = 4 << 30;
/// Bytes read from the file at a time.
const CHUNK: u64 = 64 << 10;

/// One session's unread input; one side appends, one side feeds.
#[derive(Default)]
pub(super) struct Backlog {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    memory: VecDeque<Bytes>,
    /// Bytes in `memory`.
    held: usize,
    /// What did not fit, all of it later than what is in memory.
    file: Option<Arc<File>>,
    read: u64,
    written: u64,
    /// The appending side is between choosing its place and having written there: the file must not be replaced.
    writing: bool,
    ended: bool,
    /// Nobody reads any more.
    closed: bool,
}

/// What comes next for the reader.
enum Next {
    Chunk(Bytes),
    Stored(Arc<File>, u64, usize),
    Wait,
    End,
}

impl Backlog {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes data in without waiting for the command.
    ///
    /// # Errors
    /// Where the file cannot be made or written, or is full.
    pub(super) async fn append(&self, data: Bytes) -> io::Result<()> {
        if let Some((file, place)) = self.place(&data)? {
            let length = data.len() as u64;
            let file = if let Some(file) = file { file } else { Arc::new(blocking(tempfile::tempfile).await?) };
            let target = Arc::clone(&file);
            blocking(move || target.write_all_at(&data, place)).await?;
            let mut state = self.state();
            state.file = Some(file);
            state.written = place + length;
            state.writing = false;
        }
        self.changed.notify_one();
        Ok(())
    }

    /// Puts data into memory, or says where in the file it belongs.
    fn place(&self, data: &Bytes) -> io::Result<Option<(Option<Arc<File>>, u64)>> {
        let mut state = self.state();
        if state.closed || data.is_empty() {
            return Ok(None);
        }
        if state.file.is_none() && state.held + data.len() <= MEMORY {
            state.held += data.len();
            state.memory.push_back(data.clone());
            return Ok(None);
        }
        if state.written - state.read > FILE {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "too much unread standard input"));
        }
        state.writing = true;
        Ok(Some((state.file.clone(), state.written)))
    }

    /// No more comes.
    pub(super) fn end(&self) {
        self.state().ended = true;
        self.changed.notify_one();
    }

    /// Writes everything into `to` as it comes, and ends with it: at the end of input, or when `to` takes no more.
    pub(super) async fn feed(&self, mut to: impl AsyncWrite + Unpin) {
        loop {
            let chunk = match self.next() {
                Next::Chunk(chunk) => chunk,
                Next::Stored(file, place, length) => {
                    let read = move || {
                        let mut chunk = vec![0; length];
                        file.read_exact_at(&mut chunk, place).map(|()| chunk)
                    };
                    match blocking(read).await {
                        Ok(chunk) => {
                            self.state().read += chunk.len() as u64;
                            Bytes::from(chunk)
                        }
                        Err(error) => {
                            tracing::error!(%error, "cannot read stored standard input");
                            break;
                        }
                    }
                }
                Next::Wait => {
                    self.changed.notified().await;
                    continue;
                }
                Next::End => break,
            };
            if to.write_all(&chunk).await.is_err() || to.flush().await.is_err() {
                // The command does not read any more; what follows is dropped.
                break;
            }
        }
        let mut state = self.state();
        *state = State { closed: true, ..State::default() };
    }

    fn next(&self) -> Next {
        let mut state = self.state();
        if let Some(chunk) = state.memory.pop_front() {
            state.held -= chunk.len();
            return Next::Chunk(chunk);
        }
        if let Some(file) = &state.file {
            let left = state.written - state.read;
            if left > 0 {
                return Next::Stored(Arc::clone(file), state.read, usize::try_from(left.min(CHUNK)).unwrap_or(0));
            }
            if !state.writing {
                (state.file, state.read, state.written) = (None, 0, 0);
            }
        }
        if state.ended && !state.writing { Next::End } else { Next::Wait }
    }
}

/// Work on a file, off the runtime's threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn what_nobody_reads_waits_in_a_file_and_comes_out_whole_and_in_order() {
        let backlog = Backlog::default();
        let sent: Vec<u8> = (0..5 * MEMORY).map(|at| u8::try_from(at % 251).unwrap()).collect();
        for chunk in sent.chunks(30_000) {
            backlog.append(Bytes::copy_from_slice(chunk)).await.unwrap();
        }
        assert!(backlog.state().held <= MEMORY && backlog.state().file.is_some());
        let (near, mut far) = tokio::io::duplex(1000);
        let (received, ()) = tokio::join!(
            async {
                let mut received = vec![0; sent.len()];
                far.read_exact(&mut received).await.unwrap();
                // Once caught up, memory serves again.
                backlog.append(Bytes::from_static(b"tail")).await.unwrap();
                backlog.end();
                far.read_to_end(&mut received).await.unwrap();
                received
            },
            backlog.feed(near)
        );
        assert!(received == [&sent[..], b"tail"].concat());
    }

    #[tokio::test]
    async fn a_reader_that_went_away_costs_nothing() {
        let backlog = Backlog::default();
        backlog.append(Bytes::from_static(b"lost")).await.unwrap();
        let (near, far) = tokio::io::duplex(1);
        drop(far);
        backlog.feed(near).await;
        backlog.append(Bytes::from(vec![0; 2 * MEMORY])).await.unwrap();
        assert!(backlog.state().memory.is_empty() && backlog.state().file.is_none());
    }
}
