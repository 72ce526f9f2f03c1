//! The log as people see it: a window onto numbered lines.
//!
//! Every line has the same height, so a line's place is its number times that height, and only what can be seen (and a little
//! around it) is in the document. Lines live outside the reactive graph; one signal moves a frame at most, however many lines
//! arrive. The spaces above and below are SVGs because their height is an attribute: the page's policy forbids style attributes.

use super::{
    buffer::{Line, LogBuffer},
    keys::{Command, HELP, command},
    row::{Row, Weight, weight},
};
use crate::{
    api,
    components::{clock::clock, event_source::StreamStatus},
    format,
    model::{LogBatch, LogLines},
};
use leptos::{html, prelude::*, task::spawn_local};
use std::collections::HashSet;
use uuid::Uuid;

/// Height of a line in CSS pixels; `--line` in the style sheet says the same.
const LINE: u64 = 20;
/// Lines kept in the document beyond what can be seen, on either side.
const OVERSCAN: u64 = 30;

/// A log on a page: what it holds and what part is shown.
#[derive(Clone, Copy)]
pub(crate) struct Log {
    id: Uuid,
    buffer: StoredValue<LogBuffer>,
    asked: StoredValue<HashSet<u64>>,
    scheduled: StoredValue<bool>,
    scroll_before: StoredValue<i32>,
    last: RwSignal<u64>,
    seen: RwSignal<u64>,
    window: RwSignal<(u64, u64)>,
    version: RwSignal<u64>,
    follow: RwSignal<bool>,
    placed: RwSignal<bool>,
    marked: RwSignal<u64>,
    container: NodeRef<html::Div>,
}

fn line_at(offset: i32) -> u64 {
    u64::try_from(offset).unwrap_or(0) / LINE
}

impl Log {
    /// A log that starts with its end as the server rendered it.
    #[must_use]
    pub(crate) fn new(id: Uuid, tail: &LogLines) -> Self {
        let buffer = LogBuffer::new(tail);
        let last = buffer.last();
        let first = tail.items.first().map_or(1, |line| line.line);
        Self {
            id,
            buffer: StoredValue::new(buffer),
            asked: StoredValue::new(HashSet::new()),
            scheduled: StoredValue::new(false),
            scroll_before: StoredValue::new(0),
            last: RwSignal::new(last),
            seen: RwSignal::new(last),
            window: RwSignal::new((first, last)),
            version: RwSignal::new(0),
            follow: RwSignal::new(true),
            placed: RwSignal::new(false),
            marked: RwSignal::new(0),
            container: NodeRef::new(),
        }
    }

    /// The last line there is here, tracked.
    #[must_use]
    pub(crate) fn last(self) -> u64 {
        self.last.get()
    }

    /// The last line there is here, for resuming the stream.
    #[must_use]
    pub(crate) fn resume_after(self) -> u64 {
        self.buffer.try_with_value(LogBuffer::last).unwrap_or(0)
    }

    /// Takes a batch from the stream; false where lines are missing before it.
    #[must_use]
    pub(crate) fn append(self, batch: LogBatch) -> bool {
        match self.buffer.try_update_value(|buffer| buffer.append(batch)) {
            Some(Ok(0)) | None => true,
            Some(Ok(_)) => {
                self.redraw();
                true
            }
            Some(Err(_)) => false,
        }
    }

    /// Shows what has changed, once in the next frame.
    fn redraw(self) {
        if self.scheduled.try_get_value() != Some(false) {
            return;
        }
        self.scheduled.set_value(true);
        request_animation_frame(move || {
            if self.scheduled.try_update_value(|scheduled| *scheduled = false).is_none() {
                return;
            }
            let last = self.resume_after();
            self.last.set(last);
            self.version.update(|version| *version += 1);
            self.place();
            if self.follow.get_untracked() {
                request_animation_frame(move || self.to_bottom());
            }
        });
    }

    fn to_bottom(self) {
        if let Some(container) = self.container.try_get_untracked().flatten() {
            container.set_scroll_top(container.scroll_height());
        }
    }

    /// Works out which lines can be seen, and fetches those among them that are not here.
    fn place(self) {
        let Some(container) = self.container.try_get_untracked().flatten() else { return };
        let last = self.resume_after();
        let height = line_at(container.client_height()) + 1;
        let top =
            if self.follow.get_untracked() { last.saturating_sub(height) } else { line_at(container.scroll_top()) };
        let from = (top + 1).saturating_sub(OVERSCAN).max(1);
        let to = (top + 1 + height + OVERSCAN).min(last);
        if self.follow.get_untracked() {
            self.seen.set(last);
        }
        if self.window.get_untracked() != (from, to) {
            self.window.set((from, to));
        }
        self.fetch(from, to);
    }

    fn fetch(self, from: u64, to: u64) {
        let missing = self.buffer.try_with_value(|buffer| buffer.missing(from, to)).flatten();
        let Some((start, count)) = missing else { return };
        if !self.asked.try_update_value(|asked| asked.insert(start)).unwrap_or(false) {
            return;
        }
        spawn_local(async move {
            // A stretch that could not be read is asked for again when it is next looked at.
            let lines = api::log_lines(self.id, start, count).await;
            self.asked.try_update_value(|asked| asked.remove(&start));
            if let Ok(lines) = lines
                && !lines.items.is_empty()
            {
                self.buffer.try_update_value(|buffer| buffer.fill(&lines));
                self.redraw();
            }
        });
    }

    /// Stops following where the reader scrolled up, follows again at the end.
    fn scrolled(self) {
        let Some(container) = self.container.get_untracked() else { return };
        let top = container.scroll_top();
        let up = top < self.scroll_before.get_value();
        self.scroll_before.set_value(top);
        let at_end = top + container.client_height() + 30 >= container.scroll_height();
        if at_end {
            self.follow.set(true);
        } else if up {
            self.follow.set(false);
        }
        self.place();
    }

    /// Brings a line into view and marks it.
    pub(crate) fn go_to(self, number: u64) {
        let Some(container) = self.container.get_untracked() else { return };
        self.follow.set(false);
        self.marked.set(number);
        let offset = number.saturating_sub(4) * LINE;
        container.set_scroll_top(i32::try_from(offset).unwrap_or(i32::MAX));
        self.place();
    }

    fn to_end(self) {
        self.follow.set(true);
        self.place();
        request_animation_frame(move || self.to_bottom());
    }

    /// The line the keys start from: the marked one, else the first that can be seen.
    fn here(self) -> u64 {
        match (self.marked.get_untracked(), self.container.get_untracked()) {
            (0, Some(container)) => line_at(container.scroll_top()) + 1,
            (marked, _) => marked,
        }
    }

    fn go_to_next(self, forward: bool, wanted: impl Fn(&Line) -> bool) {
        let found = self.buffer.with_value(|buffer| buffer.find(self.here(), forward, wanted));
        if let Some(number) = found {
            self.go_to(number);
        }
    }

    fn visible(self) -> Vec<(u64, Option<Line>)> {
        self.version.track();
        let (from, to) = self.window.get();
        self.buffer
            .with_value(|buffer| (from.max(1)..=to).map(|number| (number, buffer.get(number).cloned())).collect())
    }
}

/// Says what the stream is, honestly.
fn stream_words(status: StreamStatus, ended: bool, behind: u64, now: Option<i64>) -> (&'static str, String) {
    match status {
        StreamStatus::Connecting | StreamStatus::Open | StreamStatus::Ended if ended => {
            ("ended", "log complete".to_owned())
        }
        StreamStatus::Connecting => ("connecting", "connecting".to_owned()),
        StreamStatus::Open if behind > 0 => ("catching-up", format!("catching up, {behind} lines behind")),
        StreamStatus::Open => ("live", "live".to_owned()),
        StreamStatus::Reconnecting(since) => {
            let since = now.map_or_else(String::new, |now| format!(" since {}", format::duration(now - since)));
            ("reconnecting", format!("reconnecting{since}; nothing is lost"))
        }
        StreamStatus::Ended => ("ended", "log complete".to_owned()),
    }
}

/// The log, its status, its search and its keys.
#[component]
pub(crate) fn LogView(
    /// The log.
    log: Log,
    /// The stream it is fed from.
    stream: Signal<StreamStatus>,
    /// Every line of it is known.
    #[prop(into)]
    ended: Signal<bool>,
    /// How many lines the server says there are.
    #[prop(into)]
    known: Signal<u64>,
    /// The server has lost contact to the master.
    #[prop(into)]
    contact_lost: Signal<bool>,
) -> impl IntoView {
    let help: NodeRef<html::Dialog> = NodeRef::new();
    let search: NodeRef<html::Input> = NodeRef::new();
    let needle = RwSignal::new(String::new());
    let clock = clock();

    Effect::new(move || {
        if log.container.get().is_none() || log.placed.get_untracked() {
            return;
        }
        log.placed.set(true);
        let hash = window().location().hash().unwrap_or_default();
        request_animation_frame(move || match hash.strip_prefix("#L").and_then(|number| number.parse().ok()) {
            Some(number) => log.go_to(number),
            None => log.to_end(),
        });
    });

    let hit = move |forward: bool| {
        let needle = needle.get_untracked().to_lowercase();
        if !needle.is_empty() {
            log.go_to_next(forward, |line| line.text.to_lowercase().contains(&needle));
        }
    };
    let run = move |command: Command| match command {
        Command::Follow if log.follow.get_untracked() => log.follow.set(false),
        Command::Follow | Command::End => log.to_end(),
        Command::Top => log.go_to(1),
        Command::Phase { forward } => log.go_to_next(forward, |line| weight(&line.text) == Weight::Banner),
        Command::Error => log.go_to_next(true, |line| weight(&line.text) == Weight::Coded),
        Command::Search => {
            if let Some(search) = search.get_untracked() {
                let _ = search.focus();
            }
        }
        Command::Hit { forward } => hit(forward),
        Command::Help => {
            if let Some(help) = help.get_untracked() {
                let _ = help.show_modal();
            }
        }
    };
    let keys = window_keys(run);
    on_cleanup(keys);

    let words = Memo::new(move |_| {
        let behind = known.get().saturating_sub(log.last());
        stream_words(stream.get(), ended.get(), behind, clock.now())
    });
    let spacer = move |lines: u64| if log.placed.get() { (lines * LINE).to_string() } else { "0".to_owned() };
    let above = move || spacer(log.window.get().0.saturating_sub(1));
    let below = move || spacer(log.last.get().saturating_sub(log.window.get().1));
    let behind = move || log.last.get().saturating_sub(log.seen.get());

    view! {
        <section class="log-panel" aria-label="Log">
            <div class="log-bar">
                <span class="stream" data-testid="stream" data-status=move || words.get().0 role="status">{move || words.get().1}</span>
                {move || contact_lost.get().then(|| view! {
                    <span class="stream" data-status="contact-lost">"nimdeck has lost contact to the master; nimadm may go on"</span>
                })}
                <span class="log-count">{move || format!("{} lines", log.last.get())}</span>
                <form class="log-search" role="search" on:submit=move |ev| { ev.prevent_default(); hit(true); }>
                    <label>
                        <span class="visually-hidden">"Search in the loaded lines"</span>
                        <input node_ref=search type="search" placeholder="Search" autocomplete="off" prop:value=needle
                            on:input:target=move |ev| needle.set(ev.target().value())
                            on:keydown=move |ev| if ev.key() == "Escape" && let Some(search) = search.get_untracked() { let _ = search.blur(); } />
                    </label>
                </form>
                <button type="button" class="plain" aria-pressed=move || log.follow.get().to_string() on:click=move |_| run(Command::Follow)>"Follow"</button>
                <button type="button" class="plain" aria-label="Keys" on:click=move |_| run(Command::Help)>"?"</button>
            </div>
            <div
                class="log" node_ref=log.container tabindex="0" role="log" aria-live="off" aria-label="nimadm log"
                data-testid="log"
                data-last-line=move || log.last.get().to_string()
                data-line-count=move || { log.version.track(); log.buffer.with_value(LogBuffer::held).to_string() }
                data-marked=move || log.marked.get().to_string()
                on:scroll=move |_| log.scrolled()
            >
                <svg class="spacer" width="1" height=above aria-hidden="true"></svg>
                <For each=move || log.visible() key=|(number, line)| (*number, line.is_some()) let((number, line))>
                    <Row number line marked=Signal::derive(move || log.marked.get() == number) />
                </For>
                <svg class="spacer" width="1" height=below aria-hidden="true"></svg>
                {move || (log.last.get() == 0).then(|| view! { <p class="empty">"nimadm has printed nothing yet."</p> })}
            </div>
            {move || (!log.follow.get() && behind() > 0).then(|| view! {
                <button type="button" class="pill" on:click=move |_| log.to_end()>{move || format!("{} new lines – jump to end", behind())}</button>
            })}
            <dialog node_ref=help aria-label="Keys of the log">
                <h2>"Keys of the log"</h2>
                <dl class="keys">
                    {HELP.map(|(keys, what)| view! { <dt><kbd>{keys}</kbd></dt> <dd>{what}</dd> }).collect_view()}
                </dl>
                <form method="dialog"><button type="submit">"Close"</button></form>
            </dialog>
        </section>
    }
    .into_any()
}

/// Listens to keys on the whole page, except where somebody types. Returns what ends it.
fn window_keys(run: impl Fn(Command) + 'static) -> impl FnOnce() + Send + Sync {
    let handle = StoredValue::new(None::<WindowListenerHandle>);
    let mut run = Some(run);
    Effect::new(move || {
        let Some(run) = run.take() else { return };
        let listener = window_event_listener(leptos::ev::keydown, move |ev| {
            let typing = document().active_element().is_some_and(|element| {
                matches!(element.tag_name().as_str(), "INPUT" | "SELECT" | "TEXTAREA" | "DIALOG")
            });
            let modified = ev.ctrl_key() || ev.alt_key() || ev.meta_key();
            if let Some(command) = command(&ev.key()).filter(|_| !typing && !modified) {
                ev.prevent_default();
                run(command);
            }
        });
        handle.set_value(Some(listener));
    });
    move || {
        if let Some(listener) = handle.try_update_value(Option::take).flatten() {
            listener.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_called_live_only_when_it_is() {
        assert_eq!(stream_words(StreamStatus::Open, false, 0, None).0, "live");
        assert_eq!(stream_words(StreamStatus::Open, false, 7, None).1, "catching up, 7 lines behind");
        assert_eq!(
            stream_words(StreamStatus::Reconnecting(1_000), true, 0, Some(5_000)).1,
            "reconnecting since 4 s; nothing is lost"
        );
        assert_eq!(stream_words(StreamStatus::Open, true, 3, None).0, "ended");
    }
}
