//! Edited without a change, every vector is what it was.

use wigwag_codec::minijson::{Floats, Limits, Options, Value, canonical};
use wigwag_inspect::{Protocol, edit, json};

use crate::check::frame;
use crate::vectors::{FILES, all};

/// The canonical form of a value, every float in its own width.
fn shortest(bytes: &[u8]) -> Option<Vec<u8>> {
    let value = Value::parse_with(bytes, Limits::new().with_depth(128)).ok()?;
    let mut out = vec![0; bytes.len() + 64];
    let options = Options::new().with_floats(Floats::Kept);
    let length = canonical(value, &mut out, options).unwrap();
    out.truncate(length);
    Some(out)
}

fn shown(protocol: Protocol, bytes: &[u8]) -> String {
    let mut text = String::new();
    json::frame(frame(protocol, bytes), &mut text);
    text
}

#[test]
fn every_vector_comes_back() {
    let mut count = 0;
    for (name, protocol) in FILES {
        let mut same = 0;
        for bytes in all(name) {
            let text = edit::to_json(frame(protocol, &bytes));
            let again = edit::from_json(protocol, &text)
                .unwrap_or_else(|error| panic!("{name}: {error} in {text:.2000}"));
            match protocol {
                Protocol::Minijson => {
                    let expected = shortest(&bytes).unwrap_or_else(|| bytes.clone());
                    assert_eq!(again, expected, "{name} {text:.2000}");
                }
                Protocol::Ngtt if again != bytes => {
                    assert_eq!(again[4..8], bytes[4..8], "{name} {text}");
                    assert_eq!(Some(again[8..].to_vec()), shortest(&bytes[8..]), "{text}");
                }
                _ => assert_eq!(shown(protocol, &again), shown(protocol, &bytes), "{name}"),
            }
            same += usize::from(again == bytes);
            count += 1;
        }
        // The first file gives other encodings of each value besides the canonical one.
        let canonical = if name == "minijson.jsonl" { 5 } else { 1 };
        let wanted = all(name).len() / canonical * 9 / 10;
        assert!(
            same > wanted,
            "{name}: {same} frames are the same bytes again"
        );
    }
    assert!(count > 1000, "{count}");
}
