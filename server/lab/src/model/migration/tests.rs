//! The state table of nimadm.md §2.15, and what survives a stop anywhere.

use super::{Change::*, *};
use crate::personas;

fn estate() -> (Host, Host, Job) {
    let mut hosts = personas::hosts(0);
    let client = hosts.remove(2);
    let job = Job {
        client: client.name.clone(),
        spot: "spot_7300_03_01".to_owned(),
        lpp_source: "lpp_7300_03_01".to_owned(),
        disks: vec!["hdisk1".to_owned()],
        cache_vg: "nimadmvg".to_owned(),
        level: "7300-03-01-2520".parse().unwrap(),
        hold_bootlist: false,
        pid: 1,
        clone: VgId("00f9c87a00004c000000000000000001".to_owned()),
        pvids: vec!["00f9c87a00000001".to_owned()],
    };
    (hosts.remove(0), client, job)
}

/// A row of nimadm.md §2.15: hdisk1's group and whether it is on, client mounts under /alt_inst, first volume of the
/// clone, first disk of the bootlist, whether the cache VG is full again, whether Cstate is ready.
type Row = (Option<(String, bool)>, bool, Option<String>, String, bool, bool);

fn row(master: &Host, client: &Host) -> Row {
    let owner = client.owner("hdisk1").unwrap();
    let cache = master.group("nimadmvg").unwrap().unwrap();
    let mounts = client.groups.iter().flat_map(VolumeGroup::mounts).any(|(_, mount)| mount.starts_with("/alt_inst"));
    (
        owner.map(|(name, vg)| (name.to_owned(), vg.varied_on)),
        mounts,
        owner.map(|(_, vg)| vg.lvs[0].name.clone()),
        client.bootlist[0].clone(),
        master.free_pps(cache) == master.total_pps(cache),
        master.nim.as_ref().unwrap().client("lpar71").unwrap().cstate == super::super::nim::READY,
    )
}

fn expected(vg: Option<bool>, lv: &str, boot: &str, cache_free: bool, ready: bool) -> Row {
    let clone = vg.map(|on| ("altinst_rootvg".to_owned(), on));
    let lv = vg.map(|_| lv.to_owned());
    (clone, vg == Some(true), lv, boot.to_owned(), cache_free, ready)
}

#[test]
fn the_state_table_holds_after_every_phase() {
    let (mut master, mut client, job) = estate();
    assert_eq!(row(&master, &client), expected(None, "", "hdisk0", true, true));
    let awake = |free| expected(Some(true), "alt_hd5", "hdisk0", free, false);
    let table: [(&[Change], Row); 8] = [
        (&[Lock, Clone], awake(true)),
        (&[CreateCache], awake(false)),
        (&[FillCache], awake(false)),
        (&[GrowCache], awake(false)),
        (&[WriteBootImage, WriteBack], awake(false)),
        (&[RemoveCache], awake(true)),
        (&[Finish, SetBootlist], expected(Some(false), "hd5", "hdisk1", true, false)),
        (&[Release], expected(Some(false), "hd5", "hdisk1", true, true)),
    ];
    let (running, level) = (client.rootvg().unwrap().0.lvs.clone(), client.rootvg().unwrap().1.level);
    for (changes, wanted) in table {
        for change in changes {
            apply(*change, &job, &mut master, &mut client).unwrap();
        }
        assert_eq!(row(&master, &client), wanted, "after {changes:?}");
        assert_eq!(client.rootvg().unwrap().0.lvs, running, "after {changes:?}");
    }
    client.shut_down(10);
    client.settle(9);
    assert_ne!(client.power, super::super::Power::Running);
    client.settle(10);
    let names = |client: &Host| ["hdisk0", "hdisk1"].map(|d| client.owner(d).unwrap().unwrap().0.to_owned());
    assert_eq!((names(&client), client.rootvg().unwrap().1.level), (["old_rootvg".into(), "rootvg".into()], job.level));
    client.bootlist = vec!["hdisk0".to_owned()];
    client.shut_down(20);
    client.settle(20);
    assert_eq!((names(&client), client.rootvg().unwrap().1.level), (["rootvg".into(), "altinst_rootvg".into()], level));
}

#[test]
fn wherever_it_stops_a_clean_up_gives_the_client_back() {
    let all =
        [Lock, Clone, CreateCache, FillCache, GrowCache, WriteBootImage, WriteBack, RemoveCache, Finish, SetBootlist];
    for stop in 1..=all.len() {
        let (mut master, mut client, job) = estate();
        let before = client.clone();
        for change in all.iter().take(stop).chain(&[RemoveCache, DropClone, GiveUp]) {
            apply(*change, &job, &mut master, &mut client).unwrap();
        }
        assert_eq!(client, before, "stopped after {:?}", all[stop - 1]);
        assert_eq!(row(&master, &client), expected(None, "", "hdisk0", true, true));
    }
}

#[test]
fn a_reboot_in_the_middle_boots_the_old_system_and_stops_the_run() {
    let (mut master, mut client, job) = estate();
    for change in [Lock, Clone, CreateCache, FillCache] {
        apply(change, &job, &mut master, &mut client).unwrap();
    }
    client.shut_down(1);
    client.settle(1);
    assert_eq!(row(&master, &client).0, Some(("altinst_rootvg".to_owned(), false)));
    let refused = apply(WriteBack, &job, &mut master, &mut client).unwrap_err();
    assert!(refused.to_string().starts_with("0516-010"), "{refused}");
    // Nor does a half-made clone come up.
    client.bootlist = vec!["hdisk1".to_owned()];
    client.shut_down(2);
    client.settle(2);
    assert_eq!(client.power, super::super::Power::Hung);
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let (mut master, mut client, job) = estate();
    client.disks[1].size_mib = 20_000;
    let before = client.clone();
    assert!(apply(Clone, &job, &mut master, &mut client).is_err());
    assert_eq!(client, before);
    client.disks[1].size_mib = 102_400;
    apply(Clone, &job, &mut master, &mut client).unwrap();
    let cache = job.cache_vg.clone();
    let disk = master.group(&cache).unwrap().unwrap().disks[0].clone();
    master.disks.iter_mut().find(|known| known.name == disk).unwrap().size_mib = 5_000;
    let before = master.clone();
    let refused = apply(CreateCache, &job, &mut master, &mut client).unwrap_err();
    assert!(refused.to_string().starts_with("0516-404"), "{refused}");
    assert_eq!(master, before);
}
