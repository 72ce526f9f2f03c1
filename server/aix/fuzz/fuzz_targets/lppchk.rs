#![no_main]
//! `lppchk`, in all its forms.

use aix::lppchk;

aix_fuzz::target!(lppchk::parse => |v| lppchk::print(v));
