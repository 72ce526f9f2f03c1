//! The launch form of one client. The command line is built here by the same code that runs it, and checked while it is filled in.

use super::launch_policy::{BootlistChoice, StepChoice};
use crate::{
    api,
    components::{
        clock::browser_now,
        disk_map::DiskMap,
        fields::{CheckField, SelectField, TextField},
        preflight::Findings,
        problem_box::ProblemBox,
        start_time::{TimeField, WindowField, utc},
    },
    format,
    model::{
        BootlistPolicy, DiskUse, LaunchOptions, LaunchRequest, Migration, Preflight, Problem, Resource as NimResource,
        RunMode, Verdict,
    },
};
use aix::{DiskName, ObjectName, Phase};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_navigate;
use std::time::Duration;

/// Quiet time after which a changed form is checked.
const SETTLE: Duration = Duration::from_millis(700);

/// The digits in a resource's name from the first digit on: what `lpp_7300_03_01` and `spot_7300_03_01` share.
fn version_part(name: &ObjectName) -> &str {
    let text = name.as_str();
    text.find(|c: char| c.is_ascii_digit()).map_or("", |at| &text[at..])
}

/// The SPOT of the highest level and the lpp_source that goes with it, by level or by name.
fn newest_pair(resources: &[NimResource]) -> (String, String) {
    let of = |kind: &'static str| resources.iter().filter(move |resource| resource.kind == kind && resource.ready);
    let Some(spot) = of("spot").max_by_key(|spot| (spot.level.clone(), version_part(&spot.name))) else {
        return (String::new(), String::new());
    };
    let lpp = of("lpp_source").max_by_key(|lpp| {
        let same_name = version_part(&lpp.name) == version_part(&spot.name);
        let same_level = lpp.level.is_some() && lpp.level == spot.level;
        (same_name, same_level, version_part(&lpp.name))
    });
    (lpp.map_or_else(String::new, |lpp| lpp.name.to_string()), spot.name.to_string())
}

/// Everything that can be chosen.
#[derive(Clone, Copy)]
struct Fields {
    client: StoredValue<ObjectName>,
    lpp_source: RwSignal<String>,
    spot: RwSignal<String>,
    disks: RwSignal<Vec<DiskName>>,
    cache_vg: RwSignal<String>,
    pre_script: RwSignal<String>,
    post_script: RwSignal<String>,
    bundle: RwSignal<String>,
    bosinst_data: RwSignal<String>,
    image_data: RwSignal<String>,
    exclude_files: RwSignal<String>,
    update: RwSignal<bool>,
    accept_licenses: RwSignal<bool>,
    nimadm_sets_bootlist: RwSignal<bool>,
    stepped: RwSignal<bool>,
    hold_after: RwSignal<Vec<Phase>>,
    not_before: RwSignal<String>,
    window: RwSignal<String>,
    change_ref: RwSignal<String>,
    note: RwSignal<String>,
}

impl Fields {
    fn new(options: &LaunchOptions) -> Self {
        let (lpp_source, spot) = newest_pair(&options.resources);
        let free: Vec<_> = options
            .client
            .disks
            .iter()
            .filter(|disk| options.client.disk_use(disk) == DiskUse::Free)
            .map(|disk| disk.disk.clone())
            .collect();
        // With one free disk there is nothing to choose.
        let disks = if free.len() == 1 { free } else { Vec::new() };
        let roomiest = options
            .cache_vgs
            .iter()
            .max_by_key(|(_, free)| *free)
            .map_or_else(String::new, |(name, _)| name.to_string());
        let empty = || RwSignal::new(String::new());
        Self {
            client: StoredValue::new(options.client.name.clone()),
            lpp_source: RwSignal::new(lpp_source),
            spot: RwSignal::new(spot),
            disks: RwSignal::new(disks),
            cache_vg: RwSignal::new(roomiest),
            pre_script: empty(),
            post_script: empty(),
            bundle: empty(),
            bosinst_data: empty(),
            image_data: empty(),
            exclude_files: empty(),
            update: RwSignal::new(false),
            accept_licenses: RwSignal::new(true),
            nimadm_sets_bootlist: RwSignal::new(false),
            stepped: RwSignal::new(false),
            hold_after: RwSignal::new(Vec::new()),
            not_before: empty(),
            window: empty(),
            change_ref: empty(),
            note: empty(),
        }
    }

    /// The request as filled in, tracked, or what is still missing. Not yet acknowledged.
    fn request(self) -> Result<LaunchRequest, &'static str> {
        let name = |field: RwSignal<String>| field.with(|text| text.parse::<ObjectName>().ok());
        let words =
            |field: RwSignal<String>| field.with(|text| Some(text.trim().to_owned()).filter(|text| !text.is_empty()));
        let target_disks = self.disks.get();
        if target_disks.is_empty() {
            return Err("Choose a target disk.");
        }
        Ok(LaunchRequest {
            client: self.client.with_value(ToString::to_string),
            lpp_source: name(self.lpp_source).ok_or("Choose an lpp_source.")?,
            spot: name(self.spot).ok_or("Choose a SPOT.")?,
            target_disks,
            cache_vg: name(self.cache_vg),
            nfs_mount_options: None,
            pre_script: name(self.pre_script),
            post_script: name(self.post_script),
            bundle: name(self.bundle),
            bosinst_data: name(self.bosinst_data),
            image_data: name(self.image_data),
            exclude_files: name(self.exclude_files),
            update: self.update.get(),
            accept_licenses: self.accept_licenses.get(),
            bootlist: if self.nimadm_sets_bootlist.get() { BootlistPolicy::Nimadm } else { BootlistPolicy::Hold },
            mode: if self.stepped.get() { RunMode::Stepped } else { RunMode::Full },
            hold_after: if self.stepped.get() { self.hold_after.get() } else { Vec::new() },
            not_before: self.not_before.with(|text| utc(text)).map_err(|_| "The start is no date and time.")?,
            window: words(self.window),
            change_ref: words(self.change_ref),
            note: words(self.note),
            acknowledge_warnings: false,
        })
    }
}

/// The form.
#[component]
pub(crate) fn LaunchForm(options: LaunchOptions) -> impl IntoView {
    let fields = Fields::new(&options);
    let name = options.client.name.to_string();
    let level = options.client.level.map_or_else(|| "level not read".to_owned(), |level| level.spoken());
    let request = Memo::new(move |_| fields.request());
    let command = move || match request.get() {
        Ok(request) => request.command(fields.client.get_value()).to_string(),
        Err(missing) => missing.to_owned(),
    };
    let levels = StoredValue::new(
        options
            .resources
            .iter()
            .filter(|r| r.kind == "spot")
            .map(|r| (r.name.to_string(), r.level.clone()))
            .collect::<Vec<_>>(),
    );
    let target = Memo::new(move |_| {
        let spot = fields.spot.get();
        levels.with_value(|all| all.iter().find(|(name, _)| *name == spot).and_then(|(_, level)| level.clone()))
    });
    view! {
        <Title text=format!("Launch {name} – nimdeck") />
        <div class="page-head"><h1>{format!("Migrate {name}")}</h1><span class="lead">{format!("runs {level} now")}</span></div>
        <noscript><p class="problem">"This form checks itself while it is filled in and needs JavaScript and WebAssembly. Scripts can launch through the REST interface."</p></noscript>
        <div class="launch">
            <div class="launch-form">
                <fieldset>
                    <legend>"Target disk"</legend>
                    <p class="hint">"The clone is written there. Only free disks can be chosen; take more than one where rootvg needs the room."</p>
                    <DiskMap client=options.client.clone() chosen=fields.disks />
                </fieldset>
                <Choices fields options />
                <BootlistChoice choice=fields.nimadm_sets_bootlist name=name.clone() />
                <StepChoice stepped=fields.stepped hold_after=fields.hold_after />
            </div>
            <div class="launch-side">
                <section aria-labelledby="h-command">
                    <h2 id="h-command">"Command, as it will run"</h2>
                    <pre class="command" data-testid="command" tabindex="0">{command}</pre>
                </section>
                <Launcher name target request />
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn Choices(fields: Fields, options: LaunchOptions) -> impl IntoView {
    let of = |kind: &str| -> Vec<(String, String)> {
        let words = |resource: &NimResource| {
            let level =
                resource.level.as_deref().map(|level| format!(" · {}", format::level(level))).unwrap_or_default();
            let ready = if resource.ready { "" } else { " · not ready" };
            format!("{}{level}{ready}", resource.name)
        };
        options.resources.iter().filter(|r| r.kind == kind).map(|r| (r.name.to_string(), words(r))).collect()
    };
    let vgs = options
        .cache_vgs
        .iter()
        .map(|(name, free)| {
            let free =
                free.map_or_else(|| "free space unknown".to_owned(), |free| format!("{} free", format::mib(free)));
            (name.to_string(), format!("{name} · {free}"))
        })
        .collect::<Vec<_>>();
    view! {
        <fieldset>
            <legend>"Target level"</legend>
            <div class="grid">
                <SelectField label="lpp_source" options=of("lpp_source") value=fields.lpp_source none="Choose…" />
                <SelectField label="SPOT" options=of("spot") value=fields.spot none="Choose…" hint="Must be at the level of the lpp_source." />
                <SelectField label="Cache volume group" options=vgs value=fields.cache_vg none="None: over NFS (slow)" hint="On the master; holds the client’s data in phases 2 to 10." />
            </div>
            <CheckField label="Update within the release: technology level or service pack (-U, AIX 7.3 TL3 and later)" value=fields.update />
                <CheckField label="Accept the licence agreements (-Y); phase 6 cannot go on without" value=fields.accept_licenses />
        </fieldset>
        <details class="more">
            <summary>"Scripts, bundle and other resources"</summary>
            <div class="grid">
                <SelectField label="Pre-migration script (phase 4)" options=of("script") value=fields.pre_script none="None" />
                <SelectField label="Post-migration script (phase 7)" options=of("script") value=fields.post_script none="None" />
                <SelectField label="installp_bundle" options=of("installp_bundle") value=fields.bundle none="None" />
                <SelectField label="bosinst_data" options=of("bosinst_data") value=fields.bosinst_data none="None" />
                <SelectField label="image_data" options=of("image_data") value=fields.image_data none="None" />
                <SelectField label="exclude_files" options=of("exclude_files") value=fields.exclude_files none="None" />
            </div>
        </details>
        <fieldset>
            <legend>"Start"</legend>
            <div class="grid">
                <TimeField label="Not before" value=fields.not_before hint="Empty: as soon as the master has a place" />
                <WindowField value=fields.window />
            </div>
        </fieldset>
        <fieldset>
            <legend>"For the record"</legend>
            <div class="grid">
                <TextField label="Change number" value=fields.change_ref />
                <TextField label="Note" value=fields.note />
            </div>
        </fieldset>
    }
    .into_any()
}

/// The pre-flight and the launch itself. A finding only counts for exactly the form it was made for.
#[component]
fn Launcher(
    name: String,
    target: Memo<Option<String>>,
    request: Memo<Result<LaunchRequest, &'static str>>,
) -> impl IntoView {
    let checked = RwSignal::new(None::<(LaunchRequest, Preflight)>);
    let problem = RwSignal::new(None::<Problem>);
    let checking = RwSignal::new(0_u32);
    let launching = RwSignal::new(false);
    let acknowledged = RwSignal::new(false);
    let navigate = StoredValue::new(use_navigate());

    let check = move || {
        let Ok(wanted) = request.get_untracked() else { return };
        checking.update(|count| *count += 1);
        problem.set(None);
        spawn_local(async move {
            let answer = api::preflight(wanted.clone()).await;
            checking.try_update(|count| *count -= 1);
            // An answer to a form that was changed meanwhile says nothing about this one.
            if request.try_get_untracked() != Some(Ok(wanted.clone())) {
                return;
            }
            match answer {
                Ok(preflight) => checked.set(Some((wanted, preflight))),
                Err(refused) => problem.set(Some(refused)),
            }
        });
    };
    Effect::new(move || {
        if request.get().is_err() {
            return;
        }
        acknowledged.set(false);
        if let Ok(settle) = set_timeout_with_handle(check, SETTLE) {
            on_cleanup(move || settle.clear());
        }
    });
    let current = Memo::new(move |_| {
        let request = request.get().ok()?;
        checked
            .with(|checked| checked.as_ref().filter(|(of, _)| *of == request).map(|(_, preflight)| preflight.clone()))
    });
    let needs_ack =
        move || current.with(|preflight| preflight.as_ref().is_some_and(|preflight| preflight.warnings_need_ack));
    let may_launch = move || {
        let clear =
            current.with(|preflight| preflight.as_ref().is_some_and(|preflight| preflight.verdict != Verdict::Block));
        clear && (!needs_ack() || acknowledged.get()) && !launching.get()
    };
    // One key a page and form: a second click, or a retry after a lost answer, is the same launch.
    let key = StoredValue::new((None::<LaunchRequest>, String::new()));
    let launch = move |_| {
        let Ok(mut wanted) = request.get_untracked() else { return };
        wanted.acknowledge_warnings = acknowledged.get_untracked();
        if key.with_value(|(of, _)| of.as_ref() != Some(&wanted)) {
            key.set_value((Some(wanted.clone()), new_key()));
        }
        let key = key.with_value(|(_, key)| key.clone());
        launching.set(true);
        problem.set(None);
        spawn_local(async move {
            match api::launch(wanted.clone(), key).await {
                Ok(Migration { id, .. }) => {
                    navigate.with_value(|go| go(&format!("/migrations/{id}"), Default::default()));
                }
                Err(mut refused) => {
                    if let Some(preflight) = refused.preflight.take() {
                        wanted.acknowledge_warnings = false;
                        checked.set(Some((wanted, *preflight)));
                    }
                    problem.set(Some(refused));
                }
            }
            launching.set(false);
        });
    };
    let label = move || {
        let level = target.get().as_deref().map_or_else(|| "the level of the SPOT".to_owned(), format::level);
        match request.get() {
            Ok(request) => {
                let disks = request.target_disks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
                format!("Clone rootvg of {name} to {disks} and migrate to {level}")
            }
            Err(missing) => missing.to_owned(),
        }
    };
    view! {
        <section aria-labelledby="h-preflight">
            <h2 id="h-preflight">"Pre-flight"</h2>
            <p class="hint" role="status">
                {move || match (checking.get() > 0, current.with(Option::is_some)) {
                    (true, _) => "Checking master and client; nothing is written there…",
                    (false, true) => "Checked just as the form stands now.",
                    (false, false) => "Not checked yet.",
                }}
            </p>
            {move || current.get().map(|preflight| view! { <Findings preflight /> })}
            {move || problem.get().map(|problem| view! { <ProblemBox problem /> })}
            <button type="button" disabled=move || request.with(Result::is_err) || checking.get().gt(&0) on:click=move |_| check()>"Run pre-flight"</button>
        </section>
        <section class="go" aria-label="Launch">
            {move || needs_ack().then(|| view! { <CheckField label="I have read the warnings and go on knowingly" value=acknowledged /> })}
            <button type="button" class="primary wide" data-testid="launch" disabled=move || !may_launch() on:click=launch>{label}</button>
            <p class="small">"The running system is not touched. nimdeck checks everything once more before it starts."</p>
        </section>
    }
    .into_any()
}

/// A key nobody else makes: the time and a random number.
fn new_key() -> String {
    format!("ui-{}-{}", browser_now(), js_sys::Math::random())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(name: &str, kind: &str, level: Option<&str>) -> NimResource {
        NimResource { name: name.parse().unwrap(), kind: kind.into(), ready: true, level: level.map(Into::into) }
    }

    #[test]
    fn the_newest_spot_and_its_own_lpp_source_are_preselected() {
        let resources = [
            resource("lpp_7200_05_10", "lpp_source", None),
            resource("lpp_7300_03_01", "lpp_source", None),
            resource("spot_7300_03_01", "spot", Some("7300-03")),
            resource("spot_7200_05_10", "spot", Some("7200-05")),
        ];
        assert_eq!(newest_pair(&resources), ("lpp_7300_03_01".into(), "spot_7300_03_01".into()));
        assert_eq!(newest_pair(&[]), (String::new(), String::new()));
    }
}
