//! M3: a browser that leaves halved the cutover of a wave. Acts of many are orders in the database.

use crate::program::Program;
use crate::rest::{Rest, until};
use rand::RngExt;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::time::Duration;

/// A campaign that is done, with this many clones that wait for their cutover; their hosts are not asked. Its id.
async fn ready_clones(database: &PgPool, many: i32) -> String {
    let template = json!({ "lpp_source": "lpp_7300_03_01", "spot": "spot_7300_03_01", "cache_vg": "nimadmvg" });
    let request =
        json!({ "client": "x", "lpp_source": "lpp_7300_03_01", "spot": "spot_7300_03_01", "target_disks": ["hdisk1"] });
    let look = json!({ "at": "2026-11-24T20:00:00Z", "level": null, "oslevel": "", "disks": [], "lspv": "", "boot": [],
        "bootlist": "", "boot_disk": null, "rootvg": "", "uptime": "" });
    let mut tx = database.acquire().await.unwrap();
    let id: uuid::Uuid = sqlx::query_scalar(
        "INSERT INTO campaign (id, name, state, template, go_on, stop, requested_by)
         VALUES (gen_random_uuid(), 'many', 'done', $1, '\"approval\"', '\"never\"', 'admin') RETURNING id",
    )
    .bind(template)
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    sqlx::query(
        "WITH c AS (INSERT INTO client (id, master_id, name)
                    SELECT gen_random_uuid(), m.id, 'node' || n FROM (SELECT id FROM master LIMIT 1) m, generate_series(1, $2) n
                    RETURNING id, master_id, substr(name, 5)::integer AS n),
              g AS (INSERT INTO migration (id, client_id, master_id, state, request, command, requested_by, before, target_pvids, watched_at)
                    SELECT gen_random_uuid(), id, master_id, 'clone_ready', $3, 'nimadm', 'admin', $4, '{00f9c87a12345679}', now() + interval '1 day'
                    FROM c RETURNING id, client_id),
              a AS (INSERT INTO attempt (migration_id, number) SELECT id, 1 FROM g)
         INSERT INTO campaign_member (campaign_id, client_id, position, wave, state, migration_id)
         SELECT $1, c.id, c.n, 1, 'launched', g.id FROM c JOIN g ON g.client_id = c.id",
    )
    .bind(id)
    .bind(many)
    .bind(request)
    .bind(look)
    .execute(&mut *tx)
    .await
    .unwrap();
    id.to_string()
}

async fn planned(database: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM migration WHERE cutover_at IS NOT NULL").fetch_one(database).await.unwrap()
}

async fn recorded(rest: &Rest, campaign: &str) -> usize {
    let rows = rest.get(&format!("/audit?subject=campaign:{campaign}&action=campaign.act")).await.ok();
    rows["items"].as_array().unwrap().len()
}

fn later() -> Value {
    json!({ "reason": "CHG-3", "not_before": "2099-01-01T00:00:00Z" })
}

/// Every member or none, at whatever moment the browser leaves.
#[tokio::test(flavor = "multi_thread")]
async fn m3_a_browser_that_leaves_halves_no_cutover() {
    let program = Program::start(3000).await;
    let (rest, database) = (&program.rest, &program.database().await);
    let many = 60;
    for _ in 0..6 {
        sqlx::query("TRUNCATE campaign CASCADE").execute(database).await.unwrap();
        sqlx::query("TRUNCATE attempt, phase, migration CASCADE").execute(database).await.unwrap();
        sqlx::query("DELETE FROM client WHERE name LIKE 'node%'").execute(database).await.unwrap();
        let campaign = ready_clones(database, many).await;
        let path = format!("/campaigns/{campaign}/cutover");
        let patience = Duration::from_millis(rand::rng().random_range(5..80));
        let request = rest.request(reqwest::Method::POST, &path).json(&later());
        _ = tokio::time::timeout(patience, request.send()).await;
        // The server may still be working on the request.
        rest.get(&format!("/campaigns/{campaign}")).await.ok();
        let stored = until("the request is stored, or was dropped before", || async {
            let stored = recorded(rest, &campaign).await;
            (stored == 1 || planned(database).await == 0).then_some(stored)
        })
        .await;
        if stored == 0 {
            continue;
        }
        until("every member is acted on", || async { (planned(database).await == i64::from(many)).then_some(()) })
            .await;
        let acts = rest.get("/audit?action=migration.cutover&limit=500").await.ok();
        let subjects: std::collections::HashSet<&str> =
            acts["items"].as_array().unwrap().iter().map(|row| row["subject"].as_str().unwrap()).collect();
        assert_eq!(subjects.len(), acts["items"].as_array().unwrap().len(), "a member was acted on twice");
    }
    program.record_is_whole().await;
}

/// The server is killed as soon as it has answered. Another one continues, and every member is acted on once.
#[tokio::test(flavor = "multi_thread")]
async fn m3_an_order_outlives_its_server() {
    let mut program = Program::start(3000).await;
    let database = program.database().await;
    let many = 300;
    let campaign = ready_clones(&database, many).await;
    let path = format!("/campaigns/{campaign}");
    let answer = program.rest.post(&format!("{path}/cutover"), &later()).await.ok();
    program.kill().await;
    let order = answer["orders"][0].clone();
    assert_eq!(
        (&order["action"], &order["asked_by"], &order["members"]),
        (&json!("cutover"), &json!("admin"), &json!(many))
    );
    program.start_again().await;
    let rest = &program.rest;
    let done = until("the order is carried out", || async {
        let campaign = rest.get(&path).await.ok();
        (campaign["orders"][0]["pending"] == 0).then_some(campaign)
    })
    .await;
    assert_eq!(done["orders"][0]["done"], many, "{}", done["orders"]);
    assert_eq!(planned(&database).await, i64::from(many));
    let twice: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT subject FROM audit WHERE action = 'migration.cutover' GROUP BY subject HAVING count(*) > 1) t",
    )
    .fetch_one(&database)
    .await
    .unwrap();
    assert_eq!(twice, 0, "a member was acted on twice");
    program.record_is_whole().await;
}

/// The right of the person who gave the order is that of the moment in which a member is acted on; a member that moved on is left alone.
#[tokio::test(flavor = "multi_thread")]
async fn m3_the_right_is_judged_again_for_each_member() {
    let mut program = Program::start(3000).await;
    program.person("jane", "operator").await;
    let database = program.database().await;
    let campaign = ready_clones(&database, 3).await;
    program.kill().await;
    // As a server has left it that was killed right after jane's order; she lost her role since.
    sqlx::raw_sql(
        "INSERT INTO campaign_order (id, campaign_id, action, asked_by, asked_role, not_before)
             SELECT gen_random_uuid(), id, 'cutover', 'jane', 'approver', '2099-01-01' FROM campaign;
         INSERT INTO campaign_order_member (order_id, migration_id, position)
             SELECT o.id, m.migration_id, m.position FROM campaign_order o JOIN campaign_member m USING (campaign_id);
         UPDATE migration SET state = 'cancelling' WHERE client_id = (SELECT id FROM client WHERE name = 'node1');
         UPDATE migration SET state = 'cancelled' WHERE state = 'cancelling'",
    )
    .execute(&database)
    .await
    .unwrap();
    program.start_again().await;
    let order = until("the order comes to its end", || async {
        let campaign = program.rest.get(&format!("/campaigns/{campaign}")).await.ok();
        (campaign["orders"][0]["pending"] == 0).then(|| campaign["orders"][0].clone())
    })
    .await;
    assert_eq!((&order["done"], &order["refused"]), (&json!(0), &json!(3)), "{order}");
    assert!(order["not_done"].to_string().contains("jane is operator"), "{order}");
    assert_eq!(planned(&database).await, 0);

    // Given by somebody who may, the two that are ready are planned.
    let admin = program.rest.post(&format!("/campaigns/{campaign}/cutover"), &later()).await.ok();
    assert_eq!(admin["orders"][0]["members"], 2, "{admin}");
    until("both are planned", || async { (planned(&database).await == 2).then_some(()) }).await;
    program.record_is_whole().await;
}
