//! The background tasks in Prometheus' text format.

use super::{Background, task::Counts};
use std::fmt::Write as _;

/// One line a task and metric.
#[must_use]
pub fn metrics(background: &Background) -> String {
    let counts: Vec<Counts> = background.tasks().iter().map(|task| task.counts()).collect();
    let overdue = background.overdue();
    let mut text = String::new();
    let mut metric = |name: &str, kind: &str, help: &str, value: &dyn Fn(&Counts) -> Option<i128>| {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "# HELP nimdeck_background_{name} {help}\n# TYPE nimdeck_background_{name} {kind}");
        for task in &counts {
            if let Some(value) = value(task) {
                let _ = writeln!(text, "nimdeck_background_{name}{{task=\"{}\"}} {value}", task.name);
            }
        }
    };
    metric("last_success_timestamp_seconds", "gauge", "Unix time of the task's last success.", &|task| {
        task.last_success.map(|at| at.unix_timestamp().into())
    });
    metric("failures_total", "counter", "Passes that failed.", &|task| Some(task.failures.into()));
    metric("panics_total", "counter", "Passes that panicked.", &|task| Some(task.panics.into()));
    metric("overdue", "gauge", "1 where the task has had no success for too long, and /readyz fails.", &|task| {
        Some(overdue.iter().any(|overdue| overdue.name == task.name).into())
    });
    text
}
