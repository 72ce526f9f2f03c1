//! Logs from before nimdeck, over real SSH into the history: byte for byte, once, and nothing else.

use crate::estate::lab_host;
use crate::program::Program;
use crate::proxy::Proxy;
use crate::rest::{Answer, sha256};
use serde_json::{Value, json};

/// The logs' folder on the lab's master, below the login directory.
const FOLDER: &str = "var/adm/ras/alt_mig";

/// A log that was written to long ago.
fn old(program: &Program, name: &str, bytes: &[u8]) {
    program.on_master(&format!("cd {FOLDER} && cat >'{name}' && touch -d '40 days ago' '{name}'"), bytes);
}

fn on_master(program: &Program, name: &str) -> Vec<u8> {
    program.on_master(&format!("cat {FOLDER}/{name}"), b"")
}

async fn master(program: &Program) -> String {
    let masters = program.rest.get("/masters").await.ok();
    let nim1 = masters["items"].as_array().unwrap().iter().find(|master| master["name"] == "nim1").unwrap();
    format!("/masters/{}", nim1["id"].as_str().unwrap())
}

async fn import(program: &Program, master: &str, names: &[&str]) -> Vec<Value> {
    let answer: Answer = program.rest.post(&format!("{master}/logs/import"), &json!({ "names": names })).await;
    answer.ok()["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn old_logs_are_listed_and_imported_once_with_every_byte() {
    let program = Program::start(100).await;
    let rest = &program.rest;
    let master = master(&program).await;

    // What a fresh lab has, and what must never be shown: links, folders, other names, names a shell would read.
    let made = format!("cd {FOLDER} && ln -s /etc/passwd evil_alt_mig.log && mkdir dir_alt_mig.log");
    program.on_master(&made, b"");
    old(&program, "a;b_alt_mig.log", b"x");
    old(&program, "two words_alt_mig.log", b"x");
    old(&program, "notes.txt", b"x");
    let listed = rest.get(&format!("{master}/logs")).await.ok();
    let listed = listed["items"].as_array().unwrap();
    let names: Vec<_> = listed.iter().map(|log| log["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["lpar61_alt_mig.log", "lpar71_alt_mig.log"]);
    assert_eq!(
        (&listed[0]["client"], &listed[0]["imported"], &listed[0]["refused"]),
        (&json!("lpar61"), &Value::Null, &Value::Null)
    );
    assert!(listed[0]["modified_on"].is_string() && listed[0]["modified"].is_string(), "{listed:?}");

    // Everything at once; what cannot be imported holds up nothing.
    old(&program, "lpar73_alt_mig.log", b"this is somebody's shopping list\n");
    let asked =
        ["lpar61_alt_mig.log", "evil_alt_mig.log", "../../../etc/passwd", "lpar73_alt_mig.log", "lpar71_alt_mig.log"];
    let results = import(&program, &master, &asked).await;
    let codes: Vec<_> = results.iter().map(|result| result["problem"]["code"].as_str().unwrap_or("-")).collect();
    assert_eq!(codes, ["-", "ND0004", "ND0003", "ND0501", "-"]);
    assert!(results.iter().zip(asked).all(|(result, name)| result["name"] == name && result["already"] == false));
    let (done, failed) = (&results[0]["imported"], &results[4]["imported"]);
    assert_eq!(
        (&done["client"], &done["simulated"], &done["imported_by"]),
        (&json!("lpar61"), &json!(true), &json!("admin"))
    );
    assert_eq!((&failed["outcome"], &failed["failed_phase"]), (&json!("failed"), &json!(11)));
    assert!(failed["codes"].as_array().unwrap().contains(&json!("0505-218")), "{failed}");

    // Byte for byte, and known by its hash.
    for (entry, name) in [(done, asked[0]), (failed, asked[4])] {
        let on_master = on_master(&program, name);
        let id = entry["id"].as_str().unwrap();
        let get = || rest.request(reqwest::Method::GET, &format!("/imports/{id}/log"));
        let raw = get().send().await.unwrap();
        let etag = raw.headers()["etag"].clone();
        assert!(raw.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
        assert!(raw.bytes().await.unwrap() == on_master, "{name} differs");
        assert_eq!(etag, format!("\"{}\"", sha256(&on_master)));
        assert_eq!(get().header("if-none-match", etag).send().await.unwrap().status(), 304);
        let whole = rest.get(&format!("/imports/{id}")).await.ok();
        assert_eq!((&whole["sha256"], &whole["report"]["kind"]), (&json!(sha256(&on_master)), &json!("nimadm-log")));
    }

    // Again: told so, and nothing changes. The list knows them now.
    let again = import(&program, &master, &["lpar61_alt_mig.log"]).await;
    assert_eq!((&again[0]["already"], &again[0]["imported"]["id"]), (&json!(true), &done["id"]));
    let listed = rest.get(&format!("{master}/logs")).await.ok();
    assert_eq!(listed["items"][0]["imported"], done["id"]);
    let of_client = rest.get("/imports?client=lpar71&q=0505-218").await.ok();
    assert_eq!(of_client["items"].as_array().unwrap().len(), 1);
    let first = rest.get("/imports?limit=1").await.ok();
    let next = rest.get(&format!("/imports?limit=1&cursor={}", first["next"].as_str().unwrap())).await.ok();
    assert_eq!((next["items"][0]["id"] == first["items"][0]["id"], &next["next"]), (false, &Value::Null));

    // They are no migrations, and the record has one row a log.
    assert_eq!(rest.get("/migrations").await.ok()["items"], json!([]));
    let rows = rest.get("/audit?action=log.import").await.ok();
    let rows = rows["items"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!(rows[1]["detail"]["sha256"], done["sha256"]);
    assert_eq!(rows[1]["subject"], format!("import:{}", done["id"].as_str().unwrap()));
    rest.send(rest.request(reqwest::Method::DELETE, &master)).await.refused(409, "ND0304");
    program.record_is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_imported_whole_and_settled_or_not_at_all() {
    let program = Program::start(100).await;
    let rest = &program.rest;
    let master = master(&program).await;
    let run = on_master(&program, "lpar71_alt_mig.log");

    // Two who import the same log at the same moment: one entry, one row.
    let names = ["lpar71_alt_mig.log"];
    let (a, b) = tokio::join!(import(&program, &master, &names), import(&program, &master, &names));
    assert_eq!(a[0]["imported"]["id"], b[0]["imported"]["id"]);
    assert_ne!(a[0]["already"], b[0]["already"], "one of them was first: {a:?} {b:?}");
    assert_eq!(rest.get("/audit?action=log.import").await.ok()["items"].as_array().unwrap().len(), 1);

    // The next run of the client makes its file another log: a new entry beside the old one.
    old(&program, "lpar71_alt_mig.log", &[&run[..], &run[..]].concat());
    let grown = import(&program, &master, &names).await;
    assert_eq!(grown[0]["already"], false, "{grown:?}");
    assert_eq!(rest.get("/imports?client=lpar71").await.ok()["items"].as_array().unwrap().len(), 2);

    // Longer than a chunk, no end of the last line, bytes that are no text.
    let long = [&run[..], &b"x".repeat(200_000), b"\n\0\xff\r", &run[..run.len() - 1]].concat();
    old(&program, "lpar72_alt_mig.log", &long);
    let stored = import(&program, &master, &["lpar72_alt_mig.log"]).await;
    let id = stored[0]["imported"]["id"].as_str().unwrap();
    let raw = rest.request(reqwest::Method::GET, &format!("/imports/{id}/log")).send().await.unwrap();
    assert!(raw.bytes().await.unwrap() == long, "bytes differ");

    // One that is being written to, and one that is too large: listed with the reason, and refused.
    program.on_master(&format!("cat >{FOLDER}/lpar61_alt_mig.log"), &run);
    old(&program, "lpar72_alt_mig.log", b"");
    program.on_master(&format!("truncate -s $(((64 << 20) + 1)) {FOLDER}/lpar73_alt_mig.log"), b"");
    let refused = import(&program, &master, &["lpar61_alt_mig.log", "lpar72_alt_mig.log", "lpar73_alt_mig.log"]).await;
    for (result, why) in refused.iter().zip(["may still be running", "empty", "64 MiB"]) {
        assert_eq!(result["problem"]["code"], "ND0304", "{result}");
        assert!(result["problem"]["detail"].as_str().unwrap().contains(why), "{result}");
    }
    let listed = rest.get(&format!("{master}/logs")).await.ok();
    assert!(listed["items"][0]["refused"].as_str().unwrap().contains("may still be running"), "{listed}");
    rest.post(&format!("{master}/logs/import"), &json!({ "names": [] })).await.refused(422, "ND0003");
    assert_eq!(rest.get("/imports").await.ok()["items"].as_array().unwrap().len(), 3);
    program.record_is_whole().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_does_not_answer_says_so_and_a_master_without_logs_has_none() {
    let program = Program::start(100).await;
    let rest = &program.rest;
    let (address, key) = lab_host(&program.lab(), 0);
    let proxy = Proxy::to(address).await;
    let new = json!({ "name": "cut", "host": "127.0.0.1", "port": proxy.port, "host_key": key });
    let cut = rest.post("/masters", &new).await.ok();
    let cut = format!("/masters/{}", cut["id"].as_str().unwrap());
    assert_eq!(rest.get(&format!("{cut}/logs")).await.ok()["items"].as_array().unwrap().len(), 2);
    proxy.cut();
    rest.get(&format!("{cut}/logs")).await.refused(502, "ND0201");
    let names = json!({ "names": ["lpar61_alt_mig.log"] });
    rest.post(&format!("{cut}/logs/import"), &names).await.refused(502, "ND0201");
    assert_eq!(rest.get("/imports").await.ok()["items"], json!([]));
    proxy.mend();
    rest.post(&format!("{cut}/logs/import"), &names).await.ok();
    // The same log on a master of another name is another log: hashes are compared within a master.
    let nim1 = master(&program).await;
    assert_eq!(import(&program, &nim1, &["lpar61_alt_mig.log"]).await[0]["already"], false);
    program.on_master(&format!("rm -r {FOLDER}"), b"");
    // Below the login directory there is no folder now; the system's own is nobody's on a test machine.
    assert_eq!(rest.get(&format!("{cut}/logs")).await.ok()["items"], json!([]));
    rest.get("/masters/01980000-0000-7000-8000-000000000000/logs").await.refused(404, "ND0004");
    rest.get("/imports/01980000-0000-7000-8000-000000000000").await.refused(404, "ND0004");
}
