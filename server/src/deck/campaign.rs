//! Campaigns, as people start and steer them.

use super::{ServerDeck, act::second_person, db};
use crate::{
    engine::{
        campaign as rules,
        identify::{self, Found, Unidentified, Wanted},
    },
    error::{ACTION_REFUSED, BAD_INPUT, NOT_FOUND},
    store::{self, campaign, client::Known, master, migration},
};
use app::model::{
    Action, Ask, Caller, Campaign, CampaignAction, CampaignAsk, CampaignState, Member, NewCampaign, Page, Problem,
    State, StopRule, WaitingCampaign, campaign::parse_members,
};
use serde_json::{Value, json};
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
        row.wire(&members, migrations).map_err(db)
    }

    async fn campaign_row(&self, id: Uuid) -> Result<campaign::Row, Problem> {
        let row = campaign::find(&self.pool, id).await.map_err(db)?;
        row.ok_or_else(|| NOT_FOUND.problem(format!("There is no campaign {id}. The campaigns page lists them.")))
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
        if ask.reason.as_ref().is_some_and(|reason| reason.len() > 2000 || reason.contains('\0')) {
            return Err(BAD_INPUT.field("reason", "must be text of at most 2000 bytes"));
        }
        let row = self.campaign_row(id).await?;
        let state = row.state().map_err(db)?;
        let members = campaign::members(&self.pool, id).await.map_err(db)?;
        let standings = campaign::standings(&members).map_err(db)?;
        let wave = row.wave.unsigned_abs();
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
            second_person(campaign::approvals(&members), caller, &row.requested_by)?;
        }
        let detail = json!({ "action": action, "ask": ask });
        let steer = |to, wave| self.steer(caller, &row, action, (to, wave), &detail);
        match action {
            CampaignAction::Approve => steer(CampaignState::Running, row.wave + 1).await?,
            CampaignAction::Pause => steer(CampaignState::Paused, row.wave).await?,
            CampaignAction::Resume => steer(CampaignState::Running, row.wave).await?,
            CampaignAction::Cancel => steer(CampaignState::Cancelled, row.wave).await?,
            CampaignAction::Skip => self.skip_member(caller, id, &members, &ask, detail).await?,
            CampaignAction::RetryFailed => {
                let failed = campaign::members_in(&members, State::FailedClean, None).map_err(db)?;
                // First the members: a campaign that runs while its members still stand as failed is stopped again at once.
                let asked = self.ask_all(caller, failed, Action::Retry, &Ask::default()).await;
                self.retry_refused(caller, &row, state, detail).await?;
                asked?;
            }
            CampaignAction::Cutover => {
                let ready = campaign::members_in(&members, State::CloneReady, ask.wave).map_err(db)?;
                self.record_campaign(caller, id, detail).await?;
                let time = Ask { reason: ask.reason, not_before: ask.not_before, window: ask.window };
                self.ask_all(caller, ready, Action::Cutover, &time).await?;
            }
        }
        self.engine.wake();
        self.find_campaign(id).await
    }

    async fn steer(
        &self,
        caller: &Caller,
        row: &campaign::Row,
        action: CampaignAction,
        to: (CampaignState, i16),
        detail: &Value,
    ) -> Result<(), Problem> {
        let from = (row.state().map_err(db)?, row.wave);
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        if !campaign::advance(&mut tx, row.id, from, to, None).await.map_err(db)? {
            return Err(ACTION_REFUSED.problem("The campaign has moved on meanwhile. Look at it, then ask again."));
        }
        if action == CampaignAction::Approve {
            campaign::approve(&mut tx, row.id, &caller.username).await.map_err(db)?;
        }
        tx.record(&caller.username, "campaign.act", &subject(row.id), detail.clone());
        tx.commit().await.map_err(db)
    }

    async fn record_campaign(&self, caller: &Caller, id: Uuid, detail: Value) -> Result<(), Problem> {
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        tx.record(&caller.username, "campaign.act", &subject(id), detail);
        tx.commit().await.map_err(db)
    }

    async fn skip_member(
        &self,
        caller: &Caller,
        id: Uuid,
        members: &[campaign::Member],
        ask: &CampaignAsk,
        detail: Value,
    ) -> Result<(), Problem> {
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
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        if !campaign::skip(&mut tx, id, member.client_id).await.map_err(db)? {
            let why = format!("{} is launched or left out already. Cancel its migration instead.", member.client);
            return Err(ACTION_REFUSED.problem(why));
        }
        tx.record(&caller.username, "campaign.act", &subject(id), detail);
        tx.commit().await.map_err(db)
    }

    /// What the pre-flight refused waits again, and a campaign that had come to rest goes on.
    async fn retry_refused(
        &self,
        caller: &Caller,
        row: &campaign::Row,
        state: CampaignState,
        detail: Value,
    ) -> Result<(), Problem> {
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        campaign::retry_refused(&mut tx, row.id).await.map_err(db)?;
        if matches!(state, CampaignState::Stopped | CampaignState::Done) {
            let (from, to) = ((state, row.wave), (CampaignState::Running, row.wave));
            campaign::advance(&mut tx, row.id, from, to, None).await.map_err(db)?;
        }
        tx.record(&caller.username, "campaign.act", &subject(row.id), detail);
        tx.commit().await.map_err(db)
    }

    /// Asks the same of many. Who has moved on meanwhile is passed over; what refuses is told, after the others were asked.
    async fn ask_all(&self, caller: &Caller, all: Vec<Uuid>, action: Action, ask: &Ask) -> Result<(), Problem> {
        let mut refused = Vec::new();
        for id in all {
            match self.ask(caller, id, action, ask).await {
                Ok(()) => {}
                Err(problem) if problem.code == ACTION_REFUSED.code => {}
                Err(problem) if problem.status >= 500 => return Err(problem),
                Err(problem) => refused.push(problem.detail),
            }
        }
        if refused.is_empty() {
            return Ok(());
        }
        let (count, why) = (refused.len(), refused.join(" "));
        Err(ACTION_REFUSED.problem(format!("{count} of them refused, the others were asked. {why}")))
    }
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
