//! The live path, end to end: the real program with its lab and its private PostgreSQL, each figure beside a baseline of the
//! same run. `cargo bench --bench live`, or with a name: `-- ingest`, `-- latency`, `-- crowd`,
//! `-- takeover`, `-- five_hundred`, `-- siege`.
//!
//! Figures are printed and judged by people; nothing here fails because a machine is slow, only because something is wrong.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on should say so and stop")]
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

#[expect(dead_code, reason = "shared with the tests, which use the rest")]
#[path = "../../tests/support/mod.rs"]
mod support;

#[expect(dead_code, reason = "shared with the tests, which use the rest")]
#[path = "../../tests/faults/clients.rs"]
mod clients;
#[expect(dead_code, reason = "shared with the tests, which use the rest")]
#[path = "../../tests/faults/cluster.rs"]
mod cluster;
#[path = "../../tests/faults/estate.rs"]
mod estate;
#[expect(dead_code, reason = "shared with the tests, which use the rest")]
#[path = "../../tests/faults/fleet.rs"]
mod fleet;
#[expect(dead_code, reason = "shared with the tests, which use the rest")]
#[path = "../../tests/faults/program.rs"]
mod program;
#[expect(dead_code, reason = "shared with the tests, which use the rest")]
#[path = "../../tests/faults/proxy.rs"]
mod proxy;
#[expect(dead_code, reason = "shared with the tests, which use the rest")]
#[path = "../../tests/faults/rest.rs"]
mod rest;

mod crowd;
mod figures;
mod five_hundred;
mod ingest;
mod latency;
mod process;
mod siege;
mod takeover;
mod viewer;

use std::future::Future;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if arguments.first().is_some_and(|first| first == crowd::VIEWERS) {
        runtime.block_on(crowd::watch(&arguments[1..]));
        return;
    }
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == name);
    let run = |name: &str, future: std::pin::Pin<Box<dyn Future<Output = ()>>>| {
        if wanted(name) {
            println!("\n{name}");
            runtime.block_on(future);
        }
    };
    run("ingest", Box::pin(ingest::measure()));
    run("latency", Box::pin(latency::measure()));
    run("crowd", Box::pin(crowd::measure()));
    run("takeover", Box::pin(takeover::measure()));
    run("five_hundred", Box::pin(five_hundred::measure()));
    run("siege", Box::pin(siege::measure()));
}
