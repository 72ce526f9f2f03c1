//! `nim -o showres` of an lpp_source.
#![no_main]

use aix::nim;

aix_fuzz::forms!(
    nim::images => |images| nim::print_images(images),
);
