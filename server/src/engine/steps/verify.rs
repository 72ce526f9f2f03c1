//! Looking at the rebooted client.

use crate::{
    engine::{
        host, look,
        machine::Event,
        run::{Run, StepError},
        verify::{self, Facts},
    },
    store::{
        self,
        migration::{self, Row},
    },
};
use app::model::{State, Verdict};

impl Run {
    pub(in crate::engine) async fn verify(&self, row: &Row) -> Result<(), StepError> {
        let connection = self.connect(row).await?;
        let hostname = self.hostname(row).await?;
        let after = look::snapshot(&connection, &hostname).await?;
        let [lppchk] = host::client(&connection, &hostname, ["lppchk -v"]).await?;
        // The state says that nimadm was started, and the schema that the client was recorded before that.
        let before = row.before.as_ref().ok_or(crate::store::fence::WriteError::Fenced)?;
        let target = row.pvids()?;
        let facts = Facts { before, after: &after, target: &target, to_level: row.to_level(), lppchk: &lppchk };
        let checks = verify::checks(&facts);
        let passed = verify::verdict(&checks) == Some(Verdict::Pass);
        let failed: Vec<&str> =
            checks.iter().filter(|c| c.verdict != Verdict::Pass).map(|c| c.title.as_str()).collect();
        let reason = (!passed).then(|| format!("Not as it should be: {}", failed.join(", ")));
        let mut tx = store::begin(&self.engine.pool).await?;
        migration::set_after(&mut tx, &self.fence, &after, &checks).await?;
        self.advance_in(&mut tx, State::Verifying, Event::Verified { passed }, reason.as_deref()).await?;
        tx.commit().await?;
        self.refresh_client(row).await;
        self.announce();
        Ok(())
    }
}
