//! M9: a password typed as a user name stayed in the record, where every viewer could read it.

use super::from::{sign_in, stranger};
use crate::program::Program;
use std::time::Duration;

/// Passwords that could be names, and passwords that could not.
const TYPED: [&str; 4] = ["hunter2-from-jane", "Correct.Horse-Battery", "pass word ü 7!", "0123456789"];

#[tokio::test(flavor = "multi_thread")]
async fn m9_a_password_typed_as_user_name_is_recorded_nowhere() {
    let program = Program::start(1).await;
    let jane = program.person("jane", "viewer").await;
    let to = program.address();
    for (number, typed) in TYPED.iter().enumerate() {
        assert_eq!(sign_in(stranger(1 + number), to, typed, "x").await.answer.status, 401);
        let form = format!("username={}&password=x", typed.replace(' ', "+"));
        let page = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let page = page.post(format!("http://{to}/sign-in")).timeout(Duration::from_secs(60));
        let page = page.header("content-type", "application/x-www-form-urlencoded").body(form).send().await.unwrap();
        assert_eq!(page.status(), 303);
    }
    let record = jane.get("/audit?limit=500").await.ok().to_string();
    let refused = record.matches("session.refuse").count();
    assert!(refused >= 2 * TYPED.len(), "{refused} refusals are on record");
    let log = program.log();
    for typed in TYPED {
        // Names are compared in lower case.
        for (place, text) in [("the record", &record), ("the log", &log)] {
            assert!(!text.to_lowercase().contains(&typed.to_lowercase()), "{typed:?} is in {place}");
        }
    }
    // A wrong password of somebody who exists is recorded with the name: it says whose password was guessed at.
    sign_in(stranger(9), to, "jane", "wrong").await;
    let record = jane.get("/audit?limit=1").await.ok();
    assert_eq!(record["items"][0]["subject"], "user:jane", "{record}");
}
