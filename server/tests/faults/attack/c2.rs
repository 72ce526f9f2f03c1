//! C2: two small posts by a viewer froze the server, and SIGTERM did not end it.

use crate::program::Program;
use crate::rest::{Answer, Rest, TICK};
use crate::support::kill;
use futures::future::join_all;
use reqwest::Method;
use std::fmt::Write as _;
use std::time::Duration;
use tokio::time::timeout;

/// After this long without an answer, or without an end, the server hangs.
const HANGS: Duration = Duration::from_secs(20);

/// `lsnim -l` of one object with so many attributes.
fn object(attributes: usize) -> String {
    (0..attributes).fold("lpar71:\n".to_owned(), |mut text, number| {
        writeln!(text, "   a{number} = b").unwrap();
        text
    })
}

async fn explain(rest: &Rest, text: String) -> Answer {
    rest.send(rest.request(Method::POST, "/explain?as=lsnim-l").body(text)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn c2_two_small_posts_do_not_freeze_the_server() {
    let mut program = Program::start(100).await;
    let viewer = program.rest.clone();
    let healthy = |rest: Rest| async move {
        let answer = timeout(HANGS, rest.request(Method::GET, "/../../healthz").send()).await;
        assert_eq!(answer.expect("/healthz does not answer").unwrap().status(), 200);
    };

    let posts = tokio::spawn({
        let viewer = viewer.clone();
        async move { join_all([60_000, 60_000].map(|size| explain(&viewer, object(size)))).await }
    });
    while !posts.is_finished() {
        healthy(viewer.clone()).await;
        tokio::time::sleep(TICK).await;
    }
    for answer in posts.await.unwrap() {
        let attributes = answer.ok()["lpar71"].as_object().map(serde_json::Map::len);
        assert_eq!(attributes, Some(60_000));
    }

    // The largest that is read at all, more of them than there are processors; and in their midst the end.
    let large = object(240_000);
    assert!(large.len() < 4 << 20);
    let posts: Vec<_> = (0..8)
        .map(|_| {
            let (request, text) = (viewer.request(Method::POST, "/explain?as=lsnim-l"), large.clone());
            tokio::spawn(async move { request.body(text).send().await.map(|response| response.status().as_u16()) })
        })
        .collect();
    for _ in 0..5 {
        healthy(viewer.clone()).await;
        tokio::time::sleep(TICK).await;
    }
    assert!(posts.iter().any(|post| !post.is_finished()), "they were over before anything could be seen");
    kill("-TERM", program.pid());
    // Requests may end for ten seconds, tasks for ten more.
    let ended = timeout(HANGS * 2, program.ended()).await.expect("SIGTERM does not end it");
    assert!(ended.success(), "{ended}");
}
