#![no_main]
//! `mount`, in all its forms.

use aix::mount;

aix_fuzz::target!(mount::parse => |v| mount::print(v));
