//! How much a NIM master takes at once, and whose word it asks for.

use super::Shown;
use crate::{
    api,
    components::{
        fields::{CheckField, TextField},
        form_dialog::{Form, FormDialog},
        frame::Permitted,
    },
    format,
    model::{Approvals, Master, MasterChange, Permission},
};
use leptos::prelude::*;

/// What is typed.
#[derive(Debug, Clone, Copy)]
struct Editor {
    form: Form,
    master: RwSignal<Option<Master>>,
    max_running: RwSignal<String>,
    stagger_seconds: RwSignal<String>,
    starts: RwSignal<bool>,
    second_person: RwSignal<bool>,
    /// One a line.
    directories: RwSignal<String>,
}

impl Editor {
    fn open(self, master: Master) {
        self.max_running.set(master.max_running.to_string());
        self.stagger_seconds.set(master.stagger_seconds.to_string());
        self.starts.set(master.approvals.starts);
        self.second_person.set(master.approvals.second_person);
        self.directories.set(master.allowed_directories.join(" "));
        self.master.set(Some(master));
        self.form.open();
    }
}

/// The list, and the dialog that changes it.
#[component]
pub(crate) fn Masters(shown: Shown) -> impl IntoView {
    let text = || RwSignal::new(String::new());
    let editor = Editor {
        form: Form::new(),
        master: RwSignal::new(None),
        max_running: text(),
        stagger_seconds: text(),
        starts: RwSignal::new(false),
        second_person: RwSignal::new(false),
        directories: text(),
    };
    // Only what is shown here: a refreshed inventory draws nothing again.
    let masters = Memo::new(move |_| {
        shown.masters.with(|masters| {
            let limits = |master: &Master| {
                (master.id, master.name.clone(), master.max_running, master.stagger_seconds, master.approvals)
            };
            masters.iter().map(limits).collect::<Vec<_>>()
        })
    });
    let change = Callback::new(move |id: uuid::Uuid| {
        let master = shown.masters.with_untracked(|masters| masters.iter().find(|master| master.id == id).cloned());
        if let Some(master) = master {
            editor.open(master);
        }
    });
    let row = move |(id, name, most, stagger, approvals): (uuid::Uuid, aix::ObjectName, u16, u16, Approvals)| {
        let label = format!("Change {name}");
        view! {
            <tr data-master=name.to_string()>
                <th scope="row" data-label="Master">{name.to_string()}</th>
                <td data-label="At most at once">{most}</td>
                <td data-label="Between two starts">{if stagger == 0 { "no pause".to_owned() } else { format::duration(i64::from(stagger) * 1000) }}</td>
                <td data-label="Approvals">{asked(approvals)}</td>
                <td class="row-actions">
                    <Permitted permission=Permission::Administer>
                        <button type="button" aria-label=label.clone() on:click=move |_| change.run(id)>"Change"</button>
                    </Permitted>
                </td>
            </tr>
        }
    };
    let table = move || {
        let masters = masters.get();
        if masters.is_empty() {
            return view! { <p class="empty">"No NIM master yet."</p> }.into_any();
        }
        view! {
            <div class="scroll"><table class="cards">
                <caption class="visually-hidden">"Limits and approvals of the NIM masters"</caption>
                <thead><tr>
                    <th scope="col">"Master"</th><th scope="col">"At most at once"</th><th scope="col">"Between two starts"</th>
                    <th scope="col">"Approvals"</th>
                    <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                </tr></thead>
                <tbody>{masters.into_iter().map(row).collect_view()}</tbody>
            </table></div>
        }
        .into_any()
    };
    view! {
        <section aria-labelledby="masters">
            <h2 id="masters">"Limits and approvals of the NIM masters"</h2>
            {table}
            <Permitted permission=Permission::Administer><MasterForm editor shown /></Permitted>
        </section>
    }
    .into_any()
}

/// Whose word a master asks for.
fn asked(approvals: Approvals) -> &'static str {
    match (approvals.starts, approvals.second_person) {
        (false, false) => "none",
        (true, false) => "each start",
        (false, true) => "by a second person",
        (true, true) => "each start, by a second person",
    }
}

#[component]
fn MasterForm(editor: Editor, shown: Shown) -> impl IntoView {
    let Editor { form, master, max_running, stagger_seconds, starts, second_person, directories } = editor;
    let number = |text: RwSignal<String>| text.with_untracked(|text| text.trim().parse::<u16>());
    let send = Callback::new(move |()| {
        let Some(master) = master.get_untracked() else { return };
        let Ok(most) = number(max_running) else {
            form.refuse("max_running", "must be 1 to 1000");
            return;
        };
        let Ok(stagger) = number(stagger_seconds) else {
            form.refuse("stagger_seconds", "must be 0 to 3600");
            return;
        };
        let approvals = Approvals { starts: starts.get_untracked(), second_person: second_person.get_untracked() };
        let change = MasterChange {
            max_running: Some(most),
            stagger_seconds: Some(stagger),
            approvals: Some(approvals),
            allowed_directories: Some(directories.with_untracked(|text| {
                text.split([' ', ',', '\n']).filter(|path| !path.is_empty()).map(str::to_owned).collect()
            })),
            ..MasterChange::default()
        };
        form.send(api::change_master(master.id, change), move |master| {
            shown.changed(format!("The limits and approvals of {} are stored.", master.name));
        });
    });
    let title = Signal::derive(move || {
        let name = master.with(|master| master.as_ref().map(|master| master.name.to_string()));
        format!("Change the limits and approvals of {}", name.unwrap_or_default())
    });
    view! {
        <FormDialog form title submit="Change them" fields=&["max_running", "stagger_seconds", "allowed_directories"] on_submit=send>
            <TextField label="Migrations at once, at most" value=max_running kind="number" required=true
                hint="Each takes processor, network and cache of the master" complaint=form.complaint("max_running") />
            <TextField label="Seconds between two starts" value=stagger_seconds kind="number" required=true
                hint="0: they may start together" complaint=form.complaint("stagger_seconds") />
            <TextField label="Directories that nimadm may write mksysbs to" value=directories
                hint="Several with blanks between. Empty: where the mksysbs of this master lie" complaint=form.complaint("allowed_directories") />
            <CheckField label="A launch waits until an approver has agreed" value=starts />
            <CheckField label="The person who asked for a migration does not approve it: no start, no cutover, no way back" value=second_person />
        </FormDialog>
    }
    .into_any()
}
