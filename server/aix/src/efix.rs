//! `emgr -l`: interim fixes (nimadm.md §6.8).
//!
//! The rule under the headings is not used to find the columns: AIX 7.3 draws it without gaps, and parsers that relied
//! on it broke. What stands in the table's place must be known: a message read as "no fixes" would let a check pass.

use crate::{
    Unreadable,
    text::{begins, filled, lines, word},
};
use serde::{Deserialize, Serialize};

/// One interim fix. JSON has `reboot_required` too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "View", into = "View")]
pub struct Efix {
    /// Its number in the list.
    pub id: u32,
    /// The state code without the asterisks that draw attention to it: `S` stable, `Q` reboot required, `M` mounted, …
    pub state: String,
    /// Its label, `IJ41396s1a`.
    pub label: String,
    /// When it was installed, as printed: `02/14/23 09:12:41`.
    pub install_time: String,
    /// The fix that replaced it.
    pub updated_by: Option<String>,
    /// What it is about.
    pub about: Option<String>,
}

impl Efix {
    /// Whether it waits for a reboot: every code with a Q says so (legend of `emgr -l`), whatever stands beside it.
    #[must_use]
    pub fn reboot_required(&self) -> bool {
        self.state.contains('Q')
    }
}

/// How an [`Efix`] looks in JSON.
#[derive(Serialize, Deserialize)]
struct View {
    id: u32,
    state: String,
    /// Follows from the state, so it is not read back.
    #[serde(skip_deserializing)]
    reboot_required: bool,
    label: String,
    install_time: String,
    updated_by: Option<String>,
    r#abstract: Option<String>,
}

impl From<Efix> for View {
    fn from(efix: Efix) -> Self {
        let reboot_required = efix.reboot_required();
        let Efix { id, state, label, install_time, updated_by, about } = efix;
        Self { id, state, reboot_required, label, install_time, updated_by, r#abstract: about }
    }
}

impl From<View> for Efix {
    fn from(View { id, state, label, install_time, updated_by, r#abstract, .. }: View) -> Self {
        Self { id, state, label, install_time, updated_by, about: r#abstract }
    }
}

/// How the rule under the headings looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// With gaps under ID, STATE and LABEL: AIX 7.2.
    Aix72,
    /// Without them: AIX 7.3.
    Aix73,
}

const NONE: &str = "There is no efix data on this system.";
const HEADINGS: &str = "ID  STATE LABEL      INSTALL TIME      UPDATED BY ABSTRACT";
const LEGEND: &str = "
STATE codes:
 S = STABLE
 M = MOUNTED
 U = UNMOUNTED
 Q = REBOOT REQUIRED
 B = BROKEN
 I = INSTALLING
 R = REMOVING
 T = TESTED
 P = PATCHED
 N = NOT PATCHED
 SP = STABLE + PATCHED
 SN = STABLE + NOT PATCHED
 QP = BOOT IMAGE MODIFIED + PATCHED
 QN = BOOT IMAGE MODIFIED + NOT PATCHED
 RQ = REMOVING + REBOOT REQUIRED
";

/// Reads `emgr -l`; an empty list where there is no efix data.
///
/// # Errors
/// A line before the legend that is neither a heading nor an efix; output without anything.
pub fn parse(output: &str) -> Result<Vec<Efix>, Unreadable> {
    let unreadable = |number, line| Unreadable::new("emgr -l", number, line);
    let mut efixes = Vec::new();
    let mut known = false;
    for (number, line) in lines(output).take_while(|(_, line)| !line.trim_start().starts_with("STATE codes")) {
        known = true;
        let heading = begins(line, "ID") || line.bytes().all(|b| matches!(b, b'=' | b' '));
        if !heading && line.trim() != NONE {
            efixes.push(row(line).ok_or_else(|| unreadable(number, line))?);
        }
    }
    if known { Ok(efixes) } else { Err(unreadable(1, "")) }
}

fn row(line: &str) -> Option<Efix> {
    let (id, rest) = word(line)?;
    let (state, rest) = word(rest)?;
    let (label, rest) = word(rest)?;
    let (date, rest) = word(rest)?;
    let (time, rest) = word(rest)?;
    if !is_time(date, '/') || !is_time(time, ':') {
        return None;
    }
    // Column UPDATED BY: 10 wide behind one blank, and as a rule empty.
    let empty = rest.starts_with("  ") || rest.trim().is_empty();
    let (updated_by, about) = if empty { ("", rest) } else { word(rest)? };
    Some(Efix {
        id: id.parse().ok()?,
        state: filled(state.trim_matches('*'))?,
        label: label.to_owned(),
        install_time: format!("{date} {time}"),
        updated_by: filled(updated_by),
        about: filled(about),
    })
}

/// Three pairs of digits: the columns behind the time are found by its end.
fn is_time(text: &str, sign: char) -> bool {
    let pair = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    text.split(sign).count() == 3 && text.split(sign).all(pair)
}

/// Prints as `emgr -l` does. Asterisks stand around states that require a reboot; whether other states have them is
/// unconfirmed.
#[must_use]
pub fn print(efixes: &[Efix], style: Style) -> String {
    if efixes.is_empty() {
        return format!("{NONE}\n");
    }
    let rule = match style {
        Style::Aix72 => "=== ===== ========== ",
        Style::Aix73 => "====== ================ ",
    };
    let mut out = format!("{HEADINGS}\n{rule}{} {} {}\n", "=".repeat(17), "=".repeat(10), "=".repeat(38));
    for efix in efixes {
        let Efix { id, state, label, install_time, .. } = efix;
        let state = if efix.reboot_required() { format!("*{state}*") } else { format!(" {state} ") };
        let (updated_by, about) = (efix.updated_by.as_deref(), efix.about.as_deref());
        let (updated_by, about) = (updated_by.unwrap_or_default(), about.unwrap_or_default());
        out += &format!("{id:<3} {state:<5} {label:<10} {install_time:<17} {updated_by:<10} {about:<38}\n");
    }
    out + LEGEND
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use proptest::{collection::vec, option, prelude::*};

    fn any_efix() -> impl Strategy<Value = Efix> {
        let label = "[A-Z]{2}[0-9]{5}[sm][0-9][a-z]";
        let state = "S|M|U|Q|B|I|R|T|P|N|SP|SN|QP|QN|RQ";
        let time = "[01][0-9]/[0-3][0-9]/[0-9]{2} [0-2][0-9]:[0-5][0-9]:[0-5][0-9]";
        (any::<u32>(), state, label, time, option::of(label), option::of("[a-zA-Z0-9][a-zA-Z0-9 .]{0,36}[a-z]"))
            .prop_map(|(id, state, label, install_time, updated_by, about)| Efix {
                id,
                state,
                label,
                install_time,
                updated_by,
                about,
            })
    }

    #[test]
    fn fixtures_print_as_they_were() {
        let full = |style| move |efixes: &Vec<Efix>| print(efixes, style);
        fixture::round_trip("emgr/aix72.log", parse, full(Style::Aix72));
        fixture::round_trip("emgr/none.log", parse, full(Style::Aix72));
        // nimadm.md shows these without the legend
        let table = |style| move |efixes: &Vec<Efix>| print(efixes, style).replace(LEGEND, "");
        fixture::round_trip("emgr/aix73.log", parse, table(Style::Aix73));
        fixture::round_trip("emgr/lpar71.constructed", parse, table(Style::Aix72));
        fixture::snapshot("emgr/updated_by.constructed", parse);
    }

    #[test]
    fn a_message_is_not_an_empty_list() {
        for bad in [
            "",
            "ksh: emgr: not found\n",
            "0645-007 ATTENTION: no data\n",
            "1   *Q*   IJ50934s1a\n",
            "1    S    IJ11550s0a org Security     Vulnerability fix\n",
            "1  *  IJ11550s0a 04/30/20 11:03:46\n",
        ] {
            assert!(parse(bad).is_err(), "{bad:?} was taken");
        }
        assert_eq!(parse("There is no efix data on this system.\r\n").unwrap(), []);
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(efixes in vec(any_efix(), 0..5)) {
            for style in [Style::Aix72, Style::Aix73] {
                prop_assert_eq!(&parse(&print(&efixes, style)).unwrap(), &efixes);
            }
            let json = serde_json::to_string(&efixes).unwrap();
            prop_assert_eq!(serde_json::from_str::<Vec<Efix>>(&json).unwrap(), efixes);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n|1 | ){0,80}") {
            let _ = parse(&text);
        }
    }
}
