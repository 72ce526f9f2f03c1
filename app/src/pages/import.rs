//! Old logs of a master: which there are, and into the history with them.
//!
//! One request a log: each row says what became of it as soon as that is known, and a log that is refused holds up no other.

use crate::{
    api,
    components::{frame::Permitted, loaded::loaded, problem_box::ProblemBox},
    format,
    model::{ImportResult, Master, OldLog, Permission, Problem},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

fn no_such_master() -> Problem {
    Problem {
        status: 404,
        code: "ND0004".into(),
        title: "Not found".into(),
        detail: "The address holds no NIM master's id. Find the master on the overview.".into(),
        errors: Vec::new(),
        preflight: None,
    }
}

async fn load(id: Option<Uuid>) -> Result<(Master, Vec<OldLog>), Problem> {
    let id = id.ok_or_else(no_such_master)?;
    let master = api::masters().await?.items.into_iter().find(|master| master.id == id);
    Ok((master.ok_or_else(no_such_master)?, api::old_logs(id).await?.items))
}

/// The page.
#[component]
pub(crate) fn ImportPage() -> impl IntoView {
    let params = use_params_map();
    let data = Resource::new(move || params.with(|params| params.get("id").and_then(|id| id.parse().ok())), load);
    loaded(data, |(master, logs)| view! { <Logs master logs /> })
}

/// What became of a log that was asked for.
#[derive(Clone, PartialEq)]
enum Fate {
    Waiting,
    Fetching,
    Imported { id: Uuid, already: bool },
    Refused(Problem),
}

impl From<ImportResult> for Fate {
    fn from(result: ImportResult) -> Self {
        match (result.imported, result.problem) {
            (Some(entry), _) => Self::Imported { id: entry.id, already: result.already },
            (None, Some(problem)) => Self::Refused(problem),
            (None, None) => Self::Waiting,
        }
    }
}

/// Which logs are chosen, and what became of those that were asked for.
#[derive(Clone, Copy)]
struct Choice {
    master: Uuid,
    chosen: RwSignal<BTreeSet<String>>,
    fates: RwSignal<HashMap<String, Fate>>,
    busy: RwSignal<bool>,
}

impl Choice {
    fn choose(self, name: &str, chosen: bool) {
        self.chosen.update(|all| {
            if chosen {
                all.insert(name.to_owned())
            } else {
                all.remove(name)
            };
        });
    }

    /// Imports what is chosen, one after the other.
    fn import(self) {
        let names = self.chosen.get_untracked();
        self.fates.update(|fates| fates.extend(names.iter().map(|name| (name.clone(), Fate::Waiting))));
        self.busy.set(true);
        spawn_local(async move {
            for name in names {
                let note = |fate| self.fates.try_update(|fates| fates.insert(name.clone(), fate)).is_some();
                // Whoever left the page has seen enough.
                if !note(Fate::Fetching) {
                    return;
                }
                let fate = match api::import_logs(self.master, vec![name.clone()]).await {
                    Ok(page) => page.items.into_iter().next().map_or(Fate::Waiting, Fate::from),
                    Err(problem) => Fate::Refused(problem),
                };
                let done = matches!(fate, Fate::Imported { .. });
                note(fate);
                if done {
                    self.chosen.try_update(|chosen| chosen.remove(&name));
                }
            }
            self.busy.try_set(false);
        });
    }
}

#[component]
fn Logs(master: Master, logs: Vec<OldLog>) -> impl IntoView {
    let name = master.name.to_string();
    let choice = Choice {
        master: master.id,
        chosen: RwSignal::new(BTreeSet::new()),
        fates: RwSignal::new(HashMap::new()),
        busy: RwSignal::new(false),
    };
    let new: BTreeSet<String> =
        logs.iter().filter(|log| log.imported.is_none() && log.refused.is_none()).map(|log| log.name.clone()).collect();
    let none = logs.is_empty();
    let some_new = !new.is_empty();
    let all = move |_| choice.chosen.set(new.clone());
    let count = move || choice.chosen.with(BTreeSet::len);
    let label = move || match (choice.busy.get(), count()) {
        (true, _) => "Importing…".to_owned(),
        (false, 0) => "Import".to_owned(),
        (false, count) => format!("Import {}", format::counted(count as u64, "logs")),
    };
    let rows = logs.into_iter().map(|log| view! { <LogRow log choice /> }).collect_view();
    view! {
        <Title text=format!("Old logs of {name} – nimdeck") />
        <nav class="crumbs" aria-label="Way here"><a href="/">"Overview"</a></nav>
        <div class="page-head">
            <h1>{format!("Old logs of {name}")}</h1>
            {(!none).then(|| view! {
                <div class="page-actions">
                    <Permitted permission=Permission::Operate>
                        <button type="button" disabled=move || choice.busy.get() || !some_new on:click=all.clone()>"Choose all new ones"</button>
                        <button type="button" class="primary" disabled=move || choice.busy.get() || count() == 0 on:click=move |_| choice.import()>{label}</button>
                    </Permitted>
                </div>
            })}
        </div>
        <p class="lead">
            "Runs of nimadm from before nimdeck, in /var/adm/ras/alt_mig. Importing copies a log byte for byte and puts what it says into the history. Nothing on the master is changed."
        </p>
        {master.simulated.then(|| view! { <p class="simulated-note">"Simulated: this master is the lab’s."</p> })}
        {if none {
            view! { <p class="empty">"There are none on this master."</p> }.into_any()
        } else {
            view! { <Table rows=rows.into_any() /> }.into_any()
        }}
    }
    .into_any()
}

#[component]
fn Table(rows: AnyView) -> impl IntoView {
    view! {
        <div class="scroll">
            <table class="cards old-logs">
                <caption class="visually-hidden">"Logs on the master"</caption>
                <thead>
                    <tr>
                        <th scope="col">"File"</th>
                        <th scope="col">"Client"</th>
                        <th scope="col">"Size"</th>
                        <th scope="col">"Last written"</th>
                        <th scope="col">"In the history"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn LogRow(log: OldLog, choice: Choice) -> impl IntoView {
    let OldLog { name, client, bytes, modified, modified_on, refused, imported } = log;
    let label = StoredValue::new(name.clone());
    let shown_name = name.clone();
    let may = refused.is_none();
    let checkbox = move || {
        let name = label.get_value();
        let shown = name.clone();
        let is_chosen = move || choice.chosen.with(|chosen| chosen.contains(&label.get_value()));
        view! {
            <input type="checkbox" aria-label=format!("Choose {shown}") disabled=move || !may || choice.busy.get()
                prop:checked=is_chosen on:change:target=move |ev| choice.choose(&name, ev.target().checked()) />
        }
    };
    let entry = |id: Uuid, words: &'static str| view! { <a href=format!("/imports/{id}")>{words}</a> };
    let fate = move || {
        let fate = choice.fates.with(|fates| fates.get(&label.get_value()).cloned());
        match (fate, imported) {
            (Some(Fate::Fetching), _) => view! { <span>"Importing…"</span> }.into_any(),
            (Some(Fate::Imported { id, already: false }), _) => entry(id, "Imported now").into_any(),
            (Some(Fate::Imported { id, already: true }), _) => entry(id, "Already imported").into_any(),
            (Some(Fate::Refused(problem)), _) => view! { <ProblemBox problem /> }.into_any(),
            (Some(Fate::Waiting), _) => view! { <span>"Waiting"</span> }.into_any(),
            (None, Some(id)) => entry(id, "Already imported").into_any(),
            (None, None) => view! { <span class="none">"Not yet"</span> }.into_any(),
        }
    };
    view! {
        <tr data-log=name>
            <th scope="row" data-label="File">
                <span class="choose">
                    <Permitted permission=Permission::Operate>{checkbox}</Permitted>
                    <span class="machine">{shown_name}</span>
                </span>
            </th>
            <td data-label="Client">{client.to_string()}</td>
            <td data-label="Size" class="number">{format::bytes(bytes)}</td>
            <td data-label="Written"><span>{modified} {modified_on.map(|day| view! { <span class="small">" · "{day}</span> })}</span></td>
            <td data-label="History">
                <div role="status">{fate}</div>
                {refused.map(|why| view! { <span class="reason">{why}</span> })}
            </td>
        </tr>
    }
    .into_any()
}
