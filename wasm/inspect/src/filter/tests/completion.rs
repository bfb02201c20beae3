//! What is offered where.

use super::table;
use crate::Table;
use crate::filter::{Filter, complete};

fn offered(table: &Table, text: &str) -> Vec<String> {
    // The cursor is where the | is.
    let cursor = text.find('|').unwrap_or(text.len());
    let text = text.replacen('|', "", 1);
    let completions = complete(table, &text, cursor);
    assert_eq!(completions.end, cursor, "{text}");
    assert!(text.is_char_boundary(completions.start), "{text}");
    let items = completions.items.into_iter();
    items.map(|item| item.text).collect()
}

#[test]
fn words_of_the_language_are_offered_where_they_may_stand() {
    let table = Table::default();
    for (text, wanted, unwanted) in [
        ("|", &["type", "late", "payload"][..], &["&&", "=="][..]),
        ("la", &["latency", "late"], &["type"]),
        ("not la", &["latency", "late"], &["type"]),
        ("(late or gap) and ma", &["malformed"], &["late"]),
        ("type |", &["==", "!=", "in", "matches"], &["<", "&&"]),
        ("length |", &["<", ">="], &["contains", "&&"]),
        ("latency |", &[">", "&&"], &["contains"]),
        ("type m", &["matches"], &["=="]),
        ("direction == |", &["to_server", "to_device"], &["ncp"]),
        ("direction == to_d", &["to_device"], &["to_server"]),
        ("protocol in (ngtt, |", &["ncp", "prefix"], &[")"]),
        ("protocol in (ngtt |", &[",", ")"], &["&&"]),
        ("protocol in |", &["("], &["ngtt"]),
        ("latency > 3 |", &["s", "ms"], &["type", "&&"]),
        ("latency > 3 s |", &["&&", "||"], &["ms"]),
        ("length > 3 |", &["kB", "MiB"], &["ms"]),
        ("late |", &["&&", "||"], &["type"]),
        ("late && | || gap", &["type", "payload"], &["&&"]),
        ("(late) |", &["&&"], &["type"]),
        ("payload.a == \"x\" |", &["&&"], &["type"]),
        ("payload.a |", &["~", "<", "in", "&&"], &["type"]),
    ] {
        let offered = offered(&table, text);
        for word in wanted {
            assert!(offered.iter().any(|item| item == word), "{text}: {word}");
        }
        for word in unwanted {
            assert!(offered.iter().all(|item| item != word), "{text}: {word}");
        }
    }
}

#[test]
fn fields_and_values_of_the_table_are_offered() {
    let table = table(&[
        r#"[{"orders":[{"type":"write","path":"W1","value":5}]}]"#,
        r#"[{"orders":[{"type":"read","path":"R2"}],"a b":1}]"#,
    ]);
    for (text, wanted) in [
        ("pay", "payload[*].orders[*].path"),
        ("payload[", "payload[*].orders[*].value"),
        ("payload[0].or", "payload[0].orders[*].path"),
        ("payload[0].orders[0].", "payload[0].orders[0].type"),
        ("payload[*][\"a", "payload[*][\"a b\"]"),
        ("payload[0].orders[7].path == ", "\"W1\""),
        ("payload[0].orders[7].path == \"R", "\"R2\""),
        ("payload[*].orders[*].value in (", "5"),
        ("connection == ", "0"),
        ("protocol == ", "minijson"),
    ] {
        let offered = offered(&table, text);
        assert!(
            offered.iter().any(|item| item == wanted),
            "{text}: {offered:?}"
        );
    }
}

#[test]
fn what_is_offered_can_be_taken_at_any_place_of_any_text() {
    let table = table(&[r#"{"a":[1,"x\ny"],"\u20ac":null}"#]);
    let text = "!(type == ORDER || payload[0][\"\u{20ac}\"] in (1, 'x', 3 s)) && latency > 3 ms \u{20ac} \"";
    for cursor in 0..text.len() + 3 {
        let completions = complete(&table, text, cursor);
        let (start, end) = (completions.start, completions.end);
        assert!(start <= end && text.get(start..end).is_some(), "{cursor}");
        for item in &completions.items {
            let mut taken = text.to_owned();
            taken.replace_range(start..end, &item.text);
            // Whatever it makes, it is read without a panic.
            let _ = Filter::parse(&taken);
        }
    }
    let long = "late || ".repeat(5000);
    assert_eq!(complete(&table, &long, long.len()).items, []);
}

#[test]
fn every_field_that_is_offered_is_read() {
    let table = table(&[r#"{"a":[1,{"b c":2}],"\"":{"[0]":3},"":4,"\u0001":5}"#]);
    let offered: Vec<String> = ["p", "payload."]
        .iter()
        .flat_map(|text| offered(&table, text))
        .collect();
    let paths = offered.iter().filter(|text| text.contains(['.', '[']));
    assert!(paths.clone().count() >= 5, "{offered:?}");
    for path in paths {
        let filter = Filter::parse(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut out = Vec::new();
        filter.run(&table, 0, 1, &mut out);
        assert_eq!(out, [0], "{path}");
    }
}
