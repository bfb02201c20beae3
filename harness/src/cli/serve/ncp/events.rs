//! What an event of the NCP server looks like: a JSON object, or a line for
//! people.

use serde_json::{Map, Value as Json, json};
use wigwag_codec::ncp::link::Timing;

use crate::cli::output;
use crate::cli::params;
use crate::mock_ncp::{Event, EventKind};

/// The event's name and its fields.
fn parts(kind: &EventKind) -> (&'static str, Json) {
    match kind {
        EventKind::Listening { addr } => ("listening", json!({"addr": addr.to_string()})),
        EventKind::Stopped => ("stopped", json!({})),
        EventKind::Connected {
            peer,
            hostname,
            certificate,
            timing,
        } => (
            "connected",
            json!({
                "peer": peer.to_string(),
                "hostname": **hostname,
                "cn": certificate.as_deref(),
                "timeout": seconds(*timing),
            }),
        ),
        EventKind::Refused { peer, reason } => (
            "refused",
            json!({"peer": peer.to_string(), "reason": reason}),
        ),
        EventKind::Disconnected { reason } => ("disconnected", json!({"reason": reason})),
        EventKind::Field {
            packet,
            name,
            id,
            params,
        } => (
            "field",
            json!({"packet": packet, "name": name, "id": id, "params": params}),
        ),
        EventKind::CommandError {
            packet,
            name,
            id,
            detail,
            code,
        } => (
            "command_error",
            json!({"packet": packet, "name": name, "id": id, "detail": detail, "code": code}),
        ),
        EventKind::HandlerFailed { error } => ("handler_failed", json!({"reason": error})),
    }
}

/// The agreed time; none with a client that knows of no such thing.
fn seconds(timing: Timing) -> Option<u64> {
    match timing {
        Timing::Legacy => None,
        Timing::Agreed(time) => Some(time.as_secs()),
    }
}

/// The event as an object.
pub(crate) fn object(event: &Event) -> Map<String, Json> {
    let (name, fields) = parts(&event.kind);
    let mut object = Map::new();
    let millis = u64::try_from(event.at.as_millis()).unwrap_or(u64::MAX);
    object.insert("event".into(), json!(name));
    object.insert("t".into(), json!(millis));
    if let Some(number) = event.connection {
        object.insert("connection".into(), json!(number));
    }
    if let Json::Object(fields) = fields {
        object.extend(fields);
    }
    object
}

/// A line for people: `0.512 s  2  field  packet DSPC  name TIME ...`.
pub(super) fn line(event: &Event) -> String {
    let (name, fields) = parts(&event.kind);
    let seconds = event.at.as_secs_f64();
    let number = event.connection.map_or("-".into(), |n| n.to_string());
    let params = params::line(&fields["params"]);
    // Who shows no certificate has no name in one.
    let nobody = if fields["cn"].is_null() { "cn" } else { "" };
    let fields = output::fields(&fields, &["params", nobody]);
    format!(
        "{seconds:8.3} s  {number}  {}{fields}{params}",
        name.replace('_', " ")
    )
}
