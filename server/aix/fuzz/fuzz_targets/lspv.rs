#![no_main]
//! `lspv`, in all its forms.

use aix::lspv;

aix_fuzz::target!(
    lspv::parse => |v| lspv::print(v),
    lspv::unique => |v| lspv::print_unique(v),
    lspv::detail => lspv::print_detail,
    lspv::logical_volumes => lspv::print_logical_volumes,
);
