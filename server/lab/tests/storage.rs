//! Storage commands: what they print is read by `aix` and is what the model holds; what they change holds, too.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say so and stop")]

mod support;

use aix::{bootlist, df, getconf, getlvodm, lsattr, lsdev, lsfs, lslv, lspath, lsps, lspv, lsvg, mount};
use serde_json::Value;
use support::Estate;

const CALL: &str = "nimadm -j nimadmvg -c lpar71 -s spot_7300_03_01 -l lpp_7300_03_01 -d hdisk1 -Y -B";

/// The stored model of a host.
fn model(estate: &Estate, host: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(estate.host(host).join("host.json")).unwrap()).unwrap()
}

/// The group that the running system knows by this name.
fn group<'a>(model: &'a Value, name: &str) -> &'a Value {
    let groups = model["groups"].as_array().unwrap();
    let running = groups.iter().find(|group| group["id"] == model["running"]).unwrap();
    let odm = running["system"]["odm"].as_object().unwrap();
    let id = odm.iter().find_map(|(id, known)| (known == name).then_some(id)).unwrap();
    groups.iter().find(|group| group["id"] == **id).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().unwrap()
}

/// Everything a host prints about its storage is what the model says.
fn agrees(estate: &Estate, host: &str) {
    let model = model(estate, host);
    let ask = |command: &str| estate.ask(host, command);
    let disks = lspv::parse(&ask("lspv")).unwrap();
    assert_eq!(disks.len(), list(&model, "disks").len());
    assert_eq!(lspv::unique(&ask("lspv -u")).unwrap().len(), disks.len());
    assert_eq!(lsdev::parse(&ask("lsdev -Cc disk")).unwrap().len(), disks.len());
    for (disk, stored) in disks.iter().zip(list(&model, "disks")) {
        let name = disk.disk.as_str();
        assert_eq!(name, stored["name"]);
        assert_eq!(disk.pvid.as_ref().map(ToString::to_string).as_deref(), stored["pvid"].as_str());
        let size = getconf::disk_size(&ask(&format!("getconf DISK_SIZE /dev/{name}"))).unwrap();
        assert_eq!(size.mib(), stored["size_mib"].as_u64().unwrap());
        assert_eq!(lsdev::status(&ask(&format!("lsdev -l {name} -F status"))).unwrap(), lsdev::Status::Available);
        let paths = lspath::parse(&ask(&format!("lspath -l {name}"))).unwrap().len();
        assert_eq!(paths as u64, stored["paths"].as_u64().filter(|paths| *paths > 1).unwrap_or(0));
        assert_eq!(lsattr::parse(&ask(&format!("lsattr -El {name} -a reserve_policy"))).unwrap().len(), 1);
        let output = estate.run(host, &format!("getlvodm -j {name} 2>&1"));
        let owner = getlvodm::parse(&String::from_utf8_lossy(&output.stdout)).unwrap();
        assert_eq!(owner.is_some(), disk.vg.is_some(), "{name}");
        assert_eq!(output.status.code(), Some(if disk.vg.is_some() { 0 } else { 3 }));
        let Some(vg) = &disk.vg else { continue };
        assert_eq!(owner.unwrap().as_str(), group(&model, vg.as_str())["id"]);
        let detail = lspv::detail(&ask(&format!("lspv {name}"))).unwrap();
        assert_eq!((detail.vg.as_str(), detail.pv_state.is_some()), (vg.as_str(), disk.state.is_some()));
        if disk.state.is_none() {
            continue;
        }
        assert_eq!(detail.free_pps.unwrap() + detail.used_pps.unwrap(), detail.total_pps.unwrap());
        let spread =
            |text: Option<String>| text.unwrap().split("..").map(|part| part.parse::<u64>().unwrap()).sum::<u64>();
        assert_eq!(spread(detail.free_distribution), detail.free_pps.unwrap());
        assert_eq!(spread(detail.used_distribution), detail.used_pps.unwrap());
        let here = lspv::logical_volumes(&ask(&format!("lspv -l {name}"))).unwrap();
        assert_eq!(here.lvs.iter().map(|lv| lv.pps).sum::<u64>(), detail.used_pps.unwrap());
    }
    let names = lsvg::list(&ask("lsvg")).unwrap();
    let on = lsvg::list(&ask("lsvg -o")).unwrap();
    for name in names {
        let (name, stored) = (name.as_str(), group(&model, name.as_str()));
        assert_eq!(on.iter().any(|found| found.as_str() == name), stored["varied_on"] == true, "{name}");
        if stored["varied_on"] != true {
            let output = estate.run(host, &format!("lsvg -l {name}"));
            assert_eq!(output.status.code(), Some(1));
            assert!(String::from_utf8_lossy(&output.stderr).starts_with("0516-010 : "));
            continue;
        }
        let info = lsvg::info(&ask(&format!("lsvg {name}"))).unwrap();
        assert_eq!(info.vg_identifier.unwrap().as_str(), stored["id"]);
        assert_eq!(info.free_pps + info.used_pps, info.total_pps);
        let lvs = lsvg::logical_volumes(&ask(&format!("lsvg -l {name}"))).unwrap().lvs;
        assert_eq!(lvs.len(), list(stored, "lvs").len());
        let mapped = lsvg::map(&ask(&format!("lsvg -M {name}"))).unwrap();
        let used = mapped.partitions.iter().filter(|part| matches!(part, lsvg::Partition::Used { .. })).count();
        assert_eq!(used as u64, info.used_pps);
        for (lv, stored) in lvs.iter().zip(list(stored, "lvs")) {
            assert_eq!((lv.name.as_str(), lv.lps), (stored["name"].as_str().unwrap(), stored["lps"].as_u64().unwrap()));
            let detail = lslv::parse(&ask(&format!("lslv {}", lv.name))).unwrap();
            assert_eq!((detail.lps, detail.pps, detail.lv_state), (Some(lv.lps), Some(lv.pps), Some(lv.state.clone())));
            let map = lslv::map(&ask(&format!("lslv -m {}", lv.name))).unwrap();
            assert_eq!(map.lps.iter().map(|lp| lp.copies.len() as u64).sum::<u64>(), lv.pps, "{}", lv.name);
        }
        let pvs = lsvg::physical_volumes(&ask(&format!("lsvg -p {name}"))).unwrap().pvs;
        assert_eq!(pvs.iter().map(|pv| pv.free_pps).sum::<u64>(), info.free_pps, "{name}");
        let several = lsvg::logical_volumes(&ask(&format!("echo {name} | lsvg -il"))).unwrap();
        assert_eq!(several.lvs.len(), lvs.len());
    }
    let shown = df::parse(&ask("df -g")).unwrap();
    for flags in ["", "-k", "-m", "-Pk"] {
        assert_eq!(df::parse(&ask(&format!("df {flags}"))).unwrap().rows.len(), shown.rows.len(), "{flags}");
    }
    let mounts = mount::parse(&ask("mount")).unwrap();
    assert_eq!(mounts.len() + 1, shown.rows.len(), "and /proc");
    assert!(lsfs::parse(&ask("lsfs -c")).unwrap().len() >= mounts.iter().filter(|mount| mount.node.is_none()).count());
    assert_eq!(df::parse(&ask("df -m /usr/lpp")).unwrap().rows[0].mount, "/usr");
    let paging = lsps::page_spaces(&ask("lsps -a")).unwrap();
    assert_eq!(lsps::summary(&ask("lsps -s")).unwrap().total_mb, paging.iter().map(|space| space.size_mb).sum::<u64>());
    let boots = bootlist::parse(&ask("bootlist -m normal -o")).unwrap();
    assert_eq!(
        bootlist::devices(&boots),
        list(&model, "bootlist").iter().map(|disk| disk.as_str().unwrap()).collect::<Vec<_>>()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_host_shows_what_the_model_holds_at_every_stage() {
    let estate = Estate::start(1_000_000, 4).await;
    for host in ["nim1", "lpar61", "lpar71", "lpar72", "lpar73"] {
        agrees(&estate, host);
    }
    // The clone awake and the cache filled, after a kill; then finished, booted, and booted back.
    estate.scenario("lpar71", "killed-in-6");
    estate.run("nim1", CALL);
    agrees(&estate, "nim1");
    agrees(&estate, "lpar71");
    estate.scenario("lpar71", "healthy");
    estate.ask("nim1", "nimadm -C -c lpar71 -s spot_7300_03_01");
    estate.ask("nim1", CALL);
    agrees(&estate, "lpar71");
    for disk in ["hdisk1", "hdisk0"] {
        estate.ask("lpar71", &format!("bootlist -m normal {disk}"));
        estate.run("lpar71", "shutdown -Fr");
        while !estate.ask("lpar71", "bootinfo -b").contains(disk) {}
        agrees(&estate, "lpar71");
    }
}

/// The recoveries F6, F7 and F8 of nimadm.md §4.1, by hand.
#[tokio::test(flavor = "multi_thread")]
async fn debris_can_be_removed_by_hand() {
    let estate = Estate::start(1_000_000, 4).await;
    let clean = estate.clean("lpar72");
    estate.scenario("lpar71", "killed-in-6");
    estate.run("nim1", CALL);
    estate.scenario("lpar71", "healthy");
    let refused = |host: &str, command: &str, text: &str| {
        let output = estate.run(host, command);
        assert_ne!(output.status.code(), Some(0), "{command}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(text), "{command}: {:?}", output.stderr);
    };
    refused("nim1", "umount /lpar71_alt/alt_inst", "0506-349");
    refused("nim1", "rmfs /lpar71_alt/alt_inst/usr", "0506-921");
    refused("lpar71", "varyoffvg altinst_rootvg", "0516-012");
    refused("lpar71", "varyoffvg rootvg", "0516-010");
    refused("lpar71", "exportvg altinst_rootvg", "0516-764");
    refused("lpar71", "umount /usr", "0506-349");
    // F6: on the master, deepest first.
    let mounts = estate.ask("nim1", "mount | grep _alt/ | awk '{ print $2 }' | sort -r");
    for mount in mounts.lines() {
        estate.ask("nim1", &format!("umount -f {mount}"));
        assert!(estate.ask("nim1", "lsvg -l nimadmvg").contains("closed/syncd"));
        estate.ask("nim1", &format!("rmfs -r {mount}"));
    }
    assert_eq!(estate.ask("nim1", "lsvg -l nimadmvg").lines().count(), 2);
    // F8 and F7: on the client.
    estate.ask("lpar71", "umount -f /ALT_MIG_SPOT && rm -f tmp/alt_lock");
    let mounts = estate.ask("lpar71", "mount | grep alt_inst | awk '{ print $2 }' | sort -r");
    for mount in mounts.lines() {
        estate.ask("lpar71", &format!("umount -f {mount}"));
    }
    estate.ask("lpar71", "varyoffvg altinst_rootvg && exportvg altinst_rootvg");
    assert!(estate.ask("lpar71", "lspv").lines().any(|line| line.starts_with("hdisk1") && line.contains("None")));
    estate.ask("nim1", "nim -Fo reset lpar71");
    estate.ask("nim1", &format!("{CALL} -F"));
    estate.ask("nim1", "nimadm -C -c lpar71 -s spot_7300_03_01");
    assert_eq!(estate.clean("lpar72"), clean);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_file_systems_are_made_grown_and_given_up() {
    let estate = Estate::start(1_000_000, 4).await;
    let ask = |command: &str| estate.ask("lpar71", command);
    assert_eq!(ask("mkvg -S -s 64M -y newvg hdisk1"), "newvg\n");
    assert_eq!(lsvg::info(&ask("lsvg newvg")).unwrap().pp_size_mb, 64);
    assert_eq!(estate.run("lpar71", "mkvg -y other hdisk1").status.code(), Some(1));
    assert!(ask("lquerypv -h /dev/hdisk1 0 10").contains("_LVM"));
    let busy = estate.run("nim1", CALL);
    assert!(String::from_utf8_lossy(&busy.stdout).contains("0505-126"), "the disk is taken");
    ask("varyoffvg newvg && exportvg newvg && chpv -C hdisk1");
    assert!(!ask("lquerypv -h /dev/hdisk1 0 10").contains("_LVM"));
    let before = lsvg::info(&ask("lsvg rootvg")).unwrap().free_pps;
    assert_eq!(ask("chfs -a size=+1G /opt"), "Filesystem size changed to 6291456\n");
    assert_eq!(lsvg::info(&ask("lsvg rootvg")).unwrap().free_pps, before - 8);
    assert!(String::from_utf8_lossy(&estate.run("lpar71", "chfs -a size=+900G /opt").stderr).contains("0516-404"));
    // What is not mounted is not cloned, and its files are not seen.
    assert!(estate.root("lpar71").join("data").exists());
    ask("umount /opt/monitor && umount /data");
    assert!(!estate.root("lpar71").join("data").exists());
    assert!(!estate.ask("nim1", CALL).contains("/opt/monitor"));
    ask("mount /data && mount /opt/monitor");
    assert!(estate.root("lpar71").join("data").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_comes_back_and_what_is_unknown_is_refused() {
    let estate = Estate::start(1_000_000, 4).await;
    let ask = |command: &str| estate.ask("lpar71", command);
    for command in
        ["umount -q /home", "mount -x /home", "varyoffvg -q datavg", "lsattr -El hdisk0 -F value", "df /nosuch"]
    {
        let refused = estate.run("lpar71", command);
        assert_ne!(refused.status.code(), Some(0), "{command}");
        assert!(!refused.stderr.is_empty(), "{command}");
    }
    assert!(ask("mount").contains(" /home "), "it was not unmounted");
    // A data volume group off, out of the ODM, still on its disk, and back.
    ask("umount /data && varyoffvg datavg");
    assert!(ask("lsfs -c /data").contains("/dev/fslv00"));
    ask("exportvg datavg");
    assert!(ask("readvgda hdisk2").contains("_LVM") && ask("lquerypv -h /dev/hdisk2 0 10").contains("_LVM"));
    let call = CALL.replace("hdisk1", "hdisk2");
    assert!(String::from_utf8_lossy(&estate.run("nim1", &call).stdout).contains("0505-126"), "somebody's data");
    ask("importvg -y datavg hdisk2 && mount /data");
    assert!(estate.root("lpar71").join("data").exists());
    assert_eq!(estate.run("lpar71", "rmdev -dl hdisk2").status.code(), Some(1), "in use");
    assert_eq!(
        ask("rmdev -dl hdisk1; lspv | wc -l; cfgmgr; lspv | wc -l").split_whitespace().collect::<Vec<_>>(),
        ["hdisk1", "deleted", "2", "3"]
    );
    let fresh = estate.run("lpar61", "lspv hdisk1");
    assert!(String::from_utf8_lossy(&fresh.stderr).starts_with("0516-1396 : The physical volume hdisk1,"));
    // Stale partitions show everywhere, until they are synchronised.
    estate.scenario("lpar71", "stale-partitions");
    assert_eq!(lsvg::info(&ask("lsvg rootvg")).unwrap().stale_pps, 32);
    assert!(ask("lsvg -l rootvg").contains("open/stale"));
    ask("syncvg -v rootvg");
    assert_eq!(lsvg::info(&ask("lsvg rootvg")).unwrap().stale_pps, 0);
}

/// F3 of nimadm.md §4.1.
#[tokio::test(flavor = "multi_thread")]
async fn a_rebooted_master_has_its_cache_file_systems_unmounted() {
    let estate = Estate::start(1_000_000, 4).await;
    estate.scenario("lpar71", "killed-in-6");
    estate.run("nim1", CALL);
    estate.run("nim1", "shutdown -Fr");
    while model(&estate, "nim1")["power"] != "running" {
        estate.ask("nim1", "lspv");
    }
    let lvs = lsvg::logical_volumes(&estate.ask("nim1", "lsvg -l nimadmvg")).unwrap().lvs;
    assert!(lvs.len() > 5 && lvs.iter().all(|lv| lv.state == "closed/syncd"), "{lvs:#?}");
    assert!(!estate.ask("nim1", "df -g").contains("_alt/"));
    assert!(estate.ask("nim1", "df -g").contains("/export/nim"));
    estate.scenario("lpar71", "healthy");
    estate.ask("nim1", "nimadm -C -c lpar71 -s spot_7300_03_01");
    assert_eq!(estate.ask("nim1", "lsvg -l nimadmvg").lines().count(), 2);
}
