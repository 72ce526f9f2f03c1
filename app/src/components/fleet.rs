//! A page about many migrations, kept up to date by the fleet's events.

use super::event_source::{LOST, Next, OPENED, StreamStatus, use_event_source};
use leptos::prelude::*;
use std::time::Duration;

/// Calls `look` soon after something changed, once for a burst of events. A heartbeat counts: it is the first event of a stream, so
/// nothing of an interruption is missed, and some things go on without a migration's change of state.
pub(crate) fn on_change(look: impl Fn() + Copy + 'static) -> Signal<StreamStatus> {
    let waiting = StoredValue::new(false);
    let stream = use_event_source(
        &["state", "heartbeat"],
        || Some("/api/v1/events?topics=fleet".to_owned()),
        move |name, _| {
            if name != LOST && name != OPENED && waiting.try_get_value() == Some(false) {
                waiting.set_value(true);
                set_timeout(
                    move || {
                        if waiting.try_update_value(|waiting| *waiting = false).is_some() {
                            look();
                        }
                    },
                    Duration::from_millis(400),
                );
            }
            Next::Continue
        },
    );
    stream.into()
}
