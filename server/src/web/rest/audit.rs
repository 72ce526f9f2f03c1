//! `/audit`: the record, in pages and whole.

use super::{Answer, AppState, Failure};
use crate::error::database;
use crate::store::audit as record;
use crate::web::extract::{Filter, SignedIn};
use app::model::{AuditEntry, AuditFilter, Page, Permission, Problem};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::json;
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

/// Oldest first, as a stream. The first rows are read before the answer begins, so that what cannot be read at all is an
/// error and no short record. Where a later row cannot be read, the last line says so and the transfer breaks off: a proxy
/// that speaks HTTP/1.0 would take the broken transfer for a whole one.
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
    let mut rows = record::export(state.pool, filter);
    let first = rows.try_next().await.map_err(|error| database(&error))?;
    let head = stream::iter([Ok(head.to_owned())]);
    let lines = stream::iter(first.map(Ok)).chain(rows).and_then(move |entry| async move {
        match format {
            Format::Jsonl => {
                serde_json::to_string(&entry).map(|line| line + "\n").map_err(|e| sqlx::Error::Encode(e.into()))
            }
            Format::Csv => Ok(csv(&entry)),
        }
    });
    let headers = [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    Ok((headers, Body::from_stream(head.chain(marked(lines, format)))).into_response())
}

/// The lines; before an error a line that says it.
fn marked(
    lines: impl Stream<Item = Result<String, sqlx::Error>> + Send + 'static,
    format: Format,
) -> impl Stream<Item = Result<String, sqlx::Error>> + Send + 'static {
    lines.flat_map(move |line| {
        let error = match line {
            Ok(line) => return stream::iter([Ok(line)]).left_stream(),
            Err(error) => error,
        };
        let Problem { code, detail, .. } = database(&error);
        let last = match format {
            Format::Jsonl => json!({ "incomplete": true, "code": code, "detail": detail }).to_string() + "\n",
            Format::Csv => format!("\"incomplete\",{},{}\r\n", quoted(&code), quoted(&detail)),
        };
        // The line is sent before the connection is closed over the error.
        let broken = stream::once(async move {
            tokio::task::yield_now().await;
            Err(error)
        });
        stream::iter([Ok(last)]).chain(broken).right_stream()
    })
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

    #[tokio::test]
    async fn low_an_export_that_breaks_off_does_not_look_complete() {
        let rows = || stream::iter([Ok("one\n".to_owned()), Err(sqlx::Error::PoolTimedOut)]);
        for (format, says) in [(Format::Jsonl, "{\"code\":\"ND0002\""), (Format::Csv, "\"incomplete\",\"ND0002\"")] {
            let lines: Vec<_> = marked(rows(), format).collect().await;
            assert!(
                matches!(&lines[..], [Ok(one), Ok(last), Err(_)] if one == "one\n" && last.starts_with(says)),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn csv_fields_are_quoted_and_no_formula() {
        assert_eq!(quoted("a\"b,c"), "\"a\"\"b,c\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
    }
}
