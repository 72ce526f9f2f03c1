//! The state table of nimadm.md §2.15, and what survives a stop anywhere.

use super::{Change::*, *};
use crate::personas;

fn job(via: Via) -> Job {
    Job {
        subject: "lpar71".to_owned(),
        client: Some("lpar71".to_owned()),
        spot: "spot_7300_03_01".to_owned(),
        lpp_source: "lpp_7300_03_01".to_owned(),
        image: None,
        disks: vec!["hdisk1".to_owned()],
        via,
        level: "7300-03-01-2520".parse().unwrap(),
        update: false,
        hold_bootlist: false,
        pid: 1,
        clone: VgId("00f9c87a00004c000000000000000001".to_owned()),
        pvids: vec!["00f9c87a00000001".to_owned()],
        reshape: Vec::new(),
    }
}

fn estate() -> (Site, Job) {
    let mut made = personas::estate(0, 4, 1);
    let client = made.hosts.remove(2);
    let entry = made.clients.remove(1);
    let site = Site { master: made.hosts.remove(0), client: Some(client), entry: Some(entry), work: None };
    (site, job(Via::Cache("nimadmvg".to_owned())))
}

fn install(level: aix::Level) -> Vec<Change> {
    let all = crate::filesets::at(level, false);
    all.into_iter().map(|(name, found)| Change::Install(Fileset { name, level: found.level, fails: false })).collect()
}

/// A row of nimadm.md §2.15: hdisk1's group and whether it is on, client mounts under /alt_inst, first volume of the
/// clone, first disk of the bootlist, whether the cache VG is full again, whether Cstate is ready.
type Row = (Option<(String, bool)>, bool, Option<String>, String, bool, bool);

fn row(site: &Site) -> Row {
    let (master, client) = (&site.master, site.client.as_ref().unwrap());
    let owner = client.owner("hdisk1").unwrap();
    let cache = master.group("nimadmvg").unwrap().unwrap();
    let mounts = client.groups.iter().flat_map(VolumeGroup::mounts).any(|(_, mount)| mount.starts_with("/alt_inst"));
    (
        owner.map(|(name, vg)| (name.to_owned(), vg.varied_on)),
        mounts,
        owner.map(|(_, vg)| vg.lvs[0].name.clone()),
        client.bootlist[0].clone(),
        master.free_pps(cache) == master.total_pps(cache),
        site.entry.as_ref().unwrap().cstate == super::super::nim::READY && site.work.is_none(),
    )
}

fn expected(vg: Option<bool>, lv: &str, boot: &str, cache_free: bool, ready: bool) -> Row {
    let clone = vg.map(|on| ("altinst_rootvg".to_owned(), on));
    let lv = vg.map(|_| lv.to_owned());
    (clone, vg == Some(true), lv, boot.to_owned(), cache_free, ready)
}

#[test]
fn the_state_table_holds_after_every_phase() {
    let (mut site, job) = estate();
    assert_eq!(row(&site), expected(None, "", "hdisk0", true, true));
    let awake = |free| expected(Some(true), "alt_hd5", "hdisk0", free, false);
    let table = [
        (vec![Lock, Clone], awake(true)),
        (vec![CreateCache], awake(false)),
        (vec![FillCache], awake(false)),
        (vec![Grow, RestoreBos], awake(false)),
        (install(job.level), awake(false)),
        (vec![WriteBootImage, WriteBack], awake(false)),
        (vec![RemoveCache], awake(true)),
        (vec![Finish, SetBootlist], expected(Some(false), "hd5", "hdisk1", true, false)),
        (vec![Release], expected(Some(false), "hd5", "hdisk1", true, true)),
    ];
    let before = site.client.clone().unwrap();
    let (running, system) = (before.rootvg().unwrap().0.lvs.clone(), before.rootvg().unwrap().1.filesets.clone());
    for (changes, wanted) in table {
        for change in &changes {
            apply(change, &job, &mut site).unwrap();
        }
        assert_eq!(row(&site), wanted, "after {changes:?}");
        let client = site.client.as_ref().unwrap();
        assert_eq!(client.rootvg().unwrap().0.lvs, running, "after {changes:?}");
        assert_eq!(client.rootvg().unwrap().1.filesets, system, "after {changes:?}");
    }
    let mut client = site.client.unwrap();
    client.shut_down(5, 10);
    client.settle(9);
    assert_ne!(client.power, super::super::Power::Running);
    client.settle(10);
    let names = |client: &Host| ["hdisk0", "hdisk1"].map(|d| client.owner(d).unwrap().unwrap().0.to_owned());
    let level = |client: &Host| client.rootvg().unwrap().1.level();
    assert_eq!((names(&client), level(&client)), (["old_rootvg".into(), "rootvg".into()], job.level));
    client.bootlist = vec!["hdisk0".to_owned()];
    client.shut_down(15, 20);
    client.settle(20);
    assert_eq!((names(&client), level(&client)), (["rootvg".into(), "altinst_rootvg".into()], level(&before)));
}

#[test]
fn wherever_it_stops_a_clean_up_gives_the_client_back() {
    let ways = [
        (
            Via::Cache("nimadmvg".to_owned()),
            vec![
                Lock,
                Clone,
                CreateCache,
                FillCache,
                Grow,
                RestoreBos,
                WriteBootImage,
                WriteBack,
                RemoveCache,
                Finish,
                SetBootlist,
            ],
        ),
        (
            Via::Nfs,
            vec![
                Lock,
                Clone,
                Export,
                MountExports,
                Grow,
                RestoreBos,
                WriteBootImage,
                UnmountExports,
                RemoveCache,
                Finish,
                SetBootlist,
            ],
        ),
    ];
    for (via, all) in ways {
        for stop in 1..=all.len() {
            let (mut site, _) = estate();
            let (job, before) = (job(via.clone()), site.clone());
            for change in
                all.iter().take(stop).chain(&[RemoveCache, DropClone, GiveUp("0505-187 nimadm: x".to_owned())])
            {
                apply(change, &job, &mut site).unwrap();
            }
            assert_eq!(
                (&site.client, &site.master),
                (&before.client, &before.master),
                "stopped after {:?}",
                all[stop - 1]
            );
            assert_eq!(row(&site), expected(None, "", "hdisk0", true, true));
            assert_eq!(site.entry.unwrap().info.as_deref(), Some("0505-187 nimadm- x"));
        }
    }
}

#[test]
fn a_reboot_in_the_middle_boots_the_old_system_and_stops_the_run() {
    let (mut site, job) = estate();
    for change in [Lock, Clone, CreateCache, FillCache] {
        apply(&change, &job, &mut site).unwrap();
    }
    let client = site.client.as_mut().unwrap();
    client.shut_down(0, 1);
    client.settle(1);
    assert_eq!(row(&site).0, Some(("altinst_rootvg".to_owned(), false)));
    let refused = apply(&WriteBack, &job, &mut site).unwrap_err();
    assert!(refused.to_string().starts_with("0516-010"), "{refused}");
    // Nor does a half-made clone come up.
    let client = site.client.as_mut().unwrap();
    client.bootlist = vec!["hdisk1".to_owned()];
    client.shut_down(1, 2);
    client.settle(2);
    assert_eq!(client.power, super::super::Power::Hung);
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let (mut site, job) = estate();
    apply(&Lock, &job, &mut site).unwrap();
    site.client.as_mut().unwrap().disks[1].size_mib = 20_000;
    let before = site.clone();
    assert!(apply(&Clone, &job, &mut site).is_err());
    assert_eq!(site, before);
    site.client.as_mut().unwrap().disks[1].size_mib = 102_400;
    apply(&Clone, &job, &mut site).unwrap();
    site.master.disks.iter_mut().find(|known| known.name == "hdisk4").unwrap().size_mib = 5_000;
    let before = site.clone();
    let refused = apply(&CreateCache, &job, &mut site).unwrap_err();
    assert!(refused.to_string().starts_with("0516-404"), "{refused}");
    assert_eq!(site, before);
}

#[test]
fn a_cache_vg_fills_up_with_several_clients() {
    let (mut site, job) = estate();
    let mut taken = 0;
    let refused = loop {
        let job = Job { subject: format!("lpar{taken}"), ..job.clone() };
        apply(&Lock, &job, &mut site).unwrap();
        match apply(&CreateCache, &job, &mut site) {
            Ok(()) => taken += 1,
            Err(refused) => break refused,
        }
    };
    assert!(refused.to_string().starts_with("0516-404"), "{refused}");
    assert!((5..20).contains(&taken), "{taken} clients fit");
    apply(&RemoveCache, &Job { subject: "lpar0".to_owned(), ..job.clone() }, &mut site).unwrap();
    apply(&CreateCache, &job, &mut site).unwrap();
}

#[test]
fn a_clone_that_is_awake_is_named_so_and_does_not_boot() {
    let (mut site, job) = estate();
    let whole = [Lock, Clone, CreateCache, FillCache, Grow, RestoreBos];
    for change in whole.into_iter().chain(install(job.level)).chain([
        WriteBootImage,
        WriteBack,
        RemoveCache,
        Finish,
        SetBootlist,
        Release,
    ]) {
        apply(&change, &job, &mut site).unwrap();
    }
    let mut client = site.client.unwrap();
    // 7.1 does not wake 7.3 (nimadm.md §1.9); 7.3 wakes the old 7.1.
    assert!(client.wake("hdisk1", false).unwrap_err().to_string().contains("newer"));
    client.shut_down(0, 1);
    client.settle(1);
    client.wake("hdisk0", false).unwrap();
    let (name, group) = client.owner("hdisk0").unwrap().unwrap();
    assert_eq!((name, group.lvs[0].name.as_str(), group.varied_on), ("altinst_rootvg", "alt_hd5", true));
    let mut booted = client.clone();
    booted.bootlist = vec!["hdisk0".to_owned()];
    booted.shut_down(2, 3);
    booted.settle(3);
    assert_eq!(booted.power, super::super::Power::Hung);
    assert_eq!(client.sleep().unwrap().first().map(String::as_str), Some("/alt_inst/var/adm/ras/livedump"));
    client.bootlist = vec!["hdisk0".to_owned()];
    client.shut_down(2, 3);
    client.settle(3);
    assert_eq!(client.power, super::super::Power::Running);
}
