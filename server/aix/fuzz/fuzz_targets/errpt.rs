//! `errpt`.
#![no_main]

use aix::errpt;

aix_fuzz::forms!(
    errpt::parse => |entries| errpt::print(entries),
);
