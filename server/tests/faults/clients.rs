//! Clients of the lab beyond the four that have a name: what they are made of tells what they can be migrated to.

use crate::rest::Rest;
use serde_json::{Value, json};

pub(crate) fn name(client: &Value) -> String {
    client["name"].as_str().unwrap().to_owned()
}

/// What must not change before a cutover.
pub(crate) fn running_system(client: &Value) -> Value {
    let rootvg = client["rootvg"].as_array().unwrap();
    let disks: Vec<_> = client["disks"].as_array().unwrap().iter().filter(|d| rootvg.contains(&d["disk"])).collect();
    json!({ "level": client["level"], "rootvg": rootvg, "disks": disks, "bootlist": client["bootlist"] })
}

/// The disks that hold a clone, as the client says now.
pub(crate) async fn clones(rest: &Rest, client: &str) -> usize {
    let client = rest.client(client).await;
    client["disks"].as_array().unwrap().iter().filter(|disk| disk["vg"] == "altinst_rootvg").count()
}

/// A launch to the next level, onto as many free disks as rootvg has; none for a client of the newest.
pub(crate) fn order_of(client: &Value) -> Option<Value> {
    let release = match &client["level"].as_str()?[..4] {
        "6100" => "7200_05_10",
        "7100" | "7200" => "7300_03_01",
        _ => return None,
    };
    let free = client["disks"].as_array()?.iter().filter(|disk| disk["vg"].is_null());
    let disks: Vec<_> = free.map(|disk| disk["disk"].clone()).take(client["rootvg"].as_array()?.len()).collect();
    Some(json!({
        "client": client["name"], "lpp_source": format!("lpp_{release}"), "spot": format!("spot_{release}"),
        "target_disks": disks, "cache_vg": "nimadmvg", "accept_licenses": true, "acknowledge_warnings": true,
    }))
}
