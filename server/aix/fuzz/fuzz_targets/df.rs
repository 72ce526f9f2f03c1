//! `df`.
#![no_main]

use aix::df;

aix_fuzz::forms!(
    df::parse => df::print,
);
