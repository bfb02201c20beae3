//! What settings may hold beside what every device needs.

use std::format;
use std::string::{String, ToString as _};
use std::vec;
use std::vec::Vec;

use sha2::{Digest as _, Sha256};

use super::tests::{framed, int, payload, refused, settings, text, with};
use super::*;

const WIFI: Wifi<'static> = Wifi {
    network: "SHEDNET",
    passphrase: Some("correct horse"),
};

fn full() -> Settings<'static> {
    Settings {
        time_servers: TimeServers::from_slice(&["ntp.example.com", "192.0.2.7", "2001:db8::7"])
            .unwrap(),
        wifi: Some(WIFI),
        floor: Some(1_790_000_000),
        ..settings()
    }
}

fn written(settings: &Settings<'_>) -> Vec<u8> {
    let mut region = vec![0xff; 2048];
    let length = settings.write(&mut region).unwrap();
    region.truncate(length);
    region
}

/// A payload whose list of time servers is this.
fn asking(names: &[&str]) -> Vec<u8> {
    let list = |to: &mut Encoder<'_>| {
        to.list(names.len()).unwrap();
        for name in names {
            to.str(name).unwrap();
        }
    };
    with("time_servers", Some(&list))
}

/// A payload with these entries at its end.
fn with_wifi(network: &str, passphrase: &str) -> Vec<u8> {
    let (network, passphrase) = (text(network), text(passphrase));
    let mut all = with("wifi_network", Some(&network));
    all[0] += 1;
    // A map of one entry, without its head.
    all.extend(&payload(&[("wifi_passphrase", &passphrase)])[1..]);
    all
}

#[test]
fn each_option_is_read_as_it_was_written_alone_and_with_the_others() {
    let all = full();
    for choice in 0_u8..16 {
        let chosen = |bit: u8| choice & (1 << bit) != 0;
        let mut some = settings();
        if chosen(0) {
            some.time_servers = all.time_servers.clone();
        }
        if chosen(1) {
            let passphrase = WIFI.passphrase.filter(|_| chosen(2));
            some.wifi = Some(Wifi { passphrase, ..WIFI });
        }
        if chosen(3) {
            some.floor = all.floor;
        }
        assert_eq!(Settings::read(&written(&some)), Ok(some));
    }
}

/// Bytes as the first version of this code wrote them, before there were
/// options.
#[test]
fn an_image_of_the_first_writer_is_read_and_still_written() {
    let old = framed(
        b"\x56\x07version\x03\x01\x06server\x89ngtt.test\x04port\x02\x09\x65\
          \x05roots\x41\x19\x01\x52\x0bcertificate\x19\x01\x43\x03key\x19\x01\x4b",
    );
    let roots = Roots::from_slice(&[b"R"]).unwrap();
    let first = Settings::new("ngtt.test", roots, b"C", b"K");
    assert_eq!(Settings::read(&old), Ok(first.clone()));
    assert_eq!(written(&first), old);
}

#[test]
fn options_come_behind_what_the_first_reader_knows() {
    let (plain, full) = (written(&settings()), written(&full()));
    // Behind magic, length, hash and the number of entries.
    assert_eq!(plain[41..], full[41..plain.len()]);
    assert_eq!((plain[40], full[40]), (0x56, 0x5a));
}

#[test]
fn a_room_one_byte_too_small_is_refused() {
    let length = written(&full()).len();
    for room in [0, 39, 40, 41, length - 1] {
        let refused = full().write(&mut vec![0; room]);
        assert_eq!(refused, Err(SettingsError::RegionFull { region: room }));
    }
    assert_eq!(full().write(&mut vec![0; length]), Ok(length));
}

#[test]
fn time_servers_are_names_and_there_are_four_at_most() {
    let read = |names: &[&str]| {
        let image = framed(&asking(names));
        Settings::read(&image).map(|settings| settings.time_servers.len())
    };
    let names = ["a.test", "b.test", "c.test", "d.test", "e.test"];
    for count in 0..=MAX_TIME_SERVERS {
        assert_eq!(read(&names[..count]), Ok(count));
    }
    let many = Field::TimeServers.error(Problem::TooMany { most: 4 });
    assert_eq!(read(&names), Err(many));
    for bad in ["", "two words", "a..b"] {
        let error = Field::TimeServers.error(Problem::NotAServerName);
        assert_eq!(read(&["a.test", bad]), Err(error), "{bad}");
        let mut unwritable = settings();
        unwritable.time_servers.push(bad).unwrap();
        assert_eq!(unwritable.write(&mut [0; 1024]), Err(error));
    }
    let number = |to: &mut Encoder<'_>| _ = to.list(1).unwrap().int(7).unwrap();
    assert_eq!(
        refused(&with("time_servers", Some(&number))),
        Field::TimeServers.error(Problem::WrongType)
    );
}

#[test]
fn names_and_passphrases_of_networks_have_their_lengths() {
    let read = |network: &str, passphrase: &str| {
        let image = framed(&with_wifi(network, passphrase));
        Settings::read(&image).map(|settings| settings.wifi.is_some())
    };
    for length in [1, 31, 32] {
        assert_eq!(read(&"n".repeat(length), "passphrase"), Ok(true));
    }
    let name = Field::WifiNetwork.error(Problem::NotANetworkName);
    // Bytes are counted: sixteen and a half umlauts do not fit.
    for bad in [String::new(), "n".repeat(33), "ü".repeat(17)] {
        assert_eq!(read(&bad, "passphrase"), Err(name), "{bad}");
    }
    for length in [8, 9, 63] {
        assert_eq!(read("shed", &"~".repeat(length)), Ok(true));
    }
    let phrase = Field::WifiPassphrase.error(Problem::NotAPassphrase);
    for bad in [
        String::new(),
        "1234567".into(),
        "p".repeat(64),
        "tab\tin it".into(),
        "pässword".into(),
        "delete\u{7f}d".into(),
    ] {
        assert_eq!(read("shed", &bad), Err(phrase), "{bad}");
        let unwritable = Settings {
            wifi: Some(Wifi {
                network: "shed",
                passphrase: Some(&bad),
            }),
            ..settings()
        };
        assert_eq!(unwritable.write(&mut [0; 1024]), Err(phrase));
    }
}

#[test]
fn a_passphrase_needs_its_network() {
    let alone = with("wifi_passphrase", Some(&text("passphrase")));
    let missing = Field::WifiNetwork.error(Problem::Missing);
    assert_eq!(refused(&alone), missing);
    let wrong = with("wifi_passphrase", Some(&int(12_345_678)));
    assert_eq!(refused(&wrong), missing);
    let mut both = with("wifi_network", Some(&text("shed")));
    both[0] += 1;
    both.extend(&payload(&[("wifi_passphrase", &int(12_345_678))])[1..]);
    let error = Field::WifiPassphrase.error(Problem::WrongType);
    assert_eq!(refused(&both), error);
}

#[test]
fn a_floor_is_a_time_that_certificates_can_tell() {
    let last = i64::try_from(MAX_FLOOR).unwrap();
    for good in [0, 1_790_000_000, last] {
        let image = framed(&with("floor", Some(&int(good))));
        let floor = Settings::read(&image).unwrap().floor;
        assert_eq!(floor, Some(good.unsigned_abs()));
    }
    let error = Field::Floor.error(Problem::NotATime);
    // The last of these is 2026 in milliseconds.
    for bad in [-1, i64::MIN, i64::MAX, last + 1, 1_790_000_000_000] {
        assert_eq!(refused(&with("floor", Some(&int(bad)))), error, "{bad}");
    }
    let unwritable = Settings {
        floor: Some(MAX_FLOOR + 1),
        ..settings()
    };
    assert_eq!(unwritable.write(&mut [0; 1024]), Err(error));
}

#[test]
fn neither_network_nor_passphrase_is_shown() {
    let shown = format!("{:?} {:?}", full(), WIFI);
    assert!(shown.contains("ntp.example.com"), "{shown}");
    assert!(shown.contains("1790000000"), "{shown}");
    for secret in ["SHEDNET", "correct", "83, 72"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn the_fingerprint_is_of_the_payload_alone() {
    let mut region = written(&full());
    let mine = fingerprint(&region).unwrap();
    assert_eq!(mine[..], Sha256::digest(&region[40..])[..]);
    // What follows in the flash is somebody else's.
    region.resize(4096, 0xff);
    assert_eq!(fingerprint(&region), Ok(mine));
    let other = Settings {
        floor: None,
        ..full()
    };
    assert_ne!(fingerprint(&written(&other)), Ok(mine));
    region[100] ^= 1;
    assert_eq!(fingerprint(&region), Err(SettingsError::Damaged));
    assert_eq!(fingerprint(&[0xff; 64]), Err(SettingsError::Missing));
}

#[test]
fn errors_of_options_say_what_to_do() {
    for (field, problem, said) in [
        (
            Field::TimeServers,
            Problem::TooMany { most: 4 },
            "settings: `time_servers` has more than 4 entries; correct it and write them again",
        ),
        (
            Field::Floor,
            Problem::NotATime,
            "settings: `floor` is not a time in seconds since 1970, from 0 to 253402300799; \
             correct it and write them again",
        ),
        (
            Field::WifiNetwork,
            Problem::NotANetworkName,
            "settings: `wifi_network` has not 1 to 32 bytes; correct it and write them again",
        ),
    ] {
        assert_eq!(field.error(problem).to_string(), said);
    }
}
