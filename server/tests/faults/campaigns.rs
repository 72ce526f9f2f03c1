//! Campaigns on the real program: waves, a canary, approval, the stop rule, pairs that are kept apart.

use crate::fleet::Fleet;
use crate::program::Program;
use crate::rest::{Rest, until};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

fn template() -> Value {
    json!({
        "lpp_source": "lpp_7300_03_01", "spot": "spot_7300_03_01", "cache_vg": "nimadmvg", "accept_licenses": true,
        "acknowledge_warnings": true, "change_ref": "CHG-7",
    })
}

async fn start(rest: &Rest, more: Value) -> Value {
    let mut body = json!({ "name": "to 7.3", "template": template() });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    rest.post("/campaigns", &body).await.ok()
}

async fn reach(rest: &Rest, id: &str, state: &str) -> Value {
    until(state, || async {
        let campaign = rest.get(&format!("/campaigns/{id}")).await.ok();
        (campaign["state"] == state).then_some(campaign)
    })
    .await
}

fn standing(campaign: &Value, client: &str) -> Value {
    let members = campaign["members"].as_array().unwrap();
    members.iter().find(|member| member["client"] == client).unwrap()["standing"].clone()
}

/// Clients that the master has, as far as the database knows.
async fn add_clients(program: &Program, many: u32) {
    let options = server::postgres::PrivatePostgres::options_of(program.data()).await.unwrap();
    let mut database = PgConnection::connect_with(&options).await.unwrap();
    let insert = "INSERT INTO client (id, master_id, name)
                  SELECT gen_random_uuid(), m.id, 'node' || n FROM master m, generate_series(1, $1) n";
    sqlx::query(insert).bind(i64::from(many)).execute(&mut database).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_clients_are_one_campaign() {
    let program = Program::start(3000).await;
    let rest = &program.rest;
    add_clients(&program, 499).await;
    let nodes: Vec<String> = (1..=499).map(|n| format!("node{n}")).collect();
    let csv = format!("lpar71 hdisk1\n{}", nodes.join(" hdisk1\n"));
    let pairs: Vec<_> = nodes.chunks(2).filter(|pair| pair.len() == 2).collect();
    let campaign = start(rest, json!({ "csv": csv, "canary": 1, "wave_size": 50, "apart": pairs })).await;
    let id = campaign["id"].as_str().unwrap();
    let asks = reach(rest, id, "awaiting_approval").await;
    let (members, waves) = (asks["members"].as_array().unwrap(), asks["waves"].as_array().unwrap());
    assert_eq!(members.len(), 500);
    assert_eq!(waves.iter().map(|wave| wave["members"].as_u64().unwrap()).sum::<u64>(), 500);
    assert_eq!((&waves[0]["members"], &waves[0]["ready"]), (&json!(1), &json!(1)), "the canary");
    assert!(waves.iter().all(|wave| wave["members"].as_u64().unwrap() <= 50), "{waves:?}");
    let wave = |client: &str| members.iter().find(|member| member["client"] == client).unwrap()["wave"].clone();
    for pair in pairs {
        assert_ne!(wave(&pair[0]), wave(&pair[1]), "{pair:?}");
    }
    rest.post(&format!("/campaigns/{id}/cancel"), &json!({})).await.ok();
    reach(rest, id, "cancelled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_goes_first_and_a_failure_stops_the_rest() {
    let program = Program::start(2000).await;
    let rest = &program.rest;
    for (field, bad) in [
        ("clients", json!({ "clients": [] })),
        ("clients", json!({ "csv": "lpar71\nnobody\n" })),
        ("csv", json!({ "csv": "lpar71 disk/1\nlpar71" })),
        ("stop", json!({ "csv": "lpar71", "stop": { "failures": 0 } })),
    ] {
        let mut body = json!({ "name": "bad", "template": template() });
        body.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
        let problem = rest.post("/campaigns", &body).await.refused(422, "ND0003");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    lab::scenario::set(&program.lab(), "lpar72", "multibos").unwrap();
    let campaign = start(
        rest,
        json!({ "csv": "client;disk\nlpar71;hdisk1\nlpar72;hdisk2 hdisk3\nlpar61\n", "canary": 1, "wave_size": 1 }),
    )
    .await;
    let id = campaign["id"].as_str().unwrap().to_owned();
    assert_eq!(campaign["waves"].as_array().unwrap().len(), 3, "{campaign}");

    let first = reach(rest, &id, "awaiting_approval").await;
    assert_eq!(standing(&first, "lpar71"), json!({ "at": "clone_ready" }), "{first}");
    assert_eq!(standing(&first, "lpar72"), "waiting");
    assert_eq!((&first["waves"][0]["ready"], &first["waves"][1]["waiting"]), (&json!(1), &json!(1)), "{first}");
    rest.post(&format!("/campaigns/{id}/resume"), &json!({})).await.refused(409, "ND0304");

    // The second wave fails, and the third is not begun.
    rest.post(&format!("/campaigns/{id}/approve"), &json!({ "reason": "the canary lives" })).await.ok();
    let stopped = reach(rest, &id, "stopped").await;
    assert_eq!(standing(&stopped, "lpar72"), json!({ "at": "failed_clean" }), "{stopped}");
    assert_eq!(standing(&stopped, "lpar61"), "waiting");
    assert!(stopped["reason"].as_str().unwrap().contains("1 of 2"), "{stopped}");
    // A client cannot be left out once it was launched; its failure is tried again.
    rest.post(&format!("/campaigns/{id}/skip"), &json!({ "client": "lpar72" })).await.refused(409, "ND0304");
    lab::scenario::set(&program.lab(), "lpar72", "healthy").unwrap();
    rest.post(&format!("/campaigns/{id}/retry_failed"), &json!({})).await.ok();
    let second = reach(rest, &id, "awaiting_approval").await;
    assert_eq!(standing(&second, "lpar72"), json!({ "at": "clone_ready" }), "{second}");

    // The last client is left out; all that is ready is cut over together.
    rest.post(&format!("/campaigns/{id}/skip"), &json!({ "client": "lpar61" })).await.ok();
    rest.post(&format!("/campaigns/{id}/cutover"), &json!({ "wave": 1 })).await.ok();
    until("the first wave is verified", || async {
        let campaign = rest.get(&format!("/campaigns/{id}")).await.ok();
        (campaign["waves"][0]["verified"] == 1 && campaign["waves"][1]["ready"] == 1).then_some(())
    })
    .await;
    rest.post(&format!("/campaigns/{id}/approve"), &json!({})).await.ok();
    let done = reach(rest, &id, "done").await;
    assert_eq!(done["actions"], json!(["cutover"]), "{done}");
    let migration = rest.get("/migrations?client=lpar71").await.ok()["items"][0].clone();
    assert_eq!(migration["requested_by"], "admin");
    program.record_is_whole().await;
}

/// The nodes of a cluster are in different waves, disks are chosen, what cannot be is refused, and a server may die meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_survives_its_server_and_keeps_pairs_apart() {
    let mut fleet = Fleet::start(2, 10, 3000, &[]).await;
    let page = fleet.rest.get("/clients?limit=100").await.ok();
    let all: Vec<_> =
        page["items"].as_array().unwrap().iter().map(|client| client["name"].as_str().unwrap().to_owned()).collect();
    let clients: Vec<_> = all.iter().map(|name| json!({ "client": name })).collect();
    let campaign = start(
        &fleet.rest,
        json!({
            "clients": clients, "canary": 2, "wave_size": 4, "go_on": "automatic", "stop": "never",
            "apart": [[all[3], all[4]], [all[5], all[6], all[7]]],
        }),
    )
    .await;
    let id = campaign["id"].as_str().unwrap().to_owned();
    let wave = |name: &str| {
        let members = campaign["members"].as_array().unwrap();
        members.iter().find(|member| member["client"] == name).unwrap()["wave"].as_u64().unwrap()
    };
    assert_ne!(wave(&all[3]), wave(&all[4]));
    assert!(wave(&all[5]) != wave(&all[6]) && wave(&all[6]) != wave(&all[7]) && wave(&all[5]) != wave(&all[7]));

    let rest = fleet.at(1);
    until("the second wave", || async {
        let campaign = rest.get(&format!("/campaigns/{id}")).await.ok();
        (campaign["wave"].as_u64() >= Some(2)).then_some(())
    })
    .await;
    fleet.kill(0).await;
    let done = reach(&rest, &id, "done").await;
    for member in done["members"].as_array().unwrap() {
        let standing = &member["standing"];
        let refused = standing == "refused" && member["refused"].as_str().is_some_and(|why| why.len() > 20);
        assert!(refused || standing["at"] == "clone_ready", "{member}");
    }
    let ready = done["waves"].as_array().unwrap().iter().map(|wave| wave["ready"].as_u64().unwrap()).sum::<u64>();
    assert!(ready >= 2, "{done}");
    assert_eq!(
        fleet.ask("SELECT count(*) - count(DISTINCT client_id) FROM migration"),
        "0",
        "nobody was launched twice"
    );
    fleet.record_is_whole().await;
}
