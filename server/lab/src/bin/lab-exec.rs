//! The lab's commands alone, called as the program `nimdeck` is: `lab-exec lab-exec DIR HOST COMMAND …`. The lab's own tests use it,
//! so that they build in seconds.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(lab::exec(std::env::args_os().skip(2)))
}
