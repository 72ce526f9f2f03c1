//! The private PostgreSQL: made, left behind, adopted, restarted, and never shared.

use crate::support::{DataDir, kill};
use server::postgres::{Durability, PrivatePostgres};
use server::settings::Settings;
use server::store::{self, open::Opened};
use std::os::unix::fs::PermissionsExt;

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
