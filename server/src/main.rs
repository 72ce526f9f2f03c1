//! nimdeck.

use mimalloc::MiMalloc;
use std::process::ExitCode;

/// What a peak took is given back to the system afterwards. glibc keeps it: each thread that once hashed a password holds some 20 MB.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    // The lab's commands: this program under another name, before anything else is set up.
    let mut words = std::env::args_os().skip(1);
    if words.next().is_some_and(|word| word == "lab-exec") {
        return ExitCode::from(lab::exec(words));
    }
    server::cli::main()
}
