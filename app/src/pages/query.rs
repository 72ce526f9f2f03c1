//! What a page's query string says.

use crate::model::Timestamp;
use leptos_router::params::ParamsMap;

/// A value of the query; none where it is absent or blank.
#[must_use]
pub(crate) fn text(query: &ParamsMap, name: &str) -> Option<String> {
    query.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// A day (`2026-11-22`, as its first moment in UTC) or a point in time in RFC 3339.
#[must_use]
pub(crate) fn time(query: &ParamsMap, name: &str) -> Option<Timestamp> {
    let value = text(query, name)?;
    let full = if value.len() == 10 { format!("{value}T00:00:00Z") } else { value };
    serde_json::from_value(serde_json::Value::String(full)).ok()
}

/// The link to the next page of a list: the same query with the cursor in the parameter `name`.
#[must_use]
pub(crate) fn next_page(path: &str, query: &ParamsMap, name: &'static str, cursor: &str) -> String {
    let mut query = query.clone();
    query.replace(name, cursor.to_owned());
    format!("{path}{}", query.to_query_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_first_moment_and_nonsense_is_nothing() {
        let mut query = ParamsMap::new();
        query.insert("since", "2026-11-22".to_owned());
        query.insert("until", "yesterday".to_owned());
        query.insert("q", "  ".to_owned());
        assert_eq!(time(&query, "since").map(Timestamp::readable).as_deref(), Some("2026-11-22 00:00:00"));
        assert_eq!(time(&query, "until"), None);
        assert_eq!(text(&query, "q"), None);
    }
}
