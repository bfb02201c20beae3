//! Typed payloads against the JSON that they were made from, and payloads of
//! unknown shapes.

use serde_json::{Value as Json, json};
use wigwag_codec::minijson::Value;
use wigwag_codec::ngtt::NgttError;
use wigwag_codec::ngtt::message::{
    Advise, BaobRequest, BaobResponse, Command, Disposition, Failure, LogEntry, LogMessage, Logs,
    Measured, Pathpoints, Sections,
};
use wigwag_harness::tagged;
use wigwag_tests::vectors;

/// The bytes of JSON, whose maps have text keys.
fn bytes(json: &Json) -> Vec<u8> {
    tagged::encode(&tag(json)).unwrap()
}

fn tag(json: &Json) -> Json {
    match json {
        Json::Array(items) => items.iter().map(tag).collect(),
        Json::Object(map) => {
            let entries = map.iter().map(|(key, value)| json!([key, tag(value)]));
            json!({ "$map": entries.collect::<Json>() })
        }
        other => other.clone(),
    }
}

fn plain(value: Value<'_>) -> Json {
    tagged::from_value(value)
}

/// A command as the JSON that it was made from.
fn untyped(command: Command<'_>) -> Json {
    let advise = |advise| i32::from(advise == Advise::Force);
    match command {
        Command::Write {
            path,
            value,
            advise: how,
            stale_after,
        } => {
            json!(["write", path, plain(value), advise(how), stale_after])
        }
        Command::Read { path, advise: how } => json!(["read", path, advise(how)]),
        Command::Wait { seconds } => json!(["wait", seconds]),
        Command::Sysctl { op_type, op_args } => json!(["sysctl", op_type, plain(op_args)]),
        Command::Message { uuid } => json!(["message", uuid]),
        Command::Other(value) => json!(["other", plain(value)]),
    }
}

/// The same from the tagged JSON of a vector.
fn expected(command: &Json) -> Json {
    let get = |key: &str| {
        let entries = command["$map"].as_array().unwrap();
        entries
            .iter()
            .find(|entry| entry[0] == key)
            .map(|entry| entry[1].clone())
    };
    let text = |key| get(key).unwrap();
    let number = |value: Json| match value.get("$f32") {
        Some(hex) => {
            let bits = u32::from_str_radix(hex.as_str().unwrap(), 16).unwrap();
            f64::from(f32::from_bits(bits))
        }
        None => value.as_f64().unwrap(),
    };
    let advise = || get("advise").unwrap_or(json!(0));
    match text("type").as_str().unwrap() {
        "write" => {
            let stale_after = get("stale_after").map(number);
            json!(["write", text("path"), text("value"), advise(), stale_after])
        }
        "read" => json!(["read", text("path"), advise()]),
        "wait" => json!(["wait", number(text("time"))]),
        "sysctl" => json!(["sysctl", text("op_type"), text("op_args")]),
        "message" => json!(["message", text("uuid")]),
        _ => json!(["other", command]),
    }
}

#[test]
fn orders_are_read_as_they_were_written() {
    let mut kinds = std::collections::BTreeSet::new();
    for row in vectors::rows("ngtt.jsonl") {
        let name = vectors::text(&row, "name");
        if !name.starts_with("ORDER_real") {
            continue;
        }
        let payload = vectors::hex(&row, "payload_hex");
        let sections = Sections::parse(&payload).unwrap();
        let written = row["payload"].as_array().unwrap();
        assert_eq!(sections.len(), written.len(), "{name}");
        for (section, written) in sections.zip(written) {
            assert_eq!(plain(section.value()), *written, "{name}");
            let entries = written["$map"].as_array().unwrap();
            let commands = entries.iter().find(|entry| entry[0] == "orders").unwrap();
            let commands: Vec<_> = commands[1]
                .as_array()
                .unwrap()
                .iter()
                .map(expected)
                .collect();
            let read: Vec<_> = section.commands().map(untyped).collect();
            assert_eq!(read, commands, "{name}");
            kinds.extend(read.iter().map(|command| command[0].to_string()));
            let disposition = entries.iter().find(|entry| entry[0] == "disposition");
            let cannot = disposition.is_some_and(|entry| entry[1] == 1);
            let expected = if cannot {
                Disposition::CannotJoin
            } else {
                Disposition::Joinable
            };
            assert_eq!(section.disposition(), Some(expected), "{name}");
        }
    }
    assert_eq!(
        kinds.len(),
        5,
        "every kind of command was among them: {kinds:?}"
    );
}

#[test]
fn commands_of_unknown_shapes_stay_reachable() {
    let odd = [
        json!({"type": "dance", "path": "W1"}),
        json!({"type": "write", "path": "W1"}),
        json!({"type": "write", "path": 5, "value": 1}),
        json!({"type": "write", "path": "W1", "value": 1, "advise": 2}),
        json!({"type": "write", "path": "W1", "value": 1, "stale_after": "never"}),
        json!({"type": "read"}),
        json!({"type": "wait", "time": "5"}),
        json!({"type": "sysctl", "op_type": "x"}),
        json!({"type": "message", "uuid": 5}),
        json!({"path": "W1"}),
        json!("write"),
        json!(null),
    ];
    let payload = bytes(&json!([{"orders": odd}]));
    let section = Sections::parse(&payload).unwrap().next().unwrap();
    for (command, odd) in section.commands().zip(&odd) {
        assert_eq!(untyped(command), json!(["other", tag(odd)]));
    }
    assert_eq!(section.commands().count(), odd.len());
    // A stale_after of null is none.
    let write = json!({"type": "write", "path": "W1", "value": 1, "stale_after": null});
    let payload = bytes(&json!([{"orders": [write]}]));
    let section = Sections::parse(&payload).unwrap().next().unwrap();
    let command = section.commands().next().unwrap();
    assert_eq!(untyped(command), json!(["write", "W1", 1, 0, null]));
}

#[test]
fn sections_of_unknown_shapes_stay_reachable() {
    let payload = bytes(&json!([5, {"orders": 5}, {}, {"orders": [], "disposition": 7}]));
    let sections: Vec<_> = Sections::parse(&payload).unwrap().collect();
    assert_eq!(sections.len(), 4);
    assert!(
        sections
            .iter()
            .all(|section| section.commands().next().is_none())
    );
    assert_eq!(sections[0].value().as_i64(), Some(5));
    assert_eq!(sections[2].disposition(), Some(Disposition::Joinable));
    assert_eq!(sections[3].disposition(), None);
}

#[test]
fn payloads_that_are_not_what_they_should_be_are_errors() {
    let (list, map) = (bytes(&json!([])), bytes(&json!({})));
    let wrong = Some(NgttError::InvalidFrame { offset: 0 });
    assert_eq!(Sections::parse(&map).err(), wrong);
    assert_eq!(Pathpoints::parse(&map).err(), wrong);
    assert_eq!(Logs::parse(&map).err(), wrong);
    assert_eq!(BaobRequest::parse(&list).err(), wrong);
    assert_eq!(BaobResponse::parse(&list).err(), wrong);
    // Where the minijson is at fault.
    let cut = Some(NgttError::InvalidFrame { offset: 1 });
    assert_eq!(Sections::parse(&[0x42, 0x01, 0]).err(), cut);
    assert_eq!(Sections::parse(&[0x40, 0]).err(), cut);
    assert_eq!(Sections::parse(&[]).err(), wrong);
}

#[test]
fn readings_of_every_form() {
    let payload = bytes(&json!([
        {"path": "W1", "values": [
            [1000, 5],
            [false, 1001, "malformed"],
            [false, 1002, "timeout"],
            [false, 1003, "invalid"],
            [false, 1004, "on fire"],
            {"timestamp": 1005, "value": "on"},
            {"timestamp": 1006, "error_code": "timeout"},
            [1007],
            [1008, 1, 2],
            [true, 1009, "timeout"],
            [false, 1010, 5],
            ["1011", 5],
            {"value": 5},
            {"timestamp": 1012},
            null,
        ]},
        {"values": 5},
        "W2",
    ]));
    let pathpoints: Vec<_> = Pathpoints::parse(&payload).unwrap().collect();
    let readings: Vec<_> = pathpoints[0].readings().collect();
    let failures = [
        Failure::Malformed,
        Failure::Timeout,
        Failure::Invalid,
        Failure::Other("on fire"),
    ];
    for (at, reading) in readings.iter().enumerate() {
        let at_ms = 1000 + at as i64;
        assert_eq!(reading.at_ms, (at <= 6).then_some(at_ms), "{at}");
        match (at, reading.measured) {
            (0, Measured::Value(value)) => assert_eq!(value.as_i64(), Some(5)),
            (1..=4, Measured::Failed(failure)) => {
                assert_eq!(failure, failures[at - 1]);
                assert_eq!(Failure::from_code(failure.code()), failure);
            }
            (5, Measured::Value(value)) => assert_eq!(value.as_str(), Some("on")),
            (6, Measured::Failed(failure)) => assert_eq!(failure, Failure::Timeout),
            (7.., Measured::Other(_)) => {}
            (at, other) => panic!("{at}: {other:?}"),
        }
    }
    assert_eq!((readings.len(), pathpoints.len()), (15, 3));
    assert_eq!((pathpoints[1].path(), pathpoints[2].path()), (None, None));
    assert_eq!(
        pathpoints[1].readings().count() + pathpoints[2].readings().count(),
        0
    );
    assert_eq!(pathpoints[2].value().as_str(), Some("W2"));
}

#[test]
fn packed_contents_of_logs_are_kept_as_they_are() {
    let payload = bytes(&json!([
        {"service": "s", "when": 1_623_859_201_828_889_i64, "level": 40,
         "message": {"encoding": "base64-gzip", "content": "H4sI"},
         "exception_text": "Traceback", "exception_traceback": "H4sJ"},
        {"service": "s", "when": 5, "level": 10, "message": "m", "exception_text": null},
        {"service": "s", "when": 5, "level": 10},
        {"service": "s", "when": 5, "level": 10, "message": {"content": "H4sI"}},
        {"service": "s", "when": 5, "level": 10, "message": "m", "exception_text": 5},
    ]));
    let logs: Vec<_> = Logs::parse(&payload).unwrap().collect();
    let full = LogEntry {
        service: "s",
        when_us: 1_623_859_201_828_889,
        message: LogMessage::Encoded {
            encoding: "base64-gzip",
            content: "H4sI",
        },
        level: 40,
        exception_text: Some("Traceback"),
        exception_traceback: Some("H4sJ"),
    };
    assert_eq!(logs[0].as_ref().ok(), Some(&full));
    assert_eq!(
        logs[1].as_ref().ok(),
        Some(&LogEntry::text("s", 5, 10, "m"))
    );
    for odd in &logs[2..] {
        assert!(odd.is_err_and(|value| value.get("level").is_some()));
    }
    assert_eq!(logs.len(), 5);
}

#[test]
fn objects_of_unknown_shapes_are_passed_over() {
    let payload = bytes(&json!({"fw": 3, "bad": "x", "new": -1}));
    let objects: Vec<_> = BaobRequest::parse(&payload).unwrap().collect();
    assert_eq!(objects.len(), 3);
    assert!(objects.contains(&Some(("fw", 3))) && objects.contains(&Some(("new", -1))));
    assert!(objects.contains(&None));
    // A map with any keys will do.
    let sdict = b"\x62\x82fw\x03\x03\x03\x05\x03\x05";
    let objects: Vec<_> = BaobRequest::parse(sdict).unwrap().collect();
    assert_eq!(objects, [Some(("fw", 3)), None]);

    let payload = bytes(&json!({"download": ["a", 5, "b"]}));
    let reply = BaobResponse::parse(&payload).unwrap();
    assert!(reply.download().eq(["a", "b"]));
    assert_eq!(reply.upload().count(), 0);
}
