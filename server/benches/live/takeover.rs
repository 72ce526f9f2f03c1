//! Two servers on one database, and a run that goes on while the one that holds it is lost: how long its viewers at the other server
//! wait for the next line. Killed, when nobody can say that it is gone and the lease must run out; and stopped, when it gives the lease
//! back.

use crate::{
    cluster::Postgres,
    figures::{Times, goal, row},
    fleet::Fleet,
    latency::{before_nimadm, cookie},
    rest::order,
    viewer::{STAMP, Viewer, now},
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use std::time::Duration;
use tokio::time::{Instant, sleep};

const ROUNDS: u32 = 10;
/// Between two renewals of a lease.
const RENEWAL: Duration = Duration::from_secs(2);
/// Between two looks at the lease.
const TICK: Duration = Duration::from_millis(5);

/// What came of losing a server: each as the time since the signal.
struct Lost {
    /// What was left of the lease.
    left: Duration,
    /// The other server has the lease.
    claimed: Duration,
    /// A viewer there has a line that was printed after the signal.
    seen: Duration,
}

pub(crate) async fn measure() {
    let primary = Postgres::with_fsync("on").await;
    let pool = PgPoolOptions::new().connect(&Postgres::url(primary.port)).await.unwrap();
    let mut fleet = Fleet::start_on(primary, 1, 4, 2000, &["NIMDECK_MAX_TAKEOVERS=100"]).await;
    // More than a line in each tick of what is measured, until it is told to stop.
    let script = format!(
        "while [ ! -f go ]; do echo \"{STAMP}$(/bin/date +%s%N) and what such a line says besides\"; /bin/sleep 0.05; done\n"
    );
    before_nimadm(&fleet.estate(), &script);
    let id = fleet.rest.launch(&order("lpar71")).await;
    fleet.rest.reach(&id, &["running"]).await;
    fleet.add().await;
    let cookie = cookie(&fleet.nodes[0].address.to_string()).await;
    let mut holder = 0;
    let mut lost = [Vec::new(), Vec::new()];
    for (kind, lost) in lost.iter_mut().enumerate() {
        for round in 0..ROUNDS {
            let mut viewer = Viewer::open(&fleet.nodes[1 - holder].address.to_string(), &cookie, &id).await;
            let opened = now();
            viewer.watch(|seen| seen.printed >= opened).await;
            // The signal comes at any moment between two renewals, not always at the same.
            sleep(RENEWAL * round / ROUNDS).await;
            lost.push(lose(&mut fleet, &pool, &mut viewer, holder, kind == 0).await);
            fleet.start_again(holder).await;
            holder = 1 - holder;
        }
    }
    let rest = fleet.at(holder);
    fleet.estate().on_master(&format!("touch {}/go", crate::estate::Estate::spool(&id, 1)), b"");
    let done = rest.reach(&id, &["clone_ready", "failed_clean", "failed_debris"]).await;
    assert_eq!(done["state"], "clone_ready", "{done}");
    fleet.estate().log_is_whole(&rest, &id, 1).await;

    let [killed, stopped] = lost;
    let times = |lost: &[Lost], of: fn(&Lost) -> Duration| Times::of(lost.iter().map(of).collect());
    row("baseline: what was left of the lease", &times(&killed, |lost| lost.left).seconds());
    row("SIGKILL: the other server has the lease", &times(&killed, |lost| lost.claimed).seconds());
    let seen = times(&killed, |lost| lost.seen);
    row("SIGKILL: a viewer there sees a new line", &seen.seconds());
    row("baseline: SIGTERM, the other has the lease", &times(&stopped, |lost| lost.claimed).seconds());
    row("baseline: SIGTERM, a viewer sees a new line", &times(&stopped, |lost| lost.seen).seconds());
    row("lines lost or doubled", "none: each viewer checks, and the log at the end");
    let most = seen.part(1.0);
    goal("a crash is over within 10 s", &format!("{:.1} s", most.as_secs_f64()), most <= Duration::from_secs(10));
}

async fn lose(fleet: &mut Fleet, pool: &PgPool, viewer: &mut Viewer, holder: usize, kill: bool) -> Lost {
    let (before, _) = lease(pool).await;
    let (printed, begun) = (now(), Instant::now());
    let end = async { if kill { fleet.kill(holder).await } else { fleet.stop(holder).await } };
    let claimed = async {
        let mut left = None;
        loop {
            let (epoch, ends) = lease(pool).await;
            left.get_or_insert(ends);
            if epoch > before {
                return (begun.elapsed(), left.unwrap_or_default());
            }
            sleep(TICK).await;
        }
    };
    let seen = async {
        viewer.watch(|seen| seen.printed >= printed).await;
        assert!(viewer.seen.printed >= printed, "the viewer's stream has ended");
        begun.elapsed()
    };
    let ((), (claimed, left), seen) = tokio::join!(end, claimed, seen);
    Lost { left, claimed, seen }
}

/// The epoch, and what is left of the lease.
async fn lease(pool: &PgPool) -> (i64, Duration) {
    let sql = "SELECT epoch, coalesce(extract(epoch FROM lease_until - clock_timestamp()), 0)::float8 FROM migration";
    let (epoch, left): (i64, f64) = sqlx::query_as(sql).fetch_one(pool).await.unwrap();
    (epoch, Duration::from_secs_f64(left.max(0.0)))
}
