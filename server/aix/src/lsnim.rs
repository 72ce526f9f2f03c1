//! `lsnim`: the objects of a NIM master (nimadm.md §6.1).
//!
//! `-l` is read and `-Z` is not: `-Z` drops the field of a missing attribute, so that the values after it move to the
//! left and nobody can tell.

use crate::{ObjectName, Unreadable, text::rows};
use serde::{Deserialize, Serialize};

/// One line of plain `lsnim`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The object's name.
    pub name: ObjectName,
    /// `machines`, `resources`, `networks`, `management`, …
    pub class: String,
    /// `standalone`, `lpp_source`, `spot`, …
    pub kind: String,
}

/// One object as `lsnim -l` describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stanza {
    /// The object's name.
    pub name: ObjectName,
    /// Attributes in the order printed. A name can be there several times; a value can have several lines.
    pub attributes: Vec<(String, String)>,
}

impl Stanza {
    /// The first value of an attribute.
    #[must_use]
    pub fn get(&self, attribute: &str) -> Option<&str> {
        self.all(attribute).next()
    }

    /// Every value of an attribute, in the order printed.
    pub fn all(&self, attribute: &str) -> impl Iterator<Item = &str> {
        self.attributes.iter().filter(move |(name, _)| name == attribute).map(|(_, value)| value.as_str())
    }
}

/// Reads the three columns of `lsnim` and `lsnim -t …`. Their width differs between releases, so it is not looked at.
///
/// # Errors
/// A line that does not have exactly three words or whose first is no object name.
pub fn list(output: &str) -> Result<Vec<Entry>, Unreadable> {
    rows("lsnim", output, entry)
}

fn entry(line: &str) -> Option<Entry> {
    let mut words = line.split_whitespace();
    let entry =
        Entry { name: words.next()?.parse().ok()?, class: words.next()?.to_owned(), kind: words.next()?.to_owned() };
    words.next().is_none().then_some(entry)
}

/// Reads `lsnim -l` about any number of objects.
///
/// A line that is neither a heading nor `name = value` continues the value before it, as in a multi-line `err_info`.
///
/// # Errors
/// A first line that is no object's heading, or text between a heading and its first attribute.
pub fn stanzas(output: &str) -> Result<Vec<Stanza>, Unreadable> {
    let mut stanzas: Vec<Stanza> = Vec::new();
    for (index, line) in output.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        if let Some(name) = heading(line) {
            stanzas.push(Stanza { name, attributes: Vec::new() });
            continue;
        }
        let unreadable = || Unreadable::new("lsnim -l", index + 1, line);
        let attributes = &mut stanzas.last_mut().ok_or_else(unreadable)?.attributes;
        if let Some((name, value)) = attribute(line) {
            attributes.push((name.to_owned(), value.to_owned()));
        } else {
            let (_, value) = attributes.last_mut().ok_or_else(unreadable)?;
            value.push('\n');
            value.push_str(line.trim());
        }
    }
    Ok(stanzas)
}

/// `lpar71:` at the very left. A line of an error text that ends in a colon has blanks and is no object name.
fn heading(line: &str) -> Option<ObjectName> {
    line.trim_end().strip_suffix(':')?.parse().ok()
}

fn attribute(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (line.starts_with([' ', '\t']) && word).then(|| (name, value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lists_have_three_columns_of_any_width() {
        // nimadm.md §6.1, constructed
        let entries = list("master                   machines       master\nnet_10 networks ent\n").unwrap();
        assert_eq!((entries[1].name.as_str(), entries[1].kind.as_str()), ("net_10", "ent"));
        assert_eq!(list("master machines master\n0042-053 lsnim: there is no object\n").unwrap_err().line, 2);
    }

    #[test]
    fn reads_a_used_client_and_a_source_in_one_output() {
        // [issue #533] and [log aix4admins], nimadm.md §6.1
        let output = "\
aud6381l:
   class          = machines
   type           = standalone
   comments       = NON-PROD
   connect        = nimsh (secure)
   if1            = IOOF-VLAN1544 aud6381l 0
   Cstate         = ready for a NIM operation
5300-TL_00_to_08_works:
   class       = resources
   location    = /nim/lppsource/5300-TL_00_to_08_works
   alloc_count = 0
";
        let stanzas = stanzas(output).unwrap();
        assert_eq!(stanzas.len(), 2);
        assert_eq!(stanzas[0].get("Cstate"), Some("ready for a NIM operation"));
        assert_eq!(stanzas[0].attributes[3], ("connect".to_owned(), "nimsh (secure)".to_owned()));
        assert_eq!(stanzas[1].get("simages"), None);
    }

    #[test]
    fn keeps_repeated_attributes_and_values_of_several_lines() {
        // `if_supported` repeats on old SPOTs; `err_info` has several lines [log xCAT]; text of the latter constructed
        let output = "\
spot1:
   if_supported = chrp.mp ent
   if_supported = chrp.64 ent
   err_info     = 0042-001 nim: processing error encountered on \"lpar1\":
0042-021 m_mkmac: the \"if\" attribute is required:
";
        let spot = stanzas(output).unwrap().remove(0);
        assert_eq!(spot.all("if_supported").collect::<Vec<_>>(), ["chrp.mp ent", "chrp.64 ent"]);
        assert!(spot.get("err_info").unwrap().contains("\n0042-021"));
        assert!(stanzas("   class = machines\n").is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n|=|:| ){0,80}") {
            let _ = (list(&text), stanzas(&text));
        }
    }
}
