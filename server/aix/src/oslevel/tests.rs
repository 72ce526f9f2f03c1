use super::*;
use crate::{fixture, vrmf::tests::any_level};
use proptest::prelude::*;

fn any_os_level() -> impl Strategy<Value = OsLevel> {
    let (tl, sp) = (0..100_u8, 0..100_u8);
    let service = (tl.clone(), sp, proptest::option::of(0..10_000_u16));
    let part = prop_oneof![
        Just(Part::None),
        tl.prop_map(Part::Technology),
        service.prop_map(|(tl, sp, build)| Part::Service { tl, sp, build }),
    ];
    ([0..10_u8, 0..10, 0..10, 0..10], part).prop_map(|(base, part)| OsLevel { base, part })
}

fn any_behind() -> impl Strategy<Value = Behind> {
    ("[a-zA-Z][a-zA-Z0-9._+-]{0,45}", any_level(), any_level())
        // A fileset of this name would be the heading.
        .prop_filter("the heading", |(name, ..)| name != "Fileset")
        .prop_map(|(fileset, actual, recommended)| Behind { fileset, actual, recommended })
}

#[test]
fn fixtures_print_as_they_were() {
    for name in ["base.doc", "technology_level.doc", "service_pack.log", "old.constructed"] {
        fixture::round_trip(&format!("oslevel/{name}"), parse, print);
    }
    fixture::round_trip("oslevel/behind.log", behind, |rows| print_behind(rows));
    fixture::round_trip("oslevel/known.unconfirmed", known, |levels| print_known(levels));
}

#[test]
fn errors_are_no_levels() {
    for bad in ["", "ksh: oslevel: not found\n", "7200-05\n7200-05\n", "7300-3", "7200-05-10-2520-1", "10.1.0.0", "7.2"]
    {
        assert!(parse(bad).is_err(), "{bad:?} was taken");
    }
    assert!(behind("oslevel: 0000-000 no such level 9999-01\n").is_err());
    assert_eq!(behind("").unwrap(), []);
    assert_eq!(parse("\r\n7200-05\r\n").unwrap().tl(), Some(5));
}

#[test]
fn a_level_is_the_complete_form() {
    let level: Level = "7300-03-00-0000".parse().unwrap();
    assert_eq!(OsLevel::from(level).to_string(), "7300-03-00-0000");
    let back = |text: &str| Level::try_from(text.parse::<OsLevel>().unwrap());
    assert_eq!(back("7200-05-10-2520").unwrap().build, 2520);
    assert!(back("7200-05").is_err() && back("7.2.0.0").is_err() && back("4330-11-00-0000").is_err());
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(
        level in any_os_level(),
        rows in proptest::collection::vec(any_behind(), 0..5),
        levels in proptest::collection::vec(any_os_level(), 0..5),
    ) {
        prop_assert_eq!(parse(&print(&level)).unwrap(), level);
        prop_assert_eq!(behind(&print_behind(&rows)).unwrap(), rows);
        prop_assert_eq!(known(&print_known(&levels)).unwrap(), levels);
    }

    #[test]
    fn json_keeps_what_it_has_names_for(level in any_os_level()) {
        let json = serde_json::to_string(&level).unwrap();
        let back: OsLevel = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(serde_json::to_string(&back).unwrap(), json);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(\\PC|\n|-|7200|\\.|0){0,40}") {
        let _ = (parse(&text), behind(&text), known(&text));
    }
}
