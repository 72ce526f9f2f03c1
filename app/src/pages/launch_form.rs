//! The launch form. The command line is built here by the same code that runs it, and checked while it is filled in.

use super::{
    launch_fields::Fields,
    launch_policy::{BootlistChoice, StepChoice},
};
use crate::{
    api,
    components::{
        clock::browser_now,
        disk_map::DiskMap,
        fields::{CheckField, SelectField, TextField},
        preflight::{Findings, OverrideChoice},
        problem_box::ProblemBox,
        start_time::{TimeField, WindowField},
    },
    format,
    model::{
        Acknowledgement, Check, LaunchOptions, LaunchRequest, Migration, Operation, Preflight, Problem,
        Resource as NimResource, Verdict,
    },
};
use aix::ObjectName;
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::{use_navigate, use_query_map};
use std::time::Duration;

/// Quiet time after which a changed form is checked.
const SETTLE: Duration = Duration::from_millis(700);

/// The form.
#[component]
pub(crate) fn LaunchForm(options: LaunchOptions) -> impl IntoView {
    let fields = use_query_map().with_untracked(|query| Fields::new(&options, query));
    let client = options.client.clone();
    let (heading, lead) = match &client {
        Some(client) => {
            let level = client.level.map_or_else(|| "level not read".to_owned(), |level| level.spoken());
            (format!("Migrate {}", client.label()), format!("runs {level} now"))
        }
        None => ("Without a client".to_owned(), format!("on master {}", options.master)),
    };
    let awaits = options.approvals.starts.then(|| options.master.to_string());
    let request = Memo::new(move |_| fields.request());
    let command = move || match request.get() {
        Ok(request) => fields.command(&request).unwrap_or_else(|unfit| unfit.why.into_owned()),
        Err(missing) => missing,
    };
    let operation = Memo::new(move |_| fields.operation());
    let clone = move || operation.get().makes_clone();
    let name = client.as_ref().map_or_else(String::new, |client| client.name.to_string());
    let disks = client.map(StoredValue::new);
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
        <Title text=format!("{heading} – nimdeck") />
        <div class="page-head"><h1>{heading}</h1><span class="lead">{lead}</span></div>
        <noscript><p class="problem">"This form checks itself while it is filled in and needs JavaScript and WebAssembly. Scripts can launch through the REST interface."</p></noscript>
        <div class="launch">
            <div class="launch-form">
                <OperationChoice fields resources=options.resources.clone() />
                {move || disks.filter(|_| clone()).map(|client| view! {
                    <fieldset>
                        <legend>"Target disk"</legend>
                        <p class="hint">"The clone is written there. Only free disks can be chosen; take more than one where rootvg needs the room."</p>
                        <DiskMap client=client.get_value() chosen=fields.disks />
                    </fieldset>
                })}
                <Choices fields operation options />
                {move || clone().then(|| view! {
                    <BootlistChoice choice=fields.nimadm_sets_bootlist name=name.clone() />
                    <StepChoice stepped=fields.stepped hold_after=fields.hold_after />
                })}
            </div>
            <div class="launch-side">
                <section aria-labelledby="h-command">
                    <h2 id="h-command">"Command, as it will run"</h2>
                    <pre class="command" data-testid="command" tabindex="0">{command}</pre>
                </section>
                <Launcher fields target request awaits />
            </div>
        </div>
    }
    .into_any()
}

/// What is to be done, from what, into what.
#[component]
fn OperationChoice(fields: Fields, resources: Vec<NimResource>) -> impl IntoView {
    let has_client = fields.client.with_value(Option::is_some);
    let operations: Vec<_> = Operation::ALL
        .iter()
        .filter(|operation| operation.has_client() == has_client)
        .map(|operation| (operation.to_string(), operation.title().to_owned()))
        .collect();
    let level = |level: &String| format!(" · {}", format::level(level));
    let mksysbs = resources
        .iter()
        .filter(|resource| resource.kind == "mksysb")
        .map(|mksysb| {
            let level = mksysb.level.as_ref().map(level).unwrap_or_default();
            (mksysb.name.to_string(), format!("{}{level}", mksysb.name))
        })
        .collect::<Vec<_>>();
    let mksysbs = StoredValue::new(mksysbs);
    view! {
        <fieldset>
            <legend>"What nimadm is to do"</legend>
            <div class="grid">
                <SelectField label="Operation" options=operations value=fields.operation />
                {move || fields.operation().reads_mksysb().then(|| view! {
                    <SelectField label="mksysb" options=mksysbs.get_value() value=fields.mksysb none="Choose…" hint="What is migrated." />
                })}
                {move || fields.operation().makes_image().then(|| view! {
                    <TextField label="File of the new mksysb" value=fields.image_file hint="On the master, such as /export/nim/mksysb/new.mksysb; must not be there yet." />
                    <TextField label="NIM name of the new mksysb" value=fields.image_name hint="Empty: NIM is not told of it." />
                })}
                {move || (fields.operation() == Operation::Synchronise).then(|| view! {
                    <TextField label="Directory with newer images" value=fields.images hint="On the master; needed where the lpp_source has none of the master’s level." />
                })}
            </div>
        </fieldset>
    }
    .into_any()
}

#[component]
fn Choices(fields: Fields, operation: Memo<Operation>, options: LaunchOptions) -> impl IntoView {
    let migrates = move || operation.get() != Operation::Synchronise;
    let options = StoredValue::new(options);
    let of = move |kind: &str| -> Vec<(String, String)> {
        let words = |resource: &NimResource| {
            let level =
                resource.level.as_deref().map(|level| format!(" · {}", format::level(level))).unwrap_or_default();
            let ready = if resource.ready { "" } else { " · not ready" };
            format!("{}{level}{ready}", resource.name)
        };
        options.with_value(|options| {
            options.resources.iter().filter(|r| r.kind == kind).map(|r| (r.name.to_string(), words(r))).collect()
        })
    };
    let vgs = move || -> Vec<(String, String)> {
        let words = |(name, free): &(ObjectName, Option<u64>)| {
            let free =
                free.map_or_else(|| "free space unknown".to_owned(), |free| format!("{} free", format::mib(free)));
            (name.to_string(), format!("{name} · {free}"))
        };
        options.with_value(|options| options.cache_vgs.iter().map(words).collect())
    };
    view! {
        <fieldset>
            <legend>"Target level"</legend>
            <div class="grid">
                <SelectField label="lpp_source" options=of("lpp_source") value=fields.lpp_source none="Choose…" />
                <SelectField label="SPOT" options=of("spot") value=fields.spot none="Choose…" hint="Must be at the level of the lpp_source." />
                {move || migrates().then(|| view! {
                    <SelectField label="Cache volume group" options=vgs() value=fields.cache_vg none="None: over NFS (slow)" hint="On the master; holds the data in phases 2 to 10." />
                })}
            </div>
            {move || (migrates() && operation.get() != Operation::Capture).then(|| view! {
                <CheckField label="Update within the release: technology level or service pack (-U, AIX 7.3 TL3 and later)" value=fields.update />
            })}
            {move || migrates().then(|| view! {
                <CheckField label="Accept the licence agreements (-Y); phase 6 cannot go on without" value=fields.accept_licenses />
            })}
        </fieldset>
        {move || migrates().then(|| view! { <details class="more">
            <summary>"Scripts, bundle and other resources"</summary>
            <div class="grid">
                <SelectField label="Pre-migration script (phase 4)" options=of("script") value=fields.pre_script none="None" />
                <SelectField label="Post-migration script (phase 7)" options=of("script") value=fields.post_script none="None" />
                <SelectField label="installp_bundle" options=of("installp_bundle") value=fields.bundle none="None" />
                <SelectField label="bosinst_data" options=of("bosinst_data") value=fields.bosinst_data none="None" />
                <SelectField label="image_data" options=of("image_data") value=fields.image_data none="None" />
                {(!operation.get().reads_mksysb()).then(|| view! {
                    <SelectField label="exclude_files" options=of("exclude_files") value=fields.exclude_files none="None" />
                })}
            </div>
        </details> })}
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
    fields: Fields,
    target: Memo<Option<String>>,
    request: Memo<Result<LaunchRequest, String>>,
    /// The master that asks for an approval of each start.
    awaits: Option<String>,
) -> impl IntoView {
    let checked = RwSignal::new(None::<(LaunchRequest, Preflight)>);
    let problem = RwSignal::new(None::<Problem>);
    let checking = RwSignal::new(0_u32);
    let launching = RwSignal::new(false);
    let acknowledged = RwSignal::new(false);
    let (overridden, reason) = (RwSignal::new(Vec::<String>::new()), RwSignal::new(String::new()));
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
        overridden.set(Vec::new());
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
    let unread = Memo::new(move |_| {
        let checks = current.with(|preflight| preflight.as_ref().map(|preflight| preflight.checks.clone()));
        checks.unwrap_or_default().into_iter().filter(Check::needs_override).collect::<Vec<_>>()
    });
    let may_launch = move || {
        let failed = |preflight: &Preflight| preflight.checks.iter().any(|check| check.verdict == Verdict::Block);
        let clear = current.with(|preflight| preflight.as_ref().is_some_and(|preflight| !failed(preflight)));
        let known = unread.with(|unread| {
            let ticked = overridden.with(|ids| unread.iter().all(|check| ids.contains(&check.id)));
            unread.is_empty() || (ticked && reason.with(|reason| !reason.trim().is_empty()))
        });
        clear && known && (!needs_ack() || acknowledged.get()) && !launching.get()
    };
    // A list names the warnings as well: it covers nothing else.
    let acknowledgement = move || {
        let mut named = overridden.get_untracked();
        if named.is_empty() {
            return Acknowledgement::Warnings(acknowledged.get_untracked());
        }
        let warned = current.get_untracked().filter(|_| acknowledged.get_untracked());
        let warned = warned.into_iter().flat_map(|preflight| preflight.checks);
        named.extend(warned.filter(Check::needs_acknowledgement).map(|check| check.id));
        Acknowledgement::Checks(named)
    };
    // One key a page and form: a second click, or a retry after a lost answer, is the same launch.
    let key = StoredValue::new((None::<LaunchRequest>, String::new()));
    let launch = move |_| {
        let Ok(mut wanted) = request.get_untracked() else { return };
        wanted.acknowledge_warnings = acknowledgement();
        wanted.reason = Some(reason.get_untracked().trim().to_owned())
            .filter(|reason| !reason.is_empty() && matches!(wanted.acknowledge_warnings, Acknowledgement::Checks(_)));
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
                        // What was ticked counts for exactly those findings.
                        (wanted.acknowledge_warnings, wanted.reason) = (Acknowledgement::default(), None);
                        overridden.set(Vec::new());
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
            Ok(request) => fields.client.with_value(|client| effect(&request, client.as_ref(), &level)),
            Err(missing) => missing,
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
            {move || Some(unread.get()).filter(|unread| !unread.is_empty()).map(|checks| view! { <OverrideChoice checks chosen=overridden reason /> })}
            {move || needs_ack().then(|| view! { <CheckField label="I have read the warnings and go on knowingly" value=acknowledged /> })}
            <button type="button" class="primary wide" data-testid="launch" disabled=move || !may_launch() on:click=launch>{label}</button>
            {awaits.map(|master| view! {
                <p class="notice" role="note">{format!("{master} asks for an approval: nimadm does not start until an approver has agreed.")}</p>
            })}
            <p class="small">
                {if fields.client.with_value(Option::is_some) { "The running system is not touched." } else { "No client is touched." }}
                " nimdeck checks everything once more before it starts."
            </p>
        </section>
    }
    .into_any()
}

/// What the launch will do, in a sentence.
fn effect(request: &LaunchRequest, client: Option<&ObjectName>, level: &str) -> String {
    let client = client.map_or("", ObjectName::as_str);
    let mksysb = request.mksysb.as_ref().map_or("", ObjectName::as_str);
    let disks = request.target_disks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    let file = request.image.as_ref().map_or("", |image| image.file.as_str());
    match request.operation {
        Operation::Migrate => format!("Clone rootvg of {client} to {disks} and migrate to {level}"),
        Operation::Restore => format!("Restore {mksysb} to {disks} of {client} and migrate to {level}"),
        Operation::Capture => format!("Migrate rootvg of {client} to {level} into {file}"),
        Operation::Convert => format!("Migrate {mksysb} to {level} into {file}"),
        Operation::Synchronise => {
            format!("Bring bos.alt_disk_install of {} and {} to the master’s level", request.spot, request.lpp_source)
        }
    }
}

/// A key nobody else makes: the time and a random number.
fn new_key() -> String {
    format!("ui-{}-{}", browser_now(), js_sys::Math::random())
}
