//! `lspv`, and with `-u`, a disk, and `-l`.
#![no_main]

use aix::lspv;

aix_fuzz::forms!(
    lspv::parse => |disks| lspv::print(disks),
    lspv::unique => |disks| lspv::print_unique(disks),
    lspv::detail => lspv::print_detail,
    lspv::logical_volumes => lspv::print_logical_volumes,
);
