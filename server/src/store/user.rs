//! People.

use super::unknown_word;
use app::model::{Caller, Role};
use sqlx::postgres::{PgConnection, PgExecutor, PgRow};
use sqlx::{FromRow, Row};
use time::OffsetDateTime;
use uuid::Uuid;

/// A person who may sign in. Not serialisable, because of the hash.
#[derive(Clone)]
pub struct User {
    /// Identifier.
    pub id: Uuid,
    /// Sign-in name, lower case.
    pub username: String,
    /// Argon2id, PHC string.
    pub password_hash: String,
    /// Role.
    pub role: Role,
    /// When they were added.
    pub created_at: OffsetDateTime,
    /// Since when they are shut out; none where they are not.
    pub disabled_at: Option<OffsetDateTime>,
}

impl FromRow<'_, PgRow> for User {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let role: String = row.try_get("role")?;
        Ok(Self {
            id: row.try_get("id")?,
            username: row.try_get("username")?,
            password_hash: row.try_get("password_hash")?,
            role: role.parse().map_err(|error| unknown_word("role", error))?,
            created_at: row.try_get("created_at")?,
            disabled_at: row.try_get("disabled_at")?,
        })
    }
}

/// The name as stored: two spellings are one person.
#[must_use]
pub fn normal(username: &str) -> String {
    username.trim().to_lowercase()
}

/// Whether a name, as [`normal`] gives it, may be somebody's: the CHECK of the table, in words the program can say.
#[must_use]
pub fn is_valid(username: &str) -> bool {
    let mut bytes = username.bytes();
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    username.len() <= 64
        && bytes.next().is_some_and(word)
        && bytes.all(|b| word(b) || matches!(b, b'.' | b'_' | b'@' | b'-'))
}

/// By name, disabled ones included.
///
/// # Errors
/// The database's.
pub async fn by_name(db: impl PgExecutor<'_>, username: &str) -> Result<Option<User>, sqlx::Error> {
    sqlx::query_as("SELECT * FROM user_account WHERE username = $1").bind(normal(username)).fetch_optional(db).await
}

/// Who acts, if they still may: asked at every request, so that a changed role or a shut-out user counts at once.
///
/// # Errors
/// The database's.
pub async fn caller(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Caller>, sqlx::Error> {
    let user: Option<User> = sqlx::query_as("SELECT * FROM user_account WHERE id = $1 AND disabled_at IS NULL")
        .bind(id)
        .fetch_optional(db)
        .await?;
    Ok(user.map(|user| Caller { id: user.id, username: user.username, role: user.role }))
}

/// The role that somebody has now; none where they may not sign in.
///
/// # Errors
/// The database's.
pub async fn role_now(conn: &mut PgConnection, username: &str) -> Result<Option<Role>, sqlx::Error> {
    let role: Option<String> =
        sqlx::query_scalar("SELECT role FROM user_account WHERE username = $1 AND disabled_at IS NULL")
            .bind(username)
            .fetch_optional(conn)
            .await?;
    role.map(|role| role.parse().map_err(|error| unknown_word("role", error))).transpose()
}

/// Whether somebody is the only administrator who may sign in. Locks the administrators until the transaction ends, so that two who are
/// shut out at the same moment are not each the other's reason.
///
/// # Errors
/// The database's.
pub async fn is_last_admin(conn: &mut PgConnection, id: Uuid) -> Result<bool, sqlx::Error> {
    let admins: Vec<Uuid> = sqlx::query_scalar(
        "SELECT id FROM user_account WHERE role = 'admin' AND disabled_at IS NULL ORDER BY id FOR NO KEY UPDATE",
    )
    .fetch_all(conn)
    .await?;
    Ok(admins == [id])
}

/// Everybody, by name.
///
/// # Errors
/// The database's.
pub async fn list(db: impl PgExecutor<'_>) -> Result<Vec<User>, sqlx::Error> {
    sqlx::query_as("SELECT * FROM user_account ORDER BY username").fetch_all(db).await
}

/// Adds somebody; false where the name is taken.
///
/// # Errors
/// The database's.
pub async fn insert(db: &mut PgConnection, username: &str, hash: &str, role: Role) -> Result<bool, sqlx::Error> {
    let inserted = sqlx::query(
        "INSERT INTO user_account (id, username, password_hash, role) VALUES ($1, $2, $3, $4) ON CONFLICT (username) DO NOTHING",
    )
    .bind(Uuid::now_v7())
    .bind(normal(username))
    .bind(hash)
    .bind(role.as_str())
    .execute(db)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Whether there is anybody at all.
///
/// # Errors
/// The database's.
pub async fn any(db: impl PgExecutor<'_>) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM user_account)").fetch_one(db).await
}

/// Sets the password.
///
/// # Errors
/// The database's.
pub async fn set_password(db: &mut PgConnection, id: Uuid, hash: &str) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE user_account SET password_hash = $2 WHERE id = $1")
        .bind(id)
        .bind(hash)
        .execute(db)
        .await
        .map(drop)
}

/// Sets the role.
///
/// # Errors
/// The database's.
pub async fn set_role(db: &mut PgConnection, id: Uuid, role: Role) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE user_account SET role = $2 WHERE id = $1")
        .bind(id)
        .bind(role.as_str())
        .execute(db)
        .await
        .map(drop)
}

/// Shuts somebody out, or lets them in again.
///
/// # Errors
/// The database's.
pub async fn set_disabled(db: &mut PgConnection, id: Uuid, disabled: bool) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE user_account SET disabled_at = CASE WHEN $2 THEN coalesce(disabled_at, now()) END WHERE id = $1",
    )
    .bind(id)
    .bind(disabled)
    .execute(db)
    .await
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["admin", "a", "jane.doe@example.org", "7up"] {
            assert!(is_valid(name), "{name}");
        }
        for name in ["", "Admin", "-rf", ".x", "a b", "ä", "a\0", &"a".repeat(65)] {
            assert!(!is_valid(name), "{name:?}");
        }
        assert_eq!(normal(" Admin "), "admin");
    }
}
