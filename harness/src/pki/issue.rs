//! What the CAs sign.

use super::{Identity, PkiError, Validity};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SanType,
};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::net::IpAddr;

/// The extension with the device's id, a DER UTF8String.
pub const DEVICE_ID_OID: [u64; 9] = [1, 3, 6, 1, 4, 1, 55338, 0, 0];

/// The extension with the device's environment, a DER INTEGER.
pub const ENVIRONMENT_OID: [u64; 9] = [1, 3, 6, 1, 4, 1, 55338, 0, 1];

/// The longest common name: `ub-common-name` of RFC 5280, appendix A.1.
const MAX_COMMON_NAME: usize = 64;

/// A CA: its certificate, and its key where it was made in this process.
pub(super) struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Option<Issuer<'static, KeyPair>>,
}

impl Authority {
    pub(super) fn new(name: &str) -> Result<Self, PkiError> {
        let mut params = params(name, Validity::current());
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            certificate: certificate.der().clone(),
            issuer: Some(Issuer::new(params, key)),
        })
    }

    /// A CA of an earlier process, with its key.
    pub(super) fn with_key(
        certificate: CertificateDer<'static>,
        key: &PrivatePkcs8KeyDer<'_>,
    ) -> Result<Self, PkiError> {
        let key = KeyPair::try_from(key)?;
        let issuer = Issuer::from_ca_cert_der(&certificate, key)?;
        Ok(Self {
            issuer: Some(issuer),
            certificate,
        })
    }

    /// The key, PKCS #8 in DER, where it is known.
    pub(super) fn key(&self) -> Option<PrivatePkcs8KeyDer<'static>> {
        let issuer = self.issuer.as_ref()?;
        Some(issuer.key().serialize_der().into())
    }

    /// A CA that can be trusted but not asked.
    pub(super) fn without_key(certificate: CertificateDer<'static>) -> Self {
        Self {
            certificate,
            issuer: None,
        }
    }

    pub(super) fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    pub(super) fn issue_server(
        &self,
        names: &[String],
        validity: Validity,
    ) -> Result<Identity, PkiError> {
        let first = names.first().ok_or_else(|| PkiError::Name {
            name: String::new(),
            reason: "is no server name: give one at least",
        })?;
        let common_name = &first[..first.floor_char_boundary(MAX_COMMON_NAME)];
        let mut params = params(common_name, validity);
        for name in names {
            params.subject_alt_names.push(alternative_name(name)?);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // rcgen's default key is P-256 with SHA-256: what devices can verify.
        let key = KeyPair::generate()?;
        Ok(Identity {
            chain: vec![self.sign(params, &key)?],
            key: key.serialize_der().into(),
        })
    }

    pub(super) fn issue_device(
        &self,
        id: &str,
        environment: u8,
        validity: Validity,
    ) -> Result<Identity, PkiError> {
        check_device_id(id)?;
        let mut params = params(id, validity);
        params.custom_extensions = vec![
            CustomExtension::from_oid_content(&DEVICE_ID_OID, der(UTF8_STRING, id.as_bytes())),
            CustomExtension::from_oid_content(&ENVIRONMENT_OID, der_integer(environment)),
        ];
        let key = KeyPair::generate()?;
        Ok(Identity {
            chain: vec![self.sign_device(params, &key)?],
            key: key.serialize_der().into(),
        })
    }

    /// A device's certificate for somebody's public key.
    pub(super) fn sign_device(
        &self,
        mut params: CertificateParams,
        key: &impl PublicKeyData,
    ) -> Result<CertificateDer<'static>, PkiError> {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(params, key)
    }

    fn sign(
        &self,
        mut params: CertificateParams,
        key: &impl PublicKeyData,
    ) -> Result<CertificateDer<'static>, PkiError> {
        let issuer = self.issuer.as_ref().ok_or(PkiError::NoAuthorityKey)?;
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        Ok(params.signed_by(key, issuer)?.der().clone())
    }
}

pub(super) fn params(common_name: &str, validity: Validity) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.not_before = validity.from.into();
    params.not_after = validity.until.into();
    params
}

fn alternative_name(name: &str) -> Result<SanType, PkiError> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    // What rustls takes for a DNS name, with the wildcard that stands for one
    // label.
    let plain = name.strip_prefix("*.").unwrap_or(name);
    let is_name = rustls::pki_types::DnsName::try_from(plain).is_ok();
    match name.try_into() {
        Ok(text) if is_name => Ok(SanType::DnsName(text)),
        _ => Err(PkiError::Name {
            name: name.into(),
            reason: "is neither a DNS name nor an IP address",
        }),
    }
}

/// An id becomes a common name and a file name, and must be good for both.
fn check_device_id(id: &str) -> Result<(), PkiError> {
    let refuse = |reason| {
        Err(PkiError::Name {
            name: id.into(),
            reason,
        })
    };
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if id.is_empty() || id.len() > MAX_COMMON_NAME {
        refuse("is no device id: it must have 1 to 64 characters")
    } else if !id.bytes().all(fits) || id.starts_with('.') {
        refuse("is no device id: letters, digits, '.', '_' and '-' only, no dot in front")
    } else if ["server", "server-ca", "device-ca"].contains(&id.to_ascii_lowercase().as_str()) {
        refuse("is no device id: a file of that name holds something else")
    } else {
        Ok(())
    }
}

/// Universal tags of X.690.
const INTEGER: u8 = 0x02;
const UTF8_STRING: u8 = 0x0c;

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    // Short form of the length: contents here have 64 bytes at most.
    let mut out = vec![tag, content.len() as u8];
    out.extend_from_slice(content);
    out
}

fn der_integer(value: u8) -> Vec<u8> {
    // DER integers are signed: a leading zero keeps 128 and more positive.
    let bytes = [0, value];
    der(INTEGER, if value < 0x80 { &bytes[1..] } else { &bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_minimal_and_positive() {
        assert_eq!(der_integer(0), [2, 1, 0]);
        assert_eq!(der_integer(127), [2, 1, 127]);
        assert_eq!(der_integer(128), [2, 2, 0, 128]);
    }

    #[test]
    fn ids_that_are_no_file_names_are_refused() {
        for good in ["device-0001", "a", "A.b_c-9", &"x".repeat(64)] {
            assert!(check_device_id(good).is_ok(), "{good}");
        }
        let long = "x".repeat(65);
        for bad in [
            "",
            ".",
            "..",
            ".hidden",
            "a/b",
            "a\\b",
            "ä",
            "a b",
            "server",
            "Server-CA",
            &long,
        ] {
            assert!(check_device_id(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_dns_names_or_addresses() {
        for good in [
            "ngtt.test",
            "*.ngtt.test",
            "localhost",
            "192.0.2.1",
            "2001:db8::1",
        ] {
            assert!(alternative_name(good).is_ok(), "{good}");
        }
        for bad in ["", "*", "a..b", "a b", "ä.test", "-a.test", "*.*.test"] {
            assert!(alternative_name(bad).is_err(), "{bad}");
        }
    }
}
