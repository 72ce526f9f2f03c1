#![no_main]
//! `uname`, in all its forms.

use aix::uname;

aix_fuzz::target!(uname::parse => uname::print);
