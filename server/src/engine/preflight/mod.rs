//! The pre-flight: everything that is looked at before a launch (nimadm.md §3.2).
//!
//! Three parts that do not mix: [`questions`] says what is asked and writes nothing on any host, [`facts`] reads the answers, and
//! [`checks`] judges them; the last two are pure. Every check is in every answer: one that does not apply says so, and one whose answer
//! could not be read is *unknown* and keeps the host's words. What an order relies on is looked at once more right before it is sent
//! ([`safe`](super::safe)), because an hour may lie between.

mod client;
mod facts;
mod finding;
mod level;
mod nim;
pub mod questions;

pub use facts::{About, Facts};
pub(crate) use finding::Item;

use super::{
    fact::{Fact, Unread},
    host::{self, Answer, HostError},
    masters::Masters,
    readings::{self, Waived},
};
use crate::{
    remote::{Connection, RemoteError},
    store::master,
};
use aix::ObjectName;
use app::model::{BootlistPolicy, Check, LaunchRequest, Operation, Override, RunMode};
use questions::{Answers, Question, Topic, Whom};
use uuid::Uuid;

const ND2: Item = Item::warns("ND-2", "The bootlist stays until the cutover");
const ND3: Item = Item::warns("ND-3", "Licence agreements are accepted");
const ND4: Item = Item::warns("ND-4", "nimadm runs in one call");
/// Judged where the database is asked.
pub(crate) const ND1: Item = Item::blocks("ND-1", "No other migration is live");

/// How often a showres that is held up by another one is tried again, and after how long.
const SHOWRES_TRIES: u32 = 5;
const SHOWRES_PAUSE: std::time::Duration = std::time::Duration::from_secs(1);

/// Asks master and client; `client` is its NIM name and its name for c_rsh. Nothing is written on either.
///
/// # Errors
/// Where the master cannot be reached. A command that does not answer, and a client that does not, are findings.
pub async fn gather(
    masters: &Masters,
    connection: &Connection,
    master: &master::Row,
    client: Option<(&ObjectName, &ObjectName)>,
    request: &LaunchRequest,
) -> Result<Facts, HostError> {
    let setting = &master.allowed_directories;
    let name = client.map(|(name, _)| name);
    let mut answers = Answers::default();
    let first = questions::first(request, name, setting);
    let (of_client, of_master): (Vec<_>, Vec<_>) = first.into_iter().partition(|asked| asked.whom == Whom::Client);
    let (alone, together): (Vec<_>, Vec<_>) = of_master.into_iter().partition(|asked| asked.whom == Whom::MasterAlone);
    ask_master(connection, &together, &mut answers).await?;
    for question in &alone {
        ask_alone(masters, connection, master.id, question, &mut answers).await?;
    }
    let reached = match client {
        Some((_, hostname)) => ask_client(connection, hostname, &of_client, &mut answers).await?,
        None => Fact::NotApplicable,
    };
    let second = questions::second(request, setting, &answers);
    ask_master(connection, &second, &mut answers).await?;
    let about = About {
        master: &master.name,
        approvals: master.approvals(),
        setting,
        name: name.map_or("", ObjectName::as_str),
        client: reached,
    };
    Ok(Facts::read(&answers, request, about))
}

/// The levels of bos.alt_disk_install.rte on the master and in a SPOT.
///
/// # Errors
/// Where the master cannot be reached.
pub async fn alt_disk_install(
    masters: &Masters,
    connection: &Connection,
    master: Uuid,
    spot: &ObjectName,
) -> Result<(Fact<Option<String>>, Fact<Option<String>>), HostError> {
    let [on_master, in_spot] = questions::alt_disk_install(spot);
    let mut answers = Answers::default();
    ask_master(connection, std::slice::from_ref(&on_master), &mut answers).await?;
    ask_alone(masters, connection, master, &in_spot, &mut answers).await?;
    let read = |topic| answers.read(topic, readings::alt_disk_install);
    Ok((read(Topic::AltDiskOnMaster), read(Topic::AltDiskInSpot)))
}

/// Asks the master several questions at once.
async fn ask_master(connection: &Connection, asked: &[Question], answers: &mut Answers) -> Result<(), HostError> {
    if asked.is_empty() {
        return Ok(());
    }
    let commands: Vec<&str> = asked.iter().map(|question| question.command.as_str()).collect();
    keep(asked, host::master_all(connection, &commands).await, answers).map(drop)
}

/// Asks the master one question when no other server asks it. Two showres of one resource cannot run at once (nimadm.md §6.2), and not
/// all that run are ours.
async fn ask_alone(
    masters: &Masters,
    connection: &Connection,
    master: Uuid,
    question: &Question,
    answers: &mut Answers,
) -> Result<(), HostError> {
    let command = [question.command.as_str()];
    let ask = || host::master_all(connection, &command);
    let mut came = masters.turns.alone(master, ask()).await?;
    for _ in 0..SHOWRES_TRIES {
        if !came.as_ref().is_ok_and(|answers| answers.iter().any(|answer| answer.text.contains("0042-207"))) {
            break;
        }
        tokio::time::sleep(SHOWRES_PAUSE).await;
        came = masters.turns.alone(master, ask()).await?;
    }
    keep(std::slice::from_ref(question), came, answers).map(drop)
}

/// Asks the client several questions at once; the error where it does not answer its master.
async fn ask_client(
    connection: &Connection,
    hostname: &ObjectName,
    asked: &[Question],
    answers: &mut Answers,
) -> Result<Fact<Result<(), String>>, HostError> {
    let commands: Vec<&str> = asked.iter().map(|question| question.command.as_str()).collect();
    match host::client_all(connection, hostname, &commands).await {
        Err(error @ HostError::ClientUnreachable { .. }) => Ok(Fact::Read(Err(error.chain()))),
        came => Ok(match keep(asked, came, answers)? {
            None => Fact::Read(Ok(())),
            Some(unread) => Fact::Unreadable(Unread { command: "c_rsh".to_owned(), ..unread }),
        }),
    }
}

/// Keeps what came of questions that were asked together. Where a host is there and does not answer in time, or not in its own words, nothing
/// of them is known; why not.
fn keep(
    asked: &[Question],
    came: Result<Vec<Answer>, HostError>,
    answers: &mut Answers,
) -> Result<Option<Unread>, HostError> {
    let error = match came {
        Ok(came) => {
            asked.iter().zip(came).for_each(|(question, answer)| answers.insert(question, Ok(answer)));
            return Ok(None);
        }
        Err(
            error @ (HostError::Remote(RemoteError::Silent { .. } | RemoteError::TooMuch { .. })
            | HostError::Command { .. }
            | HostError::Incomplete(_)),
        ) => error,
        Err(error) => return Err(error),
    };
    // One of them may be the culprit for all.
    let names: Vec<&str> = asked.iter().map(|question| question.name.as_str()).collect();
    let why = if names.len() > 1 { format!("asked together: {}", names.join("; ")) } else { String::new() };
    let unread = |question: &Question| Unread { why: why.clone(), ..Unread::silent(&question.name, &error) };
    asked.iter().for_each(|question| answers.insert(question, Err(unread(question))));
    Ok(asked.first().map(unread))
}

/// Every check, blocks first. What the request overrides is marked.
#[must_use]
pub fn checks(facts: &Facts, request: &LaunchRequest) -> Vec<Check> {
    let mut checks = nim::master_checks(facts, request);
    checks.extend(client::client_checks(facts, request));
    checks.extend(level::level_checks(facts, request));
    checks.extend(policy_checks(facts, request));
    let reasoned = request.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
    for check in &mut checks {
        check.overridden = check.needs_override() && reasoned && request.acknowledge_warnings.names(&check.id);
    }
    checks.sort_by_key(|check| std::cmp::Reverse(check.verdict));
    checks
}

/// What the orders of a migration may do without, because it was launched without it.
#[must_use]
pub fn waived(overrides: &[Override]) -> Waived {
    let named = |item: Item| overrides.iter().any(|gone| gone.id == item.id());
    Waived { level: named(level::S1), rootvg: named(client::R4) }
}

/// What the request asks for, and what that means.
fn policy_checks(facts: &Facts, request: &LaunchRequest) -> [Check; 3] {
    if request.operation == Operation::Synchronise {
        return [ND2, ND3, ND4].map(|item| item.not_applicable("nothing is migrated"));
    }
    let bootlist = match (request.bootlist, facts.approvals.second_person) {
        (BootlistPolicy::Hold, _) => ND2.pass("nimdeck moves it at the cutover"),
        (BootlistPolicy::Nimadm, true) => {
            let found = format!(
                "nimadm would set it in phase 11; {} asks for a second person's approval of a cutover",
                facts.master
            );
            ND2.block(found, "Launch with bootlist hold: nimdeck sets it at the approved cutover.")
        }
        (BootlistPolicy::Nimadm, false) => ND2.warn(
            "nimadm will set it in phase 11",
            "From phase 11 on any reboot of the client, planned or not, boots the new level.",
        ),
    };
    let licences = if request.accept_licenses {
        ND3.pass("they are")
    } else {
        ND3.warn("they are not", "Without -Y phase 6 cannot install licensed filesets.")
    };
    let mode = match request.mode {
        RunMode::Full => ND4.pass("one call"),
        RunMode::Stepped => ND4.warn(
            "it will be called once for each group of phases (-P)",
            "IBM documents little about single phases: for experts who know nimadm, one client at a time.",
        ),
    };
    [bootlist, licences, mode]
}

#[cfg(test)]
mod tests;
