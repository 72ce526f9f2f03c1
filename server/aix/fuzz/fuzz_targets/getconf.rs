//! `getconf DISK_SIZE`.
#![no_main]

use aix::getconf;

aix_fuzz::forms!(
    getconf::disk_size => |size| getconf::print_disk_size(*size),
);
