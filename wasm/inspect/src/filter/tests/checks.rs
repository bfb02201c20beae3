//! Completion, held against the language: what may stand somewhere is offered there,
//! and what is offered is read.

use super::table;
use crate::filter::token::{Lexer, Token};
use crate::filter::{Filter, complete};

/// Filters with every word and operator of the language.
const FILTERS: [&str; 14] = [
    "type == ORDER && latency > 3 s",
    "type in (ORDER, PING) || !(late)",
    "type matches \"^ORDER\" and type contains \"CON\"",
    "id >= 7 and tid != 3 and connection in (1, 2)",
    "direction == to_server && protocol == ngtt",
    "protocol in (ncp, prefix, minijson) || direction != to_device",
    "length > 3 kB or length <= 2 MiB || offset < 4 B",
    "latency && latency >= 20 ms && latency < 2 min",
    "time > 12 s && time <= 3 h",
    "malformed || unanswered || late || resync || gap",
    "error or warning or repeated",
    "payload ~ \"w\" && fields contains \"x\"",
    "head > 1 && message in (\"a\", \"b\") && foot != 2",
    "not malformed && (payload || fields)",
];

/// The tokens of a text, with their places.
fn tokens(text: &str) -> Vec<(Token<'_>, usize, usize)> {
    let mut lexer = Lexer::new(text);
    let mut all = Vec::new();
    loop {
        let next = lexer.next().expect("a token");
        if next.token == Token::End {
            return all;
        }
        all.push((next.token, next.start, next.end));
    }
}

#[test]
fn what_a_filter_goes_on_with_is_offered_there() {
    let table = table(&[]);
    for text in FILTERS {
        Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let mut comparisons = 0;
        for (token, start, end) in tokens(text) {
            let word = &text[start..end];
            // Values of the table are none here, and parentheses and `!` may stand
            // before every term; types are those of the table.
            let is_own = match token {
                Token::Number(_) | Token::Text(_) | Token::Hex(_) | Token::Moment(_) => false,
                Token::Open | Token::Close | Token::Comma | Token::Not => false,
                Token::And | Token::Or => word.len() == 2 && !word.starts_with('o'),
                Token::Word(_) => !["ORDER", "PING"].contains(&word),
                _ => true,
            };
            if !is_own {
                continue;
            }
            comparisons += usize::from(matches!(token, Token::Compare(_)));
            // With nothing of it written, and with its begin.
            for written in [start, start + word.chars().next().map_or(0, char::len_utf8)] {
                let is_sign = !word.starts_with(char::is_alphabetic);
                if is_sign && written > start {
                    continue;
                }
                let offered = complete(&table, &text[..written], written).items;
                assert!(
                    offered.iter().any(|item| item.text == word),
                    "{:?} goes on with {word}: {offered:?}",
                    &text[..written]
                );
            }
        }
        assert!(comparisons > 0 || !text.contains("=="), "{text}");
    }
}

#[test]
fn what_is_offered_is_read_where_it_is_offered() {
    let values = r#"[{"orders":[{"type":"write","path":"W1","value":5,"a b":null}]}]"#;
    let table = table(&[values]);
    for text in FILTERS {
        let mut places: Vec<usize> = tokens(text).iter().map(|token| token.1).collect();
        places.push(text.len());
        for place in places {
            let found = complete(&table, &text[..place], place);
            for item in found.items {
                let taken = format!("{}{}", &text[..found.start], item.text);
                let end = taken.trim_end().len();
                // What is missing is behind it: an error may be at its end, not within.
                if let Err(error) = Filter::parse(&taken) {
                    let is_open = error.message.contains("not closed");
                    let is_behind = error.message.contains("the end") || error.start >= end;
                    assert!(is_open || is_behind, "{taken}: {error:?}");
                }
            }
        }
    }
}
