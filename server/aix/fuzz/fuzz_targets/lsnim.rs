//! `lsnim`, and with `-l`, `-Z`, `-p` and `-q`.
#![no_main]

use aix::lsnim;

aix_fuzz::forms!(
    lsnim::list => |entries| lsnim::print(entries),
    lsnim::stanzas => |stanzas| lsnim::print_stanzas(stanzas),
    lsnim::colons => lsnim::print_colons,
    lsnim::classes => |classes| lsnim::print_classes(classes),
    lsnim::arguments => lsnim::print_arguments,
);
