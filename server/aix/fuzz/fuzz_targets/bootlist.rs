//! `bootlist -m normal -o` and `-ov`.
#![no_main]

use aix::bootlist;

aix_fuzz::forms!(
    bootlist::parse => |bootlist| bootlist::print(bootlist),
);
