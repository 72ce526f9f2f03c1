//! `emgr -l`.
#![no_main]

use aix::efix;

aix_fuzz::forms!(
    efix::parse => |efixes| efix::print(efixes, efix::Style::Aix72),
    efix::parse => |efixes| efix::print(efixes, efix::Style::Aix73),
);
