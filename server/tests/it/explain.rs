//! Explaining a log over HTTP: who may, what comes back, and that its size is nobody's memory.

use crate::support::{PASSWORD, Server, code};
use app::model::Role;
use serde_json::{Value, json};

const LOG: &str = include_str!("../../aix/fixtures/nimadm/whole_run.seed.log");

async fn viewer() -> (Server, reqwest::Client) {
    let server = Server::start().await;
    server.add_user("jane", Role::Viewer).await;
    let client = server.client();
    server.sign_in(&client, "jane", PASSWORD).await;
    (server, client)
}

#[tokio::test]
async fn a_viewer_is_told_what_a_log_says_whatever_it_is_called() {
    let (server, client) = viewer().await;
    for kind in ["text/plain", "application/octet-stream", "application/json", "application/x-www-form-urlencoded"] {
        let post = client.post(server.url("/api/v1/explain")).header("content-type", kind).body(LOG);
        let response = post.send().await.unwrap();
        assert_eq!(response.status(), 200, "{kind}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let report: Value = response.json().await.unwrap();
        assert_eq!(report["kind"], "nimadm-log");
        assert_eq!(report["client"], "webmanual01");
        assert_eq!(report["phases_seen"].as_array().unwrap().len(), 12);
        assert_eq!(report["bytes"], LOG.len());
        assert!(report.get("failed_phase").is_some_and(Value::is_null), "absent values are null");
    }
    let named = client.post(server.url("/api/v1/explain?as=nimadm-log")).body(LOG).send().await.unwrap();
    assert_eq!(named.status(), 200);
    let other = client.post(server.url("/api/v1/explain?as=tarot")).body(LOG).send().await.unwrap();
    assert_eq!((other.status().as_u16(), code(other).await.as_str()), (422, "ND0003"));
}

#[tokio::test]
async fn what_is_no_log_is_said_to_be_none() {
    let (server, client) = viewer().await;
    for body in ["", "Dear diary,\n", "\0\u{fffd}\n"] {
        let response = client.post(server.url("/api/v1/explain")).body(body).send().await.unwrap();
        assert_eq!(response.status(), 422, "{body:?}");
        let problem: Value = response.json().await.unwrap();
        assert_eq!(problem["code"], "ND0501");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("Executing nimadm phase N.") && detail.contains("alt_mig"), "{detail}");
    }
}

#[tokio::test]
async fn the_output_of_a_command_is_its_value_and_nothing_else() {
    let (server, client) = viewer().await;
    let lspv = "hdisk0          none                                None                        \n";
    let disk = json!([{"disk": "hdisk0", "pvid": null, "vg": null, "state": null}]);
    for address in ["/api/v1/explain", "/api/v1/explain?as=lspv"] {
        let response = client.post(server.url(address)).body(lspv).send().await.unwrap();
        assert_eq!((response.status().as_u16(), &response.headers()["nimdeck-kind"]), (200, &"lspv".parse().unwrap()));
        assert_eq!(response.json::<Value>().await.unwrap(), disk);
    }
    let other =
        client.post(server.url("/api/v1/explain?as=bootlist")).body("0514-221 bootlist: no\n").send().await.unwrap();
    assert_eq!((other.status().as_u16(), code(other).await.as_str()), (422, "ND0503"));
}

#[tokio::test]
async fn a_log_far_above_the_limit_of_other_requests_is_streamed() {
    let (server, client) = viewer().await;
    let row = "bos.rte.install            7.3.3.1         USR         APPLY       SUCCESS\n";
    let long = row.repeat((20 << 20) / row.len());
    let (header, rest) = LOG.split_at(LOG.find("Executing nimadm phase 6.").unwrap());
    let pieces = [header.to_owned(), long.clone(), rest.to_owned()].map(Ok::<_, std::io::Error>);
    let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    let response = client.post(server.url("/api/v1/explain")).body(body).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let report: Value = response.json().await.unwrap();
    assert_eq!(report["bytes"], LOG.len() + long.len());
    assert_eq!(report["phases_seen"].as_array().unwrap().len(), 12);
    assert!(report["filesets"].as_array().unwrap().len() < 100_000, "the answer is bounded too");
    // Every other address still reads a mebibyte at most.
    let refused = client.post(server.url("/api/v1/migrations")).body(long).send().await.unwrap();
    assert_eq!((refused.status().as_u16(), code(refused).await.as_str()), (413, "ND0007"));
}

#[tokio::test]
async fn it_is_behind_the_gates_of_all_others() {
    let (server, client) = viewer().await;
    let nobody = server.client().post(server.url("/api/v1/explain")).body(LOG).send().await.unwrap();
    assert_eq!((nobody.status().as_u16(), code(nobody).await.as_str()), (401, "ND0101"));
    for (header, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let post = client.post(server.url("/api/v1/explain")).header(header, value).body(LOG);
        let response = post.send().await.unwrap();
        assert_eq!((response.status().as_u16(), code(response).await.as_str()), (403, "ND0105"));
    }
    let get = client.get(server.url("/api/v1/explain")).send().await.unwrap();
    assert_eq!(get.status(), 405);
    let page = server.client().get(server.url("/explain")).send().await.unwrap();
    assert_eq!(page.headers()["location"], "/sign-in?next=/explain");
}

/// A page that is finished on another thread than it was begun on must not touch what is local to a thread.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn its_page_can_be_made_by_any_threads() {
    let (server, client) = viewer().await;
    let pages = (0..120).map(|_| client.get(server.url("/explain")).send());
    for page in futures::future::join_all(pages).await {
        assert_eq!(page.unwrap().status(), 200);
    }
}
