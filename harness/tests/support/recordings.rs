//! Recordings for the commands that read them, as JSON lines.

use serde_json::{Value as Json, json};
use wigwag_codec::minijson::json as plain;
use wigwag_codec::ncp::packet;
use wigwag_harness::tagged::to_hex;

/// When the recordings begin: 2026-11-21T19:25:00Z in microseconds.
pub(crate) const BEGIN: u64 = 1_795_289_100_000_000;

/// A frame of NGTT with a JSON text as its payload, as hex.
fn frame(tid: u16, kind: u16, payload: &str) -> String {
    let mut place = [0; 256];
    let length = match payload {
        "" => 0,
        text => plain::read(text.as_bytes(), &mut place).expect("JSON"),
    };
    format!(
        "{length:08x}{tid:04x}{kind:04x}{}",
        to_hex(&place[..length])
    )
}

fn lines(lines: Vec<Json>) -> Vec<u8> {
    let lines = lines.iter().map(|line| format!("{line}\n"));
    lines.collect::<String>().into_bytes()
}

/// An order that took 3.2 s, one that was refused, a log with an escape sequence in
/// it, an order that nobody answers, and one that is not minijson. Connection 4.
pub(crate) fn conversation() -> Vec<u8> {
    let order = r#"[{"orders":[{"type":"write","path":"W1","value":5}]}]"#;
    let log = r#"[{"service":"db","message":"hello \u001b[31m","level":20}]"#;
    let frames = [
        (1_000, "to_server", frame(0, 10, "")),
        (5_000, "to_device", frame(7, 1, order)),
        (3_205_000, "to_server", frame(7, 2, "")),
        (3_300_000, "to_device", frame(8, 1, order)),
        (3_340_000, "to_server", frame(8, 9, "")),
        (5_000_000, "to_server", frame(0, 3, log)),
        (6_000_000, "to_device", frame(9, 1, order)),
        (7_000_000, "to_device", "00000003000a0001411c00".to_owned()),
    ];
    let open = json!({
        "event": "open", "time": BEGIN, "connection": 4, "protocol": "ngtt",
        "device": "device-0001", "server": "localhost:2405",
    });
    let frames = frames.map(|(time, direction, hex)| {
        json!({"time": BEGIN + time, "connection": 4, "direction": direction, "hex": hex})
    });
    lines([&[open], &frames[..]].concat())
}

/// A frame of each protocol, in a connection of its own.
pub(crate) fn every_protocol() -> Vec<u8> {
    let mut place = [0; 128];
    let ncp = packet(&mut place, "DSPC")
        .id(7)
        .field("STAT")
        .param("LEVL", 5);
    let frames = [
        ("ngtt", frame(7, 0, "")),
        ("ncp", to_hex(ncp.finish().expect("a packet"))),
        ("prefix", "0000000568656c6c6f".to_owned()),
        ("minijson", "5101610307".to_owned()),
    ];
    let frames = (0..).zip(frames).flat_map(|(number, (protocol, hex))| {
        let open = json!({
            "event": "open", "time": BEGIN, "connection": number, "protocol": protocol,
        });
        let bytes = json!({
            "time": BEGIN, "connection": number, "direction": "to_server", "hex": hex,
        });
        [open, bytes]
    });
    lines(frames.collect())
}
