//! `lsps -s` and `lsps -a`.
#![no_main]

use aix::lsps;

aix_fuzz::forms!(
    lsps::summary => lsps::print_summary,
    lsps::page_spaces => |spaces| lsps::print_page_spaces(spaces),
);
