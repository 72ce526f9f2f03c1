//! `lppchk`.
#![no_main]

use aix::lppchk;

aix_fuzz::forms!(
    lppchk::parse => |findings| lppchk::print(findings),
);
