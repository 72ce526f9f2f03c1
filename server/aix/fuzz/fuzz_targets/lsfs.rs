//! `lsfs -c` and `lsfs`.
#![no_main]

use aix::lsfs;

aix_fuzz::forms!(
    lsfs::parse => |filesystems| lsfs::print(filesystems),
    lsfs::parse_table => |filesystems| lsfs::print_table(filesystems),
);
