//! Where PostgreSQL's programs are.
//!
//! Debian keeps them off PATH, one directory a version. A cluster can only be run by the major version that made it, so
//! "the newest" is right only for a new one.

use super::PostgresError;
use std::path::{Path, PathBuf};

/// The directory of one installation's programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    bin: PathBuf,
}

impl Programs {
    /// Finds an installation: of exactly this major version where one is given, else the first on PATH, else the newest.
    ///
    /// # Errors
    /// None is installed.
    pub async fn find(version: Option<&str>) -> Result<Self, PostgresError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut candidates: Vec<PathBuf> = std::env::split_paths(&path).collect();
        candidates.extend(newest_first(installed(Path::new("/usr/lib/postgresql"))));
        for bin in candidates.into_iter().filter(|bin| is_complete(bin)) {
            let programs = Self { bin };
            let fits = match version {
                None => true,
                Some(wanted) => programs.major().await.as_deref() == Some(wanted),
            };
            if fits {
                return Ok(programs);
            }
        }
        Err(PostgresError::Missing { version: version.map(str::to_owned) })
    }

    /// The path of one program.
    #[must_use]
    pub fn path(&self, program: &str) -> PathBuf {
        self.bin.join(program)
    }

    async fn major(&self) -> Option<String> {
        let output = super::child(self.path("postgres")).arg("--version").output().await.ok()?;
        major_of(&String::from_utf8_lossy(&output.stdout)).map(str::to_owned)
    }
}

/// The major version in `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major_of(version: &str) -> Option<&str> {
    version.split_once("(PostgreSQL) ")?.1.split(|c: char| !c.is_ascii_digit()).next().filter(|major| !major.is_empty())
}

fn is_complete(bin: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|program| bin.join(program).is_file())
}

fn installed(root: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(root) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).collect()
}

/// `bin` directories by version number, highest first: 9 comes after 15.
fn newest_first(mut versions: Vec<PathBuf>) -> Vec<PathBuf> {
    let number =
        |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).and_then(|name| name.parse::<u32>().ok());
    versions.retain(|path| number(path).is_some());
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    versions.into_iter().map(|path| path.join("bin")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        let sorted = newest_first(["/p/9", "/p/15", "/p/common", "/p/17"].map(PathBuf::from).to_vec());
        assert_eq!(sorted, ["/p/17/bin", "/p/15/bin", "/p/9/bin"].map(PathBuf::from));
    }

    #[test]
    fn major_version_is_read_from_what_it_prints() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some("15"));
        assert_eq!(major_of("postgres (PostgreSQL) 18beta1"), Some("18"));
        assert_eq!(major_of("nothing"), None);
    }

    #[tokio::test]
    async fn a_version_that_is_not_installed_is_an_error() {
        let error = Programs::find(Some("7")).await.unwrap_err();
        assert!(error.to_string().contains('7'), "{error}");
    }
}
