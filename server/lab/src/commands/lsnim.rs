//! `lsnim` (nimadm.md §6.1).

use super::{Context, Output};
use crate::{
    LabError,
    model::{
        Host,
        nim::{Client, Nim, READY, Resource},
    },
};
use aix::{
    ObjectName,
    lsnim::{Arguments, Colons, Entry, Row, Stanza, print_arguments, print_classes, print_colons, print_stanzas},
};

/// Attributes of an object, in their order.
type Attributes = Vec<(&'static str, String)>;

/// What a call asks for.
#[derive(Default)]
struct Call<'a> {
    long: bool,
    colons: bool,
    classes: bool,
    kind: Option<&'a str>,
    class: Option<&'a str>,
    /// `-q`: the attributes of an operation.
    operation: Option<&'a str>,
    attributes: Vec<&'a str>,
    names: Vec<&'a str>,
}

/// What `lsnim -p` lists on a 7.3 master.
const CLASSES: &[&str] = &["machines", "resources", "networks", "management", "groups", "customers"];

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
            "-p" => call.classes = true,
            "-t" => call.kind = words.next(),
            "-c" => call.class = words.next(),
            "-q" => call.operation = words.next(),
            "-a" => call.attributes.extend(words.next()),
            name if !name.starts_with('-') => call.names.push(name),
            _ => {
                out.error("usage: lsnim [-l] [-Z] [-t type] [-c class] [-a attr]... [-p] [-q operation] [name ...]");
                return Ok(1);
            }
        }
    }
    if call.classes {
        let classes: Vec<_> = CLASSES.iter().map(|&class| class.to_owned()).collect();
        out.stdout.push_str(&print_classes(&classes));
        return Ok(0);
    }
    if let Some(operation) = call.operation {
        return Ok(arguments(operation, call.kind.unwrap_or_default(), out));
    }
    let clients = match call.names[..] {
        // One by one where names were given: a thousand clients are a thousand files.
        [] => context.store.clients(&context.host)?,
        _ => {
            let found = call.names.iter().map(|name| context.store.client(&context.host, name));
            let named: Result<Vec<_>, _> = found.collect();
            let named: Vec<_> = named?.into_iter().flatten().collect();
            if named.len() == call.names.len() { named } else { context.store.clients(&context.host)? }
        }
    };
    let all = objects(&host, nim, &clients);
    if let Some(missing) = call.names.iter().find(|name| !all.iter().any(|(known, _)| known == *name)) {
        out.error(format!("0042-053 lsnim: there is no NIM object named \"{missing}\""));
        return Ok(53);
    }
    let shown: Vec<_> = all
        .into_iter()
        .filter(|(name, attributes)| {
            (call.names.is_empty() || call.names.contains(&name.as_str()))
                && call.kind.is_none_or(|kind| value(attributes, "type") == Some(kind))
                && call.class.is_none_or(|class| value(attributes, "class") == Some(class))
        })
        .collect();
    out.stdout.push_str(&print(&call, &shown));
    Ok(0)
}

/// The first value of an attribute.
fn value<'a>(attributes: &'a Attributes, wanted: &str) -> Option<&'a str> {
    attributes.iter().find_map(|(name, value)| (*name == wanted).then_some(value.as_str()))
}

/// The objects in the form that was asked for. Names of objects were checked when they were defined.
fn print(call: &Call<'_>, shown: &[(String, Attributes)]) -> String {
    let named = shown.iter().filter_map(|(name, attributes)| Some((name.parse::<ObjectName>().ok()?, attributes)));
    if call.colons {
        // A missing attribute leaves no empty field (nimadm.md §6.1 -Z).
        let row = |(name, attributes): (ObjectName, &Attributes)| Row {
            name,
            values: call.attributes.iter().filter_map(|wanted| value(attributes, wanted)).map(str::to_owned).collect(),
        };
        let attributes = call.attributes.iter().map(|&name| name.to_owned()).collect();
        return print_colons(&Colons { attributes, rows: named.map(row).collect() });
    }
    if call.long || !call.attributes.is_empty() {
        let stanza = |(name, attributes): (ObjectName, &Attributes)| {
            let wanted = |key: &str| call.attributes.is_empty() || call.attributes.contains(&key);
            let shown = attributes.iter().filter(|(key, _)| wanted(key));
            let attributes: Vec<_> = shown.map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
            (!attributes.is_empty()).then_some(Stanza { name, attributes })
        };
        return print_stanzas(&named.filter_map(stanza).collect::<Vec<_>>());
    }
    let entry = |(name, attributes): (ObjectName, &Attributes)| {
        let part = |wanted| value(attributes, wanted).unwrap_or_default().to_owned();
        Entry { name, class: part("class"), kind: part("type") }
    };
    aix::lsnim::print(&named.map(entry).collect::<Vec<_>>())
}

/// `lsnim -q`: what an operation takes. Known of one operation from a real machine (nimadm.md §6.1); the exit code.
fn arguments(operation: &str, kind: &str, out: &mut Output) -> u8 {
    let words = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let arguments = match (operation, kind) {
        ("define", "lpp_source") => Arguments {
            required: words(&["server", "location"]),
            optional: words(&[
                "source",
                "packages",
                "comments",
                "use_source_simages",
                "force",
                "verbose",
                "group",
                "arch",
                "show_progress",
                "multi_volume",
                "nfs_vers",
                "nfs_sec",
            ]),
        },
        ("define", "mksysb") => {
            Arguments { required: words(&["server", "location"]), optional: words(&["source", "mk_image"]) }
        }
        ("define", "spot") => {
            Arguments { required: words(&["server", "location", "source"]), optional: words(&["show_progress"]) }
        }
        _ => {
            out.error(format!("lsnim: this lab does not know the attributes of \"{operation}\" for \"{kind}\""));
            return 1;
        }
    };
    out.stdout.push_str(&print_arguments(&arguments));
    0
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
    for name in &client.allocated {
        let kind = nim.resources.iter().find(|resource| resource.name == *name).map(|found| found.kind.as_str());
        // The attribute is named after the resource's type.
        let kind = ["spot", "lpp_source", "mksysb", "bosinst_data"].into_iter().find(|known| Some(*known) == kind);
        all.extend(kind.map(|kind| (kind, name.clone())));
    }
    all.extend(client.result.iter().map(|result| ("Cstate_result", result.clone())));
    all
}

fn resource(resource: &Resource, clients: &[Client]) -> Attributes {
    let holds = |client: &&Client| client.allocated.contains(&resource.name);
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
        ("spot", Some(level)) => {
            all.extend(attributes([
                ("plat_defined", "chrp"),
                ("arch", "power"),
                ("bos_license", "yes"),
                ("Rstate", state),
                ("prev_state", "ready for use"),
                ("location", &resource.location),
            ]));
            all.extend(levels(level));
            all.extend(attributes([
                ("alloc_count", &count),
                ("server", "master"),
                ("if_supported", "chrp.64 ent"),
                ("Rstate_result", "success"),
            ]));
        }
        ("mksysb", Some(level)) => {
            all.extend(attributes([
                ("arch", "power"),
                ("Rstate", state),
                ("prev_state", "unavailable for use"),
                ("location", &resource.location),
            ]));
            all.extend(levels(level));
            all.extend(attributes([("alloc_count", &count), ("server", "master")]));
            all.extend(resource.source.iter().map(|source| ("source_image", source.clone())));
        }
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

/// The level of what holds a system.
fn levels(level: aix::Level) -> Attributes {
    attributes([
        ("version", &level.version.to_string()),
        ("release", &level.release.to_string()),
        ("mod", &level.tl.to_string()),
        ("oslevel_r", &format!("{}{}00-{:02}", level.version, level.release, level.tl)),
        ("oslevel_s", &level.to_string()),
    ])
}
