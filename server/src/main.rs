//! nimdeck.
fn main() {}
