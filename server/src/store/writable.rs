//! Whether the database can store anything: it may answer every question and yet be read-only, or have a full disk.

use super::{Tx, begin};
use sqlx::PgPool;

/// Sorts more than this transaction may keep in memory, so that PostgreSQL needs new blocks on its disk. An UPDATE alone would not do:
/// on a full disk it still finds room in a block that exists.
const NEEDS_DISK: &str =
    "SELECT count(*) FROM (SELECT md5(n::text) FROM generate_series(1, 8000) n ORDER BY 1 OFFSET 1) sorted";

/// Writes, and takes disk space, then gives both back.
///
/// # Errors
/// The database does not answer, is read-only, or has no space left.
pub async fn probe(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut tx = begin(pool).await?;
    write(&mut tx).await?;
    tx.commit().await
}

async fn write(tx: &mut Tx) -> Result<(), sqlx::Error> {
    sqlx::query("SET LOCAL work_mem = '64kB'").execute(&mut **tx).await?;
    sqlx::query("UPDATE write_probe SET at = now()").execute(&mut **tx).await?;
    let _: i64 = sqlx::query_scalar(NEEDS_DISK).fetch_one(&mut **tx).await?;
    Ok(())
}
