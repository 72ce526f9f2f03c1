//! What the launch form holds, and the request it makes.

use super::query;
use crate::components::start_time::utc;
use crate::model::{
    BootlistPolicy, DiskUse, LaunchOptions, LaunchRequest, Operation, Resource as NimResource, RunMode, Unfit,
};
use aix::{
    DiskName, ObjectName, Phase,
    command::{Image, MasterPath},
};
use leptos::prelude::*;
use leptos_router::params::ParamsMap;
use uuid::Uuid;

/// The digits in a resource's name from the first digit on: what `lpp_7300_03_01` and `spot_7300_03_01` share.
fn version_part(name: &ObjectName) -> &str {
    let text = name.as_str();
    text.find(|c: char| c.is_ascii_digit()).map_or("", |at| &text[at..])
}

/// The SPOT of the highest level and the lpp_source that goes with it, by level or by name.
fn newest_pair(resources: &[NimResource]) -> (String, String) {
    let of = |kind: &'static str| resources.iter().filter(move |resource| resource.kind == kind && resource.ready);
    let Some(spot) = of("spot").max_by_key(|spot| (spot.level.clone(), version_part(&spot.name))) else {
        return (String::new(), String::new());
    };
    let lpp = of("lpp_source").max_by_key(|lpp| {
        let same_name = version_part(&lpp.name) == version_part(&spot.name);
        let same_level = lpp.level.is_some() && lpp.level == spot.level;
        (same_name, same_level, version_part(&lpp.name))
    });
    (lpp.map_or_else(String::new, |lpp| lpp.name.to_string()), spot.name.to_string())
}

/// Everything that can be chosen.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    /// NIM name of the client.
    pub(super) client: StoredValue<Option<ObjectName>>,
    /// Its id, which the request gives: another master may have a client of that name.
    client_id: Option<Uuid>,
    pub(super) master: StoredValue<ObjectName>,
    /// The word of an [`Operation`].
    pub(super) operation: RwSignal<String>,
    pub(super) mksysb: RwSignal<String>,
    pub(super) image_file: RwSignal<String>,
    pub(super) image_name: RwSignal<String>,
    pub(super) images: RwSignal<String>,
    pub(super) lpp_source: RwSignal<String>,
    pub(super) spot: RwSignal<String>,
    pub(super) disks: RwSignal<Vec<DiskName>>,
    pub(super) cache_vg: RwSignal<String>,
    pub(super) pre_script: RwSignal<String>,
    pub(super) post_script: RwSignal<String>,
    pub(super) bundle: RwSignal<String>,
    pub(super) bosinst_data: RwSignal<String>,
    pub(super) image_data: RwSignal<String>,
    pub(super) exclude_files: RwSignal<String>,
    pub(super) update: RwSignal<bool>,
    pub(super) accept_licenses: RwSignal<bool>,
    pub(super) nimadm_sets_bootlist: RwSignal<bool>,
    pub(super) stepped: RwSignal<bool>,
    pub(super) hold_after: RwSignal<Vec<Phase>>,
    pub(super) not_before: RwSignal<String>,
    pub(super) window: RwSignal<String>,
    pub(super) change_ref: RwSignal<String>,
    pub(super) note: RwSignal<String>,
}

impl Fields {
    /// As the query of the page wants it, else as it will mostly be.
    pub(super) fn new(options: &LaunchOptions, query: &ParamsMap) -> Self {
        let (lpp_source, spot) = newest_pair(&options.resources);
        let disks = options.client.iter().flat_map(|client| {
            let free = client.disks.iter().filter(|disk| client.disk_use(disk) == DiskUse::Free);
            free.map(|disk| disk.disk.clone())
        });
        let free: Vec<_> = disks.collect();
        // With one free disk there is nothing to choose.
        let disks = if free.len() == 1 { free } else { Vec::new() };
        let usual = if options.client.is_some() { Operation::Migrate } else { Operation::Convert };
        let wanted = query::text(query, "operation").and_then(|word| word.parse::<Operation>().ok());
        let operation = wanted.filter(|wanted| wanted.has_client() == options.client.is_some()).unwrap_or(usual);
        let asked = |name: &str, usual: String| RwSignal::new(query::text(query, name).unwrap_or(usual));
        let roomiest = options
            .cache_vgs
            .iter()
            .max_by_key(|(_, free)| *free)
            .map_or_else(String::new, |(name, _)| name.to_string());
        let empty = || RwSignal::new(String::new());
        Self {
            client: StoredValue::new(options.client.as_ref().map(|client| client.name.clone())),
            client_id: options.client.as_ref().map(|client| client.id),
            master: StoredValue::new(options.master.clone()),
            operation: RwSignal::new(operation.to_string()),
            mksysb: asked("mksysb", String::new()),
            image_file: empty(),
            image_name: empty(),
            images: empty(),
            lpp_source: asked("lpp_source", lpp_source),
            spot: asked("spot", spot),
            disks: RwSignal::new(disks),
            cache_vg: RwSignal::new(roomiest),
            pre_script: empty(),
            post_script: empty(),
            bundle: empty(),
            bosinst_data: empty(),
            image_data: empty(),
            exclude_files: empty(),
            update: RwSignal::new(false),
            accept_licenses: RwSignal::new(true),
            nimadm_sets_bootlist: RwSignal::new(false),
            stepped: RwSignal::new(false),
            hold_after: RwSignal::new(Vec::new()),
            not_before: empty(),
            window: empty(),
            change_ref: empty(),
            note: empty(),
        }
    }

    /// What is to be done, tracked.
    pub(super) fn operation(self) -> Operation {
        self.operation.with(|word| word.parse().unwrap_or_default())
    }

    /// The request as filled in, tracked, or what is still missing. Not yet acknowledged. What the operation has no use for is left
    /// out: the form does not show it.
    pub(super) fn request(self) -> Result<LaunchRequest, String> {
        let operation = self.operation();
        let clone = operation.makes_clone();
        let migrates = operation != Operation::Synchronise;
        let name = |field: RwSignal<String>| field.with(|text| text.parse::<ObjectName>().ok());
        let words =
            |field: RwSignal<String>| field.with(|text| Some(text.trim().to_owned()).filter(|text| !text.is_empty()));
        let path = |field: RwSignal<String>| words(field).map(MasterPath::try_from).transpose();
        let resource = |field: RwSignal<String>| name(field).filter(|_| migrates);
        let file = path(self.image_file)?.filter(|_| operation.makes_image());
        let image_name = match words(self.image_name) {
            Some(text) => Some(text.parse().map_err(|_| format!("{text:?} cannot be the name of a NIM object."))?),
            None => None,
        };
        let stepped = clone && self.stepped.get();
        let request = LaunchRequest {
            client: self.client_id.map(|id| id.to_string()),
            master: (!operation.has_client()).then(|| self.master.with_value(ToString::to_string)),
            target_disks: if clone { self.disks.get() } else { Vec::new() },
            mksysb: name(self.mksysb).filter(|_| operation.reads_mksysb()),
            image: file.map(|file| Image { file, name: image_name }),
            images: path(self.images)?.filter(|_| !migrates),
            cache_vg: resource(self.cache_vg),
            pre_script: resource(self.pre_script),
            post_script: resource(self.post_script),
            bundle: resource(self.bundle),
            bosinst_data: resource(self.bosinst_data),
            image_data: resource(self.image_data),
            exclude_files: resource(self.exclude_files).filter(|_| !operation.reads_mksysb()),
            update: migrates && operation != Operation::Capture && self.update.get(),
            accept_licenses: migrates && self.accept_licenses.get(),
            bootlist: if clone && self.nimadm_sets_bootlist.get() {
                BootlistPolicy::Nimadm
            } else {
                BootlistPolicy::Hold
            },
            mode: if stepped { RunMode::Stepped } else { RunMode::Full },
            hold_after: if stepped { self.hold_after.get() } else { Vec::new() },
            not_before: self.not_before.with(|text| utc(text)).map_err(|_| "The start is no date and time.")?,
            window: words(self.window),
            change_ref: words(self.change_ref),
            note: words(self.note),
            ..LaunchRequest::new(
                operation,
                name(self.lpp_source).ok_or("Choose an lpp_source.")?,
                name(self.spot).ok_or("Choose a SPOT.")?,
            )
        };
        match self.command(&request) {
            Ok(_) => Ok(request),
            Err(unfit) => Err(missing(&unfit)),
        }
    }

    /// The command line of a request.
    pub(super) fn command(self, request: &LaunchRequest) -> Result<String, Unfit> {
        self.client.with_value(|client| request.command(client.as_ref())).map(|command| command.to_string())
    }
}

/// In the words of the form.
fn missing(unfit: &Unfit) -> String {
    match unfit.field {
        "target_disks" => "Choose a target disk.".to_owned(),
        "mksysb" => "Choose a mksysb.".to_owned(),
        "image" => "Name the file of the new mksysb.".to_owned(),
        "cache_vg" => "Choose a cache volume group: a mksysb cannot be migrated over NFS.".to_owned(),
        "accept_licenses" => "Accept the licence agreements: with a mksysb nimadm insists on them.".to_owned(),
        field => format!("{field}: {}", unfit.why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(name: &str, kind: &str, level: Option<&str>) -> NimResource {
        NimResource { name: name.parse().unwrap(), kind: kind.into(), ready: true, level: level.map(Into::into) }
    }

    #[test]
    fn the_newest_spot_and_its_own_lpp_source_are_preselected() {
        let resources = [
            resource("lpp_7200_05_10", "lpp_source", None),
            resource("lpp_7300_03_01", "lpp_source", None),
            resource("spot_7300_03_01", "spot", Some("7300-03")),
            resource("spot_7200_05_10", "spot", Some("7200-05")),
        ];
        assert_eq!(newest_pair(&resources), ("lpp_7300_03_01".into(), "spot_7300_03_01".into()));
        assert_eq!(newest_pair(&[]), (String::new(), String::new()));
    }
}
