//! The cipher suite: AES-128-GCM that looks at what it opened.
//!
//! embedded-tls 0.19 acts on whatever a protected record holds; a verified
//! server could panic it with an empty record, or with any handshake message
//! after the handshake. This cipher opens a record, takes its padding off,
//! judges its content by the [stage](super::stage) that the guard has marked
//! it with, and hands on what belongs there. Anything else it replaces by a
//! [report](super::report).

use aes_gcm::Aes128Gcm;
use aes_gcm::aead::{AeadCore, AeadInPlace, Buffer, Error, Key, KeyInit, KeySizeUser, Nonce, Tag};
use embedded_tls::{Aes128GcmSha256, TlsCipherSuite};

use super::content::{Opened, inspect, unpad};
use super::report::{DATA_TRAILER, Report};
use super::stage::{Stage, VERSION};

/// `TLS_AES_128_GCM_SHA256`, the one suite this device offers, as embedded-tls
/// can.
pub(crate) struct Suite;

impl TlsCipherSuite for Suite {
    const CODE_POINT: u16 = Aes128GcmSha256::CODE_POINT;
    type Cipher = Inspecting;
    type KeyLen = <Aes128GcmSha256 as TlsCipherSuite>::KeyLen;
    type IvLen = <Aes128GcmSha256 as TlsCipherSuite>::IvLen;
    type Hash = <Aes128GcmSha256 as TlsCipherSuite>::Hash;
    type LabelBufferSize = <Aes128GcmSha256 as TlsCipherSuite>::LabelBufferSize;
}

/// The cipher of [`Suite`]; embedded-tls makes one for each record.
pub(crate) struct Inspecting(Aes128Gcm);

impl KeySizeUser for Inspecting {
    type KeySize = <Aes128Gcm as KeySizeUser>::KeySize;
}

impl KeyInit for Inspecting {
    fn new(key: &Key<Self>) -> Self {
        Self(Aes128Gcm::new(key))
    }
}

impl AeadCore for Inspecting {
    type NonceSize = <Aes128Gcm as AeadCore>::NonceSize;
    type TagSize = <Aes128Gcm as AeadCore>::TagSize;
    type CiphertextOverhead = <Aes128Gcm as AeadCore>::CiphertextOverhead;
}

impl AeadInPlace for Inspecting {
    fn encrypt_in_place_detached(
        &self,
        nonce: &Nonce<Self>,
        associated_data: &[u8],
        buffer: &mut [u8],
    ) -> Result<Tag<Self>, Error> {
        self.0
            .encrypt_in_place_detached(nonce, associated_data, buffer)
    }

    /// Opens a record: `associated_data` is its header, with the guard's mark.
    fn decrypt_in_place(
        &self,
        nonce: &Nonce<Self>,
        associated_data: &[u8],
        buffer: &mut dyn Buffer,
    ) -> Result<(), Error> {
        let &[kind, mark, at, high, low] = associated_data else {
            return Err(Error);
        };
        let stage = Stage::of_mark([mark, at]).ok_or(Error)?;
        let header = [kind, VERSION[0], VERSION[1], high, low];
        self.0.decrypt_in_place(nonce, &header, buffer)?;
        let (verdict, length) = match unpad(buffer.as_ref()) {
            Some((kind, content)) => (inspect(stage, kind, content), content.len()),
            None => (Err(Report::Empty), 0),
        };
        // What is written here fits into the room that the tag has left.
        match (stage, verdict) {
            (Stage::Open, Ok(opened)) => {
                let kept = if opened == Opened::Drop { 0 } else { length };
                buffer.truncate(kept);
                buffer.extend_from_slice(&DATA_TRAILER)
            }
            (Stage::Open, Err(report)) => {
                buffer.truncate(0);
                buffer.extend_from_slice(&report.as_data())
            }
            // As it came: its type stands behind it, then padding.
            (_, Ok(_)) => Ok(()),
            (_, Err(report)) => {
                buffer.truncate(0);
                buffer.extend_from_slice(&report.as_signature())
            }
        }
    }

    /// Nobody calls this; it would be a way past the inspection.
    fn decrypt_in_place_detached(
        &self,
        _nonce: &Nonce<Self>,
        _associated_data: &[u8],
        _buffer: &mut [u8],
        _tag: &Tag<Self>,
    ) -> Result<(), Error> {
        Err(Error)
    }
}

#[cfg(test)]
#[path = "cipher_tests.rs"]
mod tests;
