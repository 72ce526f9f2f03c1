//! Error texts. Any text can be read.
#![no_main]

use aix::message;

aix_fuzz::forms!(
    |text: &str| Ok::<_, ()>(message::parse(text)) => message::print,
);
