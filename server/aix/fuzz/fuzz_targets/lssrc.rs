//! `lssrc`.
#![no_main]

use aix::lssrc;

aix_fuzz::forms!(
    lssrc::parse => |subsystems| lssrc::print(subsystems),
);
