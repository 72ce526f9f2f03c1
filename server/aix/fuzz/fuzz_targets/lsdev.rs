#![no_main]
//! `lsdev`, in all its forms.

use aix::lsdev;

aix_fuzz::target!(
    lsdev::parse => |v| lsdev::print(v),
    lsdev::status => lsdev::print_status,
);
