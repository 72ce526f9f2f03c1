//! Windows, blackouts, groups, limits; and everything that decides whose turn it is, read at one moment.

use super::each::{self, Unreadable};
use crate::engine::{
    calendar::Calendar,
    schedule::{self, Active, Free, Situation, Waiting},
};
use aix::ObjectName;
use app::model::{Blackout, Group, LaunchRequest, NamedClient, NewBlackout, State, Window};
use sqlx::postgres::{PgConnection, PgExecutor, PgPool, PgRow};
use sqlx::types::Json;
use sqlx::{FromRow as _, Row as _};
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

/// The earliest time that can be read.
const BEGINNING: OffsetDateTime = time::PrimitiveDateTime::MIN.assume_utc();

/// The times of a blackout as they can be decoded: PostgreSQL knows later ones than [`OffsetDateTime`], and `infinity`.
macro_rules! times {
    () => {
        "LEAST(GREATEST(starts_at, '0001-01-01Z'), '9999-12-31 23:59:59Z') AS starts_at,
         LEAST(GREATEST(ends_at, '0001-01-01Z'), '9999-12-31 23:59:59Z') AS ends_at"
    };
}

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

/// Everything that decides, and what of it cannot be read.
#[derive(Debug)]
pub struct Seen {
    /// What can be judged.
    pub situation: Situation,
    /// Approved cutovers that wait for their time.
    pub planned: Vec<Planned>,
    /// Migrations that cannot be judged, with the reason that they show.
    pub unreadable: Vec<(Uuid, String)>,
    /// What each migration shows now as its reason.
    pub reasons: HashMap<Uuid, String>,
}

/// Reads everything that decides. A row that cannot be read stops only what depends on it: a blackout counts as in force, a migration
/// waits, space that is not known to be free is not.
///
/// # Errors
/// Those of the database.
pub async fn situation(conn: &mut PgConnection) -> Result<Seen, sqlx::Error> {
    let waiting = sqlx::query(
        "SELECT g.id, g.master_id, c.group_name, g.request, g.cache_need_mib, g.start_now, g.reason
         FROM migration g LEFT JOIN client c ON c.id = g.client_id WHERE g.state = 'queued' ORDER BY g.requested_at, g.id",
    )
    .fetch_all(&mut *conn)
    .await?;
    let active = sqlx::query(
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
    // A start that lies in the future was no start.
    let masters = sqlx::query(
        "SELECT id, name, max_running, stagger_seconds, CASE WHEN last_start_at <= now() THEN last_start_at END AS last_start_at
         FROM master",
    )
    .fetch_all(&mut *conn)
    .await?;
    let groups = sqlx::query("SELECT name, max_running FROM client_group").fetch_all(&mut *conn).await?;
    let free = sqlx::query("SELECT master_id, name, free_mib, seen_at FROM cache_vg").fetch_all(&mut *conn).await?;
    let blackouts =
        sqlx::query(concat!("SELECT reason, ", times!(), ", master_id FROM blackout WHERE ends_at > now()"))
            .fetch_all(&mut *conn)
            .await?;
    let planned = sqlx::query(
        "SELECT id, master_id, cutover_not_before, cutover_window, reason FROM migration
         WHERE state = 'clone_ready' AND cutover_at IS NOT NULL ORDER BY cutover_at FOR UPDATE SKIP LOCKED",
    )
    .fetch_all(&mut *conn)
    .await?;
    let reasons =
        waiting.iter().chain(&planned).filter_map(|row| Some((row.try_get("id").ok()?, row.try_get("reason").ok()?)));
    let reasons = reasons.collect();
    let mut unreadable = Vec::new();
    let waiting = judged(&waiting, &mut unreadable, |row| WaitingRow::from_row(row).map(as_waiting));
    let planned = judged(&planned, &mut unreadable, |row| Planned::from_row(row));
    let (windows, unreadable_windows) = calendars(&mut *conn).await?;
    let situation = Situation {
        waiting,
        active: active.iter().map(as_active).collect::<Result<_, _>>()?,
        masters: each::readable("a master", &masters, as_master).into_iter().collect(),
        groups: each::readable("a group", &groups, as_group).into_iter().collect(),
        free: each::readable("a cache volume group", &free, as_free).into_iter().collect(),
        windows,
        unreadable_windows,
        blackouts: blackouts.iter().map(as_blackout).collect(),
    };
    Ok(Seen { situation, planned, unreadable, reasons })
}

/// The rows of migrations that can be read; the others with why they wait.
fn judged<T>(
    rows: &[PgRow],
    unreadable: &mut Vec<(Uuid, String)>,
    decode: impl Fn(&PgRow) -> Result<T, sqlx::Error>,
) -> Vec<T> {
    let mut judged = Vec::with_capacity(rows.len());
    for row in rows {
        match each::read(row, &decode) {
            Ok(value) => judged.push(value),
            Err(Unreadable(why)) => {
                let reason =
                    format!("Waits: its record in the database cannot be read ({why}). Correct it there, or cancel.");
                unreadable.extend(row.try_get("id").ok().map(|id| (id, reason)));
            }
        }
    }
    judged
}

fn as_active(row: &PgRow) -> Result<Active, sqlx::Error> {
    let place: bool = row.try_get("place")?;
    let need: Option<i64> = row.try_get("cache_need_mib")?;
    let need = need.map(i64::unsigned_abs);
    let cache: Option<String> = row.try_get("cache_vg")?;
    Ok(Active {
        master: row.try_get("master_id")?,
        group: row.try_get("group_name")?,
        cache: cache.map(|vg| (vg, need)).filter(|_| place),
        // A time that cannot be read is none, and the space stays reserved.
        cached_at: each::read(row, |row| row.try_get("cached_at")).ok().flatten(),
        place,
    })
}

fn as_master(row: &PgRow) -> Result<(Uuid, schedule::Master), sqlx::Error> {
    let (most, stagger): (i32, i32) = (row.try_get("max_running")?, row.try_get("stagger_seconds")?);
    let master = schedule::Master {
        name: row.try_get("name")?,
        max_running: usize::try_from(most).unwrap_or(0),
        stagger: time::Duration::seconds(stagger.into()),
        last_start: row.try_get("last_start_at")?,
    };
    Ok((row.try_get("id")?, master))
}

fn as_group(row: &PgRow) -> Result<(String, usize), sqlx::Error> {
    let most: i32 = row.try_get("max_running")?;
    Ok((row.try_get("name")?, usize::try_from(most).unwrap_or(0)))
}

fn as_free(row: &PgRow) -> Result<((Uuid, String), Free), sqlx::Error> {
    let mib: i64 = row.try_get("free_mib")?;
    let free = Free { mib: u64::try_from(mib).unwrap_or(0), seen_at: row.try_get("seen_at")? };
    Ok(((row.try_get("master_id")?, row.try_get("name")?), free))
}

/// A blackout; one that cannot be read is in force, for its master where that can be read, else for all.
fn as_blackout(row: &PgRow) -> schedule::Blackout {
    let master = row.try_get("master_id").ok().flatten();
    let decode = |row: &PgRow| Ok((row.try_get("reason")?, row.try_get("starts_at")?, row.try_get("ends_at")?));
    match each::read(row, decode) {
        Ok((reason, from, until)) => schedule::Blackout { reason, from, until, master },
        Err(Unreadable(why)) => {
            tracing::error!(
                why,
                "a blackout cannot be read; it counts as in force until it is corrected in the database"
            );
            let reason = format!("it cannot be read ({why})");
            schedule::Blackout { reason, from: BEGINNING, until: schedule::NEVER, master }
        }
    }
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
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query("UPDATE master SET last_start_at = now() WHERE id = (SELECT master_id FROM migration WHERE id = $1)")
        .bind(id)
        .execute(conn)
        .await?;
    Ok(true)
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
           -- What was seen in the future was not seen.
           AND (v.seen_at IS NULL OR v.seen_at < now() - $1 * interval '1 second' OR v.seen_at > now() + interval '1 minute')",
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
             WHERE cache_vg.seen_at < EXCLUDED.seen_at OR cache_vg.seen_at > now() + interval '1 minute'",
    )
    .bind(master)
    .bind(vg)
    .bind(free_mib.cast_signed())
    .bind(at)
    .execute(db)
    .await
    .map(|_| ())
}

/// All windows, by name. One that cannot be read is logged and left out: nothing starts in it.
///
/// # Errors
/// Those of the database.
pub async fn windows(db: impl PgExecutor<'_>) -> Result<Vec<Window>, sqlx::Error> {
    let now = OffsetDateTime::now_utc();
    let read = read_windows(db).await?.into_iter().filter_map(|(name, read)| match read {
        Ok((window, calendar)) => {
            let open = calendar.is_open(now);
            let opens_at = if open { None } else { calendar.next_open(now).map(Into::into) };
            Some(Window { open, opens_at, ..window })
        }
        Err(Unreadable(why)) => {
            tracing::error!(name, why, "a maintenance window cannot be read; correct it in the database");
            None
        }
    });
    Ok(read.collect())
}

type ReadWindow = Result<(Window, Calendar), Unreadable>;

async fn read_windows(db: impl PgExecutor<'_>) -> Result<Vec<(String, ReadWindow)>, sqlx::Error> {
    let rows =
        sqlx::query("SELECT name, time_zone, ranges FROM maintenance_window ORDER BY name").fetch_all(db).await?;
    let read = |row: &PgRow| {
        let name: String = row.try_get("name")?;
        let ranges: Json<Vec<app::model::WeeklyRange>> = row.try_get("ranges")?;
        let name: ObjectName = name.parse().map_err(super::decode)?;
        let window =
            Window { name, time_zone: row.try_get("time_zone")?, ranges: ranges.0, open: false, opens_at: None };
        let calendar = Calendar::read(&window).map_err(super::decode)?;
        Ok((window, calendar))
    };
    rows.iter().map(|row| Ok((row.try_get("name")?, each::read(row, read)))).collect()
}

/// The calendars of all windows, and why those are none that cannot be read.
type Calendars = (HashMap<String, Calendar>, HashMap<String, String>);

async fn calendars(conn: &mut PgConnection) -> Result<Calendars, sqlx::Error> {
    let (mut calendars, mut unreadable) = (HashMap::new(), HashMap::new());
    for (name, read) in read_windows(conn).await? {
        match read {
            Ok((_, calendar)) => drop(calendars.insert(name, calendar)),
            Err(Unreadable(why)) => drop(unreadable.insert(name, why)),
        }
    }
    Ok((calendars, unreadable))
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
    let rows: Vec<(Uuid, String, OffsetDateTime, OffsetDateTime, Option<String>)> = sqlx::query_as(concat!(
        "SELECT b.id, b.reason, ",
        times!(),
        ", m.name FROM blackout b LEFT JOIN master m ON m.id = b.master_id
         WHERE b.ends_at > now() ORDER BY b.starts_at"
    ))
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
