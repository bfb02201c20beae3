//! Certificates and keys from PEM files.

use std::path::Path;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::input::Source;
use super::outcome::{Failure, Outcome};

/// The certificates of a PEM file, in DER; one at least.
pub(crate) fn certificates(path: &Path) -> Outcome<Vec<Vec<u8>>> {
    let text = Source::of_file(path).read()?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found.into_iter().map(|der| der.to_vec()).collect()),
        _ => Err(Failure::Work(format!(
            "{} holds no certificate in PEM",
            path.display()
        ))),
    }
}

/// The private key of a PEM file, in DER: PKCS #8 or SEC 1.
pub(crate) fn private_key(path: &Path) -> Outcome<Vec<u8>> {
    let text = Source::of_file(path).read()?;
    let key = PrivateKeyDer::from_pem_slice(&text);
    let key = key.map_err(|_| format!("{} holds no private key in PEM", path.display()));
    Ok(key.map_err(Failure::Work)?.secret_der().to_vec())
}
