#![no_main]
//! `lspath`, in all its forms.

use aix::lspath;

aix_fuzz::target!(lspath::parse => |v| lspath::print(v));
