//! The modes beside a migration, and what a migration shares with them: cleaning up, waking, sleeping, synchronising, images.

use super::{
    Context, Log,
    eligible::{self, Ineligible, Plan, find, no_object, reachable},
    files,
    lock::alive,
    phases,
    plan::Call,
    run::script,
};
use crate::{
    LabError,
    commands::Output,
    image,
    model::{
        Site, VgId, Via,
        migration::{self, Change, Image, Job, Refused},
        nim::Resource,
    },
    scenario::Scenario,
};
use regex::RegexSet;

/// `nimadm -C`: whatever is left of a migration of the client goes; safe to repeat.
pub(super) fn clean(context: &Context, call: &Call, name: &str) -> Result<(), Ineligible> {
    let master = context.host()?;
    let nim = master.nim.as_ref().ok_or_else(|| no_object(name))?;
    if context.store.client(&context.host, name)?.is_none() {
        return Err(no_object(name));
    }
    let spot = find(nim, "spot", call.spot.as_ref())?;
    not_locked(context, call, name)?;
    reachable(context, name)?;
    let mut log = log(context, call, name);
    log.say("Initializing the NIM master.");
    log.say(&format!("Initializing NIM client {name}."));
    let plan = bare(context, name, spot)?;
    for line in undo(context, &plan, Change::Release)? {
        log.say(&line);
    }
    Ok(())
}

/// `nimadm -W`: the finished clone is mounted again, on the client and from the master.
pub(super) fn wake(context: &Context, call: &Call, name: &str) -> Result<u8, Ineligible> {
    let (plan, mut log) = begin(context, call, name)?;
    let job = &plan.job;
    let disk = call.disks.first().cloned().unwrap_or_default();
    log.say("Waking up altinst_rootvg on client.");
    log.say(&format!("Client alt_disk_install command: alt_disk_install -M {} -W {disk}", job.level.version_release()));
    let done = change(context, &plan, |site| {
        migration::apply(&Change::Wake(disk.clone()), job, site)?;
        let client = site.client.as_ref().and_then(|client| client.group("altinst_rootvg").ok().flatten());
        let Some(clone) = client.map(|vg| vg.id.clone()) else { return Ok(()) };
        // The lock carries the clone while it is awake, so that what is exported is its file systems.
        migration::apply(&Change::Lock, &Job { clone, ..job.clone() }, site)?;
        migration::apply(&Change::Export, job, site)?;
        migration::apply(&Change::MountExports, job, site)
    });
    if let Err(refused) = done {
        log.say(&refused.to_string());
        return Ok(1);
    }
    let clone = context.store.work(&context.host, name)?.map(|work| work.clone);
    let target = clone.map(|id| context.store.host_dir(name).join("vg").join(id.0));
    crate::tree::point(&files::work_dir(context, name), target)?;
    log.say("Waking up altinst_rootvg volume group ...");
    log.say(&format!("Exporting alt_inst filesystems from client {name}:"));
    let mounted = context.host()?.nfs_mounts;
    let of_client: Vec<_> = mounted.iter().filter(|mount| mount.remote.starts_with(&format!("{name}:"))).collect();
    of_client
        .iter()
        .for_each(|mount| log.say(&format!("Exporting {}", mount.remote.split_once(':').map_or("", |(_, path)| path))));
    of_client.iter().for_each(|mount| log.say(&format!("NFS mounting {}", mount.remote)));
    if let Some((name, file)) = &plan.post_script {
        log.say(&format!("Executing user customization script {name}."));
        let root = files::work_dir(context, &job.subject);
        let done = script(context, file, &[root.as_os_str()])?;
        log.put(&done.stdout);
        log.put(&done.stderr);
        return Ok(u8::from(!done.status.success()));
    }
    Ok(0)
}

/// `nimadm -S`.
pub(super) fn sleep(context: &Context, call: &Call, name: &str) -> Result<u8, Ineligible> {
    let (plan, mut log) = begin(context, call, name)?;
    log.say("Putting altinst_rootvg to sleep on client.");
    let mounts: Vec<_> = context
        .host()?
        .nfs_mounts
        .iter()
        .filter(|mount| mount.remote.starts_with(&format!("{name}:")))
        .map(|mount| mount.mount.clone())
        .collect();
    phases::unmounts(&mounts, plan.job.level).for_each(|line| log.say(&line));
    log.say(&format!("Client alt_disk_install command: alt_disk_install -M {} -S", plan.job.level.version_release()));
    let done = change(context, &plan, |site| {
        migration::apply(&Change::RemoveCache, &plan.job, site)?;
        let mounts = site.client.as_mut().map(|client| client.sleep()).transpose()?.unwrap_or_default();
        migration::apply(&Change::Release, &plan.job, site)?;
        Ok(mounts)
    });
    match done {
        Ok(mut mounts) => {
            files::follow(context, &plan, &Change::RemoveCache)?;
            mounts.reverse();
            log.say("Putting volume group altinst_rootvg to sleep ...");
            phases::unmounts(&mounts, plan.job.level).for_each(|line| log.say(&line));
            log.say("Fixing LV control blocks...");
            log.say("Fixing file system superblocks...");
            Ok(0)
        }
        Err(refused) => {
            log.say(&refused.to_string());
            Ok(1)
        }
    }
}

/// `nimadm -M`: the level of bos.alt_disk_install on the master, in the SPOT and in the lpp_source; where they differ, the SPOT
/// and the lpp_source get the master's, as long as there are images of it. All texts are (unconfirmed).
pub(super) fn sync(context: &Context, call: &Call, out: &mut Output) -> Result<u8, Ineligible> {
    let master = context.host()?;
    let nim = master.nim.as_ref().ok_or_else(|| no_object("master"))?;
    let spot = find(nim, "spot", call.spot.as_ref())?.clone();
    let lpp_source = find(nim, "lpp_source", call.lpp_source.as_ref())?.clone();
    let fileset = crate::filesets::ALT_DISK;
    let here = master.rootvg()?.1.filesets.get(fileset).map(|installed| installed.level);
    let shown = |level: Option<aix::Vrmf>| level.map_or("-".to_owned(), |level| level.to_string());
    out.line(format!("Level of {fileset}:"));
    out.line(format!("  NIM master                {}", shown(here)));
    out.line(format!("  SPOT {:<20} {}", spot.name, shown(spot.alt_disk_level())));
    out.line(format!("  lpp_source {:<14} {}", lpp_source.name, shown(lpp_source.alt_disk_level())));
    if let Some(dir) = call.disks.first() {
        let path = context.store.root(&context.host).join(dir.trim_start_matches('/'));
        if !path.is_dir() {
            out.error(format!("0503-105 geninstall: The device or directory: {dir} does not exist."));
            return Ok(105);
        }
    }
    if spot.alt_disk_level() == here && lpp_source.alt_disk_level() == here {
        out.line("The levels are the same; nothing to do.");
        return Ok(0);
    }
    if call.preview {
        out.line(format!("{} and {} would be updated to {}.", spot.name, lpp_source.name, shown(here)));
        return Ok(0);
    }
    if lpp_source.alt_disk_level() != here && call.disks.is_empty() {
        out.error(format!(
            "nimadm: {} has no images of {fileset} {}; name a directory with -d.",
            lpp_source.name,
            shown(here)
        ));
        return Ok(1);
    }
    context.store.update(&context.host, |host| {
        for resource in host.nim.iter_mut().flat_map(|nim| &mut nim.resources) {
            if resource.name == spot.name || resource.name == lpp_source.name {
                resource.alt_disk = here;
            }
        }
        Ok::<_, LabError>(())
    })?;
    out.line(format!(
        "Updating {fileset} and bos.alt_disk_install.boot_images in {} and {} to {}.",
        spot.name,
        lpp_source.name,
        shown(here)
    ));
    Ok(0)
}

/// Undoes a migration on both sides and ends it; what it prints.
pub(super) fn undo(context: &Context, plan: &Plan, last: Change) -> Result<Vec<String>, LabError> {
    let job = &plan.job;
    let done = change(context, plan, |site| {
        let cached = site.master.groups.iter().flat_map(|vg| &vg.lvs).filter_map(|lv| lv.mount.clone());
        let mounted = site.master.nfs_mounts.iter().map(|mount| mount.mount.clone());
        let prefix = format!("{}/", migration::cache_mount(&job.subject, "/alt_inst"));
        let mut mounts: Vec<_> =
            cached.chain(mounted).filter(|mount| format!("{mount}/").starts_with(&prefix)).collect();
        mounts.sort_unstable();
        for change in [&Change::RemoveCache, &Change::DropClone, &last] {
            migration::apply(change, job, site)?;
        }
        let boot_disk = site.client.as_ref().and_then(|client| client.bootlist.first().cloned());
        Ok((mounts, boot_disk))
    });
    let (mounts, boot_disk) = match done {
        Ok(found) => found,
        Err(Refused::Lab(error)) => return Err(error),
        Err(Refused::Says(_)) => Default::default(),
    };
    for change in [&Change::RemoveCache, &last] {
        files::follow(context, plan, change)?;
    }
    Ok(phases::clean_up(job, &mounts, boot_disk.as_deref()))
}

/// The result of a migration to a mksysb: the file, and with `-N` a NIM resource.
pub(super) fn make_image(context: &Context, call: &Call, plan: &Plan) -> Result<(), LabError> {
    let job = &plan.job;
    let Some(output) = &call.output else { return Ok(()) };
    let file = context.store.root(&context.host).join(output.trim_start_matches('/'));
    let Some(work) = context.store.work(&context.host, &job.subject)? else { return Ok(()) };
    let Some(system) = work.system else { return Ok(()) };
    let level = system.level();
    let volumes = work.volumes.iter().map(|lv| {
        let (lps, used_mib) = migration::grown(lv);
        crate::model::LogicalVolume { lps, used_mib, ..lv.clone() }
    });
    let image = Image { system, volumes: volumes.collect(), pp_mib: work.pp_mib };
    image::write(&file, &image, &files::work_dir(context, &job.subject))?;
    let Some(name) = &call.output_name else { return Ok(()) };
    context.store.update(&context.host, |host| {
        let Some(nim) = &mut host.nim else { return Ok(()) };
        nim.resources.retain(|resource| resource.name != *name);
        nim.resources.push(Resource {
            name: name.clone(),
            kind: "mksysb".to_owned(),
            location: output.clone(),
            level: Some(level),
            alt_disk: None,
            usable: true,
            source: job.client.clone(),
        });
        Ok(())
    })
}

/// What `-W` and `-S` have in common at the start.
fn begin(context: &Context, call: &Call, name: &str) -> Result<(Plan, Log), Ineligible> {
    let master = context.host()?;
    let nim = master.nim.as_ref().ok_or_else(|| no_object(name))?;
    let mut log = log(context, call, name);
    log.say("Initializing the NIM master.");
    if context.store.client(&context.host, name)?.is_none() {
        return Err(no_object(name));
    }
    log.say(&format!("Initializing NIM client {name}."));
    reachable(context, name)?;
    log.say("Verifying alt_disk_migration eligibility.");
    not_locked(context, call, name)?;
    let spot = find(nim, "spot", call.spot.as_ref())?;
    let mut plan = bare(context, name, spot)?;
    plan.post_script = match &call.post_script {
        None => None,
        Some(script) => {
            let found = find(nim, "script", Some(script))?;
            Some((script.clone(), context.store.root(&context.host).join(found.location.trim_start_matches('/'))))
        }
    };
    log.say(&format!("Initializing log: /var/adm/ras/alt_mig/{name}_alt_mig.log"));
    log.open(true)?;
    Ok((plan, log))
}

fn log(context: &Context, call: &Call, name: &str) -> Log {
    let mut log = Log::new(&context.store.root(&context.host), name);
    log.trace = call.debug;
    log
}

fn not_locked(context: &Context, call: &Call, name: &str) -> Result<(), Ineligible> {
    let work = context.store.work(&context.host, name)?;
    // Whether a lock outlives its nimadm is unconfirmed (nimadm.md §1.2 -F); the scenario plays that it does.
    let stays = context.store.host(name).is_ok_and(|client| client.scenario == Scenario::StaleLock);
    if work.is_some_and(|work| stays || alive(work.pid, name)) && !call.force {
        let text = format!("0505-140 nimadm: Client {name} is locked by another alt_disk_migration operation.");
        return Err(Ineligible(text, 1));
    }
    Ok(())
}

/// A plan of nothing but its names, for undoing what others did.
fn bare(context: &Context, name: &str, spot: &Resource) -> Result<Plan, eligible::Ineligible> {
    let job = Job {
        subject: name.to_owned(),
        client: Some(name.to_owned()),
        spot: spot.name.clone(),
        lpp_source: String::new(),
        image: None,
        disks: Vec::new(),
        via: Via::Nfs,
        level: spot.level.unwrap_or(context.host()?.rootvg()?.1.level()),
        update: false,
        hold_bootlist: true,
        pid: std::process::id(),
        clone: VgId(String::new()),
        pvids: Vec::new(),
        reshape: Vec::new(),
    };
    Ok(Plan { job, excluded: RegexSet::empty(), bundle: Vec::new(), pre_script: None, post_script: None })
}

fn change<R>(
    context: &Context,
    plan: &Plan,
    change: impl FnOnce(&mut Site) -> Result<R, Refused>,
) -> Result<R, Refused> {
    context.store.update_site(&context.host, &plan.job.subject, plan.job.client.as_deref(), change)
}
