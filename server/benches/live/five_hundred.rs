//! Five hundred migrations of one server at once, each printing a line a second, beside fifty and none. The lab is a process of its
//! own, so that what is counted is `nimdeck serve` and nothing else.

use crate::{
    clients::order_of,
    cluster::Postgres,
    estate::lab_host,
    figures::{goal, row},
    fleet::Fleet,
    latency::before_nimadm,
    process::{self, Usage},
    rest::{Rest, until_within},
    viewer::{STAMP, now},
};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::{fs, io::Write, path::PathBuf, process::Command, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

const ALL: usize = 500;
const FEW: usize = 50;
/// A quarter of them runs the newest level already, and the pre-flight refuses some.
const CLIENTS: u32 = 760;
/// Launches that are under way at once.
const AT_ONCE: usize = 4;
/// How long each figure is taken.
const WINDOW: Duration = Duration::from_secs(30);
/// What nimadms print comes from so many files, one line a second each, so that no thousand processes must be started for it.
const FEEDS: usize = 50;
const PATIENCE: Duration = Duration::from_secs(1200);

pub(crate) async fn measure() {
    let primary = Postgres::with_fsync("on").await;
    let pool = PgPoolOptions::new().connect(&Postgres::url(primary.port)).await.unwrap();
    let mut fleet = Fleet::start_on(primary, 1, CLIENTS, 5000, &[]).await;
    // The server that is measured has read no inventory, and nothing stands between it and its hosts.
    fleet.stop(0).await;
    let (address, _) = lab_host(fleet.lab.path(), 0);
    sqlx::query("UPDATE master SET port = $1").bind(i32::from(address.port())).execute(&pool).await.unwrap();
    let node = fleet.add_by(fleet.primary.port).await;
    let (rest, pid) = (fleet.at(node), fleet.nodes[node].pid());
    let masters = rest.get("/masters").await.ok();
    let master = format!("/masters/{}", masters["items"][0]["id"].as_str().unwrap());
    let change =
        rest.request(reqwest::Method::PATCH, &master).json(&json!({ "max_running": 1000, "stagger_seconds": 0 }));
    rest.send(change).await.ok();
    let feeds = Feeds::new(&fleet);
    let feeding = tokio::spawn(feeds.clone().feed());

    let mut orders: Vec<_> = rest.clients().await.iter().filter_map(order_of).collect();
    // The cache volume group of one master has room for some 160 of them: these are mounted over NFS.
    orders.iter_mut().for_each(|order| _ = order.as_object_mut().unwrap().remove("cache_vg"));
    row("baseline: the idle server", &window(pid, &pool).await.text());
    launch(&rest, &pool, &mut orders, FEW).await;
    row(&format!("baseline: {FEW} migrations, a line a second each"), &window(pid, &pool).await.text());
    let begun = Instant::now();
    launch(&rest, &pool, &mut orders, ALL - FEW).await;
    row("launched over REST, with their pre-flights", &format!("{} in {:.0?}", ALL - FEW, begun.elapsed()));
    let all = window(pid, &pool).await;
    row(&format!("{ALL} migrations, a line a second each"), &all.text());

    let begun = Instant::now();
    feeding.abort();
    feeds.end();
    let over = "SELECT count(*) FROM migration WHERE state NOT IN ('starting', 'running', 'contact_lost')";
    until_within(PATIENCE, "all are over", || async { (number(&pool, over).await == ALL as i64).then_some(()) }).await;
    let whole =
        number(&pool, "SELECT count(*) FROM migration WHERE state = 'clone_ready' AND log_sha256 IS NOT NULL").await;
    let lines = number(&pool, "SELECT sum(log_lines)::bigint FROM migration").await;
    row("all of them to their end", &format!("{:.0?}; {lines} lines in all", begun.elapsed()));
    assert_eq!(whole, ALL as i64, "a log is not whole, or a run has failed");
    row("logs that are their master's file by SHA-256", &format!("{whole} of {ALL}"));
    let peak = Usage::of(pid).peak_mib;
    goal("at most 1 GiB of memory, at its peak", &format!("{peak:.0} MiB"), peak <= 1024.0);
    goal("at most one core", &format!("{:.2} cores", all.cores), all.cores <= 1.0);
}

/// What the nimadms print until they are told to go on as themselves.
#[derive(Clone)]
struct Feeds(PathBuf);

impl Feeds {
    fn new(fleet: &Fleet) -> Self {
        let folder = fleet.lab.path().join("hosts/nim1/root/bench");
        fs::create_dir(&folder).unwrap();
        for feed in 0..FEEDS {
            fs::write(folder.join(feed.to_string()), "").unwrap();
        }
        assert!(Command::new("mkfifo").arg(folder.join("go")).status().unwrap().success());
        let here = folder.display();
        let script =
            format!("tail -n 0 --pid=$$ -f {here}/$(( $$ % {FEEDS} )) 2>/dev/null &\nread go <{here}/go\nkill $!\n");
        before_nimadm(&fleet.estate(), &script);
        Self(folder)
    }

    /// A line a second into each.
    async fn feed(self) {
        let mut tick = interval(Duration::from_secs(1) / FEEDS as u32);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for feed in (0..FEEDS).cycle() {
            tick.tick().await;
            let mut file = fs::File::options().append(true).open(self.0.join(feed.to_string())).unwrap();
            writeln!(file, "{STAMP}{} x ./usr/lib/objrepos/lpp.vpd, 4096 bytes, 8 media blocks.", now().as_nanos())
                .unwrap();
        }
    }

    /// Whoever reads the pipe comes to its end.
    fn end(&self) {
        let go = self.0.join("go");
        drop(fs::File::options().write(true).open(&go).unwrap());
        fs::remove_file(&go).unwrap();
        fs::write(&go, "").unwrap();
    }
}

/// Launches so many, and waits until all that were launched run.
async fn launch(rest: &Rest, pool: &PgPool, orders: &mut Vec<Value>, many: usize) {
    let wanted = number(pool, "SELECT count(*) FROM migration").await + many as i64;
    let mut missing = many;
    while missing > 0 {
        assert!(orders.len() >= missing, "the pre-flight refuses too many of the lab's clients");
        let next = orders.split_off(orders.len() - missing);
        let launched =
            stream::iter(next).map(|order| async move { rest.post("/migrations", &order).await.status < 300 });
        let launched: Vec<bool> = launched.buffer_unordered(AT_ONCE).collect().await;
        missing -= launched.iter().filter(|launched| **launched).count();
    }
    let running = "SELECT count(*) FROM migration WHERE state = 'running' AND log_lines > 0";
    until_within(PATIENCE, "all of them run", || async { (number(pool, running).await == wanted).then_some(()) }).await;
}

/// What a server needed, and what came of it.
struct Window {
    cores: f64,
    /// Of PostgreSQL.
    database: f64,
    pss_mib: f64,
    lines: f64,
    commits: f64,
}

impl Window {
    fn text(&self) -> String {
        let Self { cores, database, pss_mib, lines, commits } = self;
        format!(
            "{cores:.3} cores, {pss_mib:.0} MiB; {lines:.0} lines/s, {commits:.0} commits/s; PostgreSQL {database:.2} cores"
        )
    }
}

async fn window(pid: u32, pool: &PgPool) -> Window {
    let counts = async || {
        let commits = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()";
        let lines = "SELECT coalesce(sum(log_lines), 0)::bigint FROM migration";
        (number(pool, lines).await, number(pool, commits).await, process::postgres(pool).await)
    };
    // What is still on its way is not counted.
    sleep(Duration::from_secs(5)).await;
    let (begun, before, at_first) = (Instant::now(), counts().await, Usage::of(pid));
    let mut pss_mib: f64 = 0.0;
    while begun.elapsed() < WINDOW {
        sleep(Duration::from_secs(1)).await;
        pss_mib = pss_mib.max(Usage::of(pid).pss_mib);
    }
    let (seconds, at_last, after) = (begun.elapsed().as_secs_f64(), Usage::of(pid), counts().await);
    Window {
        cores: (at_last.cpu_seconds - at_first.cpu_seconds) / seconds,
        database: (after.2 - before.2) / seconds,
        pss_mib,
        lines: (after.0 - before.0) as f64 / seconds,
        commits: (after.1 - before.1) as f64 / seconds,
    }
}

async fn number(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}
