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
    Ok(())
}
