#![no_main]
//! `lslpp`, in all its forms.

use aix::lslpp;

aix_fuzz::target!(
    lslpp::listing => |v| lslpp::print_listing(v),
    lslpp::installed => |v| lslpp::print_installed(v),
    lslpp::packages => |v| lslpp::print_packages(v),
    lslpp::installed_colons => |v| lslpp::print_installed_colons(v),
);
