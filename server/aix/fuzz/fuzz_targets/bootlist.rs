#![no_main]
//! `bootlist`, in all its forms.

use aix::bootlist;

aix_fuzz::target!(bootlist::parse => |v| bootlist::print(v));
