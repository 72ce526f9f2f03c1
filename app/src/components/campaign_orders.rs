//! The orders of a campaign: the progress of each, and what it could not do.

use super::clock::When;
use crate::model::{Campaign, CampaignAction, CampaignOrder, OrderState};
use leptos::prelude::*;
use std::time::Duration;

/// How often an order that is being carried out is read.
const REREAD: Duration = Duration::from_secs(2);

fn title(action: CampaignAction) -> &'static str {
    match action {
        CampaignAction::Cutover => "Cutover",
        CampaignAction::RetryFailed => "Retry of what failed",
        _ => "Order",
    }
}

/// The progress of an order, in words.
fn progress(order: &CampaignOrder) -> String {
    let mut text = format!("{} of {} done", order.done, order.members);
    for (count, word) in [(order.refused, "refused"), (order.skipped, "left alone")] {
        if count > 0 {
            text.push_str(&format!(", {count} {word}"));
        }
    }
    if order.is_open() {
        text.push_str("; nimdeck carries it out, you may leave this page");
    }
    text
}

/// Every order, the newest first; nothing where there is none.
#[component]
pub(crate) fn CampaignOrders(campaign: RwSignal<Campaign>, reread: Callback<()>) -> impl IntoView {
    let orders = Memo::new(move |_| campaign.with(|campaign| campaign.orders.clone()));
    let open = Memo::new(move |_| orders.with(|orders| orders.iter().any(CampaignOrder::is_open)));
    Effect::new(move || {
        if !open.get() {
            return;
        }
        if let Ok(again) = set_interval_with_handle(move || reread.run(()), REREAD) {
            on_cleanup(move || again.clear());
        }
    });
    move || {
        let orders = orders.get();
        (!orders.is_empty()).then(|| {
            view! {
                <section aria-labelledby="h-orders">
                    <h2 id="h-orders">"Orders"</h2>
                    <div role="status" aria-live="polite">{orders.into_iter().map(|order| view! { <Order order /> }).collect_view()}</div>
                </section>
            }
        })
    }
}

#[component]
fn Order(order: CampaignOrder) -> impl IntoView {
    let acted = order.members - order.pending;
    let words = progress(&order);
    let tone = if order.refused > 0 { "attention" } else { "live" };
    let not_done: Vec<_> = order
        .not_done
        .into_iter()
        .map(|member| {
            let word = if member.state == OrderState::Refused { "refused" } else { "left alone" };
            view! {
                <li>
                    <a href=format!("/migrations/{}", member.migration)>{member.client.to_string()}</a>
                    {format!(" {word}: {}", member.why)}
                </li>
            }
        })
        .collect();
    view! {
        <div class="notice" data-tone=tone data-testid="order">
            <p>
                <b>{title(order.action)}</b> {format!(" by {}, ", order.asked_by)} <When at=order.asked_at /> " UTC: "
                <progress max=order.members.max(1) value=acted aria-label="Members acted on"></progress> " " {words}
            </p>
            {(!not_done.is_empty()).then(|| view! { <ul>{not_done}</ul> })}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_says_its_progress() {
        let order = |pending, refused| CampaignOrder {
            id: uuid::Uuid::nil(),
            action: CampaignAction::Cutover,
            asked_by: "jane".to_owned(),
            asked_at: time::OffsetDateTime::UNIX_EPOCH.into(),
            reason: None,
            not_before: None,
            window: None,
            members: 14,
            pending,
            done: 14 - pending - refused,
            refused,
            skipped: 0,
            not_done: Vec::new(),
        };
        assert!(progress(&order(10, 0)).starts_with("4 of 14 done; nimdeck carries it out"));
        assert_eq!(progress(&order(0, 2)), "12 of 14 done, 2 refused");
    }
}
