#![no_main]
//! `lssrc`, in all its forms.

use aix::lssrc;

aix_fuzz::target!(lssrc::parse => |v| lssrc::print(v));
