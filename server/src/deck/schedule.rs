//! Windows, blackouts and groups, as administrators keep them; and what waits for them.

use super::{ServerDeck, db, openings::openings};
use crate::{
    compute,
    engine::{
        calendar::{BadWindow, Calendar},
        identify::{self, Wanted},
    },
    error::{ACTION_REFUSED, BAD_INPUT, NOT_FOUND},
    store::{self, client::Known, master, schedule, waiting},
};
use app::model::{Blackout, Caller, Group, NewBlackout, Problem, Schedule, Window};
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

/// Of every window so many openings are told.
const OPENINGS: usize = 3;

/// Which field of a window it is that cannot be.
fn bad_window(why: BadWindow) -> Problem {
    let field = match why {
        BadWindow::Zone(_) => "time_zone",
        BadWindow::Empty | BadWindow::Many | BadWindow::Time(_) | BadWindow::Nothing(_) => "ranges",
    };
    BAD_INPUT.field(field, why.to_string())
}

impl ServerDeck {
    pub(super) async fn read_schedule(&self) -> Result<Schedule, Problem> {
        let windows = schedule::windows(&self.pool).await.map_err(db)?;
        let now = OffsetDateTime::now_utc();
        // Minute by minute through a week for each window: at most 100 ranges are asked each minute.
        let work = move || {
            let openings = windows.iter().flat_map(|window| openings(window, now, OPENINGS)).collect();
            (openings, windows)
        };
        let (openings, windows) = compute::shared().run(work).await.map_err(Problem::from)?;
        Ok(Schedule {
            openings,
            windows,
            blackouts: schedule::blackouts(&self.pool).await.map_err(db)?,
            groups: schedule::groups(&self.pool, None).await.map_err(db)?,
            waiting: waiting::for_a_turn(&self.pool).await.map_err(db)?,
            planned: waiting::for_a_cutover(&self.pool).await.map_err(db)?,
        })
    }

    pub(super) async fn store_window(&self, caller: &Caller, window: Window) -> Result<Window, Problem> {
        let calendar = Calendar::read(&window).map_err(bad_window)?;
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        schedule::put_window(&mut tx, &window).await.map_err(db)?;
        let detail = json!({ "time_zone": window.time_zone, "ranges": window.ranges });
        tx.record(&caller.username, "window.put", &format!("window:{}", window.name), detail);
        tx.commit().await.map_err(db)?;
        self.engine.wake();
        let now = OffsetDateTime::now_utc();
        let open = calendar.is_open(now);
        let opens_at = calendar.next_open(now).filter(|_| !open).map(Into::into);
        Ok(Window { open, opens_at, ..window })
    }

    pub(super) async fn delete_window(&self, caller: &Caller, name: &str) -> Result<(), Problem> {
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        let found = schedule::remove_window(&mut tx, name).await.map_err(|error| match error.as_database_error() {
            Some(used) if used.is_foreign_key_violation() => ACTION_REFUSED.problem(format!(
                "A cutover waits for the window {name:?}. Take that back with hold, or change the window instead."
            )),
            _ => db(error),
        })?;
        if !found {
            return Err(NOT_FOUND.problem(format!("There is no maintenance window {name:?}.")));
        }
        tx.record(&caller.username, "window.remove", &format!("window:{name}"), json!({}));
        tx.commit().await.map_err(db)
    }

    pub(super) async fn store_blackout(&self, caller: &Caller, new: NewBlackout) -> Result<Blackout, Problem> {
        if new.reason.trim().is_empty() || new.reason.len() > 200 || new.reason.contains('\0') {
            return Err(BAD_INPUT.field("reason", "say why, in at most 200 bytes: whoever waits is told"));
        }
        if new.ends_at <= new.starts_at {
            return Err(BAD_INPUT.field("ends_at", "must be after the start"));
        }
        let only = match &new.master {
            None => None,
            Some(wanted) => {
                let all = master::list(&self.pool).await.map_err(db)?;
                let found = all.into_iter().find(|master| master.is(wanted));
                Some(found.ok_or_else(|| BAD_INPUT.field("master", format!("there is no master {wanted:?}")))?)
            }
        };
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        let id = schedule::add_blackout(&mut tx, &new, only.as_ref().map(|master| master.id)).await.map_err(db)?;
        let detail =
            json!({ "reason": new.reason, "starts_at": new.starts_at, "ends_at": new.ends_at, "master": new.master });
        tx.record(&caller.username, "blackout.add", &format!("blackout:{id}"), detail);
        tx.commit().await.map_err(db)?;
        let master =
            only.map(|master| master.name.parse()).transpose().map_err(|error| db(crate::store::decode(error)))?;
        Ok(Blackout { id, reason: new.reason, starts_at: new.starts_at, ends_at: new.ends_at, master })
    }

    pub(super) async fn delete_blackout(&self, caller: &Caller, id: Uuid) -> Result<(), Problem> {
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        if !schedule::remove_blackout(&mut tx, id).await.map_err(db)? {
            return Err(NOT_FOUND.problem(format!("There is no blackout {id}.")));
        }
        tx.record(&caller.username, "blackout.remove", &format!("blackout:{id}"), json!({}));
        tx.commit().await.map_err(db)?;
        self.engine.wake();
        Ok(())
    }

    pub(super) async fn store_group(&self, caller: &Caller, group: Group) -> Result<Group, Problem> {
        if !(1..=1000).contains(&group.max_running) {
            return Err(BAD_INPUT.field("max_running", "must be 1 to 1000"));
        }
        let wanted: Vec<_> = group.clients.iter().map(|client| Wanted::new(client, None)).collect();
        let found = identify::each(&self.pool, &wanted).await.map_err(|error| error.input("clients"))?;
        let ids: Vec<Uuid> = found.iter().map(|client| client.id).collect();
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        schedule::put_group(&mut tx, &group.name, group.max_running, &ids).await.map_err(db)?;
        let named = |client: &Known| json!({ "client": client.name, "client_id": client.id, "master": client.master });
        let clients: Vec<_> = found.iter().map(named).collect();
        let detail = json!({ "max_running": group.max_running, "clients": clients });
        tx.record(&caller.username, "group.put", &format!("group:{}", group.name), detail);
        tx.commit().await.map_err(db)?;
        self.engine.wake();
        let stored = schedule::groups(&self.pool, Some(group.name.as_str())).await.map_err(db)?.pop();
        stored.ok_or_else(|| NOT_FOUND.problem(format!("The group {} was removed a moment ago.", group.name)))
    }

    pub(super) async fn delete_group(&self, caller: &Caller, name: &str) -> Result<(), Problem> {
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        if !schedule::remove_group(&mut tx, name).await.map_err(db)? {
            return Err(NOT_FOUND.problem(format!("There is no group {name:?}.")));
        }
        tx.record(&caller.username, "group.remove", &format!("group:{name}"), json!({}));
        tx.commit().await.map_err(db)?;
        self.engine.wake();
        Ok(())
    }
}
