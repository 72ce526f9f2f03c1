//! Campaigns, as people start and steer them.

use super::{ServerDeck, act::check_reason, db};
use crate::{
    engine::{
        campaign as rules,
        identify::{self, Found, Unidentified, Wanted},
        perform,
    },
    error::{ACTION_REFUSED, BAD_INPUT, NOT_FOUND},
    store::{self, Tx, campaign, client::Known, master, migration, order},
};
use app::model::{
    Caller, Campaign, CampaignAction, CampaignAsk, CampaignState, Member, NewCampaign, Page, Problem, State, StopRule,
    WaitingCampaign, campaign::parse_members,
};
use serde_json::json;
use std::collections::HashSet;
use uuid::Uuid;

/// Most clients of one campaign.
const MOST: usize = 1000;

impl ServerDeck {
    pub(super) async fn list_campaigns(&self) -> Result<Page<Campaign>, Problem> {
        let rows = campaign::list(&self.pool).await.map_err(db)?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let all = campaign::members_of(&self.pool, &ids).await.map_err(db)?;
        let mut items = Vec::new();
        for row in rows {
            let members: Vec<_> = all.iter().filter(|member| member.campaign_id == row.id).cloned().collect();
            let mut whole = row.wire(&members, Vec::new()).map_err(db)?;
            whole.members = Vec::new();
            items.push(whole);
        }
        Ok(Page { items, next: None })
    }

    pub(super) async fn waiting_campaigns(&self) -> Result<Vec<WaitingCampaign>, Problem> {
        let states = CampaignState::ALL.iter().filter(|state| state.waits_for_person()).map(|state| state.as_str());
        let rows = campaign::in_states(&self.pool, &states.collect::<Vec<_>>()).await.map_err(db)?;
        let wire = |row: campaign::Row| {
            Ok(WaitingCampaign { id: row.id, state: row.state().map_err(db)?, name: row.name, reason: row.reason })
        };
        rows.into_iter().map(wire).collect()
    }

    pub(super) async fn find_campaign(&self, id: Uuid) -> Result<Campaign, Problem> {
        let row = self.campaign_row(id).await?;
        let members = campaign::members(&self.pool, id).await.map_err(db)?;
        let launched: Vec<Uuid> = members.iter().filter_map(|member| member.migration_id).collect();
        let migrations = migration::summaries(&self.pool, &launched).await.map_err(db)?;
        let orders = order::of_campaign(&self.pool, id).await.map_err(db)?;
        let campaign = row.wire(&members, migrations).map_err(db)?;
        Ok(Campaign { orders, ..campaign })
    }

    async fn campaign_row(&self, id: Uuid) -> Result<campaign::Row, Problem> {
        campaign::find(&self.pool, id).await.map_err(db)?.ok_or_else(|| no_campaign(id))
    }

    pub(super) async fn store_campaign(&self, caller: &Caller, new: NewCampaign) -> Result<Campaign, Problem> {
        let members = members(&new)?;
        if new.name.trim().is_empty() || new.name.len() > 200 || new.name.contains('\0') {
            return Err(BAD_INPUT.field("name", "say what it is, in at most 200 bytes"));
        }
        if new.wave_size == 0 {
            return Err(BAD_INPUT.field("wave_size", "must be at least 1: clients in each wave after the first"));
        }
        if matches!(new.stop, StopRule::Failures(0) | StopRule::Percent(101..)) {
            let why = "must be {\"failures\": 1 or more}, {\"percent\": 0 to 100} or \"never\"";
            return Err(BAD_INPUT.field("stop", why));
        }
        self.launcher().window_exists(new.template.window.as_deref()).await?;
        let wanted: Vec<_> = members.iter().map(|m| Wanted::new(&m.client, m.master.as_deref())).collect();
        let found = identify::each(&self.pool, &wanted).await.map_err(|error| error.input("clients"))?;
        let ids: Vec<Uuid> = found.iter().map(|client| client.id).collect();
        let mut seen = HashSet::new();
        if let Some(twice) = found.iter().find(|client| !seen.insert(client.id)) {
            return Err(BAD_INPUT.field("clients", format!("{} of {} is listed twice", twice.name, twice.master)));
        }
        let apart = self.apart(&new.apart).await?;
        let waves = rules::waves(&ids, new.canary, new.wave_size, &apart);
        let stored =
            ids.iter().zip(waves).zip(&members).map(|((id, wave), m)| (*id, wave, m.target_disks.clone())).collect();
        let masters: HashSet<Uuid> = found.iter().map(|client| client.master_id).collect();
        let known = master::list(&self.pool).await.map_err(db)?;
        let asking = known.iter().find(|master| masters.contains(&master.id) && master.approvals().starts);
        let awaits_approval =
            asking.map(|master| format!("{} asks for an approval before anything starts.", master.name));
        let row = campaign::New {
            name: new.name.trim(),
            template: &new.template,
            go_on: new.go_on,
            stop: new.stop,
            requested_by: &caller.username,
            awaits_approval: awaits_approval.as_deref(),
            members: stored,
        };
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        let id = campaign::insert(&mut tx, &row).await.map_err(db)?;
        let named = |client: &Known| json!({ "client": client.name, "client_id": client.id, "master": client.master });
        let detail = json!({
            "name": row.name, "clients": found.iter().map(named).collect::<Vec<_>>(), "template": new.template, "go_on": new.go_on, "stop": new.stop,
            "awaits_approval": awaits_approval.is_some(),
        });
        tx.record(&caller.username, "campaign.start", &subject(id), detail);
        tx.commit().await.map_err(db)?;
        self.find_campaign(id).await
    }

    /// The clients of each set that is never in one wave. A client outside the campaign changes nothing; an unknown client is refused.
    async fn apart(&self, sets: &[Vec<String>]) -> Result<Vec<Vec<Uuid>>, Problem> {
        let wanted: Vec<_> = sets.iter().flatten().map(|client| Wanted::new(client, None)).collect();
        let found = identify::each(&self.pool, &wanted).await.map_err(|error| error.input("apart"))?;
        let mut ids = found.iter().map(|client| client.id);
        Ok(sets.iter().map(|set| ids.by_ref().take(set.len()).collect()).collect())
    }

    pub(super) async fn campaign_asked(
        &self,
        caller: &Caller,
        id: Uuid,
        action: CampaignAction,
        ask: CampaignAsk,
    ) -> Result<Campaign, Problem> {
        check_reason(ask.reason.as_deref())?;
        let has_time = ask.not_before.is_some() || ask.window.is_some();
        if has_time && action != CampaignAction::Cutover {
            return Err(BAD_INPUT.field("not_before", "only a cutover can be given a time"));
        }
        self.launcher().window_exists(ask.window.as_deref()).await?;
        let mut attempts = store::Attempts::default();
        while let Err(problem) = self.ask_campaign_once(caller, id, action, &ask).await {
            if !attempts.again(&problem).await {
                return Err(problem);
            }
        }
        self.engine.wake();
        self.find_campaign(id).await
    }

    async fn ask_campaign_once(
        &self,
        caller: &Caller,
        id: Uuid,
        action: CampaignAction,
        ask: &CampaignAsk,
    ) -> Result<(), Problem> {
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        ask_campaign(&mut tx, caller, id, action, ask).await?;
        tx.commit().await.map_err(db)
    }
}

/// Stores what is asked of a campaign, with its record. What concerns many members becomes an order for the engine.
async fn ask_campaign(
    tx: &mut Tx,
    caller: &Caller,
    id: Uuid,
    action: CampaignAction,
    ask: &CampaignAsk,
) -> Result<(), Problem> {
    if action == CampaignAction::Cancel {
        // Before the campaign is locked, in the order in which the engine locks them.
        let why = format!("{} has cancelled the campaign", caller.username);
        order::skip_pending(tx, id, &why).await.map_err(db)?;
    }
    let row = campaign::lock(tx, id).await.map_err(db)?.ok_or_else(|| no_campaign(id))?;
    let members = campaign::members(&mut **tx, id).await.map_err(db)?;
    let state = row.state().map_err(db)?;
    let wave = row.wave.unsigned_abs();
    let standings = campaign::standings(&members).map_err(db)?;
    if !rules::allowed(action, state, wave, &standings) {
        let possible: Vec<_> =
            rules::actions(state, wave, &standings).into_iter().map(CampaignAction::as_str).collect();
        let possible = if possible.is_empty() { "nothing".to_owned() } else { possible.join(", ") };
        let (action, state) = (action.as_str(), state.as_str());
        return Err(ACTION_REFUSED.problem(format!(
            "{action} is not possible for a campaign in state {state} as its clients stand. Possible now: {possible}."
        )));
    }
    if action.is_approval() {
        perform::approves(campaign::approvals(&members), caller, &row.requested_by)?;
    }
    let mut detail = json!({ "action": action, "ask": ask });
    match action {
        CampaignAction::Skip => skip_member(tx, id, &members, ask).await?,
        CampaignAction::RetryFailed => {
            campaign::retry_refused(tx, id).await.map_err(db)?;
            let failed = campaign::members_in(&members, State::FailedClean, None).map_err(db)?;
            if !failed.is_empty() {
                detail["order"] = json!(store_order(tx, caller, id, action, ask, &failed).await?);
            }
        }
        CampaignAction::Cutover => {
            let ready = campaign::members_in(&members, State::CloneReady, ask.wave).map_err(db)?;
            if ready.is_empty() {
                let wave = ask.wave.unwrap_or_default();
                return Err(ACTION_REFUSED.problem(format!(
                    "No clone of wave {wave} is ready for its cutover. Look at the campaign, then name another wave."
                )));
            }
            detail["order"] = json!(store_order(tx, caller, id, action, ask, &ready).await?);
        }
        CampaignAction::Approve => campaign::approve(tx, id, &caller.username).await.map_err(db)?,
        CampaignAction::Pause | CampaignAction::Resume | CampaignAction::Cancel => {}
    }
    let (to, next) = rules::after(action, state, wave);
    if (to, next) != (state, wave) {
        let (from, to) = ((state, row.wave), (to, next.cast_signed()));
        campaign::advance(tx, id, from, to, None).await.map_err(db)?;
    }
    tx.record(&caller.username, "campaign.act", &subject(id), detail);
    Ok(())
}

/// Stores an order about these migrations; its id.
async fn store_order(
    tx: &mut Tx,
    caller: &Caller,
    campaign: Uuid,
    action: CampaignAction,
    ask: &CampaignAsk,
    members: &[Uuid],
) -> Result<Uuid, Problem> {
    let new = order::New {
        campaign,
        action,
        asked_by: &caller.username,
        asked_role: caller.role,
        reason: ask.reason.as_deref(),
        not_before: ask.not_before.map(Into::into),
        window: ask.window.as_deref(),
        members,
    };
    order::insert(tx, &new).await.map_err(db)
}

async fn skip_member(tx: &mut Tx, id: Uuid, members: &[campaign::Member], ask: &CampaignAsk) -> Result<(), Problem> {
    let wanted = ask.client.as_deref();
    let wanted = wanted.ok_or_else(|| BAD_INPUT.field("client", "say which client is to be left out"))?;
    let known: Vec<Known> = members.iter().map(campaign::Member::known).collect();
    let found = match identify::pick(Wanted::new(wanted, ask.master.as_deref()), &known) {
        Found::One(client) => Ok(client.id),
        Found::None => Err(BAD_INPUT.field("client", format!("{wanted:?} is not in this campaign"))),
        Found::Several(clients) => Err(Unidentified::Several(vec![(wanted.to_owned(), clients)]).input("client")),
    }?;
    let member = members.iter().find(|member| member.client_id == found);
    let member = member.ok_or_else(|| BAD_INPUT.field("client", format!("{wanted:?} is not in this campaign")))?;
    if campaign::skip(tx, id, member.client_id).await.map_err(db)? {
        return Ok(());
    }
    let why = format!("{} is launched or left out already. Cancel its migration instead.", member.client);
    Err(ACTION_REFUSED.problem(why))
}

fn no_campaign(id: Uuid) -> Problem {
    NOT_FOUND.problem(format!("There is no campaign {id}. The campaigns page lists them."))
}

fn subject(id: Uuid) -> String {
    format!("campaign:{id}")
}

/// The clients that were given, as a list or as text.
fn members(new: &NewCampaign) -> Result<Vec<Member>, Problem> {
    let members = match (&new.csv, new.clients.is_empty()) {
        (Some(_), false) => {
            return Err(BAD_INPUT.field("csv", "give the clients either as clients or as csv, not both"));
        }
        (None, _) => new.clients.clone(),
        (Some(text), true) => parse_members(text).map_err(|wrong| {
            let lines: Vec<_> = wrong.iter().map(|(line, why)| format!("line {line}: {why}")).collect();
            BAD_INPUT.field("csv", format!("{}; nothing was started", lines.join("; ")))
        })?,
    };
    // Every client is held against every set it is in, wave by wave.
    if new.apart.iter().map(|set| set.len() + 1).sum::<usize>() > 4 * MOST {
        return Err(BAD_INPUT
            .field("apart", format!("names more than {} clients in all its sets; split the campaign", 4 * MOST)));
    }
    if members.is_empty() {
        return Err(BAD_INPUT.field("clients", "name at least one client"));
    }
    if members.len() > MOST {
        return Err(BAD_INPUT.field("clients", format!("{} are more than {MOST}; split them", members.len())));
    }
    Ok(members)
}
