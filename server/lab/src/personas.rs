//! The estate a lab begins with: the master and four clients of nimadm.md Annex A.

use crate::{
    filesets::{self, level},
    model::{
        Disk, Efix, Hardware, Host, LogicalVolume, Power, System, VgId, VolumeGroup,
        nim::{Client, Nim, READY, Resource},
    },
};
use aix::Level;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::collections::BTreeMap;

const MIB_PER_PP: u32 = 128;
/// 64 days, 4 hours and 32 minutes.
const UP_MS: i64 = ((64 * 24 + 4) * 60 + 32) * 60_000;

const LPAR71: Level = level(7, 1, 5, 11, 2246);
const AIX_72: Level = level(7, 2, 5, 10, 2520);
const AIX_73: Level = level(7, 3, 3, 1, 2520);

/// One volume: name, type, LPs, mount point, used MiB.
type Volume = (&'static str, &'static str, u32, Option<&'static str>, u32);

/// The volumes that every rootvg has, in the order of an image.data.
const ROOTVG: &[Volume] = &[
    ("hd5", "boot", 1, None, 0),
    ("hd6", "paging", 64, None, 0),
    ("hd8", "jfs2log", 1, None, 0),
    ("hd4", "jfs2", 8, Some("/"), 310),
    ("hd2", "jfs2", 48, Some("/usr"), 3980),
    ("hd9var", "jfs2", 32, Some("/var"), 1240),
    ("hd3", "jfs2", 16, Some("/tmp"), 140),
    ("hd1", "jfs2", 4, Some("/home"), 90),
    ("hd10opt", "jfs2", 16, Some("/opt"), 760),
    ("hd11admin", "jfs2", 2, Some("/admin"), 1),
    ("lg_dumplv", "sysdump", 16, None, 0),
    ("livedump", "jfs2", 4, Some("/var/adm/ras/livedump"), 1),
];
/// 16 characters: too long for `alt_` in front of it.
const LONG_NAME: Volume = ("monitoring_agent", "jfs2", 8, Some("/opt/monitor"), 410);

/// Everything that makes one host.
struct Persona {
    name: &'static str,
    hardware: (&'static str, &'static str, u8, &'static str, u32),
    level: Level,
    /// Name, PVID, MiB, paths.
    disks: &'static [(&'static str, Option<&'static str>, u32, u32)],
    rootvg: &'static [&'static str],
    extra: &'static [Volume],
    /// Data volume groups: name and disk.
    data: &'static [(&'static str, &'static str, &'static [Volume])],
    efixes: &'static [(&'static str, &'static str, &'static str, &'static str)],
}

const NIM1: Persona = Persona {
    name: "nim1",
    hardware: ("IBM,9105-22A", "78A1F20", 10, "00F6F42A4C00", 32_768),
    level: AIX_73,
    disks: &[
        ("hdisk0", Some("00f6f42a0bd11101"), 102_400, 4),
        ("hdisk1", Some("00f6f42a0bd11102"), 307_200, 4),
        ("hdisk4", Some("00f6f42a0bd88942"), 204_800, 4),
    ],
    rootvg: &["hdisk0"],
    extra: &[],
    data: &[
        (
            "nimvg",
            "hdisk1",
            &[("nimloglv", "jfs2log", 1, None, 0), ("nimlv", "jfs2", 1600, Some("/export/nim"), 121_000)],
        ),
        ("nimadmvg", "hdisk4", &[]),
    ],
    efixes: &[],
};

const CLIENTS: [Persona; 4] = [
    Persona {
        name: "lpar61",
        hardware: ("IBM,8233-E8B", "10AB12P", 7, "00C6CE9D4C00", 8_192),
        level: level(6, 1, 9, 12, 1846),
        disks: &[("hdisk0", Some("00c6ce9d4f2c404a"), 140_013, 1), ("hdisk1", None, 140_013, 1)],
        rootvg: &["hdisk0"],
        extra: &[],
        data: &[],
        efixes: &[],
    },
    Persona {
        name: "lpar71",
        hardware: ("IBM,8286-42A", "21C4D7V", 8, "00F9C87A4C00", 16_384),
        level: LPAR71,
        disks: &[
            ("hdisk0", Some("00f9c87a12345678"), 102_400, 2),
            ("hdisk1", Some("00f9c87a12345679"), 102_400, 2),
            ("hdisk2", Some("00f9c87a12345680"), 204_800, 2),
        ],
        rootvg: &["hdisk0"],
        extra: &[LONG_NAME],
        data: &[(
            "datavg",
            "hdisk2",
            &[("loglv00", "jfs2log", 1, None, 0), ("fslv00", "jfs2", 800, Some("/data"), 61_000)],
        )],
        efixes: &[("S", "IJ41396s1a", "02/14/23 09:12:41", "Security fix for perl")],
    },
    Persona {
        name: "lpar72",
        hardware: ("IBM,9009-42A", "78D2E5W", 9, "00C9F3A04C00", 32_768),
        level: level(7, 2, 5, 5, 2246),
        disks: &[
            ("hdisk0", Some("00c9f3a00de4de6c"), 102_400, 4),
            ("hdisk1", Some("00c9f3a00de868bd"), 102_400, 4),
            ("hdisk2", None, 102_400, 4),
            ("hdisk3", None, 102_400, 4),
        ],
        rootvg: &["hdisk0", "hdisk1"],
        extra: &[],
        data: &[],
        efixes: &[],
    },
    Persona {
        name: "lpar73",
        hardware: ("IBM,9105-42A", "78E3F6X", 10, "00FA61B04C00", 32_768),
        level: level(7, 3, 3, 0, 2446),
        disks: &[("hdisk0", Some("00fa61b02f83c411"), 102_400, 4), ("hdisk1", None, 102_400, 4)],
        rootvg: &["hdisk0"],
        extra: &[],
        data: &[],
        efixes: &[
            ("*Q*", "IJ50934s1a", "06/25/24 10:16:06", "IJ50934 POTENTIAL SECURITY ISSUE"),
            ("S", "IJ50428s1a", "06/25/24 10:16:31", "IJ50428 for AIX 7.3 TL2 SP1"),
        ],
    },
];

/// A whole estate.
pub(crate) struct Personas {
    /// The master first.
    pub(crate) hosts: Vec<Host>,
    /// The clients' NIM objects.
    pub(crate) clients: Vec<Client>,
}

/// A master with so many clients, booted long before `now` (milliseconds since 1970): those of nimadm.md Annex A first, then others
/// like them, which follow from the seed.
pub(crate) fn estate(now: i64, clients: u32, seed: u64) -> Personas {
    let mut master = host(&NIM1, now);
    master.nim = Some(nim());
    enlarge_cache(&mut master, clients);
    let mut hosts = vec![master];
    hosts.extend(CLIENTS.iter().take(clients as usize).map(|persona| host(persona, now)));
    let mut random = StdRng::seed_from_u64(seed);
    hosts.extend((CLIENTS.len() as u32 + 1..=clients).map(|number| another(number, &mut random, now)));
    let clients = hosts.iter().skip(1).map(client).collect();
    Personas { hosts, clients }
}

/// One more client: a persona with a name, numbers and a fill of its own.
fn another(number: u32, random: &mut StdRng, now: i64) -> Host {
    let persona = &CLIENTS[random.random_range(0..CLIENTS.len())];
    let mut host = host(persona, now - random.random_range(0..UP_MS));
    host.name = format!("lpar{:04}", 1000 + number);
    let unit = 0x00d0_0000 + number;
    host.hardware.cpuid = format!("{unit:08X}4C00");
    host.hardware.serial = format!("78{:05X}", 0x10_000 + number);
    for (at, disk) in (0_u32..).zip(&mut host.disks) {
        disk.pvid = disk.pvid.is_some().then(|| format!("{unit:08x}{:08x}", 0x1a2b_0000 + at * 0x0101));
    }
    for lv in host.groups.iter_mut().flat_map(|vg| &mut vg.lvs) {
        lv.used_mib = lv.used_mib * random.random_range(60..=100) / 100;
    }
    host
}

/// Room in the cache VG for a quarter of the clients at once, and never less than the persona's: it can be filled.
fn enlarge_cache(master: &mut Host, clients: u32) {
    const PER_CLIENT_MIB: u32 = 25_600;
    const DISK_MIB: u32 = 1_048_576;
    let wanted = clients.div_ceil(4) * PER_CLIENT_MIB;
    let have = master.disk("hdisk4").map_or(0, |disk| disk.size_mib);
    let more: Vec<_> = (0..wanted.saturating_sub(have).div_ceil(DISK_MIB))
        .map(|at| Disk {
            name: format!("hdisk{}", 5 + at),
            pvid: Some(format!("00f6f42a{:08x}", 0x0bd9_0000 + at)),
            size_mib: DISK_MIB,
            full_size_mib: None,
            paths: 4,
        })
        .collect();
    if let Some(cache) = master.groups.iter_mut().find(|vg| vg.disks.iter().any(|disk| disk == "hdisk4")) {
        cache.disks.extend(more.iter().map(|disk| disk.name.clone()));
    }
    master.disks.extend(more);
}

fn host(persona: &Persona, now: i64) -> Host {
    let (model, serial, power, cpuid, memory_mib) = persona.hardware;
    let id = |number: u32| VgId(format!("{}00004c0000000179{number:08x}", &cpuid[..8].to_ascii_lowercase()));
    let copies = u32::try_from(persona.rootvg.len()).unwrap_or(1);
    let running = id(0x0bd8_0000);
    let mut odm = BTreeMap::from([(running.clone(), "rootvg".to_owned())]);
    let mut data = Vec::new();
    for (index, (name, disk, volumes)) in (1..).zip(persona.data) {
        odm.insert(id(0x0bd8_8900 + index), (*name).to_owned());
        data.push(group(id(0x0bd8_8900 + index), &[disk], volumes.iter(), 1));
    }
    let mut rootvg = group(running.clone(), persona.rootvg, ROOTVG.iter().chain(persona.extra), copies);
    let efix = |&(state, label, installed, title): &(&str, &str, &str, &str)| Efix {
        state: state.to_owned(),
        label: label.to_owned(),
        installed: installed.to_owned(),
        title: title.to_owned(),
        // One that waits for a reboot is a kernel's; the others lock what they were built for.
        locks: vec![if state == "S" { "bos.net.tcp.client_core" } else { "bos.mp64" }.to_owned()],
    };
    rootvg.system = Some(System {
        filesets: filesets::at(persona.level, persona.name == NIM1.name),
        errors: Vec::new(),
        efixes: persona.efixes.iter().map(efix).collect(),
        odm,
        boot_image: true,
        complete: true,
    });
    let mut groups = vec![rootvg];
    groups.extend(data);
    let disk = |&(name, pvid, size_mib, paths): &(&str, Option<&str>, u32, u32)| Disk {
        name: name.to_owned(),
        pvid: pvid.map(str::to_owned),
        size_mib,
        full_size_mib: None,
        paths,
    };
    Host {
        name: persona.name.to_owned(),
        hardware: Hardware {
            model: model.to_owned(),
            serial: serial.to_owned(),
            power,
            cpuid: cpuid.to_owned(),
            memory_mib,
        },
        disks: persona.disks.iter().map(disk).collect(),
        groups,
        bootlist: persona.rootvg.iter().map(|disk| (*disk).to_owned()).collect(),
        running,
        power: Power::Running,
        booted_at: now - UP_MS,
        spot_mount: None,
        nim: None,
        exports: Vec::new(),
        nfs_mounts: Vec::new(),
        scenario: Default::default(),
        unconfigured: Vec::new(),
        stopped: Default::default(),
    }
}

fn group<'a>(id: VgId, disks: &[&str], volumes: impl Iterator<Item = &'a Volume>, copies: u32) -> VolumeGroup {
    let volume = |&(name, kind, lps, mount, used_mib): &Volume| LogicalVolume {
        name: name.to_owned(),
        kind: kind.to_owned(),
        lps,
        // The dump device is never mirrored.
        copies: if kind == "sysdump" { 1 } else { copies },
        mount: mount.map(str::to_owned),
        used_mib,
        unmounted: false,
        stale: false,
    };
    VolumeGroup {
        id,
        pp_mib: MIB_PER_PP,
        disks: disks.iter().map(|disk| (*disk).to_owned()).collect(),
        lvs: volumes.map(volume).collect(),
        varied_on: true,
        mounted_under: Some(String::new()),
        system: None,
    }
}

/// What NIM knows of a client that was never worked on.
fn client(host: &Host) -> Client {
    Client {
        name: host.name.clone(),
        hostname: host.name.clone(),
        cpuid: host.hardware.cpuid.clone(),
        cstate: READY.to_owned(),
        prev_state: READY.to_owned(),
        result: None,
        info: None,
        allocated: Vec::new(),
        connect: "nimsh".to_owned(),
    }
}

fn nim() -> Nim {
    let resource = |name: &str, kind: &str, location: &str, level: Option<Level>| Resource {
        name: name.to_owned(),
        kind: kind.to_owned(),
        location: location.to_owned(),
        level,
        // Brought to the master's level by `nimadm -M`, or a client could not be migrated to an older release (nimadm.md §1.2).
        alt_disk: level.map(|_| filesets::level_of(filesets::ALT_DISK, NIM1.level)),
        usable: true,
        source: None,
    };
    Nim {
        resources: vec![
            resource("boot", "boot", "/tftpboot", None),
            resource("nim_script", "nim_script", "/export/nim/scripts", None),
            resource("lpp_7200_05_10", "lpp_source", "/export/nim/lpp_source/lpp_7200_05_10", Some(AIX_72)),
            resource("spot_7200_05_10", "spot", "/export/nim/spot/spot_7200_05_10/usr", Some(AIX_72)),
            resource("lpp_7300_03_01", "lpp_source", "/export/nim/lpp_source/lpp_7300_03_01", Some(AIX_73)),
            resource("spot_7300_03_01", "spot", "/export/nim/spot/spot_7300_03_01/usr", Some(AIX_73)),
            Resource {
                source: Some("lpar71".to_owned()),
                alt_disk: None,
                ..resource("lpar71_mksysb", "mksysb", "/export/nim/mksysb/lpar71.mksysb", Some(LPAR71))
            },
            resource("bid_noprompt", "bosinst_data", "/export/nim/bosinst_data/noprompt", None),
            resource("lpar71_exclude", "exclude_files", "/export/nim/exclude/lpar71", None),
            resource("bnd_openssh", "installp_bundle", "/export/nim/bundle/openssh", None),
            resource("lpar71_image", "image_data", "/export/nim/image_data/lpar71", None),
            resource("pre_migration", "script", "/export/nim/script/pre_migration", None),
            resource("post_migration", "script", "/export/nim/script/post_migration", None),
        ],
        network: "net_10_192_168_0".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_same_seed_makes_the_same_estate_and_every_host_is_itself() {
        let (one, two, other) = (estate(0, 60, 7), estate(0, 60, 7), estate(0, 60, 8));
        assert_eq!(one.hosts, two.hosts);
        assert_ne!(one.hosts, other.hosts);
        assert_eq!(one.hosts.len(), 61);
        let different = |of: &dyn Fn(&Host) -> String| one.hosts.iter().map(of).collect::<HashSet<_>>().len();
        assert_eq!((different(&|host| host.name.clone()), different(&|host| host.hardware.cpuid.clone())), (61, 61));
        let pvids: Vec<_> =
            one.hosts.iter().flat_map(|host| &host.disks).filter_map(|disk| disk.pvid.clone()).collect();
        assert_eq!(pvids.iter().collect::<HashSet<_>>().len(), pvids.len());
    }
}
