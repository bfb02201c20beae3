use core::time::Duration;

use super::*;
use crate::framer::{FrameErrorKind, Step};
use crate::ncp::{HEADER_LEN, Header, Ident, Value};

fn agreed(seconds: u64) -> Option<Timing> {
    Some(Timing::Agreed(Duration::from_secs(seconds)))
}

/// What a server makes of what a client asks for, and a client of what a server
/// says: the same. ncplib's client believes everything.
#[test]
fn the_time_is_agreed_within_bounds_at_both_ends() {
    let legacy = Some(Timing::Legacy);
    let cases = [
        (Value::I32(0), legacy),
        (Value::I32(-1), legacy),
        (Value::I32(i32::MIN), legacy),
        (Value::I32(1), agreed(5)),
        (Value::F32(2.5), agreed(5)),
        (Value::F32(0.9), legacy),
        (Value::F64(f64::NAN), legacy),
        (Value::F64(f64::INFINITY), legacy),
        (Value::F64(1e300), agreed(60)),
        (Value::I32(59), agreed(59)),
        (Value::I32(61), agreed(60)),
        (Value::U32(u32::MAX), agreed(60)),
        (Value::I64(i64::MIN), legacy),
        (Value::U64(u64::MAX), agreed(60)),
        (Value::Str("15"), legacy),
        (Value::Raw(b"\x0f\0\0\0"), legacy),
    ];
    for (value, timing) in cases {
        let server = server_with(&with_link("CCRE", value));
        assert_eq!(server.timing(), timing, "{value:?}");
        let client = client_with(&with_link("SCAR", value));
        assert_eq!(client.timing(), timing, "{value:?}");
    }
    assert_eq!(
        client_with(&link("SCAR", |packet| packet)).timing(),
        legacy,
        "nothing is said"
    );
    assert_eq!(server_with(&link("CCRE", |packet| packet)).timing(), legacy);
    // In words that the other end understands.
    for (asked, said) in [(1, 5), (0, 0), (i32::MAX, 60)] {
        let mut server = server();
        start(&mut server);
        let scar = hear(&mut server, &with_link("CCRE", asked)).1;
        let packet = Packet::decode(&scar).unwrap();
        let link = packet.field("SCAR").unwrap().param("LINK").unwrap();
        assert_eq!(link.value(), Ok(Value::I32(said)));
    }
}

/// How often something is said in a hundred seconds by an end that only keeps
/// the link alive, at the hand of what it asks of its driver.
fn said_in_100_s(end: &mut impl Framer) -> (usize, usize) {
    let (mut now, mut words, mut looks) = (at(0), 0, 0);
    while now < at(100) {
        end.heard();
        let (next, said) = tick(end, now);
        words += said.len() / 40;
        assert!(said.len() % 40 == 0 && fields(&said).is_empty());
        looks += 1;
        now = next.unwrap().expect("a time");
    }
    (words, looks)
}

/// A server that says 1 s makes ncplib's client say 45,000 packets a second.
#[test]
fn no_server_makes_a_client_storm() {
    for (scar, most) in [(1, 34), (5, 34), (15, 12), (60, 3), (0, 35), (-5, 35)] {
        let mut client = client_with(&with_link("SCAR", scar));
        let (said, looks) = said_in_100_s(&mut client);
        assert!(said <= most && said + 1 >= most, "{scar}: {said}");
        assert!(looks <= 2 * most, "{scar}: {looks}");
    }
    for (ccre, interval) in [(5, 3), (15, 9), (60, 39), (0, 3)] {
        let server = server_with(&with_link("CCRE", ccre));
        let timing = server.timing().unwrap();
        assert_eq!(timing.keep_alive(), Duration::from_secs(interval));
    }
}

#[test]
fn without_an_agreed_time_something_is_said_at_once() {
    for mut end in [
        client_with(&with_link("SCAR", 0)),
        client_with(&link("SCAR", |packet| packet)),
    ] {
        assert_eq!(tick(&mut end, at(1)).1.len(), 40);
        assert_eq!(tick(&mut end, at(3)).1, []);
        assert_eq!(tick(&mut end, at(4)).1.len(), 40);
    }
    let mut end = client_with(&with_link("SCAR", 15));
    assert_eq!(tick(&mut end, at(1)).1, []);
    assert_eq!(tick(&mut end, at(9)).1, []);
    assert_eq!(tick(&mut end, at(10)).1.len(), 40);
}

#[test]
fn less_than_a_second_is_no_legacy() {
    let config = LinkConfig {
        timeout: Duration::from_millis(200),
        ..config()
    };
    let mut client = ClientLink::new(config, Names::of_host("node-7")).unwrap();
    start(&mut client);
    let ccre = hear(&mut client, &link("HELO", |packet| packet)).1;
    assert_eq!(server_with(&ccre).timing(), agreed(5));
}

#[test]
fn what_is_sent_puts_the_keep_alive_off() {
    let mut end = server_with(&with_link("CCRE", 15));
    assert_eq!(tick(&mut end, at(0)).0, Ok(Some(at(9))));
    let (mut head, mut tail) = ([0; 32], [0; 8]);
    end.encode(&Header::new(Ident::LINK), 0, &mut head, &mut tail)
        .unwrap();
    end.heard();
    assert_eq!(tick(&mut end, at(8)), (Ok(Some(at(17))), Vec::new()));
    assert_eq!(tick(&mut end, at(9)).1, []);
    assert_eq!(tick(&mut end, at(17)).1.len(), 40);
}

#[test]
fn who_says_nothing_is_given_up_in_the_agreed_time() {
    for (scar, patience) in [(15, 15), (1, 5), (60, 60), (0, 60)] {
        let mut end = client_with(&with_link("SCAR", scar));
        tick(&mut end, at(0)).0.unwrap();
        assert!(tick(&mut end, at(patience - 1)).0.is_ok(), "{scar}");
        // A byte is enough.
        end.heard();
        assert!(tick(&mut end, at(patience)).0.is_ok(), "{scar}");
        // However late the next word of its own is, it looks at the end in time.
        let (mut head, mut tail) = ([0; 32], [0; 8]);
        end.encode(&Header::new(Ident::LINK), 0, &mut head, &mut tail)
            .unwrap();
        let next = tick(&mut end, at(2 * patience - 2)).0.unwrap();
        assert_eq!(
            next.map(|next| next <= at(2 * patience)),
            Some(true),
            "{scar}"
        );
        assert!(tick(&mut end, at(2 * patience - 1)).0.is_ok(), "{scar}");
        let error = tick(&mut end, at(2 * patience)).0.unwrap_err();
        assert_eq!(error.kind, FrameErrorKind::Silent, "{scar}");
    }
}

#[test]
fn keep_alives_are_not_handed_out() {
    let mut place = [0; 128];
    let command = packet(&mut place, "DSPC").field("TIME").finish().unwrap();
    let alive = {
        let mut end = client_with(&with_link("SCAR", 0));
        tick(&mut end, at(0)).1
    };
    let mut end = server_with(&with_link("CCRE", 15));
    assert_eq!(end.decode(&alive), Ok(Step::Skip(40)));
    assert!(matches!(
        end.decode(command),
        Ok(Step::Frame { consumed: 52, .. })
    ));
    // An empty one of another type is, too.
    let empty = packet(&mut place, "DSPC").finish().unwrap();
    assert!(matches!(
        end.decode(empty),
        Ok(Step::Frame { consumed: 40, .. })
    ));
    // One with something in it is.
    let told = link("ERRO", |packet| packet.param("ERRC", 500));
    assert!(matches!(end.decode(&told), Ok(Step::Frame { .. })));
}

#[test]
fn what_is_no_packet_ends_a_link_that_is_up() {
    let mut large = [0; HEADER_LEN];
    let header = Header::new(Ident::LINK);
    let mut framer = crate::ncp::NcpFramer::new(usize::MAX);
    framer
        .encode(&header, 4096 - 36, &mut large, &mut [0; 8])
        .unwrap();
    let too_large = FrameErrorKind::TooLarge {
        length: 4100,
        limit: 4096,
    };
    for (wire, kind) in [
        (&large[..], too_large),
        (&b"\xdd\xcc\xbb\xabLINK"[..], FrameErrorKind::Unrecognized),
    ] {
        let mut client = client_with(&with_link("SCAR", 15));
        assert_eq!(client.decode(wire).unwrap_err().kind, kind);
        // A server says why first.
        let mut server = server_with(&with_link("CCRE", 15));
        assert_eq!(server.decode(wire), Ok(Step::Skip(wire.len())));
        let (end, said) = tick(&mut server, at(0));
        assert_eq!(end.unwrap_err().kind, kind);
        assert_eq!(fields(&said), ["ERRO"]);
    }
}
