//! Where the hosts are in the simulated network: one subnet, the master first.
//!
//! An address follows from the place in the estate's list and is stored nowhere, so `host`, `ifconfig`, `prtconf` and
//! `/etc/hosts` cannot disagree. None of them is real: the lab's SSH servers listen elsewhere.

use crate::model::Estate;

/// The subnet's mask, long enough for two thousand clients.
pub(crate) const NETMASK: &str = "255.255.240.0";
/// The same as `ifconfig` writes it.
pub(crate) const NETMASK_HEX: &str = "0xfffff000";
/// The broadcast address.
pub(crate) const BROADCAST: &str = "10.192.175.255";
/// The subnet as a route's destination.
pub(crate) const SUBNET: &str = "10.192.160/20";
/// The way out.
pub(crate) const GATEWAY: &str = "10.192.168.1";
/// The name server.
pub(crate) const NAME_SERVER: &str = "10.192.168.2";
/// The domain.
pub(crate) const DOMAIN: &str = "example.com";

/// The address of the host at a place in the estate's list.
pub(crate) fn at(index: usize) -> String {
    let number = if index == 0 { 10 } else { 20 + index };
    format!("10.192.{}.{}", 168 + number / 256, number % 256)
}

/// A host's place in the estate's list.
pub(crate) fn index(estate: &Estate, name: &str) -> Option<usize> {
    estate.hosts.iter().position(|host| host.name == name)
}

/// A host's address.
pub(crate) fn of(estate: &Estate, name: &str) -> Option<String> {
    index(estate, name).map(at)
}

/// The lines of `/etc/hosts` for these hosts, given with their places.
pub(crate) fn hosts_file<'a>(hosts: impl IntoIterator<Item = (usize, &'a str)>) -> String {
    let lines = hosts.into_iter().map(|(index, name)| format!("{}\t{name}\n", at(index)));
    format!("127.0.0.1\tloopback localhost\n{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::at;

    #[test]
    fn every_host_has_an_address_of_its_own() {
        let all: std::collections::BTreeSet<_> = (0..1500).map(at).collect();
        assert_eq!(all.len(), 1500);
        assert_eq!((at(0), at(1), at(300)), ("10.192.168.10".into(), "10.192.168.21".into(), "10.192.169.64".into()));
    }
}
