#![no_main]
//! Any text is a filter or is refused at a place in it; its canonical text is the
//! same filter; and it runs over any frames alike at once and row by row.

use libfuzzer_sys::fuzz_target;
use wigwag_inspect::filter::{Filter, complete};
use wigwag_inspect::input::{Kind, Options};
use wigwag_inspect_fuzz::table;

fuzz_target!(|input: (&str, u8, &[u8])| {
    let (text, cursor, bytes) = input;
    let options = Options {
        kind: Some(Kind::Raw),
        ..Options::default()
    };
    let table = table(options, bytes);
    let completions = complete(&table, text, usize::from(cursor));
    assert!(completions.start <= completions.end && completions.end <= text.len());
    let filter = match Filter::parse(text) {
        Ok(filter) => filter,
        Err(error) => {
            assert!(
                error.start <= error.end && error.end <= text.len(),
                "{error:?}"
            );
            return;
        }
    };
    let canonical = filter.to_string();
    let again = Filter::parse(&canonical).expect("the canonical text");
    assert_eq!(again.to_string(), canonical);

    let rows = table.columns().len() as u32;
    let mut found = Vec::new();
    let mut from = 0;
    while from < rows {
        let next = filter.run(&table, from, rows, &mut found);
        assert!(next > from);
        from = next;
    }
    let alone: Vec<u32> = (0..rows).filter(|row| again.holds(&table, *row)).collect();
    assert_eq!(found, alone);
});
