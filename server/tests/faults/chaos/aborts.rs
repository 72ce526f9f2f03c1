//! Requests that are dropped: a hundred a second, each at a random moment, at any server, beside all other faults. And people whose
//! sign-ins are answered: what was acknowledged to them must still be there at the end.

use super::Told;
use crate::attack::aborts::abort;
use crate::fleet::Fleet;
use crate::rest::Rest;
use crate::support::PASSWORD;
use futures::future::join_all;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::json;
use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::Duration;

/// Senders; each sends one request after the other.
const SENDERS: u64 = 4;
/// Between two requests of one sender: all of them together send a hundred a second.
const PAUSE: Duration = Duration::from_millis(37);
/// Longest wait before the sender leaves, in microseconds.
const PATIENCE: u64 = 25_000;
/// Between two sign-ins that wait for their answer.
const SIGN_IN: Duration = Duration::from_secs(2);
/// Who sends what is dropped, and who is answered: brakes on guessing must not make one wait for the other.
const HASTY: &str = "hasty";
const PATIENT: &str = "patient";

pub(super) struct Aborts {
    nodes: Vec<SocketAddr>,
    admin: Rest,
    seed: u64,
    token: String,
    /// Signed in, as they were told.
    pub(super) signed_in: RefCell<Vec<Rest>>,
}

impl Aborts {
    pub(super) async fn new(fleet: &Fleet, seed: u64) -> Self {
        for name in [HASTY, PATIENT] {
            fleet.add_user(name, "viewer").await;
        }
        Self {
            nodes: fleet.nodes.iter().map(|node| node.address).collect(),
            admin: fleet.rest.clone(),
            seed,
            token: fleet.token(HASTY).await,
            signed_in: RefCell::default(),
        }
    }

    /// Until no other fault is left; how many were sent.
    pub(super) async fn suffer(&self, told: &Told) -> usize {
        let senders = join_all((0..SENDERS).map(|sender| self.send(sender, told)));
        let (sent, ()) = tokio::join!(senders, self.sign_in(told));
        sent.into_iter().sum()
    }

    async fn send(&self, sender: u64, told: &Told) -> usize {
        let mut random = StdRng::seed_from_u64(self.seed.wrapping_mul(16).wrapping_add(sender));
        let mut sent = 0;
        while !told.healed.get() {
            let to = *self.nodes.choose(&mut random).unwrap();
            let (head, body) = self.request(&mut random).await;
            let patience = Duration::from_micros(random.random_range(200..PATIENCE));
            abort(to, &head, &body, patience).await;
            sent += 1;
            tokio::time::sleep(PAUSE.saturating_sub(patience)).await;
        }
        sent
    }

    /// Everything that a viewer may ask for, and a sign-in.
    async fn request(&self, random: &mut StdRng) -> (String, String) {
        let by = |method: &str, path: &str| {
            format!(
                "{method} /api/v1{path} HTTP/1.1\r\nAuthorization: Bearer {}\r\nContent-Type: application/json",
                self.token
            )
        };
        match random.random_range(0..6) {
            0 => {
                let body = json!({ "username": HASTY, "password": PASSWORD }).to_string();
                ("POST /api/v1/session HTTP/1.1\r\nContent-Type: application/json".to_owned(), body)
            }
            1 => (by("DELETE", "/session"), String::new()),
            2 => (by("GET", "/events?topics=fleet"), String::new()),
            3 => (by("POST", "/explain"), "hdisk0 00f9c87a12345678 rootvg active\n".repeat(50)),
            4 => (by("GET", "/migrations"), String::new()),
            _ => (by("GET", "/clients?limit=50"), String::new()),
        }
    }

    async fn sign_in(&self, told: &Told) {
        let mut random = StdRng::seed_from_u64(self.seed.wrapping_mul(16).wrapping_add(15));
        while !told.healed.get() {
            let at = self.admin.at(*self.nodes.choose(&mut random).unwrap());
            // A server that is away, or that says "too many", has acknowledged nothing.
            if let Some(signed_in) = at.try_sign_in(PATIENT).await {
                self.signed_in.borrow_mut().push(signed_in);
            }
            super::pass(SIGN_IN).await;
        }
    }

    /// Every sign-in that was answered with success holds, at whichever server is asked; how many they are.
    pub(super) async fn every_sign_in_holds(self) -> usize {
        let all = self.signed_in.into_inner();
        for (number, person) in all.iter().enumerate() {
            let answer = person.at(self.nodes[number % self.nodes.len()]).get("/session").await;
            assert_eq!(answer.status, 200, "sign-in {number} of {} is lost: {answer:?}", all.len());
        }
        all.len()
    }
}
