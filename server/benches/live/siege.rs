//! One server under siege: 2,000 half heads, 2,000 streams of one viewer, 400 tries to sign in and 20 masters that never answer, all at
//! once and from the address that everybody else has, too. Beside it: what another person and the engine notice, and what the server
//! gives back afterwards.

use crate::{
    clients::order_of,
    cluster::Postgres,
    figures::{Times, goal, row},
    fleet::Fleet,
    latency::try_cookie,
    process::Usage,
    rest::Rest,
};
use futures::future::join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{collections::BTreeMap, fs, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};

const HALF_HEADS: usize = 2000;
const STREAMS: usize = 2000;
const SIGN_INS: usize = 400;
const MASTERS: usize = 20;
const MIGRATIONS: usize = 12;
const CLIENTS: u32 = 24;
/// How long each part is watched.
const WINDOW: Duration = Duration::from_secs(30);
/// How long the server has to give everything back.
const AFTERWARDS: Duration = Duration::from_secs(120);
/// Before an attacker whose connection was closed opens the next: the crowd is to be idle, not to hammer.
const AGAIN: Duration = Duration::from_secs(10);
/// Between two pages of the other person.
const TICK: Duration = Duration::from_millis(50);
const GONE: Duration = Duration::from_secs(120);

pub(crate) async fn measure() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let primary = Postgres::with_fsync("on").await;
    let pool = PgPoolOptions::new().connect(&Postgres::url(primary.port)).await.unwrap();
    let fleet = Fleet::start_on(primary, 1, CLIENTS, 20, &[]).await;
    let (address, pid) = (fleet.nodes[0].address, fleet.nodes[0].pid());
    for person in ["ann", "eve"] {
        fleet.add_user(person, "viewer").await;
    }
    let other = Rest::sign_in_as(address, "ann").await;
    let eve = try_cookie(&address.to_string(), "eve").await.unwrap();
    let masters = fleet.rest.get("/masters").await.ok();
    let master = format!("/masters/{}", masters["items"][0]["id"].as_str().unwrap());
    let change = json!({ "max_running": 1000, "stagger_seconds": 0 });
    fleet.rest.send(fleet.rest.request(reqwest::Method::PATCH, &master).json(&change)).await.ok();
    let mut orders: Vec<_> = fleet.rest.clients().await.iter().filter_map(order_of).take(MIGRATIONS).collect();
    // The cache volume group has no room for so many at once: these are mounted over NFS.
    orders.iter_mut().for_each(|order| _ = order.as_object_mut().unwrap().remove("cache_vg"));
    let ids = join_all(orders.iter().map(|order| fleet.rest.launch(order))).await;
    for id in &ids {
        fleet.rest.reach(id, &["running"]).await;
    }
    let idle = Held::by(pid);
    let quiet = Pages::of(&other, Instant::now() + WINDOW).await;
    row("baseline: a page, with 12 migrations and nobody else", &quiet.text());
    row("baseline: a sign-in", &format!("{:.2?}", sign_in(address).await.unwrap()));
    row("baseline: held by the server", &idle.text());

    let silent = Silent::listen().await;
    let masters = add_masters(&fleet.rest, silent.port).await;
    let mut siege = JoinSet::new();
    for number in 0..HALF_HEADS {
        siege.spawn(half_head(address, number));
    }
    for _ in 0..STREAMS {
        siege.spawn(stream(address, eve.clone(), ids[0].clone()));
    }
    for master in &masters {
        siege.spawn(refresh(fleet.rest.clone(), master.clone()));
    }
    let end = Instant::now() + WINDOW;
    let (besieged, (tries, signed_in), most) =
        tokio::join!(Pages::of(&other, end), at_once(address), most(pid, end + Duration::from_secs(1)));
    row("under siege: a page of another person", &besieged.text());
    row("under siege: 400 tries to sign in", &tries);
    row("under siege: a sign-in meanwhile", &signed_in.map_or("refused or none".into(), |took| format!("{took:.2?}")));
    row("under siege: held by the server, at most", &most.text());
    siege.shutdown().await;
    drop(silent);

    let begun = Instant::now();
    let after = loop {
        let now = Held::by(pid);
        if now.is_back_at(&idle) || begun.elapsed() > AFTERWARDS {
            break now;
        }
        sleep(TICK).await;
    };
    row("afterwards: held by the server", &format!("{} after {:.1?}", after.text(), begun.elapsed()));
    let lost = lost_claims(&pool).await;
    goal(
        "a page of another person at p99 in 1 s",
        &ms(&besieged.times),
        besieged.times.part(0.99) <= Duration::from_secs(1),
    );
    goal("the engine loses no claim", &format!("{lost} of {MIGRATIONS} lost"), lost == 0);
    goal("at most 300 MiB of memory", &format!("{:.0} MiB", most.memory), most.memory <= 300.0);
    goal("given back afterwards", &after.text(), after.is_back_at(&idle));
}

fn ms(times: &Times) -> String {
    format!("{:.0} ms", times.part(0.99).as_secs_f64() * 1000.0)
}

/// What the server holds of its machine.
struct Held {
    /// Proportional set size, in MiB.
    memory: f64,
    descriptors: usize,
}

impl Held {
    fn by(pid: u32) -> Self {
        let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        Self { memory: Usage::of(pid).pss_mib, descriptors }
    }

    /// What the work of the meantime left in caches and pools is allowed for.
    fn is_back_at(&self, idle: &Self) -> bool {
        self.descriptors <= idle.descriptors + 16 && self.memory <= idle.memory + 16.0
    }

    fn text(&self) -> String {
        format!("{:.0} MiB, {} descriptors", self.memory, self.descriptors)
    }
}

/// The most it holds until then.
async fn most(pid: u32, end: Instant) -> Held {
    let mut most = Held::by(pid);
    while Instant::now() < end {
        let now = Held::by(pid);
        most = Held { memory: most.memory.max(now.memory), descriptors: most.descriptors.max(now.descriptors) };
        sleep(Duration::from_millis(250)).await;
    }
    most
}

/// What a person gets who looks at one page after the other.
struct Pages {
    times: Times,
    /// How often each status came that is not 200; 0 is no answer at all.
    refused: BTreeMap<u16, usize>,
}

impl Pages {
    /// What is not answered with 200 counts as [`GONE`].
    async fn of(person: &Rest, end: Instant) -> Self {
        let (mut times, mut refused) = (Vec::new(), BTreeMap::new());
        for path in ["/migrations", "/clients", "/masters"].into_iter().cycle() {
            let begun = Instant::now();
            if begun >= end {
                break;
            }
            let answer = person.request(reqwest::Method::GET, path).timeout(GONE).send().await;
            match answer.map_or(0, |answer| answer.status().as_u16()) {
                200 => times.push(begun.elapsed()),
                status => {
                    *refused.entry(status).or_default() += 1;
                    times.push(GONE);
                }
            }
            sleep_until(begun + TICK).await;
        }
        Self { times: Times::of(times), refused }
    }

    fn text(&self) -> String {
        let refused: String = self.refused.iter().map(|(status, count)| format!(", {count} × {status}")).collect();
        format!("{}{refused}", self.times.text_of("pages"))
    }
}

/// Somebody signs in.
async fn sign_in(address: SocketAddr) -> Option<Duration> {
    let begun = Instant::now();
    try_cookie(&address.to_string(), "ann").await.map(|_| begun.elapsed())
}

/// All tries at once, each with a name of its own, and in the middle of them a person. What came of the tries, and how long the person
/// took.
async fn at_once(address: SocketAddr) -> (String, Option<Duration>) {
    let tries = (0..SIGN_INS).map(|number| async move {
        let body = json!({ "username": format!("nobody{number}"), "password": "not the password of anybody" });
        let request = reqwest::Client::new().post(format!("http://{address}/api/v1/session")).json(&body);
        request.timeout(GONE).send().await.map_or(0, |answer| answer.status().as_u16())
    });
    let person = async {
        sleep(Duration::from_millis(500)).await;
        sign_in(address).await
    };
    let (statuses, person) = tokio::join!(join_all(tries), person);
    let count = |status| statuses.iter().filter(|&&one| one == status).count();
    (format!("{} × 401, {} × 429, {} × 503, {} broken", count(401), count(429), count(503), count(0)), person)
}

/// A head that never ends. What the server closes comes again.
async fn half_head(address: SocketAddr, number: usize) {
    loop {
        if let Ok(mut socket) = TcpStream::connect(address).await {
            let head = format!("GET /?{number} HTTP/1.1\r\nHost: {address}\r\nAccept: ");
            if socket.write_all(head.as_bytes()).await.is_ok() {
                drain(&mut socket).await;
            }
        }
        sleep(AGAIN).await;
    }
}

/// A stream that is read, and opened again when it ends.
async fn stream(address: SocketAddr, cookie: String, id: String) {
    loop {
        if let Ok(mut socket) = TcpStream::connect(address).await {
            let head =
                format!("GET /api/v1/migrations/{id}/events HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\n\r\n");
            if socket.write_all(head.as_bytes()).await.is_ok() {
                drain(&mut socket).await;
            }
        }
        sleep(AGAIN).await;
    }
}

async fn drain(socket: &mut TcpStream) {
    let mut bytes = [0; 1024];
    while socket.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
}

/// Accepts connections and never says a word: a host that is frozen.
struct Silent {
    port: u16,
    held: tokio::task::JoinHandle<()>,
}

impl Silent {
    async fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let held = tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((socket, _)) = listener.accept().await {
                held.push(socket);
            }
        });
        Self { port, held }
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        self.held.abort();
    }
}

async fn add_masters(rest: &Rest, port: u16) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..MASTERS {
        let master = json!({ "name": format!("frozen{number}"), "host": "127.0.0.1", "port": port, "user": "root" });
        ids.push(rest.post("/masters", &master).await.ok()["id"].as_str().unwrap().to_owned());
    }
    ids
}

/// Somebody wants to see what is on it, again and again.
async fn refresh(rest: Rest, master: String) {
    loop {
        let request = rest.request(reqwest::Method::POST, &format!("/masters/{master}/refresh"));
        timeout(GONE, request.send()).await.ok();
        sleep(AGAIN).await;
    }
}

/// Migrations that had another worker than their first.
async fn lost_claims(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM migration WHERE epoch > 1").fetch_one(pool).await.unwrap()
}
