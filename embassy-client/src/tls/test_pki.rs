//! Throw-away certificates for the tests of this module.

use std::string::{String, ToString};
use std::vec::Vec;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// An authority and its certificate.
pub(crate) struct Authority {
    pub(crate) der: Vec<u8>,
    pub(crate) issuer: Issuer<'static, KeyPair>,
}

/// A certificate of a server or device, and its key.
pub(crate) struct Leaf {
    pub(crate) der: Vec<u8>,
    pub(crate) key: KeyPair,
}

pub(crate) fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = std::vec![KeyUsagePurpose::KeyCertSign];
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2040, 1, 1);
    params
}

pub(crate) fn root(name: &str) -> Authority {
    let key = KeyPair::generate().unwrap();
    let params = authority_params(name);
    let certificate = params.self_signed(&key).unwrap();
    Authority {
        der: certificate.der().to_vec(),
        issuer: Issuer::new(params, key),
    }
}

pub(crate) fn intermediate(params: CertificateParams, by: &Authority) -> Authority {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &by.issuer).unwrap();
    Authority {
        der: certificate.der().to_vec(),
        issuer: Issuer::new(params, key),
    }
}

/// Parameters of a server's certificate, valid from 2024 to 2034.
pub(crate) fn server_params(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| name.to_string()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.extended_key_usages = std::vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = rcgen::date_time_ymd(2024, 1, 1);
    params.not_after = rcgen::date_time_ymd(2034, 1, 1);
    params
}

pub(crate) fn leaf(params: CertificateParams, by: &Authority) -> Leaf {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &by.issuer).unwrap();
    Leaf {
        der: certificate.der().to_vec(),
        key,
    }
}

/// 2026-01-01, 1970-01-01 + a day, 2035-01-01.
pub(crate) const IN_2026: u64 = 1_767_225_600;
pub(crate) const IN_1970: u64 = 86_400;
pub(crate) const IN_2035: u64 = 2_051_222_400;

/// The server that the tests look for.
pub(crate) const NAME: &str = "orders.example";

/// An authority and a server certificate of it.
pub(crate) fn good() -> (Authority, Leaf) {
    let root = root("root");
    let server = leaf(server_params(&[NAME]), &root);
    (root, server)
}
