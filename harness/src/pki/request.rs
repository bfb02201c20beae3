//! Signing what a device requests: PKCS #10 (RFC 2986).

use super::issue::params;
use super::{DEVICE_ID_OID, ENVIRONMENT_OID, Pki, PkiError, Validity};
use rcgen::{CertificateSigningRequestParams, CustomExtension};
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::oid_registry::{OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, Oid};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// A certificate that was made of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    /// The device that it is for.
    pub device_id: String,
    /// The certificate.
    pub certificate: CertificateDer<'static>,
}

impl Pki {
    /// Signs the request (DER) of one of these devices: its signature has to be
    /// good, by a P-256 key, and its subject that of the certificate that the
    /// device has here, which also tells the id and the environment. What else
    /// the request asks for is not looked at. The certificate is not kept.
    ///
    /// # Errors
    /// [`PkiError::Request`] and [`PkiError::UnknownSubject`];
    /// [`PkiError::NoAuthorityKey`] when this infrastructure was loaded from a
    /// folder without `device-ca.key`.
    pub fn sign_request(&self, request: &[u8], validity: Validity) -> Result<Renewed, PkiError> {
        let refuse = |reason| PkiError::Request { reason };
        let (rest, parsed) = X509CertificationRequest::from_der(request)
            .map_err(|_| refuse("is no request for a certificate (PKCS #10 in DER)"))?;
        if !rest.is_empty() {
            return Err(refuse("has something behind its end"));
        }
        let algorithm = &parsed.certification_request_info.subject_pki.algorithm;
        let curve = algorithm
            .parameters
            .as_ref()
            .and_then(|any| any.as_oid().ok());
        if algorithm.algorithm != OID_KEY_TYPE_EC_PUBLIC_KEY || curve != Some(OID_EC_P256) {
            return Err(refuse(
                "is not for a P-256 key, the only ones that devices use",
            ));
        }
        // This verifies the signature.
        let signed = CertificateSigningRequestDer::from(request);
        let signed = CertificateSigningRequestParams::from_der(&signed)
            .map_err(|_| refuse("is not signed by the key that it is for"))?;

        let subject = &parsed.certification_request_info.subject;
        let unknown = || PkiError::UnknownSubject {
            subject: subject.to_string(),
        };
        let (id, present) = self
            .devices()
            .find_map(|(id, identity)| {
                let (_, present) = X509Certificate::from_der(identity.certificate()).ok()?;
                (present.subject().as_raw() == subject.as_raw()).then_some((id, present))
            })
            .ok_or_else(unknown)?;

        let mut wanted = params(id, validity);
        wanted.distinguished_name = signed.params.distinguished_name;
        wanted.custom_extensions = [DEVICE_ID_OID, ENVIRONMENT_OID]
            .iter()
            .filter_map(|oid| copied(&present, oid))
            .collect();
        let certificate = self.device_ca.sign_device(wanted, &signed.public_key)?;
        // Names are written anew, and devices compare them byte for byte.
        let same = X509Certificate::from_der(&certificate)
            .is_ok_and(|(_, made)| made.subject().as_raw() == subject.as_raw());
        if !same {
            return Err(refuse(
                "has a subject in a form that cannot be written again",
            ));
        }
        Ok(Renewed {
            device_id: id.to_owned(),
            certificate,
        })
    }
}

/// An extension of `certificate`.
fn copied(certificate: &X509Certificate<'_>, oid: &[u64]) -> Option<CustomExtension> {
    let id = Oid::from(oid).ok()?;
    let found = certificate.get_extension_unique(&id).ok()??;
    let value = found.value.to_vec();
    Some(CustomExtension::from_oid_content(oid, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::DEFAULT_DEVICE_ID;
    use rand_core::OsRng;
    use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P384_SHA384, SignatureAlgorithm};
    use wigwag_embassy::ngtt::Device;
    use wigwag_embassy::renewal;
    use wigwag_embassy::tls::{Identity, SoftwareKey};

    /// What a device sends.
    fn request(key: &SoftwareKey, certificate: &[u8]) -> Vec<u8> {
        let mut out = [0; 1024];
        let length = renewal::request(key, certificate, &mut out).unwrap();
        out[..length].to_vec()
    }

    #[test]
    fn a_devices_request_becomes_a_certificate_that_it_can_use() {
        let pki = Pki::generate();
        let present = pki.device(DEFAULT_DEVICE_ID).unwrap().certificate();
        let key = SoftwareKey::generate(&mut OsRng).unwrap();
        let made = pki
            .sign_request(&request(&key, present), Validity::current())
            .unwrap();
        assert_eq!(made.device_id, DEFAULT_DEVICE_ID);
        assert!(Identity::new(&made.certificate, &key).is_ok());
        assert_eq!(
            Device::of_certificate(&made.certificate),
            Device::of_certificate(present)
        );
        let (_, parsed) = X509Certificate::from_der(&made.certificate).unwrap();
        let (_, authority) = X509Certificate::from_der(pki.device_ca()).unwrap();
        let signed = parsed.verify_signature(Some(authority.public_key()));
        assert_eq!(signed, Ok(()));
        assert!(!parsed.is_ca());
    }

    fn reason(pki: &Pki, der: &[u8]) -> String {
        let refused = pki.sign_request(der, Validity::current());
        refused.unwrap_err().to_string()
    }

    #[test]
    fn requests_of_strangers_and_damaged_ones_are_refused() {
        let (pki, other) = (Pki::generate(), Pki::generate());
        let stranger = other
            .device_identity("device-0009", 0, Validity::current())
            .unwrap();
        let key = SoftwareKey::generate(&mut OsRng).unwrap();
        let unknown = request(&key, stranger.certificate());
        assert!(reason(&pki, &unknown).contains("CN=device-0009"));

        let present = pki.device(DEFAULT_DEVICE_ID).unwrap().certificate();
        let good = request(&key, present);
        for length in 0..good.len() {
            assert!(reason(&pki, &good[..length]).contains("PKCS #10"));
        }
        let longer = [&good[..], &[0]].concat();
        assert!(reason(&pki, &longer).contains("behind its end"));
        let mut forged = good.clone();
        *forged.last_mut().unwrap() ^= 1;
        assert!(reason(&pki, &forged).contains("not signed"));
    }

    fn of_kind(kind: &'static SignatureAlgorithm) -> Vec<u8> {
        let key = KeyPair::generate_for(kind).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, DEFAULT_DEVICE_ID);
        params.serialize_request(&key).unwrap().der().to_vec()
    }

    #[test]
    fn keys_that_no_device_has_are_refused() {
        let pki = Pki::generate();
        for kind in [&PKCS_ECDSA_P384_SHA384, &rcgen::PKCS_ED25519] {
            assert!(reason(&pki, &of_kind(kind)).contains("P-256"));
        }
        let usual = of_kind(&rcgen::PKCS_ECDSA_P256_SHA256);
        assert!(pki.sign_request(&usual, Validity::current()).is_ok());
    }
}
