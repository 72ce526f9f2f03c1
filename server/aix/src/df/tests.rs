use super::*;
use crate::fixture::{self, count, samples};
use proptest::{collection::vec, option::of, prelude::*};

#[test]
fn reads_and_prints_every_sample() {
    let samples =
        samples!("df": "nim1.constructed", "512_blocks.constructed", "1024_blocks.constructed", "mb.unconfirmed");
    fixture::read_and_print(samples, parse, print);
    fixture::read_and_print(samples!("df": "posix.constructed"), parse, print_posix);
    fixture::read(samples!("df": "next_line.unconfirmed"), parse);
}

#[test]
fn prints_the_sample_of_df_g_but_for_the_blanks_around_dashes() {
    let samples: fixture::Samples = samples!("df": "gb.constructed");
    fixture::read(samples, parse);
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (printed, text) = (print(&parse(samples[0].1).unwrap()), samples[0].1);
    assert_eq!(squeezed(&printed), squeezed(text));
    for (printed, line) in printed.lines().zip(text.lines()).filter(|(_, line)| !line.contains(" - ")) {
        assert_eq!(printed, line);
    }
}

#[test]
fn says_what_blocks_are() {
    let read = |text: &str| text.parse::<Blocks>().unwrap();
    assert_eq!(Unit::Gb.size(read("13.06")).map(Size::mib), Some(13_373));
    assert_eq!(Unit::Mb.size(read("0.25")), Some(Size::from_kib(256)));
    assert_eq!(Unit::Kb.size(read("4096")).map(Size::mib), Some(4));
    assert_eq!(Unit::HalfKb.size(read("4096")).map(Size::mib), Some(2));
    assert_eq!(Unit::Gb.size(Blocks::from_hundredths(u64::MAX)), None);
}

#[test]
fn decimals_are_kept_where_aix_has_none() {
    let df = parse("Filesystem 1024-blocks Free %Used Iused %Iused Mounted on\n/dev/hd4 1 0.71 30% 1 1% /\n").unwrap();
    assert_eq!(parse(&print(&df)).unwrap(), df);
}

#[test]
fn reads_other_columns_by_their_headings() {
    let df =
        parse("Filesystem    512-blocks      Used      Free %Used Mounted on\n/dev/hd4  100  40  60  40% /\n").unwrap();
    assert_eq!(
        (df.rows[0].free, df.rows[0].used_pct, df.rows[0].iused),
        (Some(Blocks::from_hundredths(6000)), Some(40), None)
    );
}

#[test]
fn names_the_line_it_cannot_read() {
    let line = |text: &str| parse(text).unwrap_err().line;
    assert_eq!(line("df: 0506-404 Cannot find file system.\n"), 1);
    assert_eq!(line("ksh: df:  not found.\n"), 1);
    assert_eq!(line("Filesystem    PB blocks      Free Mounted on\n"), 1);
    assert_eq!(
        line("Filesystem    GB blocks      Free %Used    Iused %Iused Mounted on\n/dev/hd4 0.94 much 1% 1 1% /\n"),
        2
    );
    // a device whose line was cut off, and two in a row
    assert_eq!(line("/dev/hd4           0.94      0.27   72%     4107     7% /\n/dev/hd2\n"), 2);
    assert_eq!(line("/dev/hd4\n/dev/hd2\n"), 2);
    assert_eq!(line("/dev/hd4 1 1 1% 1 1% /\nFilesystem    512-blocks      Free Mounted on\n"), 2);
}

prop_compose! {
    /// GB and MB have hundredths, the others whole blocks only.
    fn df()(
        unit in of(proptest::sample::select(Unit::ALL.to_vec())),
    )(
        unit in Just(unit),
        rows in vec(row(if unit.is_none_or(Unit::has_decimals) { 1 } else { 100 }), 0..5),
    ) -> Df {
        Df { unit, rows }
    }
}

fn row(step: u64) -> impl Strategy<Value = Row> {
    let blocks = move || of(count().prop_map(move |hundredths| Blocks::from_hundredths(hundredths * step)));
    let fs = "/dev/[a-z]{1,9}[0-9]{1,9}|nim1:/export/[a-z]{1,9}";
    (fs, blocks(), blocks(), of(0..101_u64), of(count()), of(0..101_u64), fixture::path()).prop_map(
        |(fs, blocks, free, used_pct, iused, iused_pct, mount)| Row {
            fs,
            blocks,
            free,
            used_pct,
            iused,
            iused_pct,
            mount,
        },
    )
}

proptest! {
    #[test]
    fn printing_and_reading_give_the_same(df in df()) {
        prop_assert_eq!(parse(&print(&df)).unwrap(), df);
    }

    #[test]
    fn the_posix_form_leaves_the_inodes_out(mut df in df()) {
        df.unit = df.unit.or(Some(Unit::Gb));
        df.rows.iter_mut().for_each(|row| (row.iused, row.iused_pct) = (None, None));
        prop_assert_eq!(parse(&print_posix(&df)).unwrap(), df);
    }

    #[test]
    fn no_text_makes_it_panic(text in fixture::noise(&[
        "Filesystem", "GB blocks", "Mounted on", "Free", "/dev/hd4", "0.94", "72%", "/ ",
    ])) {
        let _ = parse(&text);
    }
}
