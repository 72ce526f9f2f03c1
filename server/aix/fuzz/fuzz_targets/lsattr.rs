//! `lsattr -El`.
#![no_main]

use aix::lsattr;

aix_fuzz::forms!(
    lsattr::parse => |attributes| lsattr::print(attributes),
);
