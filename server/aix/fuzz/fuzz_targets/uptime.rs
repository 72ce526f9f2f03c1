#![no_main]
//! `uptime`, in all its forms.

use aix::uptime;

aix_fuzz::target!(uptime::parse => uptime::print);
