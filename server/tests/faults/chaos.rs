//! Anything at any time: clients are migrated, watched, cancelled, cleaned and retried while servers, database, network and clocks
//! fail at random, several at once, and a hundred requests a second are dropped before their answer.
//!
//! Whatever happened, at the end every migration rests, every byte nimadm printed is stored once, nimadm ran once an attempt, every
//! state was reached by a legal move that is on record, and no client's running system was touched. What happens follows from a
//! seed (`NIMDECK_CHAOS_SEED`); when exactly it hits does not. `make chaos` is the long form.

mod aborts;
mod faults;
mod people;
mod proof;

use crate::cluster::Postgres;
use crate::fleet::Fleet;
use crate::proxy::Proxy;
use crate::rest::TICK;
use aborts::Aborts;
use faults::{Database, Lane, Network, Servers};
use people::People;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::{Duration, Instant};

/// How much of it.
struct Scale {
    servers: usize,
    migrations: usize,
    faults: usize,
    /// Of the lab.
    speed: u32,
}

/// What the lanes have done so far.
#[derive(Default)]
struct Told {
    faults: RefCell<BTreeMap<faults::Fault, usize>>,
    injected: Cell<usize>,
    /// No fault is there and none will come.
    healed: Cell<bool>,
}

fn from_environment<T: FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_nothing_is_lost_doubled_or_touched() {
    carry_out(&Scale { servers: 3, migrations: 6, faults: 15, speed: 250 }).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "half an hour: make chaos"]
async fn whatever_fails_for_long_nothing_is_lost_doubled_or_touched() {
    let faults = from_environment("NIMDECK_CHAOS_FAULTS").unwrap_or(1000);
    let migrations = from_environment("NIMDECK_CHAOS_MIGRATIONS").unwrap_or(100);
    carry_out(&Scale { servers: 3, migrations, faults, speed: 200 }).await;
}

async fn carry_out(scale: &Scale) {
    let seed = from_environment("NIMDECK_CHAOS_SEED").unwrap_or_else(rand::random::<u64>);
    let (migrations, faults) = (scale.migrations, scale.faults);
    say(format_args!("NIMDECK_CHAOS_SEED={seed}: {faults} faults for {migrations} migrations"));
    let began = Instant::now();
    // A quarter of them runs the newest level already, and the pre-flight may refuse some.
    let clients = u32::try_from(migrations * 3 / 2 + 6).unwrap();
    let mut fleet = Fleet::start(1, clients, scale.speed, &[]).await;
    // Each server has its own way to the database: one may lose it while the others do not.
    let mut ways = vec![fleet.database.clone()];
    for _ in 1..scale.servers {
        let way = Proxy::to(fleet.primary.address()).await;
        fleet.add_by(way.port).await;
        ways.push(way);
    }
    let replica = Postgres::replica_of(&fleet.primary).await;
    let mut people = People::new(&fleet, seed, migrations).await;
    let aborts = Aborts::new(&fleet, seed).await;
    let told = Told::default();

    let lab = fleet.lab.path().to_owned();
    let lane = |number: u64| Lane::new(seed, number, faults / 3 + usize::from(number == 0) * (faults % 3), &told);
    let mut servers = Servers { nodes: &mut fleet.nodes, options: &fleet.options, lab: &lab };
    let mut database = Database { primary: &mut fleet.primary, replica: replica.into(), ways: &ways };
    let network = Network { way: &fleet.network, lab: &lab };
    let injected = async {
        tokio::join!(servers.suffer(lane(0)), database.suffer(lane(1)), network.suffer(lane(2)));
        // What still runs has seen enough.
        lab::speed::set(&lab, 3000).unwrap();
        told.healed.set(true);
        say(format_args!("all is healed after {:.0?}", began.elapsed()));
    };
    say(format_args!("the fleet is there after {:.0?}", began.elapsed()));
    let (aborted, ..) = tokio::join!(aborts.suffer(&told), injected, people.work(&told, faults));

    say(format_args!("every migration rests after {:.0?}", began.elapsed()));
    let outcomes = proof::all_is_well(&mut fleet, people).await;
    let signed_in = aborts.every_sign_in_holds().await;
    let said = |counts: Vec<String>| counts.join(", ");
    let kinds = told.faults.borrow().iter().map(|(fault, count)| format!("{count} {fault:?}")).collect();
    say(format_args!(
        "NIMDECK_CHAOS_SEED={seed}: {} faults ({}); {aborted} requests dropped, {signed_in} sign-ins hold; {outcomes}; {:.0?} in all",
        told.injected.get(),
        said(kinds),
        began.elapsed()
    ));
}

/// A moment that is no synchronisation: how long a fault lasts.
async fn pass(time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        tokio::time::sleep(TICK).await;
    }
}

#[expect(clippy::print_stderr, reason = "the seed is what a failed run is repeated by")]
fn say(what: impl Display) {
    eprintln!("{what}");
}
