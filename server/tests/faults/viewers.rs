//! Many watch the same log, each in another way; each sees every line once.

use crate::program::Program;
use crate::rest::{order, until};
use crate::viewer::{open, watch};

#[tokio::test(flavor = "multi_thread")]
async fn every_viewer_sees_every_line_once_however_often_it_is_cut() {
    let program = Program::start(500).await;
    let rest = &program.rest;
    let id = rest.launch(&order("lpar71")).await;
    let watch = |query: &'static str, cuts: Vec<u32>| tokio::spawn(watch(rest.clone(), id.clone(), query, cuts));
    let whole = watch("", vec![]);
    // Cut after the first batch, after none, after two …: before it has begun, between lines, in the middle.
    let cut = watch("?tail=0", vec![1, 0, 2, 1, 1, 3, 1, 0, 1, 2]);
    until("phase 6", || async { (program.phase_on_master(&id) >= 6).then_some(()) }).await;
    let (joined, tail) = (watch("?after=0", vec![]), watch("?tail=5", vec![1, 1]));
    let after = watch("?after=100", vec![]);

    let migration = rest.reach(&id, &["clone_ready", "failed_clean", "failed_debris"]).await;
    assert_eq!(migration["state"], "clone_ready", "{migration}");
    let lines = rest.lines(&id).await;
    for viewer in [whole, joined] {
        let seen = viewer.await.unwrap();
        assert_eq!((seen.first, seen.connections, &seen.lines), (Some(1), 1, &lines));
    }
    let seen = cut.await.unwrap();
    assert_eq!((seen.first, &seen.lines), (Some(1), &lines));
    assert!(seen.connections >= 10, "it was cut {} times only", seen.connections);
    let seen = after.await.unwrap();
    assert_eq!((seen.first, &seen.lines[..]), (Some(101), &lines[100..]));
    let seen = tail.await.unwrap();
    let first = usize::try_from(seen.first.unwrap()).unwrap();
    assert!(first > 5, "it began with line {first}");
    assert_eq!(seen.lines, lines[first - 1..]);

    // Over: who has seen everything is told to stay away; who has not is shown the rest.
    let last = lines.len() as u64;
    for (query, id_seen) in
        [(format!("?after={last}"), None), (String::new(), Some(last)), ("?tail=0".to_owned(), None)]
    {
        assert_eq!(open(rest, &id, &query, id_seen).await.err(), Some(204), "{query} {id_seen:?}");
    }
    let mut events = open(rest, &id, "?after=0", Some(last - 1)).await.ok().unwrap();
    let mut names = Vec::new();
    while let Some(event) = events.next().await {
        if event.name == "log" {
            assert_eq!(event.data["first"], last, "Last-Event-ID is newer than the address");
        }
        names.push(event.name);
    }
    assert!(names.iter().filter(|name| *name == "log").count() == 1 && names.last().unwrap() == "end", "{names:?}");
}
