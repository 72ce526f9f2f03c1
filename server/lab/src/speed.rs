//! How fast time passes in an estate.

use crate::{LabError, store::Store};
use std::path::Path;

/// Sets how many times faster than real time passes, at least 1. A running nimadm takes it at its next phase.
///
/// # Errors
/// Where the estate cannot be read or written.
pub fn set(dir: &Path, speed: u32) -> Result<(), LabError> {
    Store::open(dir).update_estate(|estate| {
        estate.speed = speed.max(1);
        Ok(())
    })
}
