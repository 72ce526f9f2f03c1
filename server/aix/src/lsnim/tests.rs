use super::*;
use crate::fixture;
use proptest::{collection::vec, prelude::*};

fn any_name() -> impl Strategy<Value = ObjectName> {
    "[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,38}".prop_map(|name| name.parse().unwrap())
}

fn any_entry() -> impl Strategy<Value = Entry> {
    (any_name(), "[a-z_]{1,20}", "[a-z_]{1,20}").prop_map(|(name, class, kind)| Entry { name, class, kind })
}

/// Values as NIM has them: no blanks at their ends. A second line is no heading and no attribute.
fn any_stanza() -> impl Strategy<Value = Stanza> {
    let value = "([a-zA-Z0-9(/][a-zA-Z0-9 /:=()\"-]{0,30}[a-z0-9)])?(\n {0,3}[0-9]{4}-[0-9]{3} [a-z]+: \"x\" =: [a-z]+\\.){0,2}";
    let attributes = vec(("[A-Za-z_0-9]{1,20}", value), 0..8);
    (any_name(), attributes).prop_map(|(name, attributes)| Stanza { name, attributes })
}

fn any_colons() -> impl Strategy<Value = Colons> {
    let row =
        (any_name().prop_filter("a shell", |name| !name.as_str().ends_with("sh")), vec("[a-z0-9 .-]{0,12}[a-z]", 0..4));
    let row = row.prop_map(|(name, values)| Row { name, values });
    (vec("[a-zA-Z_]{1,9}", 0..4), vec(row, 0..4)).prop_map(|(attributes, rows)| Colons { attributes, rows })
}

#[test]
fn fixtures_print_as_they_were() {
    for name in ["list.constructed", "list_type.constructed", "nim1_standalone.constructed", "nim1_spot.constructed"] {
        fixture::round_trip(&format!("lsnim/{name}"), list, |entries| print(entries));
    }
    let stanza_fixtures = [
        "client_new.log",
        "client_used.log",
        "client_busy.constructed",
        "client_failed.constructed",
        "vios.code",
        "lpp_source.log",
        "spot.constructed",
        "mksysb.constructed",
        "master.constructed",
        "several.constructed",
    ];
    for name in stanza_fixtures {
        let objects = |output: &str| stanzas(output).map(Objects);
        fixture::round_trip(&format!("lsnim/{name}"), objects, |objects| print_stanzas(&objects.0));
    }
    fixture::round_trip("lsnim/colons.code", colons, print_colons);
    fixture::round_trip("lsnim/classes.log", classes, |classes| print_classes(classes));
    fixture::round_trip("lsnim/arguments.log", arguments, print_arguments);
}

#[test]
fn errors_are_no_objects() {
    let missing = "0042-053 lsnim: there is no NIM object named \"lpar9\"\n";
    assert!(list(missing).is_err() && stanzas(missing).is_err() && colons(missing).is_err());
    assert!(classes(missing).is_err() && arguments(missing).is_err());
    assert_eq!(list(&format!("master machines master\n{missing}")).unwrap_err().line, 2);
    assert!(stanzas("   class = machines\n").is_err());
    assert!(colons("#name:Cstate:\nksh: lsnim: not found\n").is_err());
    assert!(colons("#name:Cstate:\nksh: lsnim\n").is_err());
}

#[test]
fn keeps_repeated_attributes_and_values_of_several_lines() {
    // `if_supported` repeats on old SPOTs; `err_info` has several lines [log xCAT]; text of the latter constructed
    let output = "\
spot1:
   if_supported = chrp.mp ent
   if_supported = chrp.64 ent
   err_info     = 0042-001 nim: processing error encountered on \"lpar1\":
0042-021 m_mkmac: the \"if\" attribute is required:
";
    let spot = stanzas(output).unwrap().remove(0);
    assert_eq!(spot.all("if_supported").collect::<Vec<_>>(), ["chrp.mp ent", "chrp.64 ent"]);
    assert!(spot.get("err_info").unwrap().contains("\n0042-021"));
    assert_eq!(spot.get("simages"), None);
    let json = serde_json::to_value(Objects(vec![spot])).unwrap();
    assert_eq!(json["spot1"]["if_supported"], serde_json::json!(["chrp.mp ent", "chrp.64 ent"]));
}

#[test]
fn a_value_without_a_place_is_given_only_where_it_is_certain() {
    let output = fixture::text("lsnim/colons.code");
    let read = colons(&output).unwrap();
    let get = |row: usize, attribute| read.get(&read.rows[row], attribute);
    // `info` is missing: the values on either side of it are a state and a result.
    assert_eq!(get(0, "Cstate"), Some("ready for a NIM operation"));
    assert_eq!(get(0, "info"), None);
    assert_eq!(get(0, "Cstate_result"), Some("success"));
    assert_eq!(get(1, "info"), Some("Creating logical volume alt_hd2."));
    assert_eq!(get(2, "Cstate_result"), Some("failure"));
    assert_eq!(get(0, "Mstate"), None);
    // Two attributes of the same kind, one value: no telling.
    let read = colons("#name:Cstate:prev_state:\nlpar1:ready for a NIM operation:\nlpar2:a:b:c:\n").unwrap();
    assert_eq!(read.get(&read.rows[0], "Cstate"), None);
    assert_eq!(read.get(&read.rows[1], "Cstate"), None);
    // A value that is no state leaves only one place for the state behind it.
    let read = colons("#name:Cstate:info:prev_state:\nlpar1:busy:ready for a NIM operation:\n").unwrap();
    assert_eq!(read.get(&read.rows[0], "prev_state"), Some("ready for a NIM operation"));
    assert_eq!(read.get(&read.rows[0], "Cstate"), None);
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(
        entries in vec(any_entry(), 0..5),
        objects in vec(any_stanza(), 0..4),
        colon_form in any_colons(),
        words in vec("[a-z_]{1,12}", 0..5),
        more in vec("[a-z_]{1,12}", 0..5),
    ) {
        prop_assert_eq!(list(&print(&entries)).unwrap(), entries);
        prop_assert_eq!(stanzas(&print_stanzas(&objects)).unwrap(), objects);
        prop_assert_eq!(colons(&print_colons(&colon_form)).unwrap(), colon_form);
        prop_assert_eq!(&classes(&print_classes(&words)).unwrap(), &words);
        let operation = Arguments { required: words, optional: more };
        prop_assert_eq!(arguments(&print_arguments(&operation)).unwrap(), operation);
    }

    #[test]
    fn json_gives_the_same_objects(mut objects in vec(any_stanza(), 0..4)) {
        for stanza in &mut objects {
            stanza.attributes.sort_by(|a, b| a.0.cmp(&b.0));
        }
        let json = serde_json::to_string(&Objects(objects.clone())).unwrap();
        prop_assert_eq!(serde_json::from_str::<Objects>(&json).unwrap().0, objects);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(\\PC|\n|=|:| |-a |#name:|\n   x = y){0,60}", attribute in "[a-z]?") {
        let _ = (list(&text), stanzas(&text), classes(&text), arguments(&text));
        if let Ok(read) = colons(&text) {
            for row in &read.rows {
                let _ = read.get(row, &attribute);
            }
        }
    }

    #[test]
    fn values_are_only_given_to_attributes_in_their_order(read in any_colons()) {
        for row in &read.rows {
            for name in &read.attributes {
                prop_assert!(read.get(row, name).is_none_or(|value| row.values.iter().any(|other| other == value)));
            }
        }
    }
}
