//! The record guard: looks at every record header before embedded-tls does, and
//! at every plain record's content.
//!
//! embedded-tls 0.19 acts on plain records at any time, so that anyone on the
//! path could end a connection, or crash the device, with one record. The
//! guard lets through what RFC 8446 allows in each phase and nothing else:
//! one plain record with a right [ServerHello](super::hello) (or an alert) as
//! the server's first word, then only protected records, plus one
//! change-cipher-spec before the handshake is complete (appendix D.4). It
//! marks the protected ones for the [cipher](super::stage).

use super::content::{ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE};
use super::end::End;
use super::hello::{self, MAX_HELLO, ServerHelloError};
use super::limits::{HandshakeLimits, SessionLimits};
use super::stage::{Stage, VERSION};

const HEADER: usize = 5;
/// Largest protected record: 2^14 bytes of content, its type and the tag (RFC
/// 8446 section 5.2; padding counts as content).
pub(super) const MAX_PROTECTED: usize = 16_384 + 1 + 16;
/// Largest plain record: 2^14 (RFC 8446 section 5.1).
const MAX_PLAIN: usize = 16_384;
/// A protected record is at least one byte of content type and the tag; one
/// without the former panics embedded-tls 0.19.
const MIN_PROTECTED: usize = 17;

/// What the guard refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum RecordError {
    /// A record type (RFC 8446 section 5.1) that does not belong to the phase:
    /// somebody on the path may be injecting records, or the server does not
    /// speak TLS 1.3.
    UnexpectedType(u8),
    /// A record length that the protocol does not allow.
    BadLength(u16),
    /// The version in the header is not 3.x, or not 3.3 in a protected record:
    /// this is not TLS.
    NotTls,
    /// More records or bytes than [`HandshakeLimits`] allow.
    HandshakeTooLong,
}

impl core::fmt::Display for RecordError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::UnexpectedType(kind) => {
                write!(f, "a TLS record of type {kind} came where none may")
            }
            Self::BadLength(length) => {
                write!(f, "a TLS record of {length} bytes came where none may")
            }
            Self::NotTls => f.write_str("the server does not speak TLS"),
            Self::HandshakeTooLong => f.write_str("the server's handshake is too long"),
        }
    }
}

impl core::error::Error for RecordError {}

/// What went over the wire in one direction.
#[derive(Clone, Copy, Default)]
struct Traffic {
    records: u32,
    bytes: u64,
}

impl Traffic {
    fn exceeds(&self, limits: &SessionLimits) -> bool {
        self.records >= limits.records || self.bytes >= limits.bytes
    }
}

/// Cuts a stream of bytes into record headers and bodies.
#[derive(Default)]
struct Cutter {
    header: [u8; HEADER],
    have: usize,
    body_left: usize,
}

/// A piece of a stream of records.
enum Piece {
    /// One byte of a header, at this place in it.
    Header(usize),
    /// So many bytes of a body.
    Body(usize),
}

impl Cutter {
    /// The piece that `bytes` begin with.
    fn next(&mut self, bytes: &[u8]) -> Option<Piece> {
        let first = bytes.first()?;
        if self.body_left > 0 {
            let count = self.body_left.min(bytes.len());
            self.body_left -= count;
            return Some(Piece::Body(count));
        }
        let at = self.have;
        if let Some(place) = self.header.get_mut(at) {
            *place = *first;
        }
        self.have = at + 1;
        if self.have == HEADER {
            self.have = 0;
            self.body_left = usize::from(self.length());
        }
        Some(Piece::Header(at))
    }

    fn length(&self) -> u16 {
        let [_, _, _, high, low] = self.header;
        u16::from_be_bytes([high, low])
    }
}

/// The guard's state machine: bytes in, verdict out.
pub(crate) struct Guard {
    /// What the next protected record may hold; `None` before ServerHello.
    stage: Option<Stage>,
    change_cipher_spec_seen: bool,
    incoming: Cutter,
    outgoing: Cutter,
    received: Traffic,
    sent: Traffic,
    /// The beginning of the plain record that is coming in.
    plain: heapless::Vec<u8, MAX_HELLO>,
    /// Bytes of embedded-tls's receive buffer.
    capacity: usize,
    limits: HandshakeLimits,
    /// A shared key was offered in place of certificates.
    shared_key: bool,
    end: Option<End>,
}

impl Guard {
    pub(crate) fn new(limits: HandshakeLimits, capacity: usize) -> Self {
        Self {
            stage: None,
            change_cipher_spec_seen: false,
            incoming: Cutter::default(),
            outgoing: Cutter::default(),
            received: Traffic::default(),
            sent: Traffic::default(),
            plain: heapless::Vec::new(),
            capacity,
            limits,
            shared_key: false,
            end: None,
        }
    }

    /// Wants the server to take the shared key that was offered.
    pub(crate) fn with_shared_key(self) -> Self {
        Self {
            shared_key: true,
            ..self
        }
    }

    /// The server's chain was verified: its signature comes next.
    pub(crate) fn certificate_verified(&mut self) {
        self.stage = Some(Stage::CertificateVerify);
    }

    /// The server's signature was verified: Finished comes next.
    pub(crate) fn server_verified(&mut self) {
        self.stage = Some(Stage::Finished);
    }

    /// Whether the server is verified and the handshake not complete: what is
    /// written then is the device's certificate, signature and Finished.
    pub(crate) fn is_device_flight(&self) -> bool {
        self.stage == Some(Stage::Finished)
    }

    /// The handshake is complete and verified.
    pub(crate) fn open(&mut self) {
        self.stage = Some(Stage::Open);
    }

    /// Why the connection has to end, once something was refused.
    pub(crate) fn end(&self) -> Option<End> {
        self.end
    }

    /// Bytes of the receive buffer.
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Whether the connection has been used enough.
    pub(crate) fn exceeds(&self, limits: &SessionLimits) -> bool {
        self.received.exceeds(limits) || self.sent.exceeds(limits)
    }

    /// Counts bytes that were written.
    pub(crate) fn count_sent(&mut self, mut bytes: &[u8]) {
        self.sent.bytes = self.sent.bytes.saturating_add(bytes.len() as u64);
        while let Some(piece) = self.outgoing.next(bytes) {
            let taken = match piece {
                Piece::Header(at) => {
                    self.sent.records = self.sent.records.saturating_add((at == 0).into());
                    1
                }
                Piece::Body(count) => count,
            };
            bytes = bytes.get(taken..).unwrap_or_default();
        }
    }

    /// Looks at received bytes in order, and marks the headers of protected
    /// records. After an error every later call is an error.
    pub(crate) fn inspect(&mut self, bytes: &mut [u8]) -> Result<(), End> {
        if let Some(end) = self.end {
            return Err(end);
        }
        let result = self.look(bytes);
        self.end = result.err();
        result
    }

    fn look(&mut self, mut bytes: &mut [u8]) -> Result<(), End> {
        self.received.bytes = self.received.bytes.saturating_add(bytes.len() as u64);
        while let Some(piece) = self.incoming.next(bytes) {
            match piece {
                Piece::Header(at) => {
                    let (byte, rest) = bytes.split_first_mut().ok_or(End::BadRecord)?;
                    self.header_byte(at, byte)?;
                    bytes = rest;
                }
                Piece::Body(count) => {
                    let split = bytes.split_at_mut_checked(count);
                    let (body, rest) = split.ok_or(End::BadRecord)?;
                    self.body(body)?;
                    bytes = rest;
                }
            }
        }
        Ok(())
    }

    fn header_byte(&mut self, at: usize, byte: &mut u8) -> Result<(), End> {
        let protected = self.incoming.header[0] == APPLICATION_DATA;
        match at {
            // The version of plain records is ignored but for its first byte,
            // to tell TLS from other protocols.
            1 if *byte != VERSION[0] => return Err(End::Record(RecordError::NotTls)),
            2 if protected && *byte != VERSION[1] => {
                return Err(End::Record(RecordError::NotTls));
            }
            4 => return self.header_complete(),
            _ => {}
        }
        if let (true, 1 | 2, Some(stage)) = (protected, at, self.stage) {
            *byte = stage.mark()[at - 1];
        }
        Ok(())
    }

    fn header_complete(&mut self) -> Result<(), End> {
        let kind = self.incoming.header[0];
        let length = self.incoming.length();
        let size = usize::from(length);
        let allowed = match (self.stage, kind) {
            (None, HANDSHAKE) => 1..=MAX_PLAIN,
            // The server may say in plain why it does not go on.
            (None, ALERT) => 2..=2,
            (Some(stage), CHANGE_CIPHER_SPEC)
                if stage != Stage::Open && !self.change_cipher_spec_seen =>
            {
                self.change_cipher_spec_seen = true;
                1..=1
            }
            (Some(_), APPLICATION_DATA) => MIN_PROTECTED..=MAX_PROTECTED,
            (_, other) => return Err(End::Record(RecordError::UnexpectedType(other))),
        };
        if !allowed.contains(&size) {
            return Err(End::Record(RecordError::BadLength(length)));
        }
        if size > self.capacity {
            return Err(if kind == HANDSHAKE {
                // No buffer is too small for a right ServerHello.
                End::ServerHello(ServerHelloError::Trailing)
            } else {
                End::ReceiveBufferTooSmall { needed: size }
            });
        }
        self.received.records = self.received.records.saturating_add(1);
        if self.stage != Some(Stage::Open) {
            let bytes = u32::from(length) + HEADER as u32;
            let records = self.limits.records.checked_sub(1);
            let (Some(records), Some(bytes)) = (records, self.limits.bytes.checked_sub(bytes))
            else {
                return Err(End::Record(RecordError::HandshakeTooLong));
            };
            self.limits = HandshakeLimits { records, bytes };
        }
        if kind == APPLICATION_DATA {
            self.advance();
        }
        self.plain.clear();
        Ok(())
    }

    /// Every record of the handshake holds at least one message, so that
    /// EncryptedExtensions are in the first and CertificateRequest is not
    /// behind the second. What comes after them is told by the verifier.
    fn advance(&mut self) {
        self.stage = match self.stage {
            Some(Stage::EncryptedExtensions) => Some(Stage::Request),
            Some(Stage::Request) => Some(Stage::Certificate),
            Some(Stage::SharedKey) => Some(Stage::Finished),
            later => later,
        };
    }

    /// A part of a body: the content of plain records is looked at.
    fn body(&mut self, bytes: &[u8]) -> Result<(), End> {
        let kind = self.incoming.header[0];
        if kind == APPLICATION_DATA {
            return Ok(());
        }
        let room = self.plain.capacity() - self.plain.len();
        let kept = bytes.get(..bytes.len().min(room)).unwrap_or_default();
        // There is room for it.
        let _ = self.plain.extend_from_slice(kept);
        if self.incoming.body_left > 0 && !self.plain.is_full() {
            return Ok(());
        }
        match (kind, self.plain.as_slice()) {
            (HANDSHAKE, hello) => {
                hello::check(hello, self.incoming.length(), self.shared_key)
                    .map_err(End::ServerHello)?;
                self.stage = Some(if self.shared_key {
                    Stage::SharedKey
                } else {
                    Stage::EncryptedExtensions
                });
                Ok(())
            }
            (ALERT, [_, code]) => Err(End::HandshakeAlert(*code)),
            (CHANGE_CIPHER_SPEC, [1]) => Ok(()),
            (other, _) => Err(End::Record(RecordError::UnexpectedType(other))),
        }
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
