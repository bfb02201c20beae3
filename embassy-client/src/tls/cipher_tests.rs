use std::vec::Vec;

use super::super::content::{ALERT, APPLICATION_DATA, HANDSHAKE};
use super::super::report::delivered;
use super::*;

const NONCE: [u8; 12] = [9; 12];

fn cipher() -> Inspecting {
    Inspecting::new(&[7; 16].into())
}

/// A record's body as a server with the keys makes it, and its header as the
/// guard hands it on.
fn sealed(stage: Stage, inner: &[u8]) -> ([u8; 5], Vec<u8>) {
    let length = u16::try_from(inner.len() + 16).unwrap();
    let [high, low] = length.to_be_bytes();
    let header = [APPLICATION_DATA, 3, 3, high, low];
    let body = sealed_by(&Aes128Gcm::new(&[7; 16].into()), &header, inner);
    let [mark, at] = stage.mark();
    ([APPLICATION_DATA, mark, at, high, low], body)
}

fn sealed_by(
    cipher: &impl AeadInPlace<NonceSize = <Inspecting as AeadCore>::NonceSize>,
    header: &[u8],
    inner: &[u8],
) -> Vec<u8> {
    let mut body = Bounded(inner.to_vec(), inner.len() + 16);
    cipher
        .encrypt_in_place(&NONCE.into(), header, &mut body)
        .unwrap();
    body.0
}

/// A buffer that cannot grow beyond the record, as embedded-tls's cannot.
struct Bounded(Vec<u8>, usize);

impl AsRef<[u8]> for Bounded {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl AsMut<[u8]> for Bounded {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Buffer for Bounded {
    fn extend_from_slice(&mut self, other: &[u8]) -> Result<(), Error> {
        if self.0.len() + other.len() > self.1 {
            return Err(Error);
        }
        self.0.extend_from_slice(other);
        Ok(())
    }

    fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }
}

fn open(header: [u8; 5], body: Vec<u8>) -> Result<Vec<u8>, Error> {
    let room = body.len();
    let mut buffer = Bounded(body, room);
    cipher().decrypt_in_place(&NONCE.into(), &header, &mut buffer)?;
    Ok(buffer.0)
}

/// What embedded-tls gets of a record with this inner plaintext.
fn opened(stage: Stage, inner: &[u8]) -> Vec<u8> {
    let (header, body) = sealed(stage, inner);
    open(header, body).unwrap()
}

/// What the owner's read loop gets of it, past embedded-tls.
fn read(inner: &[u8]) -> Result<Vec<u8>, Option<Report>> {
    let opened = opened(Stage::Open, inner);
    // embedded-tls takes the last byte that is not zero for the type.
    let (kind, plaintext) = opened.split_last().unwrap();
    assert_eq!(*kind, APPLICATION_DATA);
    delivered(plaintext).map(<[u8]>::to_vec)
}

#[test]
fn data_is_delivered_with_or_without_padding() {
    for data in [&[][..], &[0], &[1], b"hello", &[0; 300], &[1; 16_384]] {
        for padding in [0, 1, 50] {
            if data.len() + padding > 16_384 {
                continue;
            }
            let mut inner = data.to_vec();
            inner.push(APPLICATION_DATA);
            inner.resize(inner.len() + padding, 0);
            assert_eq!(read(&inner).as_deref(), Ok(data));
        }
    }
}

#[test]
fn refusals_arrive_where_the_owner_reads_even_from_the_shortest_record() {
    for (inner, report) in [
        (&[0][..], Report::Empty),
        (&[0; 40], Report::Empty),
        (&[20], Report::UnexpectedType(20)),
        (&[1, 25], Report::UnexpectedType(25)),
        (&[1, 0, ALERT], Report::Alert(0)),
        (&[2, 48, ALERT, 0, 0], Report::Alert(48)),
        (&[HANDSHAKE], Report::Empty),
        (&[24, 0, 0, 1, 1, HANDSHAKE], Report::KeyUpdate),
        (&[13, 0, 0, 0, HANDSHAKE], Report::UnexpectedMessage(13)),
    ] {
        assert_eq!(read(inner), Err(Some(report)), "{inner:x?}");
    }
}

#[test]
fn a_ticket_is_dropped() {
    let mut inner = std::vec![
        4, 0, 0, 14, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 1, 7, 0, 0, HANDSHAKE
    ];
    assert_eq!(inner.len(), 4 + 14 + 1);
    assert_eq!(read(&inner).as_deref(), Ok(&[][..]));
    inner[14] = 2;
    assert_eq!(read(&inner), Err(Some(Report::MalformedMessage(4))));
}

#[test]
fn the_handshake_passes_as_it_came_or_is_replaced() {
    let extensions = [8, 0, 0, 2, 0, 0, HANDSHAKE, 0, 0];
    let passed = opened(Stage::EncryptedExtensions, &extensions);
    assert_eq!(passed, extensions);
    for (stage, inner, report) in [
        (
            Stage::Request,
            &extensions[..],
            Report::UnexpectedMessage(8),
        ),
        (Stage::Request, &[0], Report::Empty),
        (
            Stage::Certificate,
            &[APPLICATION_DATA],
            Report::UnexpectedType(23),
        ),
        (Stage::Finished, &[2, 40, ALERT], Report::Alert(40)),
    ] {
        assert_eq!(opened(stage, inner), report.as_signature(), "{inner:x?}");
    }
}

#[test]
fn damaged_and_unmarked_records_are_not_opened() {
    let (header, body) = sealed(Stage::Open, b"data\x17");
    assert!(open(header, body.clone()).is_ok());
    for at in 0..body.len() {
        let mut damaged = body.clone();
        damaged[at] ^= 1;
        assert!(open(header, damaged).is_err());
    }
    for at in 0..5 {
        let mut damaged = header;
        damaged[at] ^= 0x80;
        assert!(open(damaged, body.clone()).is_err(), "header byte {at}");
    }
    // As it came, without the guard.
    let mut plain = header;
    plain[1..3].copy_from_slice(&VERSION);
    assert!(open(plain, body.clone()).is_err());
    for length in 0..17 {
        assert!(open(header, body[..length].to_vec()).is_err());
    }
    // There is no other way to open one.
    let (data, tag) = body.split_at(body.len() - 16);
    let tag: [u8; 16] = tag.try_into().unwrap();
    let detached = cipher().decrypt_in_place_detached(
        &NONCE.into(),
        &[APPLICATION_DATA, 3, 3, 0, 21],
        &mut data.to_vec(),
        &tag.into(),
    );
    assert!(detached.is_err());
}

#[test]
fn what_is_sent_is_plain_aes_gcm() {
    let header = [APPLICATION_DATA, 3, 3, 0, 21];
    let ours = sealed_by(&cipher(), &header, b"data\x17");
    let plain = Aes128Gcm::new(&[7; 16].into());
    assert_eq!(ours, sealed_by(&plain, &header, b"data\x17"));
}
