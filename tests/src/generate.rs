//! Random minijson values in the tagged form of the vectors, rich in lengths
//! and numbers at which the encoding changes.

use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;
use serde_json::{Value as Json, json};
use std::collections::HashSet;

/// Which floats a generated value holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// `$f32`
    Single,
    /// `$f64`
    Double,
}

/// Lengths of texts, bytes and containers where the type byte changes.
const EDGES: [usize; 8] = [0, 1, 15, 16, 127, 128, 255, 256];

/// A random value, containers nested at most `depth` levels.
///
/// Map keys are such that Python does not take two of them for one (it merges
/// 1, 1.0 and true), and text keys are not of the kind on which the Python
/// encoder fails (at most 255 characters that take more than 255 bytes).
pub fn value(rng: &mut ChaCha8Rng, width: Width, depth: u32) -> Json {
    match below(rng, if depth == 0 { 14 } else { 20 }) {
        0 => Json::Null,
        1 => json!(below(rng, 2) == 0),
        2..=6 => integer(rng),
        7..=8 => float(rng, width),
        9..=12 => json!(text(rng)),
        13 => bytes(rng),
        14..=16 => (0..count(rng))
            .map(|_| value(rng, width, depth - 1))
            .collect(),
        17..=18 => map(rng, width, depth, |rng, _| json!(key_text(rng))),
        _ => map(rng, width, depth, key),
    }
}

fn map(
    rng: &mut ChaCha8Rng,
    width: Width,
    depth: u32,
    key: impl Fn(&mut ChaCha8Rng, Width) -> Json,
) -> Json {
    let mut seen = HashSet::new();
    let mut entries = Vec::new();
    for _ in 0..count(rng) {
        let key = key(rng, width);
        if seen.insert(key.to_string()) {
            entries.push(json!([key, value(rng, width, depth - 1)]));
        }
    }
    json!({ "$map": entries })
}

/// A key of any hashable kind; booleans and whole floats stay out because
/// Python takes them for integers.
fn key(rng: &mut ChaCha8Rng, width: Width) -> Json {
    match below(rng, 8) {
        0 => Json::Null,
        1..=3 => integer(rng),
        4 => {
            let half = f64::from(u16::try_from(below(rng, 1000)).unwrap_or(0)) + 0.5;
            tagged_float(half, width)
        }
        5 => bytes(rng),
        _ => json!(key_text(rng)),
    }
}

fn integer(rng: &mut ChaCha8Rng) -> Json {
    let sign = if below(rng, 2) == 0 { "" } else { "-" };
    if below(rng, 12) == 0 {
        // Up to the largest that the format has: 255 bytes, 613 digits.
        let digits: String = (0..1 + below(rng, 612))
            .map(|_| char::from(b'0' + u8::try_from(below(rng, 10)).unwrap_or(0)))
            .collect();
        let digits = digits.trim_start_matches('0');
        // Those of fewer digits are made below.
        if digits.len() > 16 {
            return json!({ "$int": format!("{sign}{digits}") });
        }
    }
    // Any number of bits, or a power of two and its neighbours.
    let bits = u32::try_from(below(rng, 65)).unwrap_or(0);
    let magnitude = if below(rng, 2) == 0 {
        (1_i128 << bits) + i128::try_from(below(rng, 3)).unwrap_or(0) - 1
    } else {
        i128::from(rng.next_u64() >> (64 - bits.clamp(1, 64)))
    };
    let number = if sign.is_empty() {
        magnitude
    } else {
        -magnitude
    };
    match i64::try_from(number) {
        Ok(small) if small.unsigned_abs() < 1 << 53 => json!(small),
        _ => json!({ "$int": number.to_string() }),
    }
}

fn float(rng: &mut ChaCha8Rng, width: Width) -> Json {
    let special = [0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, 0.1, 1e30, -1.5];
    if below(rng, 3) == 0 {
        return tagged_float(special[below(rng, special.len())], width);
    }
    // Random bits, without the NaNs: Python changes some of those.
    match width {
        Width::Single => loop {
            let number = f32::from_bits(rng.next_u32());
            if !number.is_nan() {
                return json!({ "$f32": format!("{:08x}", number.to_bits()) });
            }
        },
        Width::Double => loop {
            let number = f64::from_bits(rng.next_u64());
            if !number.is_nan() {
                return tagged_float(number, width);
            }
        },
    }
}

fn tagged_float(number: f64, width: Width) -> Json {
    match width {
        Width::Single => json!({ "$f32": format!("{:08x}", (number as f32).to_bits()) }),
        Width::Double => json!({ "$f64": format!("{:016x}", number.to_bits()) }),
    }
}

fn bytes(rng: &mut ChaCha8Rng) -> Json {
    let mut bytes = vec![0; length(rng)];
    rng.fill_bytes(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "$bytes": hex })
}

fn text(rng: &mut ChaCha8Rng) -> String {
    const ALPHABETS: [&str; 3] = ["abcXYZ 019_/", "\u{0}\n\"\\\u{7f}a", "aé→😀"];
    let alphabet: Vec<char> = ALPHABETS[below(rng, 3)].chars().collect();
    (0..length(rng))
        .map(|_| alphabet[below(rng, alphabet.len())])
        .collect()
}

/// A text that can be a key: at most 255 bytes, or more than 255 characters.
fn key_text(rng: &mut ChaCha8Rng) -> String {
    let text = text(rng);
    if text.len() <= 255 || text.chars().count() > 255 {
        text
    } else {
        text.chars().take(63).collect()
    }
}

fn length(rng: &mut ChaCha8Rng) -> usize {
    match below(rng, 2000) {
        0 => 65_535,
        1 => 65_536,
        2..200 => EDGES[below(rng, EDGES.len())],
        _ => below(rng, 24),
    }
}

fn count(rng: &mut ChaCha8Rng) -> usize {
    match below(rng, 60) {
        0 => EDGES[below(rng, EDGES.len())],
        _ => below(rng, 6),
    }
}

fn below(rng: &mut ChaCha8Rng, limit: usize) -> usize {
    // The bias of the remainder does not matter for choosing cases.
    usize::try_from(rng.next_u64() % limit as u64).unwrap_or(0)
}
