//! Reading requests: axum's extractors, with refusals that name the field.

use super::limits::body::is_too_slow;
use super::problem::Failure;
use crate::error::{BAD_INPUT, BODY_TOO_LARGE, BODY_TOO_SLOW, NOT_FOUND};
use app::model::{Caller, Problem};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::response::IntoResponse;
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Whoever is signed in. Behind the gate there always is somebody.
pub struct SignedIn(pub Caller);

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let caller = app::port::check(parts.extensions.get(), app::model::Permission::View)?;
        Ok(Self(caller.clone()))
    }
}

/// A JSON body. No text in it has a NUL.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = bytes(request, state).await?;
        no_nul(&bytes)?;
        Ok(Self(json(&bytes)?))
    }
}

/// A JSON body whose texts may be anything. A name at sign-in is wrong, whatever is in it, and nothing else.
pub struct AnyBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for AnyBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = bytes(request, state).await?;
        Ok(Self(json(&bytes)?))
    }
}

/// A JSON body that may be left out. No text in it has a NUL.
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = bytes(request, state).await?;
        no_nul(&bytes)?;
        Ok(Self(if bytes.trim_ascii().is_empty() { T::default() } else { json(&bytes)? }))
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Failure> {
    Bytes::from_request(request, state).await.map_err(|rejection: BytesRejection| {
        Failure(if is_too_slow(&rejection) {
            BODY_TOO_SLOW.problem("The body of the request came too slowly, so nothing was done. Send it again.")
        } else if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
            BODY_TOO_LARGE.problem("The body of the request is too large.")
        } else {
            BAD_INPUT.problem("The body of the request could not be read to its end. Send it again.")
        })
    })
}

/// What is wrong with a text that has a NUL. PostgreSQL keeps none, so no row can be meant by one; and a query that it
/// refuses after the first byte of an answer can only break the answer off.
const NUL: &str = "must not have a NUL character";

/// Refuses a text with a NUL anywhere in a body.
fn no_nul(bytes: &[u8]) -> Result<(), Problem> {
    // Raw it is no JSON, so it can only be written like this; but a backslash before it takes its meaning away.
    if memchr::memmem::find(bytes, b"\\u0000").is_none() {
        return Ok(());
    }
    // The reader of the body reports what is not JSON.
    let value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
    match nul_in(&value, "") {
        Some(field) => Err(BAD_INPUT.field(if field.is_empty() { "body" } else { &field }, NUL)),
        None => Ok(()),
    }
}

/// The path of the first text with a NUL.
fn nul_in(value: &Value, path: &str) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(|| path.to_owned()),
        Value::Array(items) => items.iter().enumerate().find_map(|(n, item)| nul_in(item, &format!("{path}[{n}]"))),
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            let dot = if path.is_empty() { "" } else { "." };
            if name.contains('\0') { Some(path.to_owned()) } else { nul_in(value, &format!("{path}{dot}{name}")) }
        }),
        _ => None,
    }
}

fn json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        let message = without_position(&error.inner().to_string());
        if error.inner().is_data() {
            BAD_INPUT.field(&field_of(&path, &message), message)
        } else {
            BAD_INPUT.problem(format!("The body is not JSON: {}.", error.inner()))
        }
    })?;
    reader.end().map_err(|error| BAD_INPUT.problem(format!("The body is not JSON: {error}.")))?;
    Ok(value)
}

/// serde tells a missing or unknown field by its parent's path and its name in the message.
fn field_of(path: &str, message: &str) -> String {
    let named =
        ["missing field `", "unknown field `"].iter().find_map(|start| message.strip_prefix(start)?.split('`').next());
    match (path, named) {
        (".", Some(name)) => name.to_owned(),
        (path, Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
        (".", None) => "body".to_owned(),
        (path, _) => path.to_owned(),
    }
}

/// `line 1 column 17` means nothing to the reader of a form.
fn without_position(message: &str) -> String {
    message.split_once(" at line ").map_or(message, |(text, _)| text).to_owned()
}

/// The query.
pub struct Filter<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Filter<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            let pairs = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map(|Query(pairs)| pairs);
            let found =
                pairs.unwrap_or_default().into_iter().find(|(name, value)| (name.clone() + value).contains('\0'));
            let field = found.map(|(name, _)| name).filter(|name| !name.contains('\0'));
            return Err(BAD_INPUT.field(field.as_deref().unwrap_or("query"), NUL).into());
        }
        let Query(value) = Query::try_from_uri(&parts.uri).map_err(|rejection| {
            let text = rejection.body_text();
            let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
            match text.split_once(": ") {
                Some((field, message)) => BAD_INPUT.field(field, message),
                None => BAD_INPUT.field(&field_of(".", text), text),
            }
        })?;
        Ok(Self(value))
    }
}

/// The parameters in the path. What does not parse does not exist.
pub struct At<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let nothing = |path: &str| NOT_FOUND.problem(format!("There is nothing at {path}."));
        if parts.uri.path().contains("%00") {
            return Err(nothing(parts.uri.path()).into());
        }
        let Path(value) = Path::from_request_parts(parts, state).await.map_err(|_| nothing(parts.uri.path()))?;
        Ok(Self(value))
    }
}

/// The query of a list that has one page only. A cursor sent to it belongs to another list.
pub struct OnePage;

impl<S: Sync> FromRequestParts<S> for OnePage {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        #[derive(serde::Deserialize)]
        struct Sent {
            cursor: Option<String>,
        }
        let Filter(Sent { cursor }) = Filter::from_request_parts(parts, state).await?;
        match cursor.filter(|cursor| !cursor.trim().is_empty()) {
            Some(_) => Err(Problem::from(crate::store::ListError::Cursor).into()),
            None => Ok(Self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::model::LaunchRequest;

    #[test]
    fn low_a_nul_is_refused_wherever_it_stands() {
        let field = |body: &str| no_nul(body.as_bytes()).map_err(|problem| problem.errors[0].field.clone());
        assert_eq!(field(r#"{"note": "a\u0000b"}"#), Err("note".to_owned()));
        assert_eq!(field(r#"{"a": [{"b": "x"}, {"b": "\u0000"}]}"#), Err("a[1].b".to_owned()));
        assert_eq!(field(r#"{"a": {"\u0000": 1}}"#), Err("a".to_owned()));
        assert_eq!(field(r#""\u0000""#), Err("body".to_owned()));
        for harmless in [r#"{"note": "\\u0000"}"#, r#"{"note": "\u0001"}"#, r#"{"note": "\u0000"#] {
            assert_eq!(field(harmless), Ok(()), "{harmless}");
        }
    }

    fn refusal(body: &str) -> Problem {
        json::<LaunchRequest>(body.as_bytes()).unwrap_err()
    }

    #[test]
    fn refusals_name_the_field() {
        let field = |body| refusal(body).errors.first().map(|error| error.field.clone());
        assert_eq!(field("{}").as_deref(), Some("lpp_source"));
        assert_eq!(field(r#"{"client": 7}"#).as_deref(), Some("client"));
        assert_eq!(field(r#"{"clinet": "x"}"#).as_deref(), Some("clinet"));
        assert_eq!(field(r#"{"client": "a", "lpp_source": "x; rm"}"#).as_deref(), Some("lpp_source"));
        let disks = r#"{"client": "a", "lpp_source": "l", "spot": "s", "target_disks": ["hdisk1", "-rf"]}"#;
        assert_eq!(field(disks).as_deref(), Some("target_disks[1]"));
        assert!(!refusal("{}").detail.contains("line 1"));
    }

    #[test]
    fn what_is_no_json_is_said_to_be_none() {
        for body in ["", "{", "nonsense", "{} {}"] {
            let problem = refusal(body);
            assert_eq!(problem.code, BAD_INPUT.code, "{body}");
        }
    }
}
