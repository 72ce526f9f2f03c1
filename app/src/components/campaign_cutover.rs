//! The cutover of every clone of a campaign that is ready: now, or at a time.

use super::{
    cutover_dialog::{Approval, CutoverButton},
    frame::Permitted,
};
use crate::{
    api,
    model::{Campaign, CampaignAction, CampaignAsk},
};
use leptos::prelude::*;

/// Who may not approve what is offered, where a second person is asked for.
pub(crate) fn second_person(campaign: &Campaign) -> Option<String> {
    let asked = campaign.approvals.second_person && campaign.actions.iter().any(|action| action.is_approval());
    asked.then(|| campaign.requested_by.clone())
}

/// The button, while a clone is ready. A question that is open stays open when another clone becomes ready.
#[component]
pub(crate) fn CampaignCutover(
    campaign: RwSignal<Campaign>,
    /// No other action is under way.
    #[prop(into)]
    ready: Signal<bool>,
    /// Reads the campaign again.
    reread: Callback<()>,
) -> impl IntoView {
    let id = campaign.with_untracked(|campaign| campaign.id);
    let offered = Memo::new(move |_| {
        campaign.with(|campaign| (campaign.actions.contains(&CampaignAction::Cutover), second_person(campaign)))
    });
    let effect = Signal::derive(move || {
        let clients = campaign.with(|campaign| campaign.waves.iter().map(|wave| wave.ready).sum::<u32>());
        let (who, their) = if clients == 1 { ("1 client is", "its clone") } else { ("clients are", "their clones") };
        let who = if clients == 1 { who.to_owned() } else { format!("{clients} {who}") };
        format!("{who} pointed to {their} and rebooted. Users are cut off until their client is back.")
    });
    let on_confirm = Callback::new(move |approval: Approval| {
        let Approval { time, reason, form } = approval;
        let ask = CampaignAsk { reason, not_before: time.not_before, window: time.window, ..CampaignAsk::default() };
        form.send(api::act_on_campaign(id, CampaignAction::Cutover, ask), move |_| reread.run(()));
    });
    move || {
        let (offered, but) = offered.get();
        offered.then(|| {
            view! {
                <Permitted permission=CampaignAction::Cutover.permission() but>
                    <CutoverButton label="Cut over all that is ready" effect
                        type_this=campaign.with_untracked(|campaign| campaign.name.clone()) ready on_confirm />
                </Permitted>
            }
        })
    }
}
