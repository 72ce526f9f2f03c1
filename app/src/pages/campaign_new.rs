//! Planning a campaign: which clients, to which level, in which waves.

use super::query;
use crate::{
    api,
    components::{
        fields::{CheckField, SelectField, TextField},
        loaded::loaded,
        problem_box::ProblemBox,
        start_time::{TimeField, WindowField, utc},
    },
    model::{
        Acknowledgement, GoOn, NewCampaign, Problem, Resource as NimResource, StopRule, Template,
        campaign::parse_members,
    },
};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::{use_navigate, use_query_map};

/// The page. `?clients=a,b` fills the list in.
#[component]
pub(crate) fn CampaignNewPage() -> impl IntoView {
    let params = use_query_map();
    let chosen = params.with_untracked(|query| query.get_all("clients").unwrap_or_default().join("\n"));
    let chosen = chosen.replace(',', "\n");
    let first = params.with_untracked(|query| query::text(query, "master"));
    let offered = Resource::new(
        move || first.clone(),
        |wanted| async move {
            let masters = api::masters().await?.items;
            let master = wanted.and_then(|name| masters.iter().find(|master| master.name.as_str() == name).cloned());
            match master.or_else(|| masters.first().cloned()) {
                Some(master) => api::resources(master.id).await.map(|page| page.items),
                None => Ok(Vec::new()),
            }
        },
    );
    loaded(offered, move |resources| view! { <Form resources clients=chosen.clone() /> })
}

fn number(text: RwSignal<String>, what: &'static str) -> Result<u16, String> {
    text.with(|text| text.trim().parse().map_err(|_| format!("{what} must be a number.")))
}

#[component]
fn Form(resources: Vec<NimResource>, clients: String) -> impl IntoView {
    let of = |kind: &str| -> Vec<(String, String)> {
        let mut all: Vec<_> = resources.iter().filter(|r| r.kind == kind && r.ready).collect();
        all.sort_by_key(|r| std::cmp::Reverse((r.level.clone(), r.name.clone())));
        all.into_iter().map(|r| (r.name.to_string(), r.name.to_string())).collect()
    };
    let (sources, spots) = (of("lpp_source"), of("spot"));
    let newest =
        |all: &[(String, String)]| RwSignal::new(all.first().map(|(name, _)| name.clone()).unwrap_or_default());
    let text = |value: &str| RwSignal::new(value.to_owned());
    let (name, list, cache_vg) = (text(""), RwSignal::new(clients), text("nimadmvg"));
    let (lpp_source, spot) = (newest(&sources), newest(&spots));
    let (canary, size, failures, apart, not_before, window, change) =
        (text("1"), text("10"), text("1"), text(""), text(""), text(""), text(""));
    let (accept, acknowledge, automatic) = (RwSignal::new(true), RwSignal::new(false), RwSignal::new(false));
    let words =
        |field: RwSignal<String>| field.with(|text| Some(text.trim().to_owned()).filter(|text| !text.is_empty()));
    let plan = Memo::new(move |_| {
        let members = list.with(|list| parse_members(list)).map_err(|wrong| {
            wrong.into_iter().map(|(line, why)| format!("Line {line}: {why}.")).collect::<Vec<_>>().join(" ")
        })?;
        if members.is_empty() {
            return Err("List the clients.".to_owned());
        }
        let template = Template {
            lpp_source: lpp_source.with(|name| name.parse()).map_err(|_| "Choose an lpp_source.")?,
            spot: spot.with(|name| name.parse()).map_err(|_| "Choose a SPOT.")?,
            cache_vg: words(cache_vg)
                .map(|vg| vg.parse())
                .transpose()
                .map_err(|_| "The cache volume group is no name.")?,
            nfs_mount_options: None,
            pre_script: None,
            post_script: None,
            bundle: None,
            bosinst_data: None,
            image_data: None,
            exclude_files: None,
            update: false,
            accept_licenses: accept.get(),
            not_before: not_before.with(|text| utc(text)).map_err(|why| format!("Not before: {why}."))?,
            window: words(window),
            change_ref: words(change),
            note: None,
            acknowledge_warnings: Acknowledgement::Warnings(acknowledge.get()),
            reason: None,
        };
        let apart = apart.with(|text| {
            let set = |line: &str| {
                line.split([',', ' ', ';']).map(str::trim).filter(|n| !n.is_empty()).map(str::to_owned).collect()
            };
            text.lines().map(set).filter(|set: &Vec<String>| set.len() > 1).collect()
        });
        Ok(NewCampaign {
            name: words(name).ok_or("Give it a name.")?,
            template,
            clients: members,
            csv: None,
            canary: number(canary, "The canary")?,
            wave_size: number(size, "The size of a wave")?,
            go_on: if automatic.get() { GoOn::Automatic } else { GoOn::Approval },
            stop: match number(failures, "Failures")? {
                0 => StopRule::Never,
                count => StopRule::Failures(count),
            },
            apart,
        })
    });
    let summary = move || match plan.get() {
        Err(missing) => missing,
        Ok(plan) => {
            let rest = plan.clients.len().saturating_sub(usize::from(plan.canary));
            let waves = rest.div_ceil(usize::from(plan.wave_size.max(1))) + usize::from(plan.canary > 0);
            format!(
                "{} clients in about {waves} waves. Each is checked by the pre-flight before it is launched.",
                plan.clients.len()
            )
        }
    };
    let problem = RwSignal::new(None::<Problem>);
    let busy = RwSignal::new(false);
    let navigate = StoredValue::new(use_navigate());
    let start = move |_| {
        let Ok(plan) = plan.get_untracked() else { return };
        busy.set(true);
        problem.set(None);
        spawn_local(async move {
            match api::start_campaign(plan).await {
                Ok(campaign) => navigate.with_value(|go| {
                    go(&format!("/campaigns/{}", campaign.id), leptos_router::NavigateOptions::default());
                }),
                Err(refused) => problem.set(Some(refused)),
            }
            busy.set(false);
        });
    };
    view! {
        <Title text="Plan a campaign – nimdeck" />
        <div class="page-head"><h1>"Plan a campaign"</h1></div>
        <noscript><p class="problem">"This form needs JavaScript and WebAssembly. Scripts can start campaigns through the REST interface."</p></noscript>
        <div class="launch plan">
            <div class="launch-form">
                <TextField label="Name" value=name />
                <label class="field">
                    <span>"Clients"</span>
                    <textarea name="clients" rows="12" spellcheck="false" prop:value=list on:input:target=move |ev| list.set(ev.target().value())></textarea>
                    <small>"One a line, in the order they are to be migrated; after the name its target disks, if they are not to be chosen. A CSV can be pasted. Where several masters have a client of that name, write nim1/lpar71."</small>
                </label>
                <label class="field">
                    <span>"Never in one wave"</span>
                    <textarea name="apart" rows="3" spellcheck="false" prop:value=apart on:input:target=move |ev| apart.set(ev.target().value())></textarea>
                    <small>"The nodes of a cluster, one cluster a line: db1, db2"</small>
                </label>
            </div>
            <div class="launch-side">
                <SelectField label="lpp_source" value=lpp_source options=sources />
                <SelectField label="SPOT" value=spot options=spots />
                <TextField label="Cache volume group" value=cache_vg hint="Empty: NFS" />
                <TextField label="Canary" value=canary hint="Clients that go first, alone" />
                <TextField label="Clients in each further wave" value=size />
                <TextField label="Stop at so many failures" value=failures hint="0: never" />
                <CheckField label="Waves follow by themselves, without an approval" value=automatic />
                <TimeField label="Not before" value=not_before hint="Empty: at once" />
                <WindowField value=window />
                <TextField label="Change number" value=change />
                <CheckField label="Accept licence agreements (-Y)" value=accept />
                <CheckField label="Launch also where the pre-flight only warns" value=acknowledge />
                <div class="go">
                    <p role="status" data-testid="plan">{summary}</p>
                    <button class="primary" type="button" disabled=move || busy.get() || plan.with(Result::is_err) on:click=start>"Start the campaign"</button>
                    {move || problem.get().map(|problem| view! { <ProblemBox problem /> })}
                </div>
            </div>
        </div>
    }
    .into_any()
}
