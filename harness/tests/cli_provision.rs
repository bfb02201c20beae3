//! `wigwag provision`: the files it writes, read by others, and what it refuses
//! to write.

mod support;

use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use object::{Object as _, ObjectSegment as _};
use serde_json::{Value as Json, json};
use support::{Done, folder, name, run};
use tempfile::TempDir;
use wigwag_embassy::settings::{Settings, Wifi, fingerprint};
use wigwag_harness::pki::{Pki, Validity, seconds_since_1970};
use wigwag_inspect::text::time::rfc3339;

const PASSPHRASE: &str = " correct horse battery";
const NETWORK: &str = "SHEDNET";

/// A folder with certificates and a file with a passphrase.
fn site() -> (TempDir, Pki) {
    let (folder, pki) = folder();
    let line = format!("{PASSPHRASE}\r\n");
    fs::write(folder.path().join("phrase"), line).expect("written");
    (folder, pki)
}

/// `wigwag provision` for the device of the folder, with more options.
fn provision(folder: &Path, out: &str, board: &str, more: &[&str]) -> Done {
    let (out, pki) = (name(folder, out), name(folder, "pki"));
    let args = ["provision", &out, "--board", board, "--from-pki", &pki];
    let args = [&args[..], &["--device-id", "device-0001"], more].concat();
    run(&args, b"")
}

fn read(folder: &Path, file: &str) -> Vec<u8> {
    fs::read(folder.join(file)).expect("written")
}

fn is_absent(folder: &Path, file: &str) -> bool {
    !folder.join(file).exists()
}

/// The time of day as an option takes it: the certificates are valid now.
fn now() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = now.expect("after 1970").as_secs() as i64;
    rfc3339(seconds, 0, 0).expect("a year of four digits")
}

/// Every way in which a terminal could show bytes.
fn spellings(secret: &[u8]) -> [String; 3] {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let list: Vec<String> = secret.iter().map(u8::to_string).collect();
    [hex.clone(), hex.to_uppercase(), list.join(", ")]
}

#[test]
fn all_that_a_device_can_be_told_is_in_the_image_and_no_secret_is_shown() {
    let (folder, pki) = site();
    let folder = folder.path();
    let phrase = name(folder, "phrase");
    let now = now();
    let more = [
        "--server-name",
        "localhost",
        "--port",
        "2406",
        "--time-server",
        "ntp.example.com",
        "--time-server",
        "192.0.2.7",
        "--wifi-network",
        NETWORK,
        "--wifi-passphrase",
        &phrase,
        "--floor",
        &now,
        "--json",
    ];
    let done = provision(folder, "a.bin", "esp32c6", &more);
    assert_eq!(done.status, Some(0), "{}", done.stderr);

    let image = read(folder, "a.bin");
    let settings = Settings::read(&image).expect("settings");
    assert_eq!((settings.server, settings.port), ("localhost", 2406));
    assert_eq!(settings.roots, [pki.server_ca().as_ref()]);
    let device = pki.device("device-0001").expect("made");
    assert_eq!(settings.certificate, device.certificate().as_ref());
    assert_eq!(settings.key, device.key().secret_pkcs8_der());
    assert_eq!(settings.time_servers, ["ntp.example.com", "192.0.2.7"]);
    let passphrase = Some(PASSPHRASE);
    let network = NETWORK;
    assert_eq!(
        settings.wifi,
        Some(Wifi {
            network,
            passphrase
        })
    );
    let floor = seconds_since_1970(&now);
    assert_eq!(settings.floor, floor);

    let answer = done.json().pop().expect("an object");
    let length = answer["bytes"].as_u64().expect("bytes") as usize;
    assert_eq!(image.len(), length.next_multiple_of(256));
    assert!(image[length..].iter().all(|byte| *byte == 0xff));
    let print: String = fingerprint(&image)
        .expect("an image")
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    for (field, value) in [
        ("format", json!("bin")),
        ("board", json!("esp32c6")),
        ("address", json!(0x003f_0000)),
        ("server", json!("localhost")),
        ("device_id", json!("device-0001")),
        ("wifi", json!(true)),
        ("floor", json!(floor)),
        ("fingerprint", json!(print)),
    ] {
        assert_eq!(answer[field], value, "{field}");
    }

    // The secret itself is bytes 36 to 68 of PKCS #8 as rcgen writes it; any part
    // of it would do.
    let key = &device.key().secret_pkcs8_der()[36..44];
    let shown = format!("{}{}", done.text(), done.stderr);
    let mut secrets = spellings(key).to_vec();
    secrets.extend([NETWORK.to_owned(), PASSPHRASE.trim().to_owned()]);
    for secret in secrets {
        assert!(!shown.contains(&secret), "{secret} in {shown}");
    }
}

#[test]
fn every_format_carries_the_image_to_the_boards_address() {
    let (folder, _) = site();
    let folder = folder.path();
    let now = now();
    let floor = ["--floor", &now];
    let done = provision(folder, "a.bin", "rp2350-w5500", &floor);
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    let image = read(folder, "a.bin");
    assert_eq!(
        Settings::read(&image).expect("settings").server,
        "ngtt.test"
    );
    let address = wigwag_harness::provision::Board::of_name("rp2350-w5500")
        .expect("known")
        .address;

    // The extension counts however it is written; --format counts more.
    for (out, more) in [("a.ELF", &[][..]), ("elf.dat", &["--format", "elf"])] {
        let done = provision(folder, out, "rp2350-w5500", &[&floor[..], more].concat());
        assert_eq!(done.status, Some(0), "{}", done.stderr);
        let bytes = read(folder, out);
        let elf = object::File::parse(&*bytes).expect("an ELF");
        let segments: Vec<_> = elf.segments().collect();
        assert_eq!(segments.len(), 1);
        assert_eq!(segments[0].address(), u64::from(address));
        assert_eq!(segments[0].data(), Ok(&image[..]));
        assert!(
            done.text().contains("--binary-format elf"),
            "{}",
            done.text()
        );
    }

    let done = provision(folder, "a.uf2", "rp2350-w5500", &floor);
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    let blocks = read(folder, "a.uf2");
    assert_eq!(blocks.len(), 2 * image.len());
    let mut carried: Vec<u8> = Vec::new();
    for (number, block) in blocks.chunks(512).enumerate() {
        let word = |at: usize| u32::from_le_bytes(block[at..at + 4].try_into().expect("four"));
        assert_eq!((word(0), word(508)), (0x0a32_4655, 0x0ab1_6f30));
        assert_eq!(word(12), address + 256 * number as u32);
        carried.extend(&block[32..288]);
    }
    assert_eq!(carried, image);

    let done = provision(folder, "a.hex", "rp2350-w5500", &floor);
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    let text = String::from_utf8(read(folder, "a.hex")).expect("text");
    assert!(text.starts_with(":02000004"), "{text:.40}");
    let carried: Vec<u8> = text
        .lines()
        .filter(|line| line.get(7..9) == Some("00"))
        .flat_map(|line| {
            let digits = &line[9..line.len() - 2];
            (0..digits.len() / 2)
                .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).expect("digits"))
        })
        .collect();
    assert_eq!(carried, image);
}

#[test]
fn another_address_is_used_and_told() {
    let (folder, _) = site();
    let more = ["--address", "0x08100000", "--json"];
    let done = provision(folder.path(), "a.bin", "stm32h7-nucleo", &more);
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    let answer: Json = done.json().pop().expect("an object");
    assert_eq!(answer["address"], json!(0x0810_0000));
    let write = answer["write"].as_str().expect("a line");
    assert!(write.contains("--base-address 0x08100000"), "{write}");
    for bad in ["0x08100100", "0xfffe0001", "0x1_0000", "0x100000000", "-1"] {
        let address = format!("--address={bad}");
        let done = provision(folder.path(), "b.bin", "stm32h7-nucleo", &[&address]);
        assert_eq!(done.status, Some(2), "{bad}: {}", done.stderr);
        assert!(is_absent(folder.path(), "b.bin"));
    }
}

#[test]
fn the_file_is_its_owners_and_replaced_only_by_force() {
    let (folder, _) = site();
    let folder = folder.path();
    let first = provision(folder, "a.bin", "esp32c6", &["--port", "1"]);
    assert_eq!(first.status, Some(0), "{}", first.stderr);
    let before = read(folder, "a.bin");
    let mode = |file: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        let there = fs::metadata(folder.join(file)).expect("there");
        there.permissions().mode() & 0o777
    };
    assert_eq!(mode("a.bin"), 0o600);

    let done = provision(folder, "a.bin", "esp32c6", &["--port", "2"]);
    assert_eq!(done.status, Some(1));
    assert!(done.stderr.contains("--force"), "{}", done.stderr);
    assert_eq!(read(folder, "a.bin"), before);

    // Whoever could read the old file cannot read the new one.
    use std::os::unix::fs::PermissionsExt as _;
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(folder.join("a.bin"), open).expect("set");
    let done = provision(folder, "a.bin", "esp32c6", &["--port", "2", "--force"]);
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    assert_eq!(mode("a.bin"), 0o600);
    let image = read(folder, "a.bin");
    assert_eq!(Settings::read(&image).expect("settings").port, 2);

    // Neither folders nor what a link leads to are replaced.
    fs::create_dir(folder.join("b.bin")).expect("made");
    std::os::unix::fs::symlink(folder.join("a.bin"), folder.join("c.bin")).expect("made");
    for out in ["b.bin", "c.bin", "nowhere/d.bin"] {
        let done = provision(folder, out, "esp32c6", &["--force"]);
        assert_eq!(done.status, Some(1), "{out}: {}", done.stderr);
        assert!(done.stderr.contains(out), "{}", done.stderr);
    }
    assert_eq!(read(folder, "a.bin"), image);
    // Nothing is left of the attempts.
    let names = fs::read_dir(folder).expect("there").count();
    assert_eq!(names, 5, "pki, phrase, a.bin, b.bin, c.bin");
}

#[test]
fn what_a_device_could_not_use_is_not_written() {
    let (folder, pki) = site();
    let folder = folder.path();
    let old = pki
        .device_identity("device-0001", 0, Validity::expired())
        .expect("made");
    fs::write(folder.join("old.pem"), old.chain_pem()).expect("written");
    fs::write(folder.join("old.key"), old.key_pem()).expect("written");
    let (ca, cert, key) = (
        "pki/server-ca.pem",
        "pki/device-0001.pem",
        "pki/device-0001.key",
    );
    for (server, ca, cert, key, words) in [
        ("a b", ca, cert, key, "server"),
        ("ngtt.test", cert, cert, key, "authority"),
        ("ngtt.test", key, cert, key, "holds no certificate"),
        ("ngtt.test", ca, cert, "pki/server.key", "another key"),
        ("ngtt.test", ca, cert, cert, "holds no private key"),
        ("ngtt.test", ca, "old.pem", "old.key", "not valid at 20"),
        ("ngtt.test", "nowhere", cert, key, "nowhere"),
    ] {
        let (out, ca) = (name(folder, "x.bin"), name(folder, ca));
        let (cert, key) = (name(folder, cert), name(folder, key));
        let who = ["--ca", &ca, "--cert", &cert, "--key", &key];
        let args = [
            "provision",
            &out,
            "--board",
            "esp32c6",
            "--server-name",
            server,
        ];
        let done = run(&[&args[..], &who].concat(), b"");
        assert!(matches!(done.status, Some(1 | 2)), "{words}");
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
        assert!(is_absent(folder, "x.bin"), "{words}");
    }
}

#[test]
fn options_that_make_no_sense_are_refused() {
    let (folder, _) = site();
    let folder = folder.path();
    fs::write(folder.join("short"), "seven77\n").expect("written");
    fs::write(folder.join("latin"), b"caf\xe9 caf\xe9\n").expect("written");
    let (phrase, short, latin) = (
        name(folder, "phrase"),
        name(folder, "short"),
        name(folder, "latin"),
    );
    let servers = ["--time-server", "a.test"].repeat(5);
    let wifi = ["--wifi-network", "shed"];
    fn with<'a>(wifi: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
        [wifi, more].concat()
    }
    for (board, more, words) in [
        ("esp32c6", servers, "more than 4"),
        ("esp32c6", vec!["--time-server", "a..b"], "time_servers"),
        ("esp32c6", wifi.to_vec(), "--wifi-open"),
        (
            "esp32c6",
            with(&wifi, &["--wifi-passphrase", &short]),
            "8 to 63",
        ),
        (
            "esp32c6",
            with(&wifi, &["--wifi-passphrase", &latin]),
            "ASCII",
        ),
        (
            "esp32c6",
            with(&wifi, &["--wifi-passphrase", &phrase, "--wifi-open"]),
            "cannot be used",
        ),
        ("esp32c6", vec!["--wifi-open"], "--wifi-network"),
        ("esp32c6", vec!["--floor", "yesterday"], "RFC 3339"),
        (
            "esp32c6",
            vec!["--floor", "2090-01-01T00:00:00Z"],
            "not valid at 2090",
        ),
        ("esp32c6", vec!["--format", "uf2"], "no bootloader"),
        ("esp32c6", vec!["--port", "0"], "--port"),
        ("esp32c6", vec!["--server-name", "other.test"], "other.test"),
        ("esp32c6", vec!["--ca", &phrase], "--ca"),
        ("abacus", vec![], "esp32c6"),
    ] {
        let done = provision(folder, "x.bin", board, &more);
        assert!(matches!(done.status, Some(1 | 2)), "{words}");
        assert!(done.stderr.contains(words), "{words}: {}", done.stderr);
        assert!(is_absent(folder, "x.bin"), "{words}");
    }
    let done = provision(folder, "x.image", "esp32c6", &[]);
    assert_eq!(done.status, Some(2));
    assert!(done.stderr.contains("--format"), "{}", done.stderr);

    let (out, pki) = (name(folder, "x.bin"), name(folder, "pki"));
    let args = ["provision", &out, "--board", "esp32c6", "--from-pki", &pki];
    let done = run(&[&args[..], &["--device-id", "device-2"]].concat(), b"");
    assert_eq!(done.status, Some(1));
    assert!(
        done.stderr.contains("it has device-0001"),
        "{}",
        done.stderr
    );
}

#[test]
fn settings_that_do_not_fit_the_region_are_refused() {
    let (folder, _) = site();
    let folder = folder.path();
    // Two roots with a long extension each: one alone has 64 KiB at most.
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let long = rcgen::CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![4; 40_000]);
    params.custom_extensions.push(long);
    let root = params.self_signed(&key).expect("a root").pem();
    fs::write(folder.join("long.pem"), root.repeat(2)).expect("written");
    let (out, ca) = (name(folder, "x.bin"), name(folder, "long.pem"));
    let (cert, key) = (
        name(folder, "pki/device-0001.pem"),
        name(folder, "pki/device-0001.key"),
    );
    let who = ["--ca", &ca, "--cert", &cert, "--key", &key];
    for (board, fits) in [("esp32c6", false), ("stm32h7-nucleo", true)] {
        let args = [
            "provision",
            &out,
            "--board",
            board,
            "--server-name",
            "a.test",
        ];
        let done = run(&[&args[..], &who].concat(), b"");
        assert_eq!(
            done.status,
            Some(if fits { 0 } else { 2 }),
            "{}",
            done.stderr
        );
        assert_eq!(done.stderr.contains("do not fit 8192 bytes"), !fits);
        assert_eq!(is_absent(folder, "x.bin"), !fits);
    }
}

#[test]
fn whoever_gives_a_chain_is_told_that_the_device_shows_one_certificate() {
    let (folder, _) = site();
    let folder = folder.path();
    let part = |file: &str| name(&folder.join("pki"), file);
    let read = |file: &str| fs::read_to_string(part(file)).expect("made");
    let chain = read("device-0001.pem") + &read("device-ca.pem");
    fs::write(folder.join("chain.pem"), chain).expect("written");
    for (cert, is_told) in [
        (name(folder, "chain.pem"), true),
        (part("device-0001.pem"), false),
    ] {
        let (out, ca, key) = (
            name(folder, "a.bin"),
            part("server-ca.pem"),
            part("device-0001.key"),
        );
        let args = ["provision", &out, "--board", "esp32c6", "--force"];
        let files = ["--ca", &ca, "--cert", &cert, "--key", &key];
        let server = ["--server-name", "localhost"];
        let done = run(&[&args[..], &files, &server].concat(), b"");
        assert_eq!(done.status, Some(0), "{}", done.stderr);
        let told = done.stderr.contains("the first of these 2 certificates");
        assert_eq!(told, is_told, "{}", done.stderr);
    }
}
