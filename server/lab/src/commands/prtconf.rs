//! `prtconf`, which is `lsconf` (nimadm.md §6.13): everything about a host in one text.

use super::{
    Context, Output,
    flags::Flags,
    hardware::{PROCESSORS, generation, paging_mib},
    lspv, uname,
};
use crate::{LabError, address, model::Host};
use aix::prtconf::{self, ActiveGroup, Disk, Lpar, Network, Paging, System};

/// (unconfirmed text)
const USAGE: &str = "Usage: prtconf [-c] [-k] [-L] [-m] [-s]";

pub(super) fn prtconf(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let Some(flags) = Flags::alone(args, "ckLms") else {
        out.error(USAGE);
        return Ok(1);
    };
    let whole = system(context)?;
    if args.is_empty() {
        out.stdout += &prtconf::print(&whole);
        return Ok(0);
    }
    // One line each.
    let take = |letter, system| if flags.has(letter) { prtconf::print(&system) } else { String::new() };
    let none = System::default;
    out.stdout += &take('c', System { cpu_type: whole.cpu_type, ..none() });
    out.stdout += &take('k', System { kernel_type: whole.kernel_type, ..none() });
    out.stdout += &take('L', System { lpar: whole.lpar, ..none() });
    out.stdout += &take('m', System { memory_mb: whole.memory_mb, ..none() });
    out.stdout += &take('s', System { clock_mhz: whole.clock_mhz, ..none() });
    Ok(0)
}

/// The whole of it.
fn system(context: &Context) -> Result<System, LabError> {
    let host = context.host()?;
    let hardware = &host.hardware;
    let (power, generation) = (hardware.power, generation(hardware));
    let text = |text: &str| Some(text.to_owned());
    let mut other = vec![("Console Login", "enable"), ("Auto Restart", "true"), ("Full Core", "false")];
    if power >= 8 {
        other.push(("NX Crypto Acceleration", "Capable and Enabled"));
        other.push(("In-Core Crypto Acceleration", "Capable, but not Enabled"));
    }
    let (inactive_vgs, active_vgs) = groups(&host)?;
    Ok(System {
        system_model: text(&hardware.model),
        serial: text(&hardware.serial),
        processor_type: Some(format!("PowerPC_POWER{power}")),
        implementation_mode: Some(format!("POWER {power}")),
        processor_version: Some(format!("PV_{power}_Compat")),
        processors: Some(PROCESSORS),
        clock_mhz: Some(generation.clock_mhz),
        cpu_type: text("64-bit"),
        kernel_type: text("64-bit"),
        lpar: Some(Lpar { id: uname::partition(context)?, name: host.name.clone() }),
        memory_mb: Some(hardware.memory_mib.into()),
        good_memory_mb: Some(hardware.memory_mib.into()),
        firmware_level: text(generation.firmware),
        firmware_version: Some(generation.version()),
        other: other.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
        network: Network {
            host_name: text(&host.name),
            ip_address: address::of(&context.store.estate()?, &host.name),
            sub_netmask: text(address::NETMASK),
            gateway: text(address::GATEWAY),
            name_server: text(address::NAME_SERVER),
            domain_name: text(address::DOMAIN),
        },
        paging: Paging { total_mb: Some(paging_mib(&host)), percent_used: Some(1) },
        inactive_vgs,
        active_vgs,
        resources: resources(&host),
    })
}

/// Volume groups that are off, and those that are on with their disks.
fn groups(host: &Host) -> Result<(Vec<String>, Vec<ActiveGroup>), LabError> {
    let (on, off): (Vec<_>, Vec<_>) = host.named_groups()?.into_iter().partition(|(_, vg)| vg.varied_on);
    let active = on.into_iter().map(|(name, vg)| {
        let disk = |disk: &String| {
            let total = host.disk_pps(disk, vg);
            let free = total.saturating_sub(host.used_on(disk, vg));
            Disk {
                pv: disk.clone(),
                state: "active".to_owned(),
                total_pps: total.into(),
                free_pps: free.into(),
                distribution: Some(lspv::distribution(free, total)),
            }
        };
        ActiveGroup { vg: name.to_owned(), pvs: vg.disks.iter().map(disk).collect() }
    });
    Ok((off.into_iter().map(|(name, _)| name.to_owned()).collect(), active.collect()))
}

/// The resource list: the host's disks among what every host has.
fn resources(host: &Host) -> Vec<String> {
    let Some((machine, serial)) = host.hardware.model.rsplit(',').next().map(|model| (model, &host.hardware.serial))
    else {
        return Vec::new();
    };
    let location = format!("U{}.{serial}", machine.replace('-', "."));
    let row = |sign: char, device: &str, place: String, what: &str| format!("{sign} {device:<16} {place:<28} {what}");
    let mut rows = vec![
        "The following resources are installed on the machine.".to_owned(),
        "+/- = Added or deleted from Resource List.".to_owned(),
        "*   = Diagnostic support not available.".to_owned(),
        "  Model Architecture: chrp".to_owned(),
        "  Model Implementation: Multiple Processor, PCI bus".to_owned(),
        row('+', "sys0", String::new(), "System Object"),
        row('+', "sysplanar0", String::new(), "System Planar"),
        row('*', "vio0", String::new(), "Virtual I/O Bus"),
        row('*', "ent0", format!("{location}-V2-C2-T1"), "Virtual I/O Ethernet Adapter (l-lan)"),
        row('*', "vsa0", format!("{location}-V2-C0"), "LPAR Virtual Serial Adapter"),
        row('*', "vty0", format!("{location}-V2-C0-L0"), "Asynchronous Terminal"),
    ];
    rows.extend(
        host.disks
            .iter()
            .enumerate()
            .map(|(at, disk)| row('*', &disk.name, format!("{location}-V2-C3-T1-L8{at:02}"), "MPIO Disk Drive")),
    );
    rows.extend([
        row('+', "L2cache0", String::new(), "L2 Cache"),
        row('+', "mem0", String::new(), "Memory"),
        row('+', "proc0", String::new(), "Processor"),
        row('+', "proc4", String::new(), "Processor"),
    ]);
    rows
}
