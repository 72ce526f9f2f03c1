//! `nim -o showres` of an lpp_source: the images in it (nimadm.md §6.2).
//!
//! Of a SPOT, and with `-a lslpp_flags=Lc`, showres prints what [`lslpp`](crate::lslpp) prints; `nim -o lslpp` is
//! [`lslpp::listing`](crate::lslpp::listing).

use crate::{
    Unreadable, Vrmf,
    text::{lines, unwrapped},
};
use serde::{Deserialize, Serialize};

/// An image in an lpp_source. What stands behind the level is unconfirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The fileset.
    pub fileset: String,
    /// Its level.
    pub level: Vrmf,
    /// Column I/U: `S`, `I`, `U`, …
    pub kind: Option<String>,
    /// Column Q: `N`, or `b` where a boot image must be made.
    pub quiesce: Option<String>,
    /// The parts it has: `usr`, `root`, `share`.
    pub content: Vec<String>,
    /// From the `#` line below it.
    pub description: Option<String>,
}

/// Reads `nim -o showres <lpp_source>`, also behind `grep`.
///
/// # Errors
/// A line that begins with blanks and does not go on with a name and a level, or any other that is neither a heading nor
/// a description.
pub fn images(output: &str) -> Result<Vec<Image>, Unreadable> {
    let mut images: Vec<Image> = Vec::new();
    for (number, line) in lines(output) {
        if let (Some(text), Some(image)) = (line.strip_prefix('#'), images.last_mut()) {
            image.description = Some(unwrapped(text)).filter(|text| !text.is_empty());
        } else if !heading(line) {
            images.push(image(line).ok_or_else(|| Unreadable::new("nim -o showres", number, line))?);
        }
    }
    Ok(images)
}

fn heading(line: &str) -> bool {
    let text = line.trim_start();
    text.starts_with("Fileset Name ") || text.bytes().all(|b| matches!(b, b'=' | b'-'))
}

fn image(line: &str) -> Option<Image> {
    let mut words = line.strip_prefix(' ')?.split_whitespace();
    let (fileset, level) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
    let mut word = || words.next().map(str::to_owned);
    let (kind, quiesce, content) = (word(), word(), word());
    let content = content.iter().flat_map(|parts| parts.split(',')).map(str::to_owned).collect();
    Some(Image { fileset, level, kind, quiesce, content, description: None })
}

/// Prints as `nim -o showres <lpp_source>` does, without headings: theirs are unconfirmed.
#[must_use]
pub fn print_images(images: &[Image]) -> String {
    let mut out = String::new();
    for Image { fileset, level, kind, quiesce, content, description } in images {
        let (kind, quiesce) = (kind.as_deref().unwrap_or_default(), quiesce.as_deref().unwrap_or_default());
        let row = format!("  {fileset:<33} {level:<26} {kind} {quiesce:>2} {}", content.join(","));
        out += &format!("{}\n", row.trim_end());
        if let Some(description) = description {
            out += &format!("#   {description}\n");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fixture, vrmf::tests::any_level};
    use proptest::{collection::vec, option, prelude::*};

    /// Columns end early but are not left out in the middle: AIX fills them from the left.
    fn any_image() -> impl Strategy<Value = Image> {
        let columns = ("[A-Z]", "[Nb]", vec("usr|root|share", 1..3), 0..4_usize);
        let description = option::of("[A-Z][a-z]{0,9}( [a-zA-Z0-9]{1,9}){0,4}");
        ("[a-zA-Z][a-zA-Z0-9._-]{0,40}", any_level(), columns, description).prop_map(
            |(fileset, level, (kind, quiesce, content, printed), description)| Image {
                fileset,
                level,
                kind: (printed > 0).then_some(kind),
                quiesce: (printed > 1).then_some(quiesce),
                content: if printed > 2 { content } else { Vec::new() },
                description,
            },
        )
    }

    #[test]
    fn fixtures_print_as_they_were() {
        fixture::round_trip("nim/showres.constructed", images, |images| print_images(images));
        fixture::snapshot("nim/showres_headings.unconfirmed", images);
    }

    #[test]
    fn messages_are_no_images() {
        let busy = "0042-001 nim: processing error encountered on \"master\":\n    \
                    0042-207 m_showres: Unable to allocate the spot_72V_2114 resource to master.\n";
        assert_eq!(images(busy).unwrap_err().line, 1);
        assert!(images("    0042-207 m_showres: Unable to allocate\n").is_err());
        assert!(images("ksh: nim: not found\n").is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(rows in vec(any_image(), 0..5)) {
            prop_assert_eq!(images(&print_images(&rows)).unwrap(), rows);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(\\PC|\n|#|  a 7\\.3 S N usr){0,40}") {
            let _ = images(&text);
        }
    }
}
