//! `ps -o pid,etime,args` and `ps -ef`.
#![no_main]

use aix::ps;

aix_fuzz::forms!(
    ps::running => |processes| ps::print_running(processes),
    ps::processes => |processes| ps::print_processes(processes),
);
