//! Both ends against each other, against what ncplib says, and against what
//! nobody should.

mod handshake;
mod life;
mod tunnel;

use std::vec::Vec;

use super::*;
use crate::Instant;
use crate::framer::{FrameError, Framer, Handshake, Out};
use crate::ncp::{Packet, PacketWriter, ToValue, packet};

pub(super) fn at(seconds: u64) -> Instant {
    Instant::from_secs(seconds)
}

pub(super) fn config() -> LinkConfig {
    LinkConfig::new(4096)
}

pub(super) fn client() -> ClientLink<'static> {
    ClientLink::new(config(), Names::of_host("node-7")).unwrap()
}

pub(super) fn server() -> ServerLink<'static> {
    ServerLink::new(config())
}

/// What an end says when it is started.
pub(super) fn start(end: &mut impl Framer) -> Vec<u8> {
    let mut place = [0; 256];
    let mut out = Out::new(&mut place);
    end.start(&mut out).unwrap();
    out.bytes().to_vec()
}

/// Lets an end see `input` in the handshake: its answer, and what it says.
pub(super) fn hear(
    end: &mut impl Framer,
    input: &[u8],
) -> (Result<Handshake, FrameError>, Vec<u8>) {
    let mut place = [0; 256];
    let mut out = Out::new(&mut place);
    let step = end.on_handshake(input, &mut out);
    (step, out.bytes().to_vec())
}

/// Lets an end look at the clock.
pub(super) fn tick(
    end: &mut impl Framer,
    now: Instant,
) -> (Result<Option<Instant>, FrameError>, Vec<u8>) {
    let mut place = [0; 256];
    let mut out = Out::new(&mut place);
    let next = end.on_time(now, &mut out);
    (next, out.bytes().to_vec())
}

/// A packet of type LINK with one field.
pub(super) fn link(
    field: &str,
    write: impl FnOnce(PacketWriter<'_>) -> PacketWriter<'_>,
) -> Vec<u8> {
    let mut place = [0; 1024];
    write(packet(&mut place, "LINK").field(field))
        .finish()
        .unwrap()
        .to_vec()
}

/// A field of the handshake with a LINK parameter.
pub(super) fn with_link(field: &str, value: impl ToValue) -> Vec<u8> {
    link(field, |packet| packet.param("LINK", value))
}

/// The names of the fields of the packets in `bytes`.
pub(super) fn fields(mut bytes: &[u8]) -> Vec<std::string::String> {
    use std::string::ToString as _;
    let mut names = Vec::new();
    while !bytes.is_empty() {
        let (packet, consumed) = Packet::decode_prefix(bytes).unwrap();
        assert_eq!(packet.kind(), "LINK");
        names.extend(packet.fields().map(|field| field.name.to_string()));
        bytes = &bytes[consumed..];
    }
    names
}

/// A client that is up, with what SCAR says.
pub(super) fn client_with(scar: &[u8]) -> ClientLink<'static> {
    let mut client = client();
    assert_eq!(start(&mut client), []);
    hear(&mut client, &link("HELO", |packet| packet)).0.unwrap();
    hear(&mut client, scar).0.unwrap();
    let scon = link("SCON", |packet| packet);
    let (step, _) = hear(&mut client, &scon);
    assert_eq!(step, Ok(Handshake::Ready(scon.len())));
    client
}

/// A server that is up, with what CCRE says.
pub(super) fn server_with(ccre: &[u8]) -> ServerLink<'static> {
    let mut server = server();
    assert_eq!(fields(&start(&mut server)), ["HELO"]);
    assert_eq!(fields(&hear(&mut server, ccre).1), ["SCAR"]);
    let care = link("CARE", |packet| packet);
    let (step, said) = hear(&mut server, &care);
    assert_eq!(step, Ok(Handshake::Ready(care.len())));
    assert_eq!(fields(&said), ["SCON"]);
    server
}
