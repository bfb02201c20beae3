//! Texts that nobody writes by mistake.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use crate::filter::Filter;

/// Reading a filter ends within this, however slow the machine is that day.
const SOON: Duration = Duration::from_secs(5);

#[test]
fn hostile_texts_are_refused_quickly() {
    let before = Instant::now();
    for text in [
        "(".repeat(10_000),
        "!".repeat(10_000),
        format!("{}late{}", "(".repeat(100), ")".repeat(100)),
        format!("{}late{}", "!(".repeat(100), ")".repeat(100)),
        "late||".repeat(2000) + "late",
        format!("id in ({}1)", "1,".repeat(5000)),
        "x".repeat(1 << 20),
        "payload".to_owned() + &"[0]".repeat(4000),
        "payload".to_owned() + &"[".repeat(4000),
        format!("payload.a == {}", "9".repeat(10_000)),
        format!("payload.a matches \"{}\"", "(a{50}){50}".repeat(4)),
        format!(
            "payload.a matches \"(?:{}{}\"",
            "(?:".repeat(500),
            ")*".repeat(500)
        ),
        format!("payload.a matches \"{}\"", "((a*)*b)*".repeat(1000)),
        "\u{0}".to_owned(),
        "\\".repeat(1000),
        "\"".to_owned() + &"\\".repeat(1000),
        format!("payload.a == \"\\u{{{}}}\"", "0".repeat(10_000)),
        "type == \u{1f602}".to_owned(),
    ] {
        let error = Filter::parse(&text);
        let Err(error) = error else {
            panic!("{text:.60} is read");
        };
        let place = text.get(error.start..error.end);
        assert!(place.is_some(), "{:.60}: {error:?}", text);
        assert!(error.message.len() < 400, "{:.60}: {}", text, error.message);
    }
    assert!(before.elapsed() < SOON, "{:?}", before.elapsed());
}

#[test]
fn what_is_just_within_the_limits_is_read() {
    for text in [
        format!("{}late{}", "(".repeat(63), ")".repeat(63)),
        "late||".repeat(999) + "late",
        format!("id in ({}1)", "1,".repeat(998)),
        format!("payload.a == \"{}\"", "x".repeat(16_000)),
    ] {
        let filter = Filter::parse(&text).unwrap_or_else(|error| panic!("{text:.60}: {error}"));
        assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
    }
}

/// A filter's text of parts that make sense, mostly.
fn sentence() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "late|gap|malformed|latency",
        "(type|TYPE) (==|!=) (ORDER|dspc|7|\"a b\"|\"\u{e9}\")",
        "id (<|<=|>|>=|==|!=) -?[0-9]{1,40}(\\.[0-9]{1,20})?",
        "id in \\([0-9]{1,3}(, ?[0-9]{1,3}){0,4}\\)",
        "length > [0-9]{1,6}(\\.[0-9]+)? ?(B|kB|KiB|MiB)",
        "(latency|time) (>|<=) [0-9]{1,9}(\\.[0-9]{1,9})? ?(us|ms|s|min|h|d)",
        "time < (19[7-9][0-9]|20[0-9]{2})-0[1-9]-[0-2][1-8]T0[0-9]:[0-5][0-9]:00(\\.[0-9]{1,6})?Z",
        "payload\\.[a-z]{1,5} == -?[0-9]{1,9}(\\.[0-9]{1,9})?(e-?[0-9]{1,2})?",
        "payload\\[\\*\\]\\.[a-z]{1,5} (==|~|contains) \"[^\"\\\\]{0,12}\"",
        "payload contains x\"([0-9a-fA-F]{2}){0,6}\"",
        "payload\\.a matches \"[a-z.*]?[a-z\\[^]?\\]?(\\\\[dws\"\\\\.])?\"",
        "payload\\.a in \\((null|true|1), (\"x\"|false)\\)",
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| format!("!({a})")),
            inner.clone().prop_map(|a| format!("not ({a})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} && {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} or {b}")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a} || {b}) and ({b} || {a})")),
        ]
    })
}

proptest! {
    #[test]
    fn what_a_filter_prints_is_read_as_the_same(text in sentence()) {
        if let Ok(filter) = Filter::parse(&text) {
            let printed = filter.to_string();
            let again = Filter::parse(&printed)
                .map_err(|error| TestCaseError::fail(format!("{text} -> {printed}: {error}")))?;
            prop_assert_eq!(&again, &filter, "{} -> {}", text, printed);
            prop_assert_eq!(again.to_string(), printed);
        }
    }

    #[test]
    fn no_text_is_read_with_a_panic(text in "[ -~\u{e9}\u{20ac}]{0,60}|(late|id|==|7|\\(|\\)|!|&&|\\|\\||payload|\\[|\\]|\"|~|,| ){0,30}") {
        match Filter::parse(&text) {
            Ok(filter) => prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter)),
            Err(error) => prop_assert!(text.get(error.start..error.end).is_some(), "{:?}", error),
        }
    }
}
