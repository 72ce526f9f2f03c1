//! `emgr -l`: interim fixes (nimadm.md §6.8).
//!
//! The rule under the headings is not used to find the columns: AIX 7.3 draws it without gaps, and parsers that relied
//! on it broke.

use crate::{Unreadable, text::word};
use serde::{Deserialize, Serialize};

/// One interim fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Efix {
    /// Its number in the list.
    pub id: u32,
    /// The state code without the asterisks that draw attention to it: `S` stable, `Q` reboot required, `M` mounted, …
    pub state: String,
    /// Its label, `IJ41396s1a`.
    pub label: String,
    /// When it was installed, as printed: `02/14/23 09:12:41`.
    pub installed: String,
    /// What it is about; can be empty.
    pub about: String,
}

/// Reads `emgr -l`; an empty list where there is no efix data.
///
/// # Errors
/// A line that starts with a number, as only efixes do, and is none.
pub fn parse(output: &str) -> Result<Vec<Efix>, Unreadable> {
    let table = output.lines().enumerate().take_while(|(_, line)| !line.trim_start().starts_with("STATE codes"));
    let rows = table.filter(|(_, line)| line.trim_start().starts_with(|c: char| c.is_ascii_digit()));
    rows.map(|(index, line)| row(line).ok_or_else(|| Unreadable::new("emgr -l", index + 1, line))).collect()
}

fn row(line: &str) -> Option<Efix> {
    let (id, rest) = word(line)?;
    let (state, rest) = word(rest)?;
    let (label, rest) = word(rest)?;
    let (date, rest) = word(rest)?;
    let (time, rest) = word(rest)?;
    // Column UPDATED BY: 10 wide behind one blank, and as a rule empty.
    let about = if rest.starts_with("  ") || rest.trim().is_empty() { rest } else { word(rest)?.1 };
    Some(Efix {
        id: id.parse().ok()?,
        state: state.trim_matches('*').to_owned(),
        label: label.to_owned(),
        installed: format!("{date} {time}"),
        about: about.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_the_table_of_7_2_with_its_legend() {
        // `[log, ansible fixtures]`
        let efixes = parse(
            "ID  STATE LABEL      INSTALL TIME      UPDATED BY ABSTRACT\n\
             === ===== ========== ================= ========== ======================================\n\
             1    S    IJ20785s2a 04/30/20 11:03:46            tcpdump CVEs fixed                    \n\
             3   *Q*   IJ09625s2a 04/30/20 11:04:14            IJ09624 7.2.3.2                       \n\
             \n\
             STATE codes:\n S = STABLE\n M = MOUNTED\n",
        )
        .unwrap();
        assert_eq!(efixes.len(), 2);
        assert_eq!((efixes[1].id, efixes[1].state.as_str(), efixes[1].label.as_str()), (3, "Q", "IJ09625s2a"));
        assert_eq!(
            (efixes[0].installed.as_str(), efixes[0].about.as_str()),
            ("04/30/20 11:03:46", "tcpdump CVEs fixed")
        );
    }

    #[test]
    fn reads_the_table_of_7_3_and_none() {
        // `[log, ansible fixtures]`; the filled UPDATED BY is constructed
        let efixes = parse(
            "\nID  STATE LABEL      INSTALL TIME      UPDATED BY ABSTRACT\n\
             ====== ================ ================= ========== ======================================\n\
             1   *Q*   IJ50934s1a 06/25/24 10:16:06            IJ50934 POTENTIAL SECURITY ISSUE\n\
             2    S    IJ50428s1a 06/25/24 10:16:31 IJ60000s1a IJ50428 for AIX 7.3 TL2 SP1\n",
        )
        .unwrap();
        assert_eq!(efixes[1].about, "IJ50428 for AIX 7.3 TL2 SP1");
        assert_eq!(parse("There is no efix data on this system.\n").unwrap(), []);
        assert!(parse("1   *Q*   IJ50934s1a\n").is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n|1 | ){0,80}") {
            let _ = parse(&text);
        }
    }
}
