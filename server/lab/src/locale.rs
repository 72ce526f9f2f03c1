//! The language of a host: messages are translated where nobody asked for C (nimadm.md §2.13).
//!
//! A parser that works in the lab and not on a French host has forgotten `LC_ALL=C`. So a host of the scenario `french` greets every
//! login with LANG=fr_FR, and its commands answer in French unless the environment says otherwise, by the rules of every Unix:
//! LC_ALL before LC_MESSAGES before LANG.

use crate::{commands::Output, scenario::Scenario, store::Store};
use regex::{Captures, Regex};
use std::ffi::OsString;

/// The language of a French host.
const FRENCH: &str = "fr_FR";

/// What is printed, and what stands for it in French. VALIDE for COMMITTED is confirmed, the header of `lslpp -lc` is constructed
/// after it; the rest is unconfirmed.
const TABLE: &[(&str, &str)] = &[
    (
        "Fileset:Level:PTF Id:State:Type:Description:EFIX Locked",
        "Ensemble de fichiers:Niveau:ID PTF:Etat:Type:Description:EFIX verrouillé",
    ),
    ("COMMITTED", "VALIDE"),
    ("APPLIED", "APPLIQUE"),
    ("BROKEN", "ENDOMMAGE"),
    ("None", "Néant"),
    ("active", "actif"),
    ("inoperative", "inopérant"),
    ("Not all filesets for", "Les ensembles de fichiers ne sont pas tous présents pour"),
    ("All filesets for", "Tous les ensembles de fichiers sont présents pour"),
    ("ready for a NIM operation", "prêt pour une opération NIM"),
    ("ready for use", "prêt à l'emploi"),
    ("there is no NIM object named", "il n'existe pas d'objet NIM nommé"),
    ("Unable to find volume group", "Impossible de trouver le groupe de volumes"),
    ("Volume group must be varied on", "Le groupe de volumes doit être activé"),
    ("Bootlist is set to the boot disk", "La liste d'amorçage indique le disque"),
    ("There is no efix data on this system", "Aucune donnée efix sur ce système"),
];

/// What a host's logins have in their environment besides.
pub(crate) fn environment(store: &Store, host: &str) -> Option<(&'static str, OsString)> {
    speaks_french(store, host).then(|| ("LANG", FRENCH.into()))
}

fn speaks_french(store: &Store, host: &str) -> bool {
    store.host(host).is_ok_and(|host| host.scenario == Scenario::French)
}

/// Whether the environment asks for French.
fn asked(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(set)
        .is_some_and(|value| value.to_string_lossy().starts_with("fr"))
}

/// Translates what a command printed, where its environment asks for it and the host has the messages.
pub(crate) fn speak(store: &Store, host: &str, variable: impl Fn(&str) -> Option<OsString>, out: &mut Output) {
    if asked(variable) && speaks_french(store, host) {
        out.stdout = translated(&out.stdout);
        out.stderr = translated(&out.stderr);
    }
}

/// The text with every known word replaced. What stands behind it in a table stays in its column where there is room.
fn translated(text: &str) -> String {
    let words: Vec<_> = TABLE.iter().map(|(english, _)| regex::escape(english)).collect();
    let Ok(known) = Regex::new(&format!(r"\b({})\b( *)", words.join("|"))) else { return text.to_owned() };
    let replace = |found: &Captures<'_>| {
        let (word, blanks) = (&found[1], &found[2]);
        let french = TABLE.iter().find_map(|(english, french)| (*english == word).then_some(*french)).unwrap_or(word);
        let width = word.chars().count() + blanks.len();
        // One blank parts words; more of them fill a column.
        if blanks.len() < 2 { format!("{french}{blanks}") } else { format!("{french:<width$}") }
    };
    known.replace_all(text, replace).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_translated_and_columns_kept() {
        let text = translated("hdisk0 none    None            \nhdisk1 abc     rootvg  active  x\ninactive Nones\n");
        assert_eq!(text, "hdisk0 none    Néant           \nhdisk1 abc     rootvg  actif   x\ninactive Nones\n");
        assert!(translated("/usr:bos.rte:6.1.6.4::COMMITTED:F:x:\n").contains("::VALIDE:F:"));
        let header = "#Fileset:Level:PTF Id:State:Type:Description:EFIX Locked\n";
        assert!(translated(header).starts_with("#Ensemble de fichiers:Niveau:"));
    }

    #[test]
    fn the_first_variable_that_is_set_decides() {
        let with = |set: &'static [(&str, &str)]| {
            asked(|name| set.iter().find_map(|(known, value)| (*known == name).then(|| OsString::from(value))))
        };
        assert!(with(&[("LANG", "fr_FR")]) && with(&[("LANG", "C"), ("LC_MESSAGES", "fr_FR.UTF-8")]));
        assert!(with(&[("LC_ALL", ""), ("LANG", "fr_FR")]));
        assert!(
            !with(&[])
                && !with(&[("LC_ALL", "C"), ("LANG", "fr_FR")])
                && !with(&[("LC_MESSAGES", "C"), ("LANG", "fr_FR")])
        );
    }
}
