//! From text to filter and back, and what is said of what is no filter.

use crate::filter::Filter;

fn canonical(text: &str) -> String {
    Filter::parse(text)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .to_string()
}

#[test]
fn every_form_has_one_canonical_form() {
    for (text, printed) in [
        ("", ""),
        ("  ", ""),
        ("malformed", "malformed"),
        ("MALFORMED", "malformed"),
        ("not late", "!late"),
        ("!!late", "late"),
        ("!(late)", "!late"),
        ("type==order", "type == ORDER"),
        ("type == 'ORDER'", "type == ORDER"),
        ("type == \"A B\"", "type == \"A B\""),
        ("type == \"or\"", "type == \"OR\""),
        ("type in (PING,dspc , 7)", "type in (PING, DSPC, 7)"),
        ("tid == 0x10", "id == 16"),
        ("length > 1.5 kB", "length > 1500.0"),
        ("length > 2KiB", "length > 2048"),
        ("latency > 3s", "latency > 3 s"),
        ("latency >= 0.2 s", "latency >= 200 ms"),
        ("latency < 1500 us", "latency < 1.5 ms"),
        ("latency < 5 \u{b5}s", "latency < 5 us"),
        ("latency < 2 min", "latency < 120 s"),
        ("latency > 0", "latency > 0 us"),
        ("latency", "latency"),
        ("time > 12s", "time > 12 s"),
        (
            "time < '2026-11-21 20:25:00+01:00'",
            "time < 2026-11-21T19:25:00Z",
        ),
        (
            "time in (2026-11-21T19:25:00.5Z, 1 s)",
            "time in (2026-11-21T19:25:00.5Z, 1 s)",
        ),
        ("direction == TO_DEVICE", "direction == to_device"),
        ("protocol != ncp", "protocol != ncp"),
        ("payload[0].a", "payload[0].a"),
        ("payload.a == null", "payload.a == null"),
        ("payload.a != true", "payload.a != true"),
        ("payload.a == 'it\\'s'", "payload.a == \"it's\""),
        (
            "payload.a == \"\\u{20ac}\\t\\\\\"",
            "payload.a == \"\u{20ac}\\t\\\\\"",
        ),
        ("payload.a == '\\u20AC'", "payload.a == \"\u{20ac}\""),
        ("payload.a == -1_000", "payload.a == -1000"),
        ("payload.a == 1.50", "payload.a == 1.5"),
        ("payload.a == 1e3", "payload.a == 1000.0"),
        ("payload contains x\"de ad\"", "payload contains x\"DEAD\""),
        ("payload ~ 'W1'", "payload ~ \"W1\""),
        (
            r#"payload.a matches "^\d+\"\\$""#,
            r#"payload.a matches "^\d+\"\\$""#,
        ),
        ("late or gap and not error", "late || (gap && !error)"),
        (
            "(late or gap) and not (error or resync)",
            "(late || gap) && !(error || resync)",
        ),
        ("late && (gap && error)", "late && gap && error"),
        ("!(id == 7)", "!(id == 7)"),
    ] {
        assert_eq!(canonical(text), printed, "{text}");
        assert_eq!(canonical(printed), printed, "{text} again");
        let (once, again) = (Filter::parse(text), Filter::parse(printed));
        assert_eq!(once, again, "{text}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_what_to_write() {
    for (text, marked, part) in [
        ("tpye == 1", "tpye", "did you mean `type`?"),
        ("tpye[0] == 1", "tpye", "did you mean `type`?"),
        ("colour == 1", "colour", "payload[0].key"),
        ("type = ORDER", "=", "write type == ORDER"),
        ("type=ORDER,tid=7", "=", "write type == ORDER && tid == 7"),
        ("type!=PING,tid=7", ",", "write type != PING && tid == 7"),
        ("late, gap", ",", "joined by &&"),
        ("a.b = 3", "a", "there is no `a`"),
        ("payload.a = 3", "=", "write =="),
        ("type == ODER", "", ""),
        ("type == ORDRE", "ORDRE", "did you mean ORDER?"),
        ("type == SOMETHING", "SOMETHING", "four letters at most"),
        ("type > ORDER", "ORDER", "numbers of types"),
        ("type == ODRER", "ODRER", "did you mean ORDER?"),
        (
            "type == ORDER_ACK",
            "ORDER_ACK",
            "did you mean ORDER, ORDER_CONFIRM, ORDER_REJECT or FETCH_ORDERS?",
        ),
        (
            "type in (PING, order_acknowledgement)",
            "order_acknowledgement",
            "did you mean ORDER, ORDER_CONFIRM",
        ),
        (
            "type == baob_reply",
            "baob_reply",
            "SYNC_BAOB_REQUEST or SYNC_BAOB_RESPONSE",
        ),
        (
            "type == telemetry",
            "telemetry",
            "NGTT has PING, ORDER, ORDER_CONFIRM",
        ),
        ("type ==", "", "expected a type"),
        ("direction == up", "up", "to_server, to_device"),
        (
            "direction == to_devise",
            "to_devise",
            "did you mean to_device?",
        ),
        ("direction < to_device", "to_device", "no order"),
        ("protocol == 1", "1", "ngtt or ncp"),
        ("latency > 3", "3", "3 s, 3 ms or 3 us"),
        ("latency > 3 parsecs", "parsecs", "no unit `parsecs`"),
        ("id == 3 s", "s", "plain number"),
        ("payload.a > 3 s", "s", "units are for"),
        ("time > yesterday", "yesterday", "12 s since the first row"),
        ("time > '2026-13-01'", "'2026-13-01'", "RFC 3339"),
        ("id ~ '7'", "~", "only type and fields"),
        ("id", "", "expected a comparison"),
        ("id 7", "7", "expected a comparison"),
        ("payload.a matchs 'x'", "matchs", "did you mean `matches`?"),
        ("payload.a == W1", "W1", "\"W1\""),
        ("payload.a == ", "", "expected a number"),
        ("payload.a == 'x", "'x", "no closing"),
        ("payload.a == '\\q'", "\\q", "no such escape"),
        ("payload.a == '\\u{d800}'", "\\u", "no such escape"),
        ("payload.a == x\"0g\"", "g", "no hex digit"),
        ("payload.a == x\"123\"", "x\"123\"", "odd number"),
        ("payload.a == 1e999", "1e999", "too large"),
        ("payload.a matches '('", "'('", "not a regular expression"),
        ("payload.a in 7", "7", "expected ("),
        ("payload.a in (7 8)", "8", "a comma or )"),
        ("payload.a in ()", ")", "expected a number"),
        ("(late", "(", "not closed"),
        ("late)", ")", "closes nothing"),
        ("late gap", "gap", "&& or ||"),
        ("late &&", "", "found the end"),
        ("&& late", "&&", "expected a column"),
        ("late & gap", "&", "&&"),
        ("\u{e4} == '\u{20ac}' && \u{20ac}", "\u{e4}", "there is no"),
    ] {
        let error = match Filter::parse(text) {
            Ok(_) if part.is_empty() => continue,
            Ok(filter) => panic!("{text} is read as {filter}"),
            Err(error) => error,
        };
        let place = text.get(error.start..error.end);
        let place = place.unwrap_or_else(|| panic!("{text}: {error:?}"));
        if !marked.is_empty() {
            assert_eq!(place, marked, "{text}: {}", error.message);
        }
        assert!(error.message.contains(part), "{text}: {}", error.message);
    }
}

#[test]
fn a_filter_says_what_it_needs() {
    for (text, columns, flags) in [
        ("", true, false),
        ("type == ORDER && latency > 3 s", true, true),
        ("late || id == 3", true, true),
        ("!(id == 3 && payload.a)", false, false),
        ("payload ~ 'x' && !(late)", false, true),
    ] {
        let filter = Filter::parse(text).unwrap();
        assert_eq!(filter.only_columns(), columns, "{text}");
        assert_eq!(filter.may_change(), flags, "{text}");
        assert_eq!(filter.is_everything(), text.is_empty(), "{text}");
    }
}
