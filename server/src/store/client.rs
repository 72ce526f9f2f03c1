//! NIM clients, as last seen.

use aix::{DiskName, Level, ObjectName, bootlist::BootDevice};
use app::model::{Client, ClientFilter, Disk, LastMigration, Page};
use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgConnection, PgExecutor, PgPool};
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

/// What a client said of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inventory {
    /// Every disk.
    pub disks: Vec<Disk>,
    /// The normal-mode bootlist.
    pub bootlist: Vec<BootDevice>,
    /// The disks of the running rootvg.
    pub rootvg: Vec<DiskName>,
    /// MiB of rootvg in use, copies counted once.
    pub rootvg_used: Option<u64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    master_id: Uuid,
    master: String,
    level: Option<String>,
    inventory: Json<Inventory>,
    cstate: Option<String>,
    simulated: bool,
    refreshed_at: Option<OffsetDateTime>,
    unreachable: Option<String>,
    last_id: Option<Uuid>,
    last_state: Option<String>,
    last_at: Option<OffsetDateTime>,
}

impl Row {
    fn wire(self) -> Result<Client, sqlx::Error> {
        let last_migration = match (self.last_id, self.last_state, self.last_at) {
            (Some(id), Some(state), Some(at)) => {
                Some(LastMigration { id, state: super::state(&state)?, requested_at: at.into() })
            }
            _ => None,
        };
        let Json(inventory) = self.inventory;
        Ok(Client {
            id: self.id,
            name: self.name.parse().map_err(super::decode)?,
            master_id: self.master_id,
            master: self.master.parse().map_err(super::decode)?,
            level: self.level.and_then(|level| level.parse().ok()),
            disks: inventory.disks,
            bootlist: inventory.bootlist,
            rootvg: inventory.rootvg,
            rootvg_used: inventory.rootvg_used,
            cstate: self.cstate,
            last_migration,
            simulated: self.simulated,
            refreshed_at: self.refreshed_at.map(Into::into),
            unreachable: self.unreachable,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.name, c.master_id, m.name AS master, c.level, c.inventory, c.cstate, m.simulated, c.refreshed_at,
                    c.unreachable, l.id AS last_id, l.state AS last_state, l.requested_at AS last_at
             FROM client c JOIN master m ON m.id = c.master_id
             LEFT JOIN LATERAL (SELECT id, state, requested_at FROM migration WHERE client_id = c.id
                                ORDER BY requested_at DESC, id DESC LIMIT 1) l ON true ",
            $rest
        )
    };
}

/// Clients by name.
///
/// # Errors
/// A cursor that is no name with an id; or those of the database.
pub async fn list(pool: &PgPool, filter: &ClientFilter) -> Result<Page<Client>, super::ListError> {
    let limit = super::limit(filter.limit);
    let after = super::cursor(filter.cursor.as_deref(), |text| {
        let (name, id) = text.split_once('~')?;
        Some((name.parse::<ObjectName>().ok()?.to_string(), id.parse::<Uuid>().ok()?.to_string()))
    })?;
    let (after_name, after_id) = after.unzip();
    let rows: Vec<Row> = sqlx::query_as(select!(
        "WHERE ($1::text IS NULL OR m.name = $1 OR m.id::text = $1)
           AND ($2::text IS NULL OR c.name ILIKE '%' || $2 || '%')
           AND ($3::text IS NULL OR c.level LIKE $3 || '%')
           AND ($4::text IS NULL OR (c.name, c.id::text) > ($4, $5))
         ORDER BY c.name, c.id::text LIMIT $6"
    ))
    .bind(super::blank(filter.master.as_deref()))
    .bind(super::blank(filter.q.as_deref()).map(super::like))
    .bind(super::blank(filter.level.as_deref()).map(super::like))
    .bind(after_name)
    .bind(after_id)
    .bind(limit + 1)
    .fetch_all(pool)
    .await?;
    let items = rows.into_iter().map(Row::wire).collect::<Result<Vec<_>, _>>()?;
    Ok(super::page(items, limit, |client| format!("{}~{}", client.name, client.id)))
}

/// One client by id or NIM name. Where several masters have a client of that name, the first by master name.
///
/// # Errors
/// Those of the database.
pub async fn find(pool: &PgPool, client: &str) -> Result<Option<Client>, sqlx::Error> {
    let row: Option<Row> =
        sqlx::query_as(select!("WHERE c.name = $1 OR c.id::text = lower($1) ORDER BY m.name LIMIT 1"))
            .bind(client)
            .fetch_optional(pool)
            .await?;
    row.map(Row::wire).transpose()
}

/// All clients of a master.
///
/// # Errors
/// Those of the database.
pub async fn of_master(pool: &PgPool, master: Uuid) -> Result<Vec<Client>, sqlx::Error> {
    let rows: Vec<Row> =
        sqlx::query_as(select!("WHERE c.master_id = $1 ORDER BY c.name")).bind(master).fetch_all(pool).await?;
    rows.into_iter().map(Row::wire).collect()
}

/// How many clients are known.
///
/// # Errors
/// Those of the database.
pub async fn count(pool: &PgPool) -> Result<u32, sqlx::Error> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM client").fetch_one(pool).await?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The host name by which the master's c_rsh reaches a client.
///
/// # Errors
/// Those of the database.
pub async fn hostname(db: impl PgExecutor<'_>, id: Uuid) -> Result<ObjectName, sqlx::Error> {
    let name: String =
        sqlx::query_scalar("SELECT COALESCE(hostname, name) FROM client WHERE id = $1").bind(id).fetch_one(db).await?;
    name.parse().map_err(super::decode)
}

/// Makes sure a client that `lsnim` names is known, with its host name of today.
///
/// # Errors
/// Those of the database.
pub async fn ensure(
    db: &mut PgConnection,
    master: Uuid,
    name: &ObjectName,
    hostname: Option<&ObjectName>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO client (id, master_id, name, hostname) VALUES ($1, $2, $3, $4)
         ON CONFLICT (master_id, name) DO UPDATE SET hostname = EXCLUDED.hostname",
    )
    .bind(Uuid::now_v7())
    .bind(master)
    .bind(name.as_str())
    .bind(hostname.map(ObjectName::as_str))
    .execute(db)
    .await
    .map(|_| ())
}

/// Removes clients of a master that `lsnim` names no more and that have no migrations.
///
/// # Errors
/// Those of the database.
pub async fn forget(db: &mut PgConnection, master: Uuid, known: &[ObjectName]) -> Result<(), sqlx::Error> {
    let known: Vec<&str> = known.iter().map(ObjectName::as_str).collect();
    sqlx::query(
        "DELETE FROM client c WHERE master_id = $1 AND NOT name = ANY($2)
         AND NOT EXISTS (SELECT FROM migration WHERE client_id = c.id)",
    )
    .bind(master)
    .bind(known)
    .execute(db)
    .await
    .map(|_| ())
}

/// Remembers what a client said.
///
/// # Errors
/// Those of the database.
pub async fn answered(
    db: &mut PgConnection,
    id: Uuid,
    level: Level,
    inventory: &Inventory,
    cstate: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE client SET level = $2, inventory = $3, cstate = $4, refreshed_at = now(), unreachable = NULL WHERE id = $1",
    )
    .bind(id)
    .bind(level.to_string())
    .bind(Json(inventory))
    .bind(cstate)
    .execute(db)
    .await
    .map(|_| ())
}

/// Remembers why a client did not answer; what it said before stays.
///
/// # Errors
/// Those of the database.
pub async fn failed(db: &mut PgConnection, id: Uuid, why: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE client SET unreachable = $2 WHERE id = $1").bind(id).bind(why).execute(db).await.map(|_| ())
}
