//! Settings: flag, then `NIMDECK_…` environment variable, then `nimdeck.toml`, then default.
//!
//! A key nobody knows is an error wherever it stands. A misspelt setting that is silently ignored is found in the night in
//! which it mattered.

use crate::web::limits::TrustedProxies;
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The file that is read where no other is named.
const DEFAULT_FILE: &str = "nimdeck.toml";
/// Names the file; the only variable that is no setting.
const FILE_VARIABLE: &str = "NIMDECK_CONFIG";
/// Settings that are numbers or switches; every other one is text, also where it looks like a number.
const NOT_TEXT: [&str; 10] = [
    "clone_max_age_days",
    "connections",
    "connections_per_address",
    "lab",
    "lab_speed",
    "max_takeovers",
    "rollback_window_days",
    "secure_cookies",
    "silent_minutes",
    "streams_per_user",
];

/// Every setting of the program.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Where everything lives that is not in PostgreSQL.
    pub data_dir: PathBuf,
    /// PostgreSQL; without it a private one is started under `data_dir`.
    pub database_url: Option<Secret>,
    /// Start the simulated estate, also where masters are configured.
    pub lab: bool,
    /// How many times faster than life the lab runs.
    pub lab_speed: Option<u32>,
    /// Password of the user `admin` that the first start creates.
    pub admin_password: Option<Secret>,
    /// How the server's own log is written.
    pub log_format: LogFormat,
    /// What goes into it: `info`, `nimdeck=debug,info`; the syntax of `RUST_LOG`.
    pub log: String,
    /// The address people use, where a proxy stands before the server: `https://nimdeck.example`.
    pub public_url: Option<String>,
    /// Proxies whose `Forwarded` and `X-Forwarded-For` are believed: addresses and networks, `10.0.0.0/8`.
    #[serde(deserialize_with = "list")]
    pub trusted_proxies: Vec<String>,
    /// Further names by which browsers may address the server.
    #[serde(deserialize_with = "list")]
    pub allowed_hosts: Vec<String>,
    /// Streams that one user may have open.
    pub streams_per_user: u32,
    /// Connections from one address; three quarters of them may be streams.
    pub connections_per_address: u32,
    /// Connections in all; as many as descriptors allow where absent, and never more.
    pub connections: Option<u32>,
    /// Mark cookies `Secure`; as `public_url` says where absent.
    pub secure_cookies: Option<bool>,
    /// SSH key for NIM masters; `ssh/id_ed25519` in the data directory where absent.
    pub ssh_key: Option<PathBuf>,
    /// Servers that one migration may lose within an hour and one state; one more, and it waits for an operator.
    pub max_takeovers: u16,
    /// Minutes without a new line after which a run is called silent; three times as many in phases 1, 3 and 9.
    pub silent_minutes: u16,
    /// Days after which a clone that was not cut over to is called old.
    pub clone_max_age_days: u16,
    /// Days after the cutover for which a rollback is kept possible.
    pub rollback_window_days: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            data_dir: PathBuf::from("./data"),
            database_url: None,
            lab: false,
            lab_speed: None,
            admin_password: None,
            log_format: LogFormat::Text,
            log: "info".to_owned(),
            public_url: None,
            trusted_proxies: Vec::new(),
            allowed_hosts: Vec::new(),
            streams_per_user: 256,
            connections_per_address: 2048,
            connections: None,
            secure_cookies: None,
            ssh_key: None,
            max_takeovers: 10,
            silent_minutes: 15,
            clone_max_age_days: 14,
            rollback_window_days: 14,
        }
    }
}

/// A list: an array in the file, text with commas in a variable or a flag.
fn list<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum List {
        Text(String),
        Items(Vec<String>),
    }
    let items = match List::deserialize(deserializer)? {
        List::Text(text) => text.split(',').map(str::to_owned).collect(),
        List::Items(items) => items,
    };
    Ok(items.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect())
}

/// Whether this is a host name or an IP address, without scheme and port.
fn is_host(text: &str) -> bool {
    text.parse::<std::net::IpAddr>().is_ok()
        || (text.len() <= 253
            && text.split('.').all(|label| {
                !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
            }))
}

/// How the server's own log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Text that must not be seen: it can be read by name only, and neither printed nor written out by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl<'de> Deserialize<'de> for Secret {
    /// Only text. What is none is refused without being quoted: serde's own message would show the number that somebody uses as a
    /// password, in an answer or in the log.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match SecretText::deserialize(deserializer) {
            Ok(SecretText(text)) => Ok(Self(text)),
            Err(_) => Err(serde::de::Error::custom("must be a text")),
        }
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct SecretText(String);

impl Secret {
    /// Takes a secret in.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Settings given on the command line; absent ones are left to the sources below.
#[derive(Debug, Clone, Default, Serialize, clap::Args)]
pub struct Flags {
    /// Read settings from this file instead of ./nimdeck.toml.
    #[arg(long, global = true, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// Where everything lives that is not in PostgreSQL [default: ./data].
    #[arg(long, global = true, value_name = "DIR")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_dir: Option<PathBuf>,
    /// Use this PostgreSQL instead of a private one.
    #[arg(long, global = true, value_name = "URL")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database_url: Option<String>,
    /// How the server's own log is written.
    #[arg(long, global = true, value_name = "FORMAT")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,
    /// What goes into it, in the syntax of RUST_LOG [default: info].
    #[arg(long, global = true, value_name = "FILTER")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
}

/// A setting that is wrong.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A source has a key or a value that does not fit.
    #[error("{}", .0.to_string().trim().replace('\n', ""))]
    Invalid(#[source] Box<figment::Error>),
    /// The file that was named is not there.
    #[error("the file {0} does not exist")]
    NoFile(PathBuf),
    /// Values that do not fit together or their purpose.
    #[error("{key}: {why}")]
    Unfit {
        /// The setting.
        key: &'static str,
        /// What is wrong with it.
        why: String,
    },
}

impl From<SettingsError> for app::model::Problem {
    fn from(error: SettingsError) -> Self {
        crate::error::BAD_SETTING.problem(format!(
            "{error}. Correct it and check with `nimdeck check-config`; every setting is in docs/operations.md."
        ))
    }
}

impl Settings {
    /// Reads the settings from every source.
    ///
    /// # Errors
    /// Unknown keys, values of the wrong kind, a named file that does not exist.
    pub fn read<F: Serialize>(config: Option<&Path>, flags: &F) -> Result<Self, SettingsError> {
        Self::from_sources(config, std::env::vars().collect(), flags)
    }

    fn from_sources<F: Serialize>(
        config: Option<&Path>,
        environment: Vec<(String, String)>,
        flags: &F,
    ) -> Result<Self, SettingsError> {
        let named = config
            .map(Path::to_path_buf)
            .or_else(|| environment.iter().find(|(key, _)| key == FILE_VARIABLE).map(|(_, file)| PathBuf::from(file)));
        if let Some(file) = named.as_ref().filter(|file| !file.is_file()) {
            return Err(SettingsError::NoFile(file.clone()));
        }
        let file = named.or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|file| file.is_file()));
        let settings: Self = file
            .map_or_else(Figment::new, |file| Figment::from(Toml::file_exact(file)))
            .merge(Environment(environment))
            .merge(Serialized::defaults(flags))
            .extract()
            .map_err(|error| SettingsError::Invalid(Box::new(error)))?;
        settings.check()
    }

    fn check(self) -> Result<Self, SettingsError> {
        let unfit = |key, why: &str| Err(SettingsError::Unfit { key, why: why.to_owned() });
        if self.lab_speed == Some(0) {
            return unfit("lab_speed", "0 would stop the lab's time; give 1 or more");
        }
        if self.admin_password.as_ref().is_some_and(|password| password.expose().is_empty()) {
            return unfit("admin_password", "is empty; leave it out and one is made up");
        }
        if self.silent_minutes == 0 {
            return unfit("silent_minutes", "0 would call every run silent; give 1 or more");
        }
        if let Some(url) = &self.public_url {
            let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
            if !host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', ' '])) {
                return unfit("public_url", "must be scheme and host only, as in https://nimdeck.example");
            }
        }
        if let Err(error) = TrustedProxies::read(self.trusted_proxies.iter().map(String::as_str)) {
            return unfit("trusted_proxies", &error.to_string());
        }
        if let Some(host) = self.allowed_hosts.iter().find(|host| !is_host(host)) {
            return unfit("allowed_hosts", &format!("{host:?} is no host name; give names without scheme and port"));
        }
        for (key, most) in [
            ("streams_per_user", Some(self.streams_per_user)),
            ("connections_per_address", Some(self.connections_per_address)),
            ("connections", self.connections),
        ] {
            if most == Some(0) {
                return unfit(key, "0 would let nobody in; give 1 or more");
            }
        }
        Ok(self)
    }

    /// The proxies whose headers are believed.
    #[must_use]
    pub fn trusted_proxies(&self) -> TrustedProxies {
        // `check` has refused what cannot be read.
        TrustedProxies::read(self.trusted_proxies.iter().map(String::as_str)).unwrap_or_default()
    }

    /// Whether cookies are marked `Secure`.
    #[must_use]
    pub fn cookies_are_secure(&self) -> bool {
        self.secure_cookies.unwrap_or_else(|| self.public_url.as_ref().is_some_and(|url| url.starts_with("https://")))
    }

    /// The SSH key for NIM masters.
    #[must_use]
    pub fn ssh_key_path(&self) -> PathBuf {
        self.ssh_key.clone().unwrap_or_else(|| self.data_dir.join("ssh/id_ed25519"))
    }
}

/// `NIMDECK_…` variables. figment's own provider would turn the password `0123` into the number 123.
struct Environment(Vec<(String, String)>);

impl Provider for Environment {
    fn metadata(&self) -> Metadata {
        Metadata::named("NIMDECK_… environment variables")
            .interpolater(|_, keys| format!("NIMDECK_{}", keys.join("_").to_uppercase()))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut dict = Dict::new();
        for (name, text) in &self.0 {
            let Some(key) = name.strip_prefix("NIMDECK_") else { continue };
            if name == FILE_VARIABLE || text.is_empty() {
                continue;
            }
            let key = key.to_lowercase();
            let value = if NOT_TEXT.contains(&key.as_str()) {
                text.parse().unwrap_or_else(|_: std::convert::Infallible| Value::from(text.clone()))
            } else {
                Value::from(text.clone())
            };
            dict.insert(key, value);
        }
        Ok(Profile::Default.collect(dict))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str, environment: &[(&str, &str)], flags: &Flags) -> Result<Settings, SettingsError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("nimdeck.toml");
        std::fs::write(&path, file).unwrap();
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Settings::from_sources(Some(&path), environment, flags)
    }

    #[test]
    fn nothing_given_means_defaults() {
        assert_eq!(read("", &[], &Flags::default()).unwrap(), Settings::default());
    }

    #[test]
    fn no_file_at_all_is_fine() {
        assert_eq!(Settings::from_sources(None, vec![], &Flags::default()).unwrap(), Settings::default());
    }

    #[test]
    fn flag_beats_variable_beats_file() {
        let file = "log = 'file'\ndata_dir = '/file'\nlisten = '0.0.0.0:1'";
        let environment = [("NIMDECK_LOG", "variable"), ("NIMDECK_DATA_DIR", "/variable"), ("OTHER", "x")];
        let flags = Flags { data_dir: Some("/flag".into()), ..Flags::default() };
        let settings = read(file, &environment, &flags).unwrap();
        assert_eq!(settings.data_dir, PathBuf::from("/flag"));
        assert_eq!(settings.log, "variable");
        assert_eq!(settings.listen, "0.0.0.0:1".parse().unwrap());
    }

    #[test]
    fn unknown_keys_are_errors_that_name_key_and_place() {
        let error = read("lab_sped = 3", &[], &Flags::default()).unwrap_err().to_string();
        assert!(error.contains("lab_sped") && error.contains("nimdeck.toml"), "{error}");
        let error = read("", &[("NIMDECK_LAB_SPED", "3")], &Flags::default()).unwrap_err().to_string();
        assert!(error.contains("lab_sped") && error.contains("environment"), "{error}");
    }

    #[test]
    fn a_password_that_looks_like_a_number_stays_text() {
        let settings =
            read("", &[("NIMDECK_ADMIN_PASSWORD", "0123"), ("NIMDECK_LAB_SPEED", "60")], &Flags::default()).unwrap();
        assert_eq!(settings.admin_password.unwrap().expose(), "0123");
        assert_eq!(settings.lab_speed, Some(60));
    }

    #[test]
    fn wrong_values_are_errors() {
        for file in [
            "listen = 'nowhere'",
            "lab = 'maybe'",
            "lab_speed = 0",
            "public_url = 'nimdeck.example'",
            "admin_password = ''",
            "silent_minutes = 0",
            "trusted_proxies = ['proxy.example']",
            "allowed_hosts = ['https://nimdeck.example']",
            "allowed_hosts = 'nimdeck.example:3000'",
            "streams_per_user = 0",
        ] {
            assert!(read(file, &[], &Flags::default()).is_err(), "{file}");
        }
        let missing = Settings::from_sources(Some(Path::new("/nowhere/x.toml")), vec![], &Flags::default());
        assert!(matches!(missing, Err(SettingsError::NoFile(_))));
    }

    #[test]
    fn lists_are_arrays_or_text_with_commas() {
        let file = "trusted_proxies = ['10.0.0.1', '::1']";
        let settings =
            read(file, &[("NIMDECK_ALLOWED_HOSTS", "nimdeck, nimdeck.example,")], &Flags::default()).unwrap();
        assert_eq!(settings.trusted_proxies, ["10.0.0.1", "::1"]);
        assert_eq!(settings.allowed_hosts, ["nimdeck", "nimdeck.example"]);
        assert!(settings.trusted_proxies().trust("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn m9_a_secret_of_the_wrong_kind_is_not_quoted() {
        for file in ["admin_password = 4711", "database_url = [4711]", "admin_password = {x = 4711}"] {
            let error = read(file, &[], &Flags::default()).unwrap_err().to_string();
            assert!(!error.contains("4711"), "{error}");
        }
        let error = serde_json::from_str::<Secret>("4711").unwrap_err().to_string();
        assert!(error.contains("text") && !error.contains("4711"), "{error}");
    }

    #[test]
    fn secrets_are_not_printed() {
        let settings = read("", &[("NIMDECK_ADMIN_PASSWORD", "hunter2")], &Flags::default()).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
