//! `lsdev -Cc disk` and `lsdev -F status`.
#![no_main]

use aix::lsdev;

aix_fuzz::forms!(
    lsdev::parse => |devices| lsdev::print(devices),
    lsdev::status => lsdev::print_status,
);
