#![no_main]
//! `errpt`, in all its forms.

use aix::errpt;

aix_fuzz::target!(errpt::parse => |v| errpt::print(v));
