//! Reads what the client sends: records, their contents, its handshake.

use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::hello::ClientHello;
use super::keys::{self, Keys, Secrets};
use super::message::signed;
use super::seen::What;
use super::wire::{Reader, content, handshake};

/// The client's side of a connection, as the server can read it.
#[derive(Default)]
pub(super) struct Watch {
    /// Bytes of records that are not complete yet.
    pub(super) incoming: Vec<u8>,
    /// Bytes of handshake messages that are not complete yet.
    partial: Vec<u8>,
    /// The client's keys, oldest first; it moves on and never back.
    keys: Vec<Keys>,
    secrets: Option<Secrets>,
    /// The handshake's messages of both sides, one after the other.
    pub(super) transcript: Vec<u8>,
    pub(super) hello: Option<ClientHello>,
    leaf: Option<VerifyingKey>,
    pub(super) finished: bool,
    /// What came is not records any more.
    lost: bool,
}

impl Watch {
    /// The handshake's secrets are known.
    pub(super) fn handshake(&mut self, secrets: Secrets) {
        self.keys.push(Keys::new(secrets.client));
        self.secrets = Some(secrets);
    }

    /// The application's secrets are known.
    pub(super) fn application(&mut self, secrets: Secrets) {
        self.keys.push(Keys::new(secrets.client));
    }

    /// Takes the complete records out of what came.
    pub(super) fn events(&mut self) -> Vec<What> {
        let mut found = Vec::new();
        while !self.lost && self.incoming.len() >= 5 {
            let length = usize::from(u16::from_be_bytes([self.incoming[3], self.incoming[4]]));
            if self.incoming[1] != 3 || length > 16_640 {
                // Nothing that follows can be found any more.
                self.lost = true;
                found.push(What::Plain(self.incoming[0], self.incoming.clone()));
            } else if self.incoming.len() < 5 + length {
                break;
            } else {
                let record: Vec<u8> = self.incoming.drain(..5 + length).collect();
                self.record(&record, &mut found);
            }
        }
        found
    }

    fn record(&mut self, record: &[u8], found: &mut Vec<What>) {
        let (kind, body) = (record[0], &record[5..]);
        match kind {
            content::APPLICATION_DATA => match self.open(record) {
                Some((kind, contents)) => self.contents(kind, &contents, found),
                None => found.push(What::Unreadable(body.len())),
            },
            content::CHANGE_CIPHER_SPEC if body == [1] => found.push(What::ChangeCipherSpec),
            content::ALERT if body.len() == 2 => found.push(What::Alert(body[0], body[1])),
            content::HANDSHAKE if self.keys.is_empty() => self.contents(kind, body, found),
            _ => found.push(What::Plain(kind, body.to_vec())),
        }
    }

    /// The type and contents of a protected record.
    fn open(&mut self, record: &[u8]) -> Option<(u8, Vec<u8>)> {
        for at in 0..self.keys.len() {
            if let Some(mut contents) = self.keys[at].open(record) {
                self.keys.drain(..at);
                let end = contents.iter().rposition(|byte| *byte != 0)?;
                contents.truncate(end + 1);
                return contents.pop().map(|kind| (kind, contents));
            }
        }
        None
    }

    fn contents(&mut self, kind: u8, contents: &[u8], found: &mut Vec<What>) {
        match (kind, contents) {
            (content::APPLICATION_DATA, data) => found.push(What::Data(data.to_vec())),
            (content::ALERT, [level, description]) => {
                found.push(What::Alert(*level, *description));
            }
            (content::HANDSHAKE, bytes) => {
                self.partial.extend_from_slice(bytes);
                let partial = std::mem::take(&mut self.partial);
                let mut reader = Reader(&partial);
                while let Some((kind, body)) = reader.message() {
                    found.push(self.message(kind, body));
                }
                self.partial = reader.0.to_vec();
            }
            (_, other) => found.push(What::Unreadable(other.len())),
        }
    }

    fn message(&mut self, kind: u8, body: &[u8]) -> What {
        let before = keys::hash(&self.transcript);
        if !self.finished {
            self.transcript.extend(super::wire::message(kind, body));
        }
        let read = match kind {
            handshake::CLIENT_HELLO => ClientHello::read(body).map(|hello| {
                self.hello = Some(hello.clone());
                What::Hello(hello)
            }),
            handshake::CERTIFICATE => self.certificate(body).map(What::Certificate),
            handshake::CERTIFICATE_VERIFY => {
                self.verify(body, &before).map(What::CertificateVerify)
            }
            handshake::FINISHED => self.secrets.map(|secrets| {
                self.finished = true;
                What::Finished(body == keys::finished(&secrets.client, &before))
            }),
            _ => None,
        };
        read.unwrap_or(What::Handshake(kind))
    }

    fn certificate(&mut self, body: &[u8]) -> Option<Vec<Vec<u8>>> {
        let mut reader = Reader(body);
        reader.vector(1)?;
        let mut entries = Reader(reader.vector(3)?);
        let mut chain = Vec::new();
        while !entries.0.is_empty() {
            chain.push(entries.vector(3)?.to_vec());
            entries.vector(2)?;
        }
        self.leaf = chain.first().and_then(|leaf| {
            let (_, leaf) = X509Certificate::from_der(leaf).ok()?;
            VerifyingKey::from_sec1_bytes(&leaf.public_key().subject_public_key.data).ok()
        });
        Some(chain)
    }

    fn verify(&self, body: &[u8], transcript: &[u8; 32]) -> Option<bool> {
        let mut reader = Reader(body);
        let scheme = reader.u16()?;
        let signature = reader.vector(2)?;
        let content = signed("TLS 1.3, client CertificateVerify", transcript);
        let good = self.leaf.as_ref().is_some_and(|leaf| {
            Signature::from_der(signature)
                .is_ok_and(|signature| leaf.verify(&content, &signature).is_ok())
        });
        Some(good && scheme == super::wire::ECDSA_SECP256R1_SHA256)
    }
}
