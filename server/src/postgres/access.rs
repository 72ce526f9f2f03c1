//! Who may connect to the private cluster, and as what.
//!
//! The application's role owns its database and nothing else. If it were a superuser, one injected statement could run programs on the
//! machine (`COPY … FROM PROGRAM`) and switch off the triggers that guard the record. The cluster's superuser is another role, used only
//! when the server starts. `peer` admits both: it looks at the user of the operating system that connects.
//!
//! Earlier versions made the application's role the cluster's first superuser, and PostgreSQL does not demote that one. So the role is
//! renamed to [`SUPERUSER`], and a new role of the old name takes over database and objects, in one transaction.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};

/// The application's role.
pub(super) const ROLE: &str = "nimdeck";
/// Its database.
pub(super) const DATABASE: &str = "nimdeck";
/// The superuser of the cluster.
pub(super) const SUPERUSER: &str = "nimdeck_superuser";
/// Renames the first superuser, which cannot rename itself. Exists during the upgrade only.
const UPGRADER: &str = "nimdeck_upgrade";
const FIRST_LINE: &str = "# Written by nimdeck: nobody else gets in.";

/// `pg_hba.conf`.
pub(super) fn hba() -> String {
    format!(
        "{FIRST_LINE}\n# TYPE DATABASE USER METHOD\nlocal {DATABASE} {ROLE} peer map=nimdeck\n\
         local postgres,{DATABASE} {SUPERUSER} peer map=nimdeck\n"
    )
}

/// Whether [`hba`] wrote this `pg_hba.conf`. The cluster is upgraded then.
pub(super) fn is_ours(hba: &str) -> bool {
    hba.starts_with(FIRST_LINE)
}

/// `pg_ident.conf`: the users of the operating system that may connect.
pub(super) fn ident(os_users: &[String]) -> String {
    let mut text = format!("{FIRST_LINE}\n# MAP SYSTEM-USER ROLE\n");
    for user in os_users {
        let user = user.replace('"', "\"\"");
        for role in [ROLE, SUPERUSER] {
            text.push_str(&format!("nimdeck \"{user}\" {role}\n"));
        }
    }
    text
}

async fn exists(connection: &mut PgConnection, query: &'static str, name: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(query).bind(name).fetch_one(connection).await
}

const ROLE_EXISTS: &str = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)";
const DATABASE_EXISTS: &str = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";

/// Makes role and database where they are missing, as the superuser.
pub(super) async fn create(cluster: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut admin = cluster.clone().username(SUPERUSER).database("postgres").connect().await?;
    if !exists(&mut admin, ROLE_EXISTS, ROLE).await? {
        sqlx::raw_sql("CREATE ROLE nimdeck LOGIN").execute(&mut admin).await?;
    }
    if !exists(&mut admin, DATABASE_EXISTS, DATABASE).await? {
        sqlx::raw_sql("CREATE DATABASE nimdeck OWNER nimdeck").execute(&mut admin).await?;
    }
    sqlx::raw_sql("DROP ROLE IF EXISTS nimdeck_upgrade").execute(&mut admin).await?;
    admin.close().await
}

/// All that the first superuser owns in the application's database goes to the new role.
const GIVE_AWAY: &str = r"
ALTER ROLE nimdeck RENAME TO nimdeck_superuser;
CREATE ROLE nimdeck LOGIN;
ALTER DATABASE nimdeck OWNER TO nimdeck;
ALTER SCHEMA public OWNER TO nimdeck;
DO $$
DECLARE item record;
BEGIN
    FOR item IN SELECT oid::regclass AS name FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO nimdeck', item.name);
    END LOOP;
    -- Sequences that belong to a column have gone with their table.
    FOR item IN SELECT oid::regclass AS name FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind = 'S' AND relowner <> 'nimdeck'::regrole LOOP
        EXECUTE format('ALTER SEQUENCE %s OWNER TO nimdeck', item.name);
    END LOOP;
    FOR item IN SELECT oid::regprocedure AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace LOOP
        EXECUTE format('ALTER ROUTINE %s OWNER TO nimdeck', item.name);
    END LOOP;
    FOR item IN SELECT oid::regtype AS name FROM pg_type
                WHERE typnamespace = 'public'::regnamespace AND typtype IN ('d', 'e') LOOP
        EXECUTE format('ALTER TYPE %s OWNER TO nimdeck', item.name);
    END LOOP;
END $$;
";

/// Upgrades a cluster whose application role is its superuser. May be interrupted anywhere and repeated.
pub(super) async fn upgrade(cluster: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let mut old = cluster.clone().username(ROLE).database("postgres").connect().await?;
    let is_super: bool =
        sqlx::query_scalar("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetch_one(&mut old).await?;
    if !is_super {
        // An earlier start committed the transaction below and was killed before it wrote the files.
        return old.close().await;
    }
    if !exists(&mut old, DATABASE_EXISTS, DATABASE).await? {
        sqlx::raw_sql("CREATE DATABASE nimdeck").execute(&mut old).await?;
    }
    if !exists(&mut old, ROLE_EXISTS, UPGRADER).await? {
        sqlx::raw_sql("CREATE ROLE nimdeck_upgrade SUPERUSER LOGIN").execute(&mut old).await?;
    }
    old.close().await?;
    let mut upgrader = cluster.clone().username(UPGRADER).database(DATABASE).connect().await?;
    // Several statements in one simple query are one transaction.
    sqlx::raw_sql(GIVE_AWAY).execute(&mut upgrader).await?;
    upgrader.close().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_the_operating_system_is_one_word_of_the_map() {
        let text = ident(&["root".to_owned(), "o\"hara smith".to_owned()]);
        assert!(text.contains("nimdeck \"root\" nimdeck_superuser\n"), "{text}");
        assert!(text.contains("nimdeck \"o\"\"hara smith\" nimdeck\n"), "{text}");
        assert!(is_ours(&hba()) && !is_ours("local all all trust\n"));
    }
}
