#![no_main]
//! `getlvodm`: a group's identifier, or that the disk is in none.

use aix::getlvodm;

aix_fuzz::target!(getlvodm::parse => |group: &Option<aix::VgId>| match "hdisk0".parse() {
    Ok(disk) => getlvodm::print(group.as_ref(), &disk),
    Err(_) => String::new(),
});
