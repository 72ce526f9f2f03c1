//! `getconf DISK_SIZE /dev/hdiskN`: a disk's size (nimadm.md §6.15). Unlike `bootinfo -s` it asks no special right.

use crate::{Size, Unreadable, text::only};

/// Reads the disk's size.
///
/// # Errors
/// Anything but one number of MB.
pub fn disk_size(output: &str) -> Result<Size, Unreadable> {
    only("getconf DISK_SIZE", output, |line| Size::from_mib(line.parse().ok()?))
}

/// Prints what [`disk_size`] reads: whole MB.
#[must_use]
pub fn print_disk_size(size: Size) -> String {
    format!("{}\n", size.mib())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, samples};
    use proptest::prelude::*;

    #[test]
    fn reads_and_prints_the_sample() {
        fixture::read_and_print(samples!("getconf": "disk_size.code"), disk_size, |size| print_disk_size(*size));
        assert!(disk_size("getconf: Invalid argument (DISK_SIZE)\n").is_err());
        assert!(disk_size("18446744073709551615\n").is_err());
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(mib in 0..1_u64 << 40) {
            prop_assert_eq!(disk_size(&print_disk_size(Size::from_mib(mib).unwrap())).unwrap().mib(), mib);
        }
    }
}
