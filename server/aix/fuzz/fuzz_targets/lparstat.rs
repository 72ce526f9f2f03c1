#![no_main]
//! `lparstat`, in all its forms.

use aix::lparstat;

aix_fuzz::target!(lparstat::parse => lparstat::print);
