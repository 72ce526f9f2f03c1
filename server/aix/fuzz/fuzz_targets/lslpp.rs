//! `lslpp` with `-L`, `-l`, `-lc` and `-Lc`.
#![no_main]

use aix::lslpp;

aix_fuzz::forms!(
    lslpp::listing => |filesets| lslpp::print_listing(filesets),
    lslpp::installed => |filesets| lslpp::print_installed(filesets),
    lslpp::installed_colons => |filesets| lslpp::print_installed_colons(filesets),
    lslpp::packages => |packages| lslpp::print_packages(packages),
);
