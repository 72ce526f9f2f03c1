//! Cut connections: lost contact is not failure, and nothing of the log is lost or doubled.

use crate::estate::lab_host;
use crate::program::Program;
use crate::proxy::Proxy;
use crate::rest::{order, until};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_connection_is_cut_five_times_is_followed_to_its_end() {
    let program = Program::start(250).await;
    let rest = &program.rest;
    let (address, key) = lab_host(&program.lab(), 0);
    let proxy = Proxy::to(address).await;
    let master = json!({ "name": "far", "host": "127.0.0.1", "port": proxy.port, "host_key": key });
    let master = rest.post("/masters", &master).await.ok()["id"].as_str().unwrap().to_owned();
    rest.post(&format!("/masters/{master}/refresh"), &json!(null)).await.ok();
    let clients = rest.get("/clients?master=far&q=lpar71").await.ok();
    let mut request = order("lpar71");
    request["client"] = clients["items"][0]["id"].clone();
    let id = rest.launch(&request).await;

    for cut in 0_u64..5 {
        // Each cut comes in a phase of its own: 1, 2, 3, 5, 6.
        let phase = [1, 2, 3, 5, 6][usize::try_from(cut).unwrap()];
        until("the phase of the cut", || async { (program.phase_on_master(&id) >= phase).then_some(()) }).await;
        rest.reach(&id, &["running"]).await;
        proxy.cut();
        let lost = rest.reach(&id, &["contact_lost"]).await;
        assert!(lost["reason"].as_str().is_some_and(|why| why.contains(&proxy.port.to_string())), "{lost}");
        assert_eq!(lost["actions"], json!(["cancel"]), "{lost}");
        let printed = program.printed(&id, 1).len();
        until("nimadm goes on meanwhile", || async { (program.printed(&id, 1).len() > printed).then_some(()) }).await;
        proxy.mend();
    }
    let migration = rest.reach(&id, &["clone_ready", "failed_clean", "failed_debris"]).await;
    assert_eq!(migration["state"], "clone_ready", "{migration}");
    program.log_is_whole(&id, 1).await;
    let rows = rest.get(&format!("/audit?subject=migration:{id}&action=migration.state&limit=500")).await.ok();
    let lost = rows["items"].as_array().unwrap().iter().filter(|row| row["detail"]["to"] == "contact_lost").count();
    assert!(lost >= 5, "{rows}");
    program.record_is_whole().await;
}
