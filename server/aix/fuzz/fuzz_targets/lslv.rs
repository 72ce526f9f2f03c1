#![no_main]
//! `lslv`, in all its forms.

use aix::lslv;

aix_fuzz::target!(
    lslv::parse => lslv::print,
    lslv::map => lslv::print_map,
);
