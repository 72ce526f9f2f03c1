#![no_main]
//! `bootinfo`, in all its forms.

use aix::bootinfo;

aix_fuzz::target!(
    bootinfo::boot_device => |w: &String| bootinfo::print_word(w),
    bootinfo::size => |s| bootinfo::print_size(*s),
    bootinfo::blv => |w: &String| bootinfo::print_word(w),
    bootinfo::bootable => |b| bootinfo::print_bootable(*b),
    bootinfo::kernel_bits => |b| bootinfo::print_kernel_bits(*b),
);
