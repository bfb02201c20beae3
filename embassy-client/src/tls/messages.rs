//! The handshake messages of a server (RFC 8446 section 4): which may come
//! when, and whether each is built as embedded-tls will read it.
//!
//! embedded-tls 0.19 ignores the length of a message and reads on where its
//! fields end. Here every message must end where its length says, so that both
//! see the same messages.

use super::reader::Reader;
use super::report::Report;
use super::stage::Stage;

pub(super) const NEW_SESSION_TICKET: u8 = 4;
pub(super) const ENCRYPTED_EXTENSIONS: u8 = 8;
pub(super) const CERTIFICATE: u8 = 11;
pub(super) const CERTIFICATE_REQUEST: u8 = 13;
pub(super) const CERTIFICATE_VERIFY: u8 = 15;
pub(super) const FINISHED: u8 = 20;
pub(super) const KEY_UPDATE: u8 = 24;

/// The one signature algorithm that this device verifies:
/// `ecdsa_secp256r1_sha256` (RFC 8446 section 4.2.3).
pub(super) const ECDSA_SECP256R1_SHA256: u16 = 0x0403;

/// Most certificates that embedded-tls 0.19 takes.
const MAX_CERTIFICATES: usize = 16;
/// Most extensions in one list: those of RFC 8446 and as many again. The cost
/// of finding one that came twice grows with the square.
const MAX_EXTENSIONS: usize = 48;
/// Length of a SHA-256 hash, and so of Finished.
const HASH: usize = 32;

const SERVER_NAME: u16 = 0;
const SUPPORTED_GROUPS: u16 = 10;
const SIGNATURE_ALGORITHMS: u16 = 13;

/// The next message of a record: its type and body.
fn message<'a>(content: &mut Reader<'a>) -> Result<(u8, Reader<'a>), Report> {
    let mut at = *content;
    let (Some(kind), Some(length)) = (at.u8(), at.u24()) else {
        return Err(Report::Split(0));
    };
    let Some(body) = at.take(length) else {
        return Err(Report::Split(length as u32));
    };
    *content = at;
    Ok((kind, Reader::new(body)))
}

/// The server's part of the handshake in one record: whole messages in the
/// order of RFC 8446 section 2, from `stage` on.
pub(super) fn flight(mut stage: Stage, content: &[u8]) -> Result<(), Report> {
    let mut content = Reader::new(content);
    while !content.is_empty() {
        let (kind, body) = message(&mut content)?;
        stage = match (stage, kind) {
            (Stage::EncryptedExtensions, ENCRYPTED_EXTENSIONS) => {
                encrypted_extensions(body)?;
                Stage::Request
            }
            (Stage::SharedKey, ENCRYPTED_EXTENSIONS) => {
                encrypted_extensions(body)?;
                Stage::Finished
            }
            (Stage::SharedKey, other) => return Err(Report::UnexpectedMessage(other)),
            (Stage::Request, CERTIFICATE_REQUEST) => {
                certificate_request(body)?;
                Stage::Certificate
            }
            (Stage::Request | Stage::Certificate, CERTIFICATE) => {
                certificate(body)?;
                Stage::CertificateVerify
            }
            (Stage::CertificateVerify, CERTIFICATE_VERIFY) => {
                certificate_verify(body)?;
                Stage::Finished
            }
            // Keys change behind Finished: nothing may follow it in its record
            // (RFC 8446 section 5.1).
            (Stage::Finished, FINISHED) if !content.is_empty() => {
                return Err(match message(&mut content) {
                    Ok((kind, _)) => Report::UnexpectedMessage(kind),
                    Err(report) => report,
                });
            }
            (Stage::Finished, FINISHED) if body.rest().len() == HASH => return Ok(()),
            (Stage::Finished, FINISHED) => return Err(Report::MalformedMessage(FINISHED)),
            (Stage::CertificateVerify, FINISHED) | (_, CERTIFICATE | CERTIFICATE_VERIFY) => {
                return Err(Report::OutOfOrder);
            }
            (_, FINISHED) => return Err(Report::NoCertificate),
            (_, other) => return Err(Report::UnexpectedMessage(other)),
        };
    }
    Ok(())
}

/// What may come after the handshake: tickets, which are not used here, and
/// KeyUpdate, which embedded-tls cannot follow.
pub(super) fn after_handshake(content: &[u8]) -> Result<(), Report> {
    let mut content = Reader::new(content);
    while !content.is_empty() {
        let (kind, body) = message(&mut content)?;
        match kind {
            NEW_SESSION_TICKET => ticket(body).ok_or(Report::MalformedMessage(kind))?,
            KEY_UPDATE if content.is_empty() && matches!(body.rest(), [0 | 1]) => {
                return Err(Report::KeyUpdate);
            }
            KEY_UPDATE => return Err(Report::MalformedMessage(kind)),
            other => return Err(Report::UnexpectedMessage(other)),
        }
    }
    Ok(())
}

/// Walks a list of extensions that ends the message of type `kind`, each type
/// once, and shows them to `each`.
fn extensions(
    mut body: Reader<'_>,
    kind: u8,
    mut each: impl FnMut(u16, Reader<'_>) -> Result<(), Report>,
) -> Result<(), Report> {
    let malformed = Report::MalformedMessage(kind);
    let list = body.last_vector(2).ok_or(malformed)?;
    let mut rest = list;
    for index in 0.. {
        if rest.is_empty() {
            break;
        }
        let (extension, data) = rest.extension().ok_or(malformed)?;
        if index >= MAX_EXTENSIONS {
            return Err(malformed);
        }
        let mut earlier = list;
        for _ in 0..index {
            if earlier.extension().ok_or(malformed)?.0 == extension {
                return Err(Report::UnexpectedExtension(extension));
            }
        }
        each(extension, data)?;
    }
    Ok(())
}

/// RFC 8446 section 4.3.1: answers to what the ClientHello offered, which is
/// the server's name and the groups.
fn encrypted_extensions(body: Reader<'_>) -> Result<(), Report> {
    let malformed = Report::MalformedMessage(ENCRYPTED_EXTENSIONS);
    extensions(body, ENCRYPTED_EXTENSIONS, |kind, mut data| match kind {
        // RFC 6066 section 3: without data.
        SERVER_NAME if data.is_empty() => Ok(()),
        SUPPORTED_GROUPS => match data.last_vector(2) {
            Some(groups) if groups.rest().len() % 2 == 0 => Ok(()),
            _ => Err(malformed),
        },
        SERVER_NAME => Err(malformed),
        other => Err(Report::UnexpectedExtension(other)),
    })
}

/// RFC 8446 section 4.3.2: its context is for requests after the handshake,
/// and empty here.
fn certificate_request(mut body: Reader<'_>) -> Result<(), Report> {
    let malformed = Report::MalformedMessage(CERTIFICATE_REQUEST);
    if body.u8() != Some(0) {
        return Err(malformed);
    }
    let mut algorithms = false;
    extensions(body, CERTIFICATE_REQUEST, |kind, mut data| match kind {
        SIGNATURE_ALGORITHMS => match data.last_vector(2) {
            Some(list) if !list.is_empty() && list.rest().len() % 2 == 0 => {
                algorithms = true;
                Ok(())
            }
            _ => Err(malformed),
        },
        // Known, and not for this message (RFC 8446 section 4.2): embedded-tls
        // would answer with an alert, which it cannot encode.
        0 | 1 | 10 | 14..=16 | 19..=21 | 41..=45 | 49 | 51 => {
            Err(Report::UnexpectedExtension(kind))
        }
        _ => Ok(()),
    })?;
    // The one extension that must be there.
    if algorithms { Ok(()) } else { Err(malformed) }
}

/// RFC 8446 section 4.4.2. The certificates themselves are for webpki.
fn certificate(mut body: Reader<'_>) -> Result<(), Report> {
    let malformed = Report::MalformedMessage(CERTIFICATE);
    if body.u8() != Some(0) {
        return Err(malformed);
    }
    let mut list = body.last_vector(3).ok_or(malformed)?;
    for index in 0.. {
        if list.is_empty() {
            break;
        }
        if index == MAX_CERTIFICATES {
            return Err(Report::ChainTooLong);
        }
        let certificate = list.vector(3).ok_or(malformed)?;
        if certificate.is_empty() {
            return Err(malformed);
        }
        // None was asked for: no stapled answers, no transparency.
        let mut extensions = list.vector(2).ok_or(malformed)?;
        if !extensions.is_empty() {
            let (kind, _) = extensions.extension().ok_or(malformed)?;
            return Err(Report::UnexpectedExtension(kind));
        }
    }
    Ok(())
}

/// RFC 8446 section 4.4.3.
fn certificate_verify(mut body: Reader<'_>) -> Result<(), Report> {
    let malformed = Report::MalformedMessage(CERTIFICATE_VERIFY);
    let algorithm = body.u16().ok_or(malformed)?;
    body.last_vector(2).ok_or(malformed)?;
    // embedded-tls offers Ed25519 and P-384 as well, and cannot be told not to.
    if algorithm == ECDSA_SECP256R1_SHA256 {
        Ok(())
    } else {
        Err(Report::UnsupportedSignature)
    }
}

/// RFC 8446 section 4.6.1.
fn ticket(mut body: Reader<'_>) -> Option<()> {
    // Lifetime and age_add.
    body.take(8)?;
    body.vector(1)?;
    let ticket = body.vector(2)?;
    let mut extensions = body.last_vector(2)?;
    while !extensions.is_empty() {
        extensions.extension()?;
    }
    (!ticket.is_empty()).then_some(())
}

#[cfg(test)]
#[path = "messages_tests.rs"]
mod tests;
