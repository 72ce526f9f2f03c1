//! What people do meanwhile: launch, cancel, clean and retry, cut over, roll back and finalise, at whichever server answers; some only
//! watch.

use super::Told;
use crate::clients::{name, order_of, running_system};
use crate::estate::Estate;
use crate::fleet::Fleet;
use crate::rest::{Answer, PATIENCE, Rest, TICK};
use crate::viewer::{Seen, watch};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// Migrations that run at the same time, as far as people launch them.
const AT_ONCE: usize = 6;
/// Attempts after which a migration is left as it is, and cleanings, and cutovers.
const TRIES: u64 = 3;
/// One in so many is watched.
const WATCHED: usize = 3;

/// What waits for a person, or is over.
pub(super) const RESTS: [&str; 7] =
    ["clone_ready", "failed_clean", "failed_debris", "cancelled", "verified", "rolled_back", "finalised"];

/// How far a migration goes once its clone is ready.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    Clone,
    Cutover,
    Rollback,
    Finalise,
}

pub(super) struct Launched {
    pub(super) id: String,
    pub(super) client: String,
    pub(super) viewer: Option<JoinHandle<Seen>>,
    /// It is to be cancelled once nimadm is in this phase; 0 as soon as it starts, 13 as a finished clone.
    cancel_in: Option<usize>,
    goal: Goal,
    /// How often its client's error log said that it had come up, before it was launched.
    pub(super) boots: usize,
    cleanings: u64,
    retries_refused: u64,
    cutovers: u64,
    /// What it last looked like.
    last: Value,
}

pub(super) struct People {
    rests: Vec<Rest>,
    lab: PathBuf,
    random: StdRng,
    /// All clients as they were before anything happened.
    pub(super) before: BTreeMap<String, Value>,
    waiting: Vec<Value>,
    wanted: usize,
    pub(super) launched: Vec<Launched>,
    /// What they asked for, and what was wrong with clients.
    pub(super) did: BTreeMap<String, usize>,
}

impl People {
    pub(super) async fn new(fleet: &Fleet, seed: u64, wanted: usize) -> Self {
        let rests: Vec<_> = (0..fleet.nodes.len()).map(|node| fleet.at(node)).collect();
        let clients = rests[0].get("/clients?limit=500").await.ok();
        let clients = clients["items"].as_array().unwrap();
        let before = clients.iter().map(|client| (name(client), running_system(client))).collect();
        let random = StdRng::seed_from_u64(seed.wrapping_mul(8).wrapping_add(7));
        let mut waiting: Vec<_> = clients.iter().filter_map(order_of).collect();
        waiting.reverse();
        let lab = fleet.lab.path().to_owned();
        Self { rests, lab, random, before, waiting, wanted, launched: Vec::new(), did: BTreeMap::new() }
    }

    /// Works until all is launched, nothing fails any more, and every migration rests.
    pub(super) async fn work(&mut self, told: &Told, faults: usize) {
        let mut changed = Instant::now();
        loop {
            let mut live = 0;
            for at in 0..self.launched.len() {
                let Some(now) = self.look(at).await else {
                    live += 1;
                    continue;
                };
                let acted = self.act(at, &now).await;
                let rests = !acted && RESTS.iter().any(|state| now["state"] == *state);
                live += usize::from(!rests);
                if std::mem::replace(&mut self.launched[at].last, now.clone()) != now {
                    changed = Instant::now();
                }
            }
            // Spread over the faults, but never idle.
            let due = told.healed.get() || told.injected.get() * self.wanted >= self.launched.len() * faults;
            let more = self.launched.len() < self.wanted;
            if more && live < AT_ONCE && (live == 0 || due) {
                self.launch().await;
                changed = Instant::now();
            } else if told.healed.get() && live == 0 {
                return;
            }
            let stuck = || self.launched.iter().map(|one| one.last.to_string()).collect::<Vec<_>>().join("\n");
            assert!(!told.healed.get() || changed.elapsed() < PATIENCE, "nothing moves any more:\n{}", stuck());
            tokio::time::sleep(TICK * 4).await;
        }
    }

    fn any(&mut self) -> Rest {
        self.rests.choose(&mut self.random).unwrap().clone()
    }

    async fn look(&mut self, at: usize) -> Option<Value> {
        let rest = self.any();
        let path = format!("/migrations/{}", self.launched[at].id);
        let answer = rest.try_send(rest.request(reqwest::Method::GET, &path)).await?;
        assert_ne!(answer.status, 404, "a launch that was acknowledged is lost: {path}");
        (answer.status == 200).then_some(answer.body)
    }

    async fn ask(&mut self, at: usize, action: &str) -> Option<Answer> {
        let rest = self.any();
        let path = format!("/migrations/{}/{action}", self.launched[at].id);
        let request = rest.request(reqwest::Method::POST, &path).json(&json!({}));
        self.hurry(&rest, &request).await;
        let answer = rest.try_send(request).await?;
        let answer = Some(answer).filter(|answer| !answer.is_put_off())?;
        if answer.status == 200 {
            self.count(action);
        }
        Some(answer)
    }

    /// Half the people are in a hurry: they send the same once before, and leave before its answer.
    async fn hurry(&mut self, rest: &Rest, request: &reqwest::RequestBuilder) {
        if self.random.random_bool(0.5) {
            let patience = Duration::from_micros(self.random.random_range(200..60_000));
            rest.send_and_leave(request, patience).await;
        }
    }

    fn count(&mut self, what: &str) {
        *self.did.entry(what.to_owned()).or_default() += 1;
    }

    /// What there is to be done about a migration; true where something was.
    async fn act(&mut self, at: usize, now: &Value) -> bool {
        let one = &mut self.launched[at];
        match now["state"].as_str().unwrap() {
            _ if now["parked"] == true => {
                self.ask(at, "resume").await;
            }
            "failed_debris" if one.cleanings < TRIES => {
                if self.ask(at, "clean").await.is_some() {
                    self.launched[at].cleanings += 1;
                }
            }
            "failed_clean" if now["attempt"].as_u64().unwrap() < TRIES && one.retries_refused < TRIES => {
                lab::scenario::set(&self.lab, &one.client, "healthy").unwrap();
                if self.ask(at, "retry").await.is_some_and(|answer| answer.status != 200) {
                    self.launched[at].retries_refused += 1;
                }
            }
            "starting" | "running" | "contact_lost" | "clone_ready"
                if one.cancel_in.is_some_and(|phase| comes(phase, now)) =>
            {
                self.cancel(at).await;
            }
            "clone_ready" if one.goal != Goal::Clone && one.cutovers < TRIES => {
                if self.ask(at, "cutover").await.is_some() {
                    self.launched[at].cutovers += 1;
                }
            }
            "verified" if one.goal == Goal::Rollback => _ = self.ask(at, "rollback").await,
            "verified" if one.goal == Goal::Finalise => _ = self.ask(at, "finalise").await,
            _ => return false,
        }
        true
    }

    async fn cancel(&mut self, at: usize) {
        if self.ask(at, "cancel").await.is_some() {
            self.launched[at].cancel_in = None;
        }
    }

    /// Launches the next client that can be migrated. Sent until it is answered: the key makes it one migration.
    async fn launch(&mut self) {
        let Some(mut order) = self.waiting.pop() else { panic!("the pre-flight refuses too many clients") };
        let client = order["client"].as_str().unwrap().to_owned();
        let number = self.random.random_range(1..=12);
        let scenario = match self.random.random_range(0..12) {
            0 => "disk-full-master".to_owned(),
            1 => "disk-full-clone".to_owned(),
            2 => "clock-ahead".to_owned(),
            3 => "clock-behind".to_owned(),
            4 => format!("fails-in-{number}"),
            5 => format!("killed-in-{number}"),
            _ => "healthy".to_owned(),
        };
        if self.random.random_bool(0.2) {
            order["mode"] = json!("stepped");
        }
        let cancel_in = self.random.random_bool(0.2).then(|| self.random.random_range(0..=13));
        let goal = *[Goal::Clone, Goal::Cutover, Goal::Rollback, Goal::Finalise].choose(&mut self.random).unwrap();
        lab::scenario::set(&self.lab, &client, &scenario).unwrap();
        let boots = boots(&Estate(self.lab.clone()), &client);
        let answer = loop {
            let rest = self.any();
            let request = rest.request(reqwest::Method::POST, "/migrations").header("idempotency-key", &client);
            let request = request.json(&order);
            self.hurry(&rest, &request).await;
            match rest.try_send(request).await {
                Some(answer) if !answer.is_put_off() => break answer,
                _ => tokio::time::sleep(TICK).await,
            }
        };
        if answer.status != 201 {
            answer.refused(422, "ND0301");
            return;
        }
        let id = answer.body["id"].as_str().unwrap().to_owned();
        self.count(&scenario);
        let viewer =
            self.launched.len().is_multiple_of(WATCHED).then(|| tokio::spawn(watch(self.any(), id.clone(), "", None)));
        let (cleanings, retries_refused, cutovers, last) = (0, 0, 0, Value::Null);
        self.launched.push(Launched {
            id,
            client,
            viewer,
            cancel_in,
            goal,
            boots,
            cleanings,
            retries_refused,
            cutovers,
            last,
        });
    }
}

/// Whether a run is as far as it may get.
fn comes(cancel_in: usize, now: &Value) -> bool {
    match cancel_in {
        0 => true,
        13 => now["state"] == "clone_ready",
        phase => now["phases"][phase - 1]["state"] != "waiting",
    }
}

/// How often the system that a client runs has come up, as far as its error log goes back.
pub(super) fn boots(estate: &Estate, client: &str) -> usize {
    let log = String::from_utf8(estate.on(client, "errpt", b"")).unwrap();
    log.matches("ERROR LOGGING TURNED ON").count()
}
