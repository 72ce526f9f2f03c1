#![no_main]
//! `nim`, in all its forms.

use aix::nim;

aix_fuzz::target!(nim::images => |v| nim::print_images(v));
