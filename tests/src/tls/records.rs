//! What a device has sent, record by record, read by somebody who has the keys
//! and counts.
//!
//! A record's nonce is made of its number (RFC 8446 section 5.3). With AES-GCM
//! two records under one nonce give away the key that authenticates all of
//! them, and the difference of what they hold. So the numbers of a connection's
//! records must be 0, 1, 2 and so on for each key, none twice and none left
//! out, whatever the application drops.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use wigwag_harness::adversary::Keys;
use wigwag_harness::adversary::wire::{content, handshake};
use wigwag_harness::vnet::HostStream;

/// Label of the secret of the device's handshake records, in NSS's key log.
const HANDSHAKE: &str = "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
/// Label of the secret of the device's records after the handshake.
const APPLICATION: &str = "CLIENT_TRAFFIC_SECRET_0";

/// Numbers beyond the expected one that are tried, to tell a record that was
/// skipped from one that is garbage.
const AHEAD: u64 = 16;

/// Keeps what devices send, and the servers' secrets. Clones share it.
#[derive(Clone, Default)]
pub struct Observer(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    /// By label and the client's random.
    secrets: BTreeMap<(String, Vec<u8>), [u8; 32]>,
    /// What each device sent, in the order in which they were tapped.
    streams: Vec<Vec<u8>>,
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}

/// What a device sent on one connection, decrypted.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Sent {
    /// The random of its ClientHello; empty if none was sent.
    pub random: Vec<u8>,
    /// Its protected records in the handshake, and after it.
    pub records: [u64; 2],
    /// Its application data, in one piece.
    pub data: Vec<u8>,
    /// Whether it ended with close_notify.
    pub closed: bool,
    /// Bytes of all it sent.
    pub bytes: usize,
    /// Bytes at the end that are not a whole record.
    pub rest: usize,
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent")
            .field("records", &self.records)
            .field("data", &format_args!("{} bytes", self.data.len()))
            .field("closed", &self.closed)
            .field("bytes", &self.bytes)
            .field("rest", &self.rest)
            .finish_non_exhaustive()
    }
}

/// What no device may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A record under a nonce that was used before: the number it has, and the
    /// number it should have had.
    Reused(u64, u64),
    /// A record that skips some numbers: as above.
    Skipped(u64, u64),
    /// A record that cannot be opened under any number near the expected one.
    Unreadable(u64),
    /// A plain record of this type where none may be.
    Plain(u8),
    /// A protected record whose content is of this type, where none may be.
    Content(u8),
    /// A record after close_notify.
    AfterClose,
    /// Protected records before the server's keys were known.
    NoKeys,
    /// Two connections with the same client random, hence perhaps the same
    /// keys.
    SameRandom,
}

impl Observer {
    /// One that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens to what the device writes into `stream`, its end of a
    /// connection.
    #[must_use]
    pub fn tap<S>(&self, stream: S) -> Tapped<S> {
        let mut notes = self.notes();
        notes.streams.push(Vec::new());
        Tapped {
            stream,
            number: notes.streams.len() - 1,
            observer: self.clone(),
        }
    }

    /// Takes the secrets of a file in NSS's key log format.
    pub fn read_secrets(&self, log: &str) {
        for line in log.lines() {
            let mut words = line.split(' ');
            let (Some(label), Some(random), Some(secret)) =
                (words.next(), words.next(), words.next())
            else {
                continue;
            };
            if let (Some(random), Some(secret)) = (hex(random), hex(secret)) {
                rustls::KeyLog::log(self, label, &random, &secret);
            }
        }
    }

    /// How many bytes have been sent on all connections together.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.notes().streams.iter().map(Vec::len).sum()
    }

    /// Opens every record of every connection, each under the one number it
    /// must have.
    ///
    /// # Errors
    /// The number of the connection, from 0, and what is wrong with it.
    pub fn judge(&self) -> Result<Vec<Sent>, (usize, Fault)> {
        let notes = self.notes();
        let mut all: Vec<Sent> = Vec::new();
        for (number, stream) in notes.streams.iter().enumerate() {
            let sent = notes.read(stream).map_err(|fault| (number, fault))?;
            let known = |other: &Sent| !sent.random.is_empty() && other.random == sent.random;
            if all.iter().any(known) {
                return Err((number, Fault::SameRandom));
            }
            all.push(sent);
        }
        Ok(all)
    }
}

impl rustls::KeyLog for Observer {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        // Secrets of 48 bytes belong to a suite that the device has not.
        if let Ok(secret) = secret.try_into() {
            let key = (label.to_owned(), client_random.to_vec());
            self.notes().secrets.insert(key, secret);
        }
    }
}

impl Notes {
    fn keys(&self, label: &str, random: &[u8]) -> Option<Keys> {
        let key = (label.to_owned(), random.to_vec());
        self.secrets.get(&key).map(|secret| Keys::new(*secret))
    }

    fn read(&self, stream: &[u8]) -> Result<Sent, Fault> {
        let mut sent = Sent {
            bytes: stream.len(),
            ..Sent::default()
        };
        let mut rest = stream;
        // 0: the handshake, 1: after it.
        let mut epoch = 0;
        let mut keys = None;
        while let Some((record, after)) = next_record(rest) {
            rest = after;
            if sent.closed {
                return Err(Fault::AfterClose);
            }
            match record[0] {
                content::APPLICATION_DATA => {}
                content::HANDSHAKE if sent.random.is_empty() => {
                    // Header, message type and length, version.
                    let random = record.get(5 + 4 + 2..5 + 4 + 2 + 32);
                    sent.random = random.ok_or(Fault::Plain(content::HANDSHAKE))?.to_vec();
                    keys = self.keys(HANDSHAKE, &sent.random);
                    continue;
                }
                content::CHANGE_CIPHER_SPEC if epoch == 0 && record[5..] == [1] => continue,
                other => return Err(Fault::Plain(other)),
            }
            let keys_now = keys.as_ref().ok_or(Fault::NoKeys)?;
            let (kind, contents) = open(keys_now, sent.records[epoch], record)?;
            sent.records[epoch] += 1;
            match (epoch, kind, &contents[..]) {
                (0, content::HANDSHAKE, messages) => {
                    if ends_with_finished(messages) {
                        epoch = 1;
                        keys = self.keys(APPLICATION, &sent.random);
                    }
                }
                (1, content::APPLICATION_DATA, data) => sent.data.extend_from_slice(data),
                (1, content::ALERT, [_, 0]) => sent.closed = true,
                (_, other, _) => return Err(Fault::Content(other)),
            }
        }
        sent.rest = rest.len();
        Ok(sent)
    }
}

/// The first whole record, and what is behind it.
fn next_record(stream: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = stream.get(3..5)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    stream.split_at_checked(5 + length)
}

/// The type and content of a protected record, which must have the number
/// `expected`.
fn open(keys: &Keys, expected: u64, record: &[u8]) -> Result<(u8, Vec<u8>), Fault> {
    let Some(mut inner) = keys.open_as(expected, record) else {
        let fits = |number: &u64| keys.open_as(*number, record).is_some();
        return Err(if let Some(number) = (0..expected).find(fits) {
            Fault::Reused(number, expected)
        } else if let Some(number) = (expected + 1..expected + AHEAD).find(fits) {
            Fault::Skipped(number, expected)
        } else {
            Fault::Unreadable(expected)
        });
    };
    while inner.last() == Some(&0) {
        inner.pop();
    }
    let kind = inner.pop().ok_or(Fault::Content(0))?;
    Ok((kind, inner))
}

/// Whether the last of these handshake messages is Finished.
fn ends_with_finished(mut messages: &[u8]) -> bool {
    let mut last = 0;
    while let [kind, a, b, c, rest @ ..] = messages {
        last = *kind;
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        messages = rest.get(length..).unwrap_or_default();
    }
    last == handshake::FINISHED
}

/// Bytes from hexadecimal digits.
fn hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// A stream that an [`Observer`] listens to: what is written into it.
#[derive(Debug)]
pub struct Tapped<S> {
    stream: S,
    number: usize,
    observer: Observer,
}

impl<S: AsyncRead + Unpin> AsyncRead for Tapped<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tapped<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, data);
        if let Poll::Ready(Ok(count)) = written {
            let mut notes = self.observer.notes();
            notes.streams[self.number].extend_from_slice(&data[..count]);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl<S: HostStream> HostStream for Tapped<S> {
    fn reset(&mut self) {
        self.stream.reset();
    }
}

#[cfg(test)]
#[path = "records_tests.rs"]
mod tests;
