//! `uptime`.
#![no_main]

use aix::uptime;

aix_fuzz::forms!(
    uptime::parse => uptime::print,
);
