//! NIM masters.

use crate::remote::HostKey;
use aix::ObjectName;
use app::model::{Approvals, HostKeyState, Master, NewMaster, ShrunkList};
use sqlx::{PgConnection, PgExecutor, PgPool, types::Json};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// A master as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    /// Identifier.
    pub id: Uuid,
    /// Its name here.
    pub name: String,
    /// Host name or address.
    pub host: String,
    /// SSH port.
    pub port: i32,
    /// User to sign in as.
    pub username: String,
    /// Of the lab.
    pub simulated: bool,
    /// The key it must offer.
    pub pinned_key: Option<String>,
    /// Another key that it offered.
    pub offered_key: Option<String>,
    level: Option<String>,
    /// When lsnim was last read.
    pub refreshed_at: Option<OffsetDateTime>,
    /// Why the last try to reach it failed.
    pub unreachable: Option<String>,
    max_running: i32,
    stagger_seconds: i32,
    approve_starts: bool,
    second_person: bool,
    /// Directories below which nimadm may write and read as root; empty: those of its NIM objects.
    pub allowed_directories: Vec<String>,
    shrunk: Option<Json<ShrunkList>>,
    clients: i64,
    missing_clients: i64,
}

/// A master with its clients counted.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT m.*, n.clients, n.missing_clients FROM master m
             CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE missing_since IS NULL) AS clients,
                                        count(*) FILTER (WHERE missing_since IS NOT NULL) AS missing_clients
                                 FROM client WHERE master_id = m.id) n ",
            $rest
        )
    };
}

impl Row {
    /// Whose word it asks for.
    #[must_use]
    pub fn approvals(&self) -> Approvals {
        Approvals { starts: self.approve_starts, second_person: self.second_person }
    }

    /// Whether a text is its id or its name. No name looks like an id.
    #[must_use]
    pub fn is(&self, wanted: &str) -> bool {
        self.name == wanted || wanted.len() == 36 && wanted.parse() == Ok(self.id)
    }

    /// As it travels.
    ///
    /// # Errors
    /// Where a column holds what its type does not allow.
    pub fn wire(self) -> Result<Master, sqlx::Error> {
        let print = |key: &str| key.parse::<HostKey>().map(|key| key.fingerprint()).map_err(super::decode);
        let offered = self.offered_key.as_deref().map(print).transpose()?;
        let host_key = match (self.pinned_key.as_deref().map(print).transpose()?, offered) {
            (None, offered) => HostKeyState::Unknown { offered },
            (Some(fingerprint), None) => HostKeyState::Pinned { fingerprint },
            (Some(fingerprint), Some(offered)) => HostKeyState::Changed { fingerprint, offered },
        };
        let approvals = self.approvals();
        Ok(Master {
            id: self.id,
            name: self.name.parse().map_err(super::decode)?,
            host: self.host,
            port: u16::try_from(self.port).map_err(super::decode)?,
            user: self.username,
            host_key,
            level: self.level.and_then(|level| level.parse().ok()),
            simulated: self.simulated,
            refreshed_at: self.refreshed_at.map(Into::into),
            unreachable: self.unreachable,
            max_running: u16::try_from(self.max_running).map_err(super::decode)?,
            stagger_seconds: u16::try_from(self.stagger_seconds).map_err(super::decode)?,
            approvals,
            allowed_directories: self.allowed_directories,
            clients: u32::try_from(self.clients).unwrap_or(u32::MAX),
            missing_clients: u32::try_from(self.missing_clients).unwrap_or(u32::MAX),
            shrunk: self.shrunk.map(|shrunk| shrunk.0),
        })
    }
}

/// All masters, by name.
///
/// # Errors
/// Those of the database.
pub async fn list(pool: &PgPool) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as(select!("ORDER BY m.name")).fetch_all(pool).await
}

/// The masters that were not read for this long, and the simulated ones, which may be new.
///
/// # Errors
/// Those of the database.
pub async fn unread(pool: &PgPool, since: Duration) -> Result<Vec<Uuid>, sqlx::Error> {
    let unread = "SELECT id FROM master WHERE simulated OR refreshed_at IS NULL OR refreshed_at < now() - $1 * interval '1 second'";
    sqlx::query_scalar(unread).bind(since.as_secs_f64()).fetch_all(pool).await
}

/// One master.
///
/// # Errors
/// Those of the database.
pub async fn find(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as(select!("WHERE m.id = $1")).bind(id).fetch_optional(db).await
}

/// What came of [`put_simulated`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutSimulated {
    /// It is known, at its address of now.
    Done,
    /// A real master has its name.
    NameIsReal,
    /// Another server's lab has a master of this name, and that server lives.
    OtherLab,
}

/// Adds a master of the lab, or brings the address and key of the lab's master with this name up to date: its ports may change. The lab
/// holds it for `ttl`. Nothing is changed where it cannot.
///
/// # Errors
/// Those of the database.
pub async fn put_simulated(db: &mut PgConnection, new: &NewMaster, ttl: Duration) -> Result<PutSimulated, sqlx::Error> {
    let done = sqlx::query(
        "INSERT INTO master (id, name, host, port, username, simulated, pinned_key, simulated_until)
         VALUES ($1, $2, $3, $4, $5, true, $6, now() + $7 * interval '1 second')
         ON CONFLICT (name) DO UPDATE SET host = EXCLUDED.host, port = EXCLUDED.port, username = EXCLUDED.username,
             pinned_key = EXCLUDED.pinned_key, offered_key = NULL, simulated_until = EXCLUDED.simulated_until
             WHERE master.simulated AND (master.simulated_until < now() OR master.pinned_key = EXCLUDED.pinned_key)",
    )
    .bind(Uuid::now_v7())
    .bind(new.name.as_str())
    .bind(&new.host)
    .bind(i32::from(new.port))
    .bind(&new.user)
    .bind(&new.host_key)
    .bind(ttl.as_secs_f64())
    .execute(&mut *db)
    .await?;
    if done.rows_affected() == 1 {
        return Ok(PutSimulated::Done);
    }
    let simulated: bool = sqlx::query_scalar("SELECT simulated FROM master WHERE name = $1")
        .bind(new.name.as_str())
        .fetch_one(db)
        .await?;
    Ok(if simulated { PutSimulated::OtherLab } else { PutSimulated::NameIsReal })
}

/// Holds the masters of a lab, by their host keys, for another `ttl`.
///
/// # Errors
/// Those of the database.
pub async fn hold_simulated(db: &mut PgConnection, host_keys: &[String], ttl: Duration) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE master SET simulated_until = now() + $2 * interval '1 second' WHERE simulated AND pinned_key = ANY($1)",
    )
    .bind(host_keys)
    .bind(ttl.as_secs_f64())
    .execute(db)
    .await
    .map(|_| ())
}

/// Adds a master; its id.
///
/// # Errors
/// Those of the database; a unique violation where the name is taken.
pub async fn insert(db: &mut PgConnection, new: &NewMaster) -> Result<Uuid, sqlx::Error> {
    let id = Uuid::now_v7();
    sqlx::query("INSERT INTO master (id, name, host, port, username, pinned_key) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(id)
        .bind(new.name.as_str())
        .bind(&new.host)
        .bind(i32::from(new.port))
        .bind(&new.user)
        .bind(&new.host_key)
        .execute(db)
        .await
        .map(|_| id)
}

/// Changes a master's name and address.
///
/// # Errors
/// Those of the database; a unique violation where the name is taken.
pub async fn update(
    db: &mut PgConnection,
    id: Uuid,
    name: &ObjectName,
    host: &str,
    port: u16,
    user: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE master SET name = $2, host = $3, port = $4, username = $5 WHERE id = $1")
        .bind(id)
        .bind(name.as_str())
        .bind(host)
        .bind(i32::from(port))
        .bind(user)
        .execute(db)
        .await
        .map(|_| ())
}

/// Changes a master's limits, and whose word it asks for.
///
/// # Errors
/// Those of the database.
pub async fn limit(
    db: &mut PgConnection,
    id: Uuid,
    max_running: u16,
    stagger: u16,
    approvals: Approvals,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE master SET max_running = $2, stagger_seconds = $3, approve_starts = $4, second_person = $5 WHERE id = $1",
    )
    .bind(id)
    .bind(i32::from(max_running))
    .bind(i32::from(stagger))
    .bind(approvals.starts)
    .bind(approvals.second_person)
    .execute(db)
    .await
    .map(|_| ())
}

/// Changes the directories below which nimadm may write and read as root.
///
/// # Errors
/// Those of the database.
pub async fn allow(conn: &mut PgConnection, id: Uuid, directories: &[String]) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE master SET allowed_directories = $2 WHERE id = $1")
        .bind(id)
        .bind(directories)
        .execute(conn)
        .await
        .map(|_| ())
}

/// What keeps a master from being removed: in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Ties {
    /// Migrations on record.
    pub migrations: i64,
    /// Clients that are members of campaigns.
    pub members: i64,
    /// Imported logs.
    pub imports: i64,
    /// Clients that are in a group.
    pub grouped: i64,
}

/// What points at a master or at one of its clients and would be lost with it.
///
/// # Errors
/// Those of the database.
pub async fn ties(db: impl PgExecutor<'_>, id: Uuid) -> Result<Ties, sqlx::Error> {
    sqlx::query_as(
        "SELECT (SELECT count(*) FROM migration g WHERE g.master_id = $1 OR g.client_id IN (SELECT id FROM client WHERE master_id = $1))
                    AS migrations,
                (SELECT count(DISTINCT b.client_id) FROM campaign_member b JOIN client c ON c.id = b.client_id WHERE c.master_id = $1)
                    AS members,
                (SELECT count(*) FROM imported_log WHERE master_id = $1) AS imports,
                (SELECT count(*) FROM client WHERE master_id = $1 AND group_name IS NOT NULL) AS grouped",
    )
    .bind(id)
    .fetch_one(db)
    .await
}

/// Removes a master with its clients and resources.
///
/// # Errors
/// Those of the database; a foreign key violation where it has history.
pub async fn remove(db: &mut PgConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("DELETE FROM master WHERE id = $1").bind(id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Pins the key the master offered last, if it is the one with this fingerprint; the caller has compared.
///
/// # Errors
/// Those of the database.
pub async fn pin(db: &mut PgConnection, id: Uuid, key: &HostKey) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE master SET pinned_key = $2, offered_key = NULL, unreachable = NULL WHERE id = $1")
        .bind(id)
        .bind(key.openssh())
        .execute(db)
        .await
        .map(|_| ())
}

/// Remembers why the master could not be reached, and the strange key it offered where that was why.
///
/// # Errors
/// Those of the database.
pub async fn failed(db: &mut PgConnection, id: Uuid, why: &str, offered: Option<&HostKey>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE master SET unreachable = $2, offered_key = COALESCE($3, offered_key) WHERE id = $1")
        .bind(id)
        .bind(why)
        .bind(offered.map(HostKey::openssh))
        .execute(db)
        .await
        .map(|_| ())
}

/// Remembers that the master answered.
///
/// # Errors
/// Those of the database.
pub async fn answered(db: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE master SET unreachable = NULL, offered_key = NULL
         WHERE id = $1 AND (unreachable IS NOT NULL OR offered_key IS NOT NULL)",
    )
    .bind(id)
    .execute(db)
    .await
    .map(|_| ())
}

/// Remembers a reading of `lsnim` that listed fewer objects than were known, or that it lists all of them.
///
/// # Errors
/// Those of the database.
pub async fn set_shrunk(db: &mut PgConnection, id: Uuid, shrunk: Option<&ShrunkList>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE master SET shrunk = $2 WHERE id = $1")
        .bind(id)
        .bind(shrunk.map(Json))
        .execute(db)
        .await
        .map(|_| ())
}

/// Forgets a shrunken reading that a second one did not confirm.
///
/// # Errors
/// Those of the database.
pub async fn keep_confirmed_shrunk(db: &mut PgConnection, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE master SET shrunk = NULL WHERE id = $1 AND shrunk->'second'->>'outcome' <> 'confirmed'")
        .bind(id)
        .execute(db)
        .await
        .map(|_| ())
}

/// Remembers a full refresh.
///
/// # Errors
/// Those of the database.
pub async fn refreshed(db: &mut PgConnection, id: Uuid, level: Option<aix::Level>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE master SET level = COALESCE($2, level), refreshed_at = now() WHERE id = $1")
        .bind(id)
        .bind(level.map(|level| level.to_string()))
        .execute(db)
        .await
        .map(|_| ())
}
