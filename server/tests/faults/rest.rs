//! A signed-in client of the REST API.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::future::Future;
use std::time::{Duration, Instant};

/// How long anything may take that is not said otherwise.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);
/// After this long without an answer a server hangs.
const HANGS: Duration = Duration::from_secs(20);
/// Between two looks.
pub(crate) const TICK: Duration = Duration::from_millis(50);

/// Waits until `look` gives something; fails with `what` after [`PATIENCE`].
pub(crate) async fn until<T, F: Future<Output = Option<T>>>(what: &str, look: impl FnMut() -> F) -> T {
    until_within(PATIENCE, what, look).await
}

/// The same for what may take another time.
pub(crate) async fn until_within<T, F: Future<Output = Option<T>>>(
    patience: Duration,
    what: &str,
    mut look: impl FnMut() -> F,
) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < patience, "waited in vain: {what}");
        tokio::time::sleep(TICK).await;
    }
}

/// What a healthy launch of one of the lab's clients says.
pub(crate) fn order(client: &str) -> Value {
    let (release, disks) = match client {
        "lpar61" => ("7200_05_10", vec!["hdisk1"]),
        "lpar72" => ("7300_03_01", vec!["hdisk2", "hdisk3"]),
        _ => ("7300_03_01", vec!["hdisk1"]),
    };
    json!({
        "client": client, "lpp_source": format!("lpp_{release}"), "spot": format!("spot_{release}"),
        "target_disks": disks, "cache_vg": "nimadmvg", "accept_licenses": true, "acknowledge_warnings": true,
    })
}

/// An answer: its status and its JSON, `null` where it has none.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    /// The request was not judged, and may be sent again: the server is in trouble, or too busy to look at it.
    pub(crate) fn is_put_off(&self) -> bool {
        self.status >= 500 || self.status == 429
    }

    /// The body of a success.
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{self:?}");
        self.body
    }

    /// A problem of this status and code that says what to do; its body.
    pub(crate) fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        assert!(self.body["detail"].as_str().unwrap().len() > 30, "says too little: {}", self.body);
        self.body
    }
}

#[derive(Clone)]
pub(crate) struct Rest {
    http: reqwest::Client,
    base: String,
}

impl Rest {
    pub(crate) async fn sign_in(address: std::net::SocketAddr) -> Self {
        Self::sign_in_as(address, "admin").await
    }

    pub(crate) async fn sign_in_as(address: std::net::SocketAddr, name: &str) -> Self {
        let http = reqwest::Client::builder().cookie_store(true).build().unwrap();
        let rest = Self { http, base: format!("http://{address}/api/v1") };
        let body = json!({ "username": name, "password": crate::support::PASSWORD });
        rest.post("/session", &body).await.ok();
        rest
    }

    /// Signs in at the same server under a session of its own; nothing where it is not answered with success.
    pub(crate) async fn try_sign_in(&self, name: &str) -> Option<Self> {
        let http = reqwest::Client::builder().cookie_store(true).build().unwrap();
        let rest = Self { http, base: self.base.clone() };
        let body = json!({ "username": name, "password": crate::support::PASSWORD });
        let answer = rest.try_send(rest.request(reqwest::Method::POST, "/session").json(&body)).await?;
        (answer.status == 200).then_some(rest)
    }

    /// The same session at another server.
    pub(crate) fn at(&self, address: std::net::SocketAddr) -> Self {
        Self { http: self.http.clone(), base: format!("http://{address}/api/v1") }
    }

    pub(crate) fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        Answer { status, body: response.json().await.unwrap_or(Value::Null) }
    }

    /// Sends a copy of a request and leaves before its answer.
    pub(crate) async fn send_and_leave(&self, request: &reqwest::RequestBuilder, patience: Duration) {
        if let Some(copy) = request.try_clone() {
            tokio::time::timeout(patience, copy.send()).await.ok();
        }
    }

    /// The same from a server that may be away, or may hang: nothing then, and what was asked for may have been done.
    pub(crate) async fn try_send(&self, request: reqwest::RequestBuilder) -> Option<Answer> {
        let response = request.timeout(HANGS).send().await.ok()?;
        let status = response.status().as_u16();
        Some(Answer { status, body: response.json().await.ok()? })
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(reqwest::Method::GET, path)).await
    }

    /// A page, as a browser gets it.
    pub(crate) async fn get_page(&self, path: &str) -> String {
        let base = self.base.trim_end_matches("/api/v1");
        let response = self.http.get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.text().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(reqwest::Method::POST, path).json(body)).await
    }

    /// A page as the server renders it.
    pub(crate) async fn page(&self, path: &str) -> String {
        let site = self.base.trim_end_matches("/api/v1");
        let response = self.http.get(format!("{site}{path}")).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.text().await.unwrap()
    }

    pub(crate) async fn launch(&self, order: &Value) -> String {
        self.post("/migrations", order).await.ok()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn migration(&self, id: &str) -> Value {
        self.get(&format!("/migrations/{id}")).await.ok()
    }

    /// Waits for one of these states; the migration then.
    pub(crate) async fn reach(&self, id: &str, states: &[&str]) -> Value {
        let mut last = Value::Null;
        let start = Instant::now();
        while start.elapsed() < PATIENCE {
            let answer = self.get(&format!("/migrations/{id}")).await;
            if answer.status == 200 {
                last = answer.body;
                if states.iter().any(|state| last["state"] == *state) {
                    return last;
                }
            }
            tokio::time::sleep(TICK).await;
        }
        panic!("{id} does not get to {states:?}: {last}");
    }

    /// All clients, however many pages they fill.
    pub(crate) async fn clients(&self) -> Vec<Value> {
        let mut clients = Vec::new();
        let mut next = String::new();
        loop {
            let mut page = self.get(&format!("/clients?limit=500{next}")).await.ok();
            clients.append(page["items"].as_array_mut().unwrap());
            let Some(cursor) = page["next"].as_str() else { return clients };
            next = format!("&cursor={cursor}");
        }
    }

    /// The raw log.
    pub(crate) async fn log(&self, id: &str) -> Vec<u8> {
        let response = self.request(reqwest::Method::GET, &format!("/migrations/{id}/log")).send().await.unwrap();
        assert_eq!(response.status(), 200);
        response.bytes().await.unwrap().to_vec()
    }

    /// All lines as shown, proven to be numbered from 1 without a gap.
    pub(crate) async fn lines(&self, id: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let page = self.get(&format!("/migrations/{id}/log/lines?from={}&limit=500", lines.len() + 1)).await.ok();
            let items = page["items"].as_array().unwrap();
            if items.is_empty() {
                return lines;
            }
            for item in items {
                lines.push(item["text"].as_str().unwrap().to_owned());
                assert_eq!(item["line"], lines.len());
            }
        }
    }

    /// A client right after it was asked.
    pub(crate) async fn client(&self, client: &str) -> Value {
        self.post(&format!("/clients/{client}/refresh"), &Value::Null).await.ok()
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}
