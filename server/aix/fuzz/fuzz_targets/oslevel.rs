//! `oslevel`, and with `-rl` and `-sq`.
#![no_main]

use aix::oslevel;

aix_fuzz::forms!(
    oslevel::parse => oslevel::print,
    oslevel::behind => |filesets| oslevel::print_behind(filesets),
    oslevel::known => |levels| oslevel::print_known(levels),
);
