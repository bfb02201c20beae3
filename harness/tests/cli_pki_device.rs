//! `wigwag pki check --device` as a process: can a device use this certificate
//! and key?

mod support;

use serde_json::{Value as Json, json};

/// The answer to `wigwag pki check --device`, and its status.
fn device(certificate: &str, key: &str, more: &[&str]) -> (Option<i32>, Json) {
    let args = [
        &[
            "pki",
            "check",
            "--device",
            certificate,
            "--key",
            key,
            "--json",
        ],
        more,
    ];
    let done = support::run(&args.concat(), b"");
    let answer = done.json().pop().unwrap_or_default();
    (done.status, answer)
}

#[test]
fn a_devices_own_certificate_and_key_are_judged() {
    let (folder, _) = support::folder();
    let file = |name: &str| support::name(&folder.path().join("pki"), name);
    let (own, key) = (file("device-0001.pem"), file("device-0001.key"));
    let (status, answer) = device(&own, &key, &[]);
    assert_eq!(status, Some(0), "{answer}");
    assert_eq!(answer["accepted"], json!(true));
    assert_eq!(answer["device_id"], json!("device-0001"));
    let needed = answer["send_buffer_needed"].as_u64().expect("bytes");
    assert!((400..2048).contains(&needed));
    for (certificate, key, more, reason) in [
        (
            &own,
            file("server.key"),
            vec![],
            "the device certificate is for another key".to_owned(),
        ),
        (
            &own,
            key.clone(),
            vec!["--time".to_owned(), "2090-01-01T00:00:00Z".to_owned()],
            "the device certificate is not valid at this time".to_owned(),
        ),
        (
            &own,
            key.clone(),
            vec!["--send-buffer".to_owned(), (needed - 1).to_string()],
            format!("the certificate needs a TLS send buffer of {needed} bytes"),
        ),
    ] {
        let more: Vec<&str> = more.iter().map(String::as_str).collect();
        let (status, answer) = device(certificate, &key, &more);
        assert_eq!(status, Some(1), "{reason}");
        assert_eq!(answer["reason"], json!(reason));
    }
    // A certificate is no key.
    assert_eq!(device(&own, &own, &[]).0, Some(2));
    let done = support::run(&["pki", "check", "--device", &own, "--key", &key], b"");
    let text = done.text();
    assert!(text.starts_with("accepted: device-0001\n"), "{text}");
    // One question at a time, and whole ones.
    for args in [
        vec!["pki", "check"],
        vec!["pki", "check", "--device", &own],
        vec!["pki", "check", "--key", &key],
        vec!["pki", "check", "--leaf", &own],
        vec![
            "pki",
            "check",
            "--leaf",
            &own,
            "--roots",
            &own,
            "--name",
            "ngtt.test",
            "--device",
            &own,
            "--key",
            &key,
        ],
    ] {
        assert_eq!(support::run(&args, b"").status, Some(2), "{args:?}");
    }
}
