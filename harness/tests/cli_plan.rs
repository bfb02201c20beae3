//! `wigwag plan`: which stacks fit, by the RFC and as NEATPy chooses.

mod support;

use serde_json::{Value as Json, json};
use support::{lines, run};
use wigwag_tests::vectors::rows;

fn plan(input: &Json) -> Json {
    let done = run(&["plan", "--json"], input.to_string().as_bytes());
    assert_eq!(done.status, Some(0), "{}{}", done.text(), done.stderr);
    done.json().remove(0)
}

/// The message about an input that is refused.
fn refusal(args: &[&str], input: &str) -> String {
    let done = run(&[&["plan", "--json"], args].concat(), input.as_bytes());
    assert_eq!(done.status, Some(1), "{input}: {}", done.text());
    assert!(!done.stderr.contains("panicked"), "{}", done.stderr);
    let answers = done.json();
    assert_eq!(answers.len(), 1, "{input}");
    let message = &answers[0]["error"]["message"];
    message.as_str().expect("a message").to_owned()
}

#[test]
fn neatpy_chooses_the_same_in_every_row() {
    let rows = rows("neat_selection.jsonl");
    assert_eq!(rows.len(), 156);
    let input = lines(rows.iter().map(Json::to_string));
    let done = run(&["plan", "--compat", "neatpy", "--lines", "--json"], &input);
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    let answers = done.json();
    assert_eq!(answers.len(), rows.len());
    for (row, answer) in rows.iter().zip(&answers) {
        assert_eq!(answer["candidates"], row["candidates"], "{}", row["name"]);
        // Whatever is no candidate has a reason.
        let chosen = answer["candidates"].as_array().map_or(0, Vec::len);
        let why = answer["why"].as_object().expect("reasons");
        assert_eq!(chosen + why.len(), 3, "{}", row["name"]);
    }
}

#[test]
fn a_device_has_its_stacks_in_order_and_a_reason_against_each_other() {
    let answer = plan(&json!({}));
    assert_eq!(answer["candidates"], json!(["TLS", "TCP"]));
    let why = answer["why"]["UDP"].as_str().expect("a reason");
    assert!(
        why.starts_with("reliability=Require: datagrams may be lost"),
        "{why}"
    );
    let message = json!({"profile": "reliable-message", "stacks": ["TLS"]});
    assert_eq!(plan(&message)["candidates"], Json::Null);
    let framed = json!({"profile": "reliable-message", "stacks": ["TLS"], "framer": true});
    assert_eq!(plan(&framed), json!({"candidates": ["TLS"], "why": {}}));
    let datagram = json!({"profile": "unreliable-datagram"});
    assert_eq!(plan(&datagram)["candidates"], json!(["UDP"]));
    let said = json!({
        "preferences": {
            "Reliability": "no preference", "preserveOrder": "avoid",
            "congestionControl": "Prohibit", "direction": "unidirectional send",
            "multipath": "disabled", "advertisesAltaddr": false,
        },
        "message_properties": {"safelyReplayable": true, "msgPriority": 3},
        "stacks": ["tcp", "udp"],
    });
    let answer = plan(&said);
    assert_eq!(answer["candidates"], json!(["UDP"]));
    let why = answer["why"]["TCP"].as_str().expect("a reason");
    assert!(why.starts_with("congestionControl=Prohibit: "), "{why}");
}

#[test]
fn the_host_has_more_stacks_and_says_which_its_kernel_lacks() {
    let host = |input: Json| {
        let args = ["plan", "--json", "--net", "host"];
        let done = run(&args, input.to_string().as_bytes());
        assert_eq!(done.status, Some(0), "{}{}", done.text(), done.stderr);
        done.json().remove(0)
    };
    let answer = host(json!({}));
    let candidates = answer["candidates"].as_array().expect("some fit");
    assert_eq!(candidates[..2], [json!("TLS"), json!("TCP")]);
    let why = answer["why"].as_object().expect("reasons");
    assert_eq!(candidates.len() + why.len(), 6, "{answer}");
    // Several paths are off by default, whether the kernel has them or not.
    let of = |stack: &str| why[stack].as_str().unwrap_or_default().to_owned();
    let lacking = "this kernel does not offer Multipath TCP";
    let mptcp = of("MPTCP");
    assert!(mptcp.starts_with("multipath=Disabled: ") || mptcp.starts_with(lacking));
    assert!(of("UDP").contains("fullChecksumRecv=Require: the kernel takes datagrams"));
    let several = host(json!({
        "preferences": {"multipath": "active"}, "stacks": ["TCP", "MPTCP"],
    }));
    let first = &several["candidates"][0];
    let why = several["why"]["MPTCP"].as_str().unwrap_or_default();
    assert!(first == "MPTCP" || (first == "TCP" && why.starts_with(lacking)));
    let secure = host(json!({"profile": "unreliable-datagram", "stacks": ["UDP", "DTLS"]}));
    assert_eq!(secure["candidates"], json!(["DTLS"]));
    let done = run(&["plan", "--net", "host", "--compat", "neatpy"], b"{}");
    assert_eq!(done.status, Some(2));
}

#[test]
fn a_name_of_neatpy_is_read_where_it_means_the_same_and_explained_where_not() {
    let answer = plan(&json!({
        "preferences": {"preserve-order": "IGNORE"},
        "message_properties": {"idempotent": true},
    }));
    assert_eq!(answer["candidates"], json!(["TLS", "TCP"]));
    assert_eq!(
        answer["notes"],
        json!([
            "preserve-order is preserveOrder",
            "idempotent is safelyReplayable",
        ])
    );
    for (name, told) in [
        ("retransmit-notify", "no successor"),
        ("per-msg-checksum-len-send", "the sense is inverted"),
        ("multipath-policy", "no property of this name"),
    ] {
        let input = json!({"preferences": {name: "require"}}).to_string();
        let message = refusal(&[], &input);
        assert!(
            message.contains(name) && message.contains(told),
            "{message}"
        );
    }
}

#[test]
fn what_cannot_be_understood_is_said_and_never_guessed() {
    for (input, told) in [
        ("", "EOF"),
        ("[]", "a JSON object was expected"),
        (" [\"reliable-message\"]", "a JSON object was expected"),
        ("7", "invalid type"),
        ("{\"preference\": {}}", "unknown field `preference`"),
        (
            "{\"profile\": \"fast\"}",
            "profile: fast: there is no profile",
        ),
        ("{\"preferences\": {\"colour\": \"require\"}}", "colour"),
        (
            "{\"preferences\": {\"reliability\": \"often\"}}",
            "reliability: often: there is no preference level",
        ),
        (
            "{\"preferences\": {\"reliability\": 2}}",
            "a text was expected",
        ),
        (
            "{\"preferences\": {\"connPriority\": \"require\"}}",
            "connPriority is not a selection property",
        ),
        ("{\"preferences\": {\"interface\": \"require\"}}", "paths"),
        (
            "{\"preferences\": {\"reliability\": \"avoid\", \"RELIABILITY\": \"require\"}}",
            "reliability is said twice",
        ),
        (
            "{\"preferences\": {\"reliability\": \"avoid\", \"reliability\": \"require\"}}",
            "reliability is said twice",
        ),
        ("{\"preferences\": [\"reliability\"]}", "expected an object"),
        (
            "{\"message_properties\": {\"reliability\": true}}",
            "reliability is not a property of messages",
        ),
        (
            "{\"message_properties\": {\"safelyReplayable\": \"yes\"}}",
            "true or false",
        ),
        ("{\"stacks\": []}", "the list is empty"),
        (
            "{\"stacks\": [\"SCTP\"]}",
            "there is no SCTP here; there are TLS, TCP, UDP",
        ),
        ("{\"stacks\": [\"QUIC\"]}", "there is no protocol stack"),
        ("{\"stacks\": [\"TCP\", \"tcp\"]}", "TCP is there twice"),
        ("{\"sctp_available\": true}", "--compat neatpy"),
        ("{\"profile\": \"\u{fffd}", "EOF"),
    ] {
        let message = refusal(&[], input);
        assert!(message.contains(told), "{input}: {message}");
    }
    for (input, told) in [
        (
            "{\"preferences\": {\"reliability\": \"NoPreference\"}}",
            "NEATPy",
        ),
        ("{\"preferences\": {\"keepAlive\": \"REQUIRE\"}}", "NEATPy"),
        (
            "{\"preferences\": {\"INTERFACE\": \"REQUIRE\"}}",
            "KeyError",
        ),
        (
            "{\"preferences\": {\"PRESERVE_ORDER\": \"AVOID\", \"preserve-order\": \"REQUIRE\"}}",
            "PRESERVE_ORDER is said twice",
        ),
        (
            "{\"preferences\": {\"DIRECTION\": \"REQUIRE\"}}",
            "cannot be set",
        ),
        (
            "{\"message_properties\": {\"IDEMPOTENT\": true, \"idempotent\": false}}",
            "idempotent is said twice",
        ),
        ("{\"message_properties\": {\"COLOUR\": 1}}", "COLOUR"),
        (
            "{\"message_properties\": {\"IDEMPOTENT\": 1}}",
            "true or false",
        ),
        ("{\"stacks\": [\"TCP\"]}", "sctp_available"),
    ] {
        let message = refusal(&["--compat", "neatpy"], input);
        assert!(message.contains(told), "{input}: {message}");
    }
}

#[test]
fn every_line_has_exactly_one_answer_and_people_get_text() {
    let input = b"{}\n\nnonsense\n{\"stacks\": [\"UDP\"]}\n\xff\n{\"profile\": null}";
    let done = run(&["plan", "--lines", "--json"], input);
    assert_eq!(done.status, Some(1));
    let fields: Vec<_> = done
        .json()
        .iter()
        .map(|answer| answer.get("error").is_some())
        .collect();
    assert_eq!(fields, [false, true, true, false, true, false]);
    let done = run(&["plan", "--lines"], b"{}\n{\"stacks\": [\"UDP\"]}\n{");
    let text = done.lines();
    assert_eq!(text[0], "TLS, TCP");
    assert!(
        text[1].starts_with("none; UDP: reliability=Require: "),
        "{}",
        text[1]
    );
    assert!(text[2].starts_with("error: "), "{}", text[2]);
    let done = run(
        &["plan"],
        b"{\"preferences\": {\"multistreaming\": \"require\"}}",
    );
    assert_eq!(done.status, Some(0));
    let text = done.lines();
    assert_eq!(text[0], "no protocol stack fits");
    assert!(
        text[1].starts_with("not TLS: multistreaming=Require: "),
        "{}",
        text[1]
    );
}
