//! Campaigns and their members.

use super::client::Known;
use crate::engine::campaign;
use aix::DiskName;
use app::model::{
    Approvals, Campaign, CampaignMember, CampaignState, GoOn, MigrationSummary, Standing, State, StopRule, Template,
    WaveSummary,
};
use sqlx::postgres::{PgConnection, PgExecutor, PgPool};
use sqlx::types::Json;
use std::{collections::BTreeMap, time::Duration};
use time::OffsetDateTime;
use uuid::Uuid;

/// A campaign as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Row {
    /// Identifier.
    pub id: Uuid,
    /// For people.
    pub name: String,
    state: String,
    /// Why it stands there.
    pub reason: Option<String>,
    /// What every migration is told.
    pub template: Json<Template>,
    /// How the next wave begins.
    pub go_on: Json<GoOn>,
    /// When it stops by itself.
    pub stop: Json<StopRule>,
    /// The present wave.
    pub wave: i16,
    /// Who asked for it: launches are theirs.
    pub requested_by: String,
    requested_at: OffsetDateTime,
    /// Who last approved its start or a wave.
    pub approved_by: Option<String>,
    approved_at: Option<OffsetDateTime>,
}

/// A member as stored, with the state of its migration.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Member {
    /// Its campaign.
    pub campaign_id: Uuid,
    /// The client.
    pub client_id: Uuid,
    /// Its NIM name.
    pub client: String,
    /// Its master's id.
    pub master_id: Uuid,
    /// Its master's name.
    pub master: String,
    ambiguous: bool,
    /// A server launches it now, or waits before it tries again.
    pub being_tried: bool,
    /// Since when NIM no longer lists it.
    pub missing_since: Option<OffsetDateTime>,
    /// Its wave.
    pub wave: i16,
    state: String,
    target_disks: Vec<String>,
    /// Its migration, once launched.
    pub migration_id: Option<Uuid>,
    refused: Option<String>,
    migration_state: Option<String>,
    retry_pending: bool,
    approve_starts: bool,
    second_person: bool,
}

impl Row {
    /// Where it stands.
    ///
    /// # Errors
    /// Where the column holds an unknown word.
    pub fn state(&self) -> Result<CampaignState, sqlx::Error> {
        self.state.parse().map_err(|error| super::unknown_word("state", error))
    }

    /// As it travels; `migrations` are those of its members, none in lists.
    ///
    /// # Errors
    /// Where a column holds what its type does not allow.
    pub fn wire(self, members: &[Member], mut migrations: Vec<MigrationSummary>) -> Result<Campaign, sqlx::Error> {
        let state = self.state()?;
        let standings = standings(members)?;
        let mut waves: BTreeMap<u16, WaveSummary> = BTreeMap::new();
        for (wave, standing) in &standings {
            waves
                .entry(*wave)
                .or_insert_with(|| WaveSummary { number: *wave, ..WaveSummary::default() })
                .count(*standing);
        }
        let actions = campaign::actions(state, self.wave.unsigned_abs(), &standings);
        let approvals = approvals(members);
        let wire = |(member, (wave, standing)): (&Member, &(u16, Standing))| {
            let at = migrations.iter().position(|migration| Some(migration.id) == member.migration_id);
            Ok(CampaignMember {
                client: member.client.parse().map_err(super::decode)?,
                client_id: member.client_id,
                master: member.master.parse().map_err(super::decode)?,
                ambiguous: member.ambiguous,
                missing_since: member.missing_since.map(Into::into),
                wave: *wave,
                standing: *standing,
                target_disks: member.disks()?,
                refused: member.refused.clone(),
                migration: at.map(|at| migrations.swap_remove(at)),
            })
        };
        let members = members.iter().zip(&standings).map(wire).collect::<Result<Vec<_>, sqlx::Error>>()?;
        Ok(Campaign {
            id: self.id,
            name: self.name,
            state,
            reason: self.reason,
            template: self.template.0,
            go_on: self.go_on.0,
            stop: self.stop.0,
            wave: self.wave.unsigned_abs(),
            waves: waves.into_values().collect(),
            members,
            actions,
            orders: Vec::new(),
            approvals,
            approved_by: self.approved_by,
            approved_at: self.approved_at.map(Into::into),
            requested_by: self.requested_by,
            requested_at: self.requested_at.into(),
        })
    }
}

impl Member {
    /// Its target disks, where they were given.
    ///
    /// # Errors
    /// Where the column holds something else.
    pub fn disks(&self) -> Result<Vec<DiskName>, sqlx::Error> {
        self.target_disks.iter().map(|disk| disk.parse().map_err(super::decode)).collect()
    }

    /// Which client it is.
    #[must_use]
    pub fn known(&self) -> Known {
        Known {
            id: self.client_id,
            name: self.client.clone(),
            master_id: self.master_id,
            master: self.master.clone(),
            missing_since: self.missing_since,
        }
    }

    fn standing(&self) -> Result<Standing, sqlx::Error> {
        Ok(match (self.state.as_str(), &self.migration_state) {
            ("launched", Some(state)) => Standing::At(match super::state(state)? {
                // Its retry is ordered: a failure that is being tried again stops no campaign.
                State::FailedClean if self.retry_pending => State::Queued,
                state => state,
            }),
            ("refused", _) => Standing::Refused,
            ("skipped", _) => Standing::Skipped,
            _ => Standing::Waiting,
        })
    }
}

/// Wave and standing of each member.
///
/// # Errors
/// Where a column holds an unknown word.
pub fn standings(members: &[Member]) -> Result<Vec<(u16, Standing)>, sqlx::Error> {
    members.iter().map(|member| Ok((member.wave.unsigned_abs(), member.standing()?))).collect()
}

/// Whose word the masters of the members ask for.
#[must_use]
pub fn approvals(members: &[Member]) -> Approvals {
    let of = |member: &Member| Approvals { starts: member.approve_starts, second_person: member.second_person };
    members.iter().map(of).fold(Approvals::default(), Approvals::or)
}

/// A new campaign.
#[derive(Debug)]
pub struct New<'a> {
    /// For people.
    pub name: &'a str,
    /// What every migration is told.
    pub template: &'a Template,
    /// How the next wave begins.
    pub go_on: GoOn,
    /// When it stops by itself.
    pub stop: StopRule,
    /// Who asked for it.
    pub requested_by: &'a str,
    /// Nothing is launched until somebody approves it; why, for people.
    pub awaits_approval: Option<&'a str>,
    /// Client, wave, target disks; in order.
    pub members: Vec<(Uuid, u16, Vec<DiskName>)>,
}

/// Stores a campaign: in state `running` and its first wave, or in state `awaiting_approval` before it.
///
/// # Errors
/// Those of the database.
pub async fn insert(conn: &mut PgConnection, new: &New<'_>) -> Result<Uuid, sqlx::Error> {
    let id = Uuid::now_v7();
    sqlx::query(
        "INSERT INTO campaign (id, name, state, wave, reason, template, go_on, stop, requested_by) VALUES ($1, $2, $7, $8, $9, $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(new.name)
    .bind(Json(new.template))
    .bind(Json(new.go_on))
    .bind(Json(new.stop))
    .bind(new.requested_by)
    .bind(if new.awaits_approval.is_some() { CampaignState::AwaitingApproval } else { CampaignState::Running }.as_str())
    .bind(i16::from(new.awaits_approval.is_none()))
    .bind(new.awaits_approval)
    .execute(&mut *conn)
    .await?;
    for (position, (client, wave, disks)) in (0_i32..).zip(&new.members) {
        let disks: Vec<&str> = disks.iter().map(DiskName::as_str).collect();
        sqlx::query(
            "INSERT INTO campaign_member (campaign_id, client_id, position, wave, target_disks) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(id)
        .bind(client)
        .bind(position)
        .bind(wave.cast_signed())
        .bind(disks)
        .execute(&mut *conn)
        .await?;
    }
    Ok(id)
}

/// One campaign.
///
/// # Errors
/// Those of the database.
pub async fn find(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as("SELECT * FROM campaign WHERE id = $1").bind(id).fetch_optional(db).await
}

/// One campaign, locked until the transaction ends.
///
/// # Errors
/// Those of the database.
pub async fn lock(conn: &mut PgConnection, id: Uuid) -> Result<Option<Row>, sqlx::Error> {
    sqlx::query_as("SELECT * FROM campaign WHERE id = $1 FOR NO KEY UPDATE").bind(id).fetch_optional(conn).await
}

/// A member's migration is retried by itself: its campaign, where that was done, has work again. Gives that campaign.
///
/// # Errors
/// Those of the database.
pub async fn member_is_retried(conn: &mut PgConnection, migration: Uuid) -> Result<Option<Uuid>, sqlx::Error> {
    // Locked first: a server may be about to call it done.
    let campaign: Option<(Uuid, String)> = sqlx::query_as(
        "SELECT c.id, c.state FROM campaign c JOIN campaign_member m ON m.campaign_id = c.id
         WHERE m.migration_id = $1 FOR NO KEY UPDATE OF c",
    )
    .bind(migration)
    .fetch_optional(&mut *conn)
    .await?;
    let Some((id, state)) = campaign else { return Ok(None) };
    let state: CampaignState = state.parse().map_err(|error| super::unknown_word("state", error))?;
    let to = campaign::after_member_retry(state);
    if to == state {
        return Ok(None);
    }
    sqlx::query("UPDATE campaign SET state = $2, reason = NULL, worked_until = now() WHERE id = $1")
        .bind(id)
        .bind(to.as_str())
        .execute(conn)
        .await?;
    Ok(Some(id))
}

/// The latest campaigns, newest first.
///
/// # Errors
/// Those of the database.
pub async fn list(pool: &PgPool) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as("SELECT * FROM campaign ORDER BY requested_at DESC LIMIT 200").fetch_all(pool).await
}

/// The newest campaigns in some states, without members.
///
/// # Errors
/// Those of the database.
pub async fn in_states(pool: &PgPool, states: &[&str]) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as("SELECT * FROM campaign WHERE state = ANY($1) ORDER BY requested_at DESC LIMIT 20")
        .bind(states)
        .fetch_all(pool)
        .await
}

/// The members of a campaign, in order.
///
/// # Errors
/// Those of the database.
pub async fn members(db: impl PgExecutor<'_>, id: Uuid) -> Result<Vec<Member>, sqlx::Error> {
    members_of(db, &[id]).await
}

/// The members of several campaigns, each in order.
///
/// # Errors
/// Those of the database.
pub async fn members_of(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Member>, sqlx::Error> {
    sqlx::query_as(
        "SELECT m.campaign_id, m.client_id, c.name AS client, c.master_id, n.name AS master, c.missing_since,
                EXISTS (SELECT FROM client o WHERE o.name = c.name AND o.id <> c.id) AS ambiguous, m.tried_until > now() AS being_tried, m.wave, m.state, m.target_disks, m.migration_id, m.refused, g.state AS migration_state,
                n.approve_starts, n.second_person,
                EXISTS (SELECT FROM campaign_order_member p JOIN campaign_order o ON o.id = p.order_id
                        WHERE p.migration_id = m.migration_id AND p.state = 'pending' AND o.action = 'retry_failed') AS retry_pending
         FROM campaign_member m JOIN client c ON c.id = m.client_id JOIN master n ON n.id = c.master_id LEFT JOIN migration g ON g.id = m.migration_id
         WHERE m.campaign_id = ANY($1) ORDER BY m.campaign_id, m.wave, m.position",
    )
    .bind(ids)
    .fetch_all(db)
    .await
}

/// Takes a campaign that has work and that no server works on: one that runs, or one that awaits approval of its next wave while a member
/// of an earlier one waits to be tried again. Only its id is read: one that cannot be read must not keep the others from their turn.
///
/// # Errors
/// Those of the database.
pub async fn claim(db: &mut PgConnection, ttl: Duration) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "UPDATE campaign SET worked_until = now() + $1 * interval '1 second'
         WHERE id = (SELECT id FROM campaign c
                     WHERE worked_until < now()
                       AND (state = 'running'
                            OR state = 'awaiting_approval' AND wave > 0 AND EXISTS (
                                SELECT FROM campaign_member m
                                WHERE m.campaign_id = c.id AND m.state = 'waiting' AND m.wave <= c.wave))
                     ORDER BY worked_until FOR UPDATE SKIP LOCKED LIMIT 1)
         RETURNING id",
    )
    .bind(ttl.as_secs_f64())
    .fetch_optional(db)
    .await
}

/// Lets another look follow after a while.
///
/// # Errors
/// Those of the database.
pub async fn release(db: &mut PgConnection, id: Uuid, pause: Duration) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE campaign SET worked_until = now() + $2 * interval '1 second' WHERE id = $1")
        .bind(id)
        .bind(pause.as_secs_f64())
        .execute(db)
        .await
        .map(|_| ())
}

/// Takes those of these members that no server launches now; the members that were taken.
///
/// # Errors
/// Those of the database.
pub async fn take(
    conn: &mut PgConnection,
    id: Uuid,
    clients: &[Uuid],
    ttl: Duration,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar(
        "UPDATE campaign_member SET tried_until = now() + $3 * interval '1 second'
         WHERE campaign_id = $1 AND client_id = ANY($2) AND state = 'waiting' AND tried_until <= now() RETURNING client_id",
    )
    .bind(id)
    .bind(clients)
    .bind(ttl.as_secs_f64())
    .fetch_all(conn)
    .await
}

/// Has a member that still waits launched no sooner than after a pause.
///
/// # Errors
/// Those of the database.
pub async fn try_again(conn: &mut PgConnection, id: Uuid, client: Uuid, pause: Duration) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE campaign_member SET tried_until = now() + $3 * interval '1 second'
         WHERE campaign_id = $1 AND client_id = $2 AND state = 'waiting'",
    )
    .bind(id)
    .bind(client)
    .bind(pause.as_secs_f64())
    .execute(conn)
    .await
    .map(|_| ())
}

/// Moves a campaign on. False where it is not in state `from` and wave `wave` any more.
///
/// # Errors
/// Those of the database.
pub async fn advance(
    conn: &mut PgConnection,
    id: Uuid,
    (from, wave): (CampaignState, i16),
    (to, next): (CampaignState, i16),
    reason: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE campaign SET state = $4, wave = $5, reason = $6, worked_until = now()
         WHERE id = $1 AND state = $2 AND wave = $3",
    )
    .bind(id)
    .bind(from.as_str())
    .bind(wave)
    .bind(to.as_str())
    .bind(next)
    .bind(reason)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Remembers who approved its start or its next wave.
///
/// # Errors
/// Those of the database.
pub async fn approve(conn: &mut PgConnection, id: Uuid, by: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE campaign SET approved_by = $2, approved_at = now() WHERE id = $1")
        .bind(id)
        .bind(by)
        .execute(conn)
        .await
        .map(|_| ())
}

/// Ties a migration to its member, in the transaction that stores the migration. False where it does not wait any more: then nothing may
/// be launched.
///
/// # Errors
/// Those of the database.
pub async fn launched(
    conn: &mut PgConnection,
    id: Uuid,
    client: Uuid,
    migration: Uuid,
    disks: &[DiskName],
) -> Result<bool, sqlx::Error> {
    let disks: Vec<&str> = disks.iter().map(DiskName::as_str).collect();
    // Somebody may be about to pause or cancel it.
    let state: Option<String> = sqlx::query_scalar("SELECT state FROM campaign WHERE id = $1 FOR SHARE")
        .bind(id)
        .fetch_optional(&mut *conn)
        .await?;
    let goes_on = [CampaignState::Running, CampaignState::AwaitingApproval].map(CampaignState::as_str);
    if !state.is_some_and(|state| goes_on.contains(&state.as_str())) {
        return Ok(false);
    }
    let done = sqlx::query(
        "UPDATE campaign_member SET state = 'launched', migration_id = $3, target_disks = $4
         WHERE campaign_id = $1 AND client_id = $2 AND state = 'waiting'",
    )
    .bind(id)
    .bind(client)
    .bind(migration)
    .bind(disks)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Remembers that the pre-flight refused a member.
///
/// # Errors
/// Those of the database.
pub async fn refused(conn: &mut PgConnection, id: Uuid, client: Uuid, why: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE campaign_member SET state = 'refused', refused = $3 WHERE campaign_id = $1 AND client_id = $2 AND state = 'waiting'",
    )
    .bind(id)
    .bind(client)
    .bind(why)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Leaves a member out. False where it was launched already.
///
/// # Errors
/// Those of the database.
pub async fn skip(conn: &mut PgConnection, id: Uuid, client: Uuid) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE campaign_member SET state = 'skipped', refused = NULL
         WHERE campaign_id = $1 AND client_id = $2 AND state IN ('waiting', 'refused')",
    )
    .bind(id)
    .bind(client)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives refused members another try, in the waves they have: clients that must be apart stay apart. How many.
///
/// # Errors
/// Those of the database.
pub async fn retry_refused(conn: &mut PgConnection, id: Uuid) -> Result<u64, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE campaign_member SET state = 'waiting', refused = NULL WHERE campaign_id = $1 AND state = 'refused'",
    )
    .bind(id)
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// The migrations of members that stand in `state`; of one wave where one is named.
///
/// # Errors
/// Where a column holds an unknown word.
pub fn members_in(members: &[Member], state: State, wave: Option<u16>) -> Result<Vec<Uuid>, sqlx::Error> {
    let mut found = Vec::new();
    for member in members {
        let of_wave = wave.is_none_or(|wave| wave == member.wave.unsigned_abs());
        if of_wave && member.standing()? == Standing::At(state) {
            found.extend(member.migration_id);
        }
    }
    Ok(found)
}
