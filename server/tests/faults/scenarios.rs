//! The three runs that fail: the right state, the phase and the cause named, and the running system as it was.

use crate::clients::{clones, running_system};
use crate::program::Program;
use crate::rest::order;
use serde_json::{Value, json};

fn says(value: &Value, text: &str) {
    assert!(value.as_str().is_some_and(|said| said.contains(text)), "{value} does not say {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_fail_end_in_the_right_state_and_touch_nothing() {
    let program = Program::start(1500).await;
    let rest = &program.rest;
    for (client, name) in [("lpar71", "target-disk-in-vg"), ("lpar72", "multibos"), ("lpar61", "killed")] {
        lab::scenario::set(&program.lab(), client, name).unwrap();
    }
    let mut before = Vec::new();
    for client in ["lpar71", "lpar72", "lpar61"] {
        before.push((client, running_system(&rest.client(client).await), rest.launch(&order(client)).await));
    }
    let over = ["clone_ready", "failed_clean", "failed_debris"];

    let in_vg = rest.reach(&before[0].2, &over).await;
    assert_eq!((&in_vg["state"], &in_vg["failed_phase"]), (&json!("failed_clean"), &json!(1)), "{in_vg}");
    says(&in_vg["cause"], "0505-126");
    says(&in_vg["reason"], "0505-126");
    assert_eq!(in_vg["phases"][0]["state"], "failed");
    assert_eq!(in_vg["phases"][1]["state"], "skipped");

    let multibos = rest.reach(&before[1].2, &over).await;
    assert_eq!((&multibos["state"], &multibos["failed_phase"]), (&json!("failed_clean"), &json!(11)), "{multibos}");
    says(&multibos["cause"], "0505-218");
    assert_eq!(multibos["phases"][9]["state"], "done");
    assert_eq!(multibos["phases"][10]["state"], "failed");

    let id = &before[2].2;
    let killed = rest.reach(id, &over).await;
    assert_eq!(killed["state"], "failed_debris", "{killed}");
    says(&killed["reason"], "phase 6");
    assert_eq!(killed["phases"][5]["state"], "failed");
    assert_eq!(clones(rest, "lpar61").await, 1);

    for (client, system, id) in &before {
        assert_eq!(&running_system(&rest.client(client).await), system, "{client}");
        program.log_is_whole(id, 1).await;
    }
    assert_eq!((clones(rest, "lpar71").await, clones(rest, "lpar72").await), (0, 0));

    // Debris is cleaned before anything else, and only then tried again.
    rest.post(&format!("/migrations/{id}/retry"), &json!({})).await.refused(409, "ND0304");
    rest.post(&format!("/migrations/{id}/clean"), &json!({})).await.ok();
    let cleaned = rest.reach(id, &["failed_clean", "failed_debris"]).await;
    assert_eq!(cleaned["state"], "failed_clean", "{cleaned}");
    says(&cleaned["reason"], "Cleaned up");
    assert_eq!(clones(rest, "lpar61").await, 0);
    lab::scenario::set(&program.lab(), "lpar61", "healthy").unwrap();
    rest.post(&format!("/migrations/{id}/retry"), &json!({})).await.ok();
    let again = rest.reach(id, &over).await;
    assert_eq!((&again["state"], &again["attempt"]), (&json!("clone_ready"), &json!(2)), "{again}");
    program.log_is_whole(id, 2).await;
    assert_eq!(&running_system(&rest.client("lpar61").await), &before[2].1);
    program.record_is_whole().await;
}
