//! The life of a migration as a pure function: `decide(state, event) → (state, work)`.
//!
//! No clock, no socket, no SQL. What a state asks for follows from the state alone ([`work`]), never from the way that led
//! to it; that is what makes a takeover safe: whoever reads the state knows what is to be done. Each work must therefore
//! be safe to begin again from its start.
//!
//! Losing contact is an event of its own and never leads to a failed state (design §1, rule 2).

use app::model::{Action, State};

/// Something that happened to a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Somebody asked for something.
    Asked(Action),
    /// Its turn has come.
    TurnCame,
    /// The master confirmed that nimadm was started, now or earlier.
    JobStarted,
    /// A check right before the start found that it must not be started; nothing was.
    StartRefused,
    /// The master cannot be asked.
    ContactLost,
    /// The master answers again.
    ContactRegained,
    /// nimadm has ended, its log is complete, and the client was looked at.
    JobEnded(Ending),
    /// `nimadm -C` has ended and master and client were looked at.
    CleaningEnded {
        /// Nothing of the failed run is left.
        clean: bool,
    },
    /// The bootlist was set to the clone and read back.
    BootlistMoved,
    /// The bootlist could not be moved: something differs from what was approved. The client runs as before.
    BootlistRefused,
    /// The client answers after its reboot.
    ClientBack,
    /// The client did not come back in time.
    ClientStaysAway,
    /// The client was compared with what it should be.
    Verified {
        /// It is as it should be.
        passed: bool,
    },
}

/// What the evidence says of a nimadm that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The log proves success and the client has the clone.
    CloneReady,
    /// It failed and left nothing behind.
    Clean,
    /// It failed, or stopped without a word, and left something behind.
    Debris,
}

/// What a state asks a runner to do. Each may be begun again after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Wait for its turn.
    AwaitTurn,
    /// Check once more, record the client as it is, start nimadm.
    Start,
    /// Follow the log to its end, then look at the client.
    Follow,
    /// Run `nimadm -C`.
    Clean,
    /// Point the bootlist to the clone.
    MoveBootlist,
    /// Reboot the client and wait for it.
    Reboot,
    /// Compare the client with what it should be.
    Verify,
}

/// The event cannot happen in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} is not possible while the migration is {}", state.as_str())]
pub struct Refused {
    /// The state.
    pub state: State,
    /// The event.
    pub event: Event,
}

/// What a state asks for; nothing where it waits for a person or is over.
#[must_use]
pub fn work(state: State) -> Option<Work> {
    match state {
        State::Queued => Some(Work::AwaitTurn),
        State::Starting => Some(Work::Start),
        State::Running | State::ContactLost => Some(Work::Follow),
        State::Cleaning => Some(Work::Clean),
        State::Armed => Some(Work::MoveBootlist),
        State::Rebooting => Some(Work::Reboot),
        State::Verifying => Some(Work::Verify),
        _ => None,
    }
}

/// The state after an event, and what it asks for.
///
/// # Errors
/// [`Refused`] where the event cannot happen in this state.
pub fn decide(state: State, event: Event) -> Result<(State, Option<Work>), Refused> {
    let next = match (state, event) {
        (State::Queued, Event::TurnCame) => State::Starting,
        (State::Queued, Event::Asked(Action::Cancel)) => State::Cancelled,

        (State::Starting, Event::JobStarted) => State::Running,
        (State::Starting, Event::StartRefused) => State::FailedClean,

        (State::Running, Event::ContactLost) => State::ContactLost,
        (State::ContactLost, Event::ContactRegained) => State::Running,
        (State::Running, Event::JobEnded(Ending::CloneReady)) => State::CloneReady,
        (State::Running, Event::JobEnded(Ending::Clean)) => State::FailedClean,
        (State::Running, Event::JobEnded(Ending::Debris)) => State::FailedDebris,

        (State::FailedDebris, Event::Asked(Action::Clean)) => State::Cleaning,
        (State::Cleaning, Event::CleaningEnded { clean: true }) => State::FailedClean,
        (State::Cleaning, Event::CleaningEnded { clean: false }) => State::FailedDebris,
        (State::FailedClean, Event::Asked(Action::Retry)) => State::Queued,

        (State::CloneReady, Event::Asked(Action::Cutover)) => State::Armed,
        (State::Armed, Event::BootlistMoved) => State::Rebooting,
        (State::Armed, Event::BootlistRefused) => State::CloneReady,
        (State::Rebooting, Event::ClientBack) => State::Verifying,
        (State::Rebooting, Event::ClientStaysAway) => State::VerificationFailed,
        (State::Verifying, Event::Verified { passed: true }) => State::Verified,
        (State::Verifying, Event::Verified { passed: false }) => State::VerificationFailed,
        (State::Verified | State::VerificationFailed, Event::Asked(Action::Verify)) => State::Verifying,

        (state, event) => return Err(Refused { state, event }),
    };
    Ok((next, work(next)))
}

/// What may be asked of a migration in this state.
#[must_use]
pub fn actions(state: State) -> Vec<Action> {
    Action::ALL.iter().copied().filter(|&action| decide(state, Event::Asked(action)).is_ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_event() -> impl Strategy<Value = Event> {
        prop_oneof![
            prop::sample::select(Action::ALL).prop_map(Event::Asked),
            prop::sample::select(vec![
                Event::TurnCame,
                Event::JobStarted,
                Event::StartRefused,
                Event::ContactLost,
                Event::ContactRegained,
                Event::JobEnded(Ending::CloneReady),
                Event::JobEnded(Ending::Clean),
                Event::JobEnded(Ending::Debris),
                Event::CleaningEnded { clean: true },
                Event::CleaningEnded { clean: false },
                Event::BootlistMoved,
                Event::BootlistRefused,
                Event::ClientBack,
                Event::ClientStaysAway,
                Event::Verified { passed: true },
                Event::Verified { passed: false },
            ]),
        ]
    }

    proptest! {
        /// Whatever happens, in whatever order: the bootlist is moved only after somebody asked for the cutover, lost
        /// contact fails nothing, and a migration is verified only after a reboot that was looked at.
        #[test]
        fn no_sequence_of_events_breaks_the_rules(events in prop::collection::vec(any_event(), 0..60)) {
            let mut state = State::Queued;
            let (mut cutover_asked, mut started, mut came_back) = (false, false, false);
            for event in events {
                let Ok((next, _)) = decide(state, event) else { continue };
                match event {
                    Event::Asked(Action::Cutover) => cutover_asked = true,
                    Event::Asked(Action::Retry) => (cutover_asked, started, came_back) = (false, false, false),
                    Event::JobStarted => started = true,
                    Event::ClientBack => came_back = true,
                    _ => {}
                }
                if matches!(event, Event::ContactLost | Event::ContactRegained) {
                    prop_assert!(matches!(next, State::ContactLost | State::Running));
                }
                if matches!(next, State::Armed | State::Rebooting) {
                    prop_assert!(cutover_asked && started);
                }
                if next == State::Verified {
                    prop_assert!(cutover_asked && (came_back || state == State::Verifying));
                }
                prop_assert_eq!(work(next).is_some(), next.is_live());
                state = next;
            }
        }
    }

    #[test]
    fn a_run_that_only_lost_contact_cannot_be_called_failed() {
        for ending in [Ending::CloneReady, Ending::Clean, Ending::Debris] {
            assert!(decide(State::ContactLost, Event::JobEnded(ending)).is_err());
        }
    }

    #[test]
    fn actions_are_those_the_machine_takes() {
        assert_eq!(actions(State::CloneReady), [Action::Cutover]);
        assert_eq!(actions(State::FailedDebris), [Action::Clean]);
        assert_eq!(actions(State::Queued), [Action::Cancel]);
        assert!(actions(State::Running).is_empty());
    }
}
