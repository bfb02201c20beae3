//! Somebody on the path between the device and a good server, without keys,
//! at each record of a session.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use wigwag_embassy::tls::{End, RecordError};
use wigwag_harness::adversary::wire::{self, content, handshake};
use wigwag_harness::adversary::{Deed, Tamper, relay};
use wigwag_harness::pki::Pki;
use wigwag_tests::campaign;
use wigwag_tests::e2e::in_paused_time;
use wigwag_tests::tls::{Connected, SECRET, TlsDevice};

/// What the server says, in four records.
const WORDS: [&[u8]; 4] = [b"one", b"two", b"three", b"four"];

/// One session through somebody's hands.
struct Session {
    connected: Connected,
    /// What the server heard.
    heard: Vec<u8>,
    /// The server's records: type and length.
    records: Vec<(u8, usize)>,
}

/// A good server: waits for the device's words, and says its own one by one,
/// each after the answer to the one before.
async fn session(pki: &Pki, tamper: Option<Tamper>) -> Session {
    let (near, client_side) = tokio::io::duplex(65_536);
    let (server_side, far) = tokio::io::duplex(65_536);
    let config = pki.server_config(false, None).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let serve = async {
        let mut heard = Vec::new();
        let Ok(mut stream) = acceptor.accept(far).await else {
            return heard;
        };
        let mut expected = SECRET.len();
        for word in WORDS.iter().map(Some).chain([None]) {
            while heard.len() < expected {
                match stream.read_buf(&mut heard).await {
                    Ok(0) | Err(_) => return heard,
                    Ok(_) => {}
                }
            }
            let Some(word) = word else { break };
            if stream.write_all(word).await.is_err() || stream.flush().await.is_err() {
                return heard;
            }
            expected += word.len();
        }
        // The device hears it, unless it was cut off.
        let _ = stream.shutdown().await;
        while let Ok(1..) = stream.read_buf(&mut heard).await {}
        heard
    };
    let device = TlsDevice::of(pki);
    let (connected, records, heard) = tokio::join!(
        device.connect(near, campaign::rng(1)),
        relay(client_side, server_side, tamper),
        serve
    );
    Session {
        connected: connected.expect("the device panicked"),
        heard,
        records,
    }
}

/// What always holds: whatever arrived on either side is the beginning of what
/// was said, and a clean end means that all of it has arrived.
fn nothing_forged(session: &Session) {
    let said = WORDS.concat();
    let delivered = &session.connected.delivered;
    assert!(said.starts_with(delivered), "{delivered:?}");
    let all = [SECRET, &said].concat();
    assert!(all.starts_with(&session.heard), "{:?}", session.heard);
    if session.connected.end == End::PeerClosed {
        assert_eq!(delivered, &said);
    }
}

/// Plain records of every type, and things that are none.
fn injections() -> Vec<(Vec<u8>, RecordError)> {
    let types = |kind, body: &[u8]| (wire::record(kind, body), RecordError::UnexpectedType(kind));
    let length = |record: Vec<u8>, length| (record, RecordError::BadLength(length));
    let mut all = vec![
        types(content::ALERT, &wire::alert(1, 0)),
        types(content::ALERT, &wire::alert(2, 40)),
        types(content::CHANGE_CIPHER_SPEC, &[2]),
        length(wire::record(content::APPLICATION_DATA, b""), 0),
        length(wire::record(content::APPLICATION_DATA, &[0; 16]), 16),
        length(vec![23, 3, 3, 0x41, 1], 0x4101),
        (b"HTTP/1.1 400 Bad Request".to_vec(), RecordError::NotTls),
    ];
    for kind in handshake::ALL {
        let message = wire::message(kind, &[0; 32]);
        all.push(types(content::HANDSHAKE, &message));
    }
    for kind in [0, content::HEARTBEAT, 25, 99, 255] {
        all.push(types(kind, &[1]));
    }
    all
}

#[test]
fn a_good_session_through_other_hands_is_a_good_session() {
    in_paused_time(async || {
        let session = session(&Pki::generate(), None).await;
        nothing_forged(&session);
        assert_eq!(session.connected.end, End::PeerClosed);
        assert_eq!(session.heard, [SECRET, &WORDS.concat()].concat());
        // ServerHello, the flight, the words, the goodbye.
        assert!(session.records.len() >= 7, "{:?}", session.records);
    });
}

#[test]
fn a_record_of_a_stranger_at_any_place_ends_the_session_and_does_no_more() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let count = session(&pki, None).await.records.len();
        for record in 1..count {
            for (bytes, error) in injections() {
                let deed = Deed::Insert(bytes.clone());
                let session = session(&pki, Some(Tamper { record, deed })).await;
                nothing_forged(&session);
                assert_eq!(
                    session.connected.end,
                    End::Record(error),
                    "{bytes:?} before record {record} of {:?}",
                    session.records
                );
            }
        }
    });
}

#[test]
fn whatever_comes_before_server_hello_is_no_server() {
    in_paused_time(async || {
        let pki = Pki::generate();
        for (bytes, _) in injections() {
            let deed = Deed::Insert(bytes.clone());
            let session = session(&pki, Some(Tamper { record: 0, deed })).await;
            nothing_forged(&session);
            assert!(!session.connected.opened, "{bytes:?}");
            assert_eq!(session.heard, b"", "{bytes:?}");
        }
    });
}

#[test]
fn records_that_are_changed_repeated_swapped_or_lost_are_found_out() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let records = session(&pki, None).await.records;
        let mut deeds = vec![Deed::Drop, Deed::Repeat, Deed::Swap];
        for at in [0, 1, 3, 4, 5, 6, 20, 60, usize::MAX] {
            deeds.extend([1, 0x80].map(|mask| Deed::Flip(at, mask)));
        }
        for (record, (kind, _)) in records.iter().enumerate() {
            for deed in &deeds {
                // A change-cipher-spec means nothing, and may be missing;
                // nothing is read after the goodbye, which is the last record.
                let empty = *kind == content::CHANGE_CIPHER_SPEC
                    && !matches!(deed, Deed::Repeat | Deed::Flip(..));
                let last = matches!(deed, Deed::Swap | Deed::Repeat) && record + 1 == records.len();
                if empty || last {
                    continue;
                }
                let deed = deed.clone();
                let tamper = Tamper { record, deed };
                let session = session(&pki, Some(tamper.clone())).await;
                nothing_forged(&session);
                assert_ne!(session.connected.end, End::PeerClosed, "{tamper:?}");
            }
        }
    });
}

#[test]
fn a_session_cut_at_any_place_is_not_taken_for_a_complete_one() {
    in_paused_time(async || {
        let pki = Pki::generate();
        let records = session(&pki, None).await.records;
        for (record, (_, length)) in records.iter().enumerate() {
            for at in [0, 1, 4, 5, 6, length + 4] {
                let tamper = Tamper {
                    record,
                    deed: Deed::Cut(at),
                };
                let session = session(&pki, Some(tamper)).await;
                nothing_forged(&session);
                let end = session.connected.end;
                assert!(
                    matches!(end, End::Truncated | End::Reset),
                    "{end:?} after {at} bytes of record {record}"
                );
            }
        }
    });
}
