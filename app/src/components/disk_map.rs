//! The disks of a client: sizes, owners, and which may be the target of a migration.

use crate::{
    format,
    model::{Client, Disk, DiskUse},
};
use aix::DiskName;
use leptos::prelude::*;

/// What a disk is used for, in a word and with the reason why it may not be chosen.
#[must_use]
pub(crate) fn words(usage: DiskUse) -> (&'static str, &'static str) {
    match usage {
        DiskUse::Free => ("Free", "In no volume group, not in the bootlist"),
        DiskUse::Running => ("Running system", "In the running rootvg: never touched"),
        DiskUse::Bootlist => ("Bootlist", "In the current bootlist: never touched"),
        DiskUse::Clone => ("Clone", "Holds a clone or the previous rootvg"),
        DiskUse::Data => ("Data", "Belongs to a volume group with data"),
    }
}

fn slug(usage: DiskUse) -> &'static str {
    match usage {
        DiskUse::Free => "free",
        DiskUse::Running => "running",
        DiskUse::Bootlist => "bootlist",
        DiskUse::Clone => "clone",
        DiskUse::Data => "data",
    }
}

/// Everything the map says of one disk.
#[component]
fn DiskFace(disk: Disk, usage: DiskUse, boots: bool) -> impl IntoView {
    let (word, reason) = words(usage);
    let size = disk.size.map_or_else(|| "size unknown".to_owned(), format::mib);
    let group = disk.vg.map_or_else(|| "no volume group".to_owned(), |vg| vg.to_string());
    let group = disk.state.map_or_else(|| group.clone(), |state| format!("{group} · {state}"));
    view! {
        <span class="disk-name">{disk.disk.to_string()}</span>
        <span class="disk-size">{size}</span>
        <span class="disk-vg">{group}</span>
        <span class="disk-use" data-use=slug(usage)>{word} {boots.then_some(" · boots next")}</span>
        <span class="disk-reason">{reason}</span>
        <span class="disk-pvid">{disk.pvid.map_or_else(|| "no PVID".to_owned(), |pvid| pvid.to_string())}</span>
    }
    .into_any()
}

/// The map. With `chosen` every free disk can be picked; the others say why they cannot.
#[component]
pub(crate) fn DiskMap(
    /// The client whose disks they are.
    client: Client,
    /// The target disks picked so far.
    #[prop(optional)]
    chosen: Option<RwSignal<Vec<DiskName>>>,
) -> impl IntoView {
    let first_boot = client.bootlist.first().map(|boot| boot.device.clone());
    let cards = client
        .disks
        .iter()
        .map(|disk| {
            let usage = client.disk_use(disk);
            let boots = first_boot.as_deref() == Some(disk.disk.as_str());
            let face = view! { <DiskFace disk=disk.clone() usage boots /> };
            match chosen {
                None => view! { <div class="disk" data-use=slug(usage)>{face}</div> }.into_any(),
                Some(chosen) => {
                    let name = disk.disk.clone();
                    let label = format!("{name}, {}", words(usage).1);
                    view! {
                        <label class="disk" data-use=slug(usage)>
                            <input
                                type="checkbox"
                                name="target_disks"
                                value=name.to_string()
                                aria-label=label
                                disabled=usage != DiskUse::Free
                                checked=chosen.with_untracked(|all| all.contains(&name))
                                on:change:target=move |ev| {
                                    let picked = ev.target().checked();
                                    chosen.update(|all| {
                                        all.retain(|other| *other != name);
                                        if picked {
                                            all.push(name.clone());
                                        }
                                    });
                                }
                            />
                            {face}
                        </label>
                    }
                    .into_any()
                }
            }
        })
        .collect_view();
    view! { <div class="disks">{cards}</div> }
}
