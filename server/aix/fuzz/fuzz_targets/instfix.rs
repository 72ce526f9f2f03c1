//! `instfix -i` and `instfix -icqv`.
#![no_main]

use aix::instfix;

aix_fuzz::forms!(
    instfix::parse => |fixes| instfix::print(fixes),
    instfix::filesets => |filesets| instfix::print_filesets(filesets),
);
