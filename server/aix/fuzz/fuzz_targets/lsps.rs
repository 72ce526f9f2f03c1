#![no_main]
//! `lsps`, in all its forms.

use aix::lsps;

aix_fuzz::target!(
    lsps::summary => lsps::print_summary,
    lsps::page_spaces => |v| lsps::print_page_spaces(v),
);
