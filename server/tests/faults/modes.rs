//! Modes of nimadm beside the migration of a client through a cache: the update within a release (`-U`), and NFS.

use crate::program::Program;
use crate::rest::order;
use serde_json::{Value, json};

fn with(client: &str, more: &Value) -> Value {
    let mut order = order(client);
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_a_locked_fileset_holds_back_is_found_and_rolled_back() {
    let program = Program::start(2000).await;
    let rest = &program.rest;
    // Without -U it is no migration, and with it a migration is no update.
    let blocked = rest.post("/migrations", &order("lpar73")).await.refused(422, "ND0301");
    assert!(blocked["detail"].as_str().unwrap().contains("S1"), "{blocked}");
    let update = json!({ "update": true });
    rest.post("/migrations", &with("lpar71", &update)).await.refused(422, "ND0301");

    let preflight = rest.post("/preflight", &with("lpar73", &update)).await.ok();
    assert!(preflight["command"].as_str().unwrap().contains(" -U -Y -B"), "{preflight}");
    let id = rest.launch(&with("lpar73", &update)).await;
    let done = rest.reach(&id, &["clone_ready", "failed_clean", "failed_debris"]).await;
    assert_eq!(done["state"], "clone_ready", "{done}");
    program.log_is_whole(&id, 1).await;
    rest.post(&format!("/migrations/{id}/cutover"), &json!({})).await.ok();
    // An interim fix of lpar73 locks bos.mp64: nimadm returns 0, and only the proof tells that the level was not reached.
    let done = rest.reach(&id, &["verified", "verification_failed"]).await;
    assert_eq!((&done["state"], &done["outcome"]), (&json!("verification_failed"), &json!("warning")), "{done}");
    assert!(done["cause"].as_str().unwrap().contains("bos.mp64"), "{done}");
    rest.post(&format!("/migrations/{id}/rollback"), &json!({})).await.ok();
    rest.reach(&id, &["rolled_back"]).await;
    assert_eq!(rest.client("lpar73").await["level"], "7300-03-00-2446");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_nfs_nothing_is_cached_and_the_clone_is_the_same() {
    let program = Program::start(3000).await;
    let mut order = order("lpar71");
    order["cache_vg"] = Value::Null;
    let id = program.rest.launch(&order).await;
    let done = program.rest.reach(&id, &["clone_ready", "failed_clean", "failed_debris"]).await;
    assert_eq!(done["state"], "clone_ready", "{done}");
    assert!(!done["command"].as_str().unwrap().contains("-j"), "{done}");
    let log = String::from_utf8(program.rest.log(&id).await).unwrap();
    assert!(log.contains("NFS mounting") && !log.contains("cache file system"), "{log}");
    program.log_is_whole(&id, 1).await;
}
