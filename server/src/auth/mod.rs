//! Who is there: passwords, sessions, tokens, and the two gates every request passes.

pub mod csrf;
pub mod device;
pub mod password;
pub mod rate;
pub mod session_layer;
pub mod sign_in;
pub mod token;
pub mod turns;
pub mod watching;
