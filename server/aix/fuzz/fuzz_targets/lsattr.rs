#![no_main]
//! `lsattr`, in all its forms.

use aix::lsattr;

aix_fuzz::target!(lsattr::parse => |v| lsattr::print(v));
