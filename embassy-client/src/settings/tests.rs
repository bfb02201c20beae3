use std::format;
use std::string::ToString as _;
use std::vec;
use std::vec::Vec;

use sha2::{Digest as _, Sha256};
use wigwag_codec::minijson::ErrorKind;

use super::image::MAGIC;
use super::*;

pub(super) fn settings() -> Settings<'static> {
    Settings {
        server: "ngtt.example.com",
        port: 7000,
        roots: Roots::from_slice(&[&[0x30; 300], b"root 2"]).unwrap(),
        certificate: &[0x31; 200],
        key: b"SECRETKEY",
        time_servers: TimeServers::new(),
        wifi: None,
        floor: None,
    }
}

fn image() -> Vec<u8> {
    let mut region = vec![0xff; 1024];
    let length = settings().write(&mut region).unwrap();
    region.truncate(length);
    region
}

/// An image with a right header around any payload.
pub(super) fn framed(payload: &[u8]) -> Vec<u8> {
    let mut image = MAGIC.to_vec();
    image.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
    image.extend(Sha256::digest(payload));
    image.extend(payload);
    image
}

/// The error for a payload that somebody wrote with all that belongs to it.
pub(super) fn refused(payload: &[u8]) -> SettingsError {
    Settings::read(&framed(payload)).unwrap_err()
}

/// A payload with these entries, each written by a function.
pub(super) type Entry<'e> = (&'e str, &'e dyn Fn(&mut Encoder<'_>));

pub(super) fn payload(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut buffer = [0; 2048];
    let mut to = Encoder::new(&mut buffer);
    to.map(entries.len()).unwrap();
    for (key, write) in entries {
        to.key(key).unwrap();
        write(&mut to);
    }
    to.finish().unwrap().to_vec()
}

pub(super) fn int(value: i64) -> impl Fn(&mut Encoder<'_>) {
    move |to| _ = to.int(value).unwrap()
}

pub(super) fn text(value: &str) -> impl Fn(&mut Encoder<'_>) + '_ {
    move |to| _ = to.str(value).unwrap()
}

fn bytes(value: &[u8]) -> impl Fn(&mut Encoder<'_>) + '_ {
    move |to| _ = to.bytes(value).unwrap()
}

fn list<'l>(values: &'l [&'l [u8]]) -> impl Fn(&mut Encoder<'_>) + 'l {
    move |to| {
        to.list(values.len()).unwrap();
        for value in values {
            to.bytes(value).unwrap();
        }
    }
}

/// A good payload in which one entry is replaced, or taken out.
pub(super) fn with(name: &str, replacement: Option<&dyn Fn(&mut Encoder<'_>)>) -> Vec<u8> {
    let (version, server, port) = (int(1), text("10.0.2.2"), int(2405));
    let (roots, own) = (list(&[b"root"]), bytes(b"DER"));
    let mut entries: Vec<Entry<'_>> = vec![
        ("version", &version),
        ("server", &server),
        ("port", &port),
        ("roots", &roots),
        ("certificate", &own),
        ("key", &own),
    ];
    entries.retain(|(key, _)| *key != name);
    if let Some(write) = replacement {
        entries.push((name, write));
    }
    payload(&entries)
}

#[test]
fn what_is_written_is_read() {
    let mut image = image();
    assert_eq!(Settings::read(&image), Ok(settings()));
    // The rest of the flash is somebody else's.
    image.extend([0x5a; 100]);
    assert_eq!(Settings::read(&image), Ok(settings()));
}

#[test]
fn the_image_is_the_one_of_the_table() {
    let image = image();
    let payload = &image[40..];
    assert_eq!(image[..4], *b"WIGW");
    assert_eq!(
        image[4..8],
        u32::try_from(payload.len()).unwrap().to_be_bytes()
    );
    assert_eq!(image[8..40], Sha256::digest(payload)[..]);
    // A map of six, "version": 1, "server": ...
    assert_eq!(payload[..17], *b"\x56\x07version\x03\x01\x06serve");
}

#[test]
fn a_region_one_byte_too_short_is_refused_and_holds_no_image() {
    let length = image().len();
    for room in 0..length {
        let mut region = vec![0; room];
        let full = SettingsError::RegionFull { region: room };
        assert_eq!(settings().write(&mut region), Err(full));
        Settings::read(&region).unwrap_err();
    }
    assert_eq!(settings().write(&mut vec![0; length]), Ok(length));
}

#[test]
fn a_failed_write_leaves_no_older_image_behind() {
    let mut region = image();
    let larger = Settings {
        certificate: &[0x31; 201],
        ..settings()
    };
    larger.write(&mut region).unwrap_err();
    assert_eq!(Settings::read(&region), Err(SettingsError::Damaged));
}

#[test]
fn erased_flash_is_missing() {
    for erased in [0xff, 0] {
        for length in [0, 3, 40, 65536] {
            let region = vec![erased; length];
            assert_eq!(Settings::read(&region), Err(SettingsError::Missing));
        }
    }
    // A torn write is not: here the header was to be written last.
    let mut torn = image();
    torn[..HEADER].fill(0xff);
    assert_eq!(Settings::read(&torn), Err(SettingsError::Damaged));
}

#[test]
fn every_truncation_is_refused() {
    let image = image();
    for length in 1..image.len() {
        let error = Settings::read(&image[..length]).unwrap_err();
        let expected = match length.checked_sub(HEADER) {
            None => SettingsError::Damaged,
            Some(room) => SettingsError::TooLong {
                length: u32::try_from(image.len() - HEADER).unwrap(),
                room,
            },
        };
        assert_eq!(error, expected);
        // The same with erased flash behind it, as a torn write leaves it.
        let mut torn = image[..length].to_vec();
        torn.resize(1024, 0xff);
        let error = Settings::read(&torn).unwrap_err();
        assert!(
            matches!(
                error,
                SettingsError::Damaged | SettingsError::TooLong { .. }
            ),
            "{length}: {error:?}"
        );
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let mut region = image();
    region.resize(1024, 0xff);
    for bit in 0..image().len() * 8 {
        region[bit / 8] ^= 1 << (bit % 8);
        let error = Settings::read(&region).unwrap_err();
        assert!(
            matches!(
                error,
                SettingsError::Damaged | SettingsError::TooLong { .. }
            ),
            "{bit}: {error:?}"
        );
        region[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn lengths_beyond_the_region_are_refused() {
    for length in [1, 61, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
        let mut image = framed(b"");
        image[4..8].copy_from_slice(&length.to_be_bytes());
        let error = Settings::read(&image).unwrap_err();
        assert_eq!(error, SettingsError::TooLong { length, room: 0 });
    }
}

#[test]
fn fields_that_are_not_there() {
    for field in Field::ALL {
        let payload = with(field.name(), None);
        match field {
            Field::Port => {
                let image = framed(&payload);
                assert_eq!(Settings::read(&image).unwrap().port, DEFAULT_PORT);
            }
            // Not in it in the first place.
            Field::TimeServers | Field::WifiNetwork | Field::WifiPassphrase | Field::Floor => {}
            _ => assert_eq!(refused(&payload), field.error(Problem::Missing)),
        }
    }
}

#[test]
fn fields_of_other_types() {
    let (float, empty_map) = (
        |to: &mut Encoder<'_>| _ = to.f32(1.0).unwrap(),
        |to: &mut Encoder<'_>| _ = to.map(0).unwrap(),
    );
    // A passphrase alone is refused for want of its network.
    let alone = |field: &Field| *field == Field::WifiPassphrase;
    for field in Field::ALL.into_iter().filter(|field| !alone(field)) {
        for value in [&float as &dyn Fn(&mut Encoder<'_>), &empty_map] {
            let error = refused(&with(field.name(), Some(value)));
            assert_eq!(error, field.error(Problem::WrongType));
        }
    }
    let texts = |to: &mut Encoder<'_>| _ = to.list(1).unwrap().str("PEM").unwrap();
    assert_eq!(
        refused(&with("roots", Some(&texts))),
        Field::Roots.error(Problem::WrongType)
    );
    let error = refused(&with("key", Some(&text("PEM"))));
    assert_eq!(error, Field::Key.error(Problem::WrongType));
}

#[test]
fn fields_that_cannot_be_used() {
    for port in [0, -1, 65536, i64::MIN, i64::MAX] {
        let error = refused(&with("port", Some(&int(port))));
        assert_eq!(error, Field::Port.error(Problem::OutOfRange));
    }
    for port in [1_u16, 65535] {
        let image = framed(&with("port", Some(&int(port.into()))));
        assert_eq!(Settings::read(&image).unwrap().port, port);
    }
    let long = "a".repeat(254);
    for server in ["", "two words", "-", "a..b", "10.0.2.256.", &long] {
        let error = refused(&with("server", Some(&text(server))));
        assert_eq!(
            error,
            Field::Server.error(Problem::NotAServerName),
            "{server}"
        );
    }
    for field in [Field::Certificate, Field::Key] {
        let error = refused(&with(field.name(), Some(&bytes(b""))));
        assert_eq!(error, field.error(Problem::Empty));
    }
    let roots = |count: usize| vec![b"root".as_slice(); count];
    for (values, problem) in [
        (vec![], Problem::Empty),
        (vec![b"root".as_slice(), b""], Problem::Empty),
        (roots(MAX_ROOTS + 1), Problem::TooMany { most: MAX_ROOTS }),
    ] {
        let error = refused(&with("roots", Some(&list(&values))));
        assert_eq!(error, Field::Roots.error(problem));
    }
    let image = framed(&with("roots", Some(&list(&roots(MAX_ROOTS)))));
    assert_eq!(Settings::read(&image).unwrap().roots.len(), MAX_ROOTS);
}

#[test]
fn what_cannot_be_read_cannot_be_written() {
    let good = settings();
    for (bad, field, problem) in [
        (
            Settings {
                port: 0,
                ..good.clone()
            },
            Field::Port,
            Problem::OutOfRange,
        ),
        (
            Settings {
                server: "",
                ..good.clone()
            },
            Field::Server,
            Problem::NotAServerName,
        ),
        (
            Settings {
                roots: Roots::new(),
                ..good.clone()
            },
            Field::Roots,
            Problem::Empty,
        ),
        (
            Settings {
                certificate: b"",
                ..good.clone()
            },
            Field::Certificate,
            Problem::Empty,
        ),
        (Settings { key: b"", ..good }, Field::Key, Problem::Empty),
    ] {
        assert_eq!(bad.write(&mut [0; 1024]), Err(field.error(problem)));
    }
}

#[test]
fn a_field_that_comes_twice_is_refused() {
    let null = |to: &mut Encoder<'_>| _ = to.null().unwrap();
    for field in Field::ALL {
        let mut payload = with(field.name(), Some(&null));
        payload[0] += 1;
        payload.push(u8::try_from(field.name().len()).unwrap());
        payload.extend(field.name().as_bytes());
        payload.push(8);
        assert_eq!(refused(&payload), field.error(Problem::Twice));
    }
}

#[test]
fn keys_that_nobody_knows_are_skipped() {
    let nested = |to: &mut Encoder<'_>| _ = to.list(1).unwrap().list(1).unwrap().null().unwrap();
    let image = framed(&with("proxy", Some(&nested)));
    assert_eq!(Settings::read(&image).unwrap().server, "10.0.2.2");
}

#[test]
fn other_versions_are_refused_before_anything_else() {
    for version in [0, 2, -1, i64::MAX] {
        let payload = payload(&[("version", &int(version)), ("server", &int(7))]);
        assert_eq!(refused(&payload), SettingsError::UnknownVersion { version });
    }
}

#[test]
fn hostile_payloads_with_a_right_hash() {
    let deep = [&b"\x51\x01x"[..], &[0x41; 4000], &[8]].concat();
    let cases: [(&[u8], ErrorKind); 6] = [
        (b"", ErrorKind::UnexpectedEnd),
        (&deep, ErrorKind::TooDeep),
        (b"\x12\xff\xff\xff\xff", ErrorKind::CountTooLarge),
        (
            b"\x51\x05roots\x10\x7f\xff\xff\xff",
            ErrorKind::CountTooLarge,
        ),
        (b"\x51\x03key\x1b\xff\xff\xff\xff", ErrorKind::UnexpectedEnd),
        (b"\x51\x06server\x82\xff\xff", ErrorKind::InvalidUtf8),
    ];
    for (payload, kind) in cases {
        match refused(payload) {
            SettingsError::Malformed(error) => assert_eq!(error.kind, kind),
            other => panic!("{other:?}"),
        }
    }
    let trailing = [with("none", None), vec![8]].concat();
    assert!(matches!(refused(&trailing), SettingsError::Malformed(_)));
    for other in [&b"\x08"[..], b"\x40", b"\x61\x81a\x08"] {
        assert_eq!(refused(other), SettingsError::NotAMap);
    }
}

#[test]
fn the_key_is_not_shown() {
    let shown = format!("{:?}", settings());
    assert!(shown.contains("ngtt.example.com"), "{shown}");
    // Neither as text nor as a list of bytes.
    assert!(
        !shown.contains("SECRET") && !shown.contains("83, 69"),
        "{shown}"
    );
}

#[test]
fn errors_say_what_to_do() {
    assert_eq!(
        SettingsError::Missing.to_string(),
        "no settings in flash: write them to this device first"
    );
    assert_eq!(
        Field::Port.error(Problem::OutOfRange).to_string(),
        "settings: `port` is not a port from 1 to 65535; correct it and write them again"
    );
    assert_eq!(
        SettingsError::TooLong { length: 9, room: 2 }.to_string(),
        "settings of 9 bytes where only 2 are left: they are damaged, or written for a larger \
         region; write them again"
    );
}
