#![no_main]
//! `lsvg`, in all its forms.

use aix::lsvg;

aix_fuzz::target!(
    lsvg::list => |v| lsvg::print_list(v),
    lsvg::info => lsvg::print_info,
    lsvg::logical_volumes => lsvg::print_logical_volumes,
    lsvg::physical_volumes => lsvg::print_physical_volumes,
    lsvg::map => lsvg::print_map,
);
