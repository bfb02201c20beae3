//! `wigwag firmware run` used wrongly. What it does with an image and QEMU is
//! in the tests that build one.

mod support;

use support::wigwag;

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
