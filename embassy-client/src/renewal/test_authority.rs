//! An authority of devices, for tests: it signs what it is asked to.

use std::vec;
use std::vec::Vec;

use rand_core::OsRng;
use rcgen::{
    CertificateParams, CertificateSigningRequestParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa,
};
use rustls_pki_types::CertificateSigningRequestDer;

use super::request::request;
use crate::tls::{SoftwareKey, test_pki};

/// The subject that devices have here.
pub(super) const NAME: &str = "device-0001";

const ID: &[u64] = &[1, 3, 6, 1, 4, 1, 55338, 0, 0];
const ENVIRONMENT: &[u64] = &[1, 3, 6, 1, 4, 1, 55338, 0, 1];

pub(super) struct Authority(pub(super) test_pki::Authority);

impl Authority {
    pub(super) fn new() -> Self {
        Self(test_pki::root("devices"))
    }

    /// What this authority makes of a request: a device's certificate, valid from
    /// 2024 to 2034, with `change`s.
    pub(super) fn sign(&self, der: &[u8], change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let der = CertificateSigningRequestDer::from(der.to_vec());
        let mut request = CertificateSigningRequestParams::from_der(&der).unwrap();
        dress(&mut request.params);
        change(&mut request.params);
        let certificate = request.signed_by(&self.0.issuer).unwrap();
        certificate.der().to_vec()
    }

    /// A certificate for a key, with `change`s.
    pub(super) fn issue(
        &self,
        key: &SoftwareKey,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Vec<u8> {
        self.sign(&asked(key, &named(NAME)), change)
    }
}

/// What a device's certificate says beside key and name.
fn dress(params: &mut CertificateParams) {
    params.not_before = rcgen::date_time_ymd(2024, 1, 1);
    params.not_after = rcgen::date_time_ymd(2034, 1, 1);
    params.is_ca = IsCa::ExplicitNoCa;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.custom_extensions = extensions(b"dev1", 0);
}

/// The extensions of NGTT's devices.
pub(super) fn extensions(id: &[u8], environment: u8) -> Vec<CustomExtension> {
    let id = [&[0x0c, id.len() as u8], id].concat();
    vec![
        CustomExtension::from_oid_content(ID, id),
        CustomExtension::from_oid_content(ENVIRONMENT, vec![2, 1, environment]),
    ]
}

/// A certificate of somebody else, with this name for its subject.
pub(super) fn named(name: &str) -> Vec<u8> {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    of_subject(subject)
}

pub(super) fn of_subject(subject: DistinguishedName) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.distinguished_name = subject;
    let key = rcgen::KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().der().to_vec()
}

/// The request of `key` for the subject of a certificate.
pub(super) fn asked(key: &SoftwareKey, certificate: &[u8]) -> Vec<u8> {
    let mut out = [0; 2048];
    let length = request(key, certificate, &mut out).unwrap();
    out[..length].to_vec()
}

pub(super) fn new_key() -> SoftwareKey {
    SoftwareKey::generate(&mut OsRng).unwrap()
}

/// A key in the form in which settings have it: SEC 1.
pub(super) fn sec1(key: &SoftwareKey) -> Vec<u8> {
    [&[0x30, 37, 2, 1, 1, 4, 32][..], &key.to_secret()].concat()
}
