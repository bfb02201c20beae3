//! What a page may ask for.

use crate::record::{Direction, Recorder};
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// A text message of a page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    send: Send,
}

/// A frame is to be sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Send {
    /// The page's number for it, which is in the answer.
    n: u64,
    connection: u32,
    direction: u8,
    hex: String,
}

/// Does what a text message wants, and makes the answer.
pub(super) fn obey(recorder: &Recorder, text: &str) -> Json {
    let send = match serde_json::from_str::<Request>(text) {
        Ok(request) => request.send,
        Err(error) => return json!({"refused": format!("not understood: {error}"), "n": null}),
    };
    let refused = |why: String| json!({"refused": why, "n": send.n});
    let direction = match send.direction {
        0 => Direction::ToServer,
        1 => Direction::ToDevice,
        other => return refused(format!("there is no direction {other}")),
    };
    let Some(frame) = unhex(&send.hex) else {
        return refused("`hex` is not pairs of hexadecimal digits".into());
    };
    match recorder.send(send.connection, direction, &frame) {
        Ok(()) => json!({"sent": send.n}),
        Err(refusal) => refused(refusal.to_string()),
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let byte = |[high, low]: &[u8; 2]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok();
    pairs.iter().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_understood_is_refused_with_words() {
        let recorder = Recorder::default();
        let refused = |text: &str| {
            let answer = obey(&recorder, text);
            assert!(answer["refused"].is_string(), "{text}: {answer}");
            answer["n"].as_u64()
        };
        for nonsense in ["", "5", "{}", "{\"send\":1}", &"[".repeat(100_000)] {
            assert_eq!(refused(nonsense), None);
        }
        let send = |direction: &str, hex: &str| {
            format!(r#"{{"send":{{"n":7,"connection":1,"direction":{direction},"hex":"{hex}"}}}}"#)
        };
        assert_eq!(refused(&send("2", "")), Some(7));
        assert_eq!(refused(&send("1", "0")), Some(7));
        assert_eq!(refused(&send("1", "0g")), Some(7));
        assert_eq!(refused(&send("1", "+1")), Some(7));
        // There is no connection.
        assert_eq!(refused(&send("1", "0000000000000000")), Some(7));
    }

    #[test]
    fn digits_come_in_pairs() {
        assert_eq!(unhex("00fFA5"), Some(vec![0, 0xff, 0xa5]));
        assert_eq!(unhex("é"), None);
    }
}
