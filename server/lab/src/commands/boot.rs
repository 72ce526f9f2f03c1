//! What a host boots from, and booting it (nimadm.md §6.5, §6.15, §6.17).

use super::{Context, Output, words};
use crate::{LabError, clock, model::Host, nimadm};
use std::{process::Command, time::Duration};
use time::OffsetDateTime;

/// How long a reboot takes at speed 1.
const REBOOT: Duration = Duration::from_secs(8 * 60);

pub(super) fn bootlist(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    match words(args)[..] {
        ["-m", "normal", "-o"] | ["-o", "-m", "normal"] => {
            print(&context.host()?, out);
            Ok(0)
        }
        ["-m", "normal", ref disks @ ..] if !disks.is_empty() && !disks.iter().any(|word| word.starts_with('-')) => {
            context.store.update(&context.host, |host| {
                if let Some(bad) = disks.iter().find(|disk| host.bootable(disk).is_none()) {
                    // (unconfirmed text, nimadm.md §4.2)
                    out.error(format!("0514-221 bootlist: Unable to make boot device list for {bad}"));
                    return Ok(1);
                }
                host.bootlist = disks.iter().map(|disk| (*disk).to_owned()).collect();
                Ok(0)
            })
        }
        _ => {
            out.error("Usage: bootlist -m Mode [-o] [Device [Attr=Value ...] ...]");
            Ok(1)
        }
    }
}

fn print(host: &Host, out: &mut Output) {
    for name in &host.bootlist {
        let blv = if host.bootable(name).is_some() { " blv=hd5" } else { "" };
        let paths = host.disk(name).map_or(1, |disk| disk.paths);
        if paths == 1 {
            out.line(format!("{name}{blv}"));
        } else {
            (0..paths).for_each(|path| out.line(format!("{name}{blv} pathid={path}")));
        }
    }
}

pub(super) fn bootinfo(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let (vg, _) = host.rootvg()?;
    let disk = |name: &str| host.disk(name);
    match words(args)[..] {
        ["-b"] => {
            // The disk it was booted from: the first of the bootlist that is its own, else its first.
            let booted = host.bootlist.iter().find(|disk| vg.disks.contains(disk)).or(vg.disks.first());
            out.line(booted.map_or("", String::as_str));
        }
        ["-v"] => out.line("hd5"),
        ["-K" | "-y"] => out.line("64"),
        ["-s", name] => match disk(name) {
            Some(disk) => out.line(disk.size_mib.to_string()),
            None => return Ok(no_device("bootinfo", name, out)),
        },
        ["-B", name] => match disk(name) {
            Some(_) => out.line("1"),
            None => out.line("0"),
        },
        _ => {
            out.error("Usage: bootinfo -{b|v|K|y} | -{s|B} disk");
            return Ok(1);
        }
    }
    Ok(0)
}

/// Says that there is no such device; the exit code. (unconfirmed text)
pub(super) fn no_device(command: &str, name: &str, out: &mut Output) -> u8 {
    out.error(format!("{command}: 0514-221 The device {name} does not exist."));
    1
}

/// A host goes down and comes up again. On a master that is the end of every nimadm: nothing cleans up after them.
pub(crate) fn reboot(context: &Context, name: &str) -> Result<(), LabError> {
    let time = clock::scaled(REBOOT, context.store.estate()?.speed);
    let now = clock::now_ms();
    let until = now + i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2).max(1);
    let master = context.store.update(name, |host| {
        host.shut_down(now, until);
        Ok::<_, LabError>(host.nim.is_some())
    })?;
    if master {
        for (subject, work) in context.store.works(name)? {
            if nimadm::alive(work.pid, &subject) {
                let kill = Command::new("kill").args(["-KILL", &work.pid.to_string()]).status();
                kill.map_err(LabError::file("run", "kill"))?;
            }
        }
    }
    Ok(())
}

pub(super) fn shutdown(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    if !args.iter().any(|word| word.starts_with('-') && word.contains('r')) {
        out.error("shutdown: this lab simulates only the reboot, shutdown -Fr");
        return Ok(1);
    }
    reboot(context, &context.host)?;
    let now = OffsetDateTime::now_utc();
    let (host, clock) = (&context.host, format!("{:02}:{:02}:{:02}", now.hour(), now.minute(), now.second()));
    let month = now.month().to_string();
    let day = now.weekday().to_string();
    let date = format!("{} {} {:>2} {clock} UTC {}", &day[..3], &month[..3], now.day(), now.year());
    // (unconfirmed wording, order typical, nimadm.md §6.17)
    out.line(format!(
        "
SHUTDOWN PROGRAM
{date}


Broadcast message from root@{host} (tty) at {clock} ...

PLEASE LOG OFF NOW ! ! !
System maintenance in progress.
All processes will be killed now.
...
Wait for 'Rebooting...' before stopping.
Error reporting has stopped.
Advanced Accounting has stopped...
Process accounting has stopped.
nfs_clean: Stopping NFS/NIS Daemons
0513-004 The Subsystem or Group, nfsd, is currently inoperative.
...
All processes currently running will now be killed...
Unmounting the file systems...
Unmount completed.

Rebooting . . ."
    ));
    Ok(0)
}
