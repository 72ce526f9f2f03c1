//! M2: the fleet's stream went on from the newest time of a change, and never showed one that was made earlier and committed later.

use crate::program::Program;
use crate::rest::order;
use crate::viewer::{Events, open_fleet};
use serde_json::json;
use std::time::Duration;

/// Many polls of the stream's watcher.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for a state of this migration with this value in a field.
async fn shows(events: &mut Events, id: &str, field: &str, value: &str) {
    let shown = async {
        while let Some(event) = events.next().await {
            if event.name == "state" && event.data["id"] == id && event.data[field] == value {
                return;
            }
        }
        panic!("the stream has ended");
    };
    assert!(tokio::time::timeout(PATIENCE, shown).await.is_ok(), "the stream does not show {field} {value} of {id}");
}

#[tokio::test(flavor = "multi_thread")]
async fn m2_a_change_that_is_committed_late_is_shown() {
    let program = Program::start(400).await;
    let rest = &program.rest;
    let blackout =
        json!({ "reason": "a test", "starts_at": "2020-01-01T00:00:00Z", "ends_at": "2099-01-01T00:00:00Z" });
    rest.post("/blackouts", &blackout).await.ok();
    let (late, quick) = (rest.launch(&order("lpar71")).await, rest.launch(&order("lpar72")).await);
    let cancel = async |id: &str| rest.post(&format!("/migrations/{id}/cancel"), &json!({})).await.ok();
    let mut events = open_fleet(rest).await.unwrap();
    cancel(&late).await;
    shows(&mut events, &late, "state", "cancelled").await;

    let mut transaction = program.database().await.acquire().await.unwrap();
    sqlx::query("BEGIN").execute(&mut *transaction).await.unwrap();
    let change = sqlx::query("UPDATE migration SET reason = 'late' WHERE id = $1::uuid").bind(&late);
    assert_eq!(change.execute(&mut *transaction).await.unwrap().rows_affected(), 1);
    cancel(&quick).await;
    shows(&mut events, &quick, "state", "cancelled").await;
    sqlx::query("COMMIT").execute(&mut *transaction).await.unwrap();
    shows(&mut events, &late, "reason", "late").await;
}
