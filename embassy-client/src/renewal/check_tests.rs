use std::vec;
use std::vec::Vec;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, IsCa, KeyPair, PKCS_ECDSA_P384_SHA384,
    PKCS_ED25519, PublicKeyData, SignatureAlgorithm,
};

use super::check::{Limits, check};
use super::error::RenewalError;
use super::record::MAX_CERTIFICATE;
use super::test_authority::{Authority, NAME, asked, extensions, named, new_key};
use crate::tls::test_pki::{IN_1970, IN_2026, IN_2035};
use crate::tls::{CertificateError, ClockPolicy, IdentityError, SoftwareKey};

const LIMITS: Limits = Limits {
    clock: ClockPolicy::real_time(|| Some(IN_2026)),
    send_buffer: 2048,
};

/// The present certificate, and a key and a certificate that may follow.
struct Case {
    authority: Authority,
    present: Vec<u8>,
    key: SoftwareKey,
}

impl Case {
    fn new() -> Self {
        let authority = Authority::new();
        Self {
            present: authority.issue(&new_key(), |_| {}),
            authority,
            key: new_key(),
        }
    }

    /// What is said of a certificate for the right key, with `change`s.
    fn changed(&self, change: impl FnOnce(&mut CertificateParams)) -> Result<(), RenewalError> {
        self.says(&self.authority.issue(&self.key, change))
    }

    fn says(&self, offered: &[u8]) -> Result<(), RenewalError> {
        check(offered, &self.key, &self.present, &LIMITS)
    }
}

#[test]
fn a_certificate_of_the_key_that_was_made_is_taken_whoever_signed_it() {
    let case = Case::new();
    assert_eq!(case.changed(|_| {}), Ok(()));
    let other = Authority::new();
    assert_eq!(case.says(&other.issue(&case.key, |_| {})), Ok(()));
    // Extensions of the authority's own choice.
    let own = |params: &mut CertificateParams| {
        let own = CustomExtension::from_oid_content(&[1, 2, 3], vec![5, 0]);
        params.custom_extensions.push(own);
    };
    assert_eq!(case.changed(own), Ok(()));
}

#[test]
fn another_keys_certificate_is_refused() {
    let case = Case::new();
    let foreign = case.authority.issue(&new_key(), |_| {});
    let mismatch = RenewalError::Identity(IdentityError::KeyMismatch);
    assert_eq!(case.says(&foreign), Err(mismatch));
    assert_eq!(case.says(&case.present), Err(mismatch));
}

#[test]
fn an_authoritys_certificate_is_refused() {
    let case = Case::new();
    for constraints in [
        BasicConstraints::Unconstrained,
        BasicConstraints::Constrained(0),
    ] {
        let refused = case.changed(|params| params.is_ca = IsCa::Ca(constraints));
        assert_eq!(refused, Err(RenewalError::Authority));
    }
    // Spelled in ways that DER does not know.
    for odd in [
        &[][..],
        &[0x30],
        &[0x30, 3, 1, 1, 1],
        &[0x30, 2, 1, 0],
        &[5, 0],
    ] {
        let refused = case.changed(|params| {
            params.is_ca = IsCa::NoCa;
            let odd = CustomExtension::from_oid_content(&[2, 5, 29, 19], odd.to_vec());
            params.custom_extensions.push(odd);
        });
        assert!(refused.is_err(), "{odd:?}: {refused:?}");
    }
    assert_eq!(case.changed(|params| params.is_ca = IsCa::NoCa), Ok(()));
}

/// A public key that nobody has the other half of.
struct Rsa(Vec<u8>);

impl PublicKeyData for Rsa {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

#[test]
fn keys_of_other_kinds_are_refused() {
    let case = Case::new();
    let params = CertificateParams::default();
    // RSAPublicKey (RFC 8017 section A.1.1): 2048 bits, 65537.
    let head = [0x30, 0x82, 1, 10, 2, 0x82, 1, 1, 0];
    let rsa = Rsa([&head[..], &[0xc5; 256], &[2, 3, 1, 0, 1]].concat());
    let issuer = &case.authority.0.issuer;
    let mut certificates = vec![params.signed_by(&rsa, issuer).unwrap()];
    for kind in [&PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
        let key = KeyPair::generate_for(kind).unwrap();
        certificates.push(params.signed_by(&key, issuer).unwrap());
    }
    for certificate in certificates {
        assert_eq!(
            case.says(certificate.der()),
            Err(RenewalError::NO_CERTIFICATE)
        );
    }
}

#[test]
fn a_certificate_is_valid_when_the_clock_says_so() {
    let case = Case::new();
    let good = case.authority.issue(&case.key, |_| {});
    for (clock, expected) in [
        (ClockPolicy::real_time(|| Some(IN_2026)), Ok(())),
        (ClockPolicy::floor(IN_2026), Ok(())),
        (
            ClockPolicy::real_time(|| Some(IN_1970)),
            Err(CertificateError::NotYetValid),
        ),
        (
            ClockPolicy::real_time(|| Some(IN_2035)),
            Err(CertificateError::Expired),
        ),
        (ClockPolicy::floor(IN_2035), Err(CertificateError::Expired)),
        (
            ClockPolicy::real_time(|| None),
            Err(CertificateError::ClockNotSet),
        ),
    ] {
        let limits = Limits { clock, ..LIMITS };
        let said = check(&good, &case.key, &case.present, &limits);
        assert_eq!(said, expected.map_err(RenewalError::Time), "{clock:?}");
    }
}

#[test]
fn identities_are_renewed_and_not_exchanged() {
    let case = Case::new();
    let of_name = |name: &str| asked(&case.key, &named(name));
    for other in ["device-0002", "device-000", "Device-0001", ""] {
        let certificate = case.authority.sign(&of_name(other), |_| {});
        assert_eq!(
            case.says(&certificate),
            Err(RenewalError::Subject),
            "{other}"
        );
    }
    let same = case.authority.sign(&of_name(NAME), |_| {});
    assert_eq!(case.says(&same), Ok(()));
    for other in [extensions(b"dev2", 0), extensions(b"dev1", 1), vec![]] {
        let refused = case.changed(|params| params.custom_extensions = other);
        assert_eq!(refused, Err(RenewalError::Device));
    }
    // A device that is none of NGTT's may become one.
    let plain = case.authority.issue(&new_key(), |params| {
        params.custom_extensions.clear();
    });
    let offered = case.authority.issue(&case.key, |_| {});
    assert_eq!(check(&offered, &case.key, &plain, &LIMITS), Ok(()));
}

/// The authority's certificate of this length.
fn of_length(case: &Case, length: usize) -> Vec<u8> {
    let padded = |padding: usize| {
        case.authority.issue(&case.key, |params| {
            let padding = CustomExtension::from_oid_content(&[1, 2, 3], vec![0; padding]);
            params.custom_extensions.push(padding);
        })
    };
    // Lengths of lengths and signatures vary by some bytes.
    for _ in 0..200 {
        let mut padding = 200;
        for _ in 0..4 {
            let made = padded(padding);
            if made.len() == length {
                return made;
            }
            padding = (padding + length).saturating_sub(made.len());
        }
    }
    panic!("no certificate of {length} bytes");
}

#[test]
fn a_certificate_must_fit_store_and_send_buffer() {
    let case = Case::new();
    let most = of_length(&case, MAX_CERTIFICATE);
    assert_eq!(case.says(&most), Ok(()));
    for length in [MAX_CERTIFICATE + 1, 4096] {
        let long = of_length(&case, length);
        assert_eq!(case.says(&long), Err(RenewalError::TooLong));
    }
    let needed = MAX_CERTIFICATE + 35;
    for (send_buffer, expected) in [
        (needed, Ok(())),
        (needed - 1, Err(RenewalError::SendBuffer { needed })),
    ] {
        let limits = Limits {
            send_buffer,
            ..LIMITS
        };
        assert_eq!(check(&most, &case.key, &case.present, &limits), expected);
    }
}

#[test]
fn every_truncation_is_refused_and_no_damage_panics() {
    let case = Case::new();
    let good = case.authority.issue(&case.key, |_| {});
    for length in 0..good.len() {
        assert_eq!(
            case.says(&good[..length]),
            Err(RenewalError::NO_CERTIFICATE)
        );
    }
    let trailing = [&good[..], &[0]].concat();
    assert_eq!(case.says(&trailing), Err(RenewalError::NO_CERTIFICATE));
    let mut refused = 0;
    for bit in 0..good.len() * 8 {
        let mut damaged = good.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        refused += u32::from(case.says(&damaged).is_err());
    }
    // Not the signature, which is the server's affair, nor the issuer's name.
    assert!(refused > 1500, "{refused}");
    // A present one that has been damaged lets nothing follow.
    let said = check(&good, &case.key, &case.present[1..], &LIMITS);
    assert_eq!(said, Err(RenewalError::NO_CERTIFICATE));
}
