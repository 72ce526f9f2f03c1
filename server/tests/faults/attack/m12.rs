//! M12: a capture wrote to any absolute path of the master, as root.

use crate::program::Program;
use crate::rest::order;
use reqwest::Method;
use serde_json::{Value, json};

fn capture(file: &str) -> Value {
    let mut order = order("lpar71");
    let fields = order.as_object_mut().unwrap();
    fields.remove("target_disks");
    fields.insert("operation".to_owned(), json!("capture"));
    fields.insert("image".to_owned(), json!({ "file": file }));
    order
}

#[tokio::test(flavor = "multi_thread")]
async fn m12_a_mksysb_goes_only_where_it_may() {
    let program = Program::start(3000).await;
    let rest = &program.rest;
    let outside = program.data().join("outside");
    std::fs::create_dir(&outside).unwrap();
    let refused = |file: String| async move {
        let refused = rest.post("/migrations", &capture(&file)).await.refused(422, "ND0301");
        assert_eq!(refused["errors"][0]["field"], "image", "{refused}");
        refused["detail"].as_str().unwrap().to_owned()
    };
    let says = refused("/etc/cron.d/x".to_owned()).await;
    assert!(says.contains("ND-11") && says.contains("/export/nim/mksysb"), "{says}");
    refused("/x".to_owned()).await;
    refused("/export/nim/mksysb2/x".to_owned()).await;
    refused("/export/nim/x".to_owned()).await;
    for way_out in ["/export/nim/mksysb/../../../etc/cron.d/x", "/export/nim/mksysb/./x", "//export/nim/mksysb/x"] {
        let refused = rest.post("/migrations", &capture(way_out)).await.refused(422, "ND0003");
        assert_eq!(refused["errors"][0]["field"], "image", "{refused}");
    }
    // A directory that leads out, and a file that is a link to one that does not exist: nimadm would write through both.
    let link = |name: &str, to: &str| {
        program.on_master(&format!("ln -s {to} export/nim/mksysb/{name}"), b"");
    };
    link("out", outside.to_str().unwrap());
    let says = refused("/export/nim/mksysb/out/x".to_owned()).await;
    assert!(says.contains("outside"), "the place is named: {says}");
    link("dangling", &format!("{}/x", outside.display()));
    refused("/export/nim/mksysb/dangling".to_owned()).await;
    // The same kind: a directory that root reads images from.
    let images = json!({ "operation": "synchronise", "master": "nim1", "lpp_source": "lpp_7300_03_01", "spot": "spot_7300_03_01",
        "images": "/tmp", "acknowledge_warnings": true });
    rest.post("/migrations", &images).await.refused(422, "ND0301");

    // An administrator allows other directories, and no nonsense.
    let master = rest.get("/masters").await.ok()["items"][0].clone();
    assert_eq!(master["allowed_directories"], json!([]));
    let path = format!("/masters/{}", master["id"].as_str().unwrap());
    let allow = |directories: Value| {
        let request = rest.request(Method::PATCH, &path).json(&json!({ "allowed_directories": directories }));
        rest.send(request)
    };
    for bad in ["/", "relative", "/a/../b", "/a/", "/with blank"] {
        let refused = allow(json!([bad])).await.refused(422, "ND0003");
        assert_eq!(refused["errors"][0]["field"], "allowed_directories", "{bad}: {refused}");
    }
    assert_eq!(allow(json!(["/export/nim"])).await.ok()["allowed_directories"], json!(["/export/nim"]));
    let preflight = rest.post("/preflight", &capture("/export/nim/mksysb/new")).await.ok();
    let check = preflight["checks"].as_array().unwrap().iter().find(|check| check["id"] == "ND-11").unwrap();
    assert_eq!(check["verdict"], "pass", "{check}");
    refused("/export/nim/mksysb/out/x".to_owned()).await;

    // What was allowed at the launch is looked at once more before the start.
    program.on_master("mkdir export/nim/mksysb/later", b"");
    let mut request = capture("/export/nim/mksysb/later/new");
    let at = time::OffsetDateTime::now_utc() + std::time::Duration::from_secs(4);
    request["not_before"] = json!(at.format(&time::format_description::well_known::Rfc3339).unwrap());
    let id = rest.launch(&request).await;
    program.on_master("rmdir export/nim/mksysb/later", b"");
    link("later", outside.to_str().unwrap());
    let over = rest.reach(&id, &["failed_clean", "failed_debris", "completed"]).await;
    assert_eq!(over["state"], "failed_clean", "{over}");
    let reason = over["reason"].as_str().unwrap();
    assert!(reason.starts_with("Not started: ") && reason.contains("/export/nim"), "{over}");
    assert!(std::fs::read_dir(&outside).unwrap().next().is_none(), "something was written outside");
}
