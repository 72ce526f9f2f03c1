//! Low: a password reset kept tokens, tokens could not be listed, and the last administrator could be shut out without a word.

use crate::program::{Program, nimdeck};
use crate::support::PASSWORD;
use std::process::Stdio;
use tokio::io::AsyncWriteExt;

/// Runs `nimdeck user …`: whether it did it, and what it said.
async fn user(program: &Program, arguments: &[&str]) -> (bool, String) {
    let mut command = nimdeck();
    command.arg("user").args(arguments).arg("--data-dir").arg(program.data()).current_dir(program.data());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    _ = child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).await;
    let output = child.wait_with_output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}

async fn status(program: &Program, token: &str) -> u16 {
    let url = format!("http://{}/api/v1/session", program.address());
    reqwest::Client::new().get(url).bearer_auth(token).send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn low_a_password_reset_ends_tokens_and_sessions() {
    let program = Program::start(3000).await;
    let jane = program.person("jane", "approver").await;
    let token = program.token("jane").await;
    assert_eq!((status(&program, &token).await, jane.get("/session").await.status), (200, 200));

    let (done, said) = user(&program, &["password", "jane", "--password-stdin"]).await;
    assert!(done && said.contains("1 session") && said.contains("1 token"), "{said}");
    assert_eq!((status(&program, &token).await, jane.get("/session").await.status), (401, 401));
    let rows = program.rest.get("/audit?action=user.password").await.ok();
    let detail = &rows["items"][0]["detail"];
    assert_eq!((&detail["sessions"], &detail["tokens"]), (&1.into(), &1.into()), "{rows}");
    let (_, listed) = user(&program, &["token", "list"]).await;
    assert!(!listed.contains("jane"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn low_tokens_are_listed_and_revoked() {
    let program = Program::start(3000).await;
    program.person("jane", "approver").await;
    let token = program.token("jane").await;
    user(&program, &["token", "jane", "--name", "ci"]).await;
    assert_eq!(status(&program, &token).await, 200);
    let (_, listed) = user(&program, &["token", "list", "jane"]).await;
    assert!(listed.contains("default") && listed.contains("ci") && listed.contains("jane"), "{listed}");
    assert!(!listed.contains("nd_") && !listed.contains(&token), "{listed}");
    assert!(listed.contains("never used") && listed.contains("last used"), "{listed}");

    let (done, said) = user(&program, &["token", "revoke", "jane", "--name", "ci"]).await;
    assert!(done, "{said}");
    let (again, _) = user(&program, &["token", "revoke", "jane", "--name", "ci"]).await;
    assert!(!again, "it was revoked already");
}

#[tokio::test(flavor = "multi_thread")]
async fn low_the_last_administrator_is_not_shut_out_without_a_word() {
    let program = Program::start(3000).await;
    for arguments in [&["disable", "admin"][..], &["role", "admin", "approver"]] {
        let (done, said) = user(&program, arguments).await;
        assert!(!done && said.contains("last administrator") && said.contains("--force"), "{arguments:?}: {said}");
    }
    assert_eq!(program.rest.get("/session").await.ok()["role"], "admin");
    // With a second one, the first may go; then the second is the last.
    program.person("jane", "admin").await;
    assert!(user(&program, &["disable", "admin"]).await.0);
    assert!(!user(&program, &["role", "jane", "viewer"]).await.0);
    assert!(user(&program, &["disable", "admin", "--undo"]).await.0);
    assert!(user(&program, &["role", "jane", "viewer"]).await.0);
    let (done, said) = user(&program, &["disable", "admin", "--force"]).await;
    assert!(done && said.contains("no administrator"), "{said}");
    program.record_is_whole().await;
}

/// What the application's connection may do to the machine: nothing.
#[tokio::test(flavor = "multi_thread")]
async fn low_the_applications_role_is_no_superuser() {
    let program = Program::start(3000).await;
    let database = program.database().await;
    let mut connection = database.acquire().await.unwrap();
    let (role, superuser, creates): (String, bool, bool) = sqlx::query_as(
        "SELECT rolname::text, rolsuper, rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls FROM pg_roles WHERE rolname = current_user",
    )
    .fetch_one(&mut *connection)
    .await
    .unwrap();
    assert_eq!((role.as_str(), superuser, creates), ("nimdeck", false, false));
    for refused in
        ["COPY (SELECT 1) TO PROGRAM 'true'", "SET session_replication_role = replica", "CREATE ROLE other SUPERUSER"]
    {
        let error = sqlx::query(refused).execute(&mut *connection).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().code().as_deref(), Some("42501"), "{refused}: {error}");
    }
}
