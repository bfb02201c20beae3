//! minijson in Python (3.1.1) and ours write the same bytes and read the same
//! values.

use std::time::Duration;

use serde_json::{Value as Json, json};
use wigwag_codec::minijson::{Limits, Value};
use wigwag_harness::tagged;
use wigwag_tests::campaign;
use wigwag_tests::generate::{self, Width};
use wigwag_tests::peer::Peer;
use wigwag_tests::runner::{Outcome, Suite, tools};

fn main() {
    Suite::new()
        .test(
            "campaign_values_agree_in_both_directions",
            &[tools::PYTHON_PEERS],
            values_agree,
        )
        .run();
}

/// 20,000 values, half of them with single floats and half with double ones:
/// always all of them, as they take a few seconds.
fn values_agree() -> Outcome {
    const VALUES: u64 = 20_000;
    let seeds = campaign::all_seeds("minijson against Python", VALUES);
    let mut peer = Peer::start("minijson_peer.py", &[], Duration::from_secs(300))?;
    for seed in seeds {
        let (width, mode) = if seed % 2 == 0 {
            (Width::Single, "f32")
        } else {
            (Width::Double, "f64")
        };
        let value = generate::value(&mut campaign::rng(seed), width, 4);
        agree(&mut peer, mode, &value)
            .map_err(|error| format!("seed {seed}: {error}\nvalue: {}", short(&value)))?;
    }
    Ok(())
}

fn agree(peer: &mut Peer, mode: &str, value: &Json) -> Result<(), String> {
    let ours = tagged::encode(value).map_err(|error| format!("we refuse it: {error}"))?;
    let hex: String = ours.iter().map(|byte| format!("{byte:02x}")).collect();
    let request = json!({"mode": mode, "value": value, "hex": hex}).to_string();
    peer.send(&request).map_err(|error| error.to_string())?;
    let line = peer
        .line()
        .map_err(|error| error.to_string())?
        .ok_or("the peer has ended")?;
    let answer: Json = serde_json::from_str(&line).map_err(|error| error.to_string())?;
    if let Some(error) = answer.get("error") {
        return Err(format!("Python refuses it: {error}"));
    }
    if answer["hex"] != hex.as_str() {
        return Err(format!(
            "Python encodes it as {}, we as {}",
            short(&answer["hex"]),
            short(&json!(hex))
        ));
    }
    if answer["value"] != widened(value) || answer["consumed"] != ours.len() {
        return Err(format!(
            "Python reads {} of our {} bytes: {}",
            answer["consumed"],
            ours.len(),
            short(&answer["value"])
        ));
    }
    // Python's bytes are ours, so reading ours back reads Python's.
    let read = Value::parse_with(&ours, Limits::new().with_depth(128))
        .map_err(|error| format!("we cannot read it back: {error}"))?;
    let read = tagged::from_value(read);
    if read != *value {
        return Err(format!("we read: {}", short(&read)));
    }
    Ok(())
}

/// The start of a value's text, enough to find it again.
fn short(value: &Json) -> String {
    let mut text = value.to_string();
    text.truncate(text.floor_char_boundary(500));
    text
}

/// The value as Python's one float type holds it.
fn widened(value: &Json) -> Json {
    match value {
        Json::Array(items) => items.iter().map(widened).collect(),
        Json::Object(object) => match object.get("$f32").and_then(Json::as_str) {
            Some(hex) => {
                let bits = u32::from_str_radix(hex, 16).unwrap_or(0);
                let wide = f64::from(f32::from_bits(bits));
                json!({ "$f64": format!("{:016x}", wide.to_bits()) })
            }
            None => object
                .iter()
                .map(|(key, item)| (key.clone(), widened(item)))
                .collect(),
        },
        other => other.clone(),
    }
}
