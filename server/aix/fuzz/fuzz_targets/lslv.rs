//! `lslv` and `lslv -m`.
#![no_main]

use aix::lslv;

aix_fuzz::forms!(
    lslv::parse => lslv::print,
    lslv::map => lslv::print_map,
);
