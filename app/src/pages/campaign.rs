//! One campaign: its waves, its clients, and what may be asked of it. Follows the fleet's events.

use super::migration::no_such_migration;
use crate::{
    api,
    components::{
        campaign_badge::CampaignBadge,
        campaign_cutover::{CampaignCutover, second_person},
        campaign_orders::CampaignOrders,
        clock::When,
        confirm_dialog::ConfirmButton,
        fleet::on_change,
        frame::Permitted,
        host_state::Missing,
        loaded::loaded,
        problem_box::ProblemBox,
        state_badge::StateBadge,
        wave_bar::WaveBar,
    },
    model::{
        Campaign, CampaignAction, CampaignAsk, CampaignMember, GoOn, Problem, Standing, StopRule, Timestamp,
        WaveSummary,
    },
};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

/// The page.
#[component]
pub(crate) fn CampaignPage() -> impl IntoView {
    let params = use_params_map();
    let id = move || params.with(|params| params.get("id").and_then(|id| id.parse::<uuid::Uuid>().ok()));
    let campaign = Resource::new(id, |id| async move {
        let id = id.ok_or_else(|| Problem {
            detail: "The address holds no campaign's id. Find it on the campaigns page.".into(),
            ..no_such_migration()
        })?;
        api::campaign(id).await
    });
    loaded(campaign, move |campaign| view! { <CampaignView campaign /> })
}

fn rules(campaign: &Campaign) -> String {
    let go_on = match campaign.go_on {
        GoOn::Approval => "each wave needs an approval",
        GoOn::Automatic => "waves follow by themselves",
    };
    let stop = match campaign.stop {
        StopRule::Never => "never stops by itself".to_owned(),
        StopRule::Failures(1) => "stops at the first failure".to_owned(),
        StopRule::Failures(count) => format!("stops at {count} failures"),
        StopRule::Percent(percent) => format!("stops when more than {percent} % have failed"),
    };
    format!("{go_on}; {stop}")
}

#[component]
fn CampaignView(campaign: Campaign) -> impl IntoView {
    let id = campaign.id;
    let first = campaign.clone();
    let campaign = RwSignal::new(campaign);
    // Only what changed is drawn again: a question that is open must not close because some migration went on.
    let reread = Callback::new(move |()| {
        spawn_local(async move {
            if let Ok(now) = api::campaign(id).await {
                campaign.try_set(now);
            }
        });
    });
    on_change(move || reread.run(()));
    let template = first.template.clone();
    let what = format!("{} with {}", template.spot, template.lpp_source);
    let cache = template.cache_vg.as_ref().map_or_else(|| "NFS".to_owned(), |vg| format!("cache {vg}"));
    let rules = rules(&first);
    let state = Memo::new(move |_| campaign.with(|campaign| campaign.state));
    let reason = move || campaign.with(|campaign| campaign.reason.clone());
    let waves = move || {
        campaign.with(|campaign| {
            campaign
                .waves
                .iter()
                .map(|wave| view! { <WaveRow wave=*wave now=wave.number == campaign.wave && !campaign.state.is_over() /> })
                .collect_view()
        })
    };
    let problem = RwSignal::new(None::<Problem>);
    let rows = move || {
        campaign.with(|campaign| {
            let may_skip = campaign.actions.contains(&CampaignAction::Skip);
            campaign.members.iter().map(|member| Row::of(member, may_skip)).collect::<Vec<_>>()
        })
    };
    view! {
        <Title text=format!("{} – nimdeck", first.name) />
        <div class="page-head">
            <h1>{first.name.clone()}</h1>
            <span role="status" aria-live="polite">{move || view! { <CampaignBadge state=state.get() /> }}</span>
            {move || reason().map(|reason| view! { <span class="reason">{reason}</span> })}
        </div>
        <p class="lead">
            <b>{what}</b> {format!(" · {cache} · {rules} · by {}, ", first.requested_by)} <When at=first.requested_at /> " UTC"
            {template.change_ref.map(|change| format!(" · change {change}"))}
        </p>
        <CampaignActions campaign reread />
        <CampaignOrders campaign reread />
        <section aria-labelledby="h-waves">
            <h2 id="h-waves">"Waves"</h2>
            <div class="scroll"><table class="cards">
                <caption class="visually-hidden">"Waves"</caption>
                <thead><tr><th scope="col">"Wave"</th><th scope="col">"Clients"</th><th scope="col">"How they stand"</th></tr></thead>
                <tbody>{waves}</tbody>
            </table></div>
        </section>
        <section aria-labelledby="h-members">
            <h2 id="h-members">"Clients"</h2>
            {move || problem.get().map(|problem| view! { <ProblemBox problem /> })}
            <div class="scroll"><table class="cards">
                <caption class="visually-hidden">"Clients of the campaign"</caption>
                <thead><tr>
                    <th scope="col">"Client"</th><th scope="col">"Wave"</th><th scope="col">"State"</th>
                    <th scope="col">"Target disks"</th><th scope="col">"Why"</th>
                    <th scope="col"><span class="visually-hidden">"Actions"</span></th>
                </tr></thead>
                <tbody><For each=rows key=Row::clone let:row><MemberRow id row problem reread /></For></tbody>
            </table></div>
        </section>
    }
    .into_any()
}

/// What is shown of a client. It is its row's key, too: of five hundred rows those are drawn again that show something else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Row {
    id: uuid::Uuid,
    client: String,
    label: String,
    missing: Option<Timestamp>,
    wave: u16,
    standing: Standing,
    migration: Option<uuid::Uuid>,
    disks: String,
    why: String,
    may_skip: bool,
}

impl Row {
    fn of(member: &CampaignMember, may_skip: bool) -> Self {
        let reason = || member.migration.as_ref().and_then(|migration| migration.reason.clone());
        Self {
            id: member.client_id,
            client: member.client.to_string(),
            label: member.label(),
            missing: member.missing_since,
            wave: member.wave,
            standing: member.standing,
            migration: member.migration.as_ref().map(|migration| migration.id),
            disks: member.target_disks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            why: member.refused.clone().or_else(reason).unwrap_or_default(),
            may_skip: may_skip && matches!(member.standing, Standing::Waiting | Standing::Refused),
        }
    }
}

#[component]
fn WaveRow(wave: WaveSummary, now: bool) -> impl IntoView {
    view! {
        <tr aria-current=now.then_some("step")>
            <th scope="row" data-label="Wave">{wave.number} {now.then_some(" (now)")}</th>
            <td data-label="Clients">{wave.members}</td>
            <td data-label="How they stand"><WaveBar wave /></td>
        </tr>
    }
    .into_any()
}

#[component]
fn MemberRow(id: uuid::Uuid, row: Row, problem: RwSignal<Option<Problem>>, reread: Callback<()>) -> impl IntoView {
    let Row { id: client_id, client, label, missing, wave, standing, migration, disks, why, may_skip } = row;
    let leave_out = move |_| {
        let ask = CampaignAsk { client: Some(client_id.to_string()), ..CampaignAsk::default() };
        spawn_local(async move {
            problem.set(api::act_on_campaign(id, CampaignAction::Skip, ask).await.err());
            reread.run(());
        });
    };
    let button = may_skip.then(|| {
        let label = format!("Leave out {label}");
        view! {
            <Permitted permission=CampaignAction::Skip.permission()>
                <button type="button" aria-label=label.clone() on:click=leave_out>"Leave out"</button>
            </Permitted>
        }
    });
    let state = match (standing, migration) {
        (Standing::At(state), Some(id)) => {
            view! { <a href=format!("/migrations/{id}")><StateBadge state /></a> }.into_any()
        }
        (Standing::Refused, _) => view! { <span class="badge" data-tone="bad">"Refused"</span> }.into_any(),
        (Standing::Skipped, _) => view! { <span class="badge" data-tone="quiet">"Left out"</span> }.into_any(),
        _ => view! { <span class="badge" data-tone="quiet">"Waiting"</span> }.into_any(),
    };
    view! {
        <tr data-client=client>
            <th scope="row" data-label="Client"><a href=format!("/clients/{client_id}")>{label}</a> <Missing since=missing /></th>
            <td data-label="Wave">{wave}</td>
            <td data-label="State">{state}</td>
            <td data-label="Target disks" class="machine">{if disks.is_empty() { "chosen at its launch".to_owned() } else { disks }}</td>
            <td data-label="Why" class="particulars">{why}</td>
            <td class="row-actions">{button}</td>
        </tr>
    }
    .into_any()
}

#[component]
fn CampaignActions(campaign: RwSignal<Campaign>, reread: Callback<()>) -> impl IntoView {
    let problem = RwSignal::new(None::<Problem>);
    let busy = RwSignal::new(false);
    let id = campaign.with_untracked(|campaign| campaign.id);
    let offered = Memo::new(move |_| {
        campaign.with(|campaign| (campaign.actions.clone(), campaign.wave + 1, second_person(campaign)))
    });
    let ready = Signal::derive(move || !busy.get());
    let buttons = move || {
        let (actions, next, requester) = offered.get();
        actions
            .into_iter()
            // Clients are left out one by one, in their rows; a cutover has a question of its own.
            .filter(|action| !matches!(action, CampaignAction::Skip | CampaignAction::Cutover))
            .map(move |action| {
                let (label, effect, danger) = match action {
                    CampaignAction::Approve => {
                        let label = if next == 1 { "Begin the first wave" } else { "Begin the next wave" };
                        (label, format!("The clients of wave {next} are launched."), false)
                    }
                    CampaignAction::Pause => (
                        "Pause",
                        "Nothing more is launched until somebody resumes it. What runs goes on.".to_owned(),
                        false,
                    ),
                    CampaignAction::Resume => ("Resume", "It goes on with its present wave.".to_owned(), false),
                    CampaignAction::RetryFailed => (
                        "Retry what failed",
                        "Clients that failed and were cleaned up, and those that were refused, are tried again."
                            .to_owned(),
                        false,
                    ),
                    CampaignAction::Cancel => (
                        "Cancel the campaign",
                        "Nothing more is launched. Migrations that run go on; cancel them one by one.".to_owned(),
                        true,
                    ),
                    CampaignAction::Skip | CampaignAction::Cutover => ("", String::new(), false),
                };
                let on_confirm = Callback::new(move |reason: String| {
                    busy.set(true);
                    problem.set(None);
                    let ask =
                        CampaignAsk { reason: Some(reason).filter(|r| !r.trim().is_empty()), ..CampaignAsk::default() };
                    spawn_local(async move {
                        if let Err(refused) = api::act_on_campaign(id, action, ask).await {
                            problem.set(Some(refused));
                        }
                        busy.set(false);
                        reread.run(());
                    });
                });
                let but = requester.clone().filter(|_| action.is_approval());
                view! {
                    <Permitted permission=action.permission() but>
                        <ConfirmButton label effect=effect.clone() type_this=None danger ready on_confirm />
                    </Permitted>
                }
            })
            .collect_view()
    };
    let asks = move || {
        let (_, _, requester) = offered.get();
        requester.map(|by| view! { <p class="small" data-testid="second-person">{format!("Its master asks for the approval of a second person: {by} asked for this campaign and cannot approve it.")}</p> })
    };
    view! {
        <div class="next" data-tone="live">
            {asks}
            <div class="actions" role="group" aria-label="Actions">{buttons} <CampaignCutover campaign ready reread /></div>
        </div>
        {move || problem.get().map(|problem| view! { <ProblemBox problem /> })}
    }
    .into_any()
}
