//! H5: with two masters that have clients of one name, the first by the master's name was taken, in pages, launches, campaigns, groups.

use super::labs::{SecondLab, client_id, nim1};
use crate::program::Program;
use crate::rest::{Answer, order};
use reqwest::Method;
use serde_json::{Value, json};

/// The refusal of an ambiguous name: both clients are named, with master and id.
fn names_both(answer: Answer, ids: &[String; 2]) {
    let problem = answer.refused(409, "ND0211");
    let said = problem["detail"].as_str().unwrap();
    for word in ["nim1", "nim2", &ids[0], &ids[1]] {
        assert!(said.contains(word), "{word} is not named: {said}");
    }
}

fn campaign(more: &Value) -> Value {
    let template = json!({
        "lpp_source": "lpp_7300_03_01", "spot": "spot_7300_03_01", "cache_vg": "nimadmvg", "accept_licenses": true,
        "acknowledge_warnings": true, "not_before": "2099-01-01T00:00:00Z",
    });
    let mut body = json!({ "name": "twins", "template": template, "canary": 0 });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn h5_a_name_of_two_clients_is_refused_and_its_master_or_id_decides() {
    let program = Program::start(2000).await;
    let rest = &program.rest;
    let second = SecondLab::start(&program, "nim2", 2000).await;
    let ids = [client_id(&program, "nim1", "lpar71").await, client_id(&program, "nim2", "lpar71").await];

    // Launches.
    let by_name = order("lpar71");
    names_both(rest.post("/preflight", &by_name).await, &ids);
    names_both(rest.post("/migrations", &by_name).await, &ids);
    let with = |field: &str, value: &str| {
        let mut order = by_name.clone();
        order[field] = json!(value);
        order
    };
    rest.post("/migrations", &with("client", "LPAR71")).await.refused(422, "ND0003");
    rest.post("/migrations", &with("master", "nim3")).await.refused(422, "ND0003");
    let mut foreign = with("client", &ids[0]);
    foreign["master"] = json!("nim2");
    rest.post("/migrations", &foreign).await.refused(422, "ND0003");
    rest.post("/preflight", &with("master", &second.id)).await.ok();
    rest.post("/preflight", &with("client", "nim2/lpar71")).await.ok();
    let id = rest.launch(&with("master", "nim2")).await;
    let migration = rest.reach(&id, &["clone_ready"]).await;
    assert_eq!((&migration["client_id"], &migration["master"]), (&json!(ids[1]), &json!("nim2")), "{migration}");
    assert!(second.estate().exists(&Program::spool(&id, 1)) && !program.exists(&Program::spool(&id, 1)));

    // Addresses and filters.
    names_both(rest.get("/clients/lpar71").await, &ids);
    names_both(rest.post("/clients/lpar71/refresh", &Value::Null).await, &ids);
    for (path, index) in [("/clients/lpar71?master=nim2".to_owned(), 1), (format!("/clients/{}", ids[0]), 0)] {
        assert_eq!(rest.get(&path).await.ok()["id"], json!(ids[index]), "{path}");
    }
    names_both(rest.get("/migrations?client=lpar71").await, &ids);
    names_both(rest.get("/imports?client=lpar71").await, &ids);
    for (path, many) in [
        (format!("/migrations?client={}", ids[1]), 1),
        (format!("/migrations?client={}", ids[0]), 0),
        ("/migrations?client=lpar71&master=nim2".to_owned(), 1),
        ("/migrations?client=nobody".to_owned(), 0),
        (format!("/imports?client={}", ids[0]), 0),
    ] {
        assert_eq!(rest.get(&path).await.ok()["items"].as_array().unwrap().len(), many, "{path}");
    }
    program.record_is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h5_groups_and_campaigns_hold_the_client_that_was_meant() {
    let program = Program::start(2000).await;
    let rest = &program.rest;
    let _second = SecondLab::start(&program, "nim2", 2000).await;
    let ids = [client_id(&program, "nim1", "lpar71").await, client_id(&program, "nim2", "lpar71").await];

    let group = |clients: Value| json!({ "name": "db", "max_running": 1, "clients": clients });
    names_both(rest.post("/groups", &group(json!(["lpar71"]))).await, &ids);
    for (wanted, members) in [
        (json!(["nim2/lpar71"]), vec![&ids[1]]),
        (json!([ids[0], "nim2/lpar71"]), vec![&ids[0], &ids[1]]),
        (json!([ids[0]]), vec![&ids[0]]),
    ] {
        let stored = rest.post("/groups", &group(wanted)).await.ok();
        let answered: Vec<_> = stored["members"].as_array().unwrap().iter().map(|member| &member["id"]).collect();
        assert_eq!(json!(answered), json!(members), "{stored}");
        // What is answered can be sent again.
        let again = rest.post("/groups", &group(stored["clients"].clone())).await.ok();
        assert_eq!(again["members"], stored["members"]);
        assert_eq!(rest.get("/groups").await.ok()["items"][0]["members"], stored["members"]);
    }

    names_both(rest.post("/campaigns", &campaign(&json!({ "csv": "lpar71 hdisk1" }))).await, &ids);
    names_both(rest.post("/campaigns", &campaign(&json!({ "clients": [{ "client": "lpar71" }] }))).await, &ids);
    let twins = json!({ "clients": [{ "client": "lpar71", "master": "nim1" }, { "client": ids[1] }] });
    let mut apart = twins.clone();
    apart["apart"] = json!([["lpar71", "lpar72"]]);
    names_both(rest.post("/campaigns", &campaign(&apart)).await, &ids);
    apart["apart"] = json!([["nim1/lpar71", "nim2/lpar71"]]);
    let both = rest.post("/campaigns", &campaign(&apart)).await.ok();
    let members: Vec<_> = both["members"].as_array().unwrap().iter().map(|m| (&m["client_id"], &m["wave"])).collect();
    assert_eq!(members, [(&json!(ids[0]), &json!(1)), (&json!(ids[1]), &json!(2))], "{both}");
    let skip = format!("/campaigns/{}/skip", both["id"].as_str().unwrap());
    names_both(rest.post(&skip, &json!({ "client": "lpar71" })).await, &ids);
    let skipped = rest.post(&skip, &json!({ "client": "lpar71", "master": "nim2" })).await.ok();
    let standing = skipped["members"].as_array().unwrap().iter().find(|m| m["client_id"] == json!(ids[1])).unwrap();
    assert_eq!(standing["standing"], "skipped", "{skipped}");
    let table = json!({ "csv": "client,master,disk\nlpar71,nim2,hdisk1\n" });
    let one = rest.post("/campaigns", &campaign(&table)).await.ok();
    assert_eq!(
        (&one["members"][0]["client_id"], one["members"].as_array().unwrap().len()),
        (&json!(ids[1]), 1),
        "{one}"
    );
    let twice = json!({ "clients": [{ "client": ids[1] }, { "client": "nim2/lpar71" }] });
    rest.post("/campaigns", &campaign(&twice)).await.refused(422, "ND0003");

    // Pages tell the two apart and lead to the one that is meant.
    let page = rest.page("/clients").await;
    for (master, id) in [("nim1", &ids[0]), ("nim2", &ids[1])] {
        assert!(page.contains(&format!("lpar71 @ {master}")) && page.contains(&format!("/clients/{id}")), "{master}");
        assert!(page.contains(&format!("/launch?client={id}")), "{master}");
        assert!(rest.page(&format!("/clients/{id}")).await.contains(&format!("lpar71 @ {master}")));
    }
    program.record_is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h5_a_masters_name_never_looks_like_an_id() {
    let program = Program::start(2000).await;
    let rest = &program.rest;
    let id = nim1(&program).await["id"].clone();
    let new = json!({ "name": id, "host": "127.0.0.1", "port": 1 });
    rest.post("/masters", &new).await.refused(422, "ND0003");
    let path = format!("/masters/{}", id.as_str().unwrap());
    rest.send(rest.request(Method::PATCH, &path).json(&json!({ "name": id }))).await.refused(422, "ND0003");
}

#[tokio::test(flavor = "multi_thread")]
async fn h5_a_retry_stays_with_the_client_that_was_launched() {
    let program = Program::start(1500).await;
    let rest = &program.rest;
    let client = client_id(&program, "nim1", "lpar71").await;
    lab::scenario::set(&program.lab(), "lpar71", "multibos").unwrap();
    let id = rest.launch(&order("lpar71")).await;
    rest.reach(&id, &["failed_clean"]).await;
    // The name that it was launched by fits two clients now, and the other one is busy.
    let _second = SecondLab::start(&program, "aim", 1500).await;
    let mut other = order("lpar71");
    other["client"] = json!(client_id(&program, "aim", "lpar71").await);
    rest.reach(&rest.launch(&other).await, &["clone_ready"]).await;
    lab::scenario::set(&program.lab(), "lpar71", "healthy").unwrap();
    rest.post(&format!("/migrations/{id}/retry"), &json!({})).await.ok();
    let again = rest.reach(&id, &["clone_ready", "failed_clean"]).await;
    assert_eq!((&again["state"], &again["client_id"]), (&json!("clone_ready"), &json!(client)), "{again}");
    program.record_is_whole().await;
}
