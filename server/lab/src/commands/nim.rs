//! `nim -o …`: the operations around a migration (nimadm.md §6.2).

use super::{Context, Output, software};
use crate::{LabError, filesets, model::Power};

/// A call: `nim [-F] -o OPERATION [-a attribute=value]… OBJECT`, flags in any grouping (`-Fo reset`).
#[derive(Default)]
struct Call<'a> {
    operation: &'a str,
    attributes: Vec<&'a str>,
    object: &'a str,
}

pub(super) fn nim(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let mut call = Call::default();
    let mut words = args.iter().map(String::as_str);
    while let Some(word) = words.next() {
        match word {
            "-o" | "-Fo" | "-oF" => call.operation = words.next().unwrap_or_default(),
            "-F" => {}
            "-a" => call.attributes.extend(words.next()),
            object => call.object = object,
        }
    }
    let host = context.host()?;
    let nim = host.nim.as_ref();
    let client = if nim.is_some() { context.store.client(&context.host, call.object)? } else { None };
    let client = client.as_ref();
    let resource = nim.and_then(|nim| nim.resources.iter().find(|resource| resource.name == call.object));
    if client.is_none() && resource.is_none() {
        out.error(format!("0042-053 nim: there is no NIM object named \"{}\"", call.object));
        return Ok(53);
    }
    match (call.operation, client, resource) {
        ("reset" | "deallocate", Some(client), _) => {
            let name = client.name.clone();
            let reset = call.operation == "reset";
            context.store.update_client(&context.host, &name, |client| {
                if let Some(client) = client {
                    client.allocated.clear();
                    if reset {
                        // nimadm's own lock stays: only nimadm -C takes that away.
                        client.end(None);
                    }
                }
                Ok::<_, LabError>(0)
            })
        }
        ("check", ..) => Ok(0),
        ("lslpp", Some(client), _) => {
            let there = context.store.host(&client.name)?;
            if there.power != Power::Running {
                out.error("0042-001 nim: processing error encountered on \"master\":");
                out.error(format!("   {}", super::c_rsh::no_answer(&client.name)));
                return Ok(1);
            }
            software::listing(&there.rootvg()?.1.filesets, out);
            Ok(0)
        }
        ("showres" | "lslpp", None, Some(resource)) if resource.level.is_some() => {
            let level = resource.level.unwrap_or(host.rootvg()?.1.level());
            let colons = call.attributes.contains(&"lslpp_flags=Lc");
            if colons {
                out.line(software::COLON_HEADER);
            }
            for (name, title) in filesets::BASE {
                // An older SPOT has been brought to the master's alt_disk_install by `nimadm -M` (nimadm.md §1.2).
                let own = resource.alt_disk.or_else(|| Some(filesets::level_of(name, host.rootvg().ok()?.1.level())));
                let vrmf = own.filter(|_| *name == filesets::ALT_DISK).unwrap_or(filesets::level_of(name, level));
                if colons {
                    out.line(software::colon_line(name, title, vrmf, level.build));
                } else {
                    out.line(format!("  {name:<33} {vrmf:<26} S  N usr,root"));
                }
            }
            Ok(0)
        }
        ("", ..) => {
            out.error("usage: nim [-F] -o operation [-a attribute=value]... object");
            Ok(1)
        }
        (operation, ..) => {
            out.error(format!("nim: this lab does not simulate the operation \"{operation}\" on {} yet", call.object));
            Ok(1)
        }
    }
}
