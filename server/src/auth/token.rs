//! API tokens: `nd_` and 256 random bits. Shown once, stored as SHA-256.

use crate::settings::Secret;
use sha2::{Digest, Sha256};

const PREFIX: &str = "nd_";

/// A new token.
#[must_use]
pub fn generate() -> Secret {
    let bytes: [u8; 32] = rand::random();
    Secret::new(format!("{PREFIX}{}", crate::store::hex(&bytes)))
}

/// What is stored of a token.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// The token in `Authorization: Bearer nd_…`; none where there is no such header, an error where it holds something else.
///
/// # Errors
/// The header is no bearer token of ours.
pub fn from_headers(headers: &http::HeaderMap) -> Result<Option<&str>, NotAToken> {
    let Some(value) = headers.get(http::header::AUTHORIZATION) else { return Ok(None) };
    let token = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token.map(|(_, token)| token.trim()).filter(|token| token.starts_with(PREFIX)).map(Some).ok_or(NotAToken)
}

/// The `Authorization` header holds something else than a token of nimdeck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the Authorization header is not \"Bearer nd_…\"")]
pub struct NotAToken;

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};

    #[test]
    fn header_forms() {
        let read = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", HeaderValue::from_static(value));
            from_headers(&headers).map(|token| token.map(str::to_owned))
        };
        assert_eq!(read("Bearer nd_x"), Ok(Some("nd_x".into())));
        assert_eq!(read("bearer nd_x"), Ok(Some("nd_x".into())));
        for other in ["Bearer x", "Basic nd_x", "nd_x", ""] {
            assert_eq!(read(other), Err(NotAToken), "{other}");
        }
        assert_eq!(from_headers(&HeaderMap::new()), Ok(None));
    }

    #[test]
    fn tokens_differ() {
        assert_ne!(generate(), generate());
        assert_eq!(generate().expose().len(), 67);
    }
}
