//! The record guard: looks at every record header before embedded-tls does.
//!
//! embedded-tls 0.19 acts on plain records at any time, so that anyone on the
//! path could end a connection, or crash the device, with one record. The
//! guard lets through what RFC 8446 allows in each phase and nothing else:
//! one plain handshake record (or an alert) as the server's first word, then
//! only protected records, plus one change-cipher-spec before the handshake
//! is complete (appendix D.4).

use core::cell::{Cell, RefCell};

use embedded_io_async::{ErrorKind, ErrorType, Read, Write};

const HEADER: usize = 5;
/// Largest protected record: 2^14 + 256 (RFC 8446 section 5.2).
const MAX_PROTECTED: usize = 16_640;
/// Largest plain record: 2^14 (RFC 8446 section 5.1).
const MAX_PLAIN: usize = 16_384;
/// A protected record is at least one byte of content type and the tag; one
/// without the former panics embedded-tls 0.19.
const MIN_PROTECTED: usize = 17;

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// What a server may spend on a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct HandshakeLimits {
    /// Records; a usual handshake takes three to eight.
    pub records: u16,
    /// Bytes, headers included.
    pub bytes: u32,
}

impl HandshakeLimits {
    /// 32 records, 40,960 bytes: room for a 16 KB chain.
    pub const DEFAULT: Self = Self {
        records: 32,
        bytes: 40_960,
    };
}

impl Default for HandshakeLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

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
    /// The version in the header is not 3.x: this is not TLS.
    NotTls,
    /// More records or bytes than [`HandshakeLimits`] allow.
    HandshakeTooLong,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing received yet.
    Hello,
    /// ServerHello received; keys are known.
    Handshake { change_cipher_spec_seen: bool },
    /// `open()` has returned.
    Open,
}

/// The guard's state machine: bytes in, verdict out.
pub(crate) struct Guard {
    phase: Phase,
    header: [u8; HEADER],
    header_length: usize,
    body_left: usize,
    /// The one byte of a change-cipher-spec record is looked at, too.
    change_cipher_spec: bool,
    limits: HandshakeLimits,
    violation: Option<RecordError>,
}

impl Guard {
    pub(crate) const fn new(limits: HandshakeLimits) -> Self {
        Self {
            phase: Phase::Hello,
            header: [0; HEADER],
            header_length: 0,
            body_left: 0,
            change_cipher_spec: false,
            limits,
            violation: None,
        }
    }

    /// The handshake is complete and verified.
    pub(crate) fn open(&mut self) {
        self.phase = Phase::Open;
    }

    pub(crate) fn violation(&self) -> Option<RecordError> {
        self.violation
    }

    /// Looks at received bytes in order. After an error every later call is
    /// an error.
    pub(crate) fn inspect(&mut self, mut bytes: &[u8]) -> Result<(), RecordError> {
        if let Some(violation) = self.violation {
            return Err(violation);
        }
        while !bytes.is_empty() {
            let step = if self.body_left > 0 {
                let taken = self.body_left.min(bytes.len());
                self.body_left -= taken;
                let content_ok = !self.change_cipher_spec || bytes[0] == 1;
                bytes = &bytes[taken..];
                if content_ok {
                    Ok(())
                } else {
                    Err(RecordError::UnexpectedType(CHANGE_CIPHER_SPEC))
                }
            } else {
                self.header[self.header_length] = bytes[0];
                self.header_length += 1;
                bytes = &bytes[1..];
                if self.header_length == HEADER {
                    self.header_length = 0;
                    self.header_complete()
                } else {
                    Ok(())
                }
            };
            if let Err(violation) = step {
                self.violation = Some(violation);
                return Err(violation);
            }
        }
        Ok(())
    }

    fn header_complete(&mut self) -> Result<(), RecordError> {
        let [kind, major, _minor, high, low] = self.header;
        let length = u16::from_be_bytes([high, low]);
        if major != 3 {
            return Err(RecordError::NotTls);
        }
        let size = usize::from(length);
        let allowed = match (self.phase, kind) {
            (Phase::Hello, HANDSHAKE) => {
                self.phase = Phase::Handshake {
                    change_cipher_spec_seen: false,
                };
                4..=MAX_PLAIN
            }
            // The server may say in plain why it does not go on.
            (Phase::Hello, ALERT) => 2..=2,
            (
                Phase::Handshake {
                    change_cipher_spec_seen: false,
                },
                CHANGE_CIPHER_SPEC,
            ) => {
                self.phase = Phase::Handshake {
                    change_cipher_spec_seen: true,
                };
                1..=1
            }
            (Phase::Handshake { .. } | Phase::Open, APPLICATION_DATA) => {
                MIN_PROTECTED..=MAX_PROTECTED
            }
            (_, other) => return Err(RecordError::UnexpectedType(other)),
        };
        if !allowed.contains(&size) {
            return Err(RecordError::BadLength(length));
        }
        if self.phase != Phase::Open {
            let bytes = u32::from(length) + HEADER as u32;
            self.limits.records = self.limits.records.saturating_sub(1);
            self.limits.bytes = self.limits.bytes.saturating_sub(bytes);
            if self.limits.records == 0 || self.limits.bytes == 0 {
                return Err(RecordError::HandshakeTooLong);
            }
        }
        self.change_cipher_spec = kind == CHANGE_CIPHER_SPEC;
        self.body_left = size;
        Ok(())
    }
}

/// What happened below TLS, for telling one end of a connection from another.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Transport {
    /// The peer's FIN was read.
    pub(crate) end_of_stream: bool,
    /// Reading or writing failed: the connection was reset or timed out.
    pub(crate) failed: bool,
}

/// The last record of a connection: close_notify takes 24 bytes.
pub(crate) type Farewell = heapless::Vec<u8, 32>;

/// What lies below TLS and is shared by all who have to do with it.
pub(crate) struct Below {
    pub(crate) guard: RefCell<Guard>,
    pub(crate) transport: Cell<Transport>,
    /// Takes the records that TLS writes, once it is there.
    farewell: RefCell<Option<Farewell>>,
}

impl Below {
    pub(crate) fn new(limits: HandshakeLimits) -> Self {
        Self {
            guard: RefCell::new(Guard::new(limits)),
            transport: Cell::new(Transport::default()),
            farewell: RefCell::new(None),
        }
    }

    /// From now on what TLS writes is kept instead of sent.
    pub(crate) fn keep_farewell(&self) {
        self.farewell.replace(Some(Farewell::new()));
    }

    /// What was kept.
    pub(crate) fn take_farewell(&self) -> Option<Farewell> {
        self.farewell.take()
    }
}

/// A socket with the guard in its read path. Cheap to copy, as embedded-tls's
/// `split` wants it; both copies share what lies below.
pub(crate) struct Guarded<'g, S> {
    socket: S,
    below: &'g Below,
}

impl<'g, S> Guarded<'g, S> {
    pub(crate) fn new(socket: S, below: &'g Below) -> Self {
        Self { socket, below }
    }
}

impl<S: Copy> Clone for Guarded<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Copy> Copy for Guarded<'_, S> {}

impl<S> ErrorType for Guarded<'_, S> {
    type Error = ErrorKind;
}

impl<S: Read> Read for Guarded<'_, S> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        let mut transport = self.below.transport.get();
        let count = match self.socket.read(buffer).await {
            Ok(count) => count,
            Err(_) => {
                transport.failed = true;
                self.below.transport.set(transport);
                return Err(ErrorKind::ConnectionReset);
            }
        };
        if count == 0 {
            transport.end_of_stream = true;
            self.below.transport.set(transport);
            return Ok(0);
        }
        let received = buffer.get(..count).ok_or(ErrorKind::Other)?;
        match self.below.guard.borrow_mut().inspect(received) {
            Ok(()) => Ok(count),
            Err(_) => Err(ErrorKind::InvalidData),
        }
    }
}

impl<S: Write> Write for Guarded<'_, S> {
    async fn write(&mut self, buffer: &[u8]) -> Result<usize, ErrorKind> {
        if let Some(farewell) = &mut *self.below.farewell.borrow_mut() {
            let kept = farewell.extend_from_slice(buffer);
            return kept
                .map(|()| buffer.len())
                .map_err(|_| ErrorKind::OutOfMemory);
        }
        match self.socket.write(buffer).await {
            Ok(count) if count > 0 => Ok(count),
            _ => {
                let mut transport = self.below.transport.get();
                transport.failed = true;
                self.below.transport.set(transport);
                Err(ErrorKind::ConnectionReset)
            }
        }
    }

    /// Does nothing: embassy-net's flush waits until the peer has acknowledged
    /// every byte, and embedded-tls flushes after each record of the
    /// handshake, which would cost a round trip each.
    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;

    fn record(kind: u8, length: u16) -> Vec<u8> {
        let mut bytes = vec![kind, 3, 3];
        bytes.extend(length.to_be_bytes());
        let filler = if kind == CHANGE_CIPHER_SPEC { 1 } else { 0xaa };
        bytes.extend(core::iter::repeat_n(filler, usize::from(length)));
        bytes
    }

    fn inspect(records: &[Vec<u8>], open_after: usize) -> Result<(), RecordError> {
        // Every chunking must give the same verdict.
        let whole = inspect_chunked(records, open_after, usize::MAX);
        for chunk in [1, 3, 7] {
            assert_eq!(inspect_chunked(records, open_after, chunk), whole);
        }
        whole
    }

    fn inspect_chunked(
        records: &[Vec<u8>],
        open_after: usize,
        chunk: usize,
    ) -> Result<(), RecordError> {
        let mut guard = Guard::new(HandshakeLimits::DEFAULT);
        for (index, record) in records.iter().enumerate() {
            if index == open_after {
                guard.open();
            }
            for part in record.chunks(chunk.min(record.len())) {
                guard.inspect(part)?;
            }
        }
        Ok(())
    }

    #[test]
    fn an_ordinary_connection_passes() {
        let records = [
            record(HANDSHAKE, 90),
            record(CHANGE_CIPHER_SPEC, 1),
            record(APPLICATION_DATA, 583),
            record(APPLICATION_DATA, 17),
            record(APPLICATION_DATA, 16_640),
        ];
        assert_eq!(inspect(&records, 4), Ok(()));
        assert_eq!(inspect(&[record(ALERT, 2)], 9), Ok(()));
    }

    #[test]
    fn plain_records_are_refused_once_there_are_keys() {
        for kind in [CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE, 24, 0, 255] {
            let length = if kind == CHANGE_CIPHER_SPEC { 1 } else { 40 };
            let open = [record(HANDSHAKE, 90), record(kind, length)];
            assert_eq!(
                inspect(&open, 1),
                Err(RecordError::UnexpectedType(kind)),
                "after open"
            );
            if kind != CHANGE_CIPHER_SPEC {
                assert_eq!(
                    inspect(&open, 9),
                    Err(RecordError::UnexpectedType(kind)),
                    "after ServerHello"
                );
            }
        }
        let twice = [
            record(HANDSHAKE, 90),
            record(CHANGE_CIPHER_SPEC, 1),
            record(CHANGE_CIPHER_SPEC, 1),
        ];
        assert_eq!(
            inspect(&twice, 9),
            Err(RecordError::UnexpectedType(CHANGE_CIPHER_SPEC))
        );
    }

    #[test]
    fn protected_records_do_not_come_first() {
        for kind in [APPLICATION_DATA, CHANGE_CIPHER_SPEC] {
            assert_eq!(
                inspect(&[record(kind, 20)], 9),
                Err(RecordError::UnexpectedType(kind))
            );
        }
    }

    #[test]
    fn impossible_lengths_are_refused() {
        for length in [0, 1, 16, 16_641, u16::MAX] {
            let records = [record(HANDSHAKE, 90), record(APPLICATION_DATA, length)];
            for open_after in [1, 9] {
                assert_eq!(
                    inspect(&records, open_after),
                    Err(RecordError::BadLength(length))
                );
            }
        }
        assert_eq!(
            inspect(&[record(HANDSHAKE, 3)], 9),
            Err(RecordError::BadLength(3))
        );
        assert_eq!(
            inspect(&[record(ALERT, 3)], 9),
            Err(RecordError::BadLength(3))
        );
    }

    #[test]
    fn change_cipher_spec_has_one_content() {
        let mut odd = record(CHANGE_CIPHER_SPEC, 1);
        odd[5] = 2;
        assert_eq!(
            inspect(&[record(HANDSHAKE, 90), odd], 9),
            Err(RecordError::UnexpectedType(CHANGE_CIPHER_SPEC))
        );
    }

    #[test]
    fn a_handshake_has_an_end() {
        let mut endless = vec![record(HANDSHAKE, 90)];
        endless.extend(core::iter::repeat_n(record(APPLICATION_DATA, 17), 40));
        assert_eq!(inspect(&endless, 99), Err(RecordError::HandshakeTooLong));
        let mut huge = vec![record(HANDSHAKE, 90)];
        huge.extend(core::iter::repeat_n(record(APPLICATION_DATA, 16_640), 3));
        assert_eq!(inspect(&huge, 99), Err(RecordError::HandshakeTooLong));
        // After it, neither counts.
        assert_eq!(inspect(&endless, 1), Ok(()));
    }

    #[test]
    fn other_protocols_are_told() {
        assert_eq!(
            inspect(&[b"HTTP/1.1 400".to_vec()], 9),
            Err(RecordError::NotTls)
        );
    }

    #[test]
    fn a_violation_stays() {
        let mut guard = Guard::new(HandshakeLimits::DEFAULT);
        assert!(guard.inspect(&record(APPLICATION_DATA, 20)).is_err());
        assert_eq!(
            guard.inspect(&record(HANDSHAKE, 90)),
            Err(RecordError::UnexpectedType(APPLICATION_DATA))
        );
        assert_eq!(
            guard.violation(),
            Some(RecordError::UnexpectedType(APPLICATION_DATA))
        );
    }
}
