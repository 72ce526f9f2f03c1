//! The parts of the schedule's page.

pub(crate) mod blackouts;
pub(crate) mod groups;
pub(crate) mod masters;
pub(crate) mod remove;
pub(crate) mod waiting;
pub(crate) mod window_form;
pub(crate) mod windows;
pub(crate) mod words;

use crate::model::{Master, Schedule};
use leptos::prelude::*;

/// What the page shows, and how it is read again. Parts that did not change are not drawn again: nothing somebody is about to click
/// on may move because a migration elsewhere went on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    /// The schedule.
    pub(crate) schedule: RwSignal<Schedule>,
    /// The NIM masters.
    pub(crate) masters: RwSignal<Vec<Master>>,
    /// What was done last, for those who do not see it.
    said: RwSignal<String>,
    reread: Callback<()>,
}

impl Shown {
    /// Shows these, and reads them again by `reread`.
    #[must_use]
    pub(crate) fn new(schedule: RwSignal<Schedule>, masters: RwSignal<Vec<Master>>, reread: Callback<()>) -> Self {
        Self { schedule, masters, said: RwSignal::new(String::new()), reread }
    }

    /// Something was changed here: says so, and reads all again.
    pub(crate) fn changed(self, what: String) {
        self.said.try_set(what);
        self.reread.run(());
    }

    /// What was done last.
    #[must_use]
    pub(crate) fn said(self) -> String {
        self.said.get()
    }
}
