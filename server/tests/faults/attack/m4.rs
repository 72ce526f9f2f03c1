//! M4: a member that was retried while the campaign awaited approval stayed waiting in a campaign that was done.

use crate::program::Program;
use crate::rest::until;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn m4_a_member_that_is_retried_is_not_forgotten() {
    let program = Program::start(3000).await;
    let rest = &program.rest;
    // hdisk0 holds the running rootvg: the pre-flight refuses it.
    let body = json!({
        "name": "to 7.3", "csv": "lpar71 hdisk0\nlpar72 hdisk2 hdisk3", "canary": 1, "wave_size": 1, "stop": "never",
        "template": { "lpp_source": "lpp_7300_03_01", "spot": "spot_7300_03_01", "cache_vg": "nimadmvg",
                      "accept_licenses": true, "acknowledge_warnings": true },
    });
    let id = rest.post("/campaigns", &body).await.ok()["id"].as_str().unwrap().to_owned();
    let path = format!("/campaigns/{id}");
    let reach = async |state: &str| {
        until(state, || async {
            let campaign = rest.get(&path).await.ok();
            (campaign["state"] == state).then_some(campaign)
        })
        .await
    };
    let asks = reach("awaiting_approval").await;
    assert_eq!(asks["members"][0]["standing"], "refused", "{asks}");
    rest.post(&format!("{path}/retry_failed"), &json!({})).await.ok();
    rest.post(&format!("{path}/approve"), &json!({})).await.ok();
    let done = reach("done").await;
    let standings: Vec<&Value> = done["members"].as_array().unwrap().iter().map(|member| &member["standing"]).collect();
    assert_eq!(standings, [&json!("refused"), &json!({ "at": "clone_ready" })], "{done}");
    program.record_is_whole().await;
}

/// A migration that a person retries by itself gives a campaign that was done work again.
#[tokio::test(flavor = "multi_thread")]
async fn m4_a_campaign_that_was_done_goes_on_with_its_member() {
    let program = Program::start(3000).await;
    let rest = &program.rest;
    lab::scenario::set(&program.lab(), "lpar72", "multibos").unwrap();
    let body = json!({
        "name": "to 7.3", "csv": "lpar72 hdisk2 hdisk3", "stop": "never",
        "template": { "lpp_source": "lpp_7300_03_01", "spot": "spot_7300_03_01", "cache_vg": "nimadmvg",
                      "accept_licenses": true, "acknowledge_warnings": true },
    });
    let path = format!("/campaigns/{}", rest.post("/campaigns", &body).await.ok()["id"].as_str().unwrap());
    let done = until("it is done", || async {
        let campaign = rest.get(&path).await.ok();
        (campaign["state"] == "done").then_some(campaign)
    })
    .await;
    let member = done["members"][0]["migration"]["id"].as_str().unwrap().to_owned();
    lab::scenario::set(&program.lab(), "lpar72", "healthy").unwrap();
    rest.post(&format!("/migrations/{member}/retry"), &json!({})).await.ok();
    assert_eq!(rest.get(&path).await.ok()["state"], "running");
    rest.reach(&member, &["clone_ready"]).await;
    until("it is done again", || async { (rest.get(&path).await.ok()["state"] == "done").then_some(()) }).await;
}
