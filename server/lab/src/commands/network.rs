//! The network as a host sees it: `netstat`, `ifconfig`, `entstat`, `host`, `rpcinfo` (nimadm.md §3.2 N2, N6, §5.1 V14).
//!
//! Layouts are unconfirmed; the addresses are those of `prtconf` and `/etc/hosts`.

use super::{Context, Output, flags::Flags, subsystems, words};
use crate::{
    LabError,
    address::{self, BROADCAST, GATEWAY, NETMASK_HEX, SUBNET},
    model::{Host, Power},
};

/// The address of the host that is asked.
fn own(context: &Context) -> Result<String, LabError> {
    let found = address::of(&context.store.estate()?, &context.host);
    found.ok_or_else(|| LabError::NoHost(context.host.clone()))
}

pub(super) fn netstat(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let ip = own(context)?;
    match Flags::alone(args, "rni") {
        Some(flags) if flags.count("rn") == 2 && !flags.has('i') => {
            out.line("Routing tables");
            out.line("Destination        Gateway           Flags   Refs     Use  If   Exp  Groups");
            out.line("\nRoute Tree for Protocol Family 2 (Internet):");
            let routes = [
                ("default", GATEWAY, "UG", "en0"),
                (SUBNET, ip.as_str(), "U", "en0"),
                (ip.as_str(), "127.0.0.1", "UGHS", "lo0"),
                ("127/8", "127.0.0.1", "U", "lo0"),
            ];
            for (to, gateway, flags, interface) in routes {
                out.line(format!("{to:<18} {gateway:<17} {flags:<8}{:>4} {:>9} {interface:<9} -      -   ", 1, 4211));
            }
            out.line("\nRoute Tree for Protocol Family 24 (Internet v6):");
            out.line(format!(
                "{:<18} {:<17} {:<8}{:>4} {:>9} {:<9} -      -   ",
                "::1%1", "::1%1", "UH", 1, 368, "lo0"
            ));
            Ok(0)
        }
        Some(flags) if flags.count("in") == 2 && !flags.has('r') => {
            out.line("Name   Mtu   Network     Address                 Ipkts     Ierrs        Opkts     Oerrs  Coll");
            out.line("en0    1500  link#2      fa.16.3e.2a.1.2        1842211     0       922104     0     0");
            out.line(format!("en0    1500  10.192.160  {ip:<22} 1842211     0       922104     0     0"));
            out.line("lo0    16896 link#1                                28104     0        28104     0     0");
            out.line("lo0    16896 127         127.0.0.1                 28104     0        28104     0     0");
            Ok(0)
        }
        _ => Ok(usage("Usage: netstat {-rn | -in}", out)),
    }
}

pub(super) fn ifconfig(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let (ethernet, loopback) = match words(args)[..] {
        ["-a"] => (true, true),
        ["en0"] => (true, false),
        ["lo0"] => (false, true),
        [name] if !name.starts_with('-') => {
            out.error(format!("0821-555 ioctl SIOCGIFFLAGS.: {name} is not an interface."));
            return Ok(1);
        }
        _ => return Ok(usage("Usage: ifconfig {-a | interface}", out)),
    };
    if ethernet {
        out.line("en0: flags=1e084863,814c0<UP,BROADCAST,NOTRAILERS,RUNNING,SIMPLEX,MULTICAST,GROUPRT,64BIT,CHECKSUM_OFFLOAD(ACTIVE),LARGESEND,CHAIN>");
        out.line(format!("        inet {} netmask {NETMASK_HEX} broadcast {BROADCAST}", own(context)?));
        out.line("         tcp_sendspace 262144 tcp_recvspace 262144 rfc1323 1");
    }
    if loopback {
        out.line(
            "lo0: flags=e08084b,c0<UP,BROADCAST,LOOPBACK,RUNNING,SIMPLEX,MULTICAST,GROUPRT,64BIT,LARGESEND,CHAIN>",
        );
        out.line("        inet 127.0.0.1 netmask 0xff000000 broadcast 127.255.255.255");
        out.line("        inet6 ::1%1/64");
        out.line("         tcp_sendspace 131072 tcp_recvspace 131072 rfc1323 1");
    }
    Ok(0)
}

pub(super) fn entstat(args: &[String], out: &mut Output) -> Result<u8, LabError> {
    match Flags::read(args, "d").map(|flags| flags.operands).as_deref() {
        Some(["en0" | "ent0"]) => {}
        Some([name]) => {
            out.error(format!("entstat: 0909-003 Unable to connect to device {name}, errno = 19"));
            return Ok(1);
        }
        _ => return Ok(usage("usage: entstat [-d] device", out)),
    }
    out.line(
        "-------------------------------------------------------------
ETHERNET STATISTICS (ent0) :
Device Type: Virtual I/O Ethernet Adapter (l-lan)
Hardware Address: fa:16:3e:2a:01:02

Transmit Statistics:                          Receive Statistics:
--------------------                          -------------------
Packets: 922104                               Packets: 1842211
Bytes: 188211042                              Bytes: 2210411806
Interrupts: 0                                 Interrupts: 1711005
Transmit Errors: 0                            Receive Errors: 0
Packets Dropped: 0                            Packets Dropped: 0
                                              Bad Packets: 0

General Statistics:
-------------------
No mbuf Errors: 0
Adapter Reset Count: 0
Adapter Data Rate: 20000
Driver Flags: Up Broadcast Running
        Simplex 64BitSupport ChecksumOffload
        DataRateSet VIOENT",
    );
    Ok(0)
}

pub(super) fn host(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let [asked] = words(args)[..] else { return Ok(usage("Usage: host [-n] hostname | ipaddress", out)) };
    if asked.starts_with('-') {
        return Ok(usage("Usage: host [-n] hostname | ipaddress", out));
    }
    let estate = context.store.estate()?;
    let known = estate.hosts.iter().enumerate().map(|(at, host)| (host.name.as_str(), address::at(at)));
    let local = [("loopback", "127.0.0.1".to_owned()), ("localhost", "127.0.0.1".to_owned())];
    let short = asked.strip_suffix(&format!(".{}", address::DOMAIN)).unwrap_or(asked);
    match known.chain(local).find(|(name, ip)| *name == short || *ip == asked) {
        Some((name, ip)) => {
            out.line(format!("{name} is {ip}"));
            Ok(0)
        }
        None => {
            out.error(format!("host: 0827-801 Host name {asked} does not exist."));
            Ok(1)
        }
    }
}

pub(super) fn rpcinfo(context: &Context, args: &[String], out: &mut Output) -> Result<u8, LabError> {
    let Some(flags) = Flags::read(args, "p").filter(|flags| flags.has('p') && flags.operands.len() < 2) else {
        return Ok(usage("Usage: rpcinfo -p [host]", out));
    };
    let name = flags.operands.first().copied().unwrap_or(&context.host);
    if address::index(&context.store.estate()?, name).is_none() {
        out.error(format!("rpcinfo: {name} is an unknown host."));
        return Ok(1);
    }
    let there = context.store.host(name)?;
    let runs = |subsystem| runs(&there, subsystem);
    if there.power != Power::Running || !runs("portmap") {
        out.error("rpcinfo: 1832-018 Cannot contact portmapper: RPC: 1832-008 Timed out");
        return Ok(1);
    }
    // Program, its versions, port, name, and the subsystem behind it.
    let programs: [(u32, &[u32], u16, &str, &str); 5] = [
        (100_000, &[2, 3, 4], 111, "portmapper", "portmap"),
        (100_024, &[1], 32_768, "status", "rpc.statd"),
        (100_021, &[1, 2, 3, 4], 32_769, "nlockmgr", "rpc.lockd"),
        (100_003, &[2, 3, 4], 2049, "nfs", "nfsd"),
        (100_005, &[1, 2, 3], 32_771, "mountd", "rpc.mountd"),
    ];
    out.line("   program vers proto   port  service");
    for (program, versions, port, service, _) in programs.into_iter().filter(|(.., subsystem)| runs(subsystem)) {
        for (version, protocol) in versions.iter().flat_map(|version| [(version, "tcp"), (version, "udp")]) {
            out.line(format!("{program:>10}{version:>5}{protocol:>6}{port:>7}  {service}"));
        }
    }
    Ok(0)
}

fn runs(host: &Host, name: &str) -> bool {
    subsystems::of(host).any(|subsystem| subsystem.name == name && subsystems::pid(host, subsystem).is_some())
}

fn usage(text: &str, out: &mut Output) -> u8 {
    out.error(text);
    1
}
