//! The two ends of a link of NCP, joined in memory, in any chunking and over
//! bytes that somebody has changed.

use core::time::Duration;

use proptest::prelude::*;
use wigwag_codec::Instant;
use wigwag_codec::framer::{FrameErrorKind, Framer};
use wigwag_codec::ncp::link::{ClientLink, LinkConfig, Login, Names, ServerLink, Timing};
use wigwag_codec::ncp::{Header, Ident, Packet, packet};

use super::pair::{End, exchange};

/// What both ends hold: a head of HTTP, and a packet of the handshake.
const ROOM: usize = 1024;

fn seconds(n: u64) -> Instant {
    Instant::from_secs(n)
}

fn config() -> LinkConfig {
    LinkConfig {
        timeout: Duration::from_secs(15),
        ..LinkConfig::new(ROOM)
    }
}

fn client(login: Option<Login<'static>>) -> ClientLink<'static> {
    let client = ClientLink::new(config(), Names::of_host("node-7")).expect("a name");
    match login {
        Some(login) => client.with_login(login),
        None => client,
    }
}

fn tom() -> Login<'static> {
    Login::new("tom", "a:b").expect("a login")
}

#[test]
fn two_ends_converse_in_any_chunking_and_keep_each_other_alive() {
    let tom = tom();
    for chunk in [1, 2, 3, 7, 64, 1000] {
        for has_login in [false, true] {
            let server = ServerLink::new(config());
            let (client, server) = if has_login {
                (client(Some(tom)), server.with_authentication(&tom))
            } else {
                (client(None), server)
            };
            let mut client = End::with_room(client, ROOM);
            let mut server = End::with_room(server, ROOM);
            client.start(seconds(1));
            server.start(seconds(1));
            exchange(&mut client, &mut server, chunk, seconds(1));
            assert!(client.ready && server.ready, "chunks of {chunk}");
            let agreed = Some(Timing::Agreed(Duration::from_secs(15)));
            assert_eq!(client.framer().timing(), agreed);
            assert_eq!(server.framer().timing(), agreed);

            let mut place = [0; 128];
            let command = packet(&mut place, "DSPC")
                .field("TIME")
                .param("SAMP", 1)
                .finish()
                .expect("a packet");
            let (header, body) = {
                let packet = Packet::decode(command).expect("the same");
                (*packet.header(), command[32..command.len() - 8].to_vec())
            };
            for _ in 0..3 {
                client.send(&header, &body, seconds(2));
                server.send(&header, &body, seconds(2));
            }
            exchange(&mut client, &mut server, chunk, seconds(2));
            assert_eq!(client.received, [&body[..]; 3]);
            assert_eq!(server.received, [&body[..]; 3]);

            // An hour without a word of the application's.
            for now in 3..3600 {
                client.time(seconds(now));
                server.time(seconds(now));
                exchange(&mut client, &mut server, chunk, seconds(now));
            }
            assert_eq!((client.failed, server.failed), (None, None));
            assert_eq!(client.received.len(), 3, "keep-alives are not handed out");

            // One end dies, up to 9 s after its last word, and the other notices.
            client.time(seconds(3604));
            assert_eq!(client.failed, None);
            client.time(seconds(3614));
            let kind = client.failed.map(|error| error.kind);
            assert_eq!(kind, Some(FrameErrorKind::Silent));
        }
    }
}

/// What an end says in answer to `input` in pieces of `chunk`, with the clock at
/// the end of it; whether it came up.
fn answer<F: Framer>(framer: F, input: &[u8], chunk: usize) -> (Vec<u8>, bool) {
    let mut end = End::with_room(framer, ROOM);
    end.start(seconds(1));
    for piece in input.chunks(chunk) {
        end.take(piece, seconds(1));
    }
    for now in 2..200 {
        end.time(seconds(now));
    }
    assert!(end.failed.is_some(), "every wait has an end");
    (core::mem::take(&mut end.outbox), end.ready)
}

/// What a client with a login says from its first word to a command: the whole
/// stream that a server sees.
fn stream() -> Vec<u8> {
    let tom = tom();
    let mut client = End::with_room(client(Some(tom)), ROOM);
    let mut server = End::with_room(ServerLink::new(config()).with_authentication(&tom), ROOM);
    let mut said = Vec::new();
    client.start(seconds(1));
    server.start(seconds(1));
    while !client.ready {
        let words = core::mem::take(&mut client.outbox);
        said.extend(&words);
        server.take(&words, seconds(1));
        let words = core::mem::take(&mut server.outbox);
        client.take(&words, seconds(1));
    }
    client.send(&Header::new(Ident::LINK), &[], seconds(1));
    said.extend(&client.outbox);
    said
}

proptest! {
    /// Whoever does not know the password learns nothing but 401 or another
    /// answer of HTTP, whatever is sent: not one byte of NCP.
    #[test]
    fn nobody_gets_in_without_the_login(
        cut in 0..400_usize,
        behind in prop::collection::vec(any::<u8>(), 0..300),
        wrong in "[a-z]{0,8}",
        chunk in 1..300_usize,
    ) {
        let right = stream();
        let tom = tom();
        let server = || ServerLink::new(config()).with_authentication(&tom);
        // The right words up to the end of the login, and then something else.
        let login = right.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let input = [&right[..cut.min(login)], &behind[..]].concat();
        let (said, ready) = answer(server(), &input, chunk);
        prop_assert!(!ready);
        prop_assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 4") || said.starts_with(b"HTTP/1.1 505"));
        prop_assert!(!said.windows(4).any(|four| four == b"LINK"));
        // A whole conversation with another password.
        let other = Login::new("tom", &wrong).expect("a login");
        let mut other = End::with_room(client(None).with_login(other), ROOM);
        other.start(seconds(1));
        let input = [&other.outbox[..], &right[login + 4..]].concat();
        let (said, ready) = answer(server(), &input, chunk);
        prop_assert!(!ready);
        prop_assert!(said.starts_with(b"HTTP/1.1 401 "));
        prop_assert!(said.ends_with(b"\r\n\r\n"));
    }

    /// Bytes that were changed, left out or put in on the way end in an error,
    /// and neither in a panic nor in an end that talks or waits for ever.
    #[test]
    fn whatever_comes_ends(
        at in any::<prop::sample::Index>(),
        put in prop::collection::vec(any::<u8>(), 0..40),
        leave_out in 0..40_usize,
        chunk in 1..300_usize,
    ) {
        let tom = tom();
        let mut input = stream();
        let at = at.index(input.len());
        let end = (at + leave_out).min(input.len());
        input.splice(at..end, put);
        answer(ServerLink::new(config()).with_authentication(&tom), &input, chunk);
        answer(ServerLink::new(config()), &input, chunk);
        answer(client(None), &input, chunk);
        answer(client(Some(tom)), &input, chunk);
    }
}
