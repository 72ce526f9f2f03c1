#![no_main]
//! `ps`, in all its forms.

use aix::ps;

aix_fuzz::target!(
    ps::running => |v| ps::print_running(v),
    ps::processes => |v| ps::print_processes(v),
);
