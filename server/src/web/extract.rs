//! Reading requests: axum's extractors, with refusals that name the field.

use super::problem::Failure;
use crate::error::{BAD_INPUT, BODY_TOO_LARGE, NOT_FOUND};
use app::model::{Caller, Problem};
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::response::IntoResponse;
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

/// Whoever is signed in. Behind the gate there always is somebody.
pub struct SignedIn(pub Caller);

impl<S: Sync> FromRequestParts<S> for SignedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let caller = app::port::check(parts.extensions.get(), app::model::Permission::View)?;
        Ok(Self(caller.clone()))
    }
}

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = bytes(request, state).await?;
        Ok(Self(json(&bytes)?))
    }
}

/// A JSON body that may be left out.
pub struct OptionalBody<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for OptionalBody<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = bytes(request, state).await?;
        Ok(Self(if bytes.trim_ascii().is_empty() { T::default() } else { json(&bytes)? }))
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Failure> {
    Bytes::from_request(request, state).await.map_err(|rejection: BytesRejection| {
        Failure(if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
            BODY_TOO_LARGE.problem("The body of the request is too large.")
        } else {
            BAD_INPUT.problem("The body of the request could not be read to its end. Send it again.")
        })
    })
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
        let Path(value) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| NOT_FOUND.problem(format!("There is nothing at {}.", parts.uri.path())))?;
        Ok(Self(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::model::LaunchRequest;

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
