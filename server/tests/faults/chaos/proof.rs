//! What must be true at the end, whatever happened.

use super::people::{Launched, People, RESTS, boots};
use crate::clients::running_system;
use crate::fleet::Fleet;
use crate::rest::{Rest, sha256};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Its client was rebooted once: there, or, where it went back since, back.
const CUT_OVER: [&str; 3] = ["verified", "finalised", "rolled_back"];

/// Checks everything; the outcomes in words.
pub(super) async fn all_is_well(fleet: &mut Fleet, people: People) -> String {
    let rest = fleet.at(0);
    for (number, node) in fleet.nodes.iter().enumerate() {
        let panicked: Vec<_> = node.log().lines().filter(|line| line.contains("panicked")).map(str::to_owned).collect();
        assert!(panicked.is_empty(), "server {number}: {panicked:?}");
    }
    assert_eq!(fleet.ask("SELECT count(*) FROM migration"), people.launched.len().to_string(), "a launch was doubled");
    let records = records(fleet);
    let legal = fleet.ask("SELECT json_agg(json_build_array(from_state, to_state)) FROM legal_move");
    let legal: BTreeSet<(String, String)> = serde_json::from_str(&legal).unwrap();
    let spool = fleet.lab.path().join("hosts/nim1/root/var/adm/ras/nimdeck");
    let mut states = BTreeMap::<String, usize>::new();
    let mut ended = BTreeMap::<String, Value>::new();
    let (mut attempts, mut bytes, mut watched) = (0, 0, 0);
    for mut one in people.launched {
        let migration = rest.migration(&one.id).await;
        let state = migration["state"].as_str().unwrap().to_owned();
        assert!(RESTS.contains(&state.as_str()) && migration["parked"] == false, "{migration}");
        let record = &records[&format!("migration:{}", one.id)];
        moves_are_legal(record, &legal, &state);
        let stored = log_is_whole(&rest, &spool, &migration).await;
        every_act_is_recorded(record, &spool, &one.id);
        let boots = boots(&fleet.estate(), &one.client) - one.boots;
        assert_eq!(boots, usize::from(CUT_OVER.contains(&state.as_str())), "reboots of {migration}: {record:#?}");
        if let Some(viewer) = one.viewer.take() {
            nothing_was_missed(&rest, &one, viewer.await.unwrap().lines, &migration).await;
            watched += 1;
        }
        attempts += migration["attempt"].as_u64().unwrap();
        bytes += stored;
        *states.entry(state).or_default() += 1;
        ended.insert(one.client, migration);
    }
    for (client, before) in &people.before {
        let now = rest.client(client).await;
        match ended
            .get(client)
            .filter(|migration| ["verified", "finalised"].iter().any(|state| migration["state"] == *state))
        {
            Some(migration) => the_clone_runs(before, &now, migration),
            None => assert_eq!(&running_system(&now), before, "{client} was touched"),
        }
    }
    fleet.record_is_whole().await;
    let words = |counts: &BTreeMap<String, usize>| {
        counts.iter().map(|(what, count)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
    };
    let parked = records.values().flatten().filter(|row| row["action"] == "migration.park").count();
    format!(
        "clients and people: {}; {} in {attempts} attempts, {bytes} bytes, {watched} watched, {parked} parked",
        words(&people.did),
        words(&states)
    )
}

/// The client runs what was cut over to, and its old system is there still, disk by disk, until it was said that it may go.
fn the_clone_runs(before: &Value, now: &Value, migration: &Value) {
    let disks = |client: &Value, vg: &str| {
        let all = client["disks"].as_array().unwrap().iter();
        all.filter(|disk| disk["vg"] == vg).map(|disk| disk["pvid"].to_string()).collect::<BTreeSet<_>>()
    };
    let targets = &migration["request"]["target_disks"];
    assert_eq!((&now["rootvg"], &now["bootlist"][0]["device"]), (targets, &targets[0]), "{now} {migration}");
    assert_ne!(now["level"], before["level"], "{migration}");
    let old = disks(now, "old_rootvg");
    let kept = if migration["state"] == "verified" { disks(before, "rootvg") } else { BTreeSet::new() };
    assert_eq!(old, kept, "the old system of {now} {migration}");
}

/// The record of each migration, oldest first.
fn records(fleet: &Fleet) -> BTreeMap<String, Vec<Value>> {
    let rows = fleet.ask(
        "SELECT json_agg(json_build_object('subject', subject, 'action', action, 'detail', detail) ORDER BY seq)
         FROM audit WHERE subject LIKE 'migration:%'",
    );
    let mut records = BTreeMap::<String, Vec<Value>>::new();
    for row in serde_json::from_str::<Vec<Value>>(&rows).unwrap() {
        records.entry(row["subject"].as_str().unwrap().to_owned()).or_default().push(row);
    }
    records
}

/// From queued to the present state without a gap, each by a move that the model knows.
fn moves_are_legal(record: &[Value], legal: &BTreeSet<(String, String)>, state: &str) {
    assert_eq!(record[0]["action"], "migration.launch");
    let mut now = "queued".to_owned();
    for row in record.iter().filter(|row| row["detail"]["to"].is_string()) {
        let [from, to] = ["from", "to"].map(|end| row["detail"][end].as_str().unwrap().to_owned());
        assert_eq!(from, now, "a move is missing before {row}: {record:#?}");
        assert!(from == to || legal.contains(&(from, to.clone())), "the model forbids {row}: {record:#?}");
        now = to;
    }
    assert_eq!(now, state, "the record ends elsewhere: {record:#?}");
}

/// The stored log is the master's, byte for byte and by its hash, and nimadm began once an attempt or step. Its bytes.
async fn log_is_whole(rest: &Rest, spool: &Path, migration: &Value) -> usize {
    let id = migration["id"].as_str().unwrap();
    let mut printed = Vec::new();
    for attempt in 1..=migration["attempt"].as_u64().unwrap() {
        let folder = spool.join(format!("{id}-{attempt}"));
        let out = fs::read(folder.join("out")).unwrap_or_default();
        let text = String::from_utf8_lossy(&out);
        let claims = entries(&folder).iter().filter(|name| name.starts_with("claim")).count();
        let begun = text.matches("Initializing the NIM master.").count();
        assert!(begun <= claims && (out.is_empty() || claims > 0), "{begun} beginnings, {claims} claims: {migration}");
        if migration["request"]["mode"] != "stepped" {
            assert!(claims <= 1, "{claims} claims: {migration}");
        }
        for phase in 1..=12 {
            let times = text.matches(&format!("Executing nimadm phase {phase}.\n")).count();
            assert!(times <= 1, "phase {phase} of attempt {attempt} was run {times} times: {migration}");
        }
        printed.extend(out);
    }
    let stored = rest.log(id).await;
    assert!(stored == printed, "{} bytes stored, {} printed: {migration}", stored.len(), printed.len());
    assert_eq!(migration["log_bytes"], stored.len(), "{migration}");
    if !migration["ended_at"].is_null() {
        assert_eq!(migration["log_sha256"], sha256(&printed), "{migration}");
    }
    stored.len()
}

/// Whatever was sent to the master for a migration is on record: starts, stops and cleanings.
fn every_act_is_recorded(record: &[Value], spool: &Path, id: &str) {
    let recorded = |action: &str, folder: &str| {
        let folder = format!("var/adm/ras/nimdeck/{folder}");
        record.iter().filter(|row| row["action"] == action && row["detail"]["spool"] == *folder).count()
    };
    let mut cleanings = 0;
    for folder in entries(spool).iter().filter(|folder| folder.starts_with(id)) {
        let files = entries(&spool.join(folder));
        let ran = files.iter().filter(|file| file.starts_with("nimadm") && file.ends_with("pid")).count();
        if folder.contains("-clean-") {
            cleanings += ran;
            continue;
        }
        assert!(recorded("migration.start_nimadm", folder) >= ran, "{ran} starts of {folder}: {record:#?}");
        let ended = |file: &String| fs::read_to_string(spool.join(folder).join(file)).unwrap().trim() == "143";
        // Nobody else sends SIGTERM.
        if files.iter().filter(|file| file.starts_with("rc")).any(ended) {
            assert!(recorded("migration.stop_nimadm", folder) > 0, "{folder} was stopped: {record:#?}");
        }
    }
    let recorded = record.iter().filter(|row| row["action"] == "migration.clean").count();
    assert!(recorded >= cleanings, "{cleanings} cleanings: {record:#?}");
}

/// Who watched from the first line saw every line once; the stream itself proved that none was doubled.
async fn nothing_was_missed(rest: &Rest, one: &Launched, seen: Vec<String>, migration: &Value) {
    let lines = rest.lines(&one.id).await;
    if migration["attempt"] == 1 {
        assert_eq!(seen.len(), lines.len(), "{migration}");
    }
    // A stream ends with its attempt.
    assert!(lines.starts_with(&seen), "{migration}");
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
}
