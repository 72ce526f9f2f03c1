#![no_main]
//! `getconf`, in all its forms.

use aix::getconf;

aix_fuzz::target!(getconf::disk_size => |s| getconf::print_disk_size(*s));
