#![no_main]
//! `prtconf`, in all its forms.

use aix::prtconf;

aix_fuzz::target!(prtconf::parse => prtconf::print);
