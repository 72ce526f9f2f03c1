#![no_main]
//! `oslevel`, in all its forms.

use aix::oslevel;

aix_fuzz::target!(
    oslevel::parse => oslevel::print,
    oslevel::behind => |v| oslevel::print_behind(v),
    oslevel::known => |v| oslevel::print_known(v),
);
