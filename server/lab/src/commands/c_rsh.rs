//! `c_rsh`: a command on a client, sent by the master (nimadm.md §3.2, the c_rsh rule).

use super::{Context, Output};
use crate::{LabError, environment, model::Power};
use std::process::{Command, Stdio};

/// What the master says when a client does not answer (unconfirmed text).
pub(crate) fn no_answer(client: &str) -> String {
    format!("0042-006 c_rsh: (From_Master) connect Error 0 {client}")
}

/// The exit code says whether the connection worked and nothing else: that is why everybody appends `; echo rc=$?`.
pub(super) fn c_rsh(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let [client, command @ ..] = args else {
        out.error("usage: c_rsh <client> <command>");
        return Ok(1);
    };
    let Some(name) = context.store.client(&context.host, client)?.map(|client| client.name) else {
        out.error(no_answer(client));
        return Ok(6);
    };
    let up = || {
        let host = context.store.host(&name)?;
        Ok::<_, LabError>(host.power == Power::Running && !host.stopped.contains("nimsh"))
    };
    if !up()? {
        out.error(no_answer(&name));
        return Ok(6);
    }
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command.join(" ")).stdin(Stdio::null());
    shell.current_dir(context.store.root(&name)).env_clear();
    shell.envs(environment::of(&context.store, &name));
    shell.envs(["LC_ALL", "LANG"].into_iter().filter_map(|key| Some((key, std::env::var_os(key)?))));
    match shell.status() {
        Ok(_) if up()? => Ok(0),
        // The connection went with the client, as after shutdown -Fr.
        Ok(_) => Ok(1),
        Err(error) => {
            out.error(format!("{} ({error})", no_answer(&name)));
            Ok(6)
        }
    }
}
