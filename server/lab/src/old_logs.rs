//! What is left on a new estate's master of runs from before anybody looked: two logs, one of them of a failure.
//!
//! They are months old: a log that was written to a moment ago is one that a nimadm may still be writing to. A later run of
//! the same client writes over its log, as it does over any.

use crate::LabError;
use std::{
    fs::File,
    io::Write,
    path::Path,
    time::{Duration, SystemTime},
};

/// File name, text, and days since it was written.
const LOGS: [(&str, &str, u64); 2] = [
    ("lpar61_alt_mig.log", include_str!("../fixtures/lpar61_alt_mig.log"), 88),
    ("lpar71_alt_mig.log", include_str!("../fixtures/lpar71_alt_mig.log"), 84),
];

/// Puts the logs into the master's root directory, whose folders are there already.
pub(crate) fn write(master: &Path) -> Result<(), LabError> {
    for (name, text, days) in LOGS {
        let path = master.join("var/adm/ras/alt_mig").join(name);
        let written = SystemTime::now() - Duration::from_secs(days * 24 * 3600);
        File::create(&path)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.set_modified(written)))
            .map_err(LabError::file("create", &path))?;
    }
    Ok(())
}
