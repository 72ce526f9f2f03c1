#![no_main]
//! `message`, in all its forms.

use aix::message;

aix_fuzz::target!(|text| Ok(message::parse(text)) => message::print);
