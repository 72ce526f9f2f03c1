//! `lparstat -i` and `lsmcode` (nimadm.md §3.2 M16, H2, H3): the partition and its firmware, as the hypervisor knows them.

use super::{
    Context, Output,
    flags::Flags,
    hardware::{PROCESSORS, generation},
    uname,
};
use crate::{LabError, model::Host};
use aix::{
    lparstat::{self, Lparstat},
    lsmcode::{self, Firmware, Microcode, Side},
};

pub(super) fn lparstat(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    if Flags::alone(args, "i").is_none_or(|flags| !flags.has('i')) {
        // (unconfirmed text)
        out.error("Usage: lparstat -i");
        return Ok(1);
    }
    let host = context.host()?;
    let partition = uname::partition(context)?;
    let memory = host.hardware.memory_mib;
    let smt = generation(&host.hardware).smt;
    let lines: [(&str, String); 21] = [
        ("Node Name", host.name.clone()),
        ("Partition Name", host.name),
        ("Partition Number", partition.to_string()),
        ("Type", format!("Shared-SMT-{smt}")),
        ("Mode", "Uncapped".to_owned()),
        ("Entitled Capacity", "0.40".to_owned()),
        ("Partition Group-ID", (32_768 + partition).to_string()),
        ("Shared Pool ID", "0".to_owned()),
        ("Online Virtual CPUs", PROCESSORS.to_string()),
        ("Maximum Virtual CPUs", (4 * PROCESSORS).to_string()),
        ("Minimum Virtual CPUs", "1".to_owned()),
        ("Online Memory", format!("{memory} MB")),
        ("Maximum Memory", format!("{} MB", 2 * memory)),
        ("Minimum Memory", "2048 MB".to_owned()),
        ("Variable Capacity Weight", "128".to_owned()),
        ("Minimum Capacity", "0.10".to_owned()),
        ("Maximum Capacity", format!("{}.00", 4 * PROCESSORS)),
        ("Capacity Increment", "0.01".to_owned()),
        ("Physical CPU Percentage", "20.00%".to_owned()),
        ("Unallocated Capacity", "0.00".to_owned()),
        ("Memory Mode", "Dedicated".to_owned()),
    ];
    let lines = lines.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    out.stdout += &lparstat::print(&Lparstat { lines });
    Ok(0)
}

pub(super) fn lsmcode(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let Some(flags) = Flags::alone(args, "Acrd:").filter(|flags| flags.count("Ac") == 1) else {
        // (unconfirmed text)
        out.error("usage: lsmcode -A | -c [-r] [-d name]");
        return Ok(1);
    };
    let level = generation(&host.hardware).firmware;
    let system = format!("system:{level} (t) {level} (p) {level} (t)");
    let devices = host.disks.iter().map(|disk| (disk.name.as_str(), "IBM,2107-900.0720".to_owned()));
    let all: Vec<_> = [("sys0", system)].into_iter().chain(devices).collect();
    let row = |(device, level): &(&str, String)| Microcode { device: (*device).to_owned(), level: level.clone() };
    let asked = flags.value('d');
    if flags.has('c') && !flags.has('r') && asked.is_none_or(|device| device == "sys0") {
        let level = Some(level.to_owned());
        out.stdout +=
            &lsmcode::print(&Firmware { permanent: level.clone(), temporary: level, booted: Some(Side::Temporary) });
        return Ok(0);
    }
    let default = if flags.has('A') { None } else { Some("sys0") };
    let wanted = asked.or(default);
    let rows: Vec<_> = all.iter().filter(|(device, _)| wanted.is_none_or(|name| name == *device)).map(row).collect();
    if rows.is_empty() {
        // (unconfirmed text)
        out.error(format!("lsmcode: device {} was not found.", wanted.unwrap_or_default()));
        return Ok(1);
    }
    out.stdout += &lsmcode::print_devices(&rows);
    Ok(0)
}
