//! The private PostgreSQL: made, left behind, adopted, restarted, and never shared.

use crate::support::{DataDir, kill};
use server::postgres::{Durability, PrivatePostgres, Programs};
use server::settings::Settings;
use server::store::{self, open::Opened};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgConnection};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

#[tokio::test]
async fn one_that_was_left_running_is_adopted_and_one_that_was_killed_recovers() {
    let dir = DataDir::new();
    let first = PrivatePostgres::start(dir.path(), Durability::None).await.unwrap();
    let pool = store::connect(first.options()).await.unwrap();
    let mut tx = store::begin(&pool).await.unwrap();
    sqlx::query("CREATE TABLE kept AS SELECT 1 AS one").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    pool.close().await;
    let pid = dir.postmaster().unwrap();
    // As SIGKILL does: nobody stops it.
    std::mem::forget(first);
    let second = PrivatePostgres::start(dir.path(), Durability::None).await.unwrap();
    assert_eq!(dir.postmaster(), Some(pid), "the same process");
    let mode = std::fs::metadata(dir.path().join("postgres/run")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    drop(second);
    assert!(kill("-KILL", pid));
    let third = PrivatePostgres::start(dir.path(), Durability::None).await.unwrap();
    let pool = store::connect(third.options()).await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i32>("SELECT one FROM kept").fetch_one(&pool).await.unwrap(), 1);
    pool.close().await;
    third.stop().await.unwrap();
    assert_eq!(dir.postmaster(), None, "stopped");
}

#[tokio::test]
async fn two_servers_never_share_a_data_directory_but_commands_join_in() {
    let dir = DataDir::new();
    let settings = Settings { data_dir: dir.path().to_path_buf(), ..Settings::default() };
    let server = Opened::for_server(&settings).await.unwrap();
    assert_eq!(Opened::for_server(&settings).await.unwrap_err().code, "ND0401");
    let command = Opened::for_command(&settings).await.unwrap();
    command.close().await.unwrap();
    assert!(dir.postmaster().is_some(), "the command left the server's database alone");
    server.close().await.unwrap();
    assert_eq!(dir.postmaster(), None);
    let alone = Opened::for_command(&settings).await.unwrap();
    alone.close().await.unwrap();
    assert_eq!(dir.postmaster(), None, "the command stopped what it had started");
}

/// A cluster as every version up to 733d8b6 made it: its first superuser is the application's role, and everybody on the socket is trusted.
/// It runs, as a killed server leaves it.
async fn old_cluster(dir: &Path) -> PgConnectOptions {
    let programs = Programs::find(None).await.unwrap();
    let (base, run) = (dir.join("postgres"), dir.join("postgres/run"));
    std::fs::create_dir_all(&run).unwrap();
    let as_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    if as_root {
        assert!(Command::new("chown").args(["-R", "postgres:postgres"]).arg(&base).status().unwrap().success());
    }
    for folder in [&base, &run] {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    }
    let owner = std::fs::metadata(&base).unwrap();
    let cluster = base.join("cluster");
    let program = |name: &str, arguments: &[&str]| {
        let mut command = Command::new(programs.path(name));
        command.args(arguments).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if as_root {
            command.uid(owner.uid()).gid(owner.gid());
        }
        assert!(command.status().unwrap().success(), "{name} {arguments:?}");
    };
    let at = cluster.to_str().unwrap();
    program(
        "initdb",
        &[
            "--encoding=UTF8",
            "--locale=C",
            "--auth-local=trust",
            "--auth-host=reject",
            "--no-sync",
            "--username=nimdeck",
            "-D",
            at,
        ],
    );
    let conf = cluster.join("postgresql.conf");
    let text = std::fs::read_to_string(&conf).unwrap() + "\ninclude 'nimdeck.conf'\n";
    std::fs::write(&conf, text).unwrap();
    let text = format!("listen_addresses = ''\nunix_socket_directories = '\"{}\"'\nfsync = off\n", run.display());
    std::fs::write(cluster.join("nimdeck.conf"), text).unwrap();
    let log = base.join("postgres.log");
    program("pg_ctl", &["start", "--wait", "-D", at, "-l", log.to_str().unwrap()]);
    let options = PgConnectOptions::new_without_pgpass().socket(&run).port(5432).username("nimdeck");
    let mut admin = options.clone().database("postgres").connect().await.unwrap();
    sqlx::query("CREATE DATABASE nimdeck").execute(&mut admin).await.unwrap();
    options.database("nimdeck")
}

/// What the role that is connected is, and what of the schema is not its own.
async fn standing(connection: &mut PgConnection) -> (String, bool, i64) {
    sqlx::query_as(
        "SELECT current_user::text, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
                (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relowner <> current_user::regrole)
              + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proowner <> current_user::regrole)",
    )
    .fetch_one(connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn low_a_cluster_of_an_earlier_version_is_upgraded_in_place() {
    let dir = DataDir::new();
    let options = old_cluster(dir.path()).await;
    let mut old = options.connect().await.unwrap();
    store::MIGRATIONS.run(&mut old).await.unwrap();
    sqlx::raw_sql("CREATE TABLE kept (n serial, t text); INSERT INTO kept (t) VALUES ('before')")
        .execute(&mut old)
        .await
        .unwrap();
    assert_eq!(standing(&mut old).await, ("nimdeck".to_owned(), true, 0));
    old.close().await.unwrap();
    // A start of the new version that was killed half-way.
    let mut half = options.connect().await.unwrap();
    sqlx::query("CREATE ROLE nimdeck_upgrade SUPERUSER LOGIN").execute(&mut half).await.unwrap();
    half.close().await.unwrap();

    for start in ["the first start", "a later start"] {
        let postgres = PrivatePostgres::start(dir.path(), Durability::None).await.unwrap();
        let pool = store::connect(postgres.options()).await.unwrap();
        let mut connection = postgres.options().connect().await.unwrap();
        assert_eq!(standing(&mut connection).await, ("nimdeck".to_owned(), false, 0), "{start}");
        sqlx::raw_sql("INSERT INTO kept (t) VALUES ('after'); ALTER TABLE kept ADD COLUMN IF NOT EXISTS more text")
            .execute(&mut connection)
            .await
            .unwrap();
        let first: String =
            sqlx::query_scalar("SELECT t FROM kept WHERE n = 1").fetch_one(&mut connection).await.unwrap();
        assert_eq!(first, "before");
        for (role, database) in [("nimdeck", "postgres"), ("nimdeck_upgrade", "nimdeck"), ("postgres", "nimdeck")] {
            let other = postgres.options().username(role).database(database).connect().await;
            assert!(other.is_err(), "{role} gets into {database} after {start}");
        }
        connection.close().await.unwrap();
        pool.close().await;
        postgres.stop().await.unwrap();
    }
}
