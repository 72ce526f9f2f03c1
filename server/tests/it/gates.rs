//! Every route: not without a user, not with too low a role, not from another site.

use crate::support::{PASSWORD, Server, code};
use app::model::Role;
use reqwest::Method;

const ID: &str = "01980000-0000-7000-8000-000000000000";
const LAUNCH: &str = r#"{"client": "lpar71", "lpp_source": "lpp", "spot": "spot", "target_disks": ["hdisk1"]}"#;
const CAMPAIGN: &str = r#"{"name": "to 7.3", "csv": "lpar71", "template": {"lpp_source": "lpp", "spot": "spot"}}"#;
const MASTER: &str = r#"{"name": "nim1", "host": "nim1.example"}"#;

/// Method, path below /api/v1, body, and whether a viewer is refused.
fn routes() -> Vec<(Method, String, &'static str, bool)> {
    let mut routes: Vec<_> = [
        "/session",
        "/masters",
        "/masters/ID",
        "/masters/ID/resources?type=spot",
        "/clients",
        "/clients/lpar71",
        "/migrations",
        "/migrations/ID",
        "/migrations/ID/log/lines",
        "/migrations/ID/verification",
        "/masters/ID/logs",
        "/imports",
        "/imports/ID",
        "/imports/ID/log",
        "/campaigns",
        "/campaigns/ID",
        "/windows",
        "/blackouts",
        "/groups",
        "/schedule",
        "/audit",
        "/audit/export?format=csv",
    ]
    .into_iter()
    .map(|path| (Method::GET, path.replace("ID", ID), "", false))
    .collect();
    let changes = [
        ("/masters", MASTER),
        ("/masters/ID/refresh", ""),
        ("/masters/ID/logs/import", r#"{"names": ["lpar61_alt_mig.log"]}"#),
        ("/masters/ID/host-key", r#"{"fingerprint": "SHA256:x"}"#),
        ("/clients/lpar71/refresh", ""),
        ("/preflight", LAUNCH),
        ("/migrations", LAUNCH),
        ("/campaigns", CAMPAIGN),
        ("/windows", r#"{"name": "night", "time_zone": "UTC", "ranges": []}"#),
        (
            "/blackouts",
            r#"{"reason": "year end", "starts_at": "2099-01-01T00:00:00Z", "ends_at": "2099-01-02T00:00:00Z"}"#,
        ),
        ("/groups", r#"{"name": "db", "max_running": 1, "clients": []}"#),
    ];
    routes.extend(changes.map(|(path, body)| (Method::POST, path.replace("ID", ID), body, true)));
    routes.push((Method::POST, "/explain".to_owned(), "Starting Alternate Disk Migration.", false));
    let actions = app::model::Action::ALL.iter();
    routes.extend(actions.map(|action| (Method::POST, format!("/migrations/{ID}/{action}"), "", true)));
    let actions = app::model::CampaignAction::ALL.iter();
    routes.extend(actions.map(|action| (Method::POST, format!("/campaigns/{ID}/{}", action.as_str()), "", true)));
    let removed = ["/masters/ID", "/windows/night", "/blackouts/ID", "/groups/db"];
    routes.extend(removed.map(|path| (Method::DELETE, path.replace("ID", ID), "", true)));
    routes.push((Method::PATCH, format!("/masters/{ID}"), "{}", true));
    routes
}

#[tokio::test]
async fn no_route_answers_without_a_user() {
    let server = Server::start().await;
    let client = server.client();
    let mut all = routes();
    all.push((Method::GET, "/no/such/route".to_owned(), "", false));
    all.push((Method::DELETE, "/session".to_owned(), "", false));
    for (method, path, body, _) in all {
        let response =
            client.request(method.clone(), server.url(&format!("/api/v1{path}"))).body(body).send().await.unwrap();
        assert_eq!(response.status(), 401, "{method} {path}");
        assert_eq!(code(response).await, "ND0101");
    }
    let ui = client.post(server.url("/api/ui/anything")).send().await.unwrap();
    assert_eq!(ui.status(), 401);
    for (page, location) in
        [("/", "/sign-in"), ("/clients?q=a", "/sign-in?next=/clients%3Fq%3Da"), ("/none", "/sign-in?next=/none")]
    {
        let response = client.get(server.url(page)).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.headers()["location"].to_str().unwrap()),
            (303, location),
            "{page}"
        );
    }
    assert_eq!(client.post(server.url("/sign-out")).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_viewer_sees_and_changes_nothing() {
    let server = Server::start().await;
    server.add_user("jane", Role::Viewer).await;
    let client = server.client();
    server.sign_in(&client, "jane", PASSWORD).await;
    for (method, path, body, refused) in routes() {
        let request = client.request(method.clone(), server.url(&format!("/api/v1{path}"))).body(body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status() == 403, refused, "{method} {path}: {}", response.status());
        assert!(!response.status().is_server_error(), "{method} {path}: {}", response.status());
        if refused {
            assert_eq!(code(response).await, "ND0102");
        }
    }
}

#[tokio::test]
async fn another_site_cannot_act() {
    let server = Server::start().await;
    server.add_user("jane", Role::Admin).await;
    let client = server.client();
    server.sign_in(&client, "jane", PASSWORD).await;
    let post = |path: &str| client.post(server.url(path));
    for request in [
        post("/api/v1/preflight").header("sec-fetch-site", "cross-site"),
        post("/api/v1/preflight").header("origin", "https://evil.example"),
        post("/api/ui/anything").header("sec-fetch-site", "same-site"),
        post("/sign-out").header("origin", "null"),
        post("/sign-in").header("sec-fetch-site", "cross-site"),
    ] {
        let response = request.body(LAUNCH).send().await.unwrap();
        assert_eq!(response.status(), 403);
        assert_eq!(code(response).await, "ND0105");
    }
    let own = post("/sign-out").header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!(own.status(), 303);
}

#[tokio::test]
async fn errors_have_one_form() {
    let server = Server::start().await;
    server.add_user("jane", Role::Admin).await;
    let client = server.client();
    server.sign_in(&client, "jane", PASSWORD).await;
    for (method, path, body, status, expected) in [
        (Method::GET, "/none", String::new(), 404, "ND0004"),
        (Method::GET, "/migrations/x", String::new(), 404, "ND0004"),
        (Method::POST, &*format!("/migrations/{ID}/explode"), String::new(), 404, "ND0004"),
        (Method::PUT, "/masters", String::new(), 405, "ND0006"),
        (Method::POST, "/migrations", "{}".to_owned(), 422, "ND0003"),
        (Method::GET, "/clients?limit=many", String::new(), 422, "ND0003"),
        (Method::GET, "/audit?actor=%00", String::new(), 422, "ND0003"),
        (Method::POST, "/migrations", " ".repeat(2 << 20), 413, "ND0007"),
    ] {
        let response = client.request(method, server.url(&format!("/api/v1{path}"))).body(body).send().await.unwrap();
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(code(response).await, expected, "{path}");
    }
    let page = client.get(server.url("/no-such-page")).send().await.unwrap();
    assert_eq!(page.status(), 404);
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
}
