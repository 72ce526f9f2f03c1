//! Who may move a bootlist. Pure.
//!
//! The right hangs on the effect: a cutover, a rollback, a finalise and a start after which nimadm itself sets the bootlist all ask
//! here, twice: when a person asks for the act, and again in the transaction that records the order to the host. Once would be wrong:
//! between the two the master's policy can change, and the approver can lose the role or be disabled.
//!
//! An order that moves a bootlist takes an [`ApprovedCutover`], and only this file makes one.

use app::model::{Approvals, Permission, Role};

/// Who approved an act, with the role they have now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Approver<'a> {
    /// Sign-in name.
    pub name: &'a str,
    /// Their role now; none where they may no longer sign in.
    pub role: Option<Role>,
}

/// Proof that somebody who may do so has approved that the bootlist of a client is moved.
#[derive(Debug, PartialEq, Eq)]
pub struct ApprovedCutover {
    by: String,
}

impl ApprovedCutover {
    /// Who approved it.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }
}

/// Proof that nimadm may be started.
#[derive(Debug, PartialEq, Eq)]
pub struct StartRight(Start);

#[derive(Debug, PartialEq, Eq)]
enum Start {
    /// The bootlist stays as it is, and the master asks for no approval.
    Unasked,
    Approved(ApprovedCutover),
}

impl StartRight {
    /// Who approved the start; none where nobody had to.
    #[must_use]
    pub fn by(&self) -> Option<&str> {
        match &self.0 {
            Start::Unasked => None,
            Start::Approved(approved) => Some(approved.by()),
        }
    }
}

/// Why an approval does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Nobody has approved it.
    #[error("nobody has approved it")]
    Nobody,
    /// The approver may not sign in any more.
    #[error("{0} approved it and may not sign in any more")]
    Gone(String),
    /// The approver has no right to approve.
    #[error("{name} approved it and has the role {}, which cannot approve a cutover", role.as_str())]
    Role {
        /// The approver.
        name: String,
        /// Their role now.
        role: Role,
    },
    /// The master asks for a second person, and the approver is the first.
    #[error("{0} both asked for it and approved it, and its NIM master asks for the approval of a second person")]
    SamePerson(String),
}

/// Whether an approval counts: for a move of the bootlist, and for a start where the master asks for an approval of those.
///
/// # Errors
/// Why it does not count.
pub fn may_move_bootlist(
    policy: Approvals,
    requester: &str,
    approver: Option<Approver<'_>>,
) -> Result<ApprovedCutover, Why> {
    let Some(Approver { name, role }) = approver else { return Err(Why::Nobody) };
    let name = name.to_owned();
    match role {
        None => Err(Why::Gone(name)),
        Some(role) if !role.may(Permission::Approve) => Err(Why::Role { name, role }),
        Some(_) if !policy.allow(&name, requester) => Err(Why::SamePerson(name)),
        Some(_) => Ok(ApprovedCutover { by: name }),
    }
}

/// Whether nimadm may be started. `moves_bootlist` says that nimadm will set the bootlist itself (`bootlist: nimadm`).
///
/// # Errors
/// Why it must wait for an approval.
pub fn may_start(
    policy: Approvals,
    moves_bootlist: bool,
    requester: &str,
    approver: Option<Approver<'_>>,
) -> Result<StartRight, Why> {
    if !moves_bootlist && !policy.starts {
        return Ok(StartRight(Start::Unasked));
    }
    may_move_bootlist(policy, requester, approver).map(|approved| StartRight(Start::Approved(approved)))
}

/// Whether a launch, or its retry, may be queued at once. `asking` is the person who asks now; their own approval counts where only the
/// effect on the bootlist needs one. A policy that asks for an approval of every start wants somebody to look at it, so the person who
/// asks does not approve by asking.
///
/// # Errors
/// Why it must wait for an approval.
pub fn may_queue(
    policy: Approvals,
    moves_bootlist: bool,
    requester: &str,
    approver: Option<Approver<'_>>,
    asking: Option<Approver<'_>>,
) -> Result<StartRight, Why> {
    let by_asking = asking.filter(|_| moves_bootlist && !policy.starts);
    match may_start(policy, moves_bootlist, requester, by_asking.or(approver)) {
        // An operator who asks has not approved anything.
        Err(Why::Role { .. }) if by_asking.is_some() => Err(Why::Nobody),
        right => right,
    }
}

/// Whether a run in steps may go on to its next phases. The policy about starts is about the first ones.
///
/// # Errors
/// Why it must wait for an approval.
pub fn may_go_on(
    policy: Approvals,
    moves_bootlist: bool,
    requester: &str,
    approver: Option<Approver<'_>>,
) -> Result<StartRight, Why> {
    may_start(Approvals { starts: false, ..policy }, moves_bootlist, requester, approver)
}

/// Why a migration waits for an approval before its start, for people.
#[must_use]
pub fn awaits(moves_bootlist: bool, why: &Why) -> String {
    let rule =
        if moves_bootlist { "nimadm will set the bootlist" } else { "its NIM master asks for one before a start" };
    format!("Waits for an approval, because {rule}: {why}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::{Path, PathBuf};

    const NO: Approvals = Approvals { starts: false, second_person: false };
    const STARTS: Approvals = Approvals { starts: true, second_person: false };
    const SECOND: Approvals = Approvals { starts: false, second_person: true };
    const BOTH: Approvals = Approvals { starts: true, second_person: true };

    fn by(name: &str, role: impl Into<Option<Role>>) -> Option<Approver<'_>> {
        Some(Approver { name, role: role.into() })
    }

    /// Policy, approver, and what comes of it; joe asked.
    #[test]
    fn m5_an_approval_counts_by_the_policy_and_the_role_of_now() {
        let gone = || Err(Why::Gone("jane".to_owned()));
        let role = |role| Err(Why::Role { name: "jane".to_owned(), role });
        let table = [
            (NO, None, Err(Why::Nobody)),
            (NO, by("jane", None), gone()),
            (NO, by("jane", Role::Viewer), role(Role::Viewer)),
            (NO, by("jane", Role::Operator), role(Role::Operator)),
            (NO, by("jane", Role::Approver), Ok("jane")),
            (NO, by("jane", Role::Admin), Ok("jane")),
            (NO, by("joe", Role::Approver), Ok("joe")),
            (STARTS, by("joe", Role::Approver), Ok("joe")),
            (SECOND, by("joe", Role::Approver), Err(Why::SamePerson("joe".to_owned()))),
            (SECOND, by("joe", Role::Admin), Err(Why::SamePerson("joe".to_owned()))),
            (BOTH, by("joe", Role::Admin), Err(Why::SamePerson("joe".to_owned()))),
            (SECOND, by("jane", Role::Approver), Ok("jane")),
            (SECOND, by("jane", Role::Operator), role(Role::Operator)),
            (SECOND, by("jane", None), gone()),
            (SECOND, None, Err(Why::Nobody)),
        ];
        for (policy, approver, expected) in table {
            let found = may_move_bootlist(policy, "joe", approver);
            assert_eq!(found.as_ref().map(ApprovedCutover::by), expected.as_ref().copied(), "{policy:?} {approver:?}");
        }
    }

    /// Policy, whether nimadm moves the bootlist, the recorded approver, the role of joe who asks, and who it was approved by.
    #[test]
    fn m6_a_launch_that_moves_the_bootlist_waits_unless_its_requester_may_cut_over() {
        let jane = || by("jane", Role::Approver);
        let table = [
            (NO, false, None, Role::Operator, Some(None)),
            (STARTS, false, None, Role::Admin, None),
            (STARTS, false, jane(), Role::Operator, Some(Some("jane"))),
            (STARTS, false, by("jane", Role::Operator), Role::Operator, None),
            (SECOND, false, None, Role::Operator, Some(None)),
            (NO, true, None, Role::Operator, None),
            (NO, true, None, Role::Approver, Some(Some("joe"))),
            (SECOND, true, None, Role::Admin, None),
            (STARTS, true, None, Role::Admin, None),
            (BOTH, true, jane(), Role::Operator, Some(Some("jane"))),
            // An earlier approval does not cover what an operator asks for again.
            (NO, true, jane(), Role::Operator, None),
        ];
        for (policy, moves, approver, role, expected) in table {
            let found = may_queue(policy, moves, "joe", approver, by("joe", role)).ok();
            let found = found.as_ref().map(StartRight::by);
            assert_eq!(found, expected, "{policy:?} moves: {moves} {approver:?} asked by a {role:?}");
        }
    }

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                found.push(path);
            }
        }
    }

    /// The texts of the orders stand in one file, and its functions take the proof.
    #[test]
    fn m6_orders_that_move_a_bootlist_have_no_other_way_to_a_host() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        sources(&root, &mut files);
        let orders = ["\"bootlist -m normal {", "shutdown -Fr >", "shutdown -r"];
        for file in files.iter().filter(|file| !file.ends_with("engine/authority.rs")) {
            let text = std::fs::read_to_string(file).unwrap();
            for order in orders.iter().filter(|order| text.contains(*order)) {
                assert!(file.ends_with("engine/boot_orders.rs"), "{order} is sent by {}", file.display());
            }
        }
        let text = std::fs::read_to_string(root.join("engine/boot_orders.rs")).unwrap();
        let functions: Vec<&str> = text.split("pub(super) async fn ").skip(1).collect();
        assert!(functions.len() >= 2, "bootlist and shutdown");
        for function in functions {
            let arguments = function.split(')').next().unwrap_or_default();
            assert!(arguments.contains("ApprovedCutover"), "an order without its proof: {arguments}");
        }
    }
}
