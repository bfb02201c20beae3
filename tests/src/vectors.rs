//! Reading the vectors in `data/vectors/`; its README tells where they come from.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use wigwag_harness::tagged;

/// The path of a file in `data/vectors/`, or of one in the harness's `corpus/`.
#[must_use]
pub fn path(name: &str) -> PathBuf {
    let folder = if name.starts_with("corpus/") {
        "../harness"
    } else {
        "data/vectors"
    };
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(folder)
        .join(name)
}

/// The bytes of a file in `data/vectors/`.
///
/// # Panics
///
/// The file is not there.
#[must_use]
pub fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The lines of a JSON Lines file in `data/vectors/`; a line that gives its value
/// by a rule gets its `value` and `hex`.
///
/// # Panics
///
/// The file is not there or a line is not JSON.
#[must_use]
pub fn rows(name: &str) -> Vec<Json> {
    let text = String::from_utf8(bytes(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    text.lines()
        .map(|line| {
            // Values are nested deeper than serde_json goes by itself.
            let mut row =
                tagged::parse(line).unwrap_or_else(|error| panic!("{name}: {error}: {line:.80}"));
            if let Some(series) = row.get("series") {
                let (value, hex) = expand(series);
                row["value"] = value;
                row["hex"] = json!(hex);
            }
            row
        })
        .collect()
}

/// A text of a row.
///
/// # Panics
///
/// The row has no such text.
#[must_use]
pub fn text<'r>(row: &'r Json, field: &str) -> &'r str {
    row[field]
        .as_str()
        .unwrap_or_else(|| panic!("no {field} in {row}"))
}

/// Bytes that a row gives as hex.
///
/// # Panics
///
/// The row has no such hex.
#[must_use]
pub fn hex(row: &Json, field: &str) -> Vec<u8> {
    unhex(&row[field])
}

/// Bytes from a JSON text of hex digits.
///
/// # Panics
///
/// It is something else.
#[must_use]
pub fn unhex(json: &Json) -> Vec<u8> {
    json.as_str()
        .and_then(tagged::from_hex)
        .unwrap_or_else(|| panic!("not hex: {json}"))
}

/// The value and the hex of a list or map whose elements follow a rule.
fn expand(series: &Json) -> (Json, String) {
    let count = series["count"].as_u64().expect("a series has a count");
    let rule = text(series, "element");
    let mut hex = text(series, "head").to_owned();
    let mut elements = Vec::new();
    for index in 0..count {
        let (value, bytes) = match rule {
            "null" => (Json::Null, "08".to_owned()),
            "index mod 100" => (json!(index % 100), format!("03{:02x}", index % 100)),
            "hex index to null" => {
                let key = format!("{index:x}");
                let bytes = format!("{:02x}{}08", key.len(), tagged::to_hex(key.as_bytes()));
                (json!([key, null]), bytes)
            }
            "index to true" => {
                let key = match index {
                    0..=0x7F => format!("03{index:02x}"),
                    0x80..=0xFF => format!("06{index:02x}"),
                    0x100..=0x7FFF => format!("02{index:04x}"),
                    _ => format!("05{index:04x}"),
                };
                (json!([index, true]), format!("{key}16"))
            }
            _ => panic!("unknown rule {rule}"),
        };
        elements.push(value);
        hex.push_str(&bytes);
    }
    let value = if rule.contains(" to ") {
        json!({ "$map": elements })
    } else {
        Json::Array(elements)
    };
    (value, hex)
}
