//! `prtconf`.
#![no_main]

use aix::prtconf;

aix_fuzz::forms!(
    prtconf::parse => prtconf::print,
);
