//! One `EventSource`, kept alive until it is no longer needed.
//!
//! The browser reconnects by itself while it believes in the connection, and gives up for ever after any answer but 200:
//! so a restarted server or a proxy's 502 would leave a page that looks live and is dead. Here a lost source, and one that
//! was silent for longer than two heartbeats, is opened anew; the URL is asked for again each time, so that it resumes
//! where the page is. Nor does the browser say which answer it was: a 204, nothing more will come, looks like a lost
//! connection. So the page is told of every [`LOST`], and can find out.

use super::clock::browser_now;
use leptos::prelude::*;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, EventSource, MessageEvent};

/// Silence after which a connection counts as dead: more than two heartbeats of 15 s.
const SILENCE_MS: i64 = 40_000;
/// The longest pause between two tries.
const LONGEST_PAUSE_MS: i64 = 15_000;

/// The event told when a connection was made, before any of the server's.
pub(crate) const OPENED: &str = "nimdeck:opened";
/// The event told when a connection was lost or refused.
pub(crate) const LOST: &str = "nimdeck:lost";

/// What the page may say about its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StreamStatus {
    /// Not connected yet.
    Connecting,
    /// Connected.
    Open,
    /// Lost at that time (milliseconds since 1970); being opened again.
    Reconnecting(i64),
    /// There is nothing to connect to: nothing more will come.
    Ended,
}

/// What to do after an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Go on.
    Continue,
    /// Open the source again, where the page is now.
    Resume,
}

type OnEvent = Box<dyn Fn(&str, &str) -> Next>;

/// How long to wait before the try after `failures` failed ones.
fn pause_ms(failures: u32) -> i64 {
    (1_000_i64 << failures.min(4)).min(LONGEST_PAUSE_MS)
}

struct Inner {
    url: Box<dyn Fn() -> Option<String>>,
    names: &'static [&'static str],
    on_event: OnEvent,
    status: RwSignal<StreamStatus>,
    connection: RefCell<Option<Connection>>,
    heard_at: Cell<i64>,
    try_at: Cell<i64>,
    failures: Cell<u32>,
}

/// An open source and the callbacks it needs to stay alive.
struct Connection {
    source: EventSource,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_change: Closure<dyn FnMut(Event)>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.source.close();
    }
}

impl Inner {
    fn lost(&self) {
        if !matches!(self.status.get_untracked(), StreamStatus::Reconnecting(_)) {
            self.status.set(StreamStatus::Reconnecting(browser_now()));
        }
        self.close();
        (self.on_event)(LOST, "");
    }

    fn connect(self: &Rc<Self>) {
        let now = browser_now();
        let Some(url) = (self.url)() else {
            self.connection.take();
            if self.status.get_untracked() != StreamStatus::Ended {
                self.status.set(StreamStatus::Ended);
            }
            return;
        };
        self.heard_at.set(now);
        self.try_at.set(now + pause_ms(self.failures.get()));
        self.failures.set(self.failures.get() + 1);
        let Ok(source) = EventSource::new(&url) else { return self.lost() };
        let inner = Rc::downgrade(self);
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Some(inner) = inner.upgrade() {
                inner.heard(&event);
            }
        });
        for name in self.names {
            // Fails only for a callback that is none.
            let _ = source.add_event_listener_with_callback(name, on_message.as_ref().unchecked_ref());
        }
        let inner = Rc::downgrade(self);
        let on_change = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
            let Some(inner) = inner.upgrade() else { return };
            if event.type_() == "open" {
                inner.heard_at.set(browser_now());
                inner.failures.set(0);
                inner.status.set(StreamStatus::Open);
                (inner.on_event)(OPENED, "");
            } else {
                inner.lost();
            }
        });
        source.set_onopen(Some(on_change.as_ref().unchecked_ref()));
        source.set_onerror(Some(on_change.as_ref().unchecked_ref()));
        *self.connection.borrow_mut() = Some(Connection { source, _on_message: on_message, _on_change: on_change });
    }

    fn heard(&self, event: &MessageEvent) {
        self.heard_at.set(browser_now());
        if self.status.get_untracked() != StreamStatus::Open {
            self.status.set(StreamStatus::Open);
        }
        let data = event.data().as_string().unwrap_or_default();
        match (self.on_event)(&event.type_(), &data) {
            Next::Continue => {}
            // The watch below opens it again: a callback must not drop itself.
            Next::Resume => self.close(),
        }
    }

    fn close(&self) {
        if let Some(connection) = &*self.connection.borrow() {
            connection.source.close();
        }
    }

    /// Once a second: is the connection still one?
    fn watch(self: &Rc<Self>) {
        if self.status.get_untracked() == StreamStatus::Ended {
            // Something may have happened since that makes it worth listening again.
            return self.connect();
        }
        let now = browser_now();
        let closed = self
            .connection
            .borrow()
            .as_ref()
            .is_none_or(|connection| connection.source.ready_state() == EventSource::CLOSED);
        if !closed && now - self.heard_at.get() > SILENCE_MS {
            self.lost();
        } else if closed && now >= self.try_at.get() {
            self.connect();
        }
    }
}

/// Opens a source once the page is hydrated and closes it with the page.
///
/// `url` is asked for at every (re)connection, and once a second while it says that there is none. `on_event` gets the names and
/// data of the events in `names`, and [`OPENED`] and [`LOST`].
pub(crate) fn use_event_source(
    names: &'static [&'static str],
    url: impl Fn() -> Option<String> + 'static,
    on_event: impl Fn(&str, &str) -> Next + 'static,
) -> ReadSignal<StreamStatus> {
    let status = RwSignal::new(StreamStatus::Connecting);
    let mut parts = Some((url, on_event));
    // Built in the effect, hence only in the browser: on the server its callbacks could be dropped on another thread.
    Effect::new(move || {
        let Some((url, on_event)) = parts.take() else { return };
        let inner = Rc::new(Inner {
            url: Box::new(url),
            names,
            on_event: Box::new(on_event),
            status,
            connection: RefCell::new(None),
            heard_at: Cell::new(0),
            try_at: Cell::new(0),
            failures: Cell::new(0),
        });
        inner.connect();
        let inner = StoredValue::new_local(inner);
        let watch = set_interval_with_handle(
            move || {
                let _ = inner.try_with_value(Inner::watch);
            },
            Duration::from_secs(1),
        );
        on_cleanup(move || {
            if let Ok(watch) = watch {
                watch.clear();
            }
            let _ = inner.try_with_value(|inner| inner.connection.take());
        });
    });
    status.read_only()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_stay_bounded() {
        assert_eq!(pause_ms(0), 1_000);
        assert_eq!(pause_ms(2), 4_000);
        assert_eq!(pause_ms(40), LONGEST_PAUSE_MS);
    }
}
