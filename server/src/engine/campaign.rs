//! What a campaign does next. Pure.
//!
//! A campaign holds no plan of its own: which clients are due follows from its present wave and from how their migrations stand,
//! whoever moved them. So it survives servers, and a migration that somebody cancels or retries by hand counts as it stands.

use app::model::{CampaignAction, CampaignState, GoOn, Standing, State, StopRule};
use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
};

/// The wave of each client, in the order given: a canary wave first, then waves of a size. Clients of one set in `apart` are never in
/// one wave. Waves are numbered from 1.
#[must_use]
pub fn waves<C: Eq + Hash>(clients: &[C], canary: u16, size: u16, apart: &[Vec<C>]) -> Vec<u16> {
    let room = |wave: u16| if wave == 1 && canary > 0 { canary } else { size.max(1) };
    let mut filled: HashMap<u16, u16> = HashMap::new();
    let mut sets_of: HashMap<&C, Vec<usize>> = HashMap::new();
    for (set, members) in apart.iter().enumerate() {
        members.iter().for_each(|member| sets_of.entry(member).or_default().push(set));
    }
    // The waves in which a set has a client already.
    let mut taken = vec![HashSet::new(); apart.len()];
    let mut place = |client: &C| {
        let sets = sets_of.get(client).map_or(&[][..], Vec::as_slice);
        let mut wave = 1;
        while sets.iter().any(|set| taken[*set].contains(&wave)) || filled.get(&wave).is_some_and(|n| *n >= room(wave))
        {
            wave += 1;
        }
        sets.iter().for_each(|set| _ = taken[*set].insert(wave));
        *filled.entry(wave).or_default() += 1;
        wave
    };
    clients.iter().map(&mut place).collect()
}

/// What a running campaign does next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Launch these members, by their place.
    Launch(Vec<usize>),
    /// Its wave is being worked on.
    Watch,
    /// Go to the next wave at once.
    NextWave,
    /// Ask somebody about the next wave.
    Ask,
    /// Launch nothing more: too much has failed.
    Stop(String),
    /// Every wave is settled.
    Done,
}

/// What a running campaign does next; `members` are wave and standing.
#[must_use]
pub fn next(members: &[(u16, Standing)], wave: u16, go_on: GoOn, stop: StopRule) -> Next {
    if let Some(why) = stops(members, stop) {
        return Next::Stop(why);
    }
    let present = || members.iter().enumerate().filter(|(_, (of, _))| *of == wave);
    let due: Vec<usize> = present().filter(|(_, (_, s))| *s == Standing::Waiting).map(|(at, _)| at).collect();
    if !due.is_empty() {
        return Next::Launch(due);
    }
    if !present().all(|(_, (_, standing))| standing.is_settled()) {
        return Next::Watch;
    }
    let more = members.iter().any(|(of, standing)| *of > wave && *standing == Standing::Waiting);
    match (more, go_on) {
        (false, _) => Next::Done,
        (true, GoOn::Automatic) => Next::NextWave,
        (true, GoOn::Approval) => Next::Ask,
    }
}

fn stops(members: &[(u16, Standing)], stop: StopRule) -> Option<String> {
    let begun = members.iter().filter(|(_, s)| !matches!(s, Standing::Waiting | Standing::Skipped)).count();
    let failed = members.iter().filter(|(_, standing)| standing.has_failed()).count();
    let stopped = match stop {
        StopRule::Never => false,
        StopRule::Failures(most) => failed > 0 && failed >= usize::from(most.max(1)),
        StopRule::Percent(most) => failed * 100 > begun * usize::from(most),
    };
    stopped.then(|| {
        format!("Stopped by its rule: {failed} of {begun} clients that were begun have failed. Retry or skip them, then resume.")
    })
}

/// What may be asked of a campaign.
#[must_use]
pub fn actions(state: CampaignState, wave: u16, members: &[(u16, Standing)]) -> Vec<CampaignAction> {
    CampaignAction::ALL.iter().copied().filter(|action| allowed(*action, state, wave, members)).collect()
}

/// Whether an action is possible.
#[must_use]
pub fn allowed(action: CampaignAction, state: CampaignState, wave: u16, members: &[(u16, Standing)]) -> bool {
    use CampaignState as S;
    let any = |wanted: &dyn Fn(Standing) -> bool| members.iter().any(|(_, standing)| wanted(*standing));
    match action {
        CampaignAction::Approve => state == S::AwaitingApproval,
        // What was not begun cannot be paused: to resume it would be a way around its approval.
        CampaignAction::Pause => wave > 0 && matches!(state, S::Running | S::AwaitingApproval),
        CampaignAction::Resume => matches!(state, S::Paused | S::Stopped),
        CampaignAction::Skip => {
            !state.is_over() && any(&|standing| matches!(standing, Standing::Waiting | Standing::Refused))
        }
        CampaignAction::RetryFailed => {
            state != S::Cancelled
                && any(&|standing| matches!(standing, Standing::Refused | Standing::At(State::FailedClean)))
        }
        CampaignAction::Cutover => any(&|standing| standing == Standing::At(State::CloneReady)),
        CampaignAction::Cancel => !state.is_over(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(count: usize) -> Vec<String> {
        (0..count).map(|n| format!("c{n}")).collect()
    }

    #[test]
    fn the_canary_goes_first_and_pairs_are_apart() {
        assert_eq!(waves(&names(6), 1, 3, &[]), [1, 2, 2, 2, 3, 3]);
        assert_eq!(waves(&names(4), 0, 3, &[]), [1, 1, 1, 2]);
        let pair = vec![vec!["c1".to_owned(), "c2".to_owned()]];
        assert_eq!(waves(&names(4), 1, 3, &pair), [1, 2, 3, 2]);
    }

    #[test]
    fn a_wave_is_launched_watched_and_followed_by_the_next() {
        let ready = Standing::At(State::CloneReady);
        let running = Standing::At(State::Running);
        let rule = StopRule::Failures(1);
        let with = |all: &[(u16, Standing)], wave| next(all, wave, GoOn::Approval, rule);
        assert_eq!(with(&[(1, Standing::Waiting), (2, Standing::Waiting)], 1), Next::Launch(vec![0]));
        assert_eq!(with(&[(1, running), (2, Standing::Waiting)], 1), Next::Watch);
        assert_eq!(with(&[(1, ready), (2, Standing::Waiting)], 1), Next::Ask);
        assert_eq!(next(&[(1, ready), (2, Standing::Waiting)], 1, GoOn::Automatic, rule), Next::NextWave);
        assert_eq!(with(&[(1, ready), (2, ready)], 2), Next::Done);
        assert_eq!(with(&[(1, ready), (2, Standing::Skipped)], 1), Next::Done);
    }

    #[test]
    fn too_many_failures_stop_it() {
        let failed = Standing::At(State::FailedClean);
        let ready = Standing::At(State::CloneReady);
        let all = [(1, failed), (1, ready), (1, ready), (1, ready), (2, Standing::Waiting)];
        let with = |rule| matches!(next(&all, 1, GoOn::Automatic, rule), Next::Stop(_));
        assert!(with(StopRule::Failures(1)) && !with(StopRule::Failures(2)));
        assert!(with(StopRule::Percent(20)) && !with(StopRule::Percent(25)));
        assert!(!with(StopRule::Never));
        // One of three that were begun: who was skipped makes nothing better.
        let all = [(1, failed), (1, ready), (1, ready), (1, Standing::Skipped)];
        assert!(matches!(next(&all, 1, GoOn::Automatic, StopRule::Percent(30)), Next::Stop(_)));
    }

    #[test]
    fn what_may_be_asked_follows_from_state_and_members() {
        use CampaignAction as A;
        use CampaignState as S;
        let waiting = [(1, Standing::Waiting)];
        let actions = |state, members: &[_]| super::actions(state, 1, members);
        assert_eq!(actions(S::Running, &waiting), [A::Pause, A::Skip, A::Cancel]);
        assert_eq!(actions(S::AwaitingApproval, &waiting), [A::Approve, A::Pause, A::Skip, A::Cancel]);
        assert_eq!(actions(S::Paused, &waiting), [A::Resume, A::Skip, A::Cancel]);
        let failed =
            [(1, Standing::Refused), (1, Standing::At(State::FailedClean)), (1, Standing::At(State::CloneReady))];
        assert_eq!(actions(S::Stopped, &failed), [A::Resume, A::Skip, A::RetryFailed, A::Cutover, A::Cancel]);
        assert_eq!(actions(S::Done, &failed), [A::RetryFailed, A::Cutover]);
        assert_eq!(actions(S::Cancelled, &failed), [A::Cutover]);
        assert_eq!(actions(S::Done, &[(1, Standing::At(State::Running))]), []);
        assert_eq!(super::actions(S::AwaitingApproval, 0, &waiting), [A::Approve, A::Skip, A::Cancel]);
    }

    proptest! {
        #[test]
        fn every_client_has_one_wave_with_room_and_without_rivals(
            count in 1_usize..60, canary in 0_u16..4, size in 1_u16..8, pairs in prop::collection::vec((0_usize..60, 0_usize..60), 0..10),
        ) {
            let clients = names(count);
            let apart: Vec<Vec<String>> = pairs.iter().filter(|(a, b)| a != b && *a < count && *b < count)
                .map(|(a, b)| vec![clients[*a].clone(), clients[*b].clone()]).collect();
            let placed = waves(&clients, canary, size, &apart);
            for wave in 1..=placed.iter().copied().max().unwrap_or(1) {
                let here = placed.iter().filter(|of| **of == wave).count();
                let room = if wave == 1 && canary > 0 { canary } else { size };
                prop_assert!(here <= usize::from(room));
            }
            for (a, b) in pairs.into_iter().filter(|(a, b)| a != b && *a < count && *b < count) {
                prop_assert_ne!(placed[a], placed[b]);
            }
        }
    }
}
