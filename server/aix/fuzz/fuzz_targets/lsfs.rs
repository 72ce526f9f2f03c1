#![no_main]
//! `lsfs`, in all its forms.

use aix::lsfs;

aix_fuzz::target!(
    lsfs::parse => |v| lsfs::print(v),
    lsfs::parse_table => |v| lsfs::print_table(v),
);
