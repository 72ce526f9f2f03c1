//! `nimdeck user`: people and their tokens. Whoever may run this owns the machine; the record says so.

use super::{say, with_database};
use crate::auth::{password, password::Passwords, token};
use crate::error::{BAD_INPUT, INTERNAL, LAST_ADMIN, NOT_FOUND, database, with_causes};
use crate::settings::{Secret, Settings};
use crate::store::{self, Tx, session, user};
use app::model::{Problem, Role};
use clap::Subcommand;
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use std::io::Read as _;
use time::{Duration, OffsetDateTime};

/// Who the record names for what is done here.
const ACTOR: &str = "system";

#[derive(Subcommand)]
pub(super) enum User {
    /// Add somebody. The password is made up and printed once.
    Add {
        /// Sign-in name: lower case letters, digits, . _ @ -
        username: String,
        /// viewer, operator, approver or admin.
        #[arg(long, default_value = "viewer")]
        role: Role,
        /// Read the password from standard input instead.
        #[arg(long)]
        password_stdin: bool,
    },
    /// List everybody.
    List,
    /// Set a new password, as for `add`; every session and every token of that user ends.
    Password {
        /// Sign-in name.
        username: String,
        /// Read the password from standard input instead.
        #[arg(long)]
        password_stdin: bool,
    },
    /// Set the role; it counts at once.
    Role {
        /// Sign-in name.
        username: String,
        /// viewer, operator, approver or admin.
        role: Role,
        /// Also where nobody is an administrator afterwards.
        #[arg(long)]
        force: bool,
    },
    /// Shut somebody out at once, or let them in again.
    Disable {
        /// Sign-in name.
        username: String,
        /// Let them in again.
        #[arg(long, conflicts_with = "force")]
        undo: bool,
        /// Also where nobody is an administrator afterwards.
        #[arg(long)]
        force: bool,
    },
    /// Make a token for scripts and print it once; list tokens; revoke one.
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Token(Token),
}

#[derive(clap::Args)]
pub(super) struct Token {
    #[command(subcommand)]
    command: Option<TokenCommand>,
    /// Whose.
    #[arg(required = true)]
    username: Option<String>,
    /// What it is for.
    #[arg(long, default_value = DEFAULT_NAME)]
    name: String,
    /// It can do no more than this, nor more than its user.
    #[arg(long, default_value = "admin")]
    role: Role,
    /// It ends after so many days.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: Option<u16>,
    /// Revoke the token of that name instead.
    #[arg(long, conflicts_with_all = ["role", "days"])]
    revoke: bool,
}

#[derive(Subcommand)]
enum TokenCommand {
    /// List names, roles and last uses; never a token.
    List {
        /// Whose; everybody's where nobody is named.
        username: Option<String>,
    },
    /// Revoke a token; it counts at once.
    Revoke {
        /// Whose.
        username: String,
        /// Its name.
        #[arg(long, default_value = DEFAULT_NAME)]
        name: String,
    },
}

/// The name of a token that was given none.
const DEFAULT_NAME: &str = "default";

impl User {
    pub(super) async fn run(self, settings: &Settings) -> Result<(), Problem> {
        with_database(settings, async |pool: &PgPool| match self {
            Self::Add { username, role, password_stdin } => add(pool, &username, role, password_stdin).await,
            Self::List => list(pool).await,
            Self::Password { username, password_stdin } => set_password(pool, &username, password_stdin).await,
            Self::Role { username, role, force } => set_role(pool, &username, role, force).await,
            Self::Disable { username, undo, force } => disable(pool, &username, !undo, force).await,
            Self::Token(token) => token.run(pool).await,
        })
        .await
    }
}

impl Token {
    async fn run(self, pool: &PgPool) -> Result<(), Problem> {
        let Self { command, username, name, role, days, revoke } = self;
        let username = username.unwrap_or_default();
        match command {
            Some(TokenCommand::List { username }) => list_tokens(pool, username.as_deref()).await,
            Some(TokenCommand::Revoke { username, name }) => revoke_token(pool, &username, &name).await,
            None if revoke => revoke_token(pool, &username, &name).await,
            None => make_token(pool, &username, &name, role, days).await,
        }
    }
}

async fn list_tokens(pool: &PgPool, username: Option<&str>) -> Result<(), Problem> {
    let user = match username {
        Some(username) => Some(find(pool, username).await?.id),
        None => None,
    };
    for token in store::token::list(pool, user).await.map_err(|error| database(&error))? {
        let used = token.last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("last used {}", day(at)));
        let ends = token.expires_at.map_or_else(String::new, |at| format!("  ends {}", day(at)));
        let made = day(token.created_at);
        say(format_args!("{:<32} {:<24} {:<9} made {made}  {used}{ends}", token.username, token.name, token.role));
    }
    Ok(())
}

/// A moment to the minute, UTC.
fn day(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!("{} {:02}:{:02} UTC", at.date(), at.hour(), at.minute())
}

async fn add(pool: &PgPool, username: &str, role: Role, typed: bool) -> Result<(), Problem> {
    let username = user::normal(username);
    if !user::is_valid(&username) {
        return Err(BAD_INPUT.field(
            "username",
            "must be 1 to 64 lower case letters, digits, . _ @ -, and begin with a letter or digit",
        ));
    }
    let (hash, made_up) = new_password(typed).await?;
    let inserted = recorded(pool, "user.add", &username, json!({ "role": role }), async |db| {
        user::insert(db, &username, &hash, role).await
    })
    .await?;
    if !inserted {
        return Err(BAD_INPUT.field("username", format!("{username} exists already")));
    }
    say(format_args!("added {username} as {}", role.as_str()));
    tell_password(made_up);
    Ok(())
}

async fn list(pool: &PgPool) -> Result<(), Problem> {
    for user in user::list(pool).await.map_err(|error| database(&error))? {
        let disabled = if user.disabled_at.is_some() { "  disabled" } else { "" };
        say(format_args!("{:<32} {:<9}{disabled}", user.username, user.role.as_str()));
    }
    Ok(())
}

/// Somebody else may have known the old password, and made tokens with it: they end too.
async fn set_password(pool: &PgPool, username: &str, typed: bool) -> Result<(), Problem> {
    let found = find(pool, username).await?;
    let (hash, made_up) = new_password(typed).await?;
    let work = async {
        let mut tx = store::begin(pool).await?;
        user::set_password(&mut tx, found.id, &hash).await?;
        let sessions = session::delete_of(&mut tx, found.id).await?;
        let tokens = store::token::revoke_of(&mut tx, found.id).await?;
        let detail = json!({ "sessions": sessions, "tokens": tokens });
        tx.record(ACTOR, "user.password", &format!("user:{}", found.username), detail);
        tx.commit().await?;
        Ok((sessions, tokens))
    };
    let (sessions, tokens) = work.await.map_err(|error| database(&error))?;
    let (sessions, tokens) = (counted(sessions, "session"), counted(tokens, "token"));
    say(format_args!("{} has a new password; {sessions} and {tokens} ended", found.username));
    tell_password(made_up);
    Ok(())
}

fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

async fn set_role(pool: &PgPool, username: &str, role: Role, force: bool) -> Result<(), Problem> {
    let found = find(pool, username).await?;
    let mut tx = store::begin(pool).await.map_err(|error| database(&error))?;
    let left = if role == Role::Admin { Left::Administrators } else { still_an_admin(&mut tx, &found, force).await? };
    user::set_role(&mut tx, found.id, role).await.map_err(|error| database(&error))?;
    let detail = json!({ "from": found.role, "to": role, "last_administrator": left == Left::Nobody });
    tx.record(ACTOR, "user.role", &format!("user:{}", found.username), detail);
    tx.commit().await.map_err(|error| database(&error))?;
    say(format_args!("{} is {} now{}", found.username, role.as_str(), left.warning()));
    Ok(())
}

async fn disable(pool: &PgPool, username: &str, disabled: bool, force: bool) -> Result<(), Problem> {
    let found = find(pool, username).await?;
    let (action, now) = if disabled { ("user.disable", "shut out") } else { ("user.enable", "let in again") };
    let mut tx = store::begin(pool).await.map_err(|error| database(&error))?;
    let left = if disabled { still_an_admin(&mut tx, &found, force).await? } else { Left::Administrators };
    user::set_disabled(&mut tx, found.id, disabled).await.map_err(|error| database(&error))?;
    if disabled {
        session::delete_of(&mut tx, found.id).await.map_err(|error| database(&error))?;
    }
    let detail = json!({ "last_administrator": left == Left::Nobody });
    tx.record(ACTOR, action, &format!("user:{}", found.username), detail);
    tx.commit().await.map_err(|error| database(&error))?;
    say(format_args!("{} is {now}{}", found.username, left.warning()));
    Ok(())
}

/// Who can administer nimdeck after somebody is not an administrator any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    Administrators,
    Nobody,
}

impl Left {
    fn warning(self) -> &'static str {
        match self {
            Self::Administrators => "",
            Self::Nobody => "; there is no administrator now, `nimdeck user role NAME admin` on this machine makes one",
        }
    }
}

/// Refuses to leave nimdeck without an administrator, unless `--force` is given.
async fn still_an_admin(tx: &mut Tx, found: &user::User, force: bool) -> Result<Left, Problem> {
    if !user::is_last_admin(tx, found.id).await.map_err(|error| database(&error))? {
        return Ok(Left::Administrators);
    }
    if force {
        return Ok(Left::Nobody);
    }
    let name = &found.username;
    Err(LAST_ADMIN.problem(format!(
        "{name} is the last administrator who may sign in: nobody could manage masters and windows afterwards. Make somebody else an \
         administrator first (`nimdeck user role NAME admin`), or repeat it with --force. Nothing was changed."
    )))
}

async fn make_token(pool: &PgPool, username: &str, name: &str, role: Role, days: Option<u16>) -> Result<(), Problem> {
    if !(1..=64).contains(&name.chars().count()) {
        return Err(BAD_INPUT.field("name", "must be 1 to 64 characters"));
    }
    let found = find(pool, username).await?;
    let token = token::generate();
    let ends = days.map(|days| OffsetDateTime::now_utc() + Duration::days(i64::from(days)));
    let detail = json!({ "name": name, "role": role, "days": days });
    let inserted = recorded(pool, "token.create", &found.username, detail, async |db| {
        store::token::insert(db, found.id, name, &token::hash(token.expose()), role, ends).await
    })
    .await?;
    if !inserted {
        return Err(BAD_INPUT
            .field("name", format!("{username} has a token {name:?} already; revoke it, or choose another --name")));
    }
    say(format_args!("{}", token.expose()));
    Ok(())
}

async fn revoke_token(pool: &PgPool, username: &str, name: &str) -> Result<(), Problem> {
    let found = find(pool, username).await?;
    let revoked = recorded(pool, "token.revoke", &found.username, json!({ "name": name }), async |db| {
        store::token::revoke(db, found.id, name).await
    })
    .await?;
    if !revoked {
        return Err(NOT_FOUND.problem(format!("{username} has no token {name:?}.")));
    }
    say(format_args!("revoked"));
    Ok(())
}

async fn find(pool: &PgPool, username: &str) -> Result<user::User, Problem> {
    let found = user::by_name(pool, username).await.map_err(|error| database(&error))?;
    found.ok_or_else(|| NOT_FOUND.problem(format!("There is no user {username:?}; `nimdeck user list` lists them.")))
}

/// Does something and records it, together or not at all; an act that came to nothing (false) is not recorded.
async fn recorded(
    pool: &PgPool,
    action: &str,
    username: &str,
    detail: serde_json::Value,
    act: impl AsyncFnOnce(&mut PgConnection) -> Result<bool, sqlx::Error>,
) -> Result<bool, Problem> {
    let work = async {
        let mut transaction = store::begin(pool).await?;
        if !act(&mut transaction).await? {
            return Ok(false);
        }
        transaction.record(ACTOR, action, &format!("user:{username}"), detail);
        transaction.commit().await?;
        Ok(true)
    };
    work.await.map_err(|error| database(&error))
}

/// The hash of a new password, and the password itself where it was made up.
async fn new_password(typed: bool) -> Result<(String, Option<Secret>), Problem> {
    let (chosen, made_up) = if typed {
        (typed_password()?, None)
    } else {
        let password = Secret::new(password::random_password());
        (password.clone(), Some(password))
    };
    if chosen.expose().len() < password::SHORTEST {
        return Err(BAD_INPUT.field("password", format!("must have at least {} bytes", password::SHORTEST)));
    }
    let passwords = Passwords::new().await.map_err(|error| INTERNAL.problem(with_causes(&error)))?;
    let hash = passwords.hash(chosen).await.map_err(|error| BAD_INPUT.field("password", error.to_string()))?;
    Ok((hash, made_up))
}

/// What stands on standard input, without its line end.
fn typed_password() -> Result<Secret, Problem> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    read.map_err(|error| BAD_INPUT.field("password", format!("cannot be read from standard input: {error}")))?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}

fn tell_password(made_up: Option<Secret>) {
    if let Some(password) = made_up {
        say(format_args!("password: {} (shown this once)", password.expose()));
    }
}
