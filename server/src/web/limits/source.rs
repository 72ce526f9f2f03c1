//! Where a request comes from.
//!
//! Behind a proxy every connection comes from the proxy, and what the client's address is stands in a header that anybody
//! can write. So the header counts only where the connection comes from a proxy that the settings name, and only as
//! far as such proxies wrote it: it is read from the right, and the first address that is no trusted proxy is the client.

use super::Limits;
use crate::web::state::AppState;
use axum::{
    extract::{ConnectInfo, Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, header::FORWARDED};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Proxies one after the other that are followed at most.
const MOST_HOPS: usize = 32;

/// What limits count by: an IPv4 address, or the /64 of an IPv6 address. One IPv6 host has a whole /64 to itself, so counting
/// its addresses would count nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
            address => address,
        })
    }
}

/// The address of the client that sent a request; an extension of every request.
#[derive(Debug, Clone, Copy)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// What limits count it by.
    #[must_use]
    pub fn source(self) -> Source {
        self.0.into()
    }
}

/// The proxies whose headers are believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

/// Text that names no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither an address nor a network in CIDR form, as in 10.0.0.0/8")]
pub struct NoNetwork(String);

impl TrustedProxies {
    /// Reads addresses and networks.
    ///
    /// # Errors
    /// The first one that is neither.
    pub fn read<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, NoNetwork> {
        let read = |text: &str| {
            let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            network.map_err(|_| NoNetwork(text.to_owned()))
        };
        texts.into_iter().map(|text| read(text.trim())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a connection from there is one of a trusted proxy.
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The client behind a connection from `peer`.
    ///
    /// Where `Forwarded` and `X-Forwarded-For` disagree, the client wrote one of them itself and its proxy passed it on. Which
    /// one is not known, so neither is believed, and the proxy stands for its client.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trust(peer) {
            return peer;
        }
        let forwarded = self.walk(peer, lines(headers, &FORWARDED).map(forwarded_for));
        let x_forwarded = self.walk(peer, lines(headers, &X_FORWARDED_FOR).map(Some));
        match (forwarded, x_forwarded) {
            (Some(one), Some(other)) if one == other => one,
            (Some(_), Some(_)) | (None, None) => peer,
            (Some(client), None) | (None, Some(client)) => client,
        }
    }

    /// From the right to the first address that is no trusted proxy. What is no address ends the walk: the proxy that wrote it is
    /// the last one known. Nothing where the header is absent.
    fn walk<'a>(&self, peer: IpAddr, hops: impl DoubleEndedIterator<Item = Option<&'a str>>) -> Option<IpAddr> {
        let mut seen = None;
        for hop in hops.rev().take(MOST_HOPS) {
            let Some(address) = hop.and_then(address) else { return Some(seen.unwrap_or(peer)) };
            seen = Some(address);
            if !self.trust(address) {
                break;
            }
        }
        seen
    }
}

/// The comma-separated elements of all lines of a header, in order.
fn lines<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl DoubleEndedIterator<Item = &'a str> {
    let lines: Vec<_> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or("unreadable")).collect();
    lines.into_iter().flat_map(|line| line.split(',').collect::<Vec<_>>()).map(str::trim)
}

/// The value of `for=` in an element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<&str> {
    let pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("for")).map(|(_, value)| value.trim_matches('"'))
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let read = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip()));
    read.ok().map(|address| address.to_canonical())
}

/// What limits count a request by. It was put there by [`find_client`]; without it all count together.
#[must_use]
pub fn source_of(request: &Request) -> Source {
    let client = request.extensions().get::<ClientAddress>();
    client.map_or(Source(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), |client| client.source())
}

/// Puts the [`ClientAddress`] into every request.
pub async fn find_client(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let Limits { trusted_proxies, .. } = &*state.limits;
    let client = trusted_proxies.client(peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), request.headers());
    request.extensions_mut().insert(ClientAddress(client));
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn client(peer: &str, headers: &[(&'static str, &'static str)]) -> String {
        let trusted = TrustedProxies::read(["10.0.0.0/8", "::1", "2001:db8:1::/48"]).unwrap();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        trusted.client(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn m1_only_a_trusted_proxy_says_who_its_client_is() {
        let spoofed = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=198.51.100.7")];
        assert_eq!(client("192.0.2.1", &spoofed), "192.0.2.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "198.51.100.7")]), "198.51.100.7");
        assert_eq!(client("::ffff:10.0.0.1", &[("x-forwarded-for", "::ffff:198.51.100.7")]), "198.51.100.7");
        assert_eq!(client("::1", &[("forwarded", "for=\"[2001:db8::1]:4711\";proto=https")]), "2001:db8::1");
        assert_eq!(client("10.0.0.1", &[("forwarded", "proto=http;For=198.51.100.7:99")]), "198.51.100.7");
    }

    #[test]
    fn m1_what_a_client_wrote_itself_is_to_the_left_and_does_not_count() {
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "1.1.1.1, 198.51.100.7, 10.0.0.2")]), "198.51.100.7");
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.7, 2001:db8:1::5")];
        assert_eq!(client("10.0.0.1", &lines), "198.51.100.7");
        for nobody in ["unknown", "1.1.1.1, _hidden", "198.51.100.7, ", "1.1.1.1, x"] {
            let text: &'static str = nobody;
            assert_eq!(client("10.0.0.1", &[("x-forwarded-for", text)]), "10.0.0.1", "{text}");
        }
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "unknown, 10.0.0.2")]), "10.0.0.2");
        assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "10.0.0.3, 10.0.0.2")]), "10.0.0.3");
        let two = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=1.1.1.1")];
        assert_eq!(client("10.0.0.1", &two), "10.0.0.1");
        let same = [("x-forwarded-for", "198.51.100.7"), ("forwarded", "for=198.51.100.7")];
        assert_eq!(client("10.0.0.1", &same), "198.51.100.7");
    }

    #[test]
    fn one_ipv6_host_is_one_source() {
        let source = |text: &str| Source::from(text.parse::<IpAddr>().unwrap());
        assert_eq!(source("2001:db8::1"), source("2001:db8::ffff:1"));
        assert_ne!(source("2001:db8::1"), source("2001:db8:0:1::1"));
        assert_eq!(source("::ffff:192.0.2.1"), source("192.0.2.1"));
        assert_ne!(source("192.0.2.1"), source("192.0.2.2"));
    }

    #[test]
    fn networks() {
        assert!(TrustedProxies::read(["10.0.0.0/33"]).is_err());
        assert!(TrustedProxies::read(["proxy.example"]).is_err());
        assert!(TrustedProxies::read([" 10.0.0.1"]).unwrap().trust("10.0.0.1".parse().unwrap()));
    }
}
