//! Bad input and hosts that are not what they should be: what, where, what to do; and nothing is started.

use crate::estate::lab_host;
use crate::program::Program;
use crate::proxy::Proxy;
use crate::rest::{Answer, order};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The order with one value changed.
fn with(client: &str, field: &str, value: Value) -> Value {
    let mut order = order(client);
    order[field] = value;
    order
}

/// Refused because this check blocks; the refusal says so itself and carries all findings.
fn blocked_by(answer: Answer, check: &str, found: &str) {
    let problem = answer.refused(422, "ND0301");
    assert!(problem["detail"].as_str().unwrap().contains(check), "{problem}");
    let checks = problem["preflight"]["checks"].as_array().unwrap();
    let hit = checks.iter().find(|c| c["id"] == check && c["verdict"] == "block");
    let hit = hit.unwrap_or_else(|| panic!("{check} does not block: {problem}"));
    assert!(hit["found"].as_str().unwrap().contains(found), "{hit}");
    assert!(!hit["advice"].as_str().unwrap().is_empty(), "{hit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launch_that_cannot_be_right_is_refused_with_its_findings() {
    let program = Program::start(100).await;
    let rest = &program.rest;
    let launch = |order: Value| async move { rest.post("/migrations", &order).await };

    let unknown = launch(with("lpar71", "client", json!("lpar99"))).await.refused(422, "ND0003");
    assert_eq!(unknown["errors"][0]["field"], "client");
    let strange = launch(with("lpar71", "spot", json!("spot; reboot"))).await.refused(422, "ND0003");
    assert!(strange["errors"][0]["field"].as_str().unwrap().contains("spot"), "{strange}");
    launch(with("lpar71", "target_disks", json!([]))).await.refused(422, "ND0003");
    launch(with("lpar71", "target_disks", json!(["hdisk1", "hdisk1"]))).await.refused(422, "ND0003");
    launch(with("lpar71", "window", json!("sunday"))).await.refused(422, "ND0003");

    blocked_by(launch(with("lpar71", "target_disks", json!(["hdisk9"]))).await, "D1", "no such disk");
    blocked_by(launch(with("lpar71", "target_disks", json!(["hdisk2"]))).await, "D1", "datavg");
    // hdisk0 is both; the bootlist is looked at first.
    blocked_by(launch(with("lpar71", "target_disks", json!(["hdisk0"]))).await, "D1", "bootlist");
    // The second disk of the mirror, taken out of the bootlist: still the running system's.
    rest_of_mirror(&program).await;
    blocked_by(launch(with("lpar72", "target_disks", json!(["hdisk1"]))).await, "D1", "running rootvg");
    blocked_by(launch(order("lpar73")).await, "S1", "7.3");
    blocked_by(
        launch(json!({ "client": "lpar71", "lpp_source": "lpp_7300_03_01", "spot": "spot_none",
            "target_disks": ["hdisk1"], "cache_vg": "nimadmvg", "accept_licenses": true, "acknowledge_warnings": true }))
        .await,
        "M5",
        "spot_none",
    );
    blocked_by(launch(with("lpar71", "cache_vg", json!("novg"))).await, "M9", "novg");
    let mut old = order("lpar61");
    (old["lpp_source"], old["spot"]) = (json!("lpp_7300_03_01"), json!("spot_7300_03_01"));
    blocked_by(launch(old).await, "H1", "POWER7");
    let warned = launch(with("lpar71", "acknowledge_warnings", json!(false))).await.refused(422, "ND0302");
    assert!(warned["preflight"]["checks"].as_array().unwrap().iter().any(|check| check["verdict"] == "warn"));
    assert_eq!(rest.get("/migrations").await.ok()["items"], json!([]), "something was started");

    let keyed = |key: &'static str, order: Value| async move {
        rest.send(rest.request(reqwest::Method::POST, "/migrations").header("idempotency-key", key).json(&order)).await
    };
    // The same request twice at the same time, and once more later: one migration.
    let (one, two) = tokio::join!(keyed("k-1", order("lpar71")), keyed("k-1", order("lpar71")));
    let (one, two, three) = (one.ok(), two.ok(), keyed("k-1", order("lpar71")).await.ok());
    assert_eq!((&one["id"], &one["id"]), (&two["id"], &three["id"]));
    keyed("k-1", order("lpar72")).await.refused(409, "ND0005");
    let id = one["id"].as_str().unwrap();
    launch(order("lpar71")).await.refused(409, "ND0303");
    keyed("k-2", order("lpar71")).await.refused(409, "ND0303");
    // Two who launch the same client at the same moment.
    let (a, b) = tokio::join!(launch(order("lpar72")), launch(order("lpar72")));
    let (won, lost) = if a.status == 201 { (a, b) } else { (b, a) };
    won.ok();
    lost.refused(409, "ND0303");

    for action in ["cutover", "clean", "retry", "verify", "rollback", "finalise", "approve"] {
        let refused = rest.post(&format!("/migrations/{id}/{action}"), &json!({})).await.refused(409, "ND0304");
        assert!(refused["detail"].as_str().unwrap().contains(action), "{refused}");
    }
}

/// Takes lpar72's second mirror disk out of its bootlist.
async fn rest_of_mirror(program: &Program) {
    let config = program.lab().join("ssh_config");
    let mut ssh = tokio::process::Command::new("ssh");
    ssh.arg("-F").arg(config).args(["lpar72", "bootlist -m normal hdisk0"]).stdin(std::process::Stdio::null());
    assert!(ssh.status().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_is_not_what_it_should_be_is_not_used() {
    let program = Program::start(100).await;
    let rest = &program.rest;
    let (address, key) = lab_host(&program.lab(), 0);
    let (_, another_key) = lab_host(&program.lab(), 1);
    let add = |name: &'static str, port: u16, key: Option<String>| async move {
        let master = json!({ "name": name, "host": "127.0.0.1", "port": port, "host_key": key });
        let master = rest.post("/masters", &master).await.ok();
        format!("/masters/{}", master["id"].as_str().unwrap())
    };
    let refresh = |master: String| async move { rest.post(&format!("{master}/refresh"), &json!(null)).await };
    let pin = |master: String, fingerprint: String| async move {
        rest.post(&format!("{master}/host-key"), &json!({ "fingerprint": fingerprint })).await
    };

    // Nobody listens there.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let silent = add("silent", free, Some(key.clone())).await;
    let problem = refresh(silent.clone()).await.refused(502, "ND0201");
    assert!(problem["detail"].as_str().unwrap().contains(&free.to_string()), "{problem}");
    assert!(rest.get(&silent).await.ok()["unreachable"].as_str().unwrap().contains("does not answer"));

    // Somebody listens who does not speak SSH.
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = mute.local_addr().unwrap().port();
    tokio::spawn(async move { while mute.accept().await.is_ok() {} });
    let mute = add("mute", port, Some(key.clone())).await;
    refresh(mute).await.refused(502, "ND0201");

    // Another key than the pinned one: after the key exchange nothing more is sent, above all no command.
    let changed = Proxy::to(address).await;
    let master = add("changed", changed.port, Some(another_key)).await;
    let problem = refresh(master.clone()).await.refused(409, "ND0203");
    let says = problem["detail"].as_str().unwrap();
    assert_eq!(says.matches("SHA256:").count(), 2, "{says}");
    assert_eq!(rest.get(&master).await.ok()["host_key"]["state"], "changed");
    assert!(changed.bytes_sent() < 4096, "{} bytes were sent", changed.bytes_sent());

    // No key pinned yet: refused the same way, until somebody has compared the fingerprint.
    let unknown = Proxy::to(address).await;
    let master = add("unknown", unknown.port, None).await;
    refresh(master.clone()).await.refused(409, "ND0202");
    assert!(unknown.bytes_sent() < 4096, "{} bytes were sent", unknown.bytes_sent());
    let state = rest.get(&master).await.ok()["host_key"].clone();
    let offered = state["offered"].as_str().unwrap().to_owned();
    assert!(offered.starts_with("SHA256:"), "{state}");
    pin(master.clone(), "SHA256:AAAA".to_owned()).await.refused(409, "ND0203");
    refresh(master.clone()).await.refused(409, "ND0202");
    // What a master offered a while ago is not what somebody has just compared: it must offer it now.
    unknown.cut();
    pin(master.clone(), offered.clone()).await.refused(502, "ND0201");
    unknown.mend();
    let pinned = pin(master.clone(), offered.clone()).await.ok();
    assert_eq!(pinned["host_key"], json!({ "state": "pinned", "fingerprint": offered }));
    refresh(master).await.ok();
    assert_eq!(rest.get("/clients?master=unknown").await.ok()["items"].as_array().unwrap().len(), 4);

    // A key that somebody set by hand is not believed to be one.
    let bad = json!({ "name": "bad", "host": "127.0.0.1", "port": 22, "host_key": "ssh-rsa rubbish" });
    assert_eq!(rest.post("/masters", &bad).await.refused(422, "ND0003")["errors"][0]["field"], "host_key");
    let rows = rest.get("/audit?action=master.pin_host_key").await.ok();
    assert_eq!(rows["items"].as_array().unwrap().len(), 1, "{rows}");
    program.record_is_whole().await;
}
