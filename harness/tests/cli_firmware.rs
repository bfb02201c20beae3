//! `wigwag firmware run` used wrongly, and settings images. What it does with a
//! program and QEMU is in the tests that build one.

mod support;

use support::{folder, name, run, wigwag};
use wigwag_embassy::settings::Settings;

#[test]
fn without_an_image_the_command_that_builds_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = wigwag(&["firmware", "run"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cargo xtask firmware build"), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn an_image_that_is_none_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("image");
    std::fs::write(&file, "#!/bin/sh\n").unwrap();
    for image in [&file, &folder.path().join("nowhere")] {
        let mut command = wigwag(&["firmware", "run", "--image"]);
        let output = command.arg(image).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = String::from_utf8(output.stderr).unwrap();
        // Without QEMU that is said first.
        let known = ["not an ELF", "nowhere", "qemu-system-arm"];
        assert!(known.iter().any(|known| said.contains(known)), "{said}");
    }
}

#[test]
fn wrong_use_is_status_2() {
    for wrong in [
        &["firmware"][..],
        &["firmware", "run", "--board", "stm32"],
        &["firmware", "run", "--orders", "-1"],
        &["firmware", "run", "--net", "wifi"],
    ] {
        let output = wigwag(wrong).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn the_help_names_what_there_is() {
    let output = wigwag(&["firmware", "run", "--help"]).output();
    let said = String::from_utf8(output.unwrap().stdout).unwrap();
    for word in [
        "--image",
        "qemu-mps2-an386",
        "gateway",
        "--icount",
        "--json",
    ] {
        assert!(said.contains(word), "{word} is not in {said}");
    }
}

#[test]
fn a_settings_image_is_what_a_device_reads_and_the_owners_only() {
    let (folder, pki) = folder();
    let file = |file: &str| name(folder.path(), file);
    let write = |out: &str, server: &str, ca: &str, key: &str| {
        let (out, ca, key) = (file(out), file(ca), file(key));
        let cert = file("pki/device-0001.pem");
        let files = ["--ca", &ca, "--cert", &cert, "--key", &key];
        let server = ["--server-name", server, "--port", "2406"];
        run(
            &[&["firmware", "settings", &out][..], &server, &files].concat(),
            b"",
        )
    };
    let (ca, key) = ("pki/server-ca.pem", "pki/device-0001.key");
    let done = write("image", "ngtt.test", ca, key);
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    let image = std::fs::read(file("image")).expect("written");
    let settings = Settings::read(&image).expect("settings");
    assert_eq!((settings.server, settings.port), ("ngtt.test", 2406));
    assert_eq!(settings.roots, [pki.server_ca().as_ref()]);
    let device = pki.device("device-0001").expect("made");
    assert_eq!(settings.certificate, device.certificate().as_ref());
    assert_eq!(settings.key, device.key().secret_pkcs8_der());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(file("image"))
            .expect("there")
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }

    for (out, server, ca, key, status, words) in [
        ("image", "ngtt.test", ca, key, 1, "image: "),
        ("other", "a b", ca, key, 2, "server"),
        ("other", "ngtt.test", ca, "pki/server.key", 1, "another key"),
        ("other", "ngtt.test", "missing", key, 1, "missing"),
        ("other", "ngtt.test", key, key, 1, "holds no certificate"),
    ] {
        let done = write(out, server, ca, key);
        assert_eq!(done.status, Some(status), "{words}: {}", done.stderr);
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
    }
    assert_eq!(std::fs::read(file("image")).expect("kept"), image);
    assert!(!folder.path().join("other").exists());
}
