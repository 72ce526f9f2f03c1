//! `lsnim` (nimadm.md §6.1).

use super::{Context, Output};
use crate::{
    LabError,
    model::{
        Host,
        nim::{Client, Nim, READY, Resource},
    },
};

/// Attributes of an object, in their order.
type Attributes = Vec<(&'static str, String)>;

/// What a call asks for.
#[derive(Default)]
struct Call<'a> {
    long: bool,
    colons: bool,
    kind: Option<&'a str>,
    class: Option<&'a str>,
    attributes: Vec<&'a str>,
    names: Vec<&'a str>,
}

pub(super) fn lsnim(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let host = context.host()?;
    let Some(nim) = &host.nim else {
        out.error("0042-013 lsnim: this machine is not a NIM master");
        return Ok(13);
    };
    let mut call = Call::default();
    let mut words = args.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "-l" => call.long = true,
            "-Z" => call.colons = true,
            "-t" => call.kind = words.next(),
            "-c" => call.class = words.next(),
            "-a" => call.attributes.extend(words.next()),
            name if !name.starts_with('-') => call.names.push(name),
            _ => {
                out.error("usage: lsnim [-l] [-Z] [-t type] [-c class] [-a attr]... [name ...]");
                return Ok(1);
            }
        }
    }
    let clients = context.store.clients(&context.host)?;
    let all = objects(&host, nim, &clients);
    if let Some(missing) = call.names.iter().find(|name| !all.iter().any(|(known, _)| known == *name)) {
        out.error(format!("0042-053 lsnim: there is no NIM object named \"{missing}\""));
        return Ok(53);
    }
    let value = |attributes: &Attributes, wanted: &str| {
        attributes.iter().find_map(|(name, value)| (*name == wanted).then(|| value.clone()))
    };
    let shown = all.iter().filter(|(name, attributes)| {
        (call.names.is_empty() || call.names.contains(&name.as_str()))
            && call.kind.is_none_or(|kind| value(attributes, "type").as_deref() == Some(kind))
            && call.class.is_none_or(|class| value(attributes, "class").as_deref() == Some(class))
    });
    if call.colons {
        let header: String = call.attributes.iter().map(|name| format!("{name}:")).collect();
        out.line(format!("#name:{header}"));
    }
    for (name, attributes) in shown {
        if call.colons {
            // A missing attribute leaves no empty field (nimadm.md §6.1 -Z).
            let values = call.attributes.iter().filter_map(|wanted| value(attributes, wanted));
            out.line(format!("{name}:{}", values.map(|value| value + ":").collect::<String>()));
        } else if call.long || !call.attributes.is_empty() {
            long(name, attributes, &call.attributes, out);
        } else {
            let part = |wanted| value(attributes, wanted).unwrap_or_default();
            out.line(format!("{name:<24} {:<14} {}", part("class"), part("type")));
        }
    }
    Ok(0)
}

/// The attributes under the object's name, aligned to the longest name it has; all of them, or those asked for.
fn long(name: &str, attributes: &Attributes, wanted: &[&str], out: &mut Output) {
    let shown: Vec<_> = attributes.iter().filter(|(key, _)| wanted.is_empty() || wanted.contains(key)).collect();
    if shown.is_empty() && !wanted.is_empty() {
        return;
    }
    let width = shown.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    out.line(format!("{name}:"));
    for (key, value) in shown {
        out.line(format!("   {key:<width$} = {value}"));
    }
}

/// Every object with its attributes: the master, the resources, the network, the clients.
fn objects(host: &Host, nim: &Nim, clients: &[Client]) -> Vec<(String, Attributes)> {
    let mut all = vec![("master".to_owned(), master(host, nim))];
    all.extend(nim.resources.iter().map(|found| (found.name.clone(), resource(found, clients))));
    all.push((nim.network.clone(), vec![("class", "networks".to_owned()), ("type", "ent".to_owned())]));
    all.extend(clients.iter().map(|found| (found.name.clone(), client(found, nim))));
    all
}

fn attributes<const N: usize>(pairs: [(&'static str, &str); N]) -> Attributes {
    pairs.map(|(key, value)| (key, value.to_owned())).into()
}

fn master(host: &Host, nim: &Nim) -> Attributes {
    let mut all = attributes([
        ("class", "machines"),
        ("type", "master"),
        ("max_nimesis_threads", "20"),
        ("if_defined", "chrp.64.ent"),
        ("comments", "machine which controls the NIM environment"),
        ("platform", "chrp"),
        ("netboot_kernel", "64"),
        ("if1", &format!("{} {} 0", nim.network, host.name)),
        ("cable_type1", "N/A"),
        ("Cstate", READY),
        ("prev_state", READY),
        ("Mstate", "currently running"),
        ("cpuid", &host.hardware.cpuid),
    ]);
    all.extend(nim.resources.iter().map(|resource| ("serves", resource.name.clone())));
    all.extend(attributes([("master_port", "1058"), ("registration_port", "1059"), ("reserved", "yes")]));
    all
}

fn client(client: &Client, nim: &Nim) -> Attributes {
    let mut all = attributes([
        ("class", "machines"),
        ("type", "standalone"),
        ("connect", &client.connect),
        ("platform", "chrp"),
        ("netboot_kernel", "64"),
        ("if1", &format!("{} {} 0", nim.network, client.hostname)),
        ("cable_type1", "N/A"),
        ("Cstate", &client.cstate),
        ("prev_state", &client.prev_state),
        ("Mstate", "currently running"),
    ]);
    all.extend(client.info.iter().map(|info| ("info", info.clone())));
    for name in &client.allocated {
        let kind = nim.resources.iter().find(|resource| resource.name == *name).map(|resource| &*resource.kind);
        all.extend(match kind {
            Some("spot") => Some(("spot", name.clone())),
            Some("lpp_source") => Some(("lpp_source", name.clone())),
            _ => None,
        });
    }
    all.push(("cpuid", client.cpuid.clone()));
    all.extend(client.result.iter().map(|result| ("Cstate_result", result.clone())));
    all
}

fn resource(resource: &Resource, clients: &[Client]) -> Attributes {
    let holds = |client: &&Client| client.allocated.iter().any(|name| *name == resource.name);
    let count = clients.iter().filter(holds).count().to_string();
    let state = if resource.usable { "ready for use" } else { "unavailable for use" };
    let mut all = attributes([("class", "resources"), ("type", &resource.kind)]);
    match (resource.kind.as_str(), resource.level) {
        ("lpp_source", _) => all.extend(attributes([
            ("arch", "power"),
            ("Rstate", "ready for use"),
            ("prev_state", "unavailable for use"),
            ("location", &resource.location),
            ("simages", if resource.usable { "yes" } else { "no" }),
            ("alloc_count", &count),
            ("server", "master"),
        ])),
        ("spot", Some(level)) => all.extend(attributes([
            ("plat_defined", "chrp"),
            ("arch", "power"),
            ("bos_license", "yes"),
            ("Rstate", state),
            ("prev_state", "ready for use"),
            ("location", &resource.location),
            ("version", &level.version.to_string()),
            ("release", &level.release.to_string()),
            ("mod", &level.tl.to_string()),
            ("oslevel_r", &format!("{}{}00-{:02}", level.version, level.release, level.tl)),
            ("oslevel_s", &level.to_string()),
            ("alloc_count", &count),
            ("server", "master"),
            ("if_supported", "chrp.64 ent"),
            ("Rstate_result", "success"),
        ])),
        _ => all.extend(attributes([
            ("Rstate", "ready for use"),
            ("prev_state", "unavailable for use"),
            ("location", &resource.location),
            ("alloc_count", &count),
            ("server", "master"),
        ])),
    }
    all
}
