//! `mount`.
#![no_main]

use aix::mount;

aix_fuzz::forms!(
    mount::parse => |mounts| mount::print(mounts),
);
