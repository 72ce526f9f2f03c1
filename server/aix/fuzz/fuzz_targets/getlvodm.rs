//! `getlvodm -j`.
#![no_main]

use aix::{VgId, getlvodm};

aix_fuzz::forms!(
    getlvodm::parse => |group: &Option<VgId>| {
        // The message names the disk, which is not read.
        "hdisk1".parse().map_or_else(|_| String::new(), |disk| getlvodm::print(group.as_ref(), &disk))
    },
);
