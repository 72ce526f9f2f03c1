//! Whose turn it is, and why the others wait. Pure.
//!
//! Everything that waits is judged together, in the order of asking: who may start takes a place and space that those behind do not
//! have any more. Judging each by itself would let two take the last place.

use super::calendar::Calendar;
use std::collections::HashMap;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A migration that waits for its turn.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The migration.
    pub id: Uuid,
    /// Its master.
    pub master: Uuid,
    /// The group of its client.
    pub group: Option<String>,
    /// Its cache volume group, and the MiB it will take there; none where nobody knows that, which is not nothing.
    pub cache: Option<(String, Option<u64>)>,
    /// Not before.
    pub not_before: Option<OffsetDateTime>,
    /// Name of its window.
    pub window: Option<String>,
    /// Somebody asked not to wait for the time.
    pub now: bool,
}

/// A migration that has its place.
#[derive(Debug, Clone)]
pub struct Active {
    /// Its master.
    pub master: Uuid,
    /// The group of its client.
    pub group: Option<String>,
    /// Its cache volume group and what it will take there; none where nobody knows that.
    pub cache: Option<(String, Option<u64>)>,
    /// When phase 3 began: from then on its cache file systems exist, and `lsvg` counts them.
    pub cached_at: Option<OffsetDateTime>,
    /// nimadm may run: it takes a place on its master. Without it only the group counts.
    pub place: bool,
}

/// A master's limits.
#[derive(Debug, Clone)]
pub struct Master {
    /// Its name.
    pub name: String,
    /// At most so many at once.
    pub max_running: usize,
    /// Shortest time between two starts.
    pub stagger: Duration,
    /// When the last turn came.
    pub last_start: Option<OffsetDateTime>,
}

/// What `lsvg` said of a cache volume group.
#[derive(Debug, Clone, Copy)]
pub struct Free {
    /// MiB.
    pub mib: u64,
    /// When.
    pub seen_at: OffsetDateTime,
}

/// A time in which nothing begins.
#[derive(Debug, Clone)]
pub struct Blackout {
    /// Why.
    pub reason: String,
    /// From.
    pub from: OffsetDateTime,
    /// Until, not included.
    pub until: OffsetDateTime,
    /// Only for this master.
    pub master: Option<Uuid>,
}

/// Everything that decides.
#[derive(Debug, Default)]
pub struct Situation {
    /// In the order of asking.
    pub waiting: Vec<Waiting>,
    /// With a place.
    pub active: Vec<Active>,
    /// By id.
    pub masters: HashMap<Uuid, Master>,
    /// Groups and how many of each may be worked on at once.
    pub groups: HashMap<String, usize>,
    /// By master and name.
    pub free: HashMap<(Uuid, String), Free>,
    /// By name.
    pub windows: HashMap<String, Calendar>,
    /// Windows that cannot be read, and why.
    pub unreadable_windows: HashMap<String, String>,
    /// All that are not over.
    pub blackouts: Vec<Blackout>,
}

/// The end of a blackout that has none.
pub const NEVER: OffsetDateTime = time::macros::datetime!(9999-12-31 23:59:59 UTC);

/// What comes of waiting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// Its turn has come.
    Now,
    /// It waits, and this is why.
    Waits(String),
}

impl Situation {
    /// Why nothing of this master may begin now: a blackout, or a time that has not come.
    #[must_use]
    pub fn too_early(
        &self,
        master: Uuid,
        not_before: Option<OffsetDateTime>,
        window: Option<&str>,
        now: OffsetDateTime,
    ) -> Option<String> {
        let blackout = self.blackouts.iter().find(|blackout| {
            blackout.from <= now && now < blackout.until && blackout.master.is_none_or(|only| only == master)
        });
        if let Some(blackout) = blackout.filter(|blackout| blackout.until >= NEVER) {
            return Some(format!("Waits: a blackout without an end is in force: {}.", blackout.reason));
        }
        if let Some(blackout) = blackout {
            return Some(format!("Waits for the end of a blackout at {}: {}.", shown(blackout.until), blackout.reason));
        }
        if let Some(at) = not_before.filter(|at| *at > now) {
            return Some(format!("Waits until {}, as asked.", shown(at)));
        }
        let name = window?;
        if let Some(why) = self.unreadable_windows.get(name) {
            return Some(format!(
                "Waits for the maintenance window {name}, which cannot be read ({why}): correct it, start by hand, or cancel."
            ));
        }
        match self.windows.get(name) {
            None => Some(format!(
                "Waits for the maintenance window {name}, which was removed: start it by hand, or cancel it."
            )),
            Some(calendar) if calendar.is_open(now) => None,
            Some(calendar) => {
                let opens = calendar.next_open(now).map_or_else(|| "an unknown time".to_owned(), shown);
                Some(format!("Waits for the maintenance window {name}, which opens at {opens}."))
            }
        }
    }

    /// Judges all that wait, in order.
    #[must_use]
    pub fn turns(mut self, now: OffsetDateTime) -> Vec<(Uuid, Turn)> {
        let mut turns = Vec::with_capacity(self.waiting.len());
        for waiting in std::mem::take(&mut self.waiting) {
            let turn = match self.why_not(&waiting, now) {
                Some(why) => Turn::Waits(why),
                None => {
                    self.take_place(&waiting, now);
                    Turn::Now
                }
            };
            turns.push((waiting.id, turn));
        }
        turns
    }

    fn why_not(&self, waiting: &Waiting, now: OffsetDateTime) -> Option<String> {
        let (not_before, window) =
            if waiting.now { (None, None) } else { (waiting.not_before, waiting.window.as_deref()) };
        if let Some(early) = self.too_early(waiting.master, not_before, window, now) {
            return Some(early);
        }
        let Some(master) = self.masters.get(&waiting.master) else {
            return Some("Its NIM master is not known.".to_owned());
        };
        let running = self.active.iter().filter(|active| active.place && active.master == waiting.master).count();
        if running >= master.max_running {
            return Some(format!(
                "Waits for a place: {} runs {running} of at most {} migrations.",
                master.name, master.max_running
            ));
        }
        if let Some(group) = &waiting.group {
            let running = self.active.iter().filter(|active| active.group.as_ref() == Some(group)).count();
            let Some(most) = self.groups.get(group).copied() else {
                return Some(format!("Waits for its group {group}, whose limit cannot be read."));
            };
            if running >= most {
                return Some(format!(
                    "Waits for its group: {running} of at most {most} clients of {group} are worked on."
                ));
            }
        }
        if let Some(last) = master.last_start
            && now < last + master.stagger
        {
            return Some(format!(
                "Waits for {} s between two starts on {}.",
                master.stagger.whole_seconds(),
                master.name
            ));
        }
        self.no_room(waiting, &master.name)
    }

    /// Space arithmetic of nimadm.md §3.3: what is free, less what those will take whose file systems `lsvg` could not count yet.
    fn no_room(&self, waiting: &Waiting, master: &str) -> Option<String> {
        let (vg, need) = waiting.cache.as_ref()?;
        let Some(free) = self.free.get(&(waiting.master, vg.clone())) else {
            return Some(format!("Waits for the first look at the cache volume group {vg} of {master}."));
        };
        let uncounted: Vec<Option<u64>> = self
            .active
            .iter()
            .filter(|active| active.master == waiting.master && active.cached_at.is_none_or(|at| at > free.seen_at))
            .filter_map(|active| active.cache.as_ref().filter(|(name, _)| name == vg).map(|(_, need)| *need))
            .collect();
        // What is not known could be all there is: such a migration has the volume group to itself until lsvg counts what it took.
        let Some(need) = need else {
            let why = format!(
                "Waits for {vg} on {master}: how much it needs is not known, and others have not taken their space yet."
            );
            return (!uncounted.is_empty()).then_some(why);
        };
        let Some(reserved) = uncounted.into_iter().try_fold(0_u64, |sum, need| Some(sum.saturating_add(need?))) else {
            return Some(format!(
                "Waits for space in {vg} on {master}: how much another migration will take there is not known yet."
            ));
        };
        let have = free.mib.saturating_sub(reserved);
        (have < *need).then(|| {
            format!("Waits for space in {vg} on {master}: it needs {need} MiB, {} MiB are free and {reserved} MiB of them reserved.", free.mib)
        })
    }

    fn take_place(&mut self, waiting: &Waiting, now: OffsetDateTime) {
        self.active.push(Active {
            master: waiting.master,
            group: waiting.group.clone(),
            cache: waiting.cache.clone(),
            cached_at: None,
            place: true,
        });
        if let Some(master) = self.masters.get_mut(&waiting.master) {
            master.last_start = Some(now);
        }
    }
}

/// A moment for people: to the minute, UTC.
fn shown(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!("{} {:02}:{:02} UTC", at.date(), at.hour(), at.minute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::calendar::tests::window;
    use app::model::Day;
    use proptest::prelude::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-24 20:00 UTC);
    const MASTER: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);

    fn waiting(number: u128) -> Waiting {
        Waiting {
            id: Uuid::from_u128(number),
            master: MASTER,
            group: None,
            cache: Some(("nimadmvg".to_owned(), Some(10_000))),
            not_before: None,
            window: None,
            now: false,
        }
    }

    fn situation(waiting: Vec<Waiting>) -> Situation {
        let master = Master { name: "nim1".to_owned(), max_running: 4, stagger: Duration::ZERO, last_start: None };
        Situation {
            waiting,
            masters: [(MASTER, master)].into(),
            free: [((MASTER, "nimadmvg".to_owned()), Free { mib: 100_000, seen_at: NOW })].into(),
            groups: [("db".to_owned(), 1)].into(),
            ..Situation::default()
        }
    }

    fn why(turn: &(Uuid, Turn)) -> &str {
        match &turn.1 {
            Turn::Now => "now",
            Turn::Waits(why) => why,
        }
    }

    #[test]
    fn places_groups_and_space_are_taken_in_order() {
        let turns = situation((1..=6).map(waiting).collect()).turns(NOW);
        assert_eq!(turns.iter().filter(|turn| turn.1 == Turn::Now).count(), 4);
        assert!(why(&turns[4]).contains("nim1 runs 4 of at most 4"), "{turns:?}");

        let node = |number| Waiting { group: Some("db".to_owned()), ..waiting(number) };
        let turns = situation(vec![node(1), node(2), waiting(3)]).turns(NOW);
        assert!(turns[0].1 == Turn::Now && why(&turns[1]).contains("of db") && turns[2].1 == Turn::Now, "{turns:?}");

        let large = |number| Waiting { cache: Some(("nimadmvg".to_owned(), Some(60_000))), ..waiting(number) };
        let turns = situation(vec![large(1), large(2), waiting(3)]).turns(NOW);
        assert!(why(&turns[1]).contains("60000 MiB of them reserved"), "{turns:?}");
        assert_eq!(turns[2].1, Turn::Now, "a small one passes a large one that has no room");
    }

    fn active() -> Active {
        Active { master: MASTER, group: None, cache: None, cached_at: None, place: true }
    }

    /// What comes of a migration that needs 50,000 of 100,000 MiB while these are worked on.
    fn beside(others: Vec<Active>) -> Turn {
        let waits =
            Waiting { group: Some("db".to_owned()), cache: Some(("nimadmvg".to_owned(), Some(50_000))), ..waiting(2) };
        Situation { active: others, ..situation(vec![waits]) }.turns(NOW).remove(0).1
    }

    #[test]
    fn space_is_reserved_until_lsvg_counts_it() {
        let taking = |mib| Active { cache: Some(("nimadmvg".to_owned(), Some(mib))), ..active() };
        let reserved = |turn: Turn| matches!(turn, Turn::Waits(why) if why.contains("50001 MiB of them reserved"));
        assert_eq!(beside(vec![taking(50_000)]), Turn::Now, "exactly what is left");
        assert!(reserved(beside(vec![taking(50_001)])));
        let since = |at| vec![Active { cached_at: Some(at), ..taking(50_001) }];
        assert_eq!(beside(since(NOW)), Turn::Now, "its file systems were there when lsvg was asked");
        assert!(reserved(beside(since(NOW + Duration::SECOND))));
        assert_eq!(beside(vec![Active { master: OTHER, ..taking(50_001) }]), Turn::Now);
        assert_eq!(beside(vec![Active { cache: Some(("othervg".to_owned(), Some(50_001))), ..active() }]), Turn::Now);
        let mut unseen = situation(vec![waiting(1)]);
        unseen.free.clear();
        assert!(why(&unseen.turns(NOW)[0]).contains("first look"));
    }

    #[test]
    fn h6_a_need_that_is_not_known_is_not_a_need_of_nothing() {
        let unknown = |cached_at| Active { cache: Some(("nimadmvg".to_owned(), None)), cached_at, ..active() };
        assert!(matches!(beside(vec![unknown(None)]), Turn::Waits(why) if why.contains("not known yet")));
        assert_eq!(beside(vec![unknown(Some(NOW))]), Turn::Now, "lsvg has counted what it took");
        let all = |number| Waiting { cache: Some(("nimadmvg".to_owned(), None)), ..waiting(number) };
        let turns = situation(vec![all(1), all(2), waiting(3)]).turns(NOW);
        assert_eq!(turns[0].1, Turn::Now, "alone it may begin");
        assert!(why(&turns[1]).contains("not known") && why(&turns[2]).contains("not known yet"), "{turns:?}");
    }

    #[test]
    fn a_place_is_a_masters_and_a_group_is_everybodys() {
        let four = |one: Active| vec![one; 4];
        assert!(matches!(beside(four(active())), Turn::Waits(why) if why.contains("place")));
        assert_eq!(beside(four(Active { place: false, ..active() })), Turn::Now);
        assert_eq!(beside(four(Active { master: OTHER, ..active() })), Turn::Now);
        let in_group = Active { group: Some("db".to_owned()), master: OTHER, place: false, ..active() };
        assert!(matches!(beside(vec![in_group]), Turn::Waits(why) if why.contains("of db")));
    }

    #[test]
    fn a_time_has_come_at_its_first_moment_and_is_over_at_its_last() {
        let turn = |with: Situation| why(&with.turns(NOW)[0]).to_owned();
        let dark = |from, until, master| {
            let blackouts = vec![Blackout { reason: "year end".to_owned(), from, until, master }];
            turn(Situation { blackouts, ..situation(vec![waiting(1)]) })
        };
        let (before, after) = (NOW - Duration::HOUR, NOW + Duration::HOUR);
        assert_eq!(dark(before, NOW, None), "now");
        assert_eq!(dark(after, after + Duration::HOUR, None), "now");
        assert_eq!(dark(before, after, Some(OTHER)), "now");
        assert!(dark(NOW, after, Some(MASTER)).contains("blackout at 2026-11-24 21:00 UTC: year end"));
        assert_eq!(turn(situation(vec![Waiting { not_before: Some(NOW), ..waiting(1) }])), "now");

        // It is Tuesday, 20:00.
        let night = |from: &str, to: &str| {
            let windows = [("night".to_owned(), window("UTC", &[(&[Day::Tue], from, to)]).unwrap())].into();
            turn(Situation { windows, ..situation(vec![Waiting { window: Some("night".to_owned()), ..waiting(1) }]) })
        };
        assert_eq!(night("20:00", "21:00"), "now");
        assert!(night("19:00", "20:00").contains("night, which opens at 2026-12-01 19:00 UTC"));
    }

    #[test]
    fn h7_what_cannot_be_read_stops_only_what_depends_on_it() {
        let in_window = Waiting { window: Some("night".to_owned()), ..waiting(1) };
        let in_group = Waiting { group: Some("nodes".to_owned()), ..waiting(2) };
        let elsewhere = Waiting { master: OTHER, cache: None, ..waiting(3) };
        let mut with = situation(vec![in_window, in_group, elsewhere, waiting(4)]);
        with.unreadable_windows = [("night".to_owned(), "no such zone".to_owned())].into();
        let other = Master { name: "nim2".to_owned(), ..with.masters[&MASTER].clone() };
        with.masters.insert(OTHER, other);
        with.blackouts =
            vec![Blackout { reason: "unreadable".to_owned(), from: NOW, until: NEVER, master: Some(OTHER) }];
        let turns = with.turns(NOW);
        assert!(why(&turns[0]).contains("no such zone"), "{turns:?}");
        assert!(why(&turns[1]).contains("group nodes"), "{turns:?}");
        assert!(why(&turns[2]).contains("blackout without an end"), "{turns:?}");
        assert_eq!(turns[3].1, Turn::Now, "{turns:?}");
    }

    #[test]
    fn time_decides_before_anything_else() {
        let later = Waiting { not_before: Some(NOW + Duration::HOUR), ..waiting(1) };
        assert!(why(&situation(vec![later.clone()]).turns(NOW)[0]).contains("until 2026-11-24 21:00 UTC"));
        assert_eq!(situation(vec![Waiting { now: true, ..later }]).turns(NOW)[0].1, Turn::Now);
        let gone = Waiting { window: Some("night".to_owned()), ..waiting(1) };
        assert!(why(&situation(vec![gone]).turns(NOW)[0]).contains("removed"));
        let mut dark = situation(vec![Waiting { now: true, ..waiting(1) }]);
        dark.blackouts =
            vec![Blackout { reason: "year end".to_owned(), from: NOW, until: NOW + Duration::DAY, master: None }];
        assert!(why(&dark.turns(NOW)[0]).contains("year end"), "not even what was asked to start now");
        let mut staggered = situation(vec![waiting(1), waiting(2)]);
        staggered.masters.get_mut(&MASTER).unwrap().stagger = Duration::seconds(90);
        let turns = staggered.turns(NOW);
        assert!(turns[0].1 == Turn::Now && why(&turns[1]).contains("90 s"), "{turns:?}");
    }

    proptest! {
        /// No limit is ever exceeded, and nobody who could start waits.
        #[test]
        fn no_limit_is_exceeded(needs in prop::collection::vec((1_u64..50_000, any::<bool>()), 0..20), most in 1_usize..8) {
            let all: Vec<_> = needs.iter().enumerate().map(|(n, (need, grouped))| Waiting {
                cache: Some(("nimadmvg".to_owned(), Some(*need))),
                group: grouped.then(|| "db".to_owned()),
                ..waiting(n as u128 + 1)
            }).collect();
            let mut with = situation(all.clone());
            with.masters.get_mut(&MASTER).unwrap().max_running = most;
            let turns = with.turns(NOW);
            let started: Vec<_> = all.iter().zip(&turns).filter(|(_, turn)| turn.1 == Turn::Now).map(|(w, _)| w).collect();
            prop_assert!(started.len() <= most);
            prop_assert!(started.iter().filter(|w| w.group.is_some()).count() <= 1);
            let taken: u64 = started.iter().filter_map(|w| w.cache.as_ref().and_then(|(_, need)| *need)).sum();
            prop_assert!(taken <= 100_000);
            prop_assert!(started.len() == most || turns.iter().all(|turn| turn.1 == Turn::Now || !why(turn).contains("place")));
        }
    }
}
