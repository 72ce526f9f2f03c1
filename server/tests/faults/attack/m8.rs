//! M8: a client that was in a campaign left NIM, and every refresh of its master answered 500.

use super::labs::nim1;
use crate::program::Program;
use crate::rest::until;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, Row};

#[tokio::test(flavor = "multi_thread")]
async fn m8_a_client_of_a_campaign_may_leave_nim() {
    let program = Program::start(2000).await;
    let rest = &program.rest;
    rest.post("/groups", &json!({ "name": "db", "max_running": 1, "clients": ["lpar72"] })).await.ok();
    let template = json!({
        "lpp_source": "lpp_7300_03_01", "spot": "spot_7300_03_01", "cache_vg": "nimadmvg", "accept_licenses": true,
        "acknowledge_warnings": true,
    });
    let body = json!({ "name": "to 7.3", "template": template, "csv": "lpar71 hdisk1\nlpar72", "wave_size": 1 });
    let campaign = format!("/campaigns/{}", rest.post("/campaigns", &body).await.ok()["id"].as_str().unwrap());
    until("the canary", || async { (rest.get(&campaign).await.ok()["state"] == "awaiting_approval").then_some(()) })
        .await;
    // One has a migration, the other waits in the campaign and is in a group.
    let master = format!("/masters/{}", nim1(&program).await["id"].as_str().unwrap());
    program.on_master("nim -o remove lpar71; nim -o remove lpar72", b"");
    for _ in 0..2 {
        let read = rest.post(&format!("{master}/refresh"), &Value::Null).await.ok();
        assert_eq!((&read["clients"], &read["missing_clients"]), (&json!(2), &json!(2)), "{read}");
    }
    let members = rest.get(&campaign).await.ok()["members"].clone();
    assert_eq!(members.as_array().unwrap().len(), 2);
    assert!(members.as_array().unwrap().iter().all(|member| member["missing_since"].is_string()), "{members}");
    assert_eq!(rest.get("/groups").await.ok()["items"][0]["clients"], json!(["lpar72"]));
    assert_eq!(rest.get("/migrations?client=lpar71").await.ok()["items"].as_array().unwrap().len(), 1);

    // The campaign goes on and says why the second one is not launched.
    rest.post(&format!("{campaign}/approve"), &json!({})).await.ok();
    let refused = until("the second is refused", || async {
        let members = rest.get(&campaign).await.ok()["members"].clone();
        (members[1]["standing"] == "refused").then(|| members[1].clone())
    })
    .await;
    assert!(refused["refused"].as_str().unwrap().contains("missing"), "{refused}");

    // A master with history stays, and says what keeps it.
    let problem = rest.send(rest.request(reqwest::Method::DELETE, &master)).await.refused(409, "ND0304");
    for word in ["migrations", "campaigns", "groups"] {
        assert!(problem["detail"].as_str().unwrap().contains(word), "{word}: {problem}");
    }
    assert_eq!(rest.clients().await.len(), 4);
    program.record_is_whole().await;
}

/// Whatever points at a client or a master is listed here with what a deletion does to it: history refuses it (`NO ACTION`), and what is
/// only known of a master goes with it (`CASCADE`). Whoever adds a table decides which, and counts history in `store::master::ties`.
#[tokio::test(flavor = "multi_thread")]
async fn m8_history_keeps_clients_and_masters() {
    const KEYS: &[(&str, &str, &str)] = &[
        ("blackout.master_id", "master", "CASCADE"),
        ("cache_vg.master_id", "master", "CASCADE"),
        ("campaign_member.client_id", "client", "NO ACTION"),
        ("client.master_id", "master", "CASCADE"),
        ("imported_log.master_id", "master", "NO ACTION"),
        ("migration.client_id", "client", "NO ACTION"),
        ("migration.master_id", "master", "NO ACTION"),
        ("nim_resource.master_id", "master", "CASCADE"),
        ("nim_turn.master_id", "master", "CASCADE"),
    ];
    let program = Program::start(2000).await;
    let options = server::postgres::PrivatePostgres::options_of(program.data()).await.unwrap();
    let mut database = PgConnection::connect_with(&options).await.unwrap();
    let query = "SELECT k.table_name || '.' || k.column_name AS key, u.table_name AS to, r.delete_rule AS rule
                 FROM information_schema.referential_constraints r
                 JOIN information_schema.key_column_usage k USING (constraint_name)
                 JOIN information_schema.constraint_column_usage u USING (constraint_name)
                 WHERE u.table_name IN ('client', 'master') ORDER BY 1";
    let rows = sqlx::query(query).fetch_all(&mut database).await.unwrap();
    let text = |row: &sqlx::postgres::PgRow, column: &str| row.get::<String, _>(column);
    let found: Vec<_> = rows.iter().map(|row| (text(row, "key"), text(row, "to"), text(row, "rule"))).collect();
    let found: Vec<_> = found.iter().map(|(key, to, rule)| (key.as_str(), to.as_str(), rule.as_str())).collect();
    assert_eq!(found, KEYS);
}
