//! `no`, `vmo`, `tuncheck` (nimadm.md §3.2 S16, §5.1 V18): the values of a host that nobody tuned, but for what its
//! `/etc/tunables/nextboot` says. Layouts are unconfirmed.

use super::{Context, Output, flags::Flags};
use crate::{LabError, model::Host};

const NETWORK: &[(&str, &str)] = &[
    ("arpqsize", "1024"),
    ("bcastping", "0"),
    ("clean_partial_conns", "1"),
    ("ipforwarding", "0"),
    ("ipignoreredirects", "0"),
    ("ipsrcrouteforward", "1"),
    ("rfc1323", "1"),
    ("sack", "0"),
    ("sb_max", "1048576"),
    ("tcp_keepidle", "14400"),
    ("tcp_nodelayack", "0"),
    ("tcp_recvspace", "262144"),
    ("tcp_sendspace", "262144"),
    ("udp_recvspace", "42080"),
    ("udp_sendspace", "9216"),
    ("use_isno", "1"),
];
const MEMORY: &[(&str, &str)] = &[
    ("ame_mpsize_support", "0"),
    ("force_relalias_lite", "0"),
    ("kernel_heap_psize", "65536"),
    ("lgpg_regions", "0"),
    ("lgpg_size", "0"),
    ("low_ps_handling", "1"),
    ("maxfree", "1088"),
    ("maxpin%", "80"),
    ("memory_affinity", "1"),
    ("minfree", "960"),
    ("minperm%", "3"),
    ("nokilluid", "0"),
    ("v_pinshm", "0"),
];
/// Shown with `-F` only.
const RESTRICTED: &[(&str, &str)] = &[
    ("lru_file_repage", "0"),
    ("maxclient%", "90"),
    ("maxperm%", "90"),
    ("page_steal_method", "1"),
    ("strict_maxclient", "1"),
    ("strict_maxperm", "0"),
];

/// A table of tunables with its command.
struct Table {
    command: &'static str,
    rows: Vec<(String, String)>,
    restricted: &'static [(&'static str, &'static str)],
}

pub(super) fn no(args: &[String], out: &mut Output) -> Result<u8, LabError> {
    show(&Table { command: "no", rows: owned(NETWORK), restricted: &[] }, args, out)
}

pub(super) fn vmo(host: &Host, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let frames = u64::from(host.hardware.memory_mib) * 256;
    let mut rows = owned(MEMORY);
    rows.extend(
        [("memory_frames", frames), ("pinnable_frames", frames * 9 / 10)]
            .map(|(name, value)| (name.to_owned(), value.to_string())),
    );
    rows.sort();
    show(&Table { command: "vmo", rows, restricted: RESTRICTED }, args, out)
}

fn owned(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn show(table: &Table, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let command = table.command;
    let Some(flags) = Flags::alone(args, "aFo:").filter(|flags| flags.count("ao") == 1) else {
        out.error(format!("usage: {command} [-F] -a | -o Tunable"));
        return Ok(1);
    };
    if let Some(name) = flags.value('o') {
        let restricted = table.restricted.iter().map(|(known, value)| (*known, *value));
        let known = table.rows.iter().map(|(known, value)| (known.as_str(), value.as_str()));
        // Values are not set in the lab: `name=value` is no tunable either.
        return match known.chain(restricted).find(|(known, _)| *known == name) {
            Some((_, value)) => {
                out.line(format!("{name} = {value}"));
                Ok(0)
            }
            None => {
                out.error(format!("{command}: 1485-107 Unknown tunable {name}"));
                Ok(1)
            }
        };
    }
    let width = table.rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0) + 8;
    table.rows.iter().for_each(|(name, value)| out.line(format!("{name:>width$} = {value}")));
    if flags.has('F') && !table.restricted.is_empty() {
        out.line("##Restricted tunables");
        table.restricted.iter().for_each(|(name, value)| out.line(format!("{name:>width$} = {value}")));
    }
    Ok(0)
}

/// Reads the file it is given: a stanza is a word with a colon, a line below it `name = "value"`.
pub(super) fn tuncheck(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let flags = Flags::alone(args, "prf:");
    let Some(file) = flags.as_ref().and_then(|flags| flags.value('f')) else {
        out.error("Usage: tuncheck [-r | -p] -f Filename");
        return Ok(1);
    };
    let path = if file.contains('/') { file.to_owned() } else { format!("/etc/tunables/{file}") };
    let root = context.store.root(&context.host);
    let Ok(text) = std::fs::read_to_string(root.join(path.trim_start_matches('/'))) else {
        out.error(format!("tuncheck: 1485-101 Cannot open {file} for reading."));
        return Ok(1);
    };
    let good = |line: &str| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line.ends_with(':') || line.contains('=')
    };
    match (1..).zip(text.lines()).find(|(_, line)| !good(line)) {
        None => {
            out.line("Checking successful");
            Ok(0)
        }
        Some((number, line)) => {
            out.error(format!("tuncheck: 1485-112 Line {number} of {file} cannot be read: {line}"));
            Ok(1)
        }
    }
}
