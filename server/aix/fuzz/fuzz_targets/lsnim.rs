#![no_main]
//! `lsnim`, in all its forms.

use aix::lsnim;

aix_fuzz::target!(
    lsnim::list => |v| lsnim::print(v),
    lsnim::stanzas => |v| lsnim::print_stanzas(v),
    lsnim::colons => lsnim::print_colons,
    lsnim::classes => |v| lsnim::print_classes(v),
    lsnim::arguments => lsnim::print_arguments,
);
