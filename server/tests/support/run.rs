//! A migration that a worker holds, without an estate behind it: what log and live streams need.

use app::model::Snapshot;
use server::store::{
    self,
    fence::{self, Fence},
};
use sqlx::PgPool;
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// Stores a migration that is starting, and claims it.
pub(crate) async fn claimed(pool: &PgPool) -> Fence {
    stored(pool, "starting").await;
    claim(pool, Duration::from_secs(3600)).await.unwrap()
}

/// Claims what has work, for a server of its own.
pub(crate) async fn claim(pool: &PgPool, ttl: Duration) -> Option<Fence> {
    let mut tx = store::begin(pool).await.unwrap();
    let claimed = fence::claim(&mut tx, Uuid::now_v7(), ttl).await.unwrap();
    tx.commit().await.unwrap();
    claimed
}

/// Stores a migration in this state, with everything that any state has as its evidence; nobody has claimed it.
pub(crate) async fn stored(pool: &PgPool, state: &str) -> Uuid {
    // What is completed has made no clone, and only a clone is made in steps.
    let (operation, mode) = if state == "completed" { ("capture", "full") } else { ("migrate", "stepped") };
    let request = serde_json::json!({
        "operation": operation, "mode": mode, "client": "lpar71", "lpp_source": "lpp_7300_03_01", "spot": "spot_7300_03_01", "target_disks": ["hdisk1"],
        "cache_vg": "nimadmvg", "accept_licenses": true, "acknowledge_warnings": true,
    });
    let (master, client, migration) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let name = format!("m{}", master.simple());
    let mut tx = store::begin(pool).await.unwrap();
    let insert = sqlx::query("INSERT INTO master (id, name, host, port, username) VALUES ($1, $2, 'h', 22, 'root')");
    insert.bind(master).bind(&name[..30]).execute(&mut *tx).await.unwrap();
    let insert = sqlx::query("INSERT INTO client (id, master_id, name) VALUES ($1, $2, 'lpar71')");
    insert.bind(client).bind(master).execute(&mut *tx).await.unwrap();
    let insert = sqlx::query(
        "INSERT INTO migration (id, client_id, master_id, state, request, command, requested_by, before, after, verification,
             rolled_back, target_pvids, cutover_by, cutover_at, rollback_by, rollback_at, finalise_by, finalise_at)
         VALUES ($1, $2, $3, $5, $4, 'nimadm', 'admin', $6, $6, '[]', $6, '{00f9c87a12345679}', 'admin', now(), 'admin', now(),
             'admin', now())",
    );
    let insert = insert.bind(migration).bind(client).bind(master).bind(request).bind(state);
    insert.bind(sqlx::types::Json(snapshot())).execute(&mut *tx).await.unwrap();
    let insert = sqlx::query("INSERT INTO attempt (migration_id, number) VALUES ($1, 1)");
    insert.bind(migration).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    migration
}

/// A client of which nothing is known.
pub(crate) fn snapshot() -> Snapshot {
    let text = String::new;
    Snapshot {
        at: OffsetDateTime::UNIX_EPOCH.into(),
        level: None,
        oslevel: text(),
        disks: Vec::new(),
        lspv: text(),
        boot: Vec::new(),
        bootlist: text(),
        boot_disk: None,
        rootvg: text(),
        uptime: text(),
    }
}
