//! Which NGTT frames to show.

use std::str::FromStr;

use wigwag_codec::ngtt::{FrameHead, FrameType};

use super::split;

/// Terms that must all hold.
#[derive(Clone, Debug)]
pub(crate) struct NgttFilter(Vec<Term>);

#[derive(Clone, Debug)]
struct Term {
    field: Field,
    equal: bool,
}

#[derive(Clone, Debug)]
enum Field {
    Type(u16),
    Tid(u16),
}

impl NgttFilter {
    /// Whether a frame with this head is to be shown.
    pub(crate) fn matches(&self, head: FrameHead) -> bool {
        self.0.iter().all(|term| {
            let same = match term.field {
                Field::Type(number) => head.kind.as_u16() == number,
                Field::Tid(tid) => head.tid == tid,
            };
            same == term.equal
        })
    }
}

impl FromStr for NgttFilter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(term)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn term(text: &str) -> Result<Term, String> {
    let (field, equal, value) = split(text)?;
    let field = match field {
        "type" => FrameType::from_name(&value.to_ascii_uppercase())
            .map(FrameType::as_u16)
            .or_else(|| value.parse().ok())
            .map(Field::Type)
            .ok_or_else(|| {
                format!("`{value}` is no frame type: a name such as ORDER, or a number")
            }),
        "tid" => value
            .parse()
            .map(Field::Tid)
            .map_err(|_| format!("`{value}` is no transaction id from 0 to 65535")),
        other => Err(format!("no field `{other}`: there are `type` and `tid`")),
    }?;
    Ok(Term { field, equal })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shows(filter: &str, kind: u16, tid: u16) -> bool {
        let kind = FrameType::from_u16(kind);
        NgttFilter::from_str(filter)
            .unwrap()
            .matches(FrameHead { tid, kind })
    }

    #[test]
    fn all_terms_must_hold() {
        assert!(shows("type=ORDER,tid=7", 1, 7));
        assert!(!shows("type=ORDER,tid=7", 1, 8));
        assert!(!shows("type=ORDER,tid=7", 2, 7));
        assert!(shows("type!=ping", 1, 0) && !shows("type!=ping", 0, 0));
        assert!(shows("type=500", 500, 1));
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for wrong in ["", "type", "type=NOTHING", "tid=70000", "path=W1", "tid=7,"] {
            assert!(NgttFilter::from_str(wrong).is_err(), "{wrong}");
        }
    }
}
