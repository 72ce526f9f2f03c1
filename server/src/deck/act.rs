//! What people ask of a migration.

use super::{ServerDeck, db};
use crate::{
    engine::perform::{self, Asked},
    error::BAD_INPUT,
    store,
};
use app::model::{Action, Ask, Caller, CutoverTime, Migration, Problem};
use uuid::Uuid;

impl ServerDeck {
    pub(super) async fn act_on(
        &self,
        caller: &Caller,
        id: Uuid,
        action: Action,
        ask: Ask,
    ) -> Result<Migration, Problem> {
        let mut attempts = store::Attempts::default();
        while let Err(problem) = self.ask_once(caller, id, action, &ask).await {
            if !attempts.again(&problem).await {
                return Err(problem);
            }
        }
        self.find_migration(id).await
    }

    async fn ask_once(&self, caller: &Caller, id: Uuid, action: Action, ask: &Ask) -> Result<(), Problem> {
        let when = CutoverTime { not_before: ask.not_before, window: ask.window.clone() };
        if action != Action::Cutover && when.is_later() {
            return Err(BAD_INPUT.field("not_before", "only a cutover can be given a time"));
        }
        self.launcher().window_exists(when.window.as_deref()).await?;
        check_reason(ask.reason.as_deref())?;
        let asked = Asked { caller, id, action, reason: ask.reason.as_deref(), when: &when };
        if action == Action::Retry {
            let mut tx = store::begin(&self.pool).await.map_err(db)?;
            let row = perform::possible(&mut tx, &asked).await?;
            // No connection is held while hosts are asked.
            drop(tx);
            self.launcher().check_again(&row).await?;
        }
        let mut tx = store::begin(&self.pool).await.map_err(db)?;
        perform::perform(&mut tx, &asked).await?;
        tx.commit().await.map_err(db)?;
        self.bus.changed(id);
        self.engine.wake();
        Ok(())
    }
}

/// Whether a reason can be stored.
pub(super) fn check_reason(reason: Option<&str>) -> Result<(), Problem> {
    if reason.is_some_and(|reason| reason.len() > 2000 || reason.contains('\0')) {
        return Err(BAD_INPUT.field("reason", "must be text of at most 2000 bytes"));
    }
    Ok(())
}
