#![no_main]
//! `efix`, in all its forms.

use aix::efix;

aix_fuzz::target!(
    efix::parse => |v| efix::print(v, efix::Style::Aix72),
    efix::parse => |v| efix::print(v, efix::Style::Aix73),
);
