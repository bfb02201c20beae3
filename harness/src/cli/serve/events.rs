//! What a server's event looks like: a JSON object, or a line for people.

use serde_json::{Map, Value as Json, json};
use wigwag_codec::minijson::{Value, json as text};
use wigwag_codec::ngtt::client::Answer;
use wigwag_codec::ngtt::message::{Measured, Pathpoints};

use crate::cli::format::LIMITS;
use crate::cli::output;
use crate::mock::{DataAnswer, Event, EventKind};
use crate::tagged;

/// The latest texts among the readings of a batch, by path.
fn texts(payload: &[u8]) -> Map<String, Json> {
    let mut texts = Map::new();
    for pathpoint in Pathpoints::parse(payload).into_iter().flatten() {
        for reading in pathpoint.readings() {
            if let (Some(path), Measured::Value(value)) = (pathpoint.path(), reading.measured)
                && let Some(text) = value.as_str()
            {
                texts.insert(path.to_owned(), text.into());
            }
        }
    }
    texts
}

/// The event's name and its fields.
fn parts(kind: &EventKind) -> (&'static str, Json) {
    match kind {
        EventKind::Listening { addr } => ("listening", json!({"addr": addr.to_string()})),
        EventKind::Stopped => ("stopped", json!({})),
        EventKind::Connected { peer } => ("connected", json!({"peer": peer.to_string()})),
        EventKind::Refused { peer, reason } => (
            "refused",
            json!({"peer": peer.to_string(), "reason": reason}),
        ),
        EventKind::Disconnected { reason } => ("disconnected", json!({"reason": reason})),
        EventKind::Fetched => ("fetched", json!({})),
        EventKind::Delivered {
            number,
            tid,
            times,
            payload,
        } => (
            "order",
            json!({"tid": tid, "number": number, "times": times, "data": data(payload)}),
        ),
        EventKind::Answered {
            number,
            tid,
            answer,
        } => (answered(*answer), json!({"tid": tid, "number": number})),
        EventKind::AnsweredAgain { tid, answer } => (
            "order_duplicate",
            json!({"tid": tid, "answer": answered(*answer)}),
        ),
        EventKind::Data {
            tid,
            points,
            answer,
            payload,
            ..
        } => {
            let mut told =
                json!({"tid": tid, "points": points, "batches": 1, "answer": reply(*answer)});
            // A device's request for a certificate is such a text.
            let texts = texts(payload);
            if !texts.is_empty() {
                told["text"] = texts.into();
            }
            ("data", told)
        }
        EventKind::Logs { entries } => ("logs", json!({"count": entries})),
        EventKind::Baobs { download, upload } => {
            ("baobs", json!({"download": download, "upload": upload}))
        }
        EventKind::Stray { head } => (
            "stray",
            json!({"tid": head.tid, "type": head.kind.as_u16(), "name": head.kind.name()}),
        ),
        EventKind::Invalid { head, error } => (
            "invalid",
            json!({"tid": head.tid, "name": head.kind.name(), "reason": error}),
        ),
    }
}

fn answered(answer: Answer) -> &'static str {
    match answer {
        Answer::Confirm => "order_acked",
        Answer::Reject => "order_rejected",
    }
}

fn reply(answer: DataAnswer) -> &'static str {
    match answer {
        DataAnswer::Confirm => "data_confirmed",
        DataAnswer::Reject => "data_rejected",
        DataAnswer::Silence => "none",
    }
}

/// A payload as the plain JSON of [`wigwag_codec::minijson::json`].
fn data(payload: &[u8]) -> Json {
    let mut line = String::new();
    Value::parse_with(payload, LIMITS)
        .and_then(|value| text::write(value, &mut line))
        .ok()
        .and_then(|()| tagged::parse(&line).ok())
        .unwrap_or_else(|| json!({ "$bytes": tagged::to_hex(payload) }))
}

/// The events that a server's event stands for: one, or for pathpoints one for
/// their arrival and one for their answer.
pub(crate) fn objects(event: &Event) -> Vec<Map<String, Json>> {
    let (name, fields) = parts(&event.kind);
    let mut first = Map::new();
    first.insert("event".into(), json!(name));
    first.insert("t".into(), json!(millis(event)));
    if let Some(device) = &event.device {
        first.insert("cn".into(), json!(**device));
    }
    if let Json::Object(fields) = fields {
        first.extend(fields);
    }
    if name != "data" {
        return vec![first];
    }
    let mut second = first.clone();
    second.retain(|field, _| matches!(field.as_str(), "t" | "cn" | "tid"));
    match first.remove("answer") {
        Some(answer) if answer != "none" => {
            second.insert("event".into(), answer);
            vec![first, second]
        }
        _ => vec![first],
    }
}

/// A line for people: `0.512 s  device-0001  order  number 6  tid 7 ...`.
pub(crate) fn line(event: &Event) -> String {
    let (name, fields) = parts(&event.kind);
    let seconds = event.at.as_secs_f64();
    let device = event.device.as_deref().unwrap_or("-");
    let fields = output::fields(&fields, &[]);
    format!(
        "{seconds:8.3} s  {device}  {}{fields}",
        name.replace('_', " ")
    )
}

fn millis(event: &Event) -> u64 {
    u64::try_from(event.at.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wigwag_codec::ngtt::message::PathpointsWriter;

    #[test]
    fn the_latest_text_of_each_path_is_told_and_numbers_are_not() {
        let mut bytes = [0; 256];
        let mut batch = PathpointsWriter::new(&mut bytes, 2).unwrap();
        let readings = batch.pathpoint("certificate/request", 2).unwrap();
        readings.value(1, |value| value.str("MIA")).unwrap();
        readings.value(2, |value| value.str("MIB")).unwrap();
        let readings = batch.pathpoint("W1", 1).unwrap();
        readings.value(2, |value| value.int(7)).unwrap();
        let length = batch.finish().unwrap();
        let texts = Json::from(texts(&bytes[..length]));
        assert_eq!(texts, json!({"certificate/request": "MIB"}));
    }

    #[test]
    fn what_is_no_batch_has_no_texts() {
        for payload in [&b""[..], b"\x08", b"\x41\x08", b"\x51\x01a\x08"] {
            assert!(texts(payload).is_empty(), "{payload:?}");
        }
    }
}
