//! What may be asked of a migration now, each button naming its effect.

use super::{confirm_dialog::ConfirmButton, problem_box::ProblemBox};
use crate::{
    api,
    model::{Action, Migration, Problem},
};
use leptos::{prelude::*, task::spawn_local};

struct Words {
    label: &'static str,
    effect: String,
    typed: bool,
    danger: bool,
}

fn words(action: Action, migration: &Migration) -> Words {
    let client = migration.client.to_string();
    let disks = migration.request.target_disks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let (label, effect, typed, danger) = match action {
        Action::Approve => ("Approve", format!("The migration of {client} may go on."), false, false),
        Action::Reject => ("Reject", format!("The migration of {client} will not take place."), false, true),
        Action::Start => {
            ("Start now", format!("nimadm starts for {client} as soon as its master allows."), false, false)
        }
        Action::Hold => ("Hold", "It stops at the next boundary and waits.".to_owned(), false, false),
        Action::Resume => ("Resume", "It goes on where it was held.".to_owned(), false, false),
        Action::Cancel => (
            "Cancel migration",
            format!(
                "nimadm is stopped and what it made on {disks} is removed. {client} keeps running its present system."
            ),
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
        Action::Cutover => (
            "Cut over",
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
            match api::act(id, action, reason).await {
                Ok(after) => migration.set(after),
                Err(refused) => problem.set(Some(refused)),
            }
            busy.set(false);
        });
    };
    let allowed = Memo::new(move |_| migration.with(|migration| migration.actions.clone()));
    let buttons = move || {
        let allowed = allowed.get();
        migration.with_untracked(|migration| {
            allowed
                .into_iter()
                .map(|action| {
                    let Words { label, effect, typed, danger } = words(action, migration);
                    let type_this = typed.then(|| migration.client.to_string());
                    let on_confirm = Callback::new(move |reason| ask(action, reason));
                    view! { <ConfirmButton label effect type_this danger ready=Signal::derive(move || !busy.get()) on_confirm /> }
                })
                .collect_view()
        })
    };
    view! {
        <div class="actions" role="group" aria-label="Actions">{buttons}</div>
        {move || problem.get().map(|problem| view! { <ProblemBox problem /> })}
    }
}
