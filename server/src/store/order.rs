//! Orders: one act on many members of a campaign, stored before anything is done.

use app::model::{Action, CampaignAction, CampaignOrder, OrderMember, OrderState, Role};
use sqlx::{PgConnection, PgPool};
use std::{collections::HashMap, time::Duration};
use time::OffsetDateTime;
use uuid::Uuid;

/// Latest orders of a campaign that are listed.
const LATEST: i64 = 20;
/// Members of orders whose reasons are listed.
const REASONS: i64 = 200;

/// A new order.
#[derive(Debug)]
pub struct New<'a> {
    /// The campaign.
    pub campaign: Uuid,
    /// `cutover` or `retry_failed`.
    pub action: CampaignAction,
    /// Sign-in name.
    pub asked_by: &'a str,
    /// Role it was asked with.
    pub asked_role: Role,
    /// Why, for the record.
    pub reason: Option<&'a str>,
    /// A cutover: not before.
    pub not_before: Option<OffsetDateTime>,
    /// A cutover: in this window.
    pub window: Option<&'a str>,
    /// The migrations, in the order in which they are acted on.
    pub members: &'a [Uuid],
}

/// Stores an order.
///
/// # Errors
/// Those of the database.
pub async fn insert(conn: &mut PgConnection, new: &New<'_>) -> Result<Uuid, sqlx::Error> {
    let id = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO campaign_order (id, campaign_id, action, asked_by, asked_role, reason, not_before, cutover_window)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(new.campaign)
    .bind(new.action.as_str())
    .bind(new.asked_by)
    .bind(new.asked_role.as_str())
    .bind(new.reason)
    .bind(new.not_before)
    .bind(new.window)
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "INSERT INTO campaign_order_member (order_id, migration_id, position)
         SELECT $1, m.id, (m.at - 1)::integer FROM unnest($2::uuid[]) WITH ORDINALITY m (id, at)",
    )
    .bind(id)
    .bind(new.members)
    .execute(conn)
    .await?;
    Ok(id)
}

/// A member that is to be acted on, with its order.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Pending {
    /// The order.
    pub order_id: Uuid,
    /// The campaign.
    pub campaign_id: Uuid,
    /// The migration.
    pub migration_id: Uuid,
    action: String,
    /// Sign-in name.
    pub asked_by: String,
    asked_role: String,
    role_now: Option<String>,
    user_id: Option<Uuid>,
    /// Why, for the record.
    pub reason: Option<String>,
    /// A cutover: not before.
    pub not_before: Option<OffsetDateTime>,
    /// A cutover: in this window.
    pub cutover_window: Option<String>,
}

impl Pending {
    /// What is done to the migration.
    ///
    /// # Errors
    /// Where the column holds a word that is no order's.
    pub fn action(&self) -> Result<Action, sqlx::Error> {
        match self.action.as_str() {
            "cutover" => Ok(Action::Cutover),
            "retry_failed" => Ok(Action::Retry),
            other => Err(super::unknown_word("action", format!("{other:?} is no order"))),
        }
    }

    /// Who asked, with the role they have now or the one they asked with, whichever is lower; none where they may no longer sign in.
    ///
    /// # Errors
    /// Where a column holds an unknown word.
    pub fn caller(&self) -> Result<Option<app::model::Caller>, sqlx::Error> {
        let role = |text: &str| text.parse::<Role>().map_err(|error| super::unknown_word("role", error));
        let asked = role(&self.asked_role)?;
        let (Some(id), Some(now)) = (self.user_id, &self.role_now) else { return Ok(None) };
        Ok(Some(app::model::Caller { id, username: self.asked_by.clone(), role: asked.min(role(now)?) }))
    }
}

macro_rules! pending {
    ($rest:literal) => {
        concat!(
            "SELECT p.order_id, o.campaign_id, p.migration_id, o.action, o.asked_by, o.asked_role, u.role AS role_now, u.id AS user_id,
                    o.reason, o.not_before, o.cutover_window
             FROM campaign_order_member p JOIN campaign_order o ON o.id = p.order_id
             LEFT JOIN user_account u ON u.username = o.asked_by AND u.disabled_at IS NULL ",
            $rest
        )
    };
}

/// Locks the oldest pending member of a cutover until the transaction ends. Members that another server has locked are passed over.
///
/// # Errors
/// Those of the database.
pub async fn take_cutover(conn: &mut PgConnection) -> Result<Option<Pending>, sqlx::Error> {
    sqlx::query_as(pending!(
        "WHERE p.state = 'pending' AND o.action = 'cutover' AND p.worked_until < now() ORDER BY o.asked_at, o.id, p.position LIMIT 1 FOR UPDATE OF p SKIP LOCKED"
    ))
    .fetch_optional(conn)
    .await
}

/// Claims members of a retry, whose hosts are asked first. Other servers pass them over for `ttl`.
///
/// # Errors
/// Those of the database.
pub async fn claim_retries(conn: &mut PgConnection, most: i64, ttl: Duration) -> Result<Vec<Pending>, sqlx::Error> {
    let taken: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "UPDATE campaign_order_member p SET worked_until = now() + $2 * interval '1 second'
         FROM (SELECT q.order_id, q.migration_id FROM campaign_order_member q JOIN campaign_order o ON o.id = q.order_id
               WHERE q.state = 'pending' AND o.action = 'retry_failed' AND q.worked_until < now()
               ORDER BY o.asked_at, o.id, q.position LIMIT $1 FOR UPDATE OF q SKIP LOCKED) due
         WHERE p.order_id = due.order_id AND p.migration_id = due.migration_id
         RETURNING p.order_id, p.migration_id",
    )
    .bind(most)
    .bind(ttl.as_secs_f64())
    .fetch_all(&mut *conn)
    .await?;
    let (orders, migrations): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
    sqlx::query_as(pending!(
        "JOIN unnest($1::uuid[], $2::uuid[]) due (order_id, migration_id) ON due.order_id = p.order_id AND due.migration_id = p.migration_id
         ORDER BY o.asked_at, o.id, p.position"
    ))
    .bind(orders)
    .bind(migrations)
    .fetch_all(conn)
    .await
}

/// Locks a member until the transaction ends. False where it is no longer pending.
///
/// # Errors
/// Those of the database.
pub async fn hold(conn: &mut PgConnection, order: Uuid, migration: Uuid) -> Result<bool, sqlx::Error> {
    let held: Option<(Uuid,)> = sqlx::query_as(
        "SELECT migration_id FROM campaign_order_member WHERE order_id = $1 AND migration_id = $2 AND state = 'pending' FOR UPDATE",
    )
    .bind(order)
    .bind(migration)
    .fetch_optional(conn)
    .await?;
    Ok(held.is_some())
}

/// Puts a member off for `pause`: the database or the server is in trouble.
///
/// # Errors
/// Those of the database.
pub async fn put_off(
    conn: &mut PgConnection,
    order: Uuid,
    migration: Uuid,
    pause: Duration,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE campaign_order_member SET worked_until = now() + $3 * interval '1 second'
         WHERE order_id = $1 AND migration_id = $2 AND state = 'pending'",
    )
    .bind(order)
    .bind(migration)
    .bind(pause.as_secs_f64())
    .execute(conn)
    .await
    .map(|_| ())
}

/// What came of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The act was carried out.
    Done,
    /// It could not be; why.
    Refused(String),
    /// It had moved on; why it was left alone.
    Skipped(String),
}

/// Marks a member, in the transaction of its act.
///
/// # Errors
/// Those of the database.
pub async fn mark(conn: &mut PgConnection, order: Uuid, migration: Uuid, outcome: &Outcome) -> Result<(), sqlx::Error> {
    let (state, why) = match outcome {
        Outcome::Done => (OrderState::Done, None),
        Outcome::Refused(why) => (OrderState::Refused, Some(why)),
        Outcome::Skipped(why) => (OrderState::Skipped, Some(why)),
    };
    sqlx::query(
        "UPDATE campaign_order_member SET state = $3, why = $4, acted_at = now()
         WHERE order_id = $1 AND migration_id = $2 AND state = 'pending'",
    )
    .bind(order)
    .bind(migration)
    .bind(state.as_str())
    .bind(why)
    .execute(conn)
    .await
    .map(|_| ())
}

/// Skips all members of a campaign that were not acted on; how many.
///
/// # Errors
/// Those of the database.
pub async fn skip_pending(conn: &mut PgConnection, campaign: Uuid, why: &str) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE campaign_order_member p SET state = 'skipped', why = $2, acted_at = now()
         FROM campaign_order o WHERE o.id = p.order_id AND o.campaign_id = $1 AND p.state = 'pending'",
    )
    .bind(campaign)
    .bind(why)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    action: String,
    asked_by: String,
    asked_at: OffsetDateTime,
    reason: Option<String>,
    not_before: Option<OffsetDateTime>,
    cutover_window: Option<String>,
    members: i64,
    pending: i64,
    done: i64,
    refused: i64,
    skipped: i64,
}

/// The latest orders of a campaign, newest first, with what was not done and why.
///
/// # Errors
/// Those of the database.
pub async fn of_campaign(pool: &PgPool, campaign: Uuid) -> Result<Vec<CampaignOrder>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT o.id, o.action, o.asked_by, o.asked_at, o.reason, o.not_before, o.cutover_window,
                count(p.*) AS members, count(*) FILTER (WHERE p.state = 'pending') AS pending,
                count(*) FILTER (WHERE p.state = 'done') AS done, count(*) FILTER (WHERE p.state = 'refused') AS refused,
                count(*) FILTER (WHERE p.state = 'skipped') AS skipped
         FROM campaign_order o LEFT JOIN campaign_order_member p ON p.order_id = o.id
         WHERE o.campaign_id = $1 GROUP BY o.id ORDER BY o.asked_at DESC, o.id LIMIT $2",
    )
    .bind(campaign)
    .bind(LATEST)
    .fetch_all(pool)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut not_done = not_done(pool, &ids).await?;
    let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    rows.into_iter()
        .map(|row| {
            Ok(CampaignOrder {
                id: row.id,
                action: row.action.parse().map_err(|error| super::unknown_word("action", error))?,
                asked_by: row.asked_by,
                asked_at: row.asked_at.into(),
                reason: row.reason,
                not_before: row.not_before.map(Into::into),
                window: row.cutover_window,
                members: count(row.members),
                pending: count(row.pending),
                done: count(row.done),
                refused: count(row.refused),
                skipped: count(row.skipped),
                not_done: not_done.remove(&row.id).unwrap_or_default(),
            })
        })
        .collect()
}

async fn not_done(pool: &PgPool, orders: &[Uuid]) -> Result<HashMap<Uuid, Vec<OrderMember>>, sqlx::Error> {
    let rows: Vec<(Uuid, String, Uuid, String, String)> = sqlx::query_as(
        "SELECT p.order_id, c.name, p.migration_id, p.state, p.why
         FROM campaign_order_member p JOIN migration g ON g.id = p.migration_id JOIN client c ON c.id = g.client_id
         WHERE p.order_id = ANY($1) AND p.state IN ('refused', 'skipped') ORDER BY p.order_id DESC, p.position LIMIT $2",
    )
    .bind(orders)
    .bind(REASONS)
    .fetch_all(pool)
    .await?;
    let mut found: HashMap<Uuid, Vec<OrderMember>> = HashMap::new();
    for (order, client, migration, state, why) in rows {
        found.entry(order).or_default().push(OrderMember {
            client: client.parse().map_err(super::decode)?,
            migration,
            state: state.parse().map_err(|error| super::unknown_word("state", error))?,
            why,
        });
    }
    Ok(found)
}
