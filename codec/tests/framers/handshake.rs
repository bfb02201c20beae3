use core::time::Duration;

use wigwag_codec::Instant;
use wigwag_codec::framer::{
    FrameError, FrameErrorKind, Framer, Handshake, Out, Over, Passthrough, Start, Step, Switch,
};
use wigwag_codec::mark::MarkFramer;
use wigwag_codec::prefix::PrefixFramer;

use super::line::{LineFramer, Role};
use super::pair::{End, exchange};

const CHUNKS: [usize; 5] = [1, 2, 3, 7, 1000];

fn line(role: Role, wanted: u8) -> LineFramer {
    LineFramer::new(role, 64, wanted)
}

fn seconds(n: u64) -> Instant {
    Instant::from_secs(n)
}

/// Brings two ends to Ready, sends messages both ways, and says goodbye.
fn converse<F: Framer>(pair: impl Fn() -> (F, F), meta: &F::Meta) {
    for chunk in CHUNKS {
        let (client, server) = pair();
        let (mut client, mut server) = (End::new(client), End::new(server));
        client.start(seconds(1));
        server.start(seconds(1));
        assert!(!client.ready && !server.ready);
        exchange(&mut client, &mut server, chunk, seconds(1));
        assert!(client.ready && server.ready, "chunks of {chunk}");
        assert_eq!((client.failed, server.failed), (None, None));
        for message in [&b"one"[..], b"", b"three"] {
            client.send(meta, message, seconds(1));
            server.send(meta, message, seconds(1));
        }
        exchange(&mut client, &mut server, chunk, seconds(1));
        assert_eq!(client.received, [&b"one"[..], b"", b"three"]);
        assert_eq!(server.received, [&b"one"[..], b"", b"three"]);
        client.stop();
        exchange(&mut client, &mut server, chunk, seconds(1));
        let kind = server.failed.map(|error| error.kind);
        assert_eq!(kind, Some(FrameErrorKind::Closed), "chunks of {chunk}");
        assert_eq!(client.failed, None);
        // The next connection begins from scratch.
        server.failed = None;
        client.start(seconds(2));
        server.start(seconds(2));
        assert!(!client.ready && !server.ready);
        exchange(&mut client, &mut server, chunk, seconds(2));
        assert!(client.ready && server.ready);
    }
}

#[test]
fn a_handshake_of_four_steps_in_any_chunking() {
    converse(|| (line(Role::Client, 60), line(Role::Server, 30)), &());
}

#[test]
fn the_inner_handshake_travels_in_messages_of_the_outer_framer() {
    let below = PrefixFramer::new(80);
    converse(
        || {
            let client = Over::new(line(Role::Client, 60), below);
            (client, Over::new(line(Role::Server, 30), below))
        },
        &((), ()),
    );
    // Seen on the wire: the server's greeting behind the length of it.
    let mut place = [0; 64];
    let mut out = Out::new(&mut place);
    let mut server = Over::new(line(Role::Server, 30), below);
    assert_eq!(server.start(&mut out), Ok(Start::Handshake));
    assert_eq!(out.bytes(), b"\0\0\0\x09\0\x05Hhello.");
}

#[test]
fn both_handshakes_of_a_stack_are_made_the_outer_one_first() {
    converse(
        || {
            let stack = |role| Over::new(line(role, 60), line(role, 30));
            (stack(Role::Client), stack(Role::Server))
        },
        &((), ()),
    );
    converse(
        || {
            let stack = |role| Over::new(line(role, 9), Over::new(line(role, 60), line(role, 30)));
            (stack(Role::Client), stack(Role::Server))
        },
        &((), ((), ())),
    );
    converse(
        || {
            let stack = |role| Over::new(Over::new(line(role, 9), line(role, 60)), line(role, 30));
            (stack(Role::Client), stack(Role::Server))
        },
        &(((), ()), ()),
    );
}

#[test]
fn a_framer_with_a_handshake_below_one_without() {
    converse(
        || {
            let stack = |role| Over::new(PrefixFramer::new(60), line(role, 60));
            (stack(Role::Client), stack(Role::Server))
        },
        &((), ()),
    );
    converse(
        || {
            let stack = |role| Over::new(MarkFramer::SECOND, line(role, 60));
            (stack(Role::Client), stack(Role::Server))
        },
        &((), ()),
    );
    // Nothing below: the handshake is on the stream itself.
    converse(
        || {
            let stack = |role| Over::new(line(role, 60), Passthrough);
            (stack(Role::Client), stack(Role::Server))
        },
        &((), ()),
    );
}

/// Asks a proxy for a way, and is not there any more when it has one.
#[derive(Clone, Copy)]
struct Proxy;

impl Framer for Proxy {
    const HEAD: usize = 0;
    const TAIL: usize = 0;
    const PRESERVES_BOUNDARIES: bool = false;
    type Meta = ();
    const OUT: usize = 16;
    const CARRIER: Option<()> = Some(());

    fn start(&mut self, out: &mut Out<'_>) -> Result<Start, FrameError> {
        out.put(b"CONNECT\n")?;
        Ok(Start::Handshake)
    }

    fn on_handshake(&mut self, input: &[u8], _out: &mut Out<'_>) -> Result<Handshake, FrameError> {
        match input {
            [b'2', b'\n', ..] => Ok(Handshake::Ready(2)),
            [digit, b'\n', ..] => {
                let code = u16::from(digit - b'0');
                Err(FrameError::new(FrameErrorKind::Refused { code }, 0))
            }
            _ => Ok(Handshake::Need(2)),
        }
    }

    fn decode(&mut self, _prefix: &[u8]) -> Result<Step<()>, FrameError> {
        let (meta, skip) = ((), 0);
        Ok(Step::Passthrough { meta, skip })
    }

    fn encode(
        &mut self,
        (): &(),
        _body_len: usize,
        _head: &mut [u8],
        _tail: &mut [u8],
    ) -> Result<(usize, usize), FrameError> {
        Ok((0, 0))
    }
}

#[test]
fn a_framer_put_beneath_at_run_time_steps_aside_after_its_handshake() {
    for proxied in [true, false] {
        let below = if proxied {
            Switch::First(Proxy)
        } else {
            Switch::Second(Passthrough)
        };
        let mut client = End::new(Over::new(PrefixFramer::new(60), below));
        client.start(seconds(0));
        assert_eq!(client.ready, !proxied);
        if proxied {
            // The answer and the first message in one segment.
            client.take(b"2", seconds(0));
            assert!(!client.ready);
            client.take(b"\n\0\0\0\x02h", seconds(0));
            assert!(client.ready);
            client.take(b"i\0\0\0\0", seconds(0));
        } else {
            client.take(b"\0\0\0\x02hi\0\0\0\0", seconds(0));
        }
        assert_eq!(client.received, [&b"hi"[..], b""]);
    }
    let mut refused = End::new(Over::new(PrefixFramer::new(60), Proxy));
    refused.start(seconds(0));
    refused.take(b"4\n", seconds(0));
    let kind = refused.failed.unwrap().kind;
    assert_eq!(kind, FrameErrorKind::Refused { code: 4 });
    assert!(!refused.ready);
}

#[test]
fn a_refusal_ends_both_sides_before_ready_and_is_said_on_the_wire() {
    for chunk in CHUNKS {
        let mut refusing = line(Role::Server, 30);
        refusing.refusal = Some(401);
        let mut client = End::new(Over::new(line(Role::Client, 60), PrefixFramer::new(80)));
        let mut server = End::new(Over::new(refusing, PrefixFramer::new(80)));
        client.start(seconds(0));
        server.start(seconds(0));
        exchange(&mut client, &mut server, chunk, seconds(0));
        for (failed, ready) in [(client.failed, client.ready), (server.failed, server.ready)] {
            let kind = failed.unwrap().kind;
            assert_eq!(
                (kind, ready),
                (FrameErrorKind::Refused { code: 401 }, false)
            );
        }
    }
}

/// Runs both ends from second `from` to second `to`, one second at a time.
fn pass_time<A: Framer, B: Framer>(one: &mut End<A>, other: &mut End<B>, from: u64, to: u64) {
    for second in from..=to {
        one.time(seconds(second));
        other.time(seconds(second));
        exchange(one, other, 2, seconds(second));
    }
}

#[test]
fn keep_alives_hold_an_idle_connection_and_silence_ends_it() {
    let mut client = End::new(line(Role::Client, 60));
    let mut server = End::new(line(Role::Server, 30));
    client.start(seconds(0));
    server.start(seconds(0));
    exchange(&mut client, &mut server, 5, seconds(0));
    // Both agreed on 30 seconds, so there is one every ten.
    assert_eq!(client.framer().timeout, Duration::from_secs(30));
    pass_time(&mut client, &mut server, 1, 100);
    assert_eq!(
        (client.framer().kept_alive, server.framer().kept_alive),
        (10, 10)
    );
    assert_eq!((client.failed, server.failed), (None, None));
    assert!(client.received.is_empty(), "they are not messages");
    // The server dies. The client's keep-alives go nowhere.
    for second in 101..=129 {
        client.time(seconds(second));
        assert_eq!(client.failed, None, "second {second}");
    }
    client.time(seconds(130));
    assert_eq!(client.failed.unwrap().kind, FrameErrorKind::Silent);
}

#[test]
fn a_message_that_comes_slowly_is_no_silence() {
    let mut server = End::new(line(Role::Server, 30));
    let mut client = End::new(Over::new(
        Switch::<_, LineFramer>::First(line(Role::Client, 30)),
        Passthrough,
    ));
    client.start(seconds(0));
    server.start(seconds(0));
    exchange(&mut client, &mut server, 5, seconds(0));
    // Four minutes for twelve bytes, and it is there.
    for (byte, second) in b"\0\x08Mslowness.".iter().zip((20..).step_by(20)) {
        client.take(&[*byte], seconds(second));
        client.time(seconds(second + 19));
        assert_eq!(client.failed, None, "second {second}");
    }
    assert_eq!(client.received, [b"slowness"]);
    // Half a message and nothing behind it is one.
    client.take(b"\0\x08Mslow", seconds(245));
    client.time(seconds(274));
    assert_eq!(client.failed, None);
    client.time(seconds(275));
    assert_eq!(client.failed.unwrap().kind, FrameErrorKind::Silent);
}

#[test]
fn a_handshake_that_nobody_answers_ends_by_the_framers_own_clock() {
    let mut client = End::new(Over::new(line(Role::Client, 20), PrefixFramer::new(80)));
    client.start(seconds(5));
    for second in 5..25 {
        client.time(seconds(second));
        assert_eq!(client.failed, None);
    }
    client.time(seconds(25));
    assert_eq!(client.failed.unwrap().kind, FrameErrorKind::Silent);
}

#[test]
fn both_framers_of_a_stack_have_their_clocks() {
    let stack = |role| Over::new(line(role, 30), line(role, 60));
    let (mut client, mut server) = (End::new(stack(Role::Client)), End::new(stack(Role::Server)));
    client.start(seconds(0));
    server.start(seconds(0));
    exchange(&mut client, &mut server, 4, seconds(0));
    assert!(client.ready && server.ready);
    pass_time(&mut client, &mut server, 1, 61);
    // The inner one's every ten seconds keep the outer one from being idle.
    for end in [&mut client, &mut server] {
        assert_eq!(end.framer().inner().kept_alive, 6);
        assert_eq!(end.framer().outer().kept_alive, 0);
        assert_eq!(end.failed, None);
    }
}

#[test]
fn a_handshake_is_bounded_by_the_buffer_and_by_its_format() {
    let mut client = End::new(line(Role::Client, 60));
    client.start(seconds(0));
    // A greeting of 65,535 bytes is announced.
    client.take(b"\xff\xffHello", seconds(0));
    let kind = client.failed.unwrap().kind;
    let (needed, capacity) = (65_539, 128);
    assert_eq!(kind, FrameErrorKind::BufferTooSmall { needed, capacity });
    let mut client = End::new(line(Role::Client, 60));
    client.start(seconds(0));
    client.take(b"HTTP/1.1 400", seconds(0));
    assert_eq!(client.failed.unwrap().kind, FrameErrorKind::Unrecognized);
    // Inside another framer: cut short, with bytes behind it, over the limit.
    for wire in [&b"\0\0\0\x08\0\x05Hhello"[..], b"\0\0\0\x0a\0\x05Hhello.."] {
        let mut client = End::new(Over::new(line(Role::Client, 60), PrefixFramer::new(80)));
        client.start(seconds(0));
        client.take(wire, seconds(0));
        assert_eq!(client.failed.unwrap().kind, FrameErrorKind::Misfit);
    }
    let mut client = End::new(Over::new(line(Role::Client, 60), PrefixFramer::new(80)));
    client.start(seconds(0));
    client.take(b"\0\0\0\x51", seconds(0));
    assert!(matches!(
        client.failed.unwrap().kind,
        FrameErrorKind::TooLarge { length: 81, .. }
    ));
}

#[test]
fn a_reference_to_a_framer_does_all_that_the_framer_does() {
    let (mut client, mut server) = (line(Role::Client, 60), line(Role::Server, 30));
    converse_by_reference(&mut client, &mut server);
    assert_eq!(client.timeout, Duration::from_secs(30));
}

fn converse_by_reference(client: &mut LineFramer, server: &mut LineFramer) {
    let (mut client, mut server) = (End::new(client), End::new(server));
    client.start(seconds(0));
    server.start(seconds(0));
    exchange(&mut client, &mut server, 3, seconds(0));
    assert!(client.ready && server.ready);
    pass_time(&mut client, &mut server, 1, 20);
    assert_eq!(server.framer().kept_alive, 2);
    // Nine bytes of a message that does not end, in two minutes.
    for (byte, second) in b"\0\x20Mendless"[..9].iter().zip((30..).step_by(14)) {
        client.take(&[*byte], seconds(second));
        client.time(seconds(second + 13));
    }
    assert_eq!(client.failed, None);
    client.stop();
    exchange(&mut client, &mut server, 3, seconds(20));
    assert_eq!(server.failed.unwrap().kind, FrameErrorKind::Closed);
}
