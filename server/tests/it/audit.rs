//! The record: whole, and not to be changed without a trace.

use crate::support::Database;
use app::model::AuditFilter;
use futures::TryStreamExt;
use serde_json::json;
use server::store::{
    self,
    audit::{self, ChainError, Head},
};

async fn write(database: &Database, count: usize) {
    for n in 0..count {
        let mut transaction = store::begin(&database.pool).await.unwrap();
        let detail = json!({"n": n, "f": [0.1, -0.0, 1e300, 5e-324, 1.0], "t": "ä\u{1F980}\0\"\\\n", "z": {"b": null, "a": true}});
        transaction.record("jane", "migration.launch", &format!("client:lpar{n}"), detail);
        transaction.commit().await.unwrap();
    }
}

async fn broken_at(database: &Database) -> Option<i64> {
    let mut connection = database.pool.acquire().await.unwrap();
    match audit::verify(&mut connection, None).await {
        Ok(_) => None,
        Err(ChainError::Broken { seq, .. }) => Some(seq),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn every_tampering_breaks_the_chain_where_it_happened() {
    let database = Database::new().await;
    write(&database, 5).await;
    assert_eq!(broken_at(&database).await, None);
    for statement in ["UPDATE audit SET actor = 'joe'", "DELETE FROM audit", "TRUNCATE audit"] {
        let error = sqlx::query(statement).execute(&database.by_hand).await.unwrap_err();
        assert!(error.to_string().contains("append only"), "{error}");
    }
    let tampered = [
        ("UPDATE audit SET actor = 'joe' WHERE seq = 3", 3),
        ("UPDATE audit SET detail = detail || '{\"n\": 7}' WHERE seq = 2", 2),
        ("UPDATE audit SET at = at + interval '1 microsecond' WHERE seq = 4", 4),
        ("DELETE FROM audit WHERE seq = 3", 3),
        ("DELETE FROM audit WHERE seq = 1", 1),
    ];
    for (statement, seq) in tampered {
        let mut transaction = database.by_hand.acquire().await.unwrap().detach();
        sqlx::raw_sql("BEGIN").execute(&mut transaction).await.unwrap();
        // Whoever owns the database can get past the trigger; that is what the chain is for.
        sqlx::query("ALTER TABLE audit DISABLE TRIGGER USER").execute(&mut transaction).await.unwrap();
        sqlx::query(statement).execute(&mut transaction).await.unwrap();
        match audit::verify(&mut transaction, None).await {
            Err(ChainError::Broken { seq: found, .. }) => assert_eq!(found, seq, "{statement}"),
            other => panic!("{statement}: {other:?}"),
        }
    }
    assert_eq!(broken_at(&database).await, None, "everything was rolled back");
}

#[tokio::test]
async fn concurrent_writers_leave_no_gap_and_pages_hold_everything_once() {
    let database = Database::new().await;
    let writers = (0..8).map(|_| write(&database, 5));
    futures::future::join_all(writers).await;
    assert_eq!(broken_at(&database).await, None);
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let filter = AuditFilter { limit: Some(7), cursor, ..AuditFilter::default() };
        let page = audit::list(&database.pool, &filter).await.unwrap();
        seen.extend(page.items.into_iter().map(|entry| entry.seq));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=40).rev().collect::<Vec<_>>());
    let exported: Vec<_> = audit::export(database.pool.clone(), AuditFilter::default()).try_collect().await.unwrap();
    assert_eq!(exported.iter().map(|entry| entry.seq).collect::<Vec<_>>(), (1..=40).collect::<Vec<_>>());
}

/// Entries are missing at the end, or all are: `audit_head` shows it; without it, a head that was kept outside does.
#[tokio::test]
async fn m15_a_record_that_was_cut_off_at_its_end_does_not_hold() {
    let database = Database::new().await;
    write(&database, 5).await;
    let mut connection = database.pool.acquire().await.unwrap();
    let whole = audit::verify(&mut connection, None).await.unwrap();
    assert_eq!(audit::head(&database.pool).await.unwrap(), whole);
    let kept = Head { seq: Some(5), hash: whole.head };
    for (statement, left) in [("DELETE FROM audit WHERE seq > 3", 3), ("DELETE FROM audit", 0)] {
        let mut transaction = database.by_hand.acquire().await.unwrap().detach();
        sqlx::raw_sql("BEGIN").execute(&mut transaction).await.unwrap();
        sqlx::query("ALTER TABLE audit DISABLE TRIGGER USER").execute(&mut transaction).await.unwrap();
        sqlx::query(statement).execute(&mut transaction).await.unwrap();
        match audit::verify(&mut transaction, None).await {
            Err(ChainError::CutOff { count, written }) => assert_eq!((count, written), (left, 5)),
            other => panic!("{statement}: {other:?}"),
        }
        // The head beside it is set back as well.
        sqlx::query("ALTER TABLE audit_head DISABLE TRIGGER USER").execute(&mut transaction).await.unwrap();
        let set_back = "UPDATE audit_head SET (seq, hash) = (SELECT coalesce(max(seq), 0), coalesce((array_agg(hash ORDER BY seq DESC))[1],
                        decode(repeat('00', 32), 'hex')) FROM audit)";
        sqlx::query(set_back).execute(&mut transaction).await.unwrap();
        audit::verify(&mut transaction, None).await.unwrap();
        let expected = audit::verify(&mut transaction, Some(&kept)).await;
        assert!(matches!(expected, Err(ChainError::Unexpected { .. })), "{statement}: {expected:?}");
        sqlx::query("DELETE FROM audit_head").execute(&mut transaction).await.unwrap();
        let headless = audit::verify(&mut transaction, None).await;
        assert!(matches!(headless, Err(ChainError::NoHead)), "{statement}: {headless:?}");
    }
    for statement in ["UPDATE audit_head SET seq = 3", "DELETE FROM audit_head", "TRUNCATE audit_head"] {
        assert!(sqlx::query(statement).execute(&database.by_hand).await.is_err(), "{statement}");
    }
    // The record grows, and the head that was kept is still one of its entries.
    write(&database, 1).await;
    assert_eq!(audit::verify(&mut connection, Some(&kept)).await.unwrap().count, 6);
}
