//! How a migration runs: who moves the bootlist, and whether nimadm runs in one call or in steps.

use aix::Phase;
use leptos::prelude::*;

/// Who moves the bootlist.
#[component]
pub(super) fn BootlistChoice(choice: RwSignal<bool>, name: String) -> impl IntoView {
    view! {
        <fieldset class="policy">
            <legend>"Bootlist"</legend>
            <label class="check">
                <input type="radio" name="bootlist" value="hold" checked=!choice.get_untracked() on:change=move |_| choice.set(false) />
                <span><b>"Hold it (-B)"</b> " – nimdeck moves it at the cutover, when somebody says so."</span>
            </label>
            <label class="check">
                <input type="radio" name="bootlist" value="nimadm" checked=choice.get_untracked() on:change=move |_| choice.set(true) />
                <span><b>"Let nimadm set it"</b> " – in phase 11, without asking again."</span>
            </label>
            {move || choice.get().then(|| view! {
                <p class="notice" data-tone="attention" role="note">
                    {format!("Danger: from the end of phase 11 any reboot of {name}, planned or not, boots the new system. An approver must agree before nimadm starts, as for a cutover.")}
                </p>
            })}
        </fieldset>
    }
    .into_any()
}

/// One call, or a call for each group of phases with stops between them.
#[component]
pub(super) fn StepChoice(stepped: RwSignal<bool>, hold_after: RwSignal<Vec<Phase>>) -> impl IntoView {
    let boundary = move |phase: Phase| {
        let set = move |on: bool| {
            hold_after.update(|chosen| {
                chosen.retain(|other| *other != phase);
                if on {
                    chosen.push(phase);
                    chosen.sort_unstable();
                }
            });
        };
        let title = format!(" phase {phase}, {}", phase.title());
        view! {
            <label class="check">
                <input
                    type="checkbox"
                    name="hold_after"
                    value=phase.number()
                    prop:checked=move || hold_after.with(|chosen| chosen.contains(&phase))
                    on:change=move |event| set(event_target_checked(&event))
                />
                <span>"Hold after" {title}</span>
            </label>
        }
    };
    let boundaries = move || {
        Phase::STEPS
            .iter()
            .filter_map(|step| step.last().copied())
            .filter(|phase| *phase != Phase::LAST)
            .map(boundary)
            .collect_view()
    };
    view! {
        <fieldset class="policy">
            <legend>"Phases"</legend>
            <label class="check">
                <input type="radio" name="mode" value="full" checked=!stepped.get_untracked() on:change=move |_| stepped.set(false) />
                <span><b>"All twelve in one call"</b> " – as nimadm is meant to be run. It can be cancelled, not held."</span>
            </label>
            <label class="check">
                <input type="radio" name="mode" value="stepped" checked=stepped.get_untracked() on:change=move |_| stepped.set(true) />
                <span><b>"In steps (-P)"</b> " – for experts: it can be held between phases, and looked at."</span>
            </label>
            {move || stepped.get().then(|| view! { <div class="holds" role="group" aria-label="Hold points">{boundaries()}</div> })}
        </fieldset>
    }
    .into_any()
}
