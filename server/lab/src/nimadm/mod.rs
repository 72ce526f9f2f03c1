//! `nimadm`: a process that works through the twelve phases on the model and on the files, in real (scaled) time.
//!
//! What a phase prints and changes is decided in [`phases`], purely; [`run`] paces and carries it out. Each change is written before
//! the next line is printed, so whatever kills this process leaves the estate as a real one would be left in the middle of that phase.

mod eligible;
mod files;
mod install;
mod lock;
mod log;
mod modes;
mod phases;
mod plan;
mod run;

pub(crate) use lock::alive;

use crate::{
    LabError,
    commands::{Context, Output},
};
use eligible::Ineligible;
use log::Log;
use plan::{Call, Mode};

/// The line above and below every banner, of phases and of installp alike (nimadm.md §1.7).
const RULE: &str = "+-----------------------------------------------------------------------------+";

/// Runs a call; the exit code.
pub(crate) fn nimadm(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let call = match Call::read(args) {
        Ok(call) => call,
        Err(bad) => {
            out.error(bad.to_string());
            return Ok(1);
        }
    };
    // A mksysb migrated to a mksysb has no client: its own name takes the client's place (unconfirmed).
    let subject = call.client.clone().or_else(|| call.mksysb.clone()).unwrap_or_default();
    let done = match call.mode() {
        Mode::Clean => modes::clean(context, &call, &subject).map(|()| 0),
        Mode::Wake => modes::wake(context, &call, &subject),
        Mode::Sleep => modes::sleep(context, &call, &subject),
        Mode::Sync => modes::sync(context, &call, out),
        Mode::Migrate => migrate(context, &call, &subject),
    };
    done.or_else(|Ineligible(text, code)| {
        out.error(text);
        Ok(code)
    })
}

fn migrate(context: &Context, call: &Call, subject: &str) -> Result<u8, Ineligible> {
    let mut log = Log::new(&context.store.root(&context.host), subject);
    log.trace = call.debug;
    log.say("Initializing the NIM master.");
    let plan = eligible::check(context, call, subject, &mut log)?;
    log.say(&format!("Initializing log: /var/adm/ras/alt_mig/{subject}_alt_mig.log"));
    log.open(call.phases.first().is_some_and(|phase| phase.number() > 1))?;
    log.say("Starting Alternate Disk Migration.");
    let code = run::Run { context, call, plan, log }.run()?;
    if call.reboot
        && code == 0
        && let Some(client) = &call.client
    {
        crate::commands::boot::reboot(context, client)?;
    }
    Ok(code)
}
