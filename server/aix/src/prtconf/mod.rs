//! `prtconf` (`lsconf`): what a host is made of (nimadm.md §6.13).
//!
//! Which lines there are depends on the machine and on AIX, so each is looked for by its key. A line whose key is not
//! known, or whose value is not what it should be, is kept in [`System::other`].

mod groups;

pub use groups::{ActiveGroup, Disk};

use crate::{
    Unreadable,
    text::{lines, shell_error},
};
use serde::{Deserialize, Serialize};

/// The output of `prtconf`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct System {
    /// `IBM,9080-M9S`.
    pub system_model: Option<String>,
    /// The machine's serial number.
    pub serial: Option<String>,
    /// `PowerPC_POWER9`.
    pub processor_type: Option<String>,
    /// `POWER 9`: what the processor pretends to be.
    pub implementation_mode: Option<String>,
    /// `PV_9_Compat`.
    pub processor_version: Option<String>,
    /// Processors of the partition.
    pub processors: Option<u32>,
    /// Their clock in MHz.
    pub clock_mhz: Option<u32>,
    /// `64-bit`.
    pub cpu_type: Option<String>,
    /// `64-bit`.
    pub kernel_type: Option<String>,
    /// The partition.
    pub lpar: Option<Lpar>,
    /// Memory in MB.
    pub memory_mb: Option<u64>,
    /// Memory that works, in MB.
    pub good_memory_mb: Option<u64>,
    /// `VH950_099`.
    pub firmware_level: Option<String>,
    /// `IBM,FW950.40 (VH950_099)`.
    pub firmware_version: Option<String>,
    /// Every other line of the first block and of the next two, with its key; those with a known key last.
    pub other: Vec<(String, String)>,
    /// Network Information.
    pub network: Network,
    /// Paging Space Information.
    pub paging: Paging,
    /// Volume groups that are varied off, as a clone is.
    pub inactive_vgs: Vec<String>,
    /// Volume groups that are varied on.
    pub active_vgs: Vec<ActiveGroup>,
    /// The lines below INSTALLED RESOURCE LIST.
    pub resources: Vec<String>,
}

/// A partition: `7 aix45`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lpar {
    /// Its number on the machine.
    pub id: u32,
    /// Its name; can have blanks.
    pub name: String,
}

/// Network Information.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the keys that AIX prints")]
pub struct Network {
    pub host_name: Option<String>,
    pub ip_address: Option<String>,
    pub sub_netmask: Option<String>,
    pub gateway: Option<String>,
    pub name_server: Option<String>,
    pub domain_name: Option<String>,
}

/// Paging Space Information.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paging {
    /// In MB.
    pub total_mb: Option<u64>,
    /// 0 to 100.
    pub percent_used: Option<u8>,
}

impl System {
    /// The generation of the processor, 9 for `PowerPC_POWER9`: AIX 7.3 needs 8 `[code]`. What it pretends to be does not
    /// count.
    #[must_use]
    pub fn power(&self) -> Option<u8> {
        let (_, digits) = self.processor_type.as_deref()?.split_once("POWER")?;
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        digits.get(..end)?.parse().ok()
    }
}

/// Reads `prtconf`, also the first lines of it.
///
/// # Errors
/// Output without any of the known lines; a line of the volume groups that is none.
pub fn parse(output: &str) -> Result<System, Unreadable> {
    let mut system = System::default();
    let mut groups = None;
    for (number, line) in lines(output) {
        let text = line.trim_start();
        let unreadable = || Unreadable::new("prtconf", number, line);
        if shell_error(text) {
            return Err(unreadable());
        }
        match text {
            "INSTALLED RESOURCE LIST" => groups = Some(groups::Part::Resources),
            "Volume Groups Information" => groups = Some(groups::Part::Active),
            NETWORK | PAGING => {}
            _ => match &mut groups {
                Some(part) => groups::read(&mut system, part, line).ok_or_else(unreadable)?,
                None => system.take(text).ok_or_else(unreadable)?,
            },
        }
    }
    // What is known in a line of its own must not be mistaken for it when this is printed.
    let known = |key: &str| System::default().place(key).is_some();
    system.other.sort_by_cached_key(|(key, _)| known(key));
    // Many messages look like `key: value`.
    let System { other, .. } = &system;
    let only_other = System { other: other.clone(), ..System::default() } == system;
    if only_other { Err(Unreadable::new("prtconf", 1, output.lines().next().unwrap_or_default())) } else { Ok(system) }
}

const NETWORK: &str = "Network Information";
const PAGING: &str = "Paging Space Information";

/// A place for a value.
enum Place<'a> {
    Text(&'a mut Option<String>),
    Count(&'a mut Option<u32>),
    Megahertz(&'a mut Option<u32>),
    Megabytes(&'a mut Option<u64>),
    Percent(&'a mut Option<u8>),
    Partition(&'a mut Option<Lpar>),
}

impl System {
    fn take(&mut self, line: &str) -> Option<()> {
        let (key, value) = line.split_once(':')?;
        let (key, value) = (key.trim(), value.trim());
        let taken = match self.place(key) {
            Some(place) => place.fill(value),
            None => false,
        };
        if !taken {
            self.other.push((key.to_owned(), value.to_owned()));
        }
        Some(())
    }

    fn place(&mut self, key: &str) -> Option<Place<'_>> {
        Some(match key {
            "System Model" => Place::Text(&mut self.system_model),
            "Machine Serial Number" => Place::Text(&mut self.serial),
            "Processor Type" => Place::Text(&mut self.processor_type),
            "Processor Implementation Mode" => Place::Text(&mut self.implementation_mode),
            "Processor Version" => Place::Text(&mut self.processor_version),
            "Number Of Processors" => Place::Count(&mut self.processors),
            "Processor Clock Speed" => Place::Megahertz(&mut self.clock_mhz),
            "CPU Type" => Place::Text(&mut self.cpu_type),
            "Kernel Type" => Place::Text(&mut self.kernel_type),
            "LPAR Info" => Place::Partition(&mut self.lpar),
            "Memory Size" => Place::Megabytes(&mut self.memory_mb),
            "Good Memory Size" => Place::Megabytes(&mut self.good_memory_mb),
            "Platform Firmware level" => Place::Text(&mut self.firmware_level),
            "Firmware Version" => Place::Text(&mut self.firmware_version),
            "Host Name" => Place::Text(&mut self.network.host_name),
            "IP Address" => Place::Text(&mut self.network.ip_address),
            "Sub Netmask" => Place::Text(&mut self.network.sub_netmask),
            "Gateway" => Place::Text(&mut self.network.gateway),
            "Name Server" => Place::Text(&mut self.network.name_server),
            "Domain Name" => Place::Text(&mut self.network.domain_name),
            "Total Paging Space" => Place::Megabytes(&mut self.paging.total_mb),
            "Percent Used" => Place::Percent(&mut self.paging.percent_used),
            _ => return None,
        })
    }
}

/// Puts a value where it belongs, unless one is there already.
fn put<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    let free = place.is_none() && value.is_some();
    if free {
        *place = value;
    }
    free
}

impl Place<'_> {
    fn fill(self, value: &str) -> bool {
        match self {
            Self::Text(place) => put(place, crate::text::filled(value)),
            Self::Count(place) => put(place, value.parse().ok()),
            Self::Megahertz(place) => put(place, unit(value, "MHz")),
            Self::Megabytes(place) => put(place, unit(value, "MB")),
            Self::Percent(place) => put(place, unit(value, "%")),
            Self::Partition(place) => {
                let lpar = value
                    .split_once(' ')
                    .and_then(|(id, name)| Some(Lpar { id: id.parse().ok()?, name: crate::text::filled(name)? }));
                put(place, lpar)
            }
        }
    }
}

/// `8192 MB`, `20912MB`, `3400 MHz`, `0%`.
fn unit<T: std::str::FromStr>(value: &str, unit: &str) -> Option<T> {
    value.strip_suffix(unit)?.trim_end().parse().ok()
}

/// Prints as `prtconf` does.
#[must_use]
pub fn print(system: &System) -> String {
    fn row<T: ToString>(out: &mut String, key: &str, value: Option<&T>, unit: &str) {
        if let Some(value) = value {
            *out += &format!("{key}: {}{unit}\n", value.to_string());
        }
    }
    let mut out = String::new();
    row(&mut out, "System Model", system.system_model.as_ref(), "");
    row(&mut out, "Machine Serial Number", system.serial.as_ref(), "");
    row(&mut out, "Processor Type", system.processor_type.as_ref(), "");
    row(&mut out, "Processor Implementation Mode", system.implementation_mode.as_ref(), "");
    row(&mut out, "Processor Version", system.processor_version.as_ref(), "");
    row(&mut out, "Number Of Processors", system.processors.as_ref(), "");
    row(&mut out, "Processor Clock Speed", system.clock_mhz.as_ref(), " MHz");
    row(&mut out, "CPU Type", system.cpu_type.as_ref(), "");
    row(&mut out, "Kernel Type", system.kernel_type.as_ref(), "");
    row(&mut out, "LPAR Info", system.lpar.as_ref().map(|lpar| format!("{} {}", lpar.id, lpar.name)).as_ref(), "");
    row(&mut out, "Memory Size", system.memory_mb.as_ref(), " MB");
    row(&mut out, "Good Memory Size", system.good_memory_mb.as_ref(), " MB");
    row(&mut out, "Platform Firmware level", system.firmware_level.as_ref(), "");
    row(&mut out, "Firmware Version", system.firmware_version.as_ref(), "");
    let known = |key: &str| System::default().place(key).is_some();
    let (again, other): (Vec<_>, Vec<_>) = system.other.iter().partition(|(key, _)| known(key));
    for (key, value) in other {
        row(&mut out, key, Some(value), "");
    }
    let Network { host_name, ip_address, sub_netmask, gateway, name_server, domain_name } = &system.network;
    if system.network != Network::default() {
        out += &format!("\n{NETWORK}\n");
    }
    row(&mut out, "        Host Name", host_name.as_ref(), "");
    row(&mut out, "        IP Address", ip_address.as_ref(), "");
    row(&mut out, "        Sub Netmask", sub_netmask.as_ref(), "");
    row(&mut out, "        Gateway", gateway.as_ref(), "");
    row(&mut out, "        Name Server", name_server.as_ref(), "");
    row(&mut out, "        Domain Name", domain_name.as_ref(), "");
    if system.paging != Paging::default() {
        out += &format!("\n{PAGING}\n");
    }
    row(&mut out, "        Total Paging Space", system.paging.total_mb.as_ref(), "MB");
    row(&mut out, "        Percent Used", system.paging.percent_used.as_ref(), "%");
    // A second value of a key, or one that is not what it should be, behind the first.
    for (key, value) in again {
        row(&mut out, key, Some(value), "");
    }
    out + &groups::print(system)
}

#[cfg(test)]
mod tests;
