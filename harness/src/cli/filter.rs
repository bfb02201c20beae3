//! The expression of `--filter`, in the language of the inspector.

use wigwag_inspect::filter::{Filter, FilterError};

use super::outcome::{Failure, Outcome};

/// Where an error is shown, a longer filter is cut.
const SHOWN: usize = 100;

/// Reads the expression of `--filter`.
pub(crate) fn parse(text: &str) -> Outcome<Filter> {
    Filter::parse(text).map_err(|error| Failure::Usage(explained(text, &error)))
}

/// The same for frames that stand in no conversation: a term about times or answers
/// could never hold.
pub(crate) fn parse_alone(text: &str) -> Outcome<Filter> {
    let filter = parse(text)?;
    match filter.needs_table() {
        None => Ok(filter),
        Some(word) => Err(Failure::Usage(format!(
            "--filter: single frames have no {word}: `wigwag decode auto` reads conversations"
        ))),
    }
}

/// The message, and the text with the place marked under it.
fn explained(text: &str, error: &FilterError) -> String {
    let mut message = format!("--filter: {}", error.message);
    // On one line, and cut around what is wrong.
    let plain = |text: &str| -> String {
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        text.chars().map(plain).collect()
    };
    let (Some(before), Some(wrong)) = (text.get(..error.start), text.get(error.start..error.end))
    else {
        return message;
    };
    if text.chars().count() <= SHOWN {
        let marks = "^".repeat(wrong.chars().count().max(1));
        let room = " ".repeat(before.chars().count());
        message += &format!("\n  {}\n  {room}{marks}", plain(text));
    } else if !wrong.is_empty() {
        let wrong: String = wrong.chars().take(SHOWN).collect();
        message += &format!(
            "\n  at character {}: {}",
            before.chars().count() + 1,
            plain(&wrong)
        );
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str, alone: bool) -> String {
        let filter = if alone {
            parse_alone(text)
        } else {
            parse(text)
        };
        match filter {
            Err(Failure::Usage(message)) => message,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn the_place_is_marked_under_the_text() {
        assert_eq!(
            refused("late && tpye == 1", false),
            "--filter: there is no `tpye`: did you mean `type`?\n  late && tpye == 1\n          ^^^^"
        );
        assert_eq!(
            refused("\u{e9}\n== 1", false).lines().nth(2),
            Some("  ^"),
            "in characters, on one line"
        );
        assert!(refused("id ==", false).ends_with("\n  id ==\n       ^"));
        let long = format!("{} || tpye", vec!["late"; 40].join(" || "));
        assert!(refused(&long, false).ends_with("\n  at character 321: tpye"));
    }

    #[test]
    fn what_only_a_conversation_has_is_refused_for_single_frames() {
        assert!(refused("type == ORDER && latency > 3 s", true).contains("no latency"));
        assert!(refused("!late", true).contains("no late"));
        assert!(parse_alone("type == ORDER && payload[0].a > 3").is_ok());
    }
}
