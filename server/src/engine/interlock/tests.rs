use super::*;
use proptest::prelude::*;

const OLD: &str = "00f9c87a12345678";
const NEW: &str = "00f9c87a12345679";
const DAY: i64 = 24 * 3600;

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_800_000_000 + seconds).unwrap()
}

fn client(lspv: &str, boot: &str, boot_disk: &str, uptime: &str) -> Snapshot {
    Snapshot {
        at: at(0).into(),
        level: None,
        oslevel: String::new(),
        disks: aix::lspv::parse(lspv).unwrap(),
        lspv: lspv.to_owned(),
        boot: bootlist::parse(boot).unwrap(),
        bootlist: boot.to_owned(),
        boot_disk: Some(boot_disk.to_owned()),
        rootvg: String::new(),
        uptime: uptime.to_owned(),
    }
}

/// Before the cutover: hdisk0 runs, hdisk1 is the clone.
fn cloned(boot: &str) -> Snapshot {
    client(
        &format!("hdisk0 {OLD} rootvg active\nhdisk1 {NEW} altinst_rootvg\n"),
        boot,
        "hdisk0",
        "02:41PM   up 64 days,   4:32,  3 users",
    )
}

/// After it; the names were swapped by the reboot.
fn moved(boot: &str, old_vg: &str) -> Snapshot {
    client(
        &format!("hdisk1 {OLD} {old_vg}\nhdisk0 {NEW} rootvg active\n"),
        boot,
        "hdisk0",
        "02:41PM   up 1 day,   4:32,  3 users",
    )
}

struct World {
    state: State,
    policy: BootlistPolicy,
    before: Snapshot,
    pvids: Vec<Pvid>,
    phase: Option<Phase>,
    now: OffsetDateTime,
}

impl World {
    fn new(state: State) -> Self {
        let before = client(
            &format!("hdisk0 {OLD} rootvg active\nhdisk1 {NEW} None\n"),
            "hdisk0 blv=hd5",
            "hdisk0",
            "02:41PM   up 64 days,   4:32,  3 users",
        );
        Self { state, policy: BootlistPolicy::Hold, before, pvids: vec![NEW.parse().unwrap()], phase: None, now: at(0) }
    }

    fn merge(&self, facts: &Facts, known: &[Interlock]) -> Merged {
        let targets = ["hdisk1".parse().unwrap()];
        let case = Case {
            state: self.state,
            client: "lpar71",
            before: Some(&self.before),
            policy: self.policy,
            targets: &targets,
            pvids: &self.pvids,
            phase: self.phase,
            cache_vg: Some("nimadmvg"),
            cloned_at: Some(at(-2 * 3600)),
            cutover_at: (self.state == State::Verified).then_some(at(-3600)),
        };
        let days = |days: u64| Duration::from_secs(days * 24 * 3600);
        let limits = Limits { clone_max_age: days(14), rollback_window: days(14) };
        merge(&case, facts, known, findings(&case, facts, self.now, &limits))
    }

    /// What is said of a client, in short.
    fn says(&self, client: Snapshot) -> Vec<(InterlockKind, Gravity)> {
        let facts = Facts { client: Some(client), ..Facts::default() };
        self.merge(&facts, &[]).now.iter().map(|finding| (finding.kind, finding.severity)).collect()
    }
}

#[test]
fn a_bootlist_that_somebody_changed_is_an_alarm_until_the_cutover() {
    use InterlockKind::BootlistDrift;
    for state in [State::Running, State::Held, State::CloneReady] {
        let mut world = World::new(state);
        assert_eq!(world.says(cloned("hdisk0 blv=hd5")), []);
        for boot in ["hdisk1 blv=hd5", "hdisk0 blv=hd5\nhdisk1 blv=hd5", "", "-"] {
            assert_eq!(world.says(cloned(boot)), [(BootlistDrift, Gravity::Alarm)], "{state:?} {boot:?}");
        }
        world.policy = BootlistPolicy::Nimadm;
        assert_eq!(world.says(cloned("hdisk1 blv=hd5")), [], "{state:?}: nimadm's own work");
        let unmoved = world.says(cloned("hdisk0 blv=hd5"));
        let expected: &[_] = if state == State::CloneReady { &[(BootlistDrift, Gravity::Warn)] } else { &[] };
        assert_eq!(unmoved, expected, "{state:?}");
        assert_eq!(world.says(cloned("hdisk5 blv=hd5")), [(BootlistDrift, Gravity::Alarm)], "{state:?}");
    }
    let verified = World::new(State::Verified);
    assert_eq!(verified.says(moved("hdisk0 blv=hd5", "old_rootvg")), []);
    assert_eq!(verified.says(moved("hdisk1 blv=hd5", "old_rootvg")), [(BootlistDrift, Gravity::Alarm)]);
}

#[test]
fn target_disks_are_followed_by_pvid() {
    let alarm = [(InterlockKind::TargetDisk, Gravity::Alarm)];
    let with = |lspv: &str| client(&format!("hdisk0 {OLD} rootvg active\n{lspv}\n"), "hdisk0 blv=hd5", "hdisk0", "");
    let mut world = World::new(State::CloneReady);
    assert_eq!(world.says(with(&format!("hdisk7 {NEW} altinst_rootvg"))), []);
    for lspv in [format!("hdisk1 {NEW} None"), format!("hdisk1 {NEW} datavg active"), "hdisk1 none None".to_owned()] {
        assert_eq!(world.says(with(&lspv)), alarm, "{lspv}");
    }
    world.state = State::Running;
    assert_eq!(world.says(with(&format!("hdisk1 {NEW} None"))), [], "not cloned yet");
    assert_eq!(world.says(with(&format!("hdisk1 {NEW} datavg active"))), alarm);
    world.pvids.clear();
    assert_eq!(world.says(with("hdisk1 none None")), [], "it has no PVID yet");
    assert_eq!(world.says(with("hdisk2 none None")), alarm);
}

#[test]
fn a_nimadm_is_foreign_unless_it_comes_from_the_job() {
    let world = World::new(State::Running);
    let process = |pid, ppid, cmd: &str| ps::Process {
        uid: "root".to_owned(),
        pid,
        ppid,
        c: 0,
        stime: None,
        tty: None,
        time: "0:00".to_owned(),
        cmd: cmd.to_owned(),
    };
    let ours = "/usr/bin/ksh /usr/sbin/nimadm -l lpp -c lpar71 -s spot -d hdisk1 -Y";
    let found = |processes| {
        let facts = Facts { processes: Some((processes, vec![100, 101])), ..Facts::default() };
        world.merge(&facts, &[]).appeared.len()
    };
    let own = [process(100, 1, "/bin/sh -c mkdir claim"), process(101, 100, ours), process(150, 101, ours)];
    assert_eq!(found(own.to_vec()), 0);
    assert_eq!(found([own.to_vec(), vec![process(200, 1, &ours.replace("lpar71", "lpar710"))]].concat()), 0);
    assert_eq!(found([own.to_vec(), vec![process(200, 1, ours)]].concat()), 1);
    assert_eq!(found(vec![process(200, 200, ours)]), 1, "a table without an end");
}

#[test]
fn the_cache_counts_in_the_phases_that_use_it() {
    let mut world = World::new(State::Running);
    let says = |world: &World, free| {
        let facts = Facts { cache_free: Some(free), ..Facts::default() };
        world.merge(&facts, &[]).now.first().map(|finding| finding.severity)
    };
    assert_eq!(says(&world, 0), None);
    world.phase = Phase::try_from(6).ok();
    assert_eq!([4096, 2047, 511].map(|free| says(&world, free)), [None, Some(Gravity::Warn), Some(Gravity::Alarm)]);
    world.phase = Phase::try_from(10).ok();
    let known = [Interlock {
        kind: InterlockKind::CacheSpace,
        severity: Gravity::Alarm,
        text: String::new(),
        advice: String::new(),
        since: at(0).into(),
    }];
    assert_eq!(world.merge(&Facts::default(), &known).cleared, known, "nobody needs it any more");
}

#[test]
fn a_clone_grows_old_and_a_reboot_is_noticed() {
    use InterlockKind::{CloneAge, Rebooted};
    let mut world = World::new(State::CloneReady);
    let up = |uptime: &str, disk: &str| Snapshot {
        uptime: uptime.to_owned(),
        boot_disk: Some(disk.to_owned()),
        ..cloned("hdisk0 blv=hd5")
    };
    assert_eq!(world.says(up("02:41PM   up 3:02,  1 user", "hdisk0")), []);
    assert_eq!(world.says(up("02:41PM   up 12 mins,  1 user", "hdisk0")), [(Rebooted, Gravity::Warn)]);
    assert_eq!(world.says(up("02:41PM   up 12 mins,  1 user", "hdisk1")), [(Rebooted, Gravity::Alarm)]);
    world.now = at(15 * DAY);
    assert_eq!(world.says(cloned("hdisk0 blv=hd5")), [(CloneAge, Gravity::Warn)]);
}

#[test]
fn the_way_back_and_its_end_are_watched() {
    use InterlockKind::{OldRootvg, RollbackWindow};
    let mut world = World::new(State::Verified);
    for vg in ["None", "datavg active"] {
        assert_eq!(world.says(moved("hdisk0 blv=hd5", vg)), [(OldRootvg, Gravity::Alarm)], "{vg}");
    }
    let good = || moved("hdisk0 blv=hd5", "old_rootvg");
    for (day, warned) in [(11, false), (13, true), (20, true)] {
        world.now = at(day * DAY);
        let expected: &[_] = if warned { &[(RollbackWindow, Gravity::Warn)] } else { &[] };
        assert_eq!(world.says(good()), expected, "day {day}");
    }
}

#[test]
fn a_silent_host_neither_raises_nor_ends_an_alarm() {
    let mut world = World::new(State::CloneReady);
    let drifted = Facts { client: Some(cloned("hdisk1 blv=hd5")), ..Facts::default() };
    let first = world.merge(&drifted, &[]);
    assert_eq!((first.appeared.len(), first.cleared.len()), (1, 0));
    world.now = at(600);
    let again = world.merge(&drifted, &first.now);
    assert_eq!((&again.now, again.appeared.len()), (&first.now, 0), "it goes on since its beginning");
    let silent = world.merge(&Facts::default(), &first.now);
    assert_eq!(silent, Merged { now: first.now.clone(), ..Merged::default() });
    let mended = world.merge(&Facts { client: Some(cloned("hdisk0 blv=hd5")), ..Facts::default() }, &first.now);
    assert_eq!(mended, Merged { cleared: first.now, ..Merged::default() });
}

proptest! {
    /// Nothing seen, nothing said of a host, whatever the state; and what is said has words and a beginning.
    #[test]
    fn only_time_speaks_where_no_host_does(state in proptest::sample::select(State::ALL), days in 0..60_i64) {
        let world = World { now: at(days * DAY), ..World::new(state) };
        for finding in world.merge(&Facts::default(), &[]).now {
            prop_assert!(matches!(finding.kind, InterlockKind::CloneAge | InterlockKind::RollbackWindow));
            prop_assert!(is_watched(state) && !finding.text.is_empty() && !finding.advice.is_empty());
            prop_assert_eq!(finding.severity, Gravity::Warn);
        }
    }
}
