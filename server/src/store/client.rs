//! NIM clients, as last seen.
//!
//! A client is a row from the first reading of `lsnim` that lists it, and it stays one: NIM may stop listing it, and then it is marked
//! missing. Deleting it would lose its group, and one empty answer of `lsnim` is no evidence. Only the removal of a master without
//! history removes its clients.
//!
//! Clients are looked up by id here. What people write is resolved by [`identify`](crate::engine::identify).

use aix::{DiskName, Level, ObjectName, bootlist::BootDevice};
use app::model::{Client, ClientFilter, Disk, LastMigration, Page};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgExecutor, PgPool, types::Json};
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
    missing_since: Option<OffsetDateTime>,
    ambiguous: bool,
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
            missing_since: self.missing_since.map(Into::into),
            ambiguous: self.ambiguous,
        })
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.name, c.master_id, m.name AS master, c.level, c.inventory, c.cstate, m.simulated, c.refreshed_at,
                    c.unreachable, c.missing_since, l.id AS last_id, l.state AS last_state, l.requested_at AS last_at,
                    EXISTS (SELECT FROM client o WHERE o.name = c.name AND o.id <> c.id) AS ambiguous
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
           AND ($7::boolean IS NULL OR (c.missing_since IS NOT NULL) = $7)
         ORDER BY c.name, c.id::text LIMIT $6"
    ))
    .bind(super::blank(filter.master.as_deref()))
    .bind(super::blank(filter.q.as_deref()).map(super::like))
    .bind(super::blank(filter.level.as_deref()).map(super::like))
    .bind(after_name)
    .bind(after_id)
    .bind(limit + 1)
    .bind(filter.missing)
    .fetch_all(pool)
    .await?;
    let items = rows.into_iter().map(Row::wire).collect::<Result<Vec<_>, _>>()?;
    Ok(super::page(items, limit, |client| format!("{}~{}", client.name, client.id)))
}

/// One client.
///
/// # Errors
/// Those of the database.
pub async fn by_id(pool: &PgPool, id: Uuid) -> Result<Option<Client>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(select!("WHERE c.id = $1")).bind(id).fetch_optional(pool).await?;
    row.map(Row::wire).transpose()
}

/// A client and its names, as far as it takes to say which one is meant.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Known {
    /// Identifier.
    pub id: Uuid,
    /// NIM name.
    pub name: String,
    /// The master's id.
    pub master_id: Uuid,
    /// The master's name.
    pub master: String,
    /// Since when NIM no longer lists it.
    pub missing_since: Option<OffsetDateTime>,
}

/// All clients that have one of these names or ids, by name and master.
///
/// # Errors
/// Those of the database.
pub async fn known(pool: &PgPool, names: &[&str], ids: &[Uuid]) -> Result<Vec<Known>, sqlx::Error> {
    sqlx::query_as(
        "SELECT c.id, c.name, c.master_id, m.name AS master, c.missing_since FROM client c JOIN master m ON m.id = c.master_id
         WHERE c.name = ANY($1) OR c.id = ANY($2) ORDER BY c.name, m.name",
    )
    .bind(names)
    .bind(ids)
    .fetch_all(pool)
    .await
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

/// How many clients NIM lists, and how many are missing.
///
/// # Errors
/// Those of the database.
pub async fn count(pool: &PgPool) -> Result<(u32, u32), sqlx::Error> {
    let (listed, missing): (i64, i64) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE missing_since IS NULL), count(*) FILTER (WHERE missing_since IS NOT NULL) FROM client",
    )
    .fetch_one(pool)
    .await?;
    Ok((u32::try_from(listed).unwrap_or(u32::MAX), u32::try_from(missing).unwrap_or(u32::MAX)))
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

/// A client as `lsnim` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// NIM name.
    pub name: ObjectName,
    /// Host name in its attribute `if1`.
    pub hostname: Option<ObjectName>,
}

/// The names of a master's clients that are not missing.
///
/// # Errors
/// Those of the database.
pub async fn listed(db: impl PgExecutor<'_>, master: Uuid) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT name FROM client WHERE master_id = $1 AND missing_since IS NULL ORDER BY name")
        .bind(master)
        .fetch_all(db)
        .await
}

/// The names of a master's clients that are missing.
///
/// # Errors
/// Those of the database.
pub async fn missing(db: impl PgExecutor<'_>, master: Uuid) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar("SELECT name FROM client WHERE master_id = $1 AND missing_since IS NOT NULL ORDER BY name")
        .bind(master)
        .fetch_all(db)
        .await
}

/// Stores that a reading of `lsnim` which began `at` lists a client. A client that was missing is the same client again, unless a later
/// reading did not list it.
///
/// # Errors
/// Those of the database.
pub async fn ensure(
    db: &mut PgConnection,
    master: Uuid,
    client: &Listed,
    at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO client (id, master_id, name, hostname, listed_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (master_id, name) DO UPDATE SET hostname = EXCLUDED.hostname,
             listed_at = GREATEST(client.listed_at, EXCLUDED.listed_at),
             missing_since = CASE WHEN client.missing_since > EXCLUDED.listed_at THEN client.missing_since END",
    )
    .bind(Uuid::now_v7())
    .bind(master)
    .bind(client.name.as_str())
    .bind(client.hostname.as_ref().map(ObjectName::as_str))
    .bind(at)
    .execute(db)
    .await
    .map(|_| ())
}

/// Marks clients of a master missing that two readings of `lsnim` did not list; `at` is the start of the first. Gives the names of those
/// that are missing now and were not before. A client that a later reading listed stays as it is.
///
/// # Errors
/// Those of the database.
pub async fn miss(
    db: &mut PgConnection,
    master: Uuid,
    names: &[String],
    at: OffsetDateTime,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "UPDATE client SET missing_since = $3
         WHERE master_id = $1 AND name = ANY($2) AND missing_since IS NULL AND (listed_at IS NULL OR listed_at < $3)
         RETURNING name",
    )
    .bind(master)
    .bind(names)
    .bind(at)
    .fetch_all(db)
    .await
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
