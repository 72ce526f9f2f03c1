//! The campaigns, newest first.

use crate::{
    api,
    components::{campaign_badge::CampaignBadge, clock::When, frame::Permitted, loaded::loaded, wave_bar::WaveBar},
    model::{Campaign, Page, Permission, WaveSummary},
};
use leptos::prelude::*;
use leptos_meta::Title;

/// All waves together.
fn whole(campaign: &Campaign) -> WaveSummary {
    campaign.waves.iter().fold(WaveSummary::default(), |sum, wave| WaveSummary {
        number: 0,
        members: sum.members + wave.members,
        waiting: sum.waiting + wave.waiting,
        running: sum.running + wave.running,
        ready: sum.ready + wave.ready,
        verified: sum.verified + wave.verified,
        failed: sum.failed + wave.failed,
        left_out: sum.left_out + wave.left_out,
    })
}

/// The page.
#[component]
pub(crate) fn CampaignsPage() -> impl IntoView {
    let campaigns = Resource::new(|| (), |()| api::campaigns());
    view! {
        <Title text="Campaigns – nimdeck" />
        <div class="page-head">
            <h1>"Campaigns"</h1>
            <div class="page-actions">
                <Permitted permission=Permission::Operate>
                    <a class="button primary" href="/campaigns/new">"Plan a campaign"</a>
                </Permitted>
            </div>
        </div>
        {loaded(campaigns, |page| view! { <Table page /> })}
    }
    .into_any()
}

#[component]
fn Table(page: Page<Campaign>) -> impl IntoView {
    if page.items.is_empty() {
        return view! { <p class="empty">"No campaign yet. A campaign migrates many clients alike, wave by wave, a canary first."</p> }.into_any();
    }
    let row = |campaign: Campaign| {
        let sum = whole(&campaign);
        let waves = campaign.waves.len();
        view! {
            <tr>
                <th scope="row" data-label="Campaign"><a href=format!("/campaigns/{}", campaign.id)>{campaign.name}</a></th>
                <td data-label="State"><CampaignBadge state=campaign.state /></td>
                <td data-label="Wave">{format!("{} of {waves}", campaign.wave)}</td>
                <td data-label="Clients"><WaveBar wave=sum /></td>
                <td data-label="By">{campaign.requested_by} " " <span class="small"><When at=campaign.requested_at /></span></td>
            </tr>
        }
    };
    view! {
        <div class="scroll">
            <table class="cards">
                <caption class="visually-hidden">"Campaigns, newest first"</caption>
                <thead>
                    <tr>
                        <th scope="col">"Campaign"</th>
                        <th scope="col">"State"</th>
                        <th scope="col">"Wave"</th>
                        <th scope="col">"Clients"</th>
                        <th scope="col">"By"</th>
                    </tr>
                </thead>
                <tbody>{page.items.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}
