//! The comma language that the command line had before.

use super::words::{DIRECTIONS, find};

/// A filter of the old form, `type=ORDER,tid=7`, as it is written now; nothing
/// for anything else.
pub(super) fn rewritten(text: &str) -> Option<String> {
    let mut terms = Vec::new();
    for term in text.split(',') {
        let (left, right) = term.split_once('=')?;
        let (field, equal) = match left.strip_suffix('!') {
            Some(field) => (field.trim(), false),
            None => (left.trim(), true),
        };
        let value = right.trim();
        let plain = |text: &str| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if !plain(value) {
            return None;
        }
        terms.push(match (field, equal) {
            ("field", true) => format!("fields.{}", value.to_ascii_uppercase()),
            ("field", false) => format!("!fields.{}", value.to_ascii_uppercase()),
            ("type" | "tid" | "id", _) => {
                format!("{field} {} {value}", if equal { "==" } else { "!=" })
            }
            ("direction", _) if find(DIRECTIONS, value).is_some() => {
                format!("direction {} {value}", if equal { "==" } else { "!=" })
            }
            _ => return None,
        });
    }
    Some(terms.join(" && "))
}

#[cfg(test)]
mod tests {
    use super::rewritten;

    #[test]
    fn the_old_form_is_written_anew() {
        for (old, new) in [
            ("type=ORDER,tid=7", "type == ORDER && tid == 7"),
            ("type!=LINK, field=swep", "type != LINK && fields.SWEP"),
            ("field!=TIME", "!fields.TIME"),
        ] {
            assert_eq!(rewritten(old).as_deref(), Some(new));
        }
        for other in ["", "type==ORDER", "a=b", "type=ORDER,", "id"] {
            assert_eq!(rewritten(other), None, "{other}");
        }
    }
}
