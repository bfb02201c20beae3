//! The package for JavaScript as others use it: packed by npm, installed into a
//! project, and used by a script there and by a page's worker in Node.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use wigwag_codec::capture::{LABEL, Record};
use wigwag_codec::ngtt::{Frame, FrameType};
use wigwag_inspect::Direction;
use wigwag_tests::runner::{Outcome, Suite, tools};

fn main() {
    let needs = [tools::WASM_TARGET, tools::NODE];
    Suite::new()
        .test("a_packed_package_decodes_a_capture", &needs, packed)
        .test("the_module_withstands_hostile_inputs", &needs, hostile)
        .run();
}

fn packed() -> Outcome {
    let folder = tempfile::tempdir()?;
    let source = folder.path().join("package");
    write(&source)?;
    let answer = npm(&source, &["pack", "--json", "--ignore-scripts"])?;
    let packed: serde_json::Value = serde_json::from_str(&answer)?;
    let name = packed[0]["filename"].as_str().ok_or("npm names the file")?;
    let mut files: Vec<&str> = packed[0]["files"]
        .as_array()
        .ok_or("npm lists the files")?
        .iter()
        .filter_map(|file| file["path"].as_str())
        .collect();
    files.sort_unstable();
    let expected = [
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "node.js",
        "package.json",
        "wigwag.d.ts",
        "wigwag.js",
        "wigwag_bg.wasm",
    ];
    if files != expected {
        return Err(format!("packed: {files:?}").into());
    }

    let project = folder.path().join("project");
    fs::create_dir(&project)?;
    fs::write(
        project.join("package.json"),
        r#"{"name": "user", "private": true, "type": "module"}"#,
    )?;
    let package = source.join(name).display().to_string();
    npm(
        &project,
        &["install", "--offline", "--no-audit", "--no-fund", &package],
    )?;
    fs::write(project.join("recording.wgcap"), capture()?)?;
    fs::write(project.join("use.js"), include_str!("use.js"))?;
    node(&project, "use.js")
}

fn hostile() -> Outcome {
    let folder = tempfile::tempdir()?;
    write(folder.path())?;
    fs::write(folder.path().join("recording.wgcap"), capture()?)?;
    fs::write(folder.path().join("hostile.js"), include_str!("hostile.js"))?;
    node(folder.path(), "hostile.js")
}

fn write(folder: &Path) -> Outcome {
    fs::create_dir_all(folder)?;
    for (path, bytes) in wigwag_page::PACKAGE {
        fs::write(folder.join(path), bytes)?;
    }
    if wigwag_page::PACKAGE.is_empty() {
        return Err("the package is empty: build again, now that the target is there".into());
    }
    Ok(())
}

/// An order that took three seconds, one that was not answered, and logs.
fn capture() -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let order = [0x41, 3, 5];
    let logs =
        b"\x41\x54\x07service\x84pump\x04when\x03\x07\x07message\x87started\x05level\x03\x14";
    let mut capture = LABEL.to_vec();
    let mut add = |time, direction, kind, tid, payload| {
        let frame = Frame { kind, tid, payload };
        let mut bytes = vec![0; frame.wire_len()];
        frame
            .write(&mut bytes)
            .map_err(|error| format!("{error:?}"))?;
        let record = Record::Bytes {
            connection: 4,
            time,
            direction,
            bytes: &bytes,
        };
        let mut place = vec![0; record.encoded_len()];
        let length = record
            .write(&mut place)
            .map_err(|error| format!("{error:?}"))?;
        capture.extend_from_slice(&place[..length]);
        Ok::<(), String>(())
    };
    let start = 1_700_000_000_000_000;
    add(start, Direction::ToDevice, FrameType::Order, 7, &order[..])?;
    add(start + 10, Direction::ToServer, FrameType::Logs, 1, logs)?;
    add(start + 20, Direction::ToDevice, FrameType::Order, 8, &order)?;
    add(
        start + 3_000_000,
        Direction::ToServer,
        FrameType::OrderConfirm,
        7,
        &[],
    )?;
    Ok(capture)
}

fn npm(folder: &Path, words: &[&str]) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    run(Command::new("npm")
        .args(words)
        .current_dir(folder)
        .env("npm_config_cache", folder.join(".npm"))
        .env("npm_config_update_notifier", "false"))
}

fn node(folder: &Path, script: &str) -> Outcome {
    let said = run(Command::new("node").arg(script).current_dir(folder))?;
    if said.trim() == "good" {
        Ok(())
    } else {
        Err(format!("{script} said: {said}").into())
    }
}

fn run(command: &mut Command) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("{command:?}: {}\n{said}", output.status).into())
    }
}
