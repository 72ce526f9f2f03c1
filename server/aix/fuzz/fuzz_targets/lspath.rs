//! `lspath -l`.
#![no_main]

use aix::lspath;

aix_fuzz::forms!(
    lspath::parse => |paths| lspath::print(paths),
);
