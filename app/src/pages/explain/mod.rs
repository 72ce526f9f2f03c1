//! Explain a log: give a file, or paste it, and read what it says.
//!
//! The file is the body of the request as it lies on the disk. Reading it here first would put a log of a gigabyte into the
//! memory of a tab, which has not got it.

mod send;

use crate::{
    components::{log_report::LogReport, problem_box::ProblemBox},
    model::Problem,
};
use aix::log::Report;
use leptos::{html, prelude::*, task::spawn_local};
use leptos_meta::Title;
use send::{Answer, Refused, Source, send};
use web_sys::{AbortController, DragEvent, File};

/// Where the page is.
#[derive(Clone)]
enum Step {
    /// Nothing was given yet, or it was taken back.
    Waiting,
    /// The server reads it.
    Reading { what: String },
    /// It is a log, and this is what it came to.
    Log { what: String, report: Box<Report> },
    /// It is what a command printed.
    Output { what: String, kind: String, json: String },
    /// It could not be explained.
    Refused(Box<Problem>),
}

/// The page.
#[component]
pub(crate) fn ExplainPage() -> impl IntoView {
    let step = RwSignal::new(Step::Waiting);
    let running = RwSignal::new(None::<Running>);
    // Built in an effect, hence only in the browser: the server may finish a page on another thread than it began it on, and
    // what is local to a thread must not be touched there.
    Effect::new(move || {
        running.set(Some(StoredValue::new_local(None)));
        on_cleanup(move || stop(running));
    });
    let explain = move |source: Source| {
        stop(running);
        let what = source.words();
        step.set(Step::Reading { what: what.clone() });
        let controller = AbortController::new().ok();
        let signal = controller.as_ref().map(AbortController::signal);
        if let Some(running) = running.get_untracked() {
            running.set_value(controller);
        }
        spawn_local(async move {
            let after = match send(&source, signal.as_ref()).await {
                Ok(Answer::Log(report)) => Step::Log { what, report },
                Ok(Answer::Output { kind, json }) => Step::Output { what, kind, json },
                Err(Refused::Problem(problem)) => Step::Refused(problem),
                // Whoever stopped it has said what comes next.
                Err(Refused::Stopped) => return,
            };
            if let Some(Some(running)) = running.try_get_untracked() {
                running.try_set_value(None);
            }
            step.try_set(after);
        });
    };
    let taken_back = move |_| {
        stop(running);
        step.set(Step::Waiting);
    };
    let shown = move || match step.get() {
        Step::Waiting => ().into_any(),
        Step::Reading { what } => view! {
            <div class="reading" data-testid="reading">
                <span>"Reading " {what} "…"</span>
                <progress aria-label="Reading the log"></progress>
                <button type="button" on:click=taken_back>"Stop"</button>
            </div>
        }
        .into_any(),
        Step::Log { what, report } => view! {
            <h2 class="explained">{what}</h2>
            <LogReport report=*report />
        }
        .into_any(),
        Step::Output { what, kind, json } => view! {
            <h2 class="explained">{what}</h2>
            <p>"Read as the output of "<b class="machine">{kind}</b>"."</p>
            <pre class="output machine" tabindex="0" data-testid="output">{json}</pre>
        }
        .into_any(),
        Step::Refused(problem) => view! { <ProblemBox problem=*problem /> }.into_any(),
    };
    let explain = Callback::new(explain);
    view! {
        <Title text="Explain a log – nimdeck" />
        <div class="page-head"><h1>"Explain a log"</h1></div>
        <p class="lead">
            "What a log of nimadm came to, why, and what to do next; or what lspv, lsvg, bootlist and the like printed. It is
            read and forgotten: nothing of it is stored."
        </p>
        <DropZone explain />
        <Paste explain />
        <div aria-live="polite">{shown}</div>
    }
    .into_any()
}

/// What stops the request that is under way.
type Running = StoredValue<Option<AbortController>, LocalStorage>;

/// Ends the request that is under way.
fn stop(running: RwSignal<Option<Running>>) {
    let running = running.try_get_untracked().flatten();
    if let Some(controller) = running.and_then(|running| running.try_update_value(Option::take)).flatten() {
        controller.abort();
    }
}

/// Where a file is dropped or chosen.
#[component]
fn DropZone(explain: Callback<Source>) -> impl IntoView {
    let over = RwSignal::new(false);
    let input: NodeRef<html::Input> = NodeRef::new();
    let give = move |file: Option<File>| {
        if let Some(file) = file {
            explain.run(Source::File(file));
        }
    };
    let chosen = move |_| {
        let Some(input) = input.get_untracked() else { return };
        give(input.files().and_then(|files| files.get(0)));
        // The same file may be chosen again: it may have grown.
        input.set_value("");
    };
    let hover = move |ev: DragEvent, is_over: bool| {
        // Without this the browser opens the file instead of giving it to the page.
        ev.prevent_default();
        over.set(is_over);
    };
    let dropped = move |ev: DragEvent| {
        ev.prevent_default();
        over.set(false);
        give(ev.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0)));
    };
    view! {
        <div class="drop" data-testid="drop" data-over=move || over.get().to_string()
            on:dragenter=move |ev| hover(ev, true) on:dragover=move |ev| hover(ev, true) on:dragleave=move |ev| hover(ev, false) on:drop=dropped>
            <label class="button primary">
                "Choose a log"
                <input node_ref=input class="visually-hidden" type="file" on:change=chosen />
            </label>
            <span>"or drop it here. It is /var/adm/ras/alt_mig/"<i>"client"</i>"_alt_mig.log on the NIM master."</span>
        </div>
    }
    .into_any()
}

/// For a log that is in a terminal's window and in no file.
#[component]
fn Paste(explain: Callback<Source>) -> impl IntoView {
    let text: NodeRef<html::Textarea> = NodeRef::new();
    let empty = RwSignal::new(true);
    let given = move || text.get_untracked().map(|text| text.value()).unwrap_or_default();
    let go = move |_| {
        let given = given();
        if !given.trim().is_empty() {
            explain.run(Source::Text(given));
        }
    };
    view! {
        <details class="more paste">
            <summary>"Or paste its text"</summary>
            <label class="field">
                <span>"Text of the log"</span>
                <textarea node_ref=text rows="8" spellcheck="false" autocomplete="off" class="machine"
                    on:input=move |_| empty.set(given().trim().is_empty())></textarea>
            </label>
            <button type="button" disabled=move || empty.get() on:click=go>"Explain this text"</button>
        </details>
    }
    .into_any()
}
