//! The latch against every order of messages, and the identity behind it.

use std::vec;
use std::vec::Vec;

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::DecodePrivateKey as _;
use rcgen::{CertificateParams, KeyPair};

use super::super::memory::Forgetful;
use super::super::test_pki::{Authority, IN_2026, Leaf, NAME, good, leaf, root};
use super::*;

const TRANSCRIPT: [u8; 32] = [7; 32];

fn clock_2026() -> ClockPolicy {
    ClockPolicy::real_time(|| Some(IN_2026))
}

/// A message of the server, as the latch sees it.
#[derive(Clone, Copy, Debug)]
enum Message {
    Certificate,
    BadCertificate,
    Signature,
    BadSignature,
    OtherScheme,
}

/// Signs what a server signs.
fn sign(key: &KeyPair, transcript: &[u8; 32]) -> Vec<u8> {
    let key = SigningKey::from_pkcs8_der(&key.serialize_der()).unwrap();
    let signature: DerSignature = key.sign(&signed_message(transcript));
    signature.as_bytes().to_vec()
}

/// Plays `messages` to a fresh verifier; returns its verdict.
fn play(root: &Authority, server: &Leaf, messages: &[Message]) -> Result<(), CertificateError> {
    let roots: [&[u8]; 1] = [&root.der];
    let mut verifier = Verifier::new(
        TrustAnchors::new(&roots).unwrap(),
        ServerName::try_from(NAME).unwrap(),
        clock_2026(),
        &Forgetful,
    );
    let scheme = SignatureScheme::EcdsaSecp256r1Sha256;
    for message in messages {
        // Errors are ignored on purpose: the latch must not rely on the
        // caller to stop.
        let _ = match message {
            Message::Certificate => {
                verifier.certificate(&[CertificateDer::from_slice(&server.der)], TRANSCRIPT)
            }
            Message::BadCertificate => {
                verifier.certificate(&[CertificateDer::from_slice(&[])], TRANSCRIPT)
            }
            Message::Signature => verifier.signature(scheme, &sign(&server.key, &TRANSCRIPT)),
            Message::BadSignature => verifier.signature(scheme, &sign(&server.key, &[8; 32])),
            Message::OtherScheme => verifier.signature(
                SignatureScheme::EcdsaSecp384r1Sha384,
                &sign(&server.key, &TRANSCRIPT),
            ),
        };
    }
    verifier.verdict()
}

#[test]
fn only_one_order_opens_the_latch() {
    use Message::{BadCertificate, BadSignature, Certificate, OtherScheme, Signature};
    let (root, server) = good();
    let kinds = [
        Certificate,
        BadCertificate,
        Signature,
        BadSignature,
        OtherScheme,
    ];
    let mut sequences: Vec<Vec<Message>> = vec![Vec::new()];
    let mut last = sequences.clone();
    for _ in 0..3 {
        last = last
            .iter()
            .flat_map(|sequence| {
                kinds.iter().map(move |kind| {
                    let mut longer = sequence.clone();
                    longer.push(*kind);
                    longer
                })
            })
            .collect();
        sequences.extend(last.clone());
    }
    assert_eq!(sequences.len(), 1 + 5 + 25 + 125);
    for sequence in sequences {
        let verdict = play(&root, &server, &sequence);
        let opens = matches!(sequence[..], [Certificate, Signature]);
        assert_eq!(verdict.is_ok(), opens, "{sequence:?}: {verdict:?}");
    }
}

#[test]
fn the_latch_tells_why() {
    let (root, server) = good();
    let play = |messages: &[Message]| play(&root, &server, messages).unwrap_err();
    assert_eq!(play(&[]), CertificateError::Missing);
    assert_eq!(play(&[Message::Certificate]), CertificateError::Missing);
    assert_eq!(play(&[Message::Signature]), CertificateError::OutOfOrder);
    assert_eq!(
        play(&[Message::Certificate, Message::BadSignature]),
        CertificateError::BadSignature
    );
    assert_eq!(
        play(&[Message::BadCertificate, Message::Signature]),
        CertificateError::Malformed
    );
    assert_eq!(
        play(&[Message::Certificate, Message::OtherScheme]),
        CertificateError::UnsupportedKey
    );
}

/// What lies below a handshake that is not on the wire.
fn below() -> super::super::transport::Below {
    let limits = super::super::HandshakeLimits::DEFAULT;
    let guard = super::super::guard::Guard::new(limits, 1024);
    super::super::transport::Below::new(guard, core::time::Duration::from_secs(1))
}

#[test]
fn the_identity_is_shown_to_a_verified_server_only() {
    use super::super::provider::Provider;
    use super::super::witness::Witness;
    use super::super::{Identity, SoftwareKey};
    use embedded_tls::CryptoProvider as _;

    let (root, server) = good();
    let device = leaf(CertificateParams::new(Vec::new()).unwrap(), &root);
    let key = SoftwareKey::from_der(&device.key.serialize_der()).unwrap();
    let identity = Identity::new(&device.der, &key).unwrap();
    let roots: [&[u8]; 1] = [&root.der];
    let verifier = Verifier::new(
        TrustAnchors::new(&roots).unwrap(),
        ServerName::try_from(NAME).unwrap(),
        clock_2026(),
        &Forgetful,
    );
    let (mut rng, below) = (rand_core::OsRng, below());
    let mut provider = Provider::new(&mut rng, Witness::new(verifier, &below), Some(identity));
    assert!(provider.client_cert().is_none());
    assert!(provider.signer().is_err());
    provider
        .witness_mut()
        .verifier_mut()
        .certificate(&[CertificateDer::from_slice(&server.der)], TRANSCRIPT)
        .unwrap();
    assert!(provider.client_cert().is_none());
    assert!(provider.signer().is_err());
    provider
        .witness_mut()
        .verifier_mut()
        .signature(
            SignatureScheme::EcdsaSecp256r1Sha256,
            &sign(&server.key, &TRANSCRIPT),
        )
        .unwrap();
    assert!(provider.client_cert().is_some());
    assert!(provider.signer().is_ok());
}

/// A handshake that is complete for embedded-tls is worth what the latch says,
/// and the first reason is the one that is told.
#[test]
fn a_complete_handshake_without_both_proofs_is_none() {
    use super::super::ServerHelloError;
    use super::super::end::End;
    use super::super::witness::Witness;

    let (root, server) = good();
    let roots: [&[u8]; 1] = [&root.der];
    let trust = TrustAnchors::new(&roots).unwrap();
    let new = || {
        let name = ServerName::try_from(NAME).unwrap();
        Verifier::new(trust, name, clock_2026(), &Forgetful)
    };
    let chain = [CertificateDer::from_slice(&server.der)];
    let scheme = SignatureScheme::EcdsaSecp256r1Sha256;
    let below = below();
    let judged = |verifier: Verifier<'_>, result: Result<(), TlsError>| {
        Witness::new(verifier, &below)
            .judge(result)
            .map(|_| ())
            .err()
    };
    let missing = Some(End::Certificate(CertificateError::Missing));
    assert_eq!(judged(new(), Ok(())), missing);
    let mut half = new();
    half.certificate(&chain, TRANSCRIPT).unwrap();
    assert_eq!(judged(half, Ok(())), missing);
    let refused = || {
        let mut refused = new();
        let signature = sign(&server.key, &[8; 32]);
        refused.certificate(&chain, TRANSCRIPT).unwrap();
        refused.signature(scheme, &signature).unwrap_err();
        refused
    };
    let bad = Some(End::Certificate(CertificateError::BadSignature));
    assert_eq!(judged(refused(), Ok(())), bad);
    assert_eq!(judged(refused(), Err(TlsError::InvalidCertificate)), bad);
    let mut whole = new();
    let signature = sign(&server.key, &TRANSCRIPT);
    whole.certificate(&chain, TRANSCRIPT).unwrap();
    whole.signature(scheme, &signature).unwrap();
    assert_eq!(judged(whole, Ok(())), None);
    assert_eq!(judged(Verifier::of_shared_key(), Ok(())), None);
    // What nobody here has refused is embedded-tls's to name, unless the guard
    // has a reason.
    let error = || Err(TlsError::CryptoError);
    assert_eq!(judged(new(), error()), Some(End::BadRecord));
    let mut hello = [22, 3, 3, 0, 1, 1];
    let other = End::ServerHello(ServerHelloError::UnexpectedMessage(1));
    let verdict = below.guard.borrow_mut().inspect(&mut hello);
    assert_eq!(verdict, Err(other));
    assert_eq!(judged(new(), error()), Some(other));
}

#[test]
fn a_failing_signer_is_flagged_and_does_not_panic() {
    use super::super::identity::{Identity, MAX_SIGNATURE, SignError, Signer};
    use super::super::provider::Provider;
    use super::super::witness::Witness;
    use embedded_tls::CryptoProvider as _;
    use p256::ecdsa::signature::SignerMut as _;

    /// Writes these bytes and claims this length.
    struct Odd(Vec<u8>, usize);
    impl Signer for Odd {
        fn sign(&self, _: &[u8], out: &mut [u8; MAX_SIGNATURE]) -> Result<usize, SignError> {
            out[..self.0.len()].copy_from_slice(&self.0);
            Ok(self.1)
        }
    }

    struct Broken;
    impl Signer for Broken {
        fn sign(&self, _: &[u8], _: &mut [u8; MAX_SIGNATURE]) -> Result<usize, SignError> {
            Err(SignError)
        }
    }

    // DER of the numbers 1 and 1, and what is none.
    let right = vec![0x30, 6, 2, 1, 1, 2, 1, 1];
    let odd = [
        Odd(vec![], 0),
        Odd(vec![], MAX_SIGNATURE),
        Odd(vec![], MAX_SIGNATURE + 1),
        Odd(vec![], usize::MAX),
        Odd(right.clone(), 7),
        Odd(right.clone(), 9),
        Odd(vec![0x30, 6, 2, 1, 0, 2, 1, 1], 8),
        Odd(vec![1; 64], 64),
    ];
    let good_signer = Odd(right, 8);
    let signers = odd.iter().map(|signer| (signer as &dyn Signer, true));
    let signers = signers.chain([(&Broken as &dyn Signer, true), (&good_signer, false)]);

    let (root, server) = good();
    for (signer, fails) in signers {
        let device = leaf(CertificateParams::new(Vec::new()).unwrap(), &root);
        let identity = Identity::new(&device.der, signer).unwrap();
        let roots: [&[u8]; 1] = [&root.der];
        let mut verifier = Verifier::new(
            TrustAnchors::new(&roots).unwrap(),
            ServerName::try_from(NAME).unwrap(),
            clock_2026(),
            &Forgetful,
        );
        verifier
            .certificate(&[CertificateDer::from_slice(&server.der)], TRANSCRIPT)
            .unwrap();
        verifier
            .signature(
                SignatureScheme::EcdsaSecp256r1Sha256,
                &sign(&server.key, &TRANSCRIPT),
            )
            .unwrap();
        let (mut rng, below) = (rand_core::OsRng, below());
        let mut provider = Provider::new(&mut rng, Witness::new(verifier, &below), Some(identity));
        assert!(!provider.signer_failed());
        let (mut signer, _) = provider.signer().unwrap();
        let signature = signer.sign(b"transcript");
        assert_eq!(signature.as_ref().is_empty(), fails);
        drop(signer);
        assert_eq!(provider.signer_failed(), fails);
    }
}

#[test]
fn an_identity_is_checked_before_it_is_used() {
    use super::super::{Identity, IdentityError, SoftwareKey};
    let root = root("root");
    let device = leaf(CertificateParams::new(Vec::new()).unwrap(), &root);
    let other = SoftwareKey::from_der(&KeyPair::generate().unwrap().serialize_der()).unwrap();
    assert_eq!(
        Identity::new(&device.der, &other).unwrap_err(),
        IdentityError::KeyMismatch
    );
    assert_eq!(
        Identity::new(b"-----BEGIN CERTIFICATE-----", &other).unwrap_err(),
        IdentityError::NotACertificate
    );
    assert_eq!(
        SoftwareKey::from_der(b"-----BEGIN PRIVATE KEY-----").unwrap_err(),
        IdentityError::NotAKey
    );
    let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    assert_eq!(
        SoftwareKey::from_der(&p384.serialize_der()).unwrap_err(),
        IdentityError::NotAKey
    );
    // SEC 1, too.
    let pkcs8 = device.key.serialize_der();
    let sec1 = p256::pkcs8::PrivateKeyInfo::try_from(&pkcs8[..]).unwrap();
    let key = SoftwareKey::from_der(sec1.private_key).unwrap();
    assert!(Identity::new(&device.der, &key).is_ok());
}

#[test]
fn roots_are_checked_before_they_are_trusted() {
    use super::super::trust::{MAX_ROOTS, TrustError};
    let root = root("root");
    assert_eq!(TrustAnchors::new(&[]).unwrap_err(), TrustError::Empty);
    let many = vec![&root.der[..]; MAX_ROOTS + 1];
    assert_eq!(TrustAnchors::new(&many).unwrap_err(), TrustError::TooMany);
    assert_eq!(
        TrustAnchors::new(&[&root.der, b"rubbish"]).unwrap_err(),
        TrustError::NotACertificate { index: 1 }
    );
    assert!(TrustAnchors::new(&many[..MAX_ROOTS]).is_ok());
}
