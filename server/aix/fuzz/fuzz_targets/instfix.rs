#![no_main]
//! `instfix`, in all its forms.

use aix::instfix;

aix_fuzz::target!(
    instfix::parse => |v| instfix::print(v),
    instfix::filesets => |v| instfix::print_filesets(v),
);
