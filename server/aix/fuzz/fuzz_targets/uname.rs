//! `uname -m`.
#![no_main]

use aix::uname;

aix_fuzz::forms!(
    uname::parse => uname::print,
);
