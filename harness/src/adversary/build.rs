//! Builds the messages of a script when their turn has come: they depend on
//! what both sides have said before.

use p256::PublicKey;
use p256::ecdh::EphemeralSecret;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use rand_core::RngCore as _;

use super::hello::{Extension, ServerHello};
use super::keys::{self, Keys, Schedule, Secrets};
use super::message::{self, Message, Proof};
use super::script::Epoch;
use super::server::Play;
use super::wire::{self, extension, handshake};

/// The group that the HelloRetryRequest asks for: secp384r1.
const OTHER_GROUP: u16 = 0x0018;

impl<S> Play<S> {
    /// Moves on to the keys that follow on these messages.
    pub(super) fn turn(&mut self, messages: &[Message]) {
        for message in messages {
            let (epoch, secrets) = match message.innermost() {
                Message::ServerHello(_) => (Epoch::Handshake, self.handshake),
                Message::Finished | Message::ClientsFinished => {
                    (Epoch::Application, self.application)
                }
                _ => continue,
            };
            // Each epoch begins once.
            if self.epoch.is_none_or(|before| before < epoch) {
                self.epoch = Some(epoch);
                self.keys = secrets.map(|secrets| Keys::new(secrets.server));
            }
        }
    }

    /// The messages as bytes, in the transcript, with the keys that follow.
    pub(super) fn build(&mut self, messages: &[Message]) -> Vec<u8> {
        let mut all = Vec::new();
        for message in messages {
            let bytes = self.bytes(message);
            all.extend_from_slice(&bytes);
            // The transcript ends with the client's Finished.
            if message.in_transcript() && !self.watch.finished {
                self.watch.transcript.extend(bytes);
            }
            match message.innermost() {
                Message::ServerHello(_) => self.handshake_keys(),
                Message::Finished | Message::ClientsFinished => self.application_keys(),
                _ => {}
            }
        }
        all
    }

    fn bytes(&mut self, message: &Message) -> Vec<u8> {
        match message {
            Message::ServerHello(edit) => {
                let mut hello = self.server_hello();
                if let Some(edit) = edit {
                    edit.apply(&mut hello);
                }
                hello.message()
            }
            Message::HelloRetryRequest(edit) => {
                let mut hello = self.server_hello();
                hello.random = wire::RETRY_RANDOM.to_vec();
                hello.set(extension::KEY_SHARE, OTHER_GROUP.to_be_bytes());
                if let Some(edit) = edit {
                    edit.apply(&mut hello);
                }
                hello.message()
            }
            Message::EncryptedExtensions(extensions) => {
                let body = Extension::list(extensions);
                wire::message(handshake::ENCRYPTED_EXTENSIONS, &body)
            }
            Message::CertificateRequest(context, extensions) => {
                message::certificate_request(context, extensions)
            }
            Message::Certificate(context, chain) => {
                message::certificate(context, chain.as_ref().unwrap_or(&self.chain))
            }
            Message::CertificateVerify(proof) => self.certificate_verify(proof),
            Message::Finished => self.finished(|secrets| secrets.server),
            Message::ClientsFinished => self.finished(|secrets| secrets.client),
            Message::NewSessionTicket => message::new_session_ticket(),
            Message::KeyUpdate(request) => wire::message(handshake::KEY_UPDATE, &[*request]),
            Message::Other(kind, body) => wire::message(*kind, body),
            Message::Edited(inner, edit) => {
                let mut bytes = self.bytes(inner);
                edit.apply(&mut bytes);
                bytes
            }
        }
    }

    /// A correct ServerHello with a new key share; the schedule follows it.
    fn server_hello(&mut self) -> ServerHello {
        let secret = EphemeralSecret::random(&mut self.rng);
        let hello = self.watch.hello.clone().unwrap_or_default();
        let theirs = hello.point.as_deref().unwrap_or_default();
        let psk = self.psk.as_deref();
        self.schedule = PublicKey::from_sec1_bytes(theirs).ok().map(|theirs| {
            let shared = secret.diffie_hellman(&theirs);
            Schedule::new(psk, shared.raw_secret_bytes())
        });
        let mut random = vec![0; 32];
        self.rng.fill_bytes(&mut random);
        let point = secret.public_key().to_encoded_point(false);
        ServerHello::new(&hello, random, point.as_bytes())
    }

    fn certificate_verify(&mut self, proof: &Proof) -> Vec<u8> {
        let mut transcript = &self.watch.transcript[..];
        if proof.other_transcript {
            transcript = &transcript[..transcript.len() - 1];
        }
        let signed = message::signed(proof.context, &keys::hash(transcript));
        let signature: DerSignature = if proof.other_key {
            SigningKey::random(&mut self.rng).sign(&signed)
        } else {
            self.key.sign(&signed)
        };
        let mut signature = signature.as_bytes().to_vec();
        if let Some(edit) = &proof.edit {
            edit.apply(&mut signature);
        }
        message::certificate_verify(proof.scheme, &signature)
    }

    fn finished(&self, whose: impl Fn(&Secrets) -> [u8; 32]) -> Vec<u8> {
        // Without secrets: of zeros, which is as good as any.
        let secret = self.handshake.as_ref().map_or([0; 32], whose);
        let mac = keys::finished(&secret, &keys::hash(&self.watch.transcript));
        wire::message(handshake::FINISHED, &mac)
    }

    fn handshake_keys(&mut self) {
        if let Some(schedule) = &self.schedule {
            let secrets = schedule.handshake(&keys::hash(&self.watch.transcript));
            self.handshake = Some(secrets);
            self.watch.handshake(secrets);
        }
    }

    fn application_keys(&mut self) {
        if let (Some(schedule), None) = (&self.schedule, self.application) {
            let secrets = schedule.application(&keys::hash(&self.watch.transcript));
            self.application = Some(secrets);
            self.watch.application(secrets);
        }
    }
}
