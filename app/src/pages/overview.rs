//! The first page: what runs now, what waits for somebody, what failed, what is done.

use crate::{
    api,
    components::{
        campaign_badge::CampaignBadge,
        clock::clock,
        event_source::StreamStatus,
        fleet::on_change,
        frame::Permitted,
        host_state::HostState,
        loaded::loaded,
        migration_table::{MigrationTable, levels},
        phase_strip::SummaryStrip,
        problem_box::ProblemBox,
        state_badge::StateBadge,
        watch::WatchBadges,
    },
    format,
    model::{
        HostKeyState, Master, MigrationSummary, Overview, Permission, Problem, Recent, SecondReading, ShrunkList,
        WaitingCampaign,
    },
};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;

/// The page; follows the fleet's events.
#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    let overview = Resource::new(|| (), |()| api::overview());
    let stream = on_change(move || overview.refetch());
    let stale = move || matches!(stream.get(), StreamStatus::Reconnecting(_));
    view! {
        <Title text="Overview – nimdeck" />
        <div class="page-head">
            <h1>"Overview"</h1>
            <span class="stream" role="status" data-status=move || if stale() { "reconnecting" } else { "live" }>
                {move || if stale() { "reconnecting; the page may be behind" } else { "live" }}
            </span>
            <div class="page-actions">
                <Permitted permission=Permission::Operate>
                    <a class="button primary" href="/launch">"Launch a migration"</a>
                </Permitted>
            </div>
        </div>
        {loaded(overview, |overview| view! { <Sections overview /> })}
    }
    .into_any()
}

#[component]
fn Sections(overview: Overview) -> impl IntoView {
    let Overview { running, waiting, campaigns, failed, done, masters, clients, missing_clients } = overview;
    let count = |label: &'static str, tone: &'static str, count: u32| {
        view! { <div class="tally" data-tone=tone data-some=(count > 0).to_string()><dt>{label}</dt><dd>{count}</dd></div> }
    };
    view! {
        <dl class="tallies">
            {count("Running", "live", running.count)}
            {count("Waiting for you", "attention", waiting.count.saturating_add(u32::try_from(campaigns.len()).unwrap_or(u32::MAX)))}
            {count("Failed, 7 days", "bad", failed.count)}
            {count("Done, 7 days", "good", done.count)}
            {count("Clients", "quiet", clients)}
            {(missing_clients > 0).then(|| count("Missing clients", "attention", missing_clients))}
        </dl>
        <section aria-labelledby="h-running">
            <h2 id="h-running">"Running now"</h2>
            <div class="runs">
                {if running.count == 0 {
                    view! { <p class="empty">"Nothing runs. " <a href="/clients">"Choose a client"</a> " to launch a migration."</p> }.into_any()
                } else {
                    running.newest.iter().cloned().map(|migration| view! { <Run migration /> }).collect_view().into_any()
                }}
            </div>
            {others(&running)}
        </section>
        {(!campaigns.is_empty()).then(|| view! { <Campaigns campaigns /> })}
        {[("Waiting for a decision", waiting), ("Failed", failed), ("Done", done)]
            .into_iter()
            .filter(|(_, recent)| recent.count > 0)
            .map(|(title, recent)| view! {
                <section aria-label=title>
                    <h2>{title}</h2>
                    {others(&recent)}
                    <MigrationTable migrations=recent.newest caption=title empty="None." />
                </section>
            })
            .collect_view()}
        <section aria-labelledby="h-masters">
            <h2 id="h-masters">"NIM masters"</h2>
            <div class="masters">{masters.into_iter().map(|master| view! { <MasterCard master /> }).collect_view()}</div>
        </section>
    }
    .into_any()
}

/// Campaigns that wait for a decision.
#[component]
fn Campaigns(campaigns: Vec<WaitingCampaign>) -> impl IntoView {
    let row = |campaign: WaitingCampaign| {
        view! {
            <tr>
                <th scope="row" data-label="Campaign"><a href=format!("/campaigns/{}", campaign.id)>{campaign.name}</a></th>
                <td data-label="State"><CampaignBadge state=campaign.state /></td>
                <td data-label="Why" class="particulars">{campaign.reason}</td>
            </tr>
        }
    };
    view! {
        <section aria-labelledby="h-campaigns">
            <h2 id="h-campaigns">"Campaigns waiting for a decision"</h2>
            <div class="scroll"><table class="cards">
                <caption class="visually-hidden">"Campaigns waiting for a decision"</caption>
                <thead><tr><th scope="col">"Campaign"</th><th scope="col">"State"</th><th scope="col">"Why"</th></tr></thead>
                <tbody>{campaigns.into_iter().map(row).collect_view()}</tbody>
            </table></div>
        </section>
    }
    .into_any()
}

/// That there are more than are shown, and where they all are.
fn others(recent: &Recent) -> Option<impl IntoView + use<>> {
    let shown = recent.newest.len();
    (recent.count as usize > shown).then(|| {
        let href = format!("/migrations?state={}", recent.states);
        view! { <p class="small recent">{format!("The newest {shown} of {}. ", recent.count)} <a href=href>"See all of them"</a></p> }
    })
}

#[component]
fn Run(migration: MigrationSummary) -> impl IntoView {
    let clock = clock();
    let started = migration.started_at;
    let took = move || format::elapsed(started, None, clock.now());
    view! {
        <article class="run" data-migration=migration.id.to_string()>
            <header>
                <h3><a href=format!("/migrations/{}", migration.id)>{migration.label()}</a></h3>
                <StateBadge state=migration.state />
                <span class="run-took">{took}</span>
            </header>
            <SummaryStrip migration=migration.clone() />
            <WatchBadges signals=migration.signals.clone() interlocks=migration.interlocks.clone() />
            <p class="small">{levels(&migration)} " · " {migration.master.to_string()} " · by " {migration.requested_by.clone()}</p>
        </article>
    }
    .into_any()
}

#[component]
fn MasterCard(master: Master) -> impl IntoView {
    let master = RwSignal::new(master);
    let problem = RwSignal::new(None::<Problem>);
    let busy = RwSignal::new(false);
    let id = master.with_untracked(|master| master.id);
    let done = move |answer: Result<Master, Problem>| {
        match answer {
            Ok(after) => master.set(after),
            Err(refused) => problem.set(Some(refused)),
        }
        busy.set(false);
    };
    let begin = move || {
        busy.set(true);
        problem.set(None);
    };
    let refresh = move |_| {
        begin();
        spawn_local(async move { done(api::refresh_master(id).await) });
    };
    let pin = Callback::new(move |fingerprint: String| {
        begin();
        spawn_local(async move { done(api::pin_host_key(id, fingerprint).await) });
    });
    view! {
        <article class="master">
            <header>
                <h3>{move || master.with(|master| master.name.to_string())}</h3>
                {move || master.with(|master| view! { <HostState unreachable=master.unreachable.clone() refreshed_at=master.refreshed_at /> })}
            </header>
            <p class="small">
                {move || master.with(|master| {
                    let level = master.level.map_or_else(|| "level not read".to_owned(), |level| level.spoken());
                    format!("{}@{}:{} · {level}", master.user, master.host, master.port)
                })}
            </p>
            {move || master.with(|master| view! { <Listing master=master.clone() /> })}
            {move || master.with(|master| view! { <HostKey state=master.host_key.clone() pin /> })}
            <div class="buttons">
                <Permitted permission=Permission::Operate>
                    <button type="button" disabled=move || busy.get() on:click=refresh>
                        {move || if busy.get() { "Reading…" } else { "Refresh" }}
                    </button>
                </Permitted>
                <a class="button" href=format!("/masters/{id}/import")>"Import old logs"</a>
            </div>
            {move || problem.get().map(|problem| view! { <ProblemBox problem /> })}
        </article>
    }
    .into_any()
}

/// What NIM lists there: its clients in numbers, and a list that has shrunk.
#[component]
fn Listing(master: Master) -> impl IntoView {
    let missing = master.missing_clients;
    let link = (missing > 0).then(|| {
        let href = format!("/clients?master={}&missing=true", master.id);
        view! { ", " <a href=href>{format!("{missing} missing")}</a> }
    });
    let clients = if master.clients == 1 { "client" } else { "clients" };
    let shrunk = master.shrunk.as_ref().map(|list| {
        let (tone, said) = shrunk(list);
        view! { <p class="small notice" data-tone=tone data-testid="shrunk">{said}</p> }
    });
    view! {
        <p class="small" data-testid="listing">{format!("{} {clients}", master.clients)} {link}</p>
        {shrunk}
    }
    .into_any()
}

/// A list that has shrunk, in a sentence, and how grave that is.
fn shrunk(list: &ShrunkList) -> (&'static str, String) {
    let what = |now: u32, before: u32, noun: &str| (now < before).then(|| format!("{now} {noun} ({before} before)"));
    let lists =
        [what(list.clients, list.clients_before, "clients"), what(list.resources, list.resources_before, "resources")];
    let lists: Vec<_> = lists.into_iter().flatten().collect();
    // One object may have replaced another.
    let lists = if lists.is_empty() { "other objects than before".to_owned() } else { lists.join(" and ") };
    let at = list.read_at.readable();
    match &list.second {
        SecondReading::Confirmed { at: second } => (
            "attention",
            format!("NIM listed {lists} at {at} UTC; confirmed by a second reading at {} UTC.", second.readable()),
        ),
        SecondReading::Recovered { at: second } => (
            "quiet",
            format!(
                "NIM listed {lists} at {at} UTC; a second reading at {} UTC listed the rest. Nothing was changed.",
                second.readable()
            ),
        ),
        SecondReading::Failed { at: second, why } => (
            "attention",
            format!(
                "NIM listed {lists} at {at} UTC; the second reading at {} UTC failed, so nothing was changed. {why}",
                second.readable()
            ),
        ),
    }
}

/// The host key, and the button that accepts one: the fingerprint on it is exactly the one that is pinned.
#[component]
fn HostKey(state: HostKeyState, pin: Callback<String>) -> impl IntoView {
    let accept = move |fingerprint: String, words: &'static str| {
        let shown = fingerprint.clone();
        view! {
            <p class="small">"Offered: " <code>{shown}</code></p>
            <Permitted permission=Permission::Administer>
                <button type="button" on:click={let fingerprint = fingerprint.clone(); move |_| pin.run(fingerprint.clone())}>{words}</button>
            </Permitted>
        }
    };
    match state {
        HostKeyState::Pinned { fingerprint } => {
            view! { <p class="small fingerprint">"Host key " <code>{fingerprint}</code></p> }.into_any()
        }
        HostKeyState::Unknown { offered: None } => {
            view! { <p class="small">"No host key is pinned, and none was offered yet. Nothing is sent to this host."</p> }.into_any()
        }
        HostKeyState::Unknown { offered: Some(offered) } => view! {
            <div class="notice" data-tone="attention">
                <p>"No host key is pinned: nothing is sent to this host. Compare the fingerprint with the one on its console."</p>
                {accept(offered, "Pin this key")}
            </div>
        }
        .into_any(),
        HostKeyState::Changed { fingerprint, offered } => view! {
            <div class="notice" data-tone="bad">
                <p><b>"The host key has changed."</b> " Everything to this host is stopped. Find out why before you accept it."</p>
                <p class="small">"Pinned: " <code>{fingerprint}</code></p>
                {accept(offered, "Accept the changed key")}
            </div>
        }
        .into_any(),
    }
}
