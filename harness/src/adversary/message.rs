//! The handshake messages a script can send. Each is built when its turn has
//! come, over the transcript so far.

use std::fmt;
use std::sync::Arc;

use super::hello::{Extension, ServerHello};
use super::wire::{self, extension, handshake};

/// A change to something that was built correctly.
pub struct Edit<T: ?Sized>(Arc<dyn Fn(&mut T) + Send + Sync>);

impl<T: ?Sized> Edit<T> {
    /// A change.
    pub fn new(change: impl Fn(&mut T) + Send + Sync + 'static) -> Self {
        Self(Arc::new(change))
    }

    /// Changes `value`.
    pub fn apply(&self, value: &mut T) {
        (self.0)(value);
    }
}

impl<T: ?Sized> Clone for Edit<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: ?Sized> fmt::Debug for Edit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Edit")
    }
}

/// What a CertificateVerify proves, and how.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The signature scheme it names.
    pub scheme: u16,
    /// The context string before the transcript's hash.
    pub context: &'static str,
    /// Signs with another key than the certificate's.
    pub other_key: bool,
    /// Signs over the transcript without its last byte.
    pub other_transcript: bool,
    /// A change to the signature.
    pub edit: Option<Edit<Vec<u8>>>,
}

impl Proof {
    /// What a good server proves.
    pub const GOOD: Self = Self {
        scheme: wire::ECDSA_SECP256R1_SHA256,
        context: "TLS 1.3, server CertificateVerify",
        other_key: false,
        other_transcript: false,
        edit: None,
    };
}

/// A handshake message.
#[derive(Clone, Debug)]
pub enum Message {
    /// ServerHello, correct but for the change. The handshake's keys follow.
    ServerHello(Option<Edit<ServerHello>>),
    /// HelloRetryRequest that asks for another group; no keys follow.
    HelloRetryRequest(Option<Edit<ServerHello>>),
    /// EncryptedExtensions with these.
    EncryptedExtensions(Vec<Extension>),
    /// CertificateRequest with this context and these extensions.
    CertificateRequest(Vec<u8>, Vec<Extension>),
    /// Certificate with this context and these certificates in DER; `None` is
    /// the server's own chain.
    Certificate(Vec<u8>, Option<Vec<Vec<u8>>>),
    /// CertificateVerify.
    CertificateVerify(Proof),
    /// Finished. The application's keys follow the first.
    Finished,
    /// Finished with the MAC that the client would send here.
    ClientsFinished,
    /// A session ticket.
    NewSessionTicket,
    /// KeyUpdate with this request_update; 0 is not requested, 1 is.
    KeyUpdate(u8),
    /// Any type, any body.
    Other(u8, Vec<u8>),
    /// Another message, changed as bytes with its header.
    Edited(Box<Message>, Edit<Vec<u8>>),
}

impl Message {
    /// The server's own ServerHello, changed.
    pub fn hello(change: impl Fn(&mut ServerHello) + Send + Sync + 'static) -> Self {
        Self::ServerHello(Some(Edit::new(change)))
    }

    /// EncryptedExtensions as the device expects them: none.
    #[must_use]
    pub fn encrypted_extensions() -> Self {
        Self::EncryptedExtensions(Vec::new())
    }

    /// A CertificateRequest that the device can answer.
    #[must_use]
    pub fn certificate_request() -> Self {
        Self::CertificateRequest(Vec::new(), vec![signature_algorithms()])
    }

    /// The server's own chain.
    #[must_use]
    pub fn certificate() -> Self {
        Self::Certificate(Vec::new(), None)
    }

    /// A good CertificateVerify.
    #[must_use]
    pub fn certificate_verify() -> Self {
        Self::CertificateVerify(Proof::GOOD)
    }

    /// This message, changed as bytes, header included.
    #[must_use]
    pub fn edited(self, change: impl Fn(&mut Vec<u8>) + Send + Sync + 'static) -> Self {
        Self::Edited(Box::new(self), Edit::new(change))
    }

    /// Whether it belongs to the handshake, whose transcript is signed.
    pub(super) fn in_transcript(&self) -> bool {
        match self {
            Self::NewSessionTicket | Self::KeyUpdate(_) => false,
            Self::Edited(inner, _) => inner.in_transcript(),
            _ => true,
        }
    }

    /// Which message it is under all changes.
    pub(super) fn innermost(&self) -> &Self {
        match self {
            Self::Edited(inner, _) => inner.innermost(),
            other => other,
        }
    }
}

/// signature_algorithms with what the device can do.
#[must_use]
pub fn signature_algorithms() -> Extension {
    let schemes = wire::vector16(&wire::ECDSA_SECP256R1_SHA256.to_be_bytes());
    Extension::new(extension::SIGNATURE_ALGORITHMS, schemes)
}

/// CertificateRequest (RFC 8446 section 4.3.2).
pub(super) fn certificate_request(context: &[u8], extensions: &[Extension]) -> Vec<u8> {
    let mut body = wire::vector8(context);
    body.extend(Extension::list(extensions));
    wire::message(handshake::CERTIFICATE_REQUEST, &body)
}

/// Certificate (RFC 8446 section 4.4.2), its entries without extensions.
pub(super) fn certificate(context: &[u8], chain: &[Vec<u8>]) -> Vec<u8> {
    let mut entries = Vec::new();
    for certificate in chain {
        entries.extend(wire::vector24(certificate));
        entries.extend(wire::vector16(b""));
    }
    let mut body = wire::vector8(context);
    body.extend(wire::vector24(&entries));
    wire::message(handshake::CERTIFICATE, &body)
}

/// CertificateVerify (RFC 8446 section 4.4.3).
pub(super) fn certificate_verify(scheme: u16, signature: &[u8]) -> Vec<u8> {
    let mut body = scheme.to_be_bytes().to_vec();
    body.extend(wire::vector16(signature));
    wire::message(handshake::CERTIFICATE_VERIFY, &body)
}

/// What CertificateVerify signs.
pub(super) fn signed(context: &str, transcript: &[u8; 32]) -> Vec<u8> {
    let mut content = vec![0x20; 64];
    content.extend_from_slice(context.as_bytes());
    content.push(0);
    content.extend_from_slice(transcript);
    content
}

/// NewSessionTicket (RFC 8446 section 4.6.1) of an hour.
pub(super) fn new_session_ticket() -> Vec<u8> {
    let mut body = 3600_u32.to_be_bytes().to_vec();
    body.extend([1, 2, 3, 4]);
    body.extend(wire::vector8(&[0]));
    body.extend(wire::vector16(&[0x77; 32]));
    body.extend(wire::vector16(b""));
    wire::message(handshake::NEW_SESSION_TICKET, &body)
}
