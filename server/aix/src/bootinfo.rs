//! `bootinfo`: one fact of the boot at a time (nimadm.md §6.15). Each flag prints one word on a line of its own.

use crate::{Size, Unreadable, text::only};

/// Reads `bootinfo -b`: the device of the last boot, `hdisk1`, or `ent0` after one from the network.
///
/// # Errors
/// Anything but one device name.
pub fn boot_device(output: &str) -> Result<String, Unreadable> {
    word("bootinfo -b", output)
}

/// Reads `bootinfo -s hdiskN`: the disk's size.
///
/// # Errors
/// Anything but one number of MB.
pub fn size(output: &str) -> Result<Size, Unreadable> {
    only("bootinfo -s", output, |line| Size::from_mib(line.parse().ok()?))
}

/// Reads `bootinfo -v`: the boot logical volume, `hd5`, or `bos_hd5` of a multibos instance.
///
/// # Errors
/// Anything but one name.
pub fn blv(output: &str) -> Result<String, Unreadable> {
    word("bootinfo -v", output)
}

/// Reads `bootinfo -B hdiskN`: whether the firmware can boot from the disk.
///
/// # Errors
/// Anything but `1` or `0`.
pub fn bootable(output: &str) -> Result<bool, Unreadable> {
    only("bootinfo -B", output, |line| match line {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    })
}

/// Reads `bootinfo -K`: the kernel's bits, 64, or 32 on AIX 5.
///
/// # Errors
/// Anything but one number.
pub fn kernel_bits(output: &str) -> Result<u8, Unreadable> {
    only("bootinfo -K", output, |line| line.parse().ok())
}

/// Prints what [`boot_device`] or [`blv`] reads.
#[must_use]
pub fn print_word(word: &str) -> String {
    format!("{word}\n")
}

/// Prints what [`size`] reads: whole MB.
#[must_use]
pub fn print_size(size: Size) -> String {
    format!("{}\n", size.mib())
}

/// Prints what [`bootable`] reads.
#[must_use]
pub fn print_bootable(bootable: bool) -> String {
    format!("{}\n", u8::from(bootable))
}

/// Prints what [`kernel_bits`] reads.
#[must_use]
pub fn print_kernel_bits(bits: u8) -> String {
    format!("{bits}\n")
}

/// A name: an error message has more words, and its first one a colon or a number's dash.
fn word(what: &'static str, output: &str) -> Result<String, Unreadable> {
    let good = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    only(what, output, |line| good(line).then(|| line.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{self, samples};
    use proptest::prelude::*;

    #[test]
    fn reads_and_prints_every_sample() {
        fixture::read_and_print(samples!("bootinfo": "b.constructed"), boot_device, |device| print_word(device));
        fixture::read_and_print(samples!("bootinfo": "s.log", "s_lpar61.constructed"), size, |size| print_size(*size));
        fixture::read_and_print(samples!("bootinfo": "v.doc", "v_multibos.doc"), blv, |blv| print_word(blv));
        let samples = samples!("bootinfo": "bootable.constructed", "not_bootable.constructed");
        fixture::read_and_print(samples, bootable, |yes| print_bootable(*yes));
        fixture::read_and_print(samples!("bootinfo": "k.constructed"), kernel_bits, |bits| print_kernel_bits(*bits));
    }

    #[test]
    fn an_error_is_no_fact() {
        let error = "bootinfo: 0514-200 hdisk9 is not a device\n";
        assert!(boot_device(error).is_err() && size(error).is_err() && blv(error).is_err());
        assert!(bootable("2\n").is_err() && bootable("").is_err() && boot_device("hdisk0\nhdisk1\n").is_err());
    }

    proptest! {
        #[test]
        fn printing_and_reading_give_the_same(name in "[a-z]{2,9}[0-9]{0,3}", mib in 0..1_u64 << 40, yes: bool, bits: u8) {
            prop_assert_eq!(&boot_device(&print_word(&name)).unwrap(), &name);
            prop_assert_eq!(blv(&print_word(&name)).unwrap(), name);
            prop_assert_eq!(size(&print_size(Size::from_mib(mib).unwrap())).unwrap().mib(), mib);
            prop_assert_eq!(bootable(&print_bootable(yes)).unwrap(), yes);
            prop_assert_eq!(kernel_bits(&print_kernel_bits(bits)).unwrap(), bits);
        }

        #[test]
        fn no_text_makes_it_panic(text in fixture::noise(&["hdisk0", "hd5", "1", "0", "102400"])) {
            let _ = (boot_device(&text), size(&text), blv(&text), bootable(&text), kernel_bits(&text));
        }
    }
}
