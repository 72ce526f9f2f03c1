//! One line of a log on the page. Log text only ever becomes text nodes.

use super::buffer::Line;
use leptos::prelude::*;

/// How a line is set off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// The banner that begins a phase.
    Banner,
    /// It begins with an AIX message number such as `0505-187`.
    Coded,
    /// Any other line.
    Plain,
}

/// How a line is set off, by its first words only; what it means is said by the diagnosis, not by its colour.
#[must_use]
pub(crate) fn weight(text: &str) -> Weight {
    if text.strip_prefix("Executing nimadm phase ").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
        return Weight::Banner;
    }
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let first = text.split_whitespace().next().unwrap_or_default().trim_end_matches(':');
    match first.split_once('-') {
        Some((facility, number)) if facility.len() == 4 && facility.starts_with('0') && digits(facility) => {
            let leading = number.bytes().take_while(u8::is_ascii_digit).count();
            if leading > 0 { Weight::Coded } else { Weight::Plain }
        }
        _ => Weight::Plain,
    }
}

/// A line, or room for one that is being fetched.
#[component]
pub(crate) fn Row(number: u64, line: Option<Line>, marked: Signal<bool>) -> impl IntoView {
    let class = match line.as_ref().map(|line| weight(&line.text)) {
        Some(Weight::Banner) => "row banner",
        Some(Weight::Coded) => "row coded",
        Some(Weight::Plain) => "row",
        None => "row absent",
    };
    let text = line.map_or_else(|| "…".to_owned(), |line| line.text);
    view! {
        <div class=class class:marked=marked id=format!("L{number}") data-line=number.to_string()>
            <a class="row-number" href=format!("#L{number}") rel="external" tabindex="-1" aria-label=format!("Line {number}")>
                {number.to_string()}
            </a>
            <span class="row-text">{text}</span>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_banners_and_numbered_messages_are_set_off() {
        assert_eq!(weight("Executing nimadm phase 6."), Weight::Banner);
        assert_eq!(weight("0505-187 nimadm: failed"), Weight::Coded);
        assert_eq!(weight("  0042-053 lsnim: there is no NIM object"), Weight::Coded);
        assert_eq!(weight("0516-320: physical volume"), Weight::Coded);
        for plain in ["", "Executing nimadm phase", "2026-11-22", "0505", "0505-", "05050-187", "hdisk1"] {
            assert_eq!(weight(plain), Weight::Plain, "{plain:?}");
        }
    }
}
