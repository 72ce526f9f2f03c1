#![no_main]
//! `df`, in all its forms.

use aix::df;

aix_fuzz::target!(df::parse => df::print);
