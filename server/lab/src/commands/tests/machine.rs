//! The machine, its clock, its error log, its subsystems, and what it does not use.

use super::{HOSTS, Lab};
use crate::{
    clock,
    model::{ErrorEvent, system::LoggedError},
    scenario::Scenario,
};
use aix::{errpt, lparstat, lsmcode, lsps, lssrc, lsvg, prtconf, ps, uname, uptime};

#[test]
fn a_reboot_shows() {
    let lab = Lab::new();
    lab.ask("lpar71", "stopsrc -g portmap");
    let now = clock::now_ms();
    lab.change("lpar71", |host| host.shut_down(now - 5 * 60_000, now - 2 * 60_000));
    // The next command finds it booted.
    assert_eq!(uptime::parse(&lab.ask("lpar71", "uptime")).unwrap().minutes, 2);
    let errors = errpt::parse(&lab.ask("lpar71", "errpt")).unwrap();
    let ids: Vec<_> = errors.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids, ["A6DF45AA", "9DBCFDEE", "2BFA76F6", "192AC071"]);
    let portmap = lssrc::parse(&lab.ask("lpar71", "lssrc -s portmap")).unwrap();
    assert_eq!(portmap[0].status, lssrc::Status::Active);
    // A fix that waited for it is stable now.
    assert!(lab.ask("lpar73", "emgr -l").contains("*Q*"));
    lab.change("lpar73", |host| host.shut_down(now - 2, now - 1));
    assert!(!lab.ask("lpar73", "emgr -l").contains("*Q*"));
}

#[test]
fn the_error_log_is_newest_first_by_the_hosts_clock() {
    use ErrorEvent as E;
    let lab = Lab::new();
    assert_eq!(lab.ask("lpar71", "errpt"), "");
    let now = clock::now_ms();
    let all = [E::LogOff, E::Shutdown, E::LogOn, E::RmcStarted, E::PathFailed, E::VolumeMissing, E::CoreDump];
    let days = |count: i64| count * 24 * 3_600_000;
    let entries = (0..).zip(all).map(|(at, event)| LoggedError {
        at: now - days(7 - at),
        event,
        resource: (event == E::PathFailed).then(|| "hdisk1".to_owned()),
    });
    lab.change("lpar71", |host| host.system_mut().unwrap().errors = entries.collect());
    let read = |call: &str| errpt::parse(&lab.ask("lpar71", call)).unwrap();
    let ids = |call: &str| read(call).into_iter().map(|entry| entry.id).collect::<Vec<_>>();
    assert_eq!(ids("errpt"), ["A924A5FC", "F7DDA124", "DE3B8540", "A6DF45AA", "9DBCFDEE", "2BFA76F6", "192AC071"]);
    assert_eq!(ids("errpt -T PERM -d H"), ["DE3B8540"]);
    assert_eq!(read("errpt -N hdisk1")[0].resource, "hdisk1");
    assert_eq!(ids("errpt -j 192AC071,9DBCFDEE"), ["9DBCFDEE", "192AC071"]);
    let third = read("errpt")[2].timestamp;
    assert_eq!((ids(&format!("errpt -s {third}")).len(), ids(&format!("errpt -e {third}")).len()), (3, 5));
    assert_eq!(lab.ask("lpar71", "errpt -a").matches("\nIDENTIFIER:").count(), 7);
    for scenario in [Scenario::ClockAhead, Scenario::ClockBehind] {
        lab.change("lpar71", |host| host.scenario = scenario);
        let skewed = read("errpt")[2].timestamp;
        assert_eq!(skewed > third, scenario == Scenario::ClockAhead);
        assert_ne!(skewed, third);
    }
    lab.ask("lpar71", "errclear -d H 0");
    assert_eq!(ids("errpt").len(), 5);
    lab.ask("lpar71", "errclear 5");
    assert_eq!(ids("errpt"), ["A924A5FC", "A6DF45AA"]);
    lab.ask("lpar71", "errclear 0");
    assert_eq!(lab.ask("lpar71", "errpt"), "");
}

#[test]
fn the_machine_is_described_alike_everywhere() {
    let lab = Lab::new();
    for (name, number) in HOSTS.iter().zip(1..) {
        let host = lab.host(name);
        let hardware = &host.hardware;
        let conf = prtconf::parse(&lab.ask(name, "prtconf")).unwrap();
        assert_eq!(lab.ask(name, "lsconf"), prtconf::print(&conf));
        assert_eq!((conf.system_model.as_ref(), conf.serial.as_ref()), (Some(&hardware.model), Some(&hardware.serial)));
        assert_eq!((conf.power(), conf.memory_mb), (Some(hardware.power), Some(hardware.memory_mib.into())));
        assert_eq!(conf.lpar, Some(prtconf::Lpar { id: number, name: (*name).to_owned() }));
        groups_agree(&lab, name, &conf);
        let paging = lsps::summary(&lab.ask(name, "lsps -s")).unwrap();
        assert_eq!(conf.paging.total_mb, Some(paging.total_mb));
        assert_eq!(conf.paging.percent_used.map(u64::from), Some(paging.percent_used.into()));
        assert_eq!(uname::parse(&lab.ask(name, "uname -m")).unwrap().as_str(), hardware.cpuid);
        let level = lab.system(name).level();
        let all = format!("AIX {name} {} {} {}\n", level.release, level.version, hardware.cpuid);
        assert_eq!((lab.ask(name, "uname -a"), lab.ask(name, "hostname")), (all, format!("{name}\n")));
        let stat = lparstat::parse(&lab.ask(name, "lparstat -i")).unwrap();
        assert_eq!(stat.online_memory_mb(), Some(hardware.memory_mib.into()));
        assert_eq!((stat.online_virtual_cpus(), stat.get("Partition Name")), (conf.processors, Some(*name)));
        let firmware = lsmcode::parse(&lab.ask(name, "lsmcode -c")).unwrap();
        assert_eq!(firmware.running(), conf.firmware_level.as_deref());
        assert_eq!(lsmcode::devices(&lab.ask(name, "lsmcode -A")).unwrap().len(), host.disks.len() + 1);
        let frames = format!("memory_frames = {}\n", u64::from(hardware.memory_mib) * 256);
        assert_eq!(lab.ask(name, "vmo -o memory_frames"), frames);
        let address = conf.network.ip_address.unwrap();
        let found = format!("{name} is {address}\n");
        assert_eq!(lab.ask("nim1", &format!("host {name}")), found);
        assert_eq!(lab.ask("nim1", &format!("host {address}")), found);
        assert!(lab.ask(name, "ifconfig -a").contains(&format!("inet {address} ")));
        assert!(lab.ask(name, "netstat -rn").contains(&address));
        let known = std::fs::read_to_string(lab.store.root(name).join("etc/hosts")).unwrap();
        assert!(known.contains(&format!("{address}\t{name}\n")));
    }
    // A volume group that is off moves to the other list.
    lab.change("lpar71", |host| {
        let id = host.group_id("datavg").unwrap().unwrap();
        host.group_mut(&id).unwrap().varied_on = false;
    });
    let conf = prtconf::parse(&lab.ask("lpar71", "prtconf")).unwrap();
    assert_eq!((conf.inactive_vgs, conf.active_vgs.len()), (vec!["datavg".to_owned()], 1));
    assert_eq!(lab.ask("lpar71", "prtconf -m"), "Memory Size: 16384 MB\n");
}

fn groups_agree(lab: &Lab, host: &str, conf: &prtconf::System) {
    let groups: Vec<_> = conf.active_vgs.iter().map(|group| group.vg.clone()).collect();
    assert_eq!(groups.join("\n") + "\n", lab.ask(host, "lsvg -o"));
    for group in &conf.active_vgs {
        let disks = lsvg::physical_volumes(&lab.ask(host, &format!("lsvg -p {}", group.vg))).unwrap().pvs;
        let same = |(a, b): (&prtconf::Disk, &lsvg::VgDisk)| {
            (&a.pv, a.total_pps, a.free_pps, &a.distribution) == (&b.name, b.total_pps, b.free_pps, &b.distribution)
        };
        assert!(group.pvs.len() == disks.len() && group.pvs.iter().zip(&disks).all(same), "{host}: {disks:?}");
    }
}

#[test]
fn a_process_is_asked_for_by_its_number() {
    let lab = Lab::new();
    // Many times: right after its start a process has no words yet, and must not be taken for an ended one.
    for _ in 0..200 {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let asked = format!("ps -p {} -o args=", child.id());
        let living = lab.run("nim1", &asked);
        child.kill().unwrap();
        assert_eq!((living.code, living.stdout.as_str()), (0, "sleep 1000\n"));
        // It has ended before anybody waits for it.
        while lab.run("nim1", &asked).code == 0 {}
        child.wait().unwrap();
        let ended = lab.run("nim1", &asked);
        assert_eq!((ended.code, ended.stdout), (1, String::new()));
    }
}

#[test]
fn subsystems_stop_and_start() {
    let lab = Lab::new();
    for host in HOSTS {
        let all = lssrc::parse(&lab.ask(host, "lssrc -a")).unwrap();
        for group in ["nfs", "tcpip", "ras"] {
            let some = lssrc::parse(&lab.ask(host, &format!("lssrc -g {group}"))).unwrap();
            assert!(some.iter().all(|row| all.contains(row) && row.group.as_deref() == Some(group)));
        }
        let active = all.iter().filter(|row| row.status == lssrc::Status::Active).count();
        let shown = ps::processes(&lab.ask(host, "ps -ef")).unwrap();
        let seen = all.iter().filter(|row| shown.iter().any(|process| Some(process.pid) == row.pid)).count();
        assert_eq!(seen, active, "{host}: ps shows what lssrc does");
    }
    let nimsh = || lssrc::parse(&lab.ask("lpar71", "lssrc -s nimsh")).unwrap()[0].status.clone();
    assert_eq!(lab.ask("lpar71", "stopsrc -s nimsh"), "0513-044 The nimsh Subsystem was requested to stop.\n");
    assert_eq!(nimsh(), lssrc::Status::Inoperative);
    assert_eq!((lab.run("lpar71", "stopsrc -s nimsh").code, lab.run("lpar71", "refresh -s nimsh").code), (1, 1));
    assert!(lab.ask("lpar71", "startsrc -s nimsh").starts_with("0513-059 The nimsh Subsystem has been started. "));
    assert_eq!(nimsh(), lssrc::Status::Active);
    let again = lab.run("lpar71", "startsrc -s nimsh");
    assert!(again.code == 1 && again.stderr.starts_with("0513-029 The nimsh Subsystem is already active."));
    assert!(lab.ask("lpar71", "refresh -s inetd").starts_with("0513-095"));
    assert_eq!(lab.run("nim1", "stopsrc -g nfs").stdout.lines().count(), 5);
    assert!(!lab.ask("nim1", "rpcinfo -p").contains("mountd"));
    lab.run("nim1", "startsrc -g nfs");
    assert!(lab.ask("lpar71", "rpcinfo -p nim1").contains("mountd"));
    for (name, offers) in [("nim1", true), ("lpar71", false)] {
        assert_eq!(lab.ask(name, "lssrc -ls inetd").contains("tftp"), offers);
    }
    for (call, text) in [("lssrc -s x", "0513-085 The x Subsystem"), ("lssrc -g x", "0513-086 The x Group")] {
        let done = lab.run("lpar71", call);
        assert!(done.code == 1 && done.stderr.starts_with(text), "{}", done.stderr);
    }
}

#[test]
fn a_boot_image_is_only_written_to_the_rootvg_that_runs() {
    let lab = Lab::new();
    assert_eq!(lab.ask("lpar72", "bosboot -vd /dev/ipldevice"), "");
    lab.change("lpar72", |host| host.system_mut().unwrap().boot_image = false);
    for other in ["/dev/hdisk2", "hdisk9"] {
        let done = lab.run("lpar72", &format!("bosboot -ad {other}"));
        assert!(done.code == 1 && done.stderr.starts_with("0301-168"), "{}", done.stderr);
    }
    assert!(!lab.system("lpar72").boot_image);
    assert_eq!(lab.ask("lpar72", "bosboot -ad /dev/hdisk1"), "\nbosboot: Boot image is 53276 512 byte blocks.\n");
    assert!(lab.system("lpar72").boot_image);
}

#[test]
fn clocks_are_wrong_in_every_command_alike() {
    let lab = Lab::new();
    for (scenario, hours) in [(Scenario::Healthy, 0), (Scenario::ClockAhead, 3), (Scenario::ClockBehind, -48)] {
        lab.change("lpar72", |host| host.scenario = scenario);
        let seconds = |format: &str| lab.ask("lpar72", format).trim().parse::<i64>().unwrap();
        for format in ["date +%s", "date '+ %s'"] {
            let off = seconds(format) - clock::now_ms() / 1000 - hours * 3600;
            assert!((-1..=1).contains(&off), "{format}: {off}");
        }
        let text = lab.ask("lpar72", "date");
        assert!(text.contains(" UTC ") && text.split_whitespace().count() == 6, "{text}");
        let minutes = uptime::parse(&lab.ask("lpar72", "uptime")).unwrap().minutes;
        assert_eq!(minutes, u64::try_from((clock::now_ms() - lab.host("lpar72").booted_at) / 60_000).unwrap());
    }
}

#[test]
fn what_a_host_does_not_use_is_said_to_be_off() {
    let lab = Lab::new();
    for host in HOSTS {
        assert_eq!(lab.ask(host, "lswpar"), "");
        assert!(lab.ask(host, "odmget -q attribute=TCB_STATE PdAt").contains("deflt = \"tcb_disabled\""));
        assert!(lab.ask(host, "trustchk -p").lines().all(|line| line.ends_with("=OFF")));
        assert!(lab.ask(host, "genkex").contains("/usr/lib/drivers/"));
        assert!(lab.ask(host, "tuncheck -p -f /etc/tunables/nextboot").contains("successful"));
        assert!(lab.ask(host, "vmo -F -a").contains("##Restricted"));
        assert!(lab.ask(host, "no -a").contains("ipforwarding = 0"));
        assert!(lab.ask(host, "manage_disk_drivers -l").contains("AIX_AAPCM"));
        assert!(lab.ask(host, "alog -o -t nim").contains(host));
        assert!(lab.ask(host, "entstat -d en0").contains("ETHERNET STATISTICS"));
        for no in ["clcmd date", "hdcryptmgr showlv rootvg", "entstat en7", "tuncheck -p -f nothing", "ifconfig en7"] {
            let done = lab.run(host, no);
            assert!(done.code != 0 && !done.stderr.is_empty(), "{no}");
        }
    }
}
