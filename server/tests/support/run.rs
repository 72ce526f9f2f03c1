//! A migration that a worker holds, without an estate behind it: what log and live streams need.

use server::store::fence::{self, Fence};
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

/// Stores a migration that is starting, and claims it.
pub(crate) async fn claimed(pool: &PgPool) -> Fence {
    let request = serde_json::json!({
        "client": "lpar71", "lpp_source": "lpp_7300_03_01", "spot": "spot_7300_03_01", "target_disks": ["hdisk1"],
        "cache_vg": "nimadmvg", "accept_licenses": true, "acknowledge_warnings": true,
    });
    let (master, client, migration) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let name = format!("m{}", master.simple());
    let insert = sqlx::query("INSERT INTO master (id, name, host, port, username) VALUES ($1, $2, 'h', 22, 'root')");
    insert.bind(master).bind(&name[..30]).execute(pool).await.unwrap();
    let insert = sqlx::query("INSERT INTO client (id, master_id, name) VALUES ($1, $2, 'lpar71')");
    insert.bind(client).bind(master).execute(pool).await.unwrap();
    let insert = sqlx::query(
        "INSERT INTO migration (id, client_id, master_id, state, request, command, requested_by)
         VALUES ($1, $2, $3, 'starting', $4, 'nimadm', 'admin')",
    );
    insert.bind(migration).bind(client).bind(master).bind(request).execute(pool).await.unwrap();
    let insert = sqlx::query("INSERT INTO attempt (migration_id, number) VALUES ($1, 1)");
    insert.bind(migration).execute(pool).await.unwrap();
    fence::claim(pool, Uuid::now_v7(), Duration::from_secs(3600)).await.unwrap().unwrap()
}
