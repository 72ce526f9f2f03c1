//! Windows, blackouts, groups, limits; and everything that decides whose turn it is, read at one moment.

use crate::engine::{
    calendar::Calendar,
    schedule::{self, Active, Free, Situation, Waiting},
};
use aix::ObjectName;
use app::model::{Blackout, Group, LaunchRequest, NamedClient, NewBlackout, State, Window};
use sqlx::{PgConnection, PgExecutor, PgPool, types::Json};
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// States in which a migration takes a place on its master: nimadm may run.
const PLACE: [State; 6] =
    [State::Starting, State::Running, State::Held, State::ContactLost, State::Cancelling, State::Cleaning];
/// States in which its client is worked on all the same.
const WORKED_ON: [State; 7] = [
    State::Waking,
    State::Awake,
    State::FallingAsleep,
    State::Armed,
    State::Rebooting,
    State::Verifying,
    State::RollingBack,
];

fn words(states: &[State]) -> Vec<&'static str> {
    states.iter().map(|state| state.as_str()).collect()
}

#[derive(sqlx::FromRow)]
struct WaitingRow {
    id: Uuid,
    master_id: Uuid,
    group_name: Option<String>,
    request: Json<LaunchRequest>,
    cache_need_mib: Option<i64>,
    start_now: bool,
}

#[derive(sqlx::FromRow)]
struct ActiveRow {
    master_id: Uuid,
    group_name: Option<String>,
    cache_vg: Option<String>,
    cache_need_mib: Option<i64>,
    cached_at: Option<OffsetDateTime>,
    place: bool,
}

/// An approved cutover that waits for its time.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Planned {
    /// The migration.
    pub id: Uuid,
    /// Its master.
    pub master_id: Uuid,
    /// Not before.
    pub cutover_not_before: Option<OffsetDateTime>,
    /// In this window.
    pub cutover_window: Option<String>,
}

/// Keeps every other server from scheduling until the transaction ends. False where one is at it.
///
/// # Errors
/// Those of the database.
pub async fn alone(conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
    // "turn" in ASCII.
    sqlx::query_scalar("SELECT pg_try_advisory_xact_lock($1)").bind(0x74_75_72_6e_i64).fetch_one(conn).await
}

/// Whether anything waits.
///
/// # Errors
/// Those of the database.
pub async fn anything(db: impl PgExecutor<'_>) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM migration WHERE state = 'queued')
             OR EXISTS (SELECT FROM migration WHERE state = 'clone_ready' AND cutover_at IS NOT NULL)",
    )
    .fetch_one(db)
    .await
}

/// Everything that decides.
///
/// # Errors
/// Those of the database.
pub async fn situation(conn: &mut PgConnection) -> Result<Situation, sqlx::Error> {
    let waiting: Vec<WaitingRow> = sqlx::query_as(
        "SELECT g.id, g.master_id, c.group_name, g.request, g.cache_need_mib, g.start_now
         FROM migration g LEFT JOIN client c ON c.id = g.client_id WHERE g.state = 'queued' ORDER BY g.requested_at, g.id",
    )
    .fetch_all(&mut *conn)
    .await?;
    let active: Vec<ActiveRow> = sqlx::query_as(
        "SELECT g.master_id, c.group_name, g.request->>'cache_vg' AS cache_vg, g.cache_need_mib, p.started_at AS cached_at,
                g.state = ANY($1) AS place
         FROM migration g LEFT JOIN client c ON c.id = g.client_id
         LEFT JOIN phase p ON p.migration_id = g.id AND p.attempt = g.attempt AND p.number = 3
         WHERE g.state = ANY($1) OR g.state = ANY($2)",
    )
    .bind(words(&PLACE))
    .bind(words(&WORKED_ON))
    .fetch_all(&mut *conn)
    .await?;
    let masters: Vec<(Uuid, String, i32, i32, Option<OffsetDateTime>)> =
        sqlx::query_as("SELECT id, name, max_running, stagger_seconds, last_start_at FROM master")
            .fetch_all(&mut *conn)
            .await?;
    let groups: Vec<(String, i32)> =
        sqlx::query_as("SELECT name, max_running FROM client_group").fetch_all(&mut *conn).await?;
    let free: Vec<(Uuid, String, i64, OffsetDateTime)> =
        sqlx::query_as("SELECT master_id, name, free_mib, seen_at FROM cache_vg").fetch_all(&mut *conn).await?;
    let blackouts: Vec<(String, OffsetDateTime, OffsetDateTime, Option<Uuid>)> =
        sqlx::query_as("SELECT reason, starts_at, ends_at, master_id FROM blackout WHERE ends_at > now()")
            .fetch_all(&mut *conn)
            .await?;
    Ok(Situation {
        waiting: waiting.into_iter().map(as_waiting).collect(),
        active: active.into_iter().map(as_active).collect(),
        masters: masters
            .into_iter()
            .map(|(id, name, most, stagger, last_start)| {
                let stagger = time::Duration::seconds(stagger.into());
                let max_running = usize::try_from(most).unwrap_or(usize::MAX);
                (id, schedule::Master { name, max_running, stagger, last_start })
            })
            .collect(),
        groups: groups.into_iter().map(|(name, most)| (name, usize::try_from(most).unwrap_or(usize::MAX))).collect(),
        free: free
            .into_iter()
            .map(|(master, name, mib, seen_at)| ((master, name), Free { mib: mib.unsigned_abs(), seen_at }))
            .collect(),
        windows: calendars(&mut *conn).await?,
        blackouts: blackouts
            .into_iter()
            .map(|(reason, from, until, master)| schedule::Blackout { reason, from, until, master })
            .collect(),
    })
}

fn as_waiting(row: WaitingRow) -> Waiting {
    let request = row.request.0;
    let need = row.cache_need_mib.map(i64::unsigned_abs);
    Waiting {
        id: row.id,
        master: row.master_id,
        group: row.group_name,
        cache: request.cache_vg.map(|vg| (vg.to_string(), need)),
        not_before: request.not_before.map(Into::into),
        window: request.window,
        now: row.start_now,
    }
}

fn as_active(row: ActiveRow) -> Active {
    let need = row.cache_need_mib.map(i64::unsigned_abs);
    Active {
        master: row.master_id,
        group: row.group_name,
        cache: row.cache_vg.map(|vg| (vg, need)).filter(|_| row.place),
        cached_at: row.cached_at,
        place: row.place,
    }
}

/// Cutovers that wait for their time.
///
/// # Errors
/// Those of the database.
pub async fn planned(conn: &mut PgConnection) -> Result<Vec<Planned>, sqlx::Error> {
    sqlx::query_as(
        "SELECT id, master_id, cutover_not_before, cutover_window FROM migration
         WHERE state = 'clone_ready' AND cutover_at IS NOT NULL ORDER BY cutover_at FOR UPDATE",
    )
    .fetch_all(conn)
    .await
}

/// Gives a migration its turn. False where it does not wait any more.
///
/// # Errors
/// Those of the database.
pub async fn turn(conn: &mut PgConnection, id: Uuid, to: State) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE migration SET state = $2, reason = NULL, turn_at = now(), updated_at = now() WHERE id = $1 AND state = 'queued'",
    )
    .bind(id)
    .bind(to.as_str())
    .execute(&mut *conn)
    .await?;
    sqlx::query("UPDATE master SET last_start_at = now() WHERE id = (SELECT master_id FROM migration WHERE id = $1)")
        .bind(id)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Begins a planned cutover. False where it is not planned any more.
///
/// # Errors
/// Those of the database.
pub async fn arm(conn: &mut PgConnection, id: Uuid, to: State) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE migration SET state = $2, reason = NULL, updated_at = now()
         WHERE id = $1 AND state = 'clone_ready' AND cutover_at IS NOT NULL",
    )
    .bind(id)
    .bind(to.as_str())
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Says why it waits. False where it was said already.
///
/// # Errors
/// Those of the database.
pub async fn waits(conn: &mut PgConnection, id: Uuid, why: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("UPDATE migration SET reason = $2 WHERE id = $1 AND reason IS DISTINCT FROM $2")
        .bind(id)
        .bind(why)
        .execute(conn)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Cache volume groups that something waits for and that nobody has looked at for `seconds`: master and name.
///
/// # Errors
/// Those of the database.
pub async fn unseen(pool: &PgPool, seconds: f64) -> Result<Vec<(Uuid, String)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT DISTINCT g.master_id, g.request->>'cache_vg' FROM migration g
         LEFT JOIN cache_vg v ON v.master_id = g.master_id AND v.name = g.request->>'cache_vg'
         WHERE g.state = 'queued' AND g.request->>'cache_vg' IS NOT NULL
           AND (v.seen_at IS NULL OR v.seen_at < now() - $1 * interval '1 second')",
    )
    .bind(seconds)
    .fetch_all(pool)
    .await
}

/// The database's clock.
///
/// # Errors
/// Those of the database.
pub async fn clock(db: impl PgExecutor<'_>) -> Result<OffsetDateTime, sqlx::Error> {
    sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(db).await
}

/// Remembers what is free in a cache volume group.
///
/// # Errors
/// Those of the database.
pub async fn saw(
    db: &mut PgConnection,
    master: Uuid,
    vg: &str,
    free_mib: u64,
    at: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO cache_vg (master_id, name, free_mib, seen_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (master_id, name) DO UPDATE SET free_mib = EXCLUDED.free_mib, seen_at = EXCLUDED.seen_at
             WHERE cache_vg.seen_at < EXCLUDED.seen_at",
    )
    .bind(master)
    .bind(vg)
    .bind(free_mib.cast_signed())
    .bind(at)
    .execute(db)
    .await
    .map(|_| ())
}

/// All windows, by name.
///
/// # Errors
/// Those of the database.
pub async fn windows(db: impl PgExecutor<'_>) -> Result<Vec<Window>, sqlx::Error> {
    let rows: Vec<(String, String, Json<Vec<app::model::WeeklyRange>>)> =
        sqlx::query_as("SELECT name, time_zone, ranges FROM maintenance_window ORDER BY name").fetch_all(db).await?;
    let now = OffsetDateTime::now_utc();
    rows.into_iter()
        .map(|(name, time_zone, ranges)| {
            let name: ObjectName = name.parse().map_err(super::decode)?;
            let window = Window { name, time_zone, ranges: ranges.0, open: false, opens_at: None };
            let calendar = Calendar::read(&window).map_err(super::decode)?;
            let open = calendar.is_open(now);
            let opens_at = if open { None } else { calendar.next_open(now).map(Into::into) };
            Ok(Window { open, opens_at, ..window })
        })
        .collect()
}

async fn calendars(conn: &mut PgConnection) -> Result<HashMap<String, Calendar>, sqlx::Error> {
    let windows = windows(conn).await?;
    windows
        .into_iter()
        .map(|window| Ok((window.name.to_string(), Calendar::read(&window).map_err(super::decode)?)))
        .collect()
}

/// Adds a window, or changes the one of this name.
///
/// # Errors
/// Those of the database.
pub async fn put_window(db: &mut PgConnection, window: &Window) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO maintenance_window (name, time_zone, ranges) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET time_zone = EXCLUDED.time_zone, ranges = EXCLUDED.ranges",
    )
    .bind(window.name.as_str())
    .bind(&window.time_zone)
    .bind(Json(&window.ranges))
    .execute(db)
    .await
    .map(|_| ())
}

/// Removes a window. False where there is none.
///
/// # Errors
/// Those of the database; a foreign key violation where a cutover waits for it.
pub async fn remove_window(db: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("DELETE FROM maintenance_window WHERE name = $1").bind(name).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Blackouts that are not over, by start.
///
/// # Errors
/// Those of the database.
pub async fn blackouts(db: impl PgExecutor<'_>) -> Result<Vec<Blackout>, sqlx::Error> {
    let rows: Vec<(Uuid, String, OffsetDateTime, OffsetDateTime, Option<String>)> = sqlx::query_as(
        "SELECT b.id, b.reason, b.starts_at, b.ends_at, m.name FROM blackout b LEFT JOIN master m ON m.id = b.master_id
         WHERE b.ends_at > now() ORDER BY b.starts_at",
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|(id, reason, starts_at, ends_at, master)| {
            let master = master.map(|name| name.parse().map_err(super::decode)).transpose()?;
            Ok(Blackout { id, reason, starts_at: starts_at.into(), ends_at: ends_at.into(), master })
        })
        .collect()
}

/// Adds a blackout.
///
/// # Errors
/// Those of the database.
pub async fn add_blackout(db: &mut PgConnection, new: &NewBlackout, master: Option<Uuid>) -> Result<Uuid, sqlx::Error> {
    let id = Uuid::now_v7();
    sqlx::query("INSERT INTO blackout (id, reason, starts_at, ends_at, master_id) VALUES ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(&new.reason)
        .bind(OffsetDateTime::from(new.starts_at))
        .bind(OffsetDateTime::from(new.ends_at))
        .bind(master)
        .execute(db)
        .await?;
    Ok(id)
}

/// Removes a blackout. False where there is none.
///
/// # Errors
/// Those of the database.
pub async fn remove_blackout(db: &mut PgConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("DELETE FROM blackout WHERE id = $1").bind(id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    group_name: String,
    id: Uuid,
    name: String,
    master: String,
    ambiguous: bool,
    missing_since: Option<OffsetDateTime>,
}

/// All groups with their clients, by name; or one of them.
///
/// # Errors
/// Those of the database.
pub async fn groups(pool: &PgPool, only: Option<&str>) -> Result<Vec<Group>, sqlx::Error> {
    let groups: Vec<(String, i32)> =
        sqlx::query_as("SELECT name, max_running FROM client_group WHERE $1::text IS NULL OR name = $1 ORDER BY name")
            .bind(only)
            .fetch_all(pool)
            .await?;
    let rows: Vec<MemberRow> = sqlx::query_as(
        "SELECT c.group_name, c.id, c.name, m.name AS master, c.missing_since,
                EXISTS (SELECT FROM client o WHERE o.name = c.name AND o.id <> c.id) AS ambiguous
         FROM client c JOIN master m ON m.id = c.master_id
         WHERE c.group_name IS NOT NULL AND ($1::text IS NULL OR c.group_name = $1) ORDER BY c.name, m.name",
    )
    .bind(only)
    .fetch_all(pool)
    .await?;
    groups
        .into_iter()
        .map(|(name, most)| {
            let of_group = rows.iter().filter(|row| row.group_name == name);
            let members = of_group.map(MemberRow::wire).collect::<Result<Vec<_>, _>>()?;
            Ok(Group {
                name: name.parse().map_err(super::decode)?,
                max_running: u16::try_from(most).map_err(super::decode)?,
                clients: members.iter().map(NamedClient::reference).collect(),
                members,
            })
        })
        .collect()
}

impl MemberRow {
    fn wire(&self) -> Result<NamedClient, sqlx::Error> {
        Ok(NamedClient {
            id: self.id,
            client: self.name.parse().map_err(super::decode)?,
            master: self.master.parse().map_err(super::decode)?,
            ambiguous: self.ambiguous,
            missing_since: self.missing_since.map(Into::into),
        })
    }
}

/// Adds a group, or changes the one of this name: exactly these clients are in it afterwards.
///
/// # Errors
/// Those of the database.
pub async fn put_group(
    conn: &mut PgConnection,
    name: &ObjectName,
    max_running: u16,
    clients: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO client_group (name, max_running) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET max_running = EXCLUDED.max_running",
    )
    .bind(name.as_str())
    .bind(i32::from(max_running))
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "UPDATE client SET group_name = CASE WHEN id = ANY($2) THEN $1 END
         WHERE group_name = $1 OR id = ANY($2)",
    )
    .bind(name.as_str())
    .bind(clients)
    .execute(conn)
    .await
    .map(|_| ())
}

/// Removes a group; its clients are in none then. False where there is none.
///
/// # Errors
/// Those of the database.
pub async fn remove_group(db: &mut PgConnection, name: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("DELETE FROM client_group WHERE name = $1").bind(name).execute(db).await?;
    Ok(done.rows_affected() == 1)
}
