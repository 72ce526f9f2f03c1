//! NIM resources of the masters.

use app::model::Resource;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// The resources of a master, of one type where given.
///
/// # Errors
/// Those of the database.
pub async fn list(pool: &PgPool, master: Uuid, kind: Option<&str>) -> Result<Vec<Resource>, sqlx::Error> {
    let rows: Vec<(String, String, bool, Option<String>)> = sqlx::query_as(
        "SELECT name, kind, ready, level FROM nim_resource
         WHERE master_id = $1 AND ($2::text IS NULL OR kind = $2) ORDER BY kind, name",
    )
    .bind(master)
    .bind(kind)
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|(name, kind, ready, level)| {
            Ok(Resource { name: name.parse().map_err(super::decode)?, kind, ready, level })
        })
        .collect()
}

/// Removes resources of a master that two readings of `lsnim` did not list.
///
/// # Errors
/// Those of the database.
pub async fn remove(db: &mut PgConnection, master: Uuid, names: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM nim_resource WHERE master_id = $1 AND name = ANY($2)")
        .bind(master)
        .bind(names)
        .execute(db)
        .await
        .map(drop)
}

/// Adds a resource of a master, or brings it up to date.
///
/// # Errors
/// Those of the database.
pub async fn add(db: &mut PgConnection, master: Uuid, resource: &Resource) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO nim_resource (master_id, name, kind, ready, level) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (master_id, name) DO UPDATE SET kind = $3, ready = $4, level = $5",
    )
    .bind(master)
    .bind(resource.name.as_str())
    .bind(&resource.kind)
    .bind(resource.ready)
    .bind(&resource.level)
    .execute(db)
    .await
    .map(drop)
}
