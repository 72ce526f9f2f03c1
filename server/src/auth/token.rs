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
    token.map(|(_, token)| token.trim()).filter(|token| is_token(token)).map(Some).ok_or(NotAToken)
}

/// Whether this could be a token: anything else is refused without a question to the database.
fn is_token(text: &str) -> bool {
    text.strip_prefix(PREFIX)
        .is_some_and(|digits| digits.len() == 64 && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
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
        let read = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("authorization", HeaderValue::from_str(value).unwrap());
            from_headers(&headers).map(|token| token.map(str::to_owned))
        };
        let token = generate();
        let token = token.expose();
        assert_eq!(read(&format!("Bearer {token}")), Ok(Some(token.to_owned())));
        assert_eq!(read(&format!("bearer {token}")), Ok(Some(token.to_owned())));
        let junk = [format!("Basic {token}"), token.to_owned(), format!("Bearer {token}0"), token.to_uppercase()];
        for other in ["Bearer x", "Bearer nd_x", "nd_x", ""].into_iter().chain(junk.iter().map(String::as_str)) {
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
