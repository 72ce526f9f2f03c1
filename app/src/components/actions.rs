//! What may be asked of a migration now, each button naming its effect.

use super::{
    confirm_dialog::ConfirmButton,
    cutover_dialog::{Approval, CutoverButton},
    frame::Permitted,
    problem_box::ProblemBox,
    schedule::{waiting::when, words::minute},
    state_badge::tone,
};
use crate::{
    api, format,
    model::{Action, BootlistPolicy, Migration, Problem, State},
};
use aix::command;
use leptos::{prelude::*, task::spawn_local};

struct Words {
    label: &'static str,
    effect: String,
    typed: bool,
    danger: bool,
}

fn words(action: Action, migration: &Migration) -> Words {
    let client = migration.subject.to_string();
    let request = &migration.request;
    let disks = request.target_disks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let (label, effect, typed, danger) = match action {
        Action::Approve if request.bootlist == BootlistPolicy::Nimadm => (
            "Approve",
            format!(
                "nimadm may start, and will set the bootlist of {client}: from its phase 11 on any reboot boots the new system."
            ),
            true,
            true,
        ),
        Action::Approve => ("Approve", format!("The migration of {client} may go on."), false, false),
        Action::Reject => ("Reject", format!("The migration of {client} will not take place."), false, true),
        Action::Start => {
            ("Start now", format!("nimadm starts for {client} as soon as its master allows."), false, false)
        }
        Action::Hold if is_planned(migration) => (
            "Take the cutover back",
            format!(
                "The approval is withdrawn: {client} is not cut over until somebody approves it again. Its clone stays as it is."
            ),
            false,
            false,
        ),
        Action::Hold => (
            "Hold",
            "It waits at the next boundary between phases, until somebody resumes it.".to_owned(),
            false,
            false,
        ),
        Action::Resume => ("Resume", "It goes on where it was held.".to_owned(), false, false),
        Action::Cancel => (
            "Cancel migration",
            if request.operation.makes_clone() {
                format!(
                    "nimadm is stopped and what it made on {disks} is removed. {client} keeps running its present system."
                )
            } else {
                format!("nimadm is stopped. What it has made for {client} so far is looked for and named.")
            },
            false,
            true,
        ),
        Action::Clean => (
            "Clean up",
            format!(
                "Runs nimadm -C for {client}: removes the incomplete clone, mounts and locks. The running rootvg is not touched."
            ),
            false,
            false,
        ),
        Action::Retry => ("Retry", format!("A new attempt starts from phase 1 for {client}."), false, false),
        Action::Wake => (
            "Wake the clone",
            format!(
                "Runs {}: mounts the clone on {client} and on its master, to look at it and to change it. Put it to sleep before the cutover.",
                command::wake(&client, &request.spot, &request.target_disks)
            ),
            false,
            false,
        ),
        Action::Sleep => (
            "Put the clone to sleep",
            format!(
                "Runs {}: unmounts the clone. What was changed in it stays.",
                command::sleep(&client, &request.spot)
            ),
            false,
            false,
        ),
        Action::Cutover => (
            if is_planned(migration) { "Cut over now, or at another time" } else { "Cut over" },
            format!(
                "Points the bootlist of {client} to its clone on {disks} and reboots it. Users of {client} are cut off until it is back."
            ),
            true,
            true,
        ),
        Action::Verify => {
            ("Verify again", format!("Reads {client} again and compares it with what it should be."), false, false)
        }
        Action::Rollback => (
            "Roll back",
            format!(
                "Points the bootlist of {client} to its old disk and reboots it. What was written since the cutover stays behind on the new system."
            ),
            true,
            true,
        ),
        Action::Finalise => (
            "Finalise",
            format!("Removes old_rootvg of {client}. From then on there is no way back to the old system."),
            true,
            true,
        ),
    };
    Words { label, effect, typed, danger }
}

/// Its cutover is approved and waits for its time.
fn is_planned(migration: &Migration) -> bool {
    migration.state == State::CloneReady && migration.cutover_at.is_some()
}

/// Where the migration stands and what a person may decide now; nothing where nimdeck is at work or all is over.
fn next_step(migration: &Migration) -> Option<String> {
    let client = &migration.subject;
    let clone = migration.request.operation.makes_clone();
    let disks = migration.request.target_disks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let to = migration.to_level.as_deref().map_or_else(|| "the new level".to_owned(), format::level);
    Some(match migration.state {
        State::AwaitingApproval => format!("The migration of {client} waits for an approver."),
        _ if migration.parked => {
            "Nobody works on this migration: servers that did were lost too often. nimadm goes on at its master. Resume once the cause is known.".to_owned()
        }
        State::Held => format!(
            "nimadm waits between two phases. {client} runs on as before. Resume to go on, or cancel to remove what was made."
        ),
        State::Running if migration.hold_asked_by.is_some() => {
            "It will be held at the next boundary between phases.".to_owned()
        }
        State::CloneReady if is_planned(migration) => {
            let by = migration.cutover_by.as_deref().unwrap_or("somebody");
            let at = migration.cutover_at.map(|at| format!(" on {} UTC", minute(at))).unwrap_or_default();
            let time = when(migration.cutover_not_before, migration.cutover_window.as_deref());
            format!(
                "The cutover to {to} is planned: {time}. {by} approved it{at}. nimdeck then points the bootlist to the clone on {disks} and reboots {client}; until then {client} runs on as before."
            )
        }
        State::CloneReady if migration.request.bootlist == BootlistPolicy::Nimadm => format!(
            "The clone with {to} is complete on {disks}, and nimadm has moved the bootlist: any reboot of {client} boots it. Cut over to reboot now."
        ),
        State::CloneReady => format!(
            "The clone with {to} is complete on {disks}. {client} runs on as before, and a reboot changes nothing, until somebody cuts over."
        ),
        State::Awake => format!(
            "The clone is mounted on {client}, below /alt_inst, and on its master. Put it to sleep when nobody works in it any more; then cut over."
        ),
        State::FailedDebris if !clone => format!(
            "nimadm stopped without cleaning up: mounts, a lock or an unfinished file of {client} may be left. Clean up first, then retry."
        ),
        State::FailedClean if !clone => "Nothing was left behind. Remove the cause, then retry.".to_owned(),
        State::Completed => return None,
        State::FailedDebris => format!(
            "nimadm stopped without cleaning up: a clone, mounts or a lock of {client} may be left. {client} itself runs on as before. Clean up first, then retry."
        ),
        State::FailedClean => {
            format!("Nothing was left behind and {client} runs on as before. Remove the cause, then retry.")
        }
        State::Verified => {
            format!(
                "{client} runs {to}, and its old system can still be booted. The verification shows the proof. Finalise once nobody needs the way back."
            )
        }
        State::VerificationFailed => {
            format!(
                "{client} did not come back as it should. The verification shows what differs; look at its console, then verify again, or roll back to the old system."
            )
        }
        _ => return None,
    })
}

/// Who may not approve what is offered, where a second person is asked for.
fn second_person(migration: &Migration) -> Option<String> {
    let asked = migration.approvals.second_person && migration.actions.iter().any(|action| action.is_approval());
    asked.then(|| migration.requested_by.clone())
}

/// The buttons for what is allowed in the present state. The answer goes to `migration`.
#[component]
pub(crate) fn Actions(migration: RwSignal<Migration>) -> impl IntoView {
    let problem = RwSignal::new(None::<Problem>);
    let busy = RwSignal::new(false);
    let ask = move |action: Action, reason: String| {
        busy.set(true);
        problem.set(None);
        let id = migration.with_untracked(|migration| migration.id);
        let reason = Some(reason).filter(|reason| !reason.trim().is_empty());
        spawn_local(async move {
            match api::act(id, action, reason, None, None).await {
                Ok(after) => migration.set(after),
                Err(refused) => problem.set(Some(refused)),
            }
            busy.set(false);
        });
    };
    let cut_over = Callback::new(move |approval: Approval| {
        let id = migration.with_untracked(|migration| migration.id);
        let Approval { time, reason, form } = approval;
        let call = api::act(id, Action::Cutover, reason, time.not_before, time.window);
        form.send(call, move |after| migration.set(after));
    });
    let allowed = Memo::new(move |_| migration.with(|migration| (migration.actions.clone(), second_person(migration))));
    let buttons = move || {
        let (allowed, requester) = allowed.get();
        migration.with_untracked(|migration| {
            allowed
                .into_iter()
                .map(|action| {
                    let permission = action.permission();
                    let but = requester.clone().filter(|_| action.is_approval());
                    let Words { label, effect, typed, danger } = words(action, migration);
                    let type_this = typed.then(|| migration.subject.to_string());
                    let on_confirm = Callback::new(move |reason| ask(action, reason));
                    let ready = Signal::derive(move || !busy.get());
                    if action == Action::Cutover {
                        let client = migration.subject.to_string();
                        return view! {
                            <Permitted permission but>
                                <CutoverButton label effect=effect.clone() type_this=client.clone() ready on_confirm=cut_over />
                            </Permitted>
                        }
                        .into_any();
                    }
                    view! {
                        <Permitted permission but>
                            <ConfirmButton label effect=effect.clone() type_this=type_this.clone() danger ready on_confirm />
                        </Permitted>
                    }
                    .into_any()
                })
                .collect_view()
        })
    };
    let asks = move || {
        let (_, requester) = allowed.get();
        let master = migration.with_untracked(|migration| migration.master.to_string());
        requester.map(|by| view! { <span class="small" data-testid="second-person">{format!(" {master} asks for the approval of a second person: {by} asked for this migration and cannot approve it.")}</span> })
    };
    let next = move || migration.with(next_step).map(|words| view! { <p data-testid="next">{words} {asks}</p> });
    view! {
        <div class="next" data-tone=move || tone(migration.with(|migration| migration.state))>
            {next}
            <div class="actions" role="group" aria-label="Actions">{buttons}</div>
        </div>
        {move || problem.get().map(|problem| view! { <ProblemBox problem /> })}
    }
    .into_any()
}
