//! Logs of nimadm with lines that are missing, cut, doubled or of other logs.
//!
//! Two bytes are a step on the way through a log: what is done, and how much of it. So a success and its neighbours are
//! near, where bytes alone would never come upon twelve banners.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

macro_rules! logs {
    ($($name:literal),+ $(,)?) => { [$(include_str!(concat!("../../fixtures/nimadm/", $name, ".log"))),+] };
}

/// One of each kind.
static LOGS: LazyLock<Vec<Vec<&str>>> = LazyLock::new(|| {
    let logs = logs![
        "whole_run.seed",
        "success_mksysb_mode.unconfirmed",
        "success_nfs_mode.unconfirmed",
        "success_in_steps.unconfirmed",
        "steps_failed_in_9.unconfirmed",
        "success_then_begun.constructed",
        "failed_with_debris.constructed",
        "success_update_run.unconfirmed",
        "warning_filesets_failed.constructed",
        "warning_bosboot_survived.unconfirmed",
        "phase_06_licence_not_accepted.unconfirmed",
        "phase_11_multibos.log",
        "phase_12_alone.unconfirmed",
        "phase_12_client_gone.unconfirmed",
        "header_client_locked.unconfirmed",
        "header_spot_unavailable.unconfirmed",
        "clean_up_mode.unconfirmed",
        "wake_up.unconfirmed",
        "put_to_sleep.unconfirmed",
        "no_nimadm_alt_disk_copy.constructed",
    ];
    logs.iter().map(|log| log.split_inclusive('\n').collect()).collect()
});

fuzz_target!(|data: &[u8]| {
    let (mut log, mut at) = (0, 0);
    let mut pieces: Vec<&[u8]> = Vec::new();
    for step in data.chunks_exact(2) {
        // Two logs, as far as lines go: more takes time and shows nothing else.
        if pieces.len() > 600 {
            break;
        }
        let (lines, amount) = (&LOGS[log], usize::from(step[1]));
        let next = lines.get(at).map_or(&b""[..], |line| line.as_bytes());
        match step[0] % 6 {
            // The next lines.
            0 => {
                pieces.extend(lines.iter().skip(at).take(amount + 1).map(|line| line.as_bytes()));
                at += amount + 1;
            }
            // The beginning of a line, and nothing of its end.
            1 => {
                pieces.push(&next[..amount.min(next.len())]);
                at += 1;
            }
            // The end of a line, alone or behind what was cut before it.
            2 => {
                pieces.push(&next[amount.min(next.len())..]);
                at += 1;
            }
            // Lines that are not there.
            3 => at += amount,
            // Back again.
            4 => at = at.saturating_sub(amount),
            // Another log, at the same place or its beginning.
            _ => (log, at) = (amount % LOGS.len(), if amount < 128 { 0 } else { at }),
        }
    }
    aix_fuzz::log::same_in_pieces(&pieces.concat(), pieces);
});
