//! nimdeck.

use std::process::ExitCode;

fn main() -> ExitCode {
    // The lab's commands: this program under another name, before anything else is set up.
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == "lab-exec") {
        return ExitCode::from(lab::exec(words));
    }
    server::cli::main()
}
