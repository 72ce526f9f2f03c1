//! `lsvg`, and with a group, `-l`, `-p` and `-M`.
#![no_main]

use aix::lsvg;

aix_fuzz::forms!(
    lsvg::list => |names| lsvg::print_list(names),
    lsvg::info => lsvg::print_info,
    lsvg::logical_volumes => lsvg::print_logical_volumes,
    lsvg::physical_volumes => lsvg::print_physical_volumes,
    lsvg::map => lsvg::print_map,
);
