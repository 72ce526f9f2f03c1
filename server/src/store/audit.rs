//! The record of who did what, chained by hashes.
//!
//! A row's hash covers the row and the hash before it, so a row that was changed, removed or put in later breaks the chain
//! from there on. Rows cut off at the *end* leave a chain that holds. Two things reveal the cut: the table `audit_head`, which the
//! next entry is chained to; and a head that was kept outside the database (`nimdeck audit verify --expect`; the server logs one every
//! ten minutes).
//!
//! Hashing what was passed in would be wrong: PostgreSQL gives some values back differently (it has no `-0.0`, and keeps
//! microseconds). The row is therefore first read back as the database will give it, and that is hashed.

use app::model::{AuditEntry, AuditFilter, Page};
use futures::TryStreamExt;
use futures::stream::BoxStream;
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::postgres::{PgConnection, PgExecutor, PgPool, PgRow};
use sqlx::{FromRow, Row};
use time::OffsetDateTime;

/// Key of the advisory lock that puts writers in a row: "audit" in ASCII.
pub const LOCK: i64 = 0x61_75_64_69_74;
/// What the first row is chained to.
const GENESIS: [u8; 32] = [0; 32];

#[derive(Debug, FromRow)]
struct AuditRow {
    seq: i64,
    at: OffsetDateTime,
    actor: String,
    action: String,
    subject: String,
    detail: Value,
    prev_hash: Vec<u8>,
    hash: Vec<u8>,
}

impl AuditRow {
    /// Every field by length and bytes, so that no two rows are encoded alike.
    fn compute_hash(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(&self.prev_hash);
        hasher.update(self.seq.to_be_bytes());
        hasher.update((self.at.unix_timestamp_nanos() / 1_000).to_be_bytes());
        for text in [&self.actor, &self.action, &self.subject, &canonical(&self.detail)] {
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text);
        }
        hasher.finalize().into()
    }

    fn into_entry(self) -> AuditEntry {
        AuditEntry {
            seq: self.seq,
            at: self.at.into(),
            actor: self.actor,
            action: self.action,
            subject: self.subject,
            detail: self.detail,
            hash: super::hex(&self.hash),
        }
    }
}

/// JSON with the keys of every object in the order of their bytes, whatever map serde_json was built with.
fn canonical(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(",");
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.iter().collect();
            keys.sort_by_key(|(key, _)| key.as_bytes());
            let field = |(key, value): (&String, &Value)| format!("{}:{}", Value::from(key.as_str()), canonical(value));
            format!("{{{}}}", list(keys.into_iter().map(field).collect()))
        }
        Value::Array(items) => format!("[{}]", list(items.iter().map(canonical).collect())),
        scalar => scalar.to_string(),
    }
}

/// Text that PostgreSQL can keep: it has no NUL.
pub(super) fn storable(value: Value) -> Value {
    match value {
        Value::String(text) => text.replace('\0', "\u{FFFD}").into(),
        Value::Array(items) => items.into_iter().map(storable).collect(),
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (key.replace('\0', "\u{FFFD}"), storable(value))).collect()
        }
        other => other,
    }
}

/// An entry that is to be written with the transaction of the act it records.
#[derive(Debug)]
pub(super) struct Entry {
    actor: String,
    action: String,
    subject: String,
    detail: Value,
}

impl Entry {
    /// PostgreSQL's text has no NUL: the replacement character stands for it.
    pub(super) fn new(actor: &str, action: &str, subject: &str, detail: Value) -> Self {
        let text = |text: &str| text.replace('\0', "\u{FFFD}");
        Self { actor: text(actor), action: text(action), subject: text(subject), detail: storable(detail) }
    }
}

/// Writes entries: the last thing a transaction does before it commits, because all other writers wait until then.
///
/// The transaction must be `READ COMMITTED`, as they are by default: only then does it see the row that was written while it waited.
pub(super) async fn append(connection: &mut PgConnection, entries: &[Entry]) -> Result<(), sqlx::Error> {
    if entries.is_empty() {
        return Ok(());
    }
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(LOCK).execute(&mut *connection).await?;
    // Not the last row that is there: after a cut the next entry must not close the gap.
    let mut head: (i64, Vec<u8>) =
        sqlx::query_as("SELECT seq, hash FROM audit_head").fetch_one(&mut *connection).await?;
    for entry in entries {
        head = append_one(connection, head, entry).await?;
    }
    Ok(())
}

/// Writes one entry after `head`, the sequence number and hash of the row before it; the new head.
async fn append_one(
    connection: &mut PgConnection,
    (last_seq, prev_hash): (i64, Vec<u8>),
    entry: &Entry,
) -> Result<(i64, Vec<u8>), sqlx::Error> {
    let (at, detail): (OffsetDateTime, Value) =
        sqlx::query_as("SELECT clock_timestamp(), $1::jsonb").bind(&entry.detail).fetch_one(&mut *connection).await?;
    let Entry { actor, action, subject, .. } = entry;
    let [actor, action, subject] = [actor, action, subject].map(Clone::clone);
    let mut row = AuditRow { seq: last_seq + 1, at, actor, action, subject, detail, prev_hash, hash: Vec::new() };
    row.hash = row.compute_hash().to_vec();
    sqlx::query(
        "INSERT INTO audit (seq, at, actor, action, subject, detail, prev_hash, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(row.seq)
    .bind(row.at)
    .bind(row.actor)
    .bind(row.action)
    .bind(row.subject)
    .bind(row.detail)
    .bind(row.prev_hash)
    .bind(&row.hash)
    .execute(connection)
    .await?;
    Ok((row.seq, row.hash))
}

/// One page, newest first.
///
/// # Errors
/// A cursor that is no place in the record; or the database's.
pub async fn list(db: impl PgExecutor<'_>, filter: &AuditFilter) -> Result<Page<AuditEntry>, super::ListError> {
    let limit = filter.limit.unwrap_or(100).clamp(1, 500);
    let before = super::cursor(filter.cursor.as_deref(), |text| text.parse::<i64>().ok().filter(|seq| *seq > 0))?;
    let mut rows: Vec<AuditRow> = sqlx::query_as(
        "SELECT * FROM audit \
         WHERE ($1::text IS NULL OR actor = $1) AND ($2::text IS NULL OR starts_with(action, $2)) \
           AND ($3::text IS NULL OR starts_with(subject, $3)) AND ($4::timestamptz IS NULL OR at >= $4) \
           AND ($5::bigint IS NULL OR seq < $5) \
         ORDER BY seq DESC LIMIT $6",
    )
    .bind(filter.actor.as_deref())
    .bind(filter.action.as_deref())
    .bind(filter.subject.as_deref())
    .bind(filter.since.map(OffsetDateTime::from))
    .bind(before)
    .bind(i64::from(limit) + 1)
    .fetch_all(db)
    .await?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|row| row.seq.to_string());
    Ok(Page { items: rows.into_iter().map(AuditRow::into_entry).collect(), next })
}

/// Every row that fits the filter's actor, action, subject and time, oldest first, as a stream: the record may be larger
/// than memory.
pub fn export(pool: PgPool, filter: AuditFilter) -> BoxStream<'static, Result<AuditEntry, sqlx::Error>> {
    let rows = rows(pool, filter);
    Box::pin(rows.map_ok(AuditRow::into_entry))
}

fn rows(pool: PgPool, filter: AuditFilter) -> impl futures::Stream<Item = Result<AuditRow, sqlx::Error>> + Send {
    // Page by page rather than one open cursor: a slow reader must not hold a connection of the pool.
    let state = (pool, filter, 0_i64);
    futures::stream::try_unfold(state, |(pool, filter, after)| async move {
        let rows: Vec<AuditRow> = sqlx::query_as(
            "SELECT * FROM audit \
             WHERE ($1::text IS NULL OR actor = $1) AND ($2::text IS NULL OR starts_with(action, $2)) \
               AND ($3::text IS NULL OR starts_with(subject, $3)) AND ($4::timestamptz IS NULL OR at >= $4) AND seq > $5 \
             ORDER BY seq LIMIT 500",
        )
        .bind(filter.actor.as_deref())
        .bind(filter.action.as_deref())
        .bind(filter.subject.as_deref())
        .bind(filter.since.map(OffsetDateTime::from))
        .bind(after)
        .fetch_all(&pool)
        .await?;
        let Some(last) = rows.last().map(|row| row.seq) else { return Ok::<_, sqlx::Error>(None) };
        Ok(Some((futures::stream::iter(rows.into_iter().map(Ok)), (pool, filter, last))))
    })
    .try_flatten()
}

/// A chain that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intact {
    /// How many rows.
    pub count: i64,
    /// The hash of the last one, hexadecimal.
    pub head: String,
}

/// Why a chain could not be confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// It breaks here first.
    #[error("the record is broken at seq {seq}: {why}")]
    Broken {
        /// The first row that does not fit.
        seq: i64,
        /// How.
        why: &'static str,
    },
    /// Entries are missing at its end.
    #[error("the record has {count} entries and {written} were written: the entries from {} on were cut off", count + 1)]
    CutOff {
        /// Entries that are there.
        count: i64,
        /// Entries that were written.
        written: i64,
    },
    /// `audit_head` is not its last entry.
    #[error("the record ends with entry {count}, and that is not the head in audit_head")]
    OtherHead {
        /// Entries that are there.
        count: i64,
    },
    /// `audit_head` is empty.
    #[error("the head of the record was removed from audit_head")]
    NoHead,
    /// The expected head is none of its entries.
    #[error(
        "the record has {count} entries, and the expected head {expect} is none of them: it was cut off before that entry, or rewritten"
    )]
    Unexpected {
        /// Entries that are there.
        count: i64,
        /// The expected head.
        expect: Head,
    },
    /// It could not be read.
    #[error("the record could not be read")]
    Database(#[from] sqlx::Error),
}

/// An expected head of the record: the hash of an entry, with its number where that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its number.
    pub seq: Option<i64>,
    /// Lower-case hexadecimal.
    pub hash: String,
}

impl std::str::FromStr for Head {
    type Err = &'static str;

    /// `HASH` or `SEQ:HASH`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (seq, hash) = match text.trim().split_once(':') {
            Some((seq, hash)) => {
                let seq = seq.parse().map_err(|_| "the text before the colon must be the number of the entry")?;
                (Some(seq), hash)
            }
            None => (None, text.trim()),
        };
        if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err("must be a hash of 64 hexadecimal digits, or NUMBER:HASH, as `nimdeck audit verify` prints it");
        }
        Ok(Self { seq, hash: hash.to_lowercase() })
    }
}

impl std::fmt::Display for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.seq {
            Some(seq) => write!(f, "{seq}:{}", self.hash),
            None => f.write_str(&self.hash),
        }
    }
}

/// The head of the record, by `audit_head`: how many entries were written, and the hash of the last one.
///
/// # Errors
/// The database's.
pub async fn head(db: impl PgExecutor<'_>) -> Result<Intact, sqlx::Error> {
    let (count, hash): (i64, Vec<u8>) = sqlx::query_as("SELECT seq, hash FROM audit_head").fetch_one(db).await?;
    Ok(Intact { count, head: super::hex(&hash) })
}

/// Reads the whole record, as of one moment. Checks every hash, that its last entry is the one in `audit_head`, and that the expected head
/// is one of its entries.
///
/// # Errors
/// The first row that does not fit; what is missing at the end; or the database's.
pub async fn verify(db: &mut PgConnection, expect: Option<&Head>) -> Result<Intact, ChainError> {
    // One statement sees one moment, while entries are being written. An empty record gives one row, with the head only.
    let mut rows = sqlx::query(
        "SELECT a.*, h.seq AS head_seq, h.hash AS head_hash FROM audit_head h LEFT JOIN audit a ON true ORDER BY a.seq",
    )
    .fetch(db);
    let (mut count, mut head) = (0_i64, GENESIS.to_vec());
    let mut kept: Option<(i64, Vec<u8>)> = None;
    let is_expected = |seq: i64, hash: &[u8]| {
        expect.is_none_or(|expect| expect.seq.is_none_or(|wanted| wanted == seq) && expect.hash == super::hex(hash))
    };
    let mut found = is_expected(0, &GENESIS);
    while let Some(row) = rows.try_next().await? {
        kept = Some((row.try_get("head_seq")?, row.try_get("head_hash")?));
        if matches!(row.try_get::<Option<i64>, _>("seq"), Ok(None)) {
            break;
        }
        let row = checked(&row, count + 1)?;
        if row.seq != count + 1 {
            return Err(ChainError::Broken { seq: count + 1, why: "the row is missing" });
        }
        if row.prev_hash != head {
            return Err(ChainError::Broken { seq: row.seq, why: "it is not chained to the row before it" });
        }
        if row.compute_hash() != *row.hash {
            return Err(ChainError::Broken { seq: row.seq, why: "its content does not match its hash" });
        }
        (count, head) = (row.seq, row.hash);
        found |= is_expected(count, &head);
    }
    match kept {
        None => return Err(ChainError::NoHead),
        Some((written, _)) if written > count => return Err(ChainError::CutOff { count, written }),
        Some((written, hash)) if written != count || hash != head => return Err(ChainError::OtherHead { count }),
        Some(_) => {}
    }
    match expect.filter(|_| !found) {
        Some(expect) => Err(ChainError::Unexpected { count, expect: expect.clone() }),
        None => Ok(Intact { count, head: super::hex(&head) }),
    }
}

/// A row that cannot even be read was written by somebody else.
fn checked(row: &PgRow, expected: i64) -> Result<AuditRow, ChainError> {
    let seq = row.try_get("seq").unwrap_or(expected);
    AuditRow::from_row(row).map_err(|_| ChainError::Broken { seq, why: "it cannot be read" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn canonical_json_sorts_keys_at_every_depth() {
        assert_eq!(
            canonical(&json!({"b": [{"z": 1, "a": "ä\n"}], "a": null})),
            r#"{"a":null,"b":[{"a":"ä\n","z":1}]}"#
        );
    }

    #[test]
    fn nul_is_replaced_where_text_may_stand() {
        assert_eq!(storable(json!({"a\0": ["x\0"]})), json!({"a\u{FFFD}": ["x\u{FFFD}"]}));
    }

    #[test]
    fn m15_a_head_is_read_with_and_without_its_place() {
        let hash = "0A".repeat(32);
        let head = |text: &str| text.parse::<Head>();
        assert_eq!(head(&hash), Ok(Head { seq: None, hash: "0a".repeat(32) }));
        assert_eq!(head(&format!(" 7:{hash}\n")), Ok(Head { seq: Some(7), hash: "0a".repeat(32) }));
        for wrong in ["", "abc", ":", &format!("x:{hash}"), &format!("7:{}", &hash[1..]), &format!("{hash}0")] {
            assert!(head(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_moved_boundary_between_fields_changes_the_hash() {
        let row = |actor: &str, action: &str| AuditRow {
            seq: 1,
            at: OffsetDateTime::UNIX_EPOCH,
            actor: actor.into(),
            action: action.into(),
            subject: "s".into(),
            detail: json!({}),
            prev_hash: GENESIS.to_vec(),
            hash: vec![],
        };
        assert_ne!(row("ab", "c").compute_hash(), row("a", "bc").compute_hash());
    }
}
