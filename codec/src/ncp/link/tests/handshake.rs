use core::time::Duration;
use std::borrow::ToOwned as _;
use std::format;

use super::*;
use crate::framer::FrameErrorKind;
use crate::ncp::{Ident, Time, Value};

/// As captured from ncplib 6.1.0, but for times and senders.
#[test]
fn the_words_are_those_of_ncplib() {
    let clock: fn() -> Time = || Time::new(0x6b00_9a84, 0x10c6_5b78).unwrap();
    let config = LinkConfig {
        timeout: Duration::from_secs(15),
        clock,
        info: [0, 0, 0xfc, 0x02],
        ..config()
    };
    let head = |size: &str, id: &str| {
        format!("ddccbbaa4c494e4b{size}000000{id}00000001000000849a006b785bc6100000fc02")
    };
    let hex = |bytes: &[u8]| -> std::string::String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let end = "00000000aabbccdd";
    let names = Names {
        hostname: "ncplib-peer",
        username: "tester",
        domain: "lab",
    };
    let mut client = ClientLink::new(config, names).unwrap();
    let mut server = ServerLink::new(config);
    let helo = start(&mut server);
    assert_eq!(
        hex(&helo),
        head("0d", "01") + "48454c4f0300000000000000" + end
    );
    start(&mut client);
    let ccre = hear(&mut client, &helo).1;
    assert_eq!(
        hex(&ccre),
        head("1c", "01")
            + "434352451200000000000000"
            + "4349570005000002"
            + "6e63706c69622d7065657200"
            + "4355535204000002"
            + "7465737465720000"
            + "43444f4d03000002"
            + "6c616200"
            + "4c494e4b030000000f000000"
            + end
    );
    let scar = hear(&mut server, &ccre).1;
    assert_eq!(
        hex(&scar),
        head("10", "01") + "534341520600000001000000" + "4c494e4b030000000f000000" + end
    );
    let care = hear(&mut client, &scar).1;
    assert_eq!(
        hex(&care),
        head("12", "01")
            + "434152450800000001000000"
            + "4341520005000002"
            + "6e63706c69622d7065657200"
            + end
    );
    let (step, scon) = hear(&mut server, &care);
    assert_eq!(step, Ok(Handshake::Ready(72)));
    assert_eq!(
        hex(&scon),
        head("0d", "01") + "53434f4e0300000002000000" + end
    );
    assert_eq!(hear(&mut client, &scon).0, Ok(Handshake::Ready(52)));
    let peer = server.peer().unwrap();
    let said = (&*peer.hostname, &*peer.username, &*peer.domain);
    assert_eq!(said, ("ncplib-peer", "tester", "lab"));

    // And the packet that keeps it alive, after 9 s.
    tick(&mut client, at(0)).0.unwrap();
    let (_, alive) = tick(&mut client, at(9));
    assert_eq!(
        hex(&alive),
        "ddccbbaa4c494e4b0a0000000000000001000000849a006b000000000000fc02".to_owned() + end
    );
}

#[test]
fn nothing_is_done_out_of_turn() {
    let words = ["HELO", "SCAR", "SCON", "CCRE", "CARE", "NEWS"];
    // Whatever comes, only the word that is due is answered.
    let due = [("HELO", "CCRE"), ("SCAR", "CARE")];
    let mut client = client();
    start(&mut client);
    for (expected, answer) in due {
        for word in words.iter().filter(|word| **word != expected) {
            let stray = link(word, |packet| packet);
            assert_eq!(
                hear(&mut client, &stray),
                (Ok(Handshake::Used(stray.len())), Vec::new()),
                "{word}"
            );
        }
        let (_, said) = hear(&mut client, &link(expected, |packet| packet));
        assert_eq!(fields(&said), [answer]);
    }
    // Its last word counts in a packet of type LINK only.
    let mut place = [0; 128];
    let other = packet(&mut place, "DSPC").field("SCON").finish().unwrap();
    assert_eq!(
        hear(&mut client, other),
        (Ok(Handshake::Used(other.len())), Vec::new())
    );
    let mut server = server();
    start(&mut server);
    for (expected, answer) in [("CCRE", "SCAR"), ("CARE", "SCON")] {
        for word in words.iter().filter(|word| **word != expected) {
            let (step, said) = hear(&mut server, &link(word, |packet| packet));
            assert!(matches!(step, Ok(Handshake::Used(_))), "{word}");
            assert_eq!(said, [], "{word}");
        }
        let (_, said) = hear(&mut server, &link(expected, |packet| packet));
        assert_eq!(fields(&said), [answer]);
    }
    // A command before SCON is not carried out, and too many of them are the end.
    let mut place = [0; 128];
    let command = packet(&mut place, "DSPC").field("CCRE").finish().unwrap();
    let mut server = ServerLink::new(config());
    start(&mut server);
    for _ in 0..16 {
        assert!(matches!(
            hear(&mut server, command).0,
            Ok(Handshake::Used(_))
        ));
        assert_eq!(tick(&mut server, at(0)).1, []);
    }
    assert!(hear(&mut server, command).0.is_ok());
    let (end, said) = tick(&mut server, at(0));
    assert_eq!(end.unwrap_err().kind, FrameErrorKind::Unrecognized);
    assert_eq!(fields(&said), ["ERRO"]);
}

#[test]
fn a_handshake_comes_through_byte_by_byte() {
    let mut client = client();
    start(&mut client);
    let whole = [
        link("HELO", |packet| packet),
        with_link("SCAR", 20),
        link("SCON", |packet| packet),
    ];
    for (index, word) in whole.iter().enumerate() {
        for length in 1..word.len() {
            let (step, said) = hear(&mut client, &word[..length]);
            assert!(
                matches!(step, Ok(Handshake::Need(needed)) if needed > length && needed <= word.len()),
                "{step:?}"
            );
            assert_eq!(said, []);
        }
        // With the next one behind it, only the first is taken.
        let (step, _) = hear(&mut client, &[&word[..], &[0xdd]].concat());
        let taken = word.len();
        let expected = if index == 2 {
            Handshake::Ready(taken)
        } else {
            Handshake::Used(taken)
        };
        assert_eq!(step, Ok(expected));
    }
    assert_eq!(
        client.timing(),
        Some(Timing::Agreed(Duration::from_secs(20)))
    );
}

#[test]
fn a_refusal_of_the_server_ends_the_handshake() {
    for (code, wire) in [
        (
            400,
            link("ERRO", |packet| {
                packet.param("ERRO", "Bad request").param("ERRC", 400)
            }),
        ),
        (500, link("SCAR", |packet| packet.param("ERRC", 500_u32))),
        (0, link("HELO", |packet| packet.param("ERRO", "no"))),
    ] {
        let mut client = client();
        start(&mut client);
        let (step, said) = hear(&mut client, &wire);
        assert_eq!(step.unwrap_err().kind, FrameErrorKind::Refused { code });
        assert_eq!(said, []);
    }
}

#[test]
fn what_is_no_ncp_is_told_so_and_that_is_the_end() {
    let mut giant =
        *b"\xdd\xcc\xbb\xaaLINK\xff\xff\xff\xff\x01\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0INFO";
    let mut late = giant;
    late[24..28].copy_from_slice(&1_000_000_000_u32.to_le_bytes());
    let mut large = giant;
    large[8..12].copy_from_slice(&129_u32.to_le_bytes());
    giant[24] = 0;
    let unsound = {
        let mut packet = with_link("CCRE", 5);
        packet[36] = 9;
        packet
    };
    let cases: [(&[u8], _); 5] = [
        (
            &giant,
            FrameErrorKind::TooLarge {
                length: 0xffff_ffff * 4,
                limit: 512,
            },
        ),
        (
            &large,
            FrameErrorKind::TooLarge {
                length: 516,
                limit: 512,
            },
        ),
        (&late, FrameErrorKind::Unrecognized),
        (&unsound, FrameErrorKind::Unrecognized),
        (b"GET / HTTP/1.1\r\n", FrameErrorKind::Unrecognized),
    ];
    for (wire, kind) in cases {
        let mut server = server();
        start(&mut server);
        let (step, said) = hear(&mut server, wire);
        assert_eq!((step, said), (Ok(Handshake::Used(wire.len())), Vec::new()));
        let (end, said) = tick(&mut server, at(1));
        assert_eq!(end.unwrap_err().kind, kind);
        let packet = Packet::decode(&said).unwrap();
        let field = packet.field("ERRO").unwrap();
        assert_eq!(packet.kind(), Ident::LINK);
        let code = field.param("ERRC").unwrap().value();
        assert_eq!(code, Ok(Value::I32(400)));
        // It stays so, and nothing is said twice, nor heard any more.
        let ccre = link("CCRE", |packet| packet);
        assert_eq!(hear(&mut server, &ccre).1, []);
        assert!(tick(&mut server, at(2)).0.is_err());
        assert_eq!(tick(&mut server, at(2)).1, []);

        let mut client = client();
        start(&mut client);
        assert_eq!(hear(&mut client, wire).0.unwrap_err().kind, kind);
    }
}

#[test]
fn a_link_that_has_failed_begins_anew() {
    let mut server = ServerLink::new(config());
    start(&mut server);
    hear(&mut server, b"GET / HTTP/1.1\r\n\r\n").0.unwrap();
    assert!(tick(&mut server, at(0)).0.is_err());
    // A listener's next client finds nothing of the one before.
    assert_eq!(fields(&start(&mut server)), ["HELO"]);
    assert_eq!(tick(&mut server, at(100)).0, Ok(Some(at(110))));
    let (_, said) = hear(&mut server, &link("CCRE", |packet| packet));
    assert_eq!(fields(&said), ["SCAR"]);
    hear(&mut server, b"nonsense").0.unwrap();
    let (end, said) = tick(&mut server, at(101));
    assert_eq!(end.unwrap_err().kind, FrameErrorKind::Unrecognized);
    assert_eq!(fields(&said), ["ERRO"]);
}

#[test]
fn names_are_checked_before_anything_is_said() {
    let long = "x".repeat(65);
    let too_long = |limit| Err(NameError::TooLong { limit });
    let with = |hostname, username, domain| {
        let names = Names {
            hostname,
            username,
            domain,
        };
        ClientLink::new(config(), names).map(|_| ())
    };
    assert_eq!(with(&long[..64], &long[..32], &long[..32]), Ok(()));
    assert_eq!(with(&long, "", ""), too_long(64));
    assert_eq!(with("", &long[..33], ""), too_long(32));
    assert_eq!(with("", "", &long[..33]), too_long(32));
    assert_eq!(with("a\0b", "", ""), Err(NameError::Control));
    // The longest fit what a link may say at once.
    let names = Names {
        hostname: &long[..64],
        username: &long[..32],
        domain: &long[..32],
    };
    let mut client = ClientLink::new(config(), names).unwrap();
    start(&mut client);
    let ccre = hear(&mut client, &link("HELO", |packet| packet)).1;
    let mut server = server();
    start(&mut server);
    hear(&mut server, &ccre).0.unwrap();
    assert_eq!(server.peer().unwrap().hostname, &long[..64]);
    // Nothing of a peer's is an order to somebody's terminal, or a line in a log.
    let ccre = link("CCRE", |packet| {
        packet.param("CIW", "a\u{1b}[2J\nb\u{9b}c\u{7f}é")
    });
    start(&mut server);
    hear(&mut server, &ccre).0.unwrap();
    assert_eq!(server.peer().unwrap().hostname, "a?[2J?b?c?é");
    // Those of a peer are cut between characters.
    let mut server = ServerLink::new(config());
    start(&mut server);
    let odd = "ä".repeat(40);
    let ccre = link("CCRE", |packet| packet.param("CIW", &*odd).param("CUSR", 7));
    hear(&mut server, &ccre).0.unwrap();
    let peer = server.peer().unwrap();
    assert_eq!((peer.hostname.len(), &*peer.username), (64, ""));
}

#[test]
fn a_handshake_has_its_time() {
    let mut server = server();
    start(&mut server);
    assert_eq!(tick(&mut server, at(100)).0, Ok(Some(at(110))));
    // What comes meanwhile does not make it longer.
    server.heard();
    hear(&mut server, &link("CCRE", |packet| packet)).0.unwrap();
    assert_eq!(tick(&mut server, at(109)).0, Ok(Some(at(110))));
    let end = tick(&mut server, at(110)).0.unwrap_err();
    assert_eq!(end.kind, FrameErrorKind::Silent);

    let mut client = client();
    start(&mut client);
    assert_eq!(tick(&mut client, at(100)).0, Ok(Some(at(160))));
    let end = tick(&mut client, at(160)).0.unwrap_err();
    assert_eq!(end.kind, FrameErrorKind::Silent);
    // Another connection is another one.
    start(&mut client);
    assert_eq!(tick(&mut client, at(161)).0, Ok(Some(at(221))));
}
