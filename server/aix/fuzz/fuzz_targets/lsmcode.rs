//! `lsmcode -c` and `lsmcode -A`.
#![no_main]

use aix::lsmcode;

aix_fuzz::forms!(
    lsmcode::parse => lsmcode::print,
    lsmcode::devices => |devices| lsmcode::print_devices(devices),
);
