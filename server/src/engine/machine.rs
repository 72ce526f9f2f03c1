//! The life of a migration as a pure function: `decide(case, event) → (state, work)`.
//!
//! No clock, no socket, no SQL. What a state asks for follows from the state alone ([`work`]), never from the way that led
//! to it; that is what makes a takeover safe: whoever reads the state knows what is to be done. Each work must therefore
//! be safe to begin again from its start.
//!
//! Losing contact is an event of its own and never leads to a failed state (design §1, rule 2).

use app::model::{Action, State};

/// A migration as far as it decides what may be asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// Where it stands.
    pub state: State,
    /// It runs in steps (`-P`): only then are there boundaries to hold at.
    pub stepped: bool,
    /// Nobody works on it until somebody resumes it.
    pub parked: bool,
    /// Its cutover was approved and waits for its time.
    pub planned: bool,
    /// Its clone may be woken: the running system must not be of an older release (nimadm.md §1.9).
    pub wakeable: bool,
}

impl From<State> for Case {
    /// What a worker needs to know: how it runs matters only to what people ask.
    fn from(state: State) -> Self {
        Self { state, stepped: false, parked: false, planned: false, wakeable: true }
    }
}

/// Something that happened to a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Somebody asked for something.
    Asked(Action),
    /// It needs an approval before it starts, and has none that counts. Nothing was sent.
    ApprovalDue,
    /// The same before a later step.
    StepApprovalDue,
    /// Its turn has come.
    TurnCame,
    /// The master confirmed that nimadm was started, now or earlier.
    JobStarted,
    /// A check right before the start found that it must not be started; nothing was.
    StartRefused,
    /// The same before a later step: what the earlier ones made is there.
    StepRefused,
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
    /// `nimadm -W` or `-S` has ended, and the client was looked at.
    CloneSettled {
        /// The clone is mounted.
        awake: bool,
    },
    /// The bootlist was set to the clone and read back.
    BootlistMoved,
    /// The bootlist could not be moved: something differs from what was approved. The client runs as before.
    BootlistRefused,
    /// The bootlist points to the clone, shutdown was not sent, and the approval does not count any more.
    RebootUnapproved,
    /// The client answers after its reboot.
    ClientBack,
    /// The client did not come back in time.
    ClientStaysAway,
    /// The client was compared with what it should be.
    Verified {
        /// It is as it should be.
        passed: bool,
    },
    /// The client was looked at after the way back, or it could not be gone.
    RollbackEnded {
        /// The old system runs.
        back: bool,
    },
    /// The client was looked at after the old disk was given back.
    FinaliseEnded {
        /// The old disk is free.
        freed: bool,
    },
}

/// What the evidence says of a nimadm that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The log proves success and the client has the clone.
    CloneReady,
    /// What was asked for is there, and it is no clone.
    Completed,
    /// It failed and left nothing behind.
    Clean,
    /// It failed, or stopped without a word, and left something behind.
    Debris,
    /// A step did what it should, and another one follows.
    Step {
        /// It waits for somebody before the next.
        hold: bool,
    },
}

/// What a state asks a runner to do. Each may be begun again after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Check once more, record the client as it is, start nimadm.
    Start,
    /// Follow the log to its end, then look at the client.
    Follow,
    /// Stop nimadm, follow its log to the end, then clean.
    Cancel,
    /// Run `nimadm -C`.
    Clean,
    /// Run `nimadm -W`.
    Wake,
    /// Run `nimadm -S`.
    Sleep,
    /// Point the bootlist to the clone.
    MoveBootlist,
    /// Reboot the client and wait for it.
    Reboot,
    /// Compare the client with what it should be.
    Verify,
    /// Point the bootlist to the old disk, reboot, and look.
    RollBack,
    /// Remove old_rootvg.
    Finalise,
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

/// What a state asks a worker for; nothing where it waits for its turn, waits for a person or is over.
#[must_use]
pub fn work(state: State) -> Option<Work> {
    match state {
        State::Starting => Some(Work::Start),
        State::Running | State::ContactLost => Some(Work::Follow),
        State::Cancelling => Some(Work::Cancel),
        State::Cleaning => Some(Work::Clean),
        State::Waking => Some(Work::Wake),
        State::FallingAsleep => Some(Work::Sleep),
        State::Armed => Some(Work::MoveBootlist),
        State::Rebooting => Some(Work::Reboot),
        State::Verifying => Some(Work::Verify),
        State::RollingBack => Some(Work::RollBack),
        State::Finalising => Some(Work::Finalise),
        _ => None,
    }
}

/// The state after an event, and what it asks for.
///
/// # Errors
/// [`Refused`] where the event cannot happen in this state.
pub fn decide(case: impl Into<Case>, event: Event) -> Result<(State, Option<Work>), Refused> {
    let Case { state, stepped, parked, planned, wakeable } = case.into();
    let next = match (state, event) {
        (state, Event::Asked(Action::Resume)) if parked => state,

        (State::AwaitingApproval, Event::Asked(Action::Approve)) => State::Queued,
        (State::AwaitingApproval, Event::Asked(Action::Reject | Action::Cancel)) => State::Cancelled,

        // Its time does not matter any more; limits do.
        (State::Queued, Event::Asked(Action::Start)) => State::Queued,
        (State::Queued, Event::TurnCame) => State::Starting,
        (State::Queued, Event::Asked(Action::Cancel)) => State::Cancelled,

        (State::Queued | State::Starting | State::FailedClean, Event::ApprovalDue) => State::AwaitingApproval,
        (State::Starting, Event::StepApprovalDue) => State::Held,

        (State::Starting, Event::JobStarted) => State::Running,
        (State::Starting, Event::StartRefused) => State::FailedClean,
        (State::Starting, Event::StepRefused) => State::FailedDebris,

        (State::Running, Event::ContactLost) => State::ContactLost,
        (State::ContactLost, Event::ContactRegained) => State::Running,
        (State::Running, Event::JobEnded(Ending::CloneReady)) => State::CloneReady,
        (State::Running, Event::JobEnded(Ending::Completed)) => State::Completed,
        (State::Running, Event::JobEnded(Ending::Clean)) => State::FailedClean,
        (State::Running, Event::JobEnded(Ending::Debris)) => State::FailedDebris,
        (State::Running, Event::JobEnded(Ending::Step { hold: true })) => State::Held,
        (State::Running, Event::JobEnded(Ending::Step { hold: false })) => State::Starting,

        (State::Queued | State::Starting | State::Running | State::ContactLost, Event::Asked(Action::Hold))
            if stepped =>
        {
            state
        }
        (State::Held, Event::Asked(Action::Resume)) => State::Starting,

        (
            State::Starting | State::Running | State::ContactLost | State::Held | State::CloneReady,
            Event::Asked(Action::Cancel),
        ) => State::Cancelling,
        (State::Cancelling, Event::CleaningEnded { clean: true }) => State::Cancelled,
        (State::Cancelling, Event::CleaningEnded { clean: false }) => State::FailedDebris,

        (State::FailedDebris, Event::Asked(Action::Clean)) => State::Cleaning,
        (State::Cleaning, Event::CleaningEnded { clean: true }) => State::FailedClean,
        (State::Cleaning, Event::CleaningEnded { clean: false }) => State::FailedDebris,
        (State::FailedClean, Event::Asked(Action::Retry)) => State::Queued,

        // A planned cutover would find it awake, or be forgotten.
        (State::CloneReady, Event::Asked(Action::Wake)) if wakeable && !planned => State::Waking,
        (State::Awake, Event::Asked(Action::Sleep)) => State::FallingAsleep,
        (State::Waking | State::FallingAsleep, Event::CloneSettled { awake: true }) => State::Awake,
        (State::Waking | State::FallingAsleep, Event::CloneSettled { awake: false }) => State::CloneReady,

        (State::CloneReady, Event::Asked(Action::Hold)) if planned => State::CloneReady,
        (State::CloneReady, Event::Asked(Action::Cutover)) => State::Armed,
        (State::Armed, Event::BootlistMoved) => State::Rebooting,
        (State::Armed, Event::BootlistRefused) => State::CloneReady,
        (State::Rebooting, Event::RebootUnapproved) => State::CloneReady,
        (State::Rebooting, Event::ClientBack) => State::Verifying,
        (State::Rebooting, Event::ClientStaysAway) => State::VerificationFailed,
        (State::Verifying, Event::Verified { passed: true }) => State::Verified,
        (State::Verifying, Event::Verified { passed: false }) => State::VerificationFailed,
        (State::Verified | State::VerificationFailed, Event::Asked(Action::Verify)) => State::Verifying,

        (State::Verified | State::VerificationFailed, Event::Asked(Action::Rollback)) => State::RollingBack,
        (State::RollingBack, Event::RollbackEnded { back: true }) => State::RolledBack,
        (State::RollingBack, Event::RollbackEnded { back: false }) => State::VerificationFailed,

        (State::Verified, Event::Asked(Action::Finalise)) => State::Finalising,
        (State::Finalising, Event::FinaliseEnded { freed: true }) => State::Finalised,
        (State::Finalising, Event::FinaliseEnded { freed: false }) => State::Verified,

        (state, event) => return Err(Refused { state, event }),
    };
    Ok((next, work(next)))
}

/// What may be asked of a migration.
#[must_use]
pub fn actions(case: impl Into<Case>) -> Vec<Action> {
    let case = case.into();
    Action::ALL.iter().copied().filter(|&action| decide(case, Event::Asked(action)).is_ok()).collect()
}

/// Why an action is refused, and what is possible instead: two sentences for people.
#[must_use]
pub fn why_not(case: impl Into<Case>, action: Action) -> String {
    let case = case.into();
    let why = match (action, case.state) {
        (Action::Hold, State::Running | State::Starting | State::Queued | State::ContactLost) => {
            "nimadm runs all twelve phases in one call, and a call cannot be held; only a migration launched with mode \"stepped\" \
             has boundaries to hold at"
                .to_owned()
        }
        (Action::Cancel, State::Armed | State::Rebooting | State::Verifying) => {
            "the cutover is under way and the client may be shutting down already; wait for the verification, then roll back".to_owned()
        }
        (Action::Cancel | Action::Cutover | Action::Clean | Action::Retry, State::Verified | State::VerificationFailed) => {
            "the client was cut over, it comes too late; roll back instead".to_owned()
        }
        (Action::Retry, State::FailedDebris) => {
            "something of the failed attempt is left on client or master, and a new one would stumble over it; clean first".to_owned()
        }
        (Action::Cutover | Action::Cancel, State::Waking | State::Awake | State::FallingAsleep) => {
            "the clone is mounted; put it to sleep first".to_owned()
        }
        (Action::Wake, State::CloneReady) if !case.wakeable => {
            "the clone is of a newer release than the running system, which could damage it; it can be looked at once it is booted"
                .to_owned()
        }
        (Action::Wake, State::CloneReady) => "its cutover is planned; take that back first (hold)".to_owned(),
        (Action::Cutover | Action::Wake, State::Completed) => "it made no clone".to_owned(),
        (Action::Cutover, state) if !state.log_is_complete() => "there is no finished clone to cut over to yet".to_owned(),
        (Action::Rollback, State::CloneReady) => {
            "the client still runs its old system, there is nothing to roll back; cancel removes the clone".to_owned()
        }
        (Action::Finalise, State::VerificationFailed) => {
            "the new system is not proven, and the old disk is the way back; verify again or roll back first".to_owned()
        }
        (_, state) if state.is_over() => "the migration is over".to_owned(),
        _ => String::new(),
    };
    let refused = format!("{action} is not possible in state {}", case.state);
    let why = if why.is_empty() { refused } else { format!("{refused}: {why}") };
    let possible: Vec<_> = actions(case).into_iter().map(Action::as_str).collect();
    if possible.is_empty() {
        format!("{why}. Nothing can be asked of it now.")
    } else {
        format!("{why}. Possible now: {}.", possible.join(", "))
    }
}

#[cfg(test)]
mod tests;
