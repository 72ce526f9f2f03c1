use super::*;
use crate::fixture;
use proptest::{collection::vec, option, prelude::*};

/// A value as AIX prints them: no blanks at its ends.
const VALUE: &str = "[a-zA-Z0-9(][a-zA-Z0-9 ,:()_.-]{0,20}[a-zA-Z0-9)]";

fn value() -> impl Strategy<Value = Option<String>> {
    option::of(VALUE)
}

fn any_group() -> impl Strategy<Value = ActiveGroup> {
    let disk = (
        "hdisk[0-9]{1,3}",
        "active|missing|removed",
        any::<u64>(),
        any::<u64>(),
        option::of("[0-9]{2}(\\.\\.[0-9]{2}){4}"),
    );
    let disk = disk.prop_map(|(pv, state, total_pps, free_pps, distribution)| Disk {
        pv,
        state,
        total_pps,
        free_pps,
        distribution,
    });
    ("[a-z_]{1,12}", vec(disk, 0..3)).prop_map(|(vg, pvs)| ActiveGroup { vg, pvs })
}

fn any_system() -> impl Strategy<Value = System> {
    let texts = (value(), value(), value(), value(), value(), value(), value(), value());
    let numbers = (any::<Option<u32>>(), any::<Option<u32>>(), any::<Option<u64>>(), any::<Option<u64>>());
    let lpar = option::of((any::<u32>(), VALUE).prop_map(|(id, name)| Lpar { id, name }));
    let network = (value(), value(), value(), value(), value(), value());
    let network = network.prop_map(|(host_name, ip_address, sub_netmask, gateway, name_server, domain_name)| Network {
        host_name,
        ip_address,
        sub_netmask,
        gateway,
        name_server,
        domain_name,
    });
    let paging = (any::<Option<u64>>(), any::<Option<u8>>())
        .prop_map(|(total_mb, percent_used)| Paging { total_mb, percent_used });
    // Keys that no prtconf has.
    let other = vec(("X[a-z ]{0,12}[a-z]", value().prop_map(Option::unwrap_or_default)), 0..3);
    let vgs = (vec("[a-z_]{1,12}", 0..3), vec(any_group(), 0..3));
    let resources = vec("[+*-] [a-z0-9]{1,9}", 0..3);
    // The model is always there: output without anything known is no prtconf.
    (VALUE, texts, numbers, lpar, network, paging, other, vgs, resources).prop_map(
        |(model, texts, numbers, lpar, network, paging, other, vgs, resources)| System {
            system_model: Some(model),
            serial: texts.0,
            processor_type: texts.1,
            implementation_mode: texts.2,
            processor_version: texts.3,
            processors: numbers.0,
            clock_mhz: numbers.1,
            cpu_type: texts.4,
            kernel_type: texts.5,
            lpar,
            memory_mb: numbers.2,
            good_memory_mb: numbers.3,
            firmware_level: texts.6,
            firmware_version: texts.7,
            other,
            network,
            paging,
            inactive_vgs: vgs.0,
            active_vgs: vgs.1,
            resources,
        },
    )
}

#[test]
fn fixtures_print_as_they_were() {
    fixture::round_trip("prtconf/power9.log", parse, print);
    fixture::round_trip("prtconf/lpar61_head.constructed", parse, print);
    fixture::snapshot("prtconf/power4.constructed", parse);
    let power = |name: &str| parse(&fixture::text(name)).unwrap().power();
    assert_eq!(power("prtconf/power9.log"), Some(9));
    assert_eq!(power("prtconf/power4.constructed"), Some(4));
    let power10 = parse("Processor Type: PowerPC_POWER10\n").unwrap();
    assert_eq!(power10.power(), Some(10));
    for bad in ["", "ksh: prtconf: not found\n", "prtconf: no such thing: 1\n"] {
        assert!(parse(bad).is_err(), "{bad:?} was taken");
    }
}

#[test]
fn a_value_that_is_not_what_it_should_be_is_not_lost() {
    let system = parse("System Model: IBM,x\nMemory Size: much\nLPAR Info: -1 NULL\n").unwrap();
    let other =
        [("Memory Size", "much"), ("LPAR Info", "-1 NULL")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!((system.memory_mb, system.other), (None, other.to_vec()));
}

#[test]
fn the_first_value_of_a_key_counts_also_when_printed() {
    let text = "Host Name: a\nHost Name: b\nX: y\nVolume Groups Information\nInactive VGs\n  ====\n  altinst_rootvg\n";
    let system = parse(text).unwrap();
    assert_eq!(system.network.host_name.as_deref(), Some("a"));
    assert_eq!(system.inactive_vgs, ["altinst_rootvg"]);
    assert_eq!(parse(&print(&system)).unwrap(), system);
    assert!(parse("  ksh: prtconf: not found\n").is_err());
    assert!(parse("Volume Groups Information\nrootvg:\nhdisk0 active 1 2 3..4: 5\n").is_err());
}

proptest! {
    #[test]
    fn what_is_printed_is_read_again(system in any_system()) {
        prop_assert_eq!(parse(&print(&system)).unwrap(), system);
    }

    #[test]
    fn no_text_makes_it_panic(text in "(\\PC|\n|Volume Groups Information\n|Active VGs\n|: |Memory Size: |MB|Processor Type: POWER){0,40}") {
        let _ = parse(&text).map(|system| system.power());
    }
}
