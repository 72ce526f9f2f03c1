//! M15: `audit verify` said "holds" of a record that was cut off at its end, or emptied.

use crate::program::{Program, nimdeck};
use crate::rest::order;
use serde_json::json;

struct Said {
    code: Option<i32>,
    out: String,
    error: String,
}

async fn verify(program: &Program, more: &[&str]) -> Said {
    let mut command = nimdeck();
    command.args(["audit", "verify"]).args(more).arg("--data-dir").arg(program.data()).current_dir(program.data());
    let output = command.output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { code: output.status.code(), out: text(&output.stdout), error: text(&output.stderr) }
}

/// As the owner of the database can do it, past the program.
async fn past_the_guard(program: &Program, sql: &str) {
    let database = program.database().await;
    let sql = format!("ALTER TABLE audit DISABLE TRIGGER USER; {sql}; ALTER TABLE audit ENABLE TRIGGER USER");
    // Several statements in one simple query are one transaction.
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&database).await.unwrap();
}

/// The last hash that `verify` has printed.
fn head(said: &Said) -> String {
    said.out.split(|c: char| !c.is_ascii_hexdigit()).rfind(|word| word.len() == 64).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_cut_is_seen_without_any_head_that_was_kept() {
    let program = Program::start(3000).await;
    for cut in ["DELETE FROM audit WHERE seq > (SELECT max(seq) - 1 FROM audit)", "DELETE FROM audit"] {
        past_the_guard(&program, cut).await;
        let said = verify(&program, &[]).await;
        assert_eq!(said.code, Some(1), "{cut}: {}", said.out);
        assert!(said.error.starts_with("error[ND0406]"), "{cut}: {}", said.error);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m15_a_head_that_was_kept_proves_that_nothing_was_cut_off() {
    let program = Program::start(3000).await;
    let rest = &program.rest;
    let mut later = order("lpar71");
    later["not_before"] = json!("2099-01-01T00:00:00Z");
    let id = rest.launch(&later).await;
    let first = verify(&program, &[]).await;
    assert_eq!(first.code, Some(0), "{}", first.error);
    let kept = head(&first);
    rest.post(&format!("/migrations/{id}/cancel"), &json!({})).await.ok();
    // A head that was kept holds while the record grows, alone and with its place.
    let count: i64 = first.out.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    for expected in [kept.clone(), format!("{count}:{kept}"), kept.to_uppercase()] {
        let said = verify(&program, &["--expect", &expected]).await;
        assert_eq!(said.code, Some(0), "{expected}: {}", said.error);
    }
    for (wrong, code) in [
        ("", 2),
        ("abc", 2),
        (&*format!("x:{kept}"), 2),
        (&*"0a".repeat(32), 1),
        (&*format!("{}:{kept}", count + 1), 1),
    ] {
        let said = verify(&program, &["--expect", wrong]).await;
        assert_eq!(said.code, Some(code), "{wrong}: {}", said.error);
        assert!(code == 2 || said.error.starts_with("error[ND0406]"), "{}", said.error);
    }

    // Cut off at its end, the counter beside the record tells; with the counter set back as well, the head that was kept does.
    let newest = head(&verify(&program, &[]).await);
    past_the_guard(&program, "DELETE FROM audit WHERE seq > (SELECT max(seq) - 1 FROM audit)").await;
    let said = verify(&program, &[]).await;
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.error.contains("cut off"), "{}", said.error);
    past_the_guard(
        &program,
        "ALTER TABLE audit_head DISABLE TRIGGER USER;
         UPDATE audit_head SET (seq, hash) = (SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1);
         ALTER TABLE audit_head ENABLE TRIGGER USER",
    )
    .await;
    assert_eq!(verify(&program, &[]).await.code, Some(0), "nothing inside the database tells any more");
    let said = verify(&program, &["--expect", &newest]).await;
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.error.contains(&newest), "{}", said.error);
    assert_eq!(verify(&program, &["--expect", &kept]).await.code, Some(0));

    // Emptied.
    past_the_guard(&program, "DELETE FROM audit").await;
    for arguments in [&[][..], &["--expect", &kept]] {
        let said = verify(&program, arguments).await;
        assert_eq!(said.code, Some(1), "{}", said.out);
    }
    // What is written from now on does not heal it.
    rest.launch(&later).await;
    assert_eq!(verify(&program, &[]).await.code, Some(1));
}

/// An operator finds a head to keep in the log of the server.
#[tokio::test(flavor = "multi_thread")]
async fn m15_the_log_tells_the_head() {
    let mut program = Program::start(3000).await;
    program.kill().await;
    program.start_again().await;
    let log = crate::rest::until("the log tells the head", || async {
        let log = std::fs::read_to_string(program.data().join("server.log")).unwrap();
        log.lines().find(|line| line.contains("the head of the record")).map(str::to_owned)
    })
    .await;
    let hash = log.split(|c: char| !c.is_ascii_hexdigit()).find(|word| word.len() == 64).unwrap();
    assert_eq!(verify(&program, &["--expect", hash]).await.code, Some(0));
}
