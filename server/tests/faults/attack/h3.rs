//! H3: each master whose `nim -o showres` hangs held a pooled database connection, and seventeen of them stopped the whole server.

use crate::program::Program;
use crate::rest::{Rest, order, until};
use futures::future::join_all;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use tokio::task::JoinSet;

/// More than any pool of the server has connections, then and now.
const MASTERS: usize = 24;
/// The SPOT whose `showres` hangs: that of lpar61's order.
const SPOT: &str = "spot_7200_05_10";

/// `nim -o showres` of the lab's master hangs for [`SPOT`] while this exists.
struct Hangs {
    /// What the hanging calls wait for.
    file: PathBuf,
    command: PathBuf,
    original: PathBuf,
}

impl Hangs {
    fn on(program: &Program) -> Self {
        let bin = program.lab().join("hosts/nim1/bin");
        let hangs = Self { file: bin.join(".hangs"), command: bin.join("nim"), original: bin.join(".nim.original") };
        let text = std::fs::read_to_string(&hangs.command).unwrap();
        let call = text.split_once('\n').unwrap().1.replace("\"$0\"", &format!("'{}'", hangs.command.display()));
        let file = hangs.file.display();
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in *showres*{SPOT}*) n=0\n\
             while [ -e '{file}' ] && [ $n -lt 3000 ]; do echo hangs >>'{file}'; n=$((n+1)); sleep 0.2; done;; esac\n{call}"
        );
        std::fs::rename(&hangs.command, &hangs.original).unwrap();
        std::fs::write(&hangs.file, "").unwrap();
        // By rename: the command may be starting right now.
        let new = bin.join(".nim.new");
        std::fs::write(&new, script).unwrap();
        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::rename(new, &hangs.command).unwrap();
        hangs
    }

    /// Whether a call hangs now.
    fn any(&self) -> bool {
        std::fs::metadata(&self.file).is_ok_and(|file| file.len() > 0)
    }
}

impl Drop for Hangs {
    fn drop(&mut self) {
        // The lab's folder may be gone by now.
        drop(std::fs::remove_file(&self.file));
        drop(std::fs::rename(&self.original, &self.command));
    }
}

/// The order for a client of a master. Its name alone may fit clients of several.
async fn order_on(rest: &Rest, master: &str, client: &str) -> Value {
    let clients = rest.get(&format!("/clients?master={master}&q={client}")).await.ok();
    let mut order = order(client);
    order["client"] = clients["items"][0]["id"].clone();
    order
}

/// The lab's master once more under another name; the order for its lpar61.
async fn another(program: &Program, number: usize) -> Value {
    let rest = &program.rest;
    let (address, key) = crate::estate::lab_host(&program.lab(), 0);
    let name = format!("far{number}");
    let master = json!({ "name": name, "host": "127.0.0.1", "port": address.port(), "host_key": key });
    let master = rest.post("/masters", &master).await.ok()["id"].as_str().unwrap().to_owned();
    rest.post(&format!("/masters/{master}/refresh"), &Value::Null).await.ok();
    order_on(rest, &name, "lpar61").await
}

async fn ready(program: &Program) -> u16 {
    reqwest::get(format!("http://{}/readyz", program.address())).await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn h3_masters_that_hang_delay_nobody_else() {
    let program = Program::start(400).await;
    let rest = &program.rest;
    let orders: Vec<Value> = join_all((0..MASTERS).map(|number| another(&program, number))).await;
    // Each has few requests: no limit per user helps here.
    let mut people = Vec::new();
    for number in 0..MASTERS / 8 {
        people.push(program.person(&format!("person{number}"), "operator").await);
    }
    let hangs = Hangs::on(&program);
    let mut preflights = JoinSet::new();
    for (order, person) in orders.into_iter().zip(people.into_iter().cycle()) {
        preflights.spawn(async move { person.post("/preflight", &order).await.status });
    }
    until("the masters hang", || async { hangs.any().then_some(()) }).await;
    // Everybody else goes on meanwhile: pages, sessions, health, and a migration from its launch to its clone.
    let id = rest.launch(&order_on(rest, "nim1", "lpar71").await).await;
    rest.reach(&id, &["clone_ready"]).await;
    for path in ["/migrations", "/masters", "/session", "/clients"] {
        rest.get(path).await.ok();
    }
    assert_eq!(ready(&program).await, 200);
    assert_eq!(preflights.try_join_next().map(Result::unwrap), None, "a master did not hang");
    drop(hangs);
    let answers = preflights.join_all().await;
    assert_eq!(answers, [200; MASTERS]);
}

#[tokio::test(flavor = "multi_thread")]
async fn h3_a_campaign_on_a_master_that_hangs_delays_no_other_campaign() {
    let program = Program::start(400).await;
    let rest = &program.rest;
    let hanging = another(&program, 0).await;
    let hangs = Hangs::on(&program);
    let campaign = |name: &str, mut order: Value| {
        let client = json!({ "client": order["client"], "target_disks": order["target_disks"] });
        order.as_object_mut().unwrap().retain(|key, _| key != "client" && key != "target_disks");
        json!({ "name": name, "template": order, "clients": [client] })
    };
    let first = rest.post("/campaigns", &campaign("first", hanging)).await.ok();
    until("the first campaign's master hangs", || async { hangs.any().then_some(()) }).await;
    let second = campaign("second", order_on(rest, "nim1", "lpar71").await);
    let second = rest.post("/campaigns", &second).await.ok();
    until("the second campaign's member is launched", || async {
        let second = rest.get(&format!("/campaigns/{}", second["id"].as_str().unwrap())).await.ok();
        second.to_string().contains("clone_ready").then_some(())
    })
    .await;
    let first = rest.get(&format!("/campaigns/{}", first["id"].as_str().unwrap())).await.ok();
    assert_eq!(first["state"], "running", "{first}");
}
