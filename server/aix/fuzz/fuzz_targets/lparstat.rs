//! `lparstat -i`.
#![no_main]

use aix::lparstat;

aix_fuzz::forms!(
    lparstat::parse => lparstat::print,
);
