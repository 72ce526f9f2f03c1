//! `bootinfo` with each of its flags.
#![no_main]

use aix::bootinfo;

aix_fuzz::forms!(
    bootinfo::boot_device => |device| bootinfo::print_word(device),
    bootinfo::blv => |blv| bootinfo::print_word(blv),
    bootinfo::size => |size| bootinfo::print_size(*size),
    bootinfo::bootable => |bootable| bootinfo::print_bootable(*bootable),
    bootinfo::kernel_bits => |bits| bootinfo::print_kernel_bits(*bits),
);
