//! Groups of clients of which only some are worked on at once.

use super::{Shown, remove::RemoveDialog};
use crate::{
    api,
    components::{
        fields::{Complaint, TextField},
        form_dialog::{Form, FormDialog},
        frame::Permitted,
        host_state::Missing,
    },
    model::{Group, Permission, client::is_reference},
};
use aix::ObjectName;
use leptos::prelude::*;

/// What is typed.
#[derive(Debug, Clone, Copy)]
struct Editor {
    form: Form,
    /// The group that is changed; none where one is added.
    changed: RwSignal<Option<ObjectName>>,
    name: RwSignal<String>,
    max_running: RwSignal<String>,
    clients: RwSignal<String>,
}

impl Editor {
    fn open(self, group: Option<Group>) {
        self.max_running.set(group.as_ref().map_or(1, |group| group.max_running).to_string());
        let clients = group.as_ref().map_or(&[][..], |group| &group.clients);
        self.clients.set(clients.join("\n"));
        self.name.set(group.as_ref().map(|group| group.name.to_string()).unwrap_or_default());
        self.changed.set(group.map(|group| group.name));
        self.form.open();
    }

    /// The group, or the field that is wrong and why.
    fn group(self, shown: Shown) -> Result<Group, (&'static str, String)> {
        let name = match self.changed.get_untracked() {
            Some(name) => name,
            None => self
                .name
                .with_untracked(|name| name.trim().parse())
                .map_err(|why: aix::name::BadName| ("name", why.to_string()))?,
        };
        let taken = |group: &Group| group.name == name;
        if self.changed.with_untracked(Option::is_none)
            && shown.schedule.with_untracked(|schedule| schedule.groups.iter().any(taken))
        {
            return Err(("name", format!("there is a group {name} already; change that one, or choose another name")));
        }
        let max_running = self.max_running.with_untracked(|text| text.trim().parse());
        let max_running = max_running.map_err(|_| ("max_running", "must be 1 to 1000".to_owned()))?;
        let clients = self.clients.with_untracked(|text| names(text)).map_err(|why| ("clients", why))?;
        Ok(Group { name, max_running, clients, members: Vec::new() })
    }
}

/// Clients with blanks, commas or lines between them, each once.
fn names(text: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for word in text.split([' ', ',', ';', '\t', '\n', '\r']).filter(|word| !word.is_empty()) {
        if !is_reference(word) {
            return Err(format!(
                "{word:?} is neither a NIM name such as lpar71 nor a name with its master such as nim1/lpar71"
            ));
        }
        if !names.iter().any(|name| name == word) {
            names.push(word.to_owned());
        }
    }
    Ok(names)
}

/// The list, and the dialogs that change it.
#[component]
pub(crate) fn Groups(shown: Shown) -> impl IntoView {
    let text = || RwSignal::new(String::new());
    let editor =
        Editor { form: Form::new(), changed: RwSignal::new(None), name: text(), max_running: text(), clients: text() };
    let question = Form::new();
    let removed = text();
    let groups = Memo::new(move |_| shown.schedule.with(|schedule| schedule.groups.clone()));
    let remove = Callback::new(move |()| {
        let name = removed.get_untracked();
        question.send(api::remove_group(name.clone()), move |()| {
            shown.changed(format!("The group {name} is removed."));
        });
    });
    let ask = Callback::new(move |name: String| {
        removed.set(name);
        question.open();
    });
    let table = move || {
        let groups = groups.get();
        if groups.is_empty() {
            return view! { <p class="empty">"No group. A group keeps the nodes of a cluster from being migrated or cut over at the same time."</p> }
                .into_any();
        }
        view! {
            <div class="scroll"><table class="cards">
                <caption class="visually-hidden">"Groups of clients"</caption>
                <thead><tr>
                    <th scope="col">"Group"</th><th scope="col">"At most at once"</th><th scope="col">"Clients"</th>
                    <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                </tr></thead>
                <tbody>{groups.into_iter().map(|group| view! { <Row group editor ask /> }).collect_view()}</tbody>
            </table></div>
        }
        .into_any()
    };
    view! {
        <section aria-labelledby="groups">
            <div class="section-head">
                <h2 id="groups">"Groups"</h2>
                <Permitted permission=Permission::Administer>
                    <button type="button" on:click=move |_| editor.open(None)>"Add a group"</button>
                </Permitted>
            </div>
            {table}
            <Permitted permission=Permission::Administer>
                <GroupForm editor shown />
                <RemoveDialog form=question title=Signal::derive(move || format!("Remove the group {}", removed.get()))
                    effect="Its clients may be worked on at the same time from now on." on_submit=remove />
            </Permitted>
        </section>
    }
    .into_any()
}

#[component]
fn Row(group: Group, editor: Editor, ask: Callback<String>) -> impl IntoView {
    let name = group.name.to_string();
    let (most, members) = (group.max_running, group.members.clone());
    let none = members.is_empty().then_some("none");
    let links = members
        .into_iter()
        .map(|client| {
            let label = client.label();
            view! { <li><a href=format!("/clients/{}", client.id)>{label}</a> <Missing since=client.missing_since /></li> }
        })
        .collect_view();
    let (change, remove) = (StoredValue::new(group), StoredValue::new(name.clone()));
    view! {
        <tr data-group=name>
            <th scope="row" data-label="Group">{name.clone()}</th>
            <td data-label="At most at once">{most}</td>
            <td data-label="Clients"><ul class="names">{links}</ul>{none}</td>
            <td class="row-actions">
                <Permitted permission=Permission::Administer>
                    <button type="button" aria-label=remove.with_value(|name| format!("Change {name}"))
                        on:click=move |_| editor.open(Some(change.get_value()))>"Change"</button>
                    <button type="button" aria-label=remove.with_value(|name| format!("Remove {name}"))
                        on:click=move |_| ask.run(remove.get_value())>"Remove"</button>
                </Permitted>
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn GroupForm(editor: Editor, shown: Shown) -> impl IntoView {
    let Editor { form, changed, name, max_running, clients } = editor;
    let send = Callback::new(move |()| match editor.group(shown) {
        Ok(group) => form.send(api::put_group(group), move |group| {
            shown.changed(format!("The group {} is stored.", group.name));
        }),
        Err((field, why)) => form.refuse(field, why),
    });
    let title = Signal::derive(move || match changed.get() {
        Some(name) => format!("Change the group {name}"),
        None => "Add a group".to_owned(),
    });
    let submit = Signal::derive(move || if changed.with(Option::is_some) { "Change it" } else { "Add it" }.to_owned());
    let name_field = move || {
        changed
            .with(Option::is_none)
            .then(|| view! { <TextField label="Name" value=name required=true complaint=form.complaint("name") /> })
    };
    let complaint = form.complaint("clients");
    view! {
        <FormDialog form title submit fields=&["name", "max_running", "clients"] on_submit=send>
            {name_field}
            <TextField label="At most at once" value=max_running kind="number" required=true hint="1 for the nodes of a cluster" complaint=form.complaint("max_running") />
            <label class="field">
                <span>"Clients"</span>
                <textarea rows="5" spellcheck="false" aria-invalid=move || complaint.with(Option::is_some).then_some("true")
                    prop:value=clients on:input:target=move |ev| clients.set(ev.target().value())></textarea>
                <small>"NIM names; nim1/lpar71 where several masters have a client of that name. A client is in one group: named here, it leaves the one it was in."</small>
                <Complaint complaint />
            </label>
        </FormDialog>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_however_they_are_separated() {
        let read = names("db1, db2\ndb1;db3\n").unwrap();
        assert_eq!(read, ["db1", "db2", "db3"]);
        assert_eq!(names("nim1/db1 nim2/db1").unwrap(), ["nim1/db1", "nim2/db1"]);
        assert!(names("db$1").unwrap_err().contains("db$1"));
    }
}
