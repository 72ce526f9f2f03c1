//! `/audit`: the record, in pages and whole.

use super::{Answer, AppState, Failure};
use crate::store::audit as record;
use crate::web::extract::{Filter, SignedIn};
use app::model::{AuditEntry, AuditFilter, Page, Permission};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures::TryStreamExt;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;
use std::fmt::Write as _;

pub(super) fn router() -> Router<AppState> {
    Router::new().route("/audit", get(list)).route("/audit/export", get(export))
}

async fn list(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Filter(filter): Filter<AuditFilter>,
) -> Answer<Page<AuditEntry>> {
    Ok(Json(state.deck.audit(&caller, filter).await?))
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Jsonl,
    Csv,
}

#[derive(Deserialize)]
struct ExportFilter {
    #[serde(default)]
    format: Format,
}

/// Oldest first, as a stream. Cut short it has no last line end, and the receiver sees a broken transfer.
async fn export(
    State(state): State<AppState>,
    SignedIn(caller): SignedIn,
    Filter(ExportFilter { format }): Filter<ExportFilter>,
    Filter(filter): Filter<AuditFilter>,
) -> Result<Response, Failure> {
    app::port::check(Some(&caller), Permission::View)?;
    let (kind, name, head) = match format {
        Format::Jsonl => ("application/jsonl", "audit.jsonl", ""),
        Format::Csv => ("text/csv; charset=utf-8", "audit.csv", "seq,at,actor,action,subject,detail,hash\r\n"),
    };
    let head = futures::stream::iter([Ok(head.to_owned())]);
    let rows = record::export(state.pool, filter).and_then(move |entry| async move {
        match format {
            Format::Jsonl => {
                serde_json::to_string(&entry).map(|line| line + "\n").map_err(|e| sqlx::Error::Encode(e.into()))
            }
            Format::Csv => Ok(csv(&entry)),
        }
    });
    let headers = [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    Ok((headers, Body::from_stream(futures::StreamExt::chain(head, rows))).into_response())
}

fn csv(entry: &AuditEntry) -> String {
    let fields = [
        entry.seq.to_string(),
        entry.at.to_string(),
        entry.actor.clone(),
        entry.action.clone(),
        entry.subject.clone(),
        entry.detail.to_string(),
        entry.hash.clone(),
    ];
    let mut line = String::new();
    for (n, field) in fields.iter().enumerate() {
        let comma = if n == 0 { "" } else { "," };
        // Writing into a String cannot fail.
        let _ = write!(line, "{comma}{}", quoted(field));
    }
    line + "\r\n"
}

/// A field; one that a spreadsheet would take for a formula gets an apostrophe, as OWASP advises.
fn quoted(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_fields_are_quoted_and_no_formula() {
        assert_eq!(quoted("a\"b,c"), "\"a\"\"b,c\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
    }
}
