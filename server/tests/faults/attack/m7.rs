//! M7: one empty answer of `lsnim` with return code 0 deleted the clients, and their group with them.

use super::labs::{Lsnim, nim1};
use crate::program::Program;
use crate::rest::order;
use serde_json::{Value, json};

/// Name and id of every client, by name.
async fn ids(program: &Program) -> Vec<(String, String)> {
    let text = |client: &Value, field: &str| client[field].as_str().unwrap().to_owned();
    let clients = program.rest.clients().await;
    let mut ids: Vec<_> = clients.iter().map(|client| (text(client, "name"), text(client, "id"))).collect();
    ids.sort();
    ids
}

/// The names of the clients that are missing; the filter of the list says the same.
async fn missing(program: &Program) -> Vec<String> {
    let names = |clients: &[Value]| {
        let missing = clients.iter().filter(|client| client["missing_since"].is_string());
        let mut names: Vec<_> = missing.map(|client| client["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let missing = names(&program.rest.clients().await);
    let filtered = program.rest.get("/clients?missing=true").await.ok();
    assert_eq!(names(filtered["items"].as_array().unwrap()), missing);
    missing
}

async fn refresh(program: &Program) -> Value {
    let id = nim1(program).await["id"].as_str().unwrap().to_owned();
    program.rest.post(&format!("/masters/{id}/refresh"), &Value::Null).await.ok()
}

async fn group(program: &Program) -> Value {
    program.rest.get("/groups").await.ok()["items"][0].clone()
}

const LIST: &str = "*'-t standalone'*";
const SPOTS: &str = "*'-t spot'*";

#[tokio::test(flavor = "multi_thread")]
async fn m7_clients_that_nim_no_longer_lists_are_missing_and_come_back_the_same() {
    let program = Program::start(2000).await;
    let rest = &program.rest;
    let db = json!({ "name": "db", "max_running": 1, "clients": ["lpar71", "lpar72"] });
    rest.post("/groups", &db).await.ok();
    let (known, members) = (ids(&program).await, group(&program).await);
    let lsnim = Lsnim::of(&program.lab());

    // One empty list: a second reading has all of them.
    lsnim.before(LIST, 1, "exit 0");
    let master = refresh(&program).await;
    assert_eq!(
        (ids(&program).await, group(&program).await, missing(&program).await.len()),
        (known.clone(), members.clone(), 0)
    );
    let shrunk = &master["shrunk"];
    assert_eq!(
        (&shrunk["clients_before"], &shrunk["clients"], &shrunk["second"]["outcome"]),
        (&json!(4), &json!(0), &json!("recovered")),
        "{master}"
    );

    // Two empty lists: missing, and nothing else is lost.
    lsnim.before(LIST, 1000, "exit 0");
    let master = refresh(&program).await;
    assert_eq!((&master["clients"], &master["missing_clients"]), (&json!(0), &json!(4)), "{master}");
    assert_eq!(master["shrunk"]["second"]["outcome"], "confirmed", "{master}");
    assert!(master["shrunk"]["read_at"].is_string() && master["shrunk"]["second"]["at"].is_string(), "{master}");
    assert_eq!(missing(&program).await, ["lpar61", "lpar71", "lpar72", "lpar73"]);
    assert_eq!(ids(&program).await, known);
    assert_eq!(group(&program).await["clients"], members["clients"]);
    assert!(group(&program).await["members"][0]["missing_since"].is_string());
    assert_eq!(rest.get("/clients?missing=false").await.ok()["items"], json!([]));
    let page = rest.page("/").await;
    assert!(page.contains("4 missing") && page.contains("confirmed by a second reading"), "{page}");
    let since = rest.get("/clients/lpar71").await.ok()["missing_since"].clone();
    refresh(&program).await;
    assert_eq!(rest.get("/clients/lpar71").await.ok()["missing_since"], since, "since the first reading without it");

    // NIM lists them again: the same clients, and no longer missing.
    lsnim.restore();
    let master = refresh(&program).await;
    assert_eq!(
        (&master["clients"], &master["missing_clients"], &master["shrunk"]),
        (&json!(4), &json!(0), &Value::Null)
    );
    assert_eq!((ids(&program).await, group(&program).await, missing(&program).await.len()), (known, members, 0));
    let record = rest.get("/audit?subject=master:nim1&limit=500").await.ok();
    let acts: Vec<_> =
        record["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert!(acts.contains(&"inventory.missing") && acts.contains(&"inventory.back"), "{acts:?}");
    program.record_is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m7_a_reading_that_fails_or_cannot_be_read_changes_nothing() {
    let program = Program::start(2000).await;
    let rest = &program.rest;
    let known = ids(&program).await;
    let master = format!("/masters/{}", nim1(&program).await["id"].as_str().unwrap());
    let lsnim = Lsnim::of(&program.lab());
    // The first reading fails, in different ways; or only the second one does, and the first has said that all are gone.
    let second = "[ $n -gt 0 ] || exit 0; exit 1";
    for said in [
        "exit 1",
        "echo lpar71; exit 0",
        "echo 'lpar71:'; exit 0",
        "printf 'lpar71:\\n   class = mach'; exit 0",
        second,
    ] {
        lsnim.before(LIST, 1000, said);
        let problem = rest.post(&format!("{master}/refresh"), &Value::Null).await.refused(502, "ND0205");
        assert!(problem["detail"].as_str().unwrap().contains("lsnim"), "{problem}");
        assert_eq!((ids(&program).await, missing(&program).await.len()), (known.clone(), 0), "{said}");
    }
    let shrunk = rest.get(&master).await.ok()["shrunk"].clone();
    assert_eq!((&shrunk["clients"], &shrunk["second"]["outcome"]), (&json!(0), &json!("failed")), "{shrunk}");
    // A resource type that cannot be listed, in the middle of them all.
    lsnim.before(SPOTS, 1000, "exit 1");
    rest.post(&format!("{master}/refresh"), &Value::Null).await.refused(502, "ND0205");
    lsnim.restore();
    assert_eq!(refresh(&program).await["shrunk"], Value::Null);
    program.record_is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m7_resources_do_not_vanish_on_one_reading() {
    let program = Program::start(2000).await;
    let rest = &program.rest;
    let path = format!("/masters/{}/resources", nim1(&program).await["id"].as_str().unwrap());
    let before = rest.get(&path).await.ok();
    let spots = |all: &Value| all["items"].as_array().unwrap().iter().filter(|found| found["type"] == "spot").count();
    assert!(spots(&before) > 0, "{before}");
    let lsnim = Lsnim::of(&program.lab());
    lsnim.before(SPOTS, 1, "exit 0");
    let master = refresh(&program).await;
    assert_eq!(rest.get(&path).await.ok(), before);
    assert_eq!(master["shrunk"]["second"]["outcome"], "recovered", "{master}");
    lsnim.before(SPOTS, 2, "exit 0");
    let master = refresh(&program).await;
    assert_eq!((spots(&rest.get(&path).await.ok()), &master["shrunk"]["second"]["outcome"]), (0, &json!("confirmed")));
    refresh(&program).await;
    assert_eq!(rest.get(&path).await.ok(), before);
    program.record_is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m7_a_missing_client_is_not_launched() {
    let program = Program::start(2000).await;
    let rest = &program.rest;
    let estate = program.estate();
    let id = rest.get("/clients/lpar71").await.ok()["id"].clone();
    estate.on_master("nim -o remove lpar71", b"");
    refresh(&program).await;
    assert_eq!(missing(&program).await, ["lpar71"]);
    let preflight = rest.post("/preflight", &order("lpar71")).await.ok();
    assert_eq!((&preflight["verdict"], &preflight["checks"][0]["id"]), (&json!("block"), &json!("N1")), "{preflight}");
    let problem = rest.post("/migrations", &order("lpar71")).await.refused(422, "ND0301");
    assert!(problem["detail"].as_str().unwrap().contains("N1: The client is a NIM object"), "{problem}");
    assert_eq!(rest.get("/migrations").await.ok()["items"], json!([]));
    let page = rest.page(&format!("/clients/{}", id.as_str().unwrap())).await;
    assert!(page.contains("no longer lists this client") && !page.contains("/launch?client="), "{page}");
    // NIM describes it again: the launch itself finds out.
    estate.on_master("nim -o define -t standalone -a if1='net lpar71 0' -a connect=nimsh lpar71", b"");
    let migration = rest.post("/migrations", &order("lpar71")).await.ok();
    assert_eq!(migration["client_id"], id);
    assert_eq!(missing(&program).await.len(), 0);
    rest.reach(migration["id"].as_str().unwrap(), &["clone_ready"]).await;
    // Gone again, and its page is refreshed: NIM says that there is no such object, and the list says the same.
    estate.on_master("nim -o remove lpar71", b"");
    let client = rest.post("/clients/lpar71/refresh", &Value::Null).await.ok();
    assert!(client["missing_since"].is_string(), "{client}");
    program.record_is_whole().await;
}
