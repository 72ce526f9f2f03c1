//! A mksysb: one file with a system's files and a description of its rootvg.
//!
//! It is a tar archive, made and read by the machine's `tar`, so that people can look into it. A real one is a backup image; what matters
//! here is that what comes out is what went in.

use crate::{LabError, model::migration::Image, tree};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// The description's name in the archive.
const DESCRIPTION: &str = ".mksysb.json";

/// Writes an image of the files in a directory, which gets the description for that time.
pub(crate) fn write(file: &Path, image: &Image, files: &Path) -> Result<(), LabError> {
    let text = serde_json::to_string(image);
    let text = text.map_err(|source| LabError::Damaged { path: file.to_owned(), source })?;
    if let Some(parent) = file.parent() {
        fs::create_dir_all(parent).map_err(LabError::file("create", parent))?;
    }
    tree::write(files, DESCRIPTION, &text)?;
    let new = file.with_extension("new");
    let made = tar(Command::new("tar").arg("-cf").arg(&new).arg("-C").arg(files).arg("."));
    let removed = tree::remove(&files.join(DESCRIPTION));
    made.and(removed)?;
    fs::rename(&new, file).map_err(LabError::file("write", file))
}

/// The description in an image.
pub(crate) fn read(file: &Path) -> Result<Image, LabError> {
    let mut command = Command::new("tar");
    let text = tar(command.arg("-xOf").arg(file).arg(format!("./{DESCRIPTION}")))?;
    serde_json::from_slice(&text).map_err(|source| LabError::Damaged { path: file.to_owned(), source })
}

/// Puts the files of an image into a directory.
pub(crate) fn extract(file: &Path, into: &Path) -> Result<(), LabError> {
    fs::create_dir_all(into).map_err(LabError::file("create", into))?;
    tar(Command::new("tar").arg("-xf").arg(file).arg("-C").arg(into))?;
    tree::remove(&into.join(DESCRIPTION))
}

fn tar(command: &mut Command) -> Result<Vec<u8>, LabError> {
    let done = command.stdin(Stdio::null()).output().map_err(LabError::file("run", "tar"))?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    Err(LabError::Tool { command: "tar", why: String::from_utf8_lossy(&done.stderr).trim().to_owned() })
}
