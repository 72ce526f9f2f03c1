//! `nim -o …`: the operations on NIM objects (nimadm.md §6.2).
//!
//! Exit codes are the numbers of the fatal messages (§1.6), modulo 256 as a shell sees them.

mod define;
mod operate;

use super::{Context, Output};
use crate::{
    LabError,
    model::{
        Host,
        nim::{Client, Resource},
    },
};

/// A call: `nim [-F] -o OPERATION [-t TYPE] [-a attribute=value]… OBJECT`, flags in any grouping (`-Fo reset`).
#[derive(Default)]
pub(super) struct Call<'a> {
    operation: &'a str,
    kind: &'a str,
    force: bool,
    attributes: Vec<(&'a str, &'a str)>,
    object: &'a str,
}

impl<'a> Call<'a> {
    fn get(&self, attribute: &str) -> Option<&'a str> {
        self.attributes.iter().find_map(|(name, value)| (*name == attribute).then_some(*value))
    }
}

/// What an operation acts on.
enum Object {
    Client(Client),
    Resource(Resource),
    Master,
}

/// Why an operation failed: NIM's number, the method that says it, and its words.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("{0}")]
    Usage(String),
    /// The message itself.
    #[error("0042-{0:03} nim: {1}")]
    Plain(u16, String),
    /// A method on the master failed: 0042-001 goes before it and gives the exit code (0042-207 gives its own, `[code]`).
    #[error("0042-001 nim: processing error encountered on \"master\":\n    0042-{0:03} {1}: {2}")]
    Method(u16, &'static str, String),
    #[error(transparent)]
    Lab(#[from] LabError),
}

impl Failed {
    fn code(&self) -> u8 {
        let number = match self {
            Self::Usage(_) | Self::Lab(_) => 1,
            Self::Plain(number, _) | Self::Method(number @ 207, ..) => *number,
            Self::Method(..) => 1,
        };
        u8::try_from(number % 256).unwrap_or(1)
    }
}

pub(super) fn nim(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let host = context.host()?;
    if host.nim.is_none() {
        out.error("0042-013 nim: this machine is not a NIM master");
        return Ok(13);
    }
    match read(args).and_then(|call| run(context, &host, &call, out)) {
        Ok(()) => Ok(0),
        Err(Failed::Lab(error)) => Err(error),
        Err(failed) => {
            out.error(failed.to_string());
            Ok(failed.code())
        }
    }
}

fn read(args: &[String]) -> Result<Call<'_>, Failed> {
    let mut call = Call::default();
    let mut words = args.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let Some(flags) = word.strip_prefix('-') else {
            call.object = word;
            continue;
        };
        for flag in flags.chars() {
            match flag {
                'F' => call.force = true,
                'o' => call.operation = words.next().unwrap_or_default(),
                't' => call.kind = words.next().unwrap_or_default(),
                'a' => call.attributes.extend(words.next().and_then(|word| word.split_once('='))),
                _ => return Err(usage()),
            }
        }
    }
    if call.operation.is_empty() { Err(usage()) } else { Ok(call) }
}

fn usage() -> Failed {
    Failed::Usage(
        "usage: nim [-F] [-t <type>] -o <operation> [-a <attr=value>]... <object>
        operations: allocate, alt_disk_install, alt_disk_mig, bos_inst, change, check, cust, deallocate, define,
        lppchk, lppmgr, lslpp, reboot, remove, reset, showlog, showres, sync, update"
            .to_owned(),
    )
}

fn run(context: &Context, host: &Host, call: &Call<'_>, out: &mut Output) -> Result<(), Failed> {
    if call.operation == "define" {
        return define::define(context, host, call, out);
    }
    let object = find(context, host, call.object)?;
    match (call.operation, &object) {
        ("reset" | "deallocate", Object::Client(client)) => operate::release(context, client, call),
        ("allocate", Object::Client(client)) => operate::allocate(context, host, client, call),
        ("reboot", Object::Client(client)) => Ok(super::boot::reboot(context, &client.name)?),
        ("lslpp", Object::Client(client)) => operate::client_filesets(context, client, out),
        ("check", Object::Resource(resource)) => operate::check(context, resource, call),
        ("lppchk" | "lppmgr" | "sync", Object::Resource(_)) => Ok(operate::wait(context, operate::SLOW)?),
        ("cust" | "update", Object::Resource(resource)) => operate::customise(context, host, resource, call),
        ("showres" | "lslpp", Object::Resource(resource)) => operate::show(context, host, resource, call, out),
        ("showlog", _) => Ok(()),
        ("remove", _) => define::remove(context, &object, call),
        ("change", _) => define::change(context, &object, call),
        (operation, _) => Err(Failed::Usage(format!(
            "nim: this lab does not simulate the operation \"{operation}\" on {}",
            call.object
        ))),
    }
}

fn find(context: &Context, host: &Host, name: &str) -> Result<Object, Failed> {
    if name == "master" {
        return Ok(Object::Master);
    }
    if let Some(client) = context.store.client(&context.host, name)? {
        return Ok(Object::Client(client));
    }
    let resource = host.nim.as_ref().and_then(|nim| nim.resources.iter().find(|resource| resource.name == name));
    let missing = || Failed::Plain(53, format!("there is no NIM object named \"{name}\""));
    resource.cloned().map(Object::Resource).ok_or_else(missing)
}
