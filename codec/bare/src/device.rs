//! The protocols' sessions, driven as a device drives them: bytes in, bytes out.

use core::hint::black_box;

use wigwag_codec::Instant;
use wigwag_codec::framer::{FrameReader, Framer as _, Out, Received, Start, tick};
use wigwag_codec::ncp::exchange::{Exchange, Offer, Taken, Who};
use wigwag_codec::ncp::link::{ClientLink, LinkConfig, Names};
use wigwag_codec::ncp::{Ident, PacketWriter};
use wigwag_codec::ngtt::client::{Config, SendKind, Slots};
use wigwag_codec::ngtt::{ClientSession, Frame, NgttFramer};

/// What came from the network, at a time of which nothing is known.
fn received() -> (&'static [u8], Instant) {
    (crate::input(), black_box(Instant::from_micros(0)))
}

/// NGTT's client session with 2 orders and 4 requests of 256 bytes and 8 marks: orders
/// are read and confirmed, pathpoints are sent, records are kept. (Payloads are not
/// looked into: what that takes, the programs for minijson tell.)
pub fn ngtt() {
    let mut session = ClientSession::<Slots<2, 256, 4, 256, 8>>::new(Config::new());
    let mut buffer = [0; 264];
    let mut reader = FrameReader::new(NgttFramer::for_buffer(buffer.len()), &mut buffer);
    session.connected(received().1);
    loop {
        let (bytes, now) = received();
        if reader.push(bytes) == 0 {
            break;
        }
        while let Ok(Some(message)) = reader.next() {
            match message {
                Received::Message { meta, body } => {
                    session.handle_frame(Frame::new(meta, body), now);
                }
                Received::Oversized { meta, body_len, .. } => {
                    session.handle_oversized(meta, body_len, now);
                }
                _ => {}
            }
        }
        if session.handle_timeout(now).is_err() {
            break;
        }
        while let Some(id) = session.poll_order() {
            black_box(session.order(id));
            let _ = black_box(session.acknowledge(id));
        }
        let ticket = session.submit(SendKind::DataStream, |slot| {
            let place = slot.get_mut(..bytes.len()).ok_or(())?;
            place.copy_from_slice(bytes);
            Ok::<_, ()>(bytes.len())
        });
        if let Ok(ticket) = ticket {
            black_box(session.answer(ticket));
        }
        while let Some(record) = session.poll_persist() {
            black_box(record.to_bytes());
            session.persisted(record);
        }
        while let Some(out) = session.poll_transmit(now) {
            let mut place = [0; 264];
            let _ = black_box(out.frame().write(&mut place));
            black_box(&place);
            session.transmitted(now);
        }
        while let Some(event) = session.poll_event() {
            black_box(event);
        }
        black_box(session.next_timeout());
    }
    session.disconnected();
    black_box(&session);
}

/// NCP's client: the link with its handshake, the keep-alive, requests and who gets
/// their answers, a command that is written.
pub fn ncp() {
    let config = LinkConfig::new(512);
    let Ok(link) = ClientLink::new(config, Names::of_host("node-7")) else {
        return;
    };
    let mut buffer = [0; 512];
    let mut reader = FrameReader::new(link, &mut buffer);
    let mut exchange = Exchange::<4, 256>::new();
    let (Ok(kind), Ok(name)) = (Ident::new("DSPC"), Ident::new("TIME")) else {
        return;
    };
    let mut said = [0; 256];
    let mut out = Out::new(&mut said);
    let mut open = matches!(reader.start(&mut out), Ok(Start::Ready));
    loop {
        let (bytes, now) = received();
        if reader.push(bytes) == 0 {
            break;
        }
        let mut out = Out::new(&mut said);
        if !open {
            match reader.handshake(&mut out) {
                Ok(done) => open = done,
                Err(_) => break,
            }
        }
        if tick(reader.framer(), now, &mut out).is_err() {
            break;
        }
        black_box(out.bytes());
        let mut desk = exchange.desk();
        let Ok(request) = desk.open(kind, [(name, 1)].into_iter()) else {
            break;
        };
        let who = Who::Request(request);
        let mut field = [0; 128];
        while let Ok(Some(message)) = reader.next() {
            if let Received::Message { meta, body } = message {
                let offer = desk.offer(&meta, body, &who, &mut field, |slot| {
                    black_box(slot);
                });
                if !matches!(offer, Offer::Done) {
                    black_box(offer);
                }
            }
        }
        if let Taken::Field { header, length } = desk.take(&who, &mut field) {
            black_box((header, length, &field));
        }
        let mut place = [0; 128];
        let header = wigwag_codec::ncp::Header::new(kind);
        let wire = PacketWriter::new(&mut place, header)
            .numbered_field("TIME", desk.next_id())
            .param("SAMP", black_box(1024))
            .param("NAME", black_box("node"))
            .finish();
        let _ = black_box(wire);
    }
    reader.framer().stop(&mut Out::new(&mut said));
}
