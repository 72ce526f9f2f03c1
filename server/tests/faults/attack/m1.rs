//! M1: four hundred sign-in tries at once made a real sign-in wait for 82 s, and behind a proxy people locked each other out.

use super::from::{send, sign_in, sign_in_right, stranger};
use crate::program::Program;
use crate::rest::until;
use crate::support::PASSWORD;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::json;
use std::net::{IpAddr, Ipv4Addr};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));
const TRIES: usize = 400;
/// Hashes that may come before that of a real sign-in.
const BEFORE: usize = 100;

/// Tries for one account from as many addresses, all at once; its owner, who has signed in from here before, comes last.
#[tokio::test(flavor = "multi_thread")]
async fn m1_a_real_sign_in_is_not_behind_400_tries_in_its_name() {
    let program = Program::start(1).await;
    the_owner_comes_last(&program, |number| (stranger(1 + number), "jane".to_owned())).await;
    // Somebody who was never here before waits for seconds, not for minutes.
    until("jane signs in from elsewhere", || async {
        (sign_in_right(stranger(9000), program.address(), "jane").await.answer.status == 200).then_some(())
    })
    .await;
}

/// The same where all tries have names of their own, and come from the address of the owner.
#[tokio::test(flavor = "multi_thread")]
async fn m1_a_real_sign_in_is_not_behind_400_tries_from_its_address() {
    let program = Program::start(1).await;
    the_owner_comes_last(&program, |number| (HERE, format!("nobody{number}"))).await;
}

async fn the_owner_comes_last(program: &Program, who: impl Fn(usize) -> (IpAddr, String)) {
    program.person("jane", "viewer").await;
    let to = program.address();
    let mut tries: FuturesUnordered<_> = (0..TRIES)
        .map(|number| {
            let (from, name) = who(number);
            tokio::spawn(async move { sign_in(from, to, &name, "wrong").await })
        })
        .collect();
    // So all of them are on their way.
    let first = tries.next().await.unwrap().unwrap();
    let owner = tokio::spawn(sign_in_right(HERE, to, "jane"));
    let (mut hashed, mut refused) = (0, 0);
    let mut count = |told: super::from::Told| match told.answer.status {
        401 => hashed += 1,
        _ => {
            assert!(told.is_limit(), "{:?}", told.answer);
            refused += 1;
        }
    };
    count(first);
    while !owner.is_finished()
        && let Some(told) = tries.next().await
    {
        count(told.unwrap());
    }
    assert_eq!(owner.await.unwrap().answer.status, 200, "{refused} tries were refused before");
    while let Some(told) = tries.next().await {
        count(told.unwrap());
    }
    // Were they one after the other in one queue, all 400 would have been.
    assert!(hashed <= BEFORE, "{hashed} of {TRIES} tries were made");
}

/// Guessing in a colleague's name from one address locks out that address, and nobody elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn m1_people_behind_a_trusted_proxy_do_not_lock_each_other_out() {
    let program = Program::start_with(1, &["--trusted-proxies=127.0.0.9"]).await;
    program.person("jane", "viewer").await;
    let url = format!("http://{}/api/v1/session", program.address());
    let tries = async |from: IpAddr, header: &'static str, client: String, password: &str| {
        let body = json!({ "username": "jane", "password": password });
        send(from, |http| http.post(&url).header(header, client).json(&body)).await
    };
    for (header, eve, jane) in [
        ("x-forwarded-for", "198.51.100.7", "198.51.100.8"),
        ("forwarded", "for=198.51.100.9", "proto=https;for=\"198.51.100.10:4711\""),
    ] {
        let mut refused = false;
        for _ in 0..20 {
            refused |= tries(PROXY, header, eve.to_owned(), "wrong").await.is_limit();
        }
        assert!(refused, "{header}");
        assert_eq!(tries(PROXY, header, jane.to_owned(), PASSWORD).await.answer.status, 200, "{header}");
    }
    // Nobody else can say where they come from.
    let mut refused = 0;
    for number in 0..20 {
        let told = tries(stranger(1), "x-forwarded-for", format!("203.0.113.{number}"), "wrong").await;
        refused += usize::from(told.is_limit());
    }
    assert!(refused > 0, "twenty tries from one address that said it was twenty");
}
