#![no_main]
//! `lsmcode`, in all its forms.

use aix::lsmcode;

aix_fuzz::target!(
    lsmcode::parse => lsmcode::print,
    lsmcode::devices => |v| lsmcode::print_devices(v),
);
