//! The names this server answers to.
//!
//! A browser lets a page read whatever its own host answers. A hostile page whose name suddenly leads to this machine (DNS
//! rebinding) would be such a page, and what it sends has its own name as `Host`. So a request is answered only where `Host` is a name
//! of this server. A bare IP address is always fine where the server can be reached by one: it cannot be made to lead elsewhere.
//!
//! * The host of `public_url`, and `allowed_hosts`.
//! * `localhost` and loopback addresses.
//! * Where the server listens on more than loopback: every IP address, and this machine's host name, as it is and
//!   below the domains that its resolver searches, so that `http://machine:3000` works in its own network.

use super::problem::{Audience, Failure};
use super::state::AppState;
use crate::error::WRONG_HOST;
use crate::settings::Settings;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{header::HOST, uri::Authority};
use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

/// The names.
#[derive(Debug)]
pub struct Hosts {
    /// In lower case.
    names: HashSet<String>,
    /// The server can be reached from elsewhere.
    beyond_loopback: bool,
}

impl Hosts {
    /// Those of the settings and of this machine, for a server that listens there.
    #[must_use]
    pub fn new(settings: &Settings, listen: SocketAddr) -> Self {
        let beyond_loopback = !listen.ip().to_canonical().is_loopback();
        let mut names: HashSet<String> = settings.allowed_hosts.iter().map(|host| normal(host)).collect();
        names.extend(settings.public_url.as_deref().and_then(|url| host_of(url.split_once("://")?.1)));
        if beyond_loopback {
            let own = rustix::system::uname().nodename().to_string_lossy().into_owned();
            names.extend(names_of_machine(&own, &std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default()));
        }
        Self { names, beyond_loopback }
    }

    fn answer_to(&self, host: &str) -> bool {
        if let Some(address) = address(host) {
            return address.is_loopback() || self.beyond_loopback || self.names.contains(&address.to_string());
        }
        host == "localhost" || host.ends_with(".localhost") || self.names.contains(host)
    }
}

/// `machine`, `machine.local`, and `machine.DOMAIN` for the domains of its resolver.
fn names_of_machine(own: &str, resolver: &str) -> Vec<String> {
    let own = normal(own);
    if own.is_empty() {
        return Vec::new();
    }
    let short = own.split('.').next().unwrap_or(&own);
    let domains =
        resolver.lines().filter_map(|line| line.strip_prefix("search").or_else(|| line.strip_prefix("domain")));
    let domains = domains.flat_map(str::split_whitespace).chain(["local"]);
    let below: Vec<_> = domains.map(|domain| format!("{short}.{}", normal(domain))).collect();
    below.into_iter().chain([short.to_owned(), own.clone()]).collect()
}

fn normal(host: &str) -> String {
    host.trim_end_matches('.').to_ascii_lowercase()
}

fn address(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let address = match bare {
        Some(host) => host.parse::<Ipv6Addr>().map(IpAddr::V6).ok(),
        None => host.parse::<Ipv4Addr>().map(IpAddr::V4).ok(),
    };
    address.map(|address| address.to_canonical())
}

/// The host of `HOST[:PORT]`, in its normal form.
fn host_of(authority: &str) -> Option<String> {
    let authority: Authority = authority.parse().ok()?;
    let plain = !authority.as_str().contains('@') && !authority.host().is_empty();
    plain.then(|| normal(authority.host()))
}

/// The host that a request is for: of its address where it names one, else of its one `Host`.
fn asked(request: &Request) -> Option<String> {
    if let Some(authority) = request.uri().authority() {
        return host_of(authority.as_str());
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    hosts.next().is_none().then(|| host_of(host))?
}

/// Refuses requests for other hosts.
pub async fn check(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let host = asked(&request);
    if host.as_deref().is_some_and(|host| state.hosts.answer_to(host)) {
        return next.run(request).await;
    }
    let audience = Audience::of(request.uri().path());
    tracing::debug!(host, "a request for another host is refused");
    let detail = match host {
        Some(host) => format!(
            "nimdeck does not answer for the host {host}. If people are meant to use this name, add it to the setting \
             allowed_hosts, or set public_url to the address they use; then restart."
        ),
        None => "The request must name one host, in one Host header.".to_owned(),
    };
    Failure(WRONG_HOST.problem(detail)).into_response_for(audience)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(listen: &str) -> Hosts {
        let settings = Settings {
            public_url: Some("https://deck.example".to_owned()),
            allowed_hosts: vec!["Other".to_owned(), "192.0.2.9".to_owned()],
            ..Settings::default()
        };
        Hosts::new(&settings, listen.parse().unwrap())
    }

    fn answers(hosts: &Hosts, host: &str) -> bool {
        host_of(host).is_some_and(|host| hosts.answer_to(&host))
    }

    #[test]
    fn host_is_checked_on_loopback() {
        let hosts = hosts("127.0.0.1:3000");
        for own in [
            "localhost:3000",
            "127.0.0.1:3000",
            "127.9.9.9",
            "[::1]:80",
            "deck.example",
            "DECK.example.:443",
            "other",
            "192.0.2.9:1",
        ] {
            assert!(answers(&hosts, own), "{own}");
        }
        for foreign in [
            "evil.example",
            "localhost.evil.example",
            "192.0.2.1",
            "[2001:db8::1]",
            "",
            "u@localhost",
            "a b",
            "127.0.0.1.evil.example",
        ] {
            assert!(!answers(&hosts, foreign), "{foreign}");
        }
    }

    #[test]
    fn host_is_checked_beyond_loopback() {
        let hosts = hosts("0.0.0.0:3000");
        let own = rustix::system::uname().nodename().to_string_lossy().into_owned();
        for own in ["192.0.2.1:3000", "[2001:db8::1]:3000", "localhost", "deck.example", &own] {
            assert!(answers(&hosts, own), "{own}");
        }
        assert!(!answers(&hosts, "evil.example:3000"));
    }

    #[test]
    fn a_machine_is_known_below_its_domains() {
        let names = names_of_machine("NIM1.corp.example", "nameserver 192.0.2.1\nsearch corp.example lab.example\n");
        for name in ["nim1", "nim1.corp.example", "nim1.lab.example", "nim1.local"] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
        assert!(names_of_machine("", "").is_empty());
    }
}
