use rcgen::string::PrintableString;
use rcgen::{
    CertificateSigningRequestParams, DistinguishedName, DnType, DnValue, PublicKeyData as _,
};
use rustls_pki_types::CertificateSigningRequestDer;

use super::error::RenewalError;
use super::request::{longest, request};
use super::test_authority::{asked, named, new_key, of_subject};
use crate::der::{self, Outline, Reader, SEQUENCE};
use crate::tls::Signer as _;

fn parse(der: &[u8]) -> Option<CertificateSigningRequestParams> {
    CertificateSigningRequestParams::from_der(&CertificateSigningRequestDer::from(der)).ok()
}

#[test]
fn an_authority_verifies_it_and_finds_key_and_name() {
    let key = new_key();
    let request = parse(&asked(&key, &named("device-0001"))).expect("verified");
    let name = request.params.distinguished_name.get(&DnType::CommonName);
    assert_eq!(name, Some(&DnValue::Utf8String("device-0001".into())));
    // rcgen keeps the point alone.
    assert_eq!(request.public_key.der_bytes(), key.public_key().unwrap());
    assert!(request.params.custom_extensions.is_empty());
    assert!(request.params.subject_alt_names.is_empty());
}

#[test]
fn subjects_of_every_length_are_copied_as_they_are() {
    let mut long = DistinguishedName::new();
    let printable = PrintableString::try_from("PL").unwrap();
    long.push(DnType::CountryName, DnValue::PrintableString(printable));
    for number in 0..20 {
        // An attribute of its own each: 1.3.6.1.4.1.55338.9.number.
        let kind = DnType::CustomDnType([1, 3, 6, 1, 4, 1, 55338, 9, number].to_vec());
        long.push(kind, "a name of some forty bytes, to make it long");
    }
    let subjects = [DistinguishedName::new(), long];
    let names = ["x", &"n".repeat(64), &"ü".repeat(60)].map(named);
    for certificate in subjects.map(of_subject).iter().chain(&names) {
        let der = asked(&new_key(), certificate);
        parse(&der).expect("verified");
        let subject = Outline::of(certificate).unwrap().subject;
        let found = der.windows(subject.len().max(1)).any(|at| at == subject);
        assert!(found || subject.is_empty());
        assert!(der.len() <= longest(certificate.len()));
    }
}

#[test]
fn one_key_makes_one_request_byte_for_byte() {
    let (key, other, certificate) = (new_key(), new_key(), named("device-0001"));
    assert_eq!(asked(&key, &certificate), asked(&key, &certificate));
    assert_ne!(asked(&key, &certificate), asked(&other, &certificate));
}

#[test]
fn every_bit_of_key_and_name_is_signed() {
    let der = asked(&new_key(), &named("device-0001"));
    let contents = der::only(&der, SEQUENCE).unwrap();
    let mut parts = Reader::new(contents);
    let info = parts.expect(SEQUENCE).unwrap();
    let from = der.len() - contents.len();
    // With its tag and its length of one byte or two.
    let to = from + if info.len() < 128 { 2 } else { 3 } + info.len();
    for bit in from * 8..to * 8 {
        let mut damaged = der.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(parse(&damaged).is_none(), "{bit}");
    }
}

#[test]
fn a_buffer_that_is_too_short_is_told() {
    let (key, certificate) = (new_key(), named("device-0001"));
    let length = asked(&key, &certificate).len();
    let mut out = [0; 512];
    for room in 0..length {
        let refused = request(&key, &certificate, &mut out[..room]);
        assert_eq!(refused, Err(RenewalError::NoRoom), "{room}");
    }
    assert_eq!(request(&key, &certificate, &mut out[..length]), Ok(length));
    assert!(parse(&out[..length]).is_some());
}

#[test]
fn a_present_certificate_that_is_none_is_refused() {
    let (key, certificate) = (new_key(), named("device-0001"));
    let mut out = [0; 512];
    for length in 0..certificate.len() {
        let refused = request(&key, &certificate[..length], &mut out);
        assert_eq!(refused, Err(RenewalError::NO_CERTIFICATE), "{length}");
    }
}
