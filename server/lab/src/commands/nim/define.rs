//! Objects come, change and go.

use super::{Call, Context, Failed, Host, Object, Output, operate};
use crate::{
    LabError, image,
    model::{
        migration::Image,
        nim::{Client, READY, Resource},
    },
};
use aix::ObjectName;

/// Types of resources that can be defined here.
const RESOURCES: &[&str] = &[
    "lpp_source",
    "spot",
    "mksysb",
    "script",
    "installp_bundle",
    "exclude_files",
    "image_data",
    "bosinst_data",
    "resolv_conf",
];

pub(super) fn define(context: &Context, host: &Host, call: &Call<'_>, out: &mut Output) -> Result<(), Failed> {
    let name = call.object;
    if name.parse::<ObjectName>().is_err() {
        // (unconfirmed text)
        return Err(Failed::Plain(48, format!("\"{name}\" is not a valid object name")));
    }
    if !matches!(super::find(context, host, name), Err(Failed::Plain(53, _))) {
        return Err(Failed::Plain(32, format!("\"{name}\": object name must be unique")));
    }
    match call.kind {
        "standalone" => define_client(context, call),
        kind if RESOURCES.contains(&kind) => define_resource(context, host, call, out),
        kind => Err(Failed::Usage(format!("nim: this lab does not define objects of type \"{kind}\""))),
    }
}

fn required<'a>(call: &Call<'a>, method: &'static str, attribute: &str) -> Result<&'a str, Failed> {
    // The real words (nimadm.md §4.2).
    let missing =
        || Failed::Method(21, method, format!("the \"{attribute}\" attribute is required for this\noperation"));
    call.get(attribute).ok_or_else(missing)
}

/// The machine must be a host of the lab: there is no other to define.
fn define_client(context: &Context, call: &Call<'_>) -> Result<(), Failed> {
    let interface = call.get("if1").map_or_else(|| required(call, "m_mkmac", "if"), Ok)?;
    let hostname = interface.split_whitespace().nth(1).unwrap_or(call.object);
    let there = context
        .store
        .host(hostname)
        .map_err(|_| Failed::Method(11, "m_mkmac", format!("unable to resolve a hostname for \"{hostname}\"")))?;
    let client = Client {
        name: call.object.to_owned(),
        hostname: hostname.to_owned(),
        cpuid: there.hardware.cpuid,
        cstate: READY.to_owned(),
        prev_state: READY.to_owned(),
        result: None,
        info: None,
        allocated: Vec::new(),
        connect: call.get("connect").unwrap_or("shell").to_owned(),
    };
    if client.name != client.hostname {
        return Err(Failed::Usage(format!("nim: in this lab a client is named as its host, {hostname}")));
    }
    context.store.update_client(&context.host, call.object, |entry| {
        *entry = Some(client);
        Ok(())
    })
}

fn define_resource(context: &Context, host: &Host, call: &Call<'_>, out: &mut Output) -> Result<(), Failed> {
    let method = match call.kind {
        "lpp_source" => "m_mk_lpp_source",
        "spot" => "m_mkspot",
        "mksysb" => "m_mkbosi",
        _ => "m_mkres",
    };
    required(call, method, "server")?;
    let location = required(call, method, "location")?;
    let path = context.store.root(&context.host).join(location.trim_start_matches('/'));
    let nim = host.nim.as_ref();
    let source = call.get("source").and_then(|name| nim?.resources.iter().find(|resource| resource.name == name));
    let mut level = source.and_then(|source| source.level);
    let mut made_of = None;
    match call.kind {
        "mksysb" if call.get("mk_image") == Some("yes") => {
            let client = required(call, method, "source")?;
            level = Some(make_mksysb(context, client, &path)?);
            made_of = Some(client.to_owned());
        }
        "mksysb" => level = Some(image::read(&path).map_err(|_| gone(location))?.system.level()),
        "lpp_source" | "spot" if source.is_some() => {
            out.line("Preparing to copy install images (this will take several minutes)...");
            out.line("");
            out.line("Now checking for missing install images...");
            operate::wait(context, operate::SLOW)?;
            std::fs::create_dir_all(&path).map_err(LabError::file("create", &path))?;
        }
        _ if !path.exists() => return Err(gone(location)),
        _ => {}
    }
    let location = if call.kind == "spot" && !location.ends_with("/usr") {
        format!("{location}/{}/usr", call.object)
    } else {
        location.to_owned()
    };
    let resource = Resource {
        name: call.object.to_owned(),
        kind: call.kind.to_owned(),
        location,
        level,
        alt_disk: None,
        usable: true,
        source: made_of,
    };
    context.store.update(&context.host, |host| {
        host.nim.iter_mut().for_each(|nim| nim.resources.push(resource.clone()));
        Ok(())
    })
}

/// The real words for a location that is not there (nimadm.md §4.2).
fn gone(location: &str) -> Failed {
    Failed::Method(154, "c_stat", format!("the file or directory \"{location}\" does not exist"))
}

/// Makes an image of a running client.
fn make_mksysb(context: &Context, client: &str, path: &std::path::Path) -> Result<aix::Level, Failed> {
    if context.store.client(&context.host, client)?.is_none() {
        return Err(Failed::Plain(53, format!("there is no NIM object named \"{client}\"")));
    }
    operate::wait(context, operate::SLOW)?;
    let there = context.store.host(client)?;
    let (group, system) = there.rootvg()?;
    let image = Image { system: system.clone(), volumes: group.lvs.clone(), pp_mib: group.pp_mib };
    let stage = context.store.host_dir(&context.host).join(format!("mksysb.{}", std::process::id()));
    crate::tree::copy(&context.store, &context.store.root(client), &stage, &regex::RegexSet::empty())?;
    let written = image::write(path, &image, &stage);
    crate::tree::remove(&stage)?;
    written?;
    Ok(system.level())
}

pub(super) fn remove(context: &Context, object: &Object, call: &Call<'_>) -> Result<(), Failed> {
    match object {
        Object::Master => Err(Failed::Usage("nim: the master cannot be removed".to_owned())),
        Object::Client(client) if client.cstate != READY && !call.force => Err(Failed::Plain(
            359,
            format!("\"{}\" cannot be removed while an operation is performed on it", client.name),
        )),
        Object::Client(client) => context.store.update_client(&context.host, &client.name, |entry| {
            *entry = None;
            Ok(())
        }),
        Object::Resource(resource) => {
            let holders = context.store.clients(&context.host)?;
            if holders.iter().any(|client| client.allocated.contains(&resource.name)) {
                // (unconfirmed text)
                return Err(Failed::Plain(
                    61,
                    format!("the \"{}\" resource is currently allocated for client use", resource.name),
                ));
            }
            context.store.update(&context.host, |host| {
                host.nim.iter_mut().for_each(|nim| nim.resources.retain(|known| known.name != resource.name));
                Ok(())
            })
        }
    }
}

pub(super) fn change(context: &Context, object: &Object, call: &Call<'_>) -> Result<(), Failed> {
    let Object::Client(client) = object else {
        return Err(Failed::Usage("nim: this lab changes clients only".to_owned()));
    };
    let cpuid = context.store.host(&client.name)?.hardware.cpuid;
    context.store.update_client(&context.host, &client.name, |entry| {
        let Some(entry) = entry else { return Ok(()) };
        for (attribute, value) in &call.attributes {
            match *attribute {
                // Empty resets it to what the machine says (nimadm.md §3.2 N9).
                "cpuid" => entry.cpuid = if value.is_empty() { cpuid.clone() } else { (*value).to_owned() },
                "connect" => entry.connect = (*value).to_owned(),
                other => return Err(Failed::Plain(21, format!("the \"{other}\" attribute cannot be changed"))),
            }
        }
        Ok(())
    })
}
