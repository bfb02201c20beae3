//! What cannot be sent is refused before a byte of it is, and what cannot be
//! received before a byte of it is kept.

use std::time::Duration;

use embedded_io_async::Write as _;
use tokio::time::Instant;
use wigwag_codec::framer::FrameErrorKind;
use wigwag_codec::ncp::{NcpErrorKind, NcpWarningKind, packet};
use wigwag_embassy::ncp::{DecodeError, Error, Fields, Server, ServerConnection, Value, Warning};
use wigwag_tests::nodes::{
    accept_raw, beside, client, connect_raw, echo, number, on_cable, read_all, serve_handshake,
    shake_hands, with_both, with_raw_client, with_raw_server,
};

#[test]
fn names_and_values_that_cannot_be_sent_send_nothing() {
    with_both::<4, 256>(async |_, client, server| {
        for (kind, name) in [
            ("", "TIME"),
            ("dspc", "TIME"),
            ("DSPCS", "TIME"),
            ("DS C", "TIME"),
            ("DSPC", ""),
            ("DSPC", "time"),
            ("DSPC", "TIMES"),
            ("DSPC", "ZEIT\u{e9}"),
            ("D\0PC", "TIME"),
        ] {
            let error = client.send(kind, name, |params| params).await.unwrap_err();
            let Error::InvalidValue(error) = error else {
                panic!("{kind:?} {name:?}: {error:?}");
            };
            assert!(matches!(error.kind, NcpErrorKind::Ident(_)), "{error}");
        }
        for name in ["", "samp", "SAMPLE", "\u{e9}"] {
            let sent = client
                .send("DSPC", "TIME", |params| params.param(name, 1))
                .await;
            assert!(matches!(sent, Err(Error::InvalidValue(_))), "{name:?}");
        }
        let nul = client.send("DSPC", "TIME", |params| params.param("NAME", "a\0b"));
        let nul = nul.await.unwrap_err();
        assert!(matches!(nul, Error::InvalidValue(error) if error.kind == NcpErrorKind::Nul));
        // What is wrong late in a packet keeps back what comes before it.
        let late = client.send_packet("DSPC", |fields| {
            fields.field("SWEP").param("FSTA", 1).field("time")
        });
        assert!(matches!(late.await, Err(Error::InvalidValue(_))));
        for fields in [
            (|fields| fields) as fn(Fields<'_>) -> Fields<'_>,
            |fields| fields.param("FSTA", 1),
        ] {
            let none = client.send_packet("DSPC", fields).await.unwrap_err();
            assert!(
                matches!(none, Error::InvalidValue(error) if error.kind == NcpErrorKind::NoField)
            );
        }
        // The first that the server hears of.
        let sent = client.send("DSPC", "TIME", |params| params.param("N", 1));
        let response = sent.await.unwrap();
        let mut buffer = [0; 64];
        let field = server.recv(&mut buffer).await.unwrap();
        assert_eq!((field.id, number(&field, "N")), (0, 1));
        let to = field.reply_to();
        let bad = server.reply(to, |params| params.param("n", 1)).await;
        assert!(matches!(bad, Err(Error::InvalidValue(_))));
        let good = server.reply(to, |params| params.param("N", 2)).await;
        assert_eq!(good, Ok(()));
        let field = response.recv(&mut buffer).await.unwrap();
        assert_eq!(number(&field, "N"), 2);
    });
}

#[test]
fn a_packet_too_large_to_be_sent_is_refused_and_the_largest_is_not() {
    with_both::<4, 256>(async |_, client, server| {
        // A packet of 4096 bytes: header, footer, a field with a parameter.
        let data = [7_u8; 4096 - 40 - 12 - 8 + 4];
        let send = async |length| {
            let sent = client.send("DSPC", "DATA", |params| {
                params.param("DATA", &data[..length])
            });
            sent.await.map(drop)
        };
        let limit = 4096;
        assert_eq!(send(data.len()).await, Err(Error::TooLarge { limit }));
        assert_eq!(send(data.len() - 4).await, Ok(()));
        let mut buffer = [0; 4096];
        let field = server.recv(&mut buffer).await.unwrap();
        assert_eq!(field.value("DATA"), Some(Value::Raw(&data[4..])));
    });
}

#[test]
fn a_packet_too_large_to_be_received_ends_the_connection_at_its_header() {
    // A sweep of 64 KiB, for a device with packets of 8 KiB, or of less.
    for limit in [8192, 1024] {
        with_raw_server(async move |_, near, far| {
            let mut place = vec![0; 70_000];
            let data = vec![1.0_f32; 16_384];
            let sweep = packet(&mut place, "DSPC").field("SWEP");
            let sweep = sweep.param("PDAT", &data[..]).finish().unwrap();
            let serve = async {
                let mut raw = accept_raw(&far).await;
                serve_handshake(&mut raw, 60).await;
                // The header alone.
                raw.write_all(&sweep[..32]).await.unwrap();
                read_all(&mut raw).await
            };
            let talk = async {
                let client = client().with_max_packet(limit);
                let connection = client.connect(&near).await.unwrap();
                let since = Instant::now();
                let error = connection.recv(&mut [0; 64]).await.unwrap_err();
                let Error::DecodeError(DecodeError::Stream(error)) = error else {
                    panic!("{error:?}");
                };
                let length = sweep.len();
                assert_eq!(error.kind, FrameErrorKind::TooLarge { length, limit });
                assert!(since.elapsed() < Duration::from_secs(1));
                assert!(connection.is_closing());
            };
            futures::join!(serve, talk);
        });
    }
}

#[test]
fn a_packet_that_is_not_sound_ends_the_connection_and_the_client_is_told() {
    with_raw_client(async |_, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let ended = std::cell::RefCell::new(Vec::new());
        let handler = async |client: &ServerConnection<'_>| {
            let mut buffer = [0; 64];
            let field = client.recv(&mut buffer).await?;
            assert_eq!(number(&field, "N"), 1);
            let error = client.recv(&mut buffer).await.unwrap_err();
            ended.borrow_mut().push(error.clone());
            Err(error)
        };
        let talk = async {
            let mut place = [0; 128];
            let good = packet(&mut place, "DSPC").field("TIME").param("N", 1);
            let good = good.finish().unwrap().to_vec();
            // A parameter whose size is 0, as it froze ncplib; one that goes
            // beyond its field; a field that goes beyond its packet.
            for (at, size) in [(48, 0), (48, 1), (48, 4), (36, 7), (36, 2)] {
                let mut raw = connect_raw(&near, 9999).await;
                shake_hands(&mut raw).await;
                let mut bad = good.clone();
                bad[at] = size;
                raw.write_all(&[&good[..], &bad, &good].concat())
                    .await
                    .unwrap();
                let said = read_all(&mut raw).await;
                let said = wigwag_codec::ncp::Packet::decode(&said).unwrap();
                let fault = said.field("ERRO").and_then(|field| field.error());
                assert_eq!(fault.map(|fault| fault.code), Some(400), "{at} {size}");
            }
            assert_eq!(ended.borrow().len(), 5);
            for error in ended.take() {
                assert!(matches!(error, Error::DecodeError(DecodeError::Packet(_))));
            }
        };
        beside(server.serve::<2, Error>(handler), talk).await;
    });
}

#[test]
fn a_handler_that_does_not_receive_is_ended_by_a_bad_packet_once_it_is_seen() {
    with_raw_client(async |_, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let handler = async |client: &ServerConnection<'_>| {
            // Waits for an answer that never comes.
            let asked = client.send("NODE", "STAT", |params| params).await?;
            asked.recv(&mut [0; 64]).await.map(drop)
        };
        let talk = async {
            let mut raw = connect_raw(&near, 9999).await;
            shake_hands(&mut raw).await;
            let mut place = [0; 128];
            let bad = packet(&mut place, "DSPC").field("TIME").param("N", 1);
            let mut bad = bad.finish().unwrap().to_vec();
            bad[48] = 0;
            raw.write_all(&bad).await.unwrap();
            let said = read_all(&mut raw).await;
            let (request, length) = wigwag_codec::ncp::Packet::decode_prefix(&said).unwrap();
            assert!(request.field("STAT").is_some());
            let said = wigwag_codec::ncp::Packet::decode(&said[length..]).unwrap();
            assert!(said.field("ERRO").is_some());
        };
        beside(server.serve::<2, Error>(handler), talk).await;
    });
}

#[test]
fn what_is_odd_about_a_packet_is_told_once_and_the_field_is_received() {
    with_raw_server(async |_, near, far| {
        let mut place = [0; 128];
        let field = packet(&mut place, "NODE").field("STAT").param("N", 1);
        let field = field.param("ELOC", 2).finish().unwrap();
        let mut odd = field.to_vec();
        // The first value is of a type that nobody knows.
        odd[51] = 0x42;
        let serve = async {
            let mut raw = accept_raw(&far).await;
            serve_handshake(&mut raw, 60).await;
            raw.write_all(&odd).await.unwrap();
            raw
        };
        let talk = async {
            let connection = client().connect(&near).await.unwrap();
            let mut buffer = [0; 64];
            // Several looks at the same packet.
            for _ in 0..3 {
                let small = connection.recv(&mut buffer[..8]).await.unwrap_err();
                assert!(matches!(small, Error::BufferTooSmall { .. }));
            }
            let field = connection.recv(&mut buffer).await.unwrap();
            let Some(Value::Unknown { kind: 0x42, bytes }) = field.value("N") else {
                panic!("{field:?}");
            };
            assert_eq!(bytes, 1_u32.to_le_bytes());
            assert_eq!(number(&field, "ELOC"), 2);
            let Some(Warning::DecodeWarning(kind, warning)) = connection.try_warning() else {
                panic!("no warning");
            };
            assert!(kind == "NODE");
            assert_eq!(
                (warning.kind, warning.offset),
                (NcpWarningKind::UnknownType(0x42), 44)
            );
            assert_eq!(connection.try_warning(), None);
        };
        let (_raw, ()) = futures::join!(serve, talk);
    });
}

#[test]
fn the_switches_hand_out_what_is_taken_care_of_else() {
    on_cable(async |_, near, far| {
        let server = Server::plain().listen(&far).unwrap();
        let talk = async {
            for (erro, warn, ackn) in [
                (false, true, true),
                (true, false, true),
                (true, true, false),
            ] {
                let client = client().with_auto_erro(erro).with_auto_warn(warn);
                let connection = client.with_auto_ackn(ackn).connect(&near).await.unwrap();
                let mut buffer = [0; 128];
                let sent = connection.send("DSPC", "TIME", |params| {
                    params.param("ERRO", "no antenna").param("ERRC", 7)
                });
                let response = sent.await.unwrap();
                let first = response.recv(&mut buffer).await;
                if ackn {
                    let found = match &first {
                        Ok(field) => (false, number(field, "ERRC")),
                        Err(Error::CommandError(fault)) => {
                            assert_eq!(fault.detail, "no antenna");
                            assert!(fault.packet_type == "DSPC" && fault.name == "TIME");
                            (true, fault.code)
                        }
                        Err(error) => panic!("{error:?}"),
                    };
                    assert_eq!(found, (erro, 7));
                } else {
                    assert!(first.unwrap().param("ACKN").is_some());
                    let error = response.recv(&mut buffer).await;
                    assert!(matches!(error, Err(Error::CommandError(_))));
                }
                let sent = connection.send("DSPC", "TIME", |params| params.param("WARC", 3));
                let response = sent.await.unwrap();
                let mut field = response.recv(&mut buffer).await.unwrap();
                if !ackn {
                    assert!(field.param("ACKN").is_some());
                    field = response.recv(&mut buffer).await.unwrap();
                }
                assert_eq!(number(&field, "WARC"), 3);
                assert_eq!(connection.try_warning().is_some(), warn);
            }
        };
        beside(server.serve::<2, Error>(echo), talk).await;
    });
}
