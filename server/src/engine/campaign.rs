//! What a campaign does next. Pure.
//!
//! A campaign stores no plan. Which clients are due follows from its present wave and from the states of their migrations, so it
//! survives servers, and a migration that a person cancels or retries counts as it stands.
//!
//! Every wave up to the present one counts. A member of an earlier wave can wait again after a retry; a look at the present wave alone
//! would leave it waiting in a campaign that is done.

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
    let due = |(_, (of, standing)): &(usize, &(u16, Standing))| *of <= wave && *standing == Standing::Waiting;
    let due: Vec<usize> = members.iter().enumerate().filter(due).map(|(at, _)| at).collect();
    if !due.is_empty() {
        return Next::Launch(due);
    }
    // A person may have launched a member of a later wave: it is waited for as well.
    if members.iter().any(|(_, standing)| *standing != Standing::Waiting && !standing.is_settled()) {
        return Next::Watch;
    }
    let more = members.iter().any(|(_, standing)| *standing == Standing::Waiting);
    match (more, go_on) {
        (false, _) => Next::Done,
        (true, GoOn::Automatic) => Next::NextWave,
        (true, GoOn::Approval) => Next::Ask,
    }
}

/// State and wave after an action.
#[must_use]
pub fn after(action: CampaignAction, state: CampaignState, wave: u16) -> (CampaignState, u16) {
    match action {
        CampaignAction::Approve => (CampaignState::Running, wave.saturating_add(1)),
        CampaignAction::Pause => (CampaignState::Paused, wave),
        CampaignAction::Resume => (CampaignState::Running, wave),
        CampaignAction::Cancel => (CampaignState::Cancelled, wave),
        CampaignAction::RetryFailed => (after_retry(state), wave),
        CampaignAction::Skip | CampaignAction::Cutover => (state, wave),
    }
}

/// The state after all that failed is tried again: a campaign that had stopped or was done goes on, a paused one stays paused.
#[must_use]
pub fn after_retry(state: CampaignState) -> CampaignState {
    match state {
        CampaignState::Stopped => CampaignState::Running,
        other => after_member_retry(other),
    }
}

/// The state after a person has retried the migration of one member: a campaign that was done has work again.
#[must_use]
pub fn after_member_retry(state: CampaignState) -> CampaignState {
    match state {
        CampaignState::Done => CampaignState::Running,
        other => other,
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

    #[test]
    fn m4_a_member_that_waits_again_in_an_earlier_wave_is_launched() {
        let ready = Standing::At(State::CloneReady);
        let all = [(1, Standing::Waiting), (2, ready)];
        assert_eq!(next(&all, 2, GoOn::Approval, StopRule::Never), Next::Launch(vec![0]));
        let all = [(1, Standing::At(State::Running)), (2, ready)];
        assert_eq!(next(&all, 2, GoOn::Approval, StopRule::Never), Next::Watch);
    }

    /// One thing that happens to a campaign.
    #[derive(Debug, Clone, Copy)]
    enum Step {
        /// The engine looks; what it launches is refused or not.
        Engine {
            refused: bool,
        },
        Asked(CampaignAction),
        /// A migration comes to an end.
        Ends(usize, State),
        /// A person retries a migration on its own page.
        Retried(usize),
    }

    #[derive(Debug, Clone)]
    struct World {
        state: CampaignState,
        wave: u16,
        members: Vec<(u16, Standing)>,
        go_on: GoOn,
        stop: StopRule,
    }

    impl World {
        fn all_settled(&self) -> bool {
            self.members.iter().all(|(_, standing)| standing.is_settled())
        }

        fn step(&mut self, step: Step) {
            let was = self.state;
            match step {
                Step::Engine { refused } => self.engine(refused),
                Step::Asked(action) if allowed(action, self.state, self.wave, &self.members) => {
                    if action == CampaignAction::Skip {
                        let left = self
                            .members
                            .iter_mut()
                            .find(|(_, s)| matches!(s, Standing::Waiting | Standing::Refused))
                            .unwrap();
                        left.1 = Standing::Skipped;
                    }
                    if action == CampaignAction::RetryFailed {
                        for (_, standing) in &mut self.members {
                            match standing {
                                Standing::Refused => *standing = Standing::Waiting,
                                Standing::At(State::FailedClean) => *standing = Standing::At(State::Queued),
                                _ => {}
                            }
                        }
                    }
                    (self.state, self.wave) = after(action, self.state, self.wave);
                }
                Step::Asked(_) => {}
                Step::Ends(at, state) => {
                    let at = at % self.members.len();
                    if let Standing::At(now) = &mut self.members[at].1
                        && matches!(now, State::Queued | State::Running)
                    {
                        *now = state;
                    }
                }
                Step::Retried(at) => {
                    let at = at % self.members.len();
                    if self.members[at].1 == Standing::At(State::FailedClean) {
                        self.members[at].1 = Standing::At(State::Queued);
                        self.state = after_member_retry(self.state);
                    }
                }
            }
            if was != CampaignState::Done && self.state == CampaignState::Done {
                assert!(self.all_settled(), "done with members that wait or run: {self:?}");
            }
        }

        fn engine(&mut self, refused: bool) {
            let waits = self.state == CampaignState::AwaitingApproval && self.wave > 0;
            if self.state != CampaignState::Running && !waits {
                return;
            }
            match next(&self.members, self.wave, self.go_on, self.stop) {
                Next::Launch(due) => {
                    for at in due {
                        self.members[at].1 = if refused { Standing::Refused } else { Standing::At(State::Queued) };
                    }
                }
                _ if waits => {}
                Next::Watch => {}
                Next::NextWave => self.wave += 1,
                Next::Ask => self.state = CampaignState::AwaitingApproval,
                Next::Stop(_) => self.state = CampaignState::Stopped,
                Next::Done => self.state = CampaignState::Done,
            }
        }

        /// People and hosts do their part from here on.
        fn all_goes_well(&mut self) {
            for _ in 0..20 * (self.members.len() + 2) {
                if self.state.is_over() {
                    return;
                }
                self.step(Step::Engine { refused: false });
                for at in 0..self.members.len() {
                    self.step(Step::Ends(at, State::CloneReady));
                    if self.members[at].1 == Standing::At(State::FailedDebris) {
                        self.members[at].1 = Standing::At(State::FailedClean);
                    }
                }
                self.step(Step::Asked(CampaignAction::RetryFailed));
                self.step(Step::Asked(CampaignAction::Resume));
                self.step(Step::Asked(CampaignAction::Approve));
            }
        }
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let ends = [State::CloneReady, State::FailedClean, State::FailedDebris, State::Cancelled];
        prop_oneof![
            4 => any::<bool>().prop_map(|refused| Step::Engine { refused }),
            2 => prop::sample::select(CampaignAction::ALL).prop_map(Step::Asked),
            3 => (any::<usize>(), prop::sample::select(ends.to_vec())).prop_map(|(at, end)| Step::Ends(at, end)),
            1 => any::<usize>().prop_map(Step::Retried),
        ]
    }

    fn any_world() -> impl Strategy<Value = World> {
        let standing = prop::sample::select(vec![
            Standing::Waiting,
            Standing::Refused,
            Standing::Skipped,
            Standing::At(State::Queued),
            Standing::At(State::CloneReady),
            Standing::At(State::FailedClean),
        ]);
        let members = prop::collection::vec((1_u16..4, standing), 1..8);
        let state = prop::sample::select(CampaignState::ALL);
        let stop = prop::sample::select(vec![StopRule::Never, StopRule::Failures(1), StopRule::Percent(30)]);
        (members, state, 1_u16..4, any::<bool>(), stop).prop_map(|(members, state, wave, automatic, stop)| World {
            // A campaign that is over was not so for this test with members at work.
            state: if state.is_over() { CampaignState::Running } else { state },
            wave,
            members,
            go_on: if automatic { GoOn::Automatic } else { GoOn::Approval },
            stop,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        /// From any state, in any order of actions: no campaign becomes done while a member waits or runs, and every member is settled
        /// once people and hosts do their part.
        #[test]
        fn m4_no_campaign_is_done_before_its_members(mut world in any_world(), steps in prop::collection::vec(any_step(), 0..60)) {
            for step in steps {
                world.step(step);
            }
            world.all_goes_well();
            prop_assert!(world.state.is_over(), "{world:?}");
            prop_assert!(world.state == CampaignState::Cancelled || world.all_settled(), "{world:?}");
        }
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
