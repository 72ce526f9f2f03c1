//! One migration: its twelve phases, its live log beside them, what may be asked of it.

use crate::{
    api,
    components::{
        actions::Actions,
        clock::{When, browser_now, clock},
        event_source::{LOST, Next, OPENED, StreamStatus, use_event_source},
        loaded::loaded,
        log::view::{Log, LogView},
        phase_list::PhaseList,
        phase_strip::PhaseStrip,
        state_badge::StateBadge,
        watch::WatchNotices,
    },
    format,
    model::{LogBatch, LogLines, Migration, MigrationSummary, Operation, PhaseRecord, PhaseState, Problem, State},
};
use aix::{Phase, log::Outcome};
use leptos::{either::Either, prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use uuid::Uuid;

/// Lines of the log that the server renders into the page.
const TAIL: u32 = 200;

/// An address that cannot be a migration's.
pub(super) fn no_such_migration() -> Problem {
    Problem {
        status: 404,
        code: "ND0004".into(),
        title: "Not found".into(),
        detail: "The address holds no migration's id. Find the migration in the history.".into(),
        errors: Vec::new(),
        preflight: None,
    }
}

async fn load(id: Option<Uuid>) -> Result<(Migration, LogLines), Problem> {
    let id = id.ok_or_else(no_such_migration)?;
    Ok((api::migration(id).await?, api::log_tail(id, TAIL).await?))
}

/// The page.
#[component]
pub(crate) fn MigrationPage() -> impl IntoView {
    let params = use_params_map();
    let data = Resource::new(move || params.with(|params| params.get("id").and_then(|id| id.parse().ok())), load);
    loaded(data, |(migration, tail)| view! { <MigrationView migration tail /> })
}

/// How old what the page knows of the expected end may be, in milliseconds. It is asked for and not sent: a stream carries what
/// has happened.
const ETA_FRESH: i64 = 60_000;

/// Puts a phase's news into the migration; true where it has just begun.
fn take_phase(migration: &mut Migration, record: PhaseRecord) -> bool {
    match migration.phases.iter_mut().find(|phase| phase.number == record.number) {
        Some(phase) => {
            let (after, begins) = merged(phase, record);
            *phase = after;
            begins
        }
        None => {
            migration.phases.push(record);
            true
        }
    }
}

/// A phase with its news, which say nothing of its expected end; and whether it has just begun.
fn merged(phase: &PhaseRecord, news: PhaseRecord) -> (PhaseRecord, bool) {
    let begins = phase.started_at.is_none() && news.started_at.is_some();
    (PhaseRecord { eta: news.eta.or(phase.eta), p90: news.p90.or(phase.p90), ..news }, begins)
}

/// Reads the migration again, and hands it on; an answer that was overtaken is dropped.
fn reread(migration: RwSignal<Migration>, then: impl FnOnce(&Migration) + 'static) {
    let Some(id) = migration.try_with_untracked(|migration| migration.id) else { return };
    spawn_local(async move {
        if let Ok(after) = api::migration(id).await
            && migration.try_with_untracked(|before| before.updated_at <= after.updated_at) == Some(true)
        {
            then(&after);
            migration.set(after);
        }
    });
}

/// Feeds the migration and its log from one event stream: the migration's own until the log is complete, then that of its
/// states alone, as long as anything may still happen.
fn follow(migration: RwSignal<Migration>, log: Log, log_ended: RwSignal<bool>) -> Signal<StreamStatus> {
    let id = migration.with_untracked(|migration| migration.id);
    let url = move || {
        let state = migration.with_untracked(|migration| migration.state);
        if !log_ended.get_untracked() {
            Some(format!("/api/v1/migrations/{id}/events?after={}", log.resume_after()))
        } else if state.is_over() || state == State::Verified {
            None
        } else {
            Some(format!("/api/v1/events?topics=migration:{id}"))
        }
    };
    let asked = StoredValue::new(None::<i64>);
    let ask_when_it_ends = move |at_once: bool| {
        let now = browser_now();
        let fresh = asked.try_get_value().flatten().is_some_and(|asked| now - asked < ETA_FRESH);
        if at_once || !fresh {
            asked.try_set_value(Some(now));
            reread(migration, |_| ());
        }
    };
    let stream = use_event_source(&["log", "phase", "state", "heartbeat", "end"], url, move |name, data| {
        match name {
            "log" => match serde_json::from_str::<LogBatch>(data).map(|batch| log.append(batch)) {
                Ok(true) => {}
                _ => return Next::Resume,
            },
            "phase" => {
                if let Ok(record) = serde_json::from_str::<PhaseRecord>(data) {
                    let begins = migration.try_update(|migration| take_phase(migration, record));
                    ask_when_it_ends(begins == Some(true));
                }
            }
            "state" => {
                if let Ok(summary) = serde_json::from_str::<MigrationSummary>(data) {
                    migration.try_update(|migration| migration.state = summary.state);
                    reread(migration, |_| ());
                }
            }
            "end" => {
                log_ended.set(true);
                return Next::Resume;
            }
            // The stream of states begins with the next one.
            OPENED if log_ended.get_untracked() => reread(migration, |_| ()),
            // A complete log that was seen whole is answered like a lost connection.
            LOST if !log_ended.get_untracked() => reread(migration, move |after| {
                if after.state.log_is_complete() && log.resume_after() >= after.log_lines {
                    log_ended.set(true);
                }
            }),
            _ => {}
        }
        Next::Continue
    });
    // With a new attempt the phases begin again and the log goes on, though its stream was given up: the page starts anew.
    let attempt = Memo::new(move |_| migration.with(|migration| migration.attempt));
    Effect::new(move |before: Option<u32>| {
        if before.is_some_and(|before| before != attempt.get()) {
            let _ = window().location().reload();
        }
        attempt.get()
    });
    stream.into()
}

#[component]
fn MigrationView(migration: Migration, tail: LogLines) -> impl IntoView {
    let id = migration.id;
    let log = Log::new(id, &tail);
    let (simulated, operation) = (migration.simulated, migration.request.operation);
    let log_ended = RwSignal::new(migration.state.log_is_complete());
    let migration = RwSignal::new(migration);
    let stream = follow(migration, log, log_ended);
    let phases = Memo::new(move |_| migration.with(|migration| migration.phases.clone()));
    let state = Memo::new(move |_| migration.with(|migration| migration.state));
    view! {
        <Title text=move || migration.with(format::tab_title) />
        <div class="migration" data-testid="state" data-state=move || state.get().as_str()>
            <Head migration state />
            {simulated.then(|| view! { <p class="simulated-note">"Simulated: this client is the lab’s."</p> })}
            <Command migration />
            <Actions migration />
            <WatchNotices migration />
            <FailureBox migration />
            <div class="flight">
                {(operation != Operation::Synchronise).then(|| view! {
                    <section class="phases-panel" aria-label="Phases">
                        <Overall migration />
                        <PhaseList phases />
                    </section>
                })}
                <LogView
                    log
                    stream
                    ended=log_ended
                    known=Signal::derive(move || migration.with(|migration| migration.log_lines))
                    contact_lost=Signal::derive(move || state.get() == State::ContactLost)
                />
            </div>
            <Evidence migration />
        </div>
    }
    .into_any()
}

#[component]
fn Head(migration: RwSignal<Migration>, state: Memo<State>) -> impl IntoView {
    let (label, client) = migration.with_untracked(|migration| (migration.label(), migration.client_id));
    let name = match client {
        Some(id) => Either::Left(view! { <a href=format!("/clients/{id}")>{label}</a> }),
        None => Either::Right(label),
    };
    let facts = move || {
        migration.with(|migration| {
            let from = migration.from_level.map_or_else(|| "?".to_owned(), |level| level.spoken());
            let to = migration.to_level.as_deref().map_or_else(|| "?".to_owned(), format::level);
            let request = &migration.request;
            let disks = request.target_disks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let image = request.image.as_ref().map(|image| (" into ", image.file.as_str().to_owned()));
            let place = image.or((!disks.is_empty()).then_some((" on ", disks)));
            view! {
                <p class="lead">
                    {(request.operation != Operation::Migrate).then(|| request.operation.title())}
                    {(request.operation != Operation::Synchronise).then(|| view! {
                        {(request.operation != Operation::Migrate).then_some(" · ")} <b>{from}</b> " → " <b>{to}</b>
                    })}
                    {place.map(|(word, place)| view! { {word} <span class="machine">{place}</span> })}
                    " · master " {migration.master.to_string()}
                    " · by " {migration.requested_by.clone()} ", " <When at=migration.requested_at /> " UTC"
                    {migration.approved_by.clone().map(|by| format!(" · start approved by {by}"))}
                    {(migration.attempt > 1).then(|| format!(" · attempt {}", migration.attempt))}
                    {migration.request.change_ref.clone().map(|change| format!(" · change {change}"))}
                </p>
                {migration.request.note.clone().map(|note| view! { <p class="note">{note}</p> })}
                {(!migration.overrides.is_empty()).then(|| view! {
                    <ul class="findings" data-verdict="unknown" data-testid="overrides" aria-label="Checks that could not be read">
                        {migration.overrides.iter().map(|gone| view! {
                            <li data-check=gone.id.clone()>
                                <span class="finding-title">{format!("{} went on although it is not known: {}", gone.by, gone.title)} " " <code class="small">{gone.id.clone()}</code></span>
                                <span class="finding-found">{gone.found.clone()}</span>
                                <span class="finding-advice">{format!("Because: {}", gone.reason)}</span>
                            </li>
                        }).collect_view()}
                    </ul>
                })}
            }
        })
    };
    view! {
        <div class="page-head">
            <h1>{name}</h1>
            <span role="status" aria-live="polite">{move || view! { <StateBadge state=state.get() /> }}</span>
            {move || migration.with(|migration| migration.reason.clone()).map(|reason| view! { <span class="reason">{reason}</span> })}
        </div>
        {facts}
    }
    .into_any()
}

#[component]
fn Command(migration: RwSignal<Migration>) -> impl IntoView {
    let command = migration.with_untracked(|migration| migration.command.clone());
    view! { <pre class="command" data-testid="command" tabindex="0" aria-label="Command line">{command}</pre> }
}

/// How far the whole run is, by the typical shares of its phases; thousandths.
fn overall(phases: &[PhaseRecord]) -> u32 {
    let share = |phase: &PhaseRecord| {
        let whole = phase.number.typical_share();
        let part = phase
            .progress
            .as_ref()
            .and_then(|progress| Some((progress.done, progress.total.filter(|total| *total > 0)?)));
        match (phase.state, part) {
            (PhaseState::Done, _) => whole,
            (PhaseState::Running | PhaseState::Failed, Some((done, total))) => whole * done.min(total) / total,
            _ => 0,
        }
    };
    phases.iter().map(share).sum()
}

#[component]
fn Overall(migration: RwSignal<Migration>) -> impl IntoView {
    let clock = clock();
    let words = move || {
        migration.with(|migration| match format::current_phase(migration) {
            Some(phase) => format!("Phase {phase} of {}", Phase::COUNT),
            None => "Not started".to_owned(),
        })
    };
    let took = move || {
        migration.with(|migration| {
            let now = clock.now().filter(|_| migration.state.is_live());
            format::elapsed(migration.started_at, migration.ended_at, now)
        })
    };
    let expected = move || {
        migration.with(|migration| {
            let eta = migration.eta.clone()?;
            let words = format::expected(&eta, clock.now());
            Some(view! { <p class="overall-eta" data-testid="eta" title=eta.alike>{words}</p> })
        })
    };
    let strip = move || {
        migration.with(|migration| {
        let states: Vec<PhaseState> = migration.phases.iter().map(|phase| phase.state).collect();
        view! { <PhaseStrip states label=format!("{} percent of a typical run", overall(&migration.phases) / 10) /> }
    })
    };
    view! {
        <div class="overall">
            <h2>{words}</h2>
            <span class="overall-took">{took}</span>
            {expected}
            {strip}
        </div>
    }
    .into_any()
}

/// What failed, why, and what to do.
#[component]
fn FailureBox(migration: RwSignal<Migration>) -> impl IntoView {
    move || {
        migration.with(|migration| {
            let failed =
                matches!(migration.state, State::FailedClean | State::FailedDebris | State::VerificationFailed);
            (failed || migration.cause.is_some()).then(|| {
                let warned = !failed && migration.outcome == Some(Outcome::Warning);
                let title = match format::current_phase(migration) {
                    _ if warned => "nimadm has ended, with warnings".to_owned(),
                    Some(phase) if migration.state != State::VerificationFailed => {
                        format!("Failed in phase {phase}: {}", phase.title())
                    }
                    _ if migration.state == State::VerificationFailed => "Verification failed".to_owned(),
                    _ if migration.request.operation == Operation::Synchronise => "Failed".to_owned(),
                    _ => "Failed before phase 1".to_owned(),
                };
                // What to do about debris is no advice once it was removed.
                let removed = migration.state == State::FailedClean && migration.cause.is_none();
                let advice = migration.advice.clone().filter(|_| !removed);
                let codes =
                    migration.codes.iter().map(|code| view! { <li><code>{code.clone()}</code></li> }).collect_view();
                view! {
                    <section class="problem" role="alert" data-testid="failure">
                        <h2>{title}</h2>
                        {migration.cause.clone().map(|cause| view! { <pre class="cause">{cause}</pre> })}
                        {advice.map(|advice| view! { <p><b>"What to do: "</b> {advice}</p> })}
                        <ul class="codes" aria-label="Message codes">{codes}</ul>
                    </section>
                }
            })
        })
    }
}

/// What stays: the raw log, its proof, the verification.
#[component]
fn Evidence(migration: RwSignal<Migration>) -> impl IntoView {
    let (id, clone) = migration.with_untracked(|migration| (migration.id, migration.request.operation.makes_clone()));
    let proof = move || {
        migration.with(|migration| migration.log_sha256.clone()).map(|hash| view! {
        <p class="proof" data-testid="sha256">"The log equals the file on the master. SHA-256 " <code>{hash}</code></p>
    })
    };
    let size = move || {
        migration.with(|migration| {
            let complete = migration.state.log_is_complete();
            complete.then(|| format!("{} lines, {} bytes", migration.log_lines, migration.log_bytes))
        })
    };
    view! {
        <section class="evidence" aria-label="Evidence">
            {clone.then(|| view! { <a class="button" href=format!("/migrations/{id}/verification")>"Verification"</a> })}
            <a class="button" href=format!("/api/v1/migrations/{id}/log") rel="external">"Raw log"</a>
            <span class="small">{size}</span>
            {proof}
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Progress;

    fn record(phase: Phase, state: PhaseState) -> PhaseRecord {
        let title = phase.title().to_owned();
        PhaseRecord {
            number: phase,
            title,
            state,
            started_at: None,
            ended_at: None,
            eta: None,
            p90: None,
            progress: None,
        }
    }

    #[test]
    fn news_of_a_phase_keep_its_expected_end() {
        let at = Some(crate::model::Timestamp::from_unix_millis(1));
        let mut phase = record(Phase::FIRST, PhaseState::Waiting);
        (phase.eta, phase.p90) = (at, at);
        let begun = PhaseRecord { started_at: at, ..record(Phase::FIRST, PhaseState::Running) };
        let (taken, begins) = merged(&phase, begun.clone());
        assert!(begins && taken.state == PhaseState::Running && (taken.eta, taken.p90) == (at, at));
        assert!(!merged(&taken, begun).1, "it has begun before");
    }

    #[test]
    fn the_whole_is_the_sum_of_what_is_done() {
        let mut phases: Vec<_> = Phase::all().map(|phase| record(phase, PhaseState::Done)).collect();
        assert_eq!(overall(&phases), 1000);
        for phase in &mut phases[5..] {
            phase.state = PhaseState::Waiting;
        }
        let before = overall(&phases);
        phases[5].state = PhaseState::Running;
        phases[5].progress = Some(Progress { done: 30, total: Some(60), what: String::new() });
        assert_eq!(overall(&phases), before + 172);
    }
}
