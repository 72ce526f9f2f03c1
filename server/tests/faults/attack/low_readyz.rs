//! Low: `/readyz` was 200 on a database that could store nothing.

use crate::cluster::Postgres;
use crate::fleet::Fleet;
use crate::rest::until;

/// The status of `/readyz` at the first server, and what it says.
async fn ready(fleet: &Fleet) -> (u16, String) {
    let response = reqwest::get(format!("http://{}/readyz", fleet.nodes[0].address)).await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn becomes(fleet: &Fleet, status: u16, word: &str) {
    until(&format!("{status} with {word:?}"), || async {
        let (now, text) = ready(fleet).await;
        (now == status && text.contains(word)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn low_readyz_fails_on_a_read_only_database() {
    let mut fleet = Fleet::start(1, 2, 150, &[]).await;
    becomes(&fleet, 200, "ready").await;
    let replica = Postgres::replica_of(&fleet.primary).await;
    fleet.primary.crash().await;
    fleet.database.lead_to(replica.address());
    becomes(&fleet, 503, "read-only").await;
    replica.promote();
    fleet.primary = replica.into();
    becomes(&fleet, 200, "ready").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn low_readyz_fails_on_a_full_database() {
    let Some(postgres) = Postgres::on_a_disk_of(400).await else {
        eprintln!("not tested: this process may not mount a file system, and only a small one can be filled");
        return;
    };
    let fleet = Fleet::start_on(postgres, 1, 2, 150, &[]).await;
    becomes(&fleet, 200, "ready").await;
    fleet.primary.fill_disk();
    becomes(&fleet, 503, "disk is full").await;
    fleet.primary.make_room();
    becomes(&fleet, 200, "ready").await;
}
