//! The machine against a model of the world: not states and arrows, but what is true on the hosts.
//!
//! The model knows facts (does nimadm run, is there a clone, what does the bootlist say, what runs) and what people asked. From the
//! facts it tells which word should stand in the database, and which event can happen at all. Machine and model must agree on
//! every event in every situation that any sequence of events leads to.

use super::*;
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use std::collections::BTreeSet;

const EVENTS: [Event; 28] = [
    Event::ApprovalDue,
    Event::StepApprovalDue,
    Event::RebootUnapproved,
    Event::TurnCame,
    Event::JobStarted,
    Event::StartRefused,
    Event::StepRefused,
    Event::ContactLost,
    Event::ContactRegained,
    Event::JobEnded(Ending::CloneReady),
    Event::JobEnded(Ending::Completed),
    Event::JobEnded(Ending::Clean),
    Event::JobEnded(Ending::Debris),
    Event::JobEnded(Ending::Step { hold: true }),
    Event::JobEnded(Ending::Step { hold: false }),
    Event::CleaningEnded { clean: true },
    Event::CleaningEnded { clean: false },
    Event::CloneSettled { awake: true },
    Event::CloneSettled { awake: false },
    Event::BootlistMoved,
    Event::BootlistRefused,
    Event::ClientBack,
    Event::ClientStaysAway,
    Event::Verified { passed: true },
    Event::Verified { passed: false },
    Event::RollbackEnded { back: true },
    Event::RollbackEnded { back: false },
    Event::FinaliseEnded { freed: true },
];

fn every_event() -> impl Iterator<Item = Event> {
    EVENTS
        .into_iter()
        .chain([Event::FinaliseEnded { freed: false }])
        .chain(Action::ALL.iter().map(|action| Event::Asked(*action)))
}

/// What is on the target disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clone_ {
    Nothing,
    Part,
    Whole,
}

/// What nimdeck was asked for and has not done yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Nothing,
    Stop,
    Clean,
    Wake,
    Sleep,
    Cutover,
    Look,
    Back,
    Free,
}

/// What is true.
#[derive(Debug, Clone)]
struct World {
    stepped: bool,
    wakeable: bool,
    /// Somebody has said yes.
    approved: bool,
    /// Its turn has come.
    turn: bool,
    /// nimadm is there, or may be: it was started and nobody saw its end.
    nimadm: bool,
    /// The master answers.
    contact: bool,
    /// Steps that are done.
    steps: u8,
    waits_for_resume: bool,
    clone: Clone_,
    /// The clone is mounted.
    awake: bool,
    /// nimadm made what it should, and that is no clone.
    done: bool,
    /// The bootlist was pointed to the clone at somebody's word.
    moved: bool,
    /// What the last look at the rebooted client said.
    good: Option<bool>,
    asked: Asked,
    /// It never ran, or all that it made is gone, by somebody's wish.
    gone: bool,
    back: bool,
    freed: bool,
}

impl World {
    fn new(stepped: bool, wakeable: bool, approved: bool) -> Self {
        Self {
            stepped,
            wakeable,
            approved,
            turn: false,
            nimadm: false,
            contact: true,
            steps: 0,
            waits_for_resume: false,
            clone: Clone_::Nothing,
            awake: false,
            done: false,
            moved: false,
            good: None,
            asked: Asked::Nothing,
            gone: false,
            back: false,
            freed: false,
        }
    }

    /// The word that describes it.
    fn word(&self) -> State {
        match self.asked {
            _ if self.gone => State::Cancelled,
            _ if self.back => State::RolledBack,
            _ if self.freed => State::Finalised,
            _ if self.done => State::Completed,
            Asked::Wake => State::Waking,
            Asked::Sleep => State::FallingAsleep,
            Asked::Stop => State::Cancelling,
            Asked::Clean => State::Cleaning,
            Asked::Cutover if !self.moved => State::Armed,
            Asked::Cutover => State::Rebooting,
            Asked::Look => State::Verifying,
            Asked::Back => State::RollingBack,
            Asked::Free => State::Finalising,
            Asked::Nothing => match (self.good, self.clone) {
                (Some(true), _) => State::Verified,
                (Some(false), _) => State::VerificationFailed,
                (None, _) if !self.approved => State::AwaitingApproval,
                (None, _) if self.nimadm && self.contact => State::Running,
                (None, _) if self.nimadm => State::ContactLost,
                (None, Clone_::Whole) if self.awake => State::Awake,
                (None, Clone_::Whole) => State::CloneReady,
                (None, _) if self.waits_for_resume => State::Held,
                (None, Clone_::Part) if self.turn => State::Starting,
                (None, Clone_::Part) => State::FailedDebris,
                (None, Clone_::Nothing) if self.turn => State::Starting,
                (None, Clone_::Nothing) if self.steps == u8::MAX => State::FailedClean,
                (None, Clone_::Nothing) => State::Queued,
            },
        }
    }

    /// Whether nimdeck waits for nothing but people, or for its turn.
    fn idle(&self) -> bool {
        self.asked == Asked::Nothing && !self.gone && !self.back && !self.freed && !self.done
    }

    /// The world after an event; none where the event cannot be.
    fn after(&self, event: Event) -> Option<Self> {
        let mut next = self.clone();
        let failed_before = self.steps == u8::MAX;
        let not_looked = self.good.is_none();
        let before_cutover = self.idle() && not_looked && self.approved;
        let starting =
            before_cutover && self.turn && !self.nimadm && !self.waits_for_resume && self.clone != Clone_::Whole;
        let follows = before_cutover && self.nimadm && self.contact;
        let possible = match event {
            Event::TurnCame => {
                next.turn = true;
                before_cutover && !self.turn && !failed_before && self.clone == Clone_::Nothing
            }
            Event::ApprovalDue => {
                (next.approved, next.turn, next.steps, next.clone) = (false, false, 0, Clone_::Nothing);
                let queued = before_cutover && !self.turn && !self.nimadm && self.clone == Clone_::Nothing;
                starting || queued
            }
            Event::StepApprovalDue => {
                next.waits_for_resume = true;
                starting
            }
            Event::JobStarted => {
                next.nimadm = true;
                starting
            }
            Event::StartRefused => {
                (next.turn, next.steps, next.clone) = (false, u8::MAX, Clone_::Nothing);
                starting
            }
            Event::StepRefused => {
                (next.turn, next.clone) = (false, Clone_::Part);
                starting
            }
            Event::ContactLost => {
                next.contact = false;
                follows
            }
            Event::ContactRegained => {
                next.contact = true;
                before_cutover && self.nimadm && !self.contact
            }
            Event::JobEnded(ending) => {
                next.nimadm = false;
                match ending {
                    Ending::CloneReady => (next.clone, next.turn) = (Clone_::Whole, false),
                    Ending::Completed => next.done = true,
                    Ending::Clean => (next.clone, next.turn, next.steps) = (Clone_::Nothing, false, u8::MAX),
                    Ending::Debris => (next.clone, next.turn) = (Clone_::Part, false),
                    Ending::Step { hold } => {
                        (next.clone, next.steps, next.waits_for_resume) =
                            (Clone_::Part, self.steps.saturating_add(1).min(8), hold);
                    }
                }
                follows
            }
            Event::CleaningEnded { clean } => {
                if !clean {
                    next.clone = Clone_::Part;
                } else if self.asked == Asked::Stop {
                    next.gone = true;
                } else {
                    (next.clone, next.steps) = (Clone_::Nothing, u8::MAX);
                }
                (next.nimadm, next.contact, next.turn, next.waits_for_resume) = (false, true, false, false);
                next.asked = Asked::Nothing;
                matches!(self.asked, Asked::Stop | Asked::Clean) && !self.gone
            }
            Event::CloneSettled { awake } => {
                (next.asked, next.awake) = (Asked::Nothing, awake);
                matches!(self.asked, Asked::Wake | Asked::Sleep)
            }
            Event::BootlistMoved => {
                next.moved = true;
                self.asked == Asked::Cutover && !self.moved
            }
            Event::BootlistRefused => {
                next.asked = Asked::Nothing;
                self.asked == Asked::Cutover && !self.moved
            }
            Event::RebootUnapproved => {
                (next.asked, next.moved) = (Asked::Nothing, false);
                self.asked == Asked::Cutover && self.moved
            }
            Event::ClientBack => {
                next.asked = Asked::Look;
                self.asked == Asked::Cutover && self.moved
            }
            Event::ClientStaysAway => {
                (next.asked, next.good) = (Asked::Nothing, Some(false));
                self.asked == Asked::Cutover && self.moved
            }
            Event::Verified { passed } => {
                (next.asked, next.good) = (Asked::Nothing, Some(passed));
                self.asked == Asked::Look
            }
            Event::RollbackEnded { back } => {
                (next.asked, next.back, next.good) = (Asked::Nothing, back, Some(false));
                self.asked == Asked::Back
            }
            Event::FinaliseEnded { freed } => {
                (next.asked, next.freed) = (Asked::Nothing, freed);
                self.asked == Asked::Free
            }
            Event::Asked(action) => next.asks(self, action),
        };
        possible.then_some(next)
    }

    /// What a person may ask, by what is true; `was` is the world before.
    fn asks(&mut self, was: &Self, action: Action) -> bool {
        let runs = was.idle() && was.good.is_none() && was.approved && was.clone != Clone_::Whole;
        let failed = !was.turn && (was.steps == u8::MAX || was.clone == Clone_::Part);
        match action {
            Action::Approve => {
                self.approved = true;
                was.idle() && !was.approved
            }
            Action::Reject => {
                self.gone = true;
                was.idle() && !was.approved
            }
            Action::Start => runs && !was.turn && !failed,
            Action::Hold => runs && was.stepped && !was.waits_for_resume && !failed,
            Action::Resume => {
                self.waits_for_resume = false;
                runs && was.waits_for_resume
            }
            Action::Cancel => {
                if was.turn || was.clone != Clone_::Nothing {
                    self.asked = Asked::Stop;
                } else {
                    self.gone = true;
                }
                was.idle() && was.good.is_none() && !was.awake && (was.clone == Clone_::Whole || !failed)
            }
            Action::Clean => {
                self.asked = Asked::Clean;
                runs && failed && was.clone == Clone_::Part
            }
            Action::Retry => {
                self.steps = 0;
                runs && failed && was.clone == Clone_::Nothing
            }
            Action::Cutover => {
                self.asked = Asked::Cutover;
                was.idle() && was.good.is_none() && !was.awake && was.clone == Clone_::Whole
            }
            Action::Wake => {
                self.asked = Asked::Wake;
                was.wakeable && was.idle() && was.good.is_none() && !was.awake && was.clone == Clone_::Whole
            }
            Action::Sleep => {
                self.asked = Asked::Sleep;
                was.idle() && was.awake
            }
            Action::Verify => {
                self.asked = Asked::Look;
                was.idle() && was.good.is_some()
            }
            Action::Rollback => {
                self.asked = Asked::Back;
                was.idle() && was.good.is_some()
            }
            Action::Finalise => {
                self.asked = Asked::Free;
                was.idle() && was.good == Some(true)
            }
        }
    }
}

impl ReferenceStateMachine for World {
    type State = Self;
    type Transition = Event;

    fn init_state() -> BoxedStrategy<Self> {
        any::<[bool; 3]>().prop_map(|[stepped, wakeable, approved]| Self::new(stepped, wakeable, approved)).boxed()
    }

    fn transitions(world: &Self) -> BoxedStrategy<Event> {
        let possible: Vec<Event> = every_event().filter(|event| world.after(*event).is_some()).collect();
        let any = prop::sample::select(every_event().collect::<Vec<_>>());
        // Mostly what can happen, or no sequence would get far; sometimes anything.
        if possible.is_empty() {
            any.boxed()
        } else {
            prop_oneof![4 => prop::sample::select(possible), 1 => any].boxed()
        }
    }

    fn apply(world: Self, event: &Event) -> Self {
        world.after(*event).unwrap_or(world)
    }
}

/// The machine as the engine uses it.
struct Machine(Case);

impl StateMachineTest for Machine {
    type SystemUnderTest = Self;
    type Reference = World;

    fn init_test(world: &World) -> Self {
        Self(Case {
            state: world.word(),
            stepped: world.stepped,
            parked: false,
            planned: false,
            wakeable: world.wakeable,
        })
    }

    fn apply(mut machine: Self, world: &World, event: Event) -> Self {
        let before = machine.0.state;
        if let Ok((next, asked_for)) = decide(machine.0, event) {
            machine.0.state = next;
            assert_eq!(asked_for, work(next));
            if matches!(event, Event::ContactLost | Event::ContactRegained) {
                assert!(!next.log_is_complete(), "lost contact has ended a run");
            }
        }
        assert_eq!(machine.0.state, world.word(), "after {event:?} in {before}");
        machine
    }

    fn check_invariants(machine: &Self, world: &World) {
        for event in every_event() {
            let (says, is) = (decide(machine.0, event).is_ok(), world.after(event).is_some());
            assert_eq!(says, is, "{event:?} in {}: the machine says {says}", machine.0.state);
        }
        assert_eq!(work(machine.0.state).is_some(), machine.0.state.is_live() && machine.0.state != State::Queued);
        // The rules that never bend.
        if matches!(machine.0.state, State::Armed | State::Rebooting) {
            assert!(
                world.clone == Clone_::Whole && !world.nimadm && !world.awake,
                "armed without a whole clone at rest"
            );
        }
        if machine.0.state == State::Finalising {
            assert_eq!(world.good, Some(true), "the way back is given up without proof");
        }
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    /// Whatever happens, in whatever order, the machine and the world agree.
    #[test]
    fn the_machine_agrees_with_the_world(sequential 1..80 => Machine);
}

/// Every change of state that the machine makes.
fn moves() -> BTreeSet<(State, State)> {
    let mut moves = BTreeSet::new();
    for (state, event) in State::ALL.iter().flat_map(|state| every_event().map(move |event| (*state, event))) {
        if let Ok((next, _)) = decide(state, event)
            && next != state
        {
            moves.insert((state, next));
        }
    }
    moves
}

#[test]
fn the_database_accepts_the_moves_of_the_machine_and_no_others() {
    let sql = [
        include_str!("../../../../migrations/0005_engine.sql"),
        include_str!("../../../../migrations/0009_modes.sql"),
        include_str!("../../../../migrations/0029_authority.sql"),
    ];
    let list =
        |sql: &'static str| sql.split_once("INSERT INTO legal_move VALUES").unwrap().1.split_once(';').unwrap().0;
    let listed: BTreeSet<(State, State)> = sql
        .map(list)
        .concat()
        .split('(')
        .skip(1)
        .map(|pair| {
            let words: Vec<_> = pair.split('\'').skip(1).step_by(2).map(|word| word.parse().unwrap()).collect();
            (words[0], words[1])
        })
        .collect();
    assert_eq!(listed, moves());
}

#[test]
fn a_refusal_says_why_and_what_is_possible() {
    let full = |state| Case { wakeable: false, ..Case::from(state) };
    assert!(why_not(full(State::Running), Action::Hold).contains("stepped"));
    assert!(why_not(full(State::CloneReady), Action::Wake).contains("newer release"));
    assert!(why_not(full(State::FailedDebris), Action::Retry).ends_with("Possible now: clean."));
    assert!(why_not(full(State::Rebooting), Action::Cancel).ends_with("Nothing can be asked of it now."));
    assert_eq!(actions(full(State::Running)), [Action::Cancel]);
    assert_eq!(actions(Case { stepped: true, ..full(State::Running) }), [Action::Hold, Action::Cancel]);
    assert_eq!(actions(Case { parked: true, ..full(State::Running) }), [Action::Resume, Action::Cancel]);
    assert_eq!(actions(full(State::CloneReady)), [Action::Cancel, Action::Cutover]);
    assert_eq!(actions(State::CloneReady), [Action::Cancel, Action::Wake, Action::Cutover]);
    assert!(!actions(Case { planned: true, ..State::CloneReady.into() }).contains(&Action::Wake));
    let planned = Case { planned: true, ..full(State::CloneReady) };
    assert_eq!(actions(planned), [Action::Hold, Action::Cancel, Action::Cutover]);
    assert_eq!(decide(planned, Event::Asked(Action::Hold)), Ok((State::CloneReady, None)));
    assert_eq!(actions(State::Verified), [Action::Verify, Action::Rollback, Action::Finalise]);
}
