use super::*;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

const PERIOD: Duration = Duration::from_millis(5);

async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        sleep(PERIOD).await;
    }
}

#[tokio::test]
async fn h7_a_loop_that_panics_goes_on_and_says_so() {
    let (background, stop) = (Background::new(), CancellationToken::new());
    let passes = Arc::new(AtomicU32::new(0));
    let counted = passes.clone();
    let task = background.repeat(Every::new("scheduler", PERIOD), stop.clone(), move || {
        let pass = counted.fetch_add(1, SeqCst);
        async move {
            assert!(pass == 0 || pass > 3, "a row that cannot be decoded");
            Ok(())
        }
    });
    until("it goes on", || passes.load(SeqCst) > 10).await;
    assert!(background.overdue().is_empty(), "a few panics do not make the server unready");
    let counts = task.counts();
    assert_eq!((counts.panics, counts.failures), (3, 0));
    assert!(counts.last_success.is_some());
    stop.cancel();
    background.wait().await;
    assert!(background.overdue().is_empty(), "a loop that was stopped is not missing");
}

#[tokio::test]
async fn h7_a_loop_without_success_is_overdue_and_named_until_it_succeeds() {
    let (background, stop) = (Background::new(), CancellationToken::new());
    let away = Arc::new(AtomicBool::new(true));
    let database = away.clone();
    background.repeat(Every::new("fine", PERIOD), stop.clone(), || async { Ok(()) });
    background.repeat(Every::new("panics", PERIOD), stop.clone(), || async { panic!("poisoned") });
    background.repeat(Every::new("fails", PERIOD), stop.clone(), move || {
        let away = database.load(SeqCst);
        async move { if away { Err("the database is away".into()) } else { Ok(()) } }
    });
    background.repeat(Every::new("hangs", PERIOD), stop.clone(), std::future::pending);
    let overdue = || background.overdue().iter().map(|task| (task.name, task.trouble)).collect::<Vec<_>>();
    let troubles = [("panics", Trouble::Panicked), ("fails", Trouble::Failed), ("hangs", Trouble::NoProgress)];
    let troubles = troubles.map(|(name, trouble)| (name, Some(trouble)));
    until("all three are overdue", || overdue() == troubles).await;
    let metrics = metrics(&background);
    assert!(metrics.contains("nimdeck_background_overdue{task=\"hangs\"} 1"), "{metrics}");
    assert!(metrics.contains("nimdeck_background_overdue{task=\"fine\"} 0"), "{metrics}");
    assert!(!metrics.contains("nimdeck_background_panics_total{task=\"panics\"} 0"), "{metrics}");
    away.store(false, SeqCst);
    until("what succeeds again is not overdue", || overdue() == [troubles[0], troubles[2]]).await;
    stop.cancel();
    background.wait().await;
}

#[tokio::test]
async fn a_signal_starts_the_next_pass() {
    let (background, stop, wake) = (Background::new(), CancellationToken::new(), Arc::new(Notify::new()));
    let passes = Arc::new(AtomicU32::new(0));
    let counted = passes.clone();
    let every = Every::new("claims", Duration::from_secs(3600)).or_when(wake.clone());
    background.repeat(every, stop.clone(), move || {
        counted.fetch_add(1, SeqCst);
        async { Ok(()) }
    });
    until("the first pass", || passes.load(SeqCst) == 1).await;
    wake.notify_one();
    until("the second pass", || passes.load(SeqCst) == 2).await;
    stop.cancel();
}

#[tokio::test]
async fn work_that_hangs_or_panics_delays_no_other_key() {
    let stop = CancellationToken::new();
    let workers = Workers::new("looks", 3, stop.clone());
    assert!(workers.start("frozen", std::future::pending()));
    assert!(!workers.start("frozen", async { Ok(()) }), "one task a key");
    assert!(workers.start("hostile", async { panic!("endless output") }));
    let done = Arc::new(AtomicU32::new(0));
    let counted = done.clone();
    assert!(workers.start("healthy", async move {
        counted.fetch_add(1, SeqCst);
        Ok(())
    }));
    assert!(!workers.start("one too many", async { Ok(()) }));
    until("the others end", || workers.busy() == ["frozen"]).await;
    assert_eq!((done.load(SeqCst), workers.task().counts().panics), (1, 1));
    assert!(workers.start("hostile", async { Ok(()) }), "a key is free after a panic");
    stop.cancel();
    workers.wait().await;
    assert!(workers.busy().is_empty());
}
