//! The faults that were found under attack at commit 733d8b6, each with the test that shows it. A test is named after its fault: the
//! letter is its severity (critical, high, medium, low), the number its row in docs/failures.md. `read_…`
//! was found by reading.
//!
//! All of them run against the real program from outside. With `NIMDECK_PROGRAM=…` they run against another build of it.

pub(crate) mod aborts;
mod broken;
mod c1;
mod c2;
mod c3;
pub(crate) mod from;
mod h1;
mod h2;
mod h3;
mod h4;
mod h5;
mod h6;
mod h7;
mod labs;
mod low;
mod low_host;
mod low_people;
mod low_readyz;
mod m1;
mod m10;
mod m11;
mod m12;
mod m13;
mod m14;
mod m15;
mod m2;
mod m3;
mod m4;
mod m5;
mod m6;
mod m7;
mod m8;
mod m9;
mod second_lab;
