//! What an input asks for, before anything is looked up.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value as Json;

use crate::cli::problem::Problem;

/// The fields of an input. `name` and `candidates` are those of test vectors:
/// they are taken and not looked at.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    #[serde(default)]
    pub(super) profile: Option<String>,
    #[serde(default)]
    pub(super) preferences: Entries,
    #[serde(default)]
    pub(super) message_properties: Entries,
    #[serde(default)]
    pub(super) stacks: Option<Vec<String>>,
    #[serde(default)]
    pub(super) framer: Option<bool>,
    #[serde(default)]
    pub(super) sctp_available: Option<bool>,
    #[serde(default, rename = "name")]
    _name: Option<Json>,
    #[serde(default, rename = "candidates")]
    _candidates: Option<Json>,
}

/// The entries of an object as they stand there: a map would let the last of
/// two with the same name win.
#[derive(Default)]
pub(super) struct Entries(Vec<(String, Json)>);

impl Entries {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

impl Request {
    pub(super) fn parse(text: &[u8]) -> Result<Self, Problem> {
        let text = std::str::from_utf8(text)
            .map_err(|error| Problem::new("InvalidUtf8", error.valid_up_to(), error))?;
        // Fields without names would be taken in their order.
        if text.trim_start().starts_with('[') {
            return Err(wrong("a JSON object was expected, not an array"));
        }
        serde_json::from_str(text).map_err(|error| {
            let before = text
                .split_inclusive('\n')
                .take(error.line().saturating_sub(1));
            let offset = before.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
            let kind = if error.is_data() {
                "InvalidInput"
            } else {
                "InvalidJson"
            };
            Problem::new(kind, offset, error)
        })
    }
}

/// What is wrong with the meaning of an input. There is no place to point to,
/// so the message names the field.
pub(super) fn wrong(message: impl std::fmt::Display) -> Problem {
    Problem::new("InvalidInput", 0, message)
}

/// The text of a field.
pub(super) fn text<'j>(name: &str, value: &'j Json) -> Result<&'j str, Problem> {
    value
        .as_str()
        .ok_or_else(|| wrong(format!("{name}: a text was expected, not {value}")))
}

/// The yes or no of a field.
pub(super) fn flag(name: &str, value: &Json) -> Result<bool, Problem> {
    value
        .as_bool()
        .ok_or_else(|| wrong(format!("{name}: true or false was expected, not {value}")))
}

/// A value with a name, in a field.
pub(super) fn named<T>(name: &str, text: &str) -> Result<T, Problem>
where
    T: std::str::FromStr,
    T::Err: std::fmt::Display,
{
    text.parse()
        .map_err(|error| wrong(format!("{name}: {text}: {error}")))
}
