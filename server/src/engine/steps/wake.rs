//! Mounting a finished clone, so that people can look at it and change it, and unmounting it again.
//!
//! The clone's disks are found by their PVIDs: names may have changed since the launch, and `-W` mounts whatever it is pointed at.
//! What nimadm returned decides nothing: `lspv` does. altinst_rootvg is active while it is awake, and listed without a state while it
//! sleeps. A clone that is half awake after a failed `-S` is called awake, because a cutover would be wrong.

use super::super::run::{Run, StepError};
use crate::{
    engine::{disks, look, machine::Event, preflight},
    remote::spool::Job,
    store::migration::Row,
};
use aix::{ObjectName, command};
use app::model::State;

const CLONE: &str = "altinst_rootvg";

impl Run {
    /// Runs `nimadm -W` or `-S`, as the state asks, and looks what came of it.
    pub(in crate::engine) async fn settle_clone(&self, row: &Row) -> Result<(), StepError> {
        let connection = self.connect(row).await?;
        let from = row.state()?;
        let (act, wanted) = if from == State::Waking { ("migration.wake", true) } else { ("migration.sleep", false) };
        let hostname = self.hostname(row).await?;
        let waived = preflight::waived(&row.overrides);
        let command = if wanted {
            let pvids = row.pvids()?;
            let known = look::for_order(&connection, &hostname, waived).await?;
            match known.and_then(|client| disks::holding(&client, &pvids, CLONE)) {
                Ok(disks) => command::wake(&row.subject, &row.request.spot, &disks),
                Err(why) => {
                    let why = format!("The clone was not woken: {why}.");
                    return self.advance(from, Event::CloneSettled { awake: false }, Some(&why)).await;
                }
            }
        } else {
            command::sleep(&row.subject, &row.request.spot)
        };
        let job = Job::of_waking(row.id, row.wakings);
        let said = self.run_aside(row, &connection, &job, act, &command).await?;
        // A list that cannot be read would call a clone asleep that is awake: the client is asked until it can be.
        let client = look::whole(&connection, &hostname, waived).await?;
        let is_clone = |vg: &ObjectName| vg.as_str() == CLONE;
        let mut clone = client.disks.iter().filter(|pv| pv.vg.as_ref().is_some_and(is_clone));
        let awake = clone.any(|pv| pv.state.as_deref() == Some("active"));
        let reason = match (wanted, awake) {
            (true, true) => format!("The clone is mounted below /alt_inst on {}, and on its master.", row.subject),
            (false, false) => "The clone sleeps again.".to_owned(),
            (true, false) => {
                format!("{command} has run, but lspv does not show altinst_rootvg active. It said: {said}")
            }
            (false, true) => format!("{command} has run, but altinst_rootvg is still active. It said: {said}"),
        };
        self.advance(from, Event::CloneSettled { awake }, Some(&reason)).await?;
        self.refresh_client(row).await;
        Ok(())
    }
}
