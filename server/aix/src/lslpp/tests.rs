use super::*;
use crate::fixture;
use proptest::{collection::vec, option, prelude::*};

fn any_state(other: &'static str) -> impl Strategy<Value = State> {
    let known = proptest::sample::select(State::WORDS.map(|(state, ..)| state).to_vec());
    prop_oneof![known, other.prop_map(State::from)]
}

const NAME: &str = "[a-zA-Z][a-zA-Z0-9._-]{0,40}[a-z0-9]";
const LEVEL: &str = "[0-9]\\.[0-9.-]{0,12}";
/// Words with one blank between them, as wrapping leaves nothing of others.
const TEXT: &str = "[A-Z][a-z(&]{0,20}( [a-zA-Z0-9)/,&-]{1,20}){0,8}";

fn any_listed() -> impl Strategy<Value = Listed> {
    // A description without a type would have its first letter taken for one.
    (NAME, LEVEL, any_state("[D-Z]"), "[A-Z]", option::of(TEXT)).prop_map(
        |(fileset, level, state, kind, description)| Listed { fileset, level, state, kind: Some(kind), description },
    )
}

/// `Path:` stands above many filesets and cannot be taken back, so only the first can be without one.
fn any_installed() -> impl Strategy<Value = Vec<Installed>> {
    let part = || (NAME, LEVEL, any_state("[A-Z]{4,12}"), option::of(TEXT));
    let database = ("/[a-z]{1,8}/objrepos", vec(part(), 0..3));
    let row = |path: Option<String>| {
        move |(fileset, level, state, description)| Installed { path: path.clone(), fileset, level, state, description }
    };
    (vec(part(), 0..2), vec(database, 0..3)).prop_map(move |(first, databases)| {
        let rest = databases.into_iter().flat_map(|(path, parts)| parts.into_iter().map(row(Some(path))));
        first.into_iter().map(row(None)).chain(rest).collect()
    })
}

fn any_package() -> impl Strategy<Value = Package> {
    let text = || option::of("[a-zA-Z0-9/][a-zA-Z0-9 /._-]{0,12}[a-z0-9]");
    let first = (NAME, NAME, LEVEL, text(), text(), option::of(any_state("[D-Z]")), text(), text());
    let middle = (text(), text(), text(), text(), text(), text());
    let last = (any::<Option<bool>>(), any::<Option<bool>>(), text(), option::of("[0-9]{4}|Tue Mar 19 22:23:01 2013"));
    (first, middle, last).prop_map(|(first, middle, last)| Package {
        package_name: first.0,
        fileset: first.1,
        level: first.2,
        state: first.3,
        ptf_id: first.4,
        fix_state: first.5,
        kind: first.6,
        description: first.7,
        destination_dir: middle.0,
        uninstaller: middle.1,
        message_catalog: middle.2,
        message_set: middle.3,
        message_number: middle.4,
        parent: middle.5,
        automatic: last.0,
        efix_locked: last.1,
        install_path: last.2,
        build_date: last.3,
    })
}

fn any_colons() -> impl Strategy<Value = InstalledColons> {
    let text = || option::of("[A-Z][a-zA-Z0-9 ]{0,20}[a-z0-9]");
    let description = option::of("[A-Z][a-zA-Z0-9 :]{0,20}[a-z0-9]");
    ("/[a-z]{1,8}", NAME, LEVEL, text(), any_state("[A-Z]{4,12}"), option::of("[A-Z]"), description, text()).prop_map(
        |(path, fileset, level, ptf_id, state, kind, description, efix_locked)| InstalledColons {
            path,
            fileset,
            level,
            ptf_id,
            state,
            kind,
            description,
            efix_locked,
        },
    )
}

#[test]
fn fixtures_print_as_they_were() {
    fixture::round_trip("lslpp/listing.constructed", listing, |rows| print_listing(rows));
    fixture::snapshot("lslpp/listing_legend.unconfirmed", listing);
    fixture::round_trip("lslpp/installed.constructed", installed, |rows| print_installed(rows));
    fixture::snapshot("lslpp/installed_parts.constructed", installed);
    fixture::round_trip("lslpp/packages.code", packages, |rows| print_packages(rows));
    let without_header = |rows: &Vec<_>| print_packages(rows).lines().skip(1).collect::<Vec<_>>().join("\n");
    fixture::round_trip("lslpp/packages_quiet.constructed", packages, without_header);
    fixture::snapshot("lslpp/packages_rpm.constructed", packages);
    fixture::round_trip("lslpp/installed_colons.log", installed_colons, |rows| print_installed_colons(rows));
    fixture::snapshot("lslpp/installed_colons_french.constructed", installed_colons);
}

#[test]
fn a_description_without_a_type_is_whole() {
    let rows = listing("  bash    5.1-4  C   The GNU Bourne Again shell\n").unwrap();
    assert_eq!((rows[0].kind.as_deref(), rows[0].description.as_deref()), (None, Some("The GNU Bourne Again shell")));
}

#[test]
fn messages_are_no_filesets() {
    for bad in ["lslpp: 0504-132  Fileset bos.alt_disk_install.rte not installed.\n", "ksh: lslpp: not found\n"] {
        assert!(listing(bad).is_err() && installed(bad).is_err(), "{bad:?} was taken");
        assert!(packages(bad).is_err() && installed_colons(bad).is_err(), "{bad:?} was taken");
    }
    assert!(State::Broken.is_bad() && !State::Applied.is_bad());
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(
        listed in vec(any_listed(), 0..4),
        parts in any_installed(),
        package in any_package(),
        colons in vec(any_colons(), 0..4),
    ) {
        prop_assert_eq!(listing(&print_listing(&listed)).unwrap(), listed);
        prop_assert_eq!(installed(&print_installed(&parts)).unwrap(), parts);
        let package = vec![package];
        prop_assert_eq!(packages(&print_packages(&package)).unwrap(), package);
        prop_assert_eq!(installed_colons(&print_installed_colons(&colons)).unwrap(), colons);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(\\PC|\n|:|  a 1 C F |                  |Path:|/){0,60}") {
        let _ = (listing(&text), installed(&text), packages(&text), installed_colons(&text));
    }
}
