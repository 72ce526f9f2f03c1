//! A cookie identifies a browser that has signed in before, even while others try its user's name.
//!
//! The cookie proves a sign-in of one account with one browser and nothing more: without the password it is worth nothing. It
//! only spares its bearer the brake that strangers get ([`super::rate`]). It names no user. Its key is in the database,
//! so it holds at every server and after a restart.

use http::{HeaderMap, HeaderValue, header::COOKIE};
use ring::hmac;
use std::fmt;
use time::{Duration, OffsetDateTime};
use tower_sessions::cookie::{Cookie, SameSite};

/// Name of the cookie.
pub const NAME: &str = "nimdeck_device";
/// How long a browser is known.
const LASTS: Duration = Duration::days(180);
const ID: usize = 16;
const TIME: usize = 8;
const MAC: usize = 32;

/// A browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Device([u8; ID]);

impl Device {
    #[cfg(test)]
    pub(super) fn for_test(n: u8) -> Self {
        Self([n; ID])
    }
}

/// What the cookies are made with.
#[derive(Clone)]
pub struct DeviceKey(hmac::Key);

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey(…)")
    }
}

impl DeviceKey {
    /// The key made of a secret.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The cookie of a browser that has just signed in as `username`: the header `Set-Cookie`. A browser that is known already stays the
    /// same one.
    #[must_use]
    pub fn cookie(&self, username: &str, device: Option<Device>, secure: bool) -> Option<HeaderValue> {
        let Device(id) = device.unwrap_or_else(|| Device(rand::random()));
        let made = OffsetDateTime::now_utc().unix_timestamp().to_be_bytes();
        let proof = hmac::sign(&self.0, &message(username, &id, &made));
        let value = crate::store::hex(&[&id[..], &made, proof.as_ref()].concat());
        let cookie = Cookie::build((NAME, value)).path("/").http_only(true).same_site(SameSite::Lax).secure(secure);
        HeaderValue::from_str(&cookie.max_age(LASTS).build().to_string()).ok()
    }

    /// The browser that sent these headers, where it has signed in as `username`.
    #[must_use]
    pub fn device(&self, username: &str, headers: &HeaderMap) -> Option<Device> {
        let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
        let value = lines
            .flat_map(|line| line.split(';'))
            .find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))?;
        let bytes = unhex(value).filter(|bytes| bytes.len() == ID + TIME + MAC)?;
        let (id, rest) = bytes.split_first_chunk::<ID>()?;
        let (made, proof) = rest.split_first_chunk::<TIME>()?;
        hmac::verify(&self.0, &message(username, id, made), proof).ok()?;
        let made = OffsetDateTime::from_unix_timestamp(i64::from_be_bytes(*made)).ok()?;
        (OffsetDateTime::now_utc() - made < LASTS).then_some(Device(*id))
    }
}

/// What is proven. The parts before the name have fixed lengths.
fn message(username: &str, id: &[u8; ID], made: &[u8; TIME]) -> Vec<u8> {
    [b"device".as_slice(), id, made, username.as_bytes()].concat()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.bytes().map(|digit| char::from(digit).to_digit(16)).collect::<Option<Vec<_>>>()?;
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair.get(1)?).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().unwrap().split(';').next().unwrap();
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&format!("a=b; {pair}; nimdeck=x")).unwrap())])
    }

    #[test]
    fn a_cookie_is_good_for_its_user_and_server_only() {
        let key = DeviceKey::new(&[1; 32]);
        let cookie = key.cookie("jane", None, true).unwrap();
        for part in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/", "Max-Age="] {
            assert!(cookie.to_str().unwrap().contains(part), "{part}");
        }
        assert!(!cookie.to_str().unwrap().contains("jane"));
        let device = key.device("jane", &sent(&cookie)).unwrap();
        assert_eq!(key.device("jane", &sent(&key.cookie("jane", Some(device), true).unwrap())), Some(device));
        assert_eq!(key.device("joe", &sent(&cookie)), None);
        assert_eq!(DeviceKey::new(&[2; 32]).device("jane", &sent(&cookie)), None);
    }

    #[test]
    fn junk_is_no_cookie() {
        let key = DeviceKey::new(&[1; 32]);
        let junk = ["", "0", "zz", &"0".repeat(112), &"0".repeat(1 << 16), "ä"];
        for text in junk {
            let header = HeaderValue::from_bytes(format!("{NAME}={text}").as_bytes()).unwrap();
            assert_eq!(key.device("jane", &HeaderMap::from_iter([(COOKIE, header)])), None, "{}", text.len());
        }
    }
}
