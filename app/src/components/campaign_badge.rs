//! The state of a campaign as shape, word and colour.

use super::state_badge::Shape;
use crate::model::CampaignState;
use leptos::prelude::*;

/// A campaign's state.
#[component]
pub(crate) fn CampaignBadge(state: CampaignState) -> impl IntoView {
    let (tone, title) = match state {
        CampaignState::Running => ("live", "Running"),
        CampaignState::AwaitingApproval => ("attention", "Awaiting approval"),
        CampaignState::Paused => ("attention", "Paused"),
        CampaignState::Stopped => ("bad", "Stopped by its rule"),
        CampaignState::Done => ("good", "Done"),
        CampaignState::Cancelled => ("quiet", "Cancelled"),
    };
    view! {
        <span class="badge" data-tone=tone data-state=state.as_str()>
            <Shape tone=tone />
            {title}
        </span>
    }
    .into_any()
}
