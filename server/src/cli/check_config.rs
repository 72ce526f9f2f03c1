//! `nimdeck check-config`.

use super::say;
use crate::settings::Settings;
use app::model::Problem;

/// Reading them was the check; the rest is telling.
pub(super) fn run(settings: &Settings) -> Result<(), Problem> {
    let database =
        if settings.database_url.is_some() { "the one of database_url" } else { "a private one in the data directory" };
    say(format_args!("settings are good"));
    say(format_args!("  listen          {}", settings.listen));
    say(format_args!("  data directory  {}", settings.data_dir.display()));
    say(format_args!("  database        {database}"));
    say(format_args!("  lab             {}", if settings.lab { "always" } else { "where no master is configured" }));
    say(format_args!("  secure cookies  {}", settings.cookies_are_secure()));
    say(format_args!("  SSH key         {}", settings.ssh_key_path().display()));
    let list = |items: &[String]| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
    say(format_args!("  trusted proxies {}", list(&settings.trusted_proxies)));
    say(format_args!("  allowed hosts   {}", list(&settings.allowed_hosts)));
    say(format_args!("  streams         {} for one user", settings.streams_per_user));
    let all = settings.connections.map_or_else(|| "as many as descriptors allow".to_owned(), |all| all.to_string());
    say(format_args!("  connections     {all}, {} from one address", settings.connections_per_address));
    Ok(())
}
