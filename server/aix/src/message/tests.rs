use super::*;
use crate::{Unreadable, fixture};
use proptest::{collection::vec, option, prelude::*};

fn read(output: &str) -> Result<Report, Unreadable> {
    Ok(parse(output))
}

const SENTENCE: &str = "[A-Z][a-z]{0,9}( [a-z0-9\"/,]{1,12}){0,8}\\.";

fn any_message() -> impl Strategy<Value = Message> {
    let code = "0[0-9]{3}-[0-9]{2,4}|(1800|1831|3001|3004)-[0-9]{3}";
    let command = option::of("[a-z_/]{1,9}[a-z]").prop_filter("no command", |name| name.as_deref() != Some("warning"));
    (code, command, SENTENCE, any::<bool>()).prop_map(|(code, command, text, warning)| Message {
        code,
        command,
        text,
        warning,
    })
}

fn any_report() -> impl Strategy<Value = Report> {
    (vec(any_message(), 0..4), option::of(any::<i64>()), vec(SENTENCE, 0..2)).prop_map(|(messages, rc, other)| Report {
        messages,
        rc,
        other,
    })
}

#[test]
fn fixtures_are_read_as_they_are_nested() {
    let names = [
        "mkbosi_denied.log",
        "mkmac_if.log",
        "lsnim_missing.code",
        "mkspot_exists.code",
        "showres_busy.code",
        "mk_lpp_source.code",
        "updateios_cluster.code",
        "c_installp_mount.log",
        "alt_disk.log",
        "lvm.code",
        "src.seed",
        "installp.code",
        "hdcrypt.code",
        "plausible.unconfirmed",
    ];
    for name in names {
        let report = fixture::snapshot(&format!("message/{name}"), read);
        assert_eq!(report.messages, parse(&print(&report)).messages, "{name}");
    }
}

#[test]
fn who_says_it_may_stand_before_the_number_or_behind_it_or_below() {
    let first = |output: &str| {
        let Message { command, text, .. } = parse(output).messages.swap_remove(0);
        (command.unwrap_or_default(), text)
    };
    let mount = || ("mount".to_owned(), "access denied".to_owned());
    assert_eq!(first("mount: 1831-011 access denied"), mount());
    assert_eq!(first("1831-011 : : mount: access denied"), mount());
    assert_eq!(first("1831-011\n    mount: access denied"), mount());
    // not who says it, but how it is said
    assert_eq!(first("ATTENTION: 0505-218 no"), (String::new(), "ATTENTION: no".to_owned()));
    assert_eq!(first("0505-218 ATTENTION: no"), (String::new(), "ATTENTION: no".to_owned()));
}

#[test]
fn nim_errors_say_their_numbers_and_the_exit_code() {
    let short = |output: &str| {
        let NimError { codes, rc } = parse(output).nim_error();
        (codes.join(" "), rc)
    };
    let error = |name: &str| short(&fixture::text(&format!("message/{name}")));
    assert_eq!(error("mkbosi_denied.log"), ("0042-001 0042-175 1831-011 1831-008".to_owned(), Some(175)));
    assert_eq!(error("lsnim_missing.code"), ("0042-053".to_owned(), Some(53)));
    assert_eq!(error("showres_busy.code"), ("0042-001 0042-207".to_owned(), Some(1)));
    assert_eq!(short("0042-358 nim: The \"reset\" operation"), ("0042-358".to_owned(), Some(102)));
    assert_eq!(short("warning: 0042-175 x: y\nrc=0\nrc=-1\n"), ("0042-175".to_owned(), Some(-1)));
    assert_eq!(short("warning: 0042-175 x: y\n"), ("0042-175".to_owned(), None));
    assert_eq!(short("7300-03-01-2520\nrc=abc\n"), (String::new(), None));
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(report in any_report()) {
        prop_assert_eq!(parse(&print(&report)), report);
    }

    #[test]
    fn nothing_is_lost_and_nothing_panics(text in "(\\PC|\n|0042-175|warning: |rc=|a: | ){0,60}") {
        let report = parse(&text);
        let _ = report.nim_error();
        prop_assert!(text.trim().is_empty() || report != Report::default());
    }
}
