//! M14: requests that were dropped before the sign-in took database connections with them, and others got 503.

use super::aborts::abort_from;
use super::from::{send, sign_in_right, stranger};
use crate::program::Program;
use crate::rest::until;
use futures::future::join_all;
use rand::RngExt as _;
use std::time::{Duration, Instant};

const ATTACK: Duration = Duration::from_secs(10);
const PEOPLE: usize = 32;
/// More than the database takes connections from nimdeck.
const STRANGERS: usize = 100;

/// Strangers with made-up cookies, tokens and names hang up, again and again, while people sign in from where they always do, and work.
#[tokio::test(flavor = "multi_thread")]
async fn m14_requests_dropped_before_the_sign_in_cost_others_nothing() {
    let program = Program::start(1).await;
    let jane = program.person("jane", "viewer").await;
    let to = program.address();
    let desk = |number: usize| stranger(65_000 + number);
    for number in 0..PEOPLE {
        assert_eq!(sign_in_right(desk(number), to, "jane").await.answer.status, 200);
    }
    let end = Instant::now() + ATTACK;
    let attackers = (0..16).map(|attacker| async move {
        let mut number = 0;
        while Instant::now() < end {
            number += 1;
            let (head, body) = match number % 3 {
                0 => (format!("GET /api/v1/clients HTTP/1.1\r\nAuthorization: Bearer nd_{number:064x}"), String::new()),
                1 => ("GET / HTTP/1.1\r\nCookie: nimdeck=AAAAAAAAAAAAAAAAAAAAAA".to_owned(), String::new()),
                _ => (
                    "POST /api/v1/session HTTP/1.1\r\nContent-Type: application/json".to_owned(),
                    format!(r#"{{"username":"x{attacker}x{number}","password":"guess"}}"#),
                ),
            };
            let patience = Duration::from_micros(rand::rng().random_range(300..6000));
            abort_from(stranger(1 + attacker * 4000 + number), to, &head, &body, patience).await;
        }
        number
    });
    let people = (0..PEOPLE).map(|number| {
        let jane = &jane;
        async move {
            let (mut pages, mut sign_ins) = (Vec::new(), Vec::new());
            while Instant::now() < end {
                pages.push(jane.get("/clients").await);
                sign_ins.push(sign_in_right(desk(number), to, "jane").await);
            }
            (pages, sign_ins)
        }
    });
    let (aborted, people) = tokio::join!(join_all(attackers), join_all(people));
    let (pages, sign_ins): (Vec<_>, Vec<_>) = people.into_iter().unzip();
    let aborted: usize = aborted.into_iter().sum();
    for page in pages.into_iter().flatten() {
        assert_eq!(page.status, 200, "beside {aborted} dropped requests: {page:?}");
    }
    // On a slow machine some are put off: they sign in all the time. Nobody hears that the database is away.
    let sign_ins: Vec<_> = sign_ins.into_iter().flatten().collect();
    for told in &sign_ins {
        assert!(told.answer.status == 200 || told.is_limit(), "beside {aborted} dropped requests: {:?}", told.answer);
    }
    let let_in = sign_ins.iter().filter(|told| told.answer.status == 200).count();
    assert!(let_in >= PEOPLE / 2, "{let_in} of {} sign-ins beside {aborted} dropped requests", sign_ins.len());
}

/// Strangers ask with made-up tokens, and the database is slow to say that it does not know them. It must go on to serve people.
#[tokio::test(flavor = "multi_thread")]
async fn m14_strangers_do_not_take_the_database_from_people() {
    let program = Program::start(1).await;
    let jane = program.person("jane", "viewer").await;
    let to = program.address();
    let mut slow = program.database().await.acquire().await.unwrap();
    sqlx::raw_sql("BEGIN; LOCK TABLE api_token IN ACCESS EXCLUSIVE MODE").execute(&mut *slow).await.unwrap();
    let strangers: Vec<_> = (0..STRANGERS)
        .map(|number| {
            let token = format!("nd_{number:064x}");
            tokio::spawn(send(stranger(1 + number), move |http| {
                http.get(format!("http://{to}/api/v1/clients")).bearer_auth(token)
            }))
        })
        .collect();
    let asks = "SELECT count(*) FROM pg_locks WHERE relation = 'api_token'::regclass AND NOT granted";
    until("the strangers wait for the database", || async {
        let waiting: i64 = sqlx::query_scalar(asks).fetch_one(&program.database().await).await.unwrap();
        (waiting > 2).then_some(())
    })
    .await;
    for _ in 0..20 {
        jane.get("/clients").await.ok();
    }
    sqlx::raw_sql("ROLLBACK").execute(&mut *slow).await.unwrap();
    for stranger in strangers {
        let told = stranger.await.unwrap();
        assert!(told.answer.status == 401 || told.is_limit(), "{:?}", told.answer);
    }
}
