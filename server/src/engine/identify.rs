//! Which client a caller means.
//!
//! A client is identified by its id. A NIM name is unique within its master only, and two masters often have clients of one name, so a
//! name that fits two clients is refused and both are named. Choosing one of them, for instance the first by master, would migrate the
//! wrong machine: everything that a caller sends goes through [`each`], and no query looks a client up by name alone.
//!
//! A missing client counts as well. NIM may list it again, and a name must not change its meaning because a master lost its list.

use crate::{
    error::{AMBIGUOUS_CLIENT, BAD_INPUT, NOT_FOUND, database},
    store::client::{self, Known},
};
use aix::ObjectName;
use app::model::{FieldError, Problem};
use sqlx::PgPool;
use uuid::Uuid;

/// Most clients that a refusal names.
const NAMED: usize = 10;

/// What a caller says of a client: an id, a NIM name or `master/client`; and the master, where it is given beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    client: &'a str,
    master: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    /// `master` is an id or a name. A client with a master in both places is found where they are the same text.
    #[must_use]
    pub fn new(client: &'a str, master: Option<&'a str>) -> Self {
        match client.split_once('/') {
            Some((of, client)) if master.is_none_or(|master| master == of) => Self { client, master: Some(of) },
            _ => Self { client, master },
        }
    }

    /// The id or name.
    #[must_use]
    pub fn client(&self) -> &'a str {
        self.client
    }

    /// The master, as far as one is given.
    #[must_use]
    pub fn master(&self) -> Option<&'a str> {
        self.master
    }

    /// Shown to people: shortened, because it may be anything.
    fn shown(&self) -> String {
        let short = |text: &str| text.chars().take(60).collect::<String>();
        match self.master {
            Some(master) => format!("{} of master {}", short(self.client), short(master)),
            None => short(self.client),
        }
    }
}

/// What the clients that are known say to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// No client fits.
    None,
    /// This one.
    One(Known),
    /// All of these.
    Several(Vec<Known>),
}

/// Why a client is not identified.
#[derive(Debug, thiserror::Error)]
pub enum Unidentified {
    /// No client fits.
    #[error("no NIM master has {}", .0.join(", "))]
    None(Vec<String>),
    /// Several clients fit; what was wanted, and which.
    #[error("a client's name fits several clients")]
    Several(Vec<(String, Vec<Known>)>),
    /// They cannot be looked up.
    #[error("the database refused a query")]
    Database(#[from] sqlx::Error),
}

/// An id as nimdeck prints it, with hyphens. A NIM name of 32 hexadecimal digits is a name.
#[must_use]
pub fn as_id(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| text.parse().ok()).flatten()
}

/// Which of the known clients is meant. An id goes before a name: a client that somebody named like the id of another one is reached by
/// its own id.
#[must_use]
pub fn pick(wanted: Wanted<'_>, known: &[Known]) -> Found {
    let of_master = |client: &&Known| {
        wanted.master.is_none_or(|master| client.master == master || as_id(master) == Some(client.master_id))
    };
    let fit: Vec<&Known> = known.iter().filter(of_master).collect();
    if let Some(client) = fit.iter().find(|client| as_id(wanted.client) == Some(client.id)) {
        return Found::One((*client).clone());
    }
    match fit.into_iter().filter(|client| client.name == wanted.client).collect::<Vec<_>>()[..] {
        [] => Found::None,
        [client] => Found::One(client.clone()),
        ref several => Found::Several(several.iter().copied().cloned().collect()),
    }
}

/// Identifies every client, in the order given.
///
/// # Errors
/// [`Unidentified`], with all that are unknown, else with all that are ambiguous.
pub async fn each(pool: &PgPool, wanted: &[Wanted<'_>]) -> Result<Vec<Known>, Unidentified> {
    // Text that is no NIM name is nobody's name, and PostgreSQL refuses some of it (NUL).
    let is_name = |text: &&str| text.parse::<ObjectName>().is_ok();
    let names: Vec<&str> = wanted.iter().map(|wanted| wanted.client).filter(is_name).collect();
    let ids: Vec<Uuid> = names.iter().filter_map(|name| as_id(name)).collect();
    let known = client::known(pool, &names, &ids).await?;
    let mut found = Vec::with_capacity(wanted.len());
    let (mut unknown, mut several) = (Vec::new(), Vec::new());
    for wanted in wanted {
        match pick(*wanted, &known) {
            Found::One(client) => found.push(client),
            Found::None => unknown.push(wanted.shown()),
            Found::Several(clients) => several.push((wanted.shown(), clients)),
        }
    }
    if !unknown.is_empty() {
        return Err(Unidentified::None(unknown));
    }
    if several.is_empty() { Ok(found) } else { Err(Unidentified::Several(several)) }
}

/// Identifies one client.
///
/// # Errors
/// [`Unidentified`].
pub async fn one(pool: &PgPool, wanted: Wanted<'_>) -> Result<Known, Unidentified> {
    match each(pool, &[wanted]).await?.into_iter().next() {
        Some(client) => Ok(client),
        None => Err(Unidentified::None(vec![wanted.shown()])),
    }
}

impl Unidentified {
    /// The problem where the client was a field of the input.
    #[must_use]
    pub fn input(&self, field: &str) -> Problem {
        match self {
            Self::None(wanted) => {
                let hint = if field == "client" { "; choose one from the clients page" } else { "" };
                let wanted = listed(wanted.iter().map(String::as_str));
                BAD_INPUT.field(field, format!("no NIM master has {wanted}{hint}"))
            }
            Self::Several(several) => {
                let message = ambiguous(several);
                let errors = vec![FieldError { field: field.to_owned(), message: message.clone() }];
                Problem { errors, ..AMBIGUOUS_CLIENT.problem(message) }
            }
            Self::Database(error) => database(error),
        }
    }

    /// The problem where the client was the address.
    #[must_use]
    pub fn lookup(&self) -> Problem {
        match self {
            Self::None(wanted) => NOT_FOUND.problem(format!(
                "No NIM master has a client {}. NIM names are case-sensitive. Check it on the clients page, or refresh its master.",
                listed(wanted.iter().map(String::as_str))
            )),
            Self::Several(several) => AMBIGUOUS_CLIENT.problem(ambiguous(several)),
            Self::Database(error) => database(error),
        }
    }
}

fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = names.len().saturating_sub(NAMED);
    let mut text = names.take(NAMED).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text += &format!(" and {more} more");
    }
    text
}

/// Each name with all clients that it fits.
fn ambiguous(several: &[(String, Vec<Known>)]) -> String {
    let one = |(wanted, clients): &(String, Vec<Known>)| {
        let clients = clients.iter().map(|client| {
            let missing = if client.missing_since.is_some() { ", missing" } else { "" };
            format!("{} on master {} (id {}{missing})", client.name, client.master, client.id)
        });
        format!("{wanted:?} fits {} clients: {}", clients.len(), clients.collect::<Vec<_>>().join(" and "))
    };
    let mut named: Vec<String> = several.iter().take(NAMED).map(one).collect();
    if several.len() > NAMED {
        named.push(format!("{} more names fit several clients", several.len() - NAMED));
    }
    format!("{}. Give the id, or give the name and its master.", named.join(". "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(number: u128, name: &str, master: &str) -> Known {
        let master_id = Uuid::from_u128(master.bytes().map(u128::from).sum::<u128>() << 64);
        Known {
            id: Uuid::from_u128(number),
            name: name.to_owned(),
            master_id,
            master: master.to_owned(),
            missing_since: None,
        }
    }

    fn picked(client: &str, master: Option<&str>, all: &[Known]) -> Vec<u128> {
        match pick(Wanted::new(client, master), all) {
            Found::None => Vec::new(),
            Found::One(client) => vec![client.id.as_u128()],
            Found::Several(clients) => clients.iter().map(|client| client.id.as_u128()).collect(),
        }
    }

    #[test]
    fn h5_a_name_of_two_clients_is_never_resolved_without_its_master() {
        let all = [known(1, "lpar71", "nim1"), known(2, "lpar71", "nim2"), known(3, "lpar72", "nim2")];
        let master = all[1].master_id.to_string();
        assert_eq!(picked("lpar71", None, &all), [1, 2]);
        assert_eq!(picked("lpar72", None, &all), [3]);
        assert_eq!(picked("lpar71", Some("nim2"), &all), [2]);
        assert_eq!(picked("lpar71", Some(&master), &all), [2]);
        assert_eq!(picked("nim1/lpar71", None, &all), [1]);
        assert_eq!(picked("nim1/lpar71", Some("nim1"), &all), [1]);
        assert_eq!(picked("nim1/lpar71", Some("nim2"), &all), [0; 0], "two masters are given");
        assert_eq!(picked(&all[0].id.to_string().to_uppercase(), None, &all), [1]);
        assert_eq!(picked(&all[0].id.to_string(), Some("nim2"), &all), [0; 0], "the master beside an id must fit");
        for nobody in ["LPAR71", "lpar", "", "/", "nim3/lpar71", "nim1/", "%", "lpar7_"] {
            assert_eq!(picked(nobody, None, &all), [0; 0], "{nobody}");
        }
    }

    #[test]
    fn h5_a_name_that_looks_like_an_id_takes_nothing_over() {
        let victim = known(1, "lpar71", "nim1");
        let all = [victim.clone(), known(2, &victim.id.to_string(), "nim2"), known(3, &"a".repeat(32), "nim2")];
        assert_eq!(picked(&victim.id.to_string(), None, &all), [1]);
        assert_eq!(picked(&victim.id.to_string(), Some("nim2"), &all), [2]);
        assert_eq!(picked(&"a".repeat(32), None, &all), [3], "this is a NIM name, and an id without its hyphens");
    }

    #[test]
    fn h5_a_refusal_names_every_client_that_fits() {
        let all = vec![known(1, "lpar71", "nim1"), known(2, "lpar71", "nim2")];
        let problem = Unidentified::Several(vec![("lpar71".to_owned(), all.clone())]).input("client");
        assert_eq!((problem.status, problem.errors[0].field.as_str()), (409, "client"));
        for client in all {
            assert!(problem.detail.contains(&client.master) && problem.detail.contains(&client.id.to_string()));
        }
        let unknown: Vec<String> = (0..30).map(|number| format!("c{number}")).collect();
        assert!(Unidentified::None(unknown).input("clients").detail.ends_with("c9 and 20 more"));
    }
}
