//! Operations on what is defined.

use super::{Call, Context, Failed, Host, Output};
use crate::{
    LabError, clock,
    commands::software,
    filesets,
    model::{
        Power,
        nim::{Client, Resource},
    },
    scenario::Scenario,
};
use aix::nim::{Image, print_images};
use std::{
    fs::File,
    time::{Duration, Instant},
};

/// How long the slow operations take at speed 1: `nim -o check` takes minutes (nimadm.md §6.2).
pub(super) const SLOW: Duration = Duration::from_secs(180);
/// How long a showres holds its resource.
const SHOWRES: Duration = Duration::from_secs(5);

/// Takes its scaled time.
pub(super) fn wait(context: &Context, real: Duration) -> Result<(), LabError> {
    clock::wait_until(Instant::now() + clock::scaled(real, context.store.estate()?.speed));
    Ok(())
}

/// `reset`, `deallocate`: nimadm's own lock stays, only `nimadm -C` takes that away.
pub(super) fn release(context: &Context, client: &Client, call: &Call<'_>) -> Result<(), Failed> {
    if call.operation == "reset" && client.cstate != crate::model::nim::READY && !call.force {
        // (unconfirmed text)
        let text = format!(
            "the state of \"{}\" may not be changed while an operation is performed; use the force option",
            client.name
        );
        return Err(Failed::Plain(358, text));
    }
    let all = call.get("subclass") == Some("all") || call.operation == "reset";
    let named: Vec<_> = call.attributes.iter().map(|(_, value)| *value).collect();
    context.store.update_client(&context.host, &client.name, |client| {
        let Some(client) = client else { return Ok(()) };
        client.allocated.retain(|name| !all && !named.contains(&name.as_str()));
        if call.operation == "reset" {
            client.end(None);
        }
        Ok(())
    })
}

pub(super) fn allocate(context: &Context, host: &Host, client: &Client, call: &Call<'_>) -> Result<(), Failed> {
    let nim = host.nim.iter().flat_map(|nim| &nim.resources);
    for (kind, name) in &call.attributes {
        if !nim.clone().any(|resource| resource.kind == *kind && resource.name == *name) {
            return Err(Failed::Plain(53, format!("there is no NIM object named \"{name}\"")));
        }
    }
    context.store.update_client(&context.host, &client.name, |client| {
        let Some(client) = client else { return Ok(()) };
        client.allocated.extend(call.attributes.iter().map(|(_, name)| (*name).to_owned()));
        client.allocated.dedup();
        Ok(())
    })
}

/// `nim -o lslpp CLIENT`.
pub(super) fn client_filesets(context: &Context, client: &Client, out: &mut Output) -> Result<(), Failed> {
    let there = context.store.host(&client.name)?;
    if there.power != Power::Running || there.stopped.contains("nimsh") {
        return Err(Failed::Method(6, "m_lslpp", format!("(From_Master) connect Error 0 {}", client.name)));
    }
    software::listing(&there.rootvg()?.1.filesets, out);
    Ok(())
}

/// `nim [-F] -o check`: slow; forced, it makes a SPOT usable again.
pub(super) fn check(context: &Context, resource: &Resource, call: &Call<'_>) -> Result<(), Failed> {
    wait(context, SLOW)?;
    if !resource.usable && !call.force {
        // (unconfirmed text)
        return Err(Failed::Method(46, "m_chspot", format!("the {} resource is unavailable for use", resource.name)));
    }
    if resource.kind == "spot" && call.force {
        context.store.update(&context.host, |host| {
            if let Some(found) = host.nim.as_mut().and_then(|nim| nim.resource_mut(&resource.name)) {
                found.usable = true;
            }
            Ok::<_, LabError>(())
        })?;
    }
    Ok(())
}

/// `nim -o cust -a lpp_source=… -a filesets=bos.alt_disk_install.rte SPOT`: the other repair of a SPOT whose level differs.
pub(super) fn customise(context: &Context, host: &Host, resource: &Resource, call: &Call<'_>) -> Result<(), Failed> {
    let name = call.get("lpp_source").unwrap_or_default();
    let source = host.nim.as_ref().and_then(|nim| nim.resource("lpp_source", name));
    let source = source.ok_or_else(|| Failed::Plain(53, format!("there is no NIM object named \"{name}\"")))?;
    wait(context, SLOW)?;
    if call.get("filesets").is_some_and(|names| names.split_whitespace().any(|name| name == filesets::ALT_DISK)) {
        let level = source.alt_disk_level();
        context.store.update(&context.host, |host| {
            if let Some(found) = host.nim.as_mut().and_then(|nim| nim.resource_mut(&resource.name)) {
                found.alt_disk = level;
            }
            Ok::<_, LabError>(())
        })?;
    }
    Ok(())
}

/// `nim -o showres`: of an lpp_source its images, of a SPOT its filesets. One at a time for each resource.
pub(super) fn show(
    context: &Context,
    host: &Host,
    resource: &Resource,
    call: &Call<'_>,
    out: &mut Output,
) -> Result<(), Failed> {
    let path = context.store.host_dir(&context.host).join(format!("showres.{}.lock", resource.name));
    let lock = File::create(&path).map_err(LabError::file("create", &path))?;
    if host.scenario == Scenario::ShowresBusy || lock.try_lock().is_err() {
        let text = format!("Unable to allocate the {} resource to master.", resource.name);
        return Err(Failed::Method(207, "m_showres", text));
    }
    wait(context, SHOWRES)?;
    let Some(level) = resource.level else { return Ok(()) };
    let alt_disk = resource.alt_disk_level();
    let vrmf = |name: &str| alt_disk.filter(|_| name == filesets::ALT_DISK).unwrap_or(filesets::level_of(name, level));
    let asked = call.get("filesets").map(|names| names.split_whitespace().collect::<Vec<_>>());
    let names = filesets::BASE.iter().filter(|(name, _)| asked.as_ref().is_none_or(|asked| asked.contains(name)));
    let names = names.filter(|(name, _)| resource.usable || resource.kind != "lpp_source" || *name != "bos.rte");
    let flags = call.get("lslpp_flags").unwrap_or_default().trim_start_matches('-');
    if flags.contains('c') {
        if !flags.contains('q') {
            out.line(software::COLON_HEADER);
        }
        for (name, title) in names {
            out.line(software::colon_line(name, title, vrmf(name), level.build));
        }
    } else if resource.kind == "lpp_source" {
        let image = |&(name, title): &filesets::Fileset| Image {
            fileset: name.to_owned(),
            level: vrmf(name),
            kind: Some("S".to_owned()),
            quiesce: Some("N".to_owned()),
            content: vec!["usr".to_owned(), "root".to_owned()],
            description: Some(title.to_owned()),
        };
        out.stdout.push_str(&print_images(&names.map(image).collect::<Vec<_>>()));
    } else {
        let mut installed = filesets::at(level, false);
        installed
            .values_mut()
            .zip(filesets::at(level, false).keys())
            .for_each(|(found, name)| found.level = vrmf(name));
        software::listing(&installed, out);
    }
    Ok(())
}
