//! The folder of certificates and keys that the command line works with:
//! `server-ca.pem`, `device-ca.pem`, `server.pem`, `server.key`, and per device
//! `ID.pem` and `ID.key`; `device-ca.key` where certificates are to be renewed.

use super::issue::Authority;
use super::{Identity, Pki, PkiError};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const SERVER_CA: &str = "server-ca.pem";
const DEVICE_CA: &str = "device-ca.pem";
const DEVICE_CA_KEY: &str = "device-ca.key";
const SERVER: &str = "server";

impl Identity {
    /// The certificates in PEM, leaf first.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        self.chain
            .iter()
            .map(|certificate| certificate_pem(certificate))
            .collect()
    }

    /// The key in PEM (PKCS #8).
    #[must_use]
    pub fn key_pem(&self) -> String {
        pem("PRIVATE KEY", self.key.secret_pkcs8_der())
    }

    /// Reads an identity from a file of certificates, leaf first, and a file
    /// with a PKCS #8 key.
    ///
    /// # Errors
    /// [`PkiError::Io`], [`PkiError::Pem`] and [`PkiError::OtherKey`], with the
    /// file.
    pub fn load(certificates: &Path, key: &Path) -> Result<Self, PkiError> {
        let identity = Self {
            chain: load_certificates(certificates)?,
            key: load_key(key)?,
        };
        if identity.has_another_key() {
            return Err(PkiError::OtherKey {
                certificate: certificates.into(),
                key: key.into(),
            });
        }
        Ok(identity)
    }
}

/// A certificate in PEM.
#[must_use]
pub fn certificate_pem(certificate: &CertificateDer<'_>) -> String {
    pem("CERTIFICATE", certificate)
}

fn pem(label: &str, der: &[u8]) -> String {
    pem::encode_config(
        &pem::Pem::new(label, der),
        pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
    )
}

/// The certificates of a PEM file, one at least.
fn load_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, PkiError> {
    let text = read(path)?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match certificates {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(PkiError::Pem {
            path: path.into(),
            expected: "a certificate",
        }),
    }
}

fn load_key(path: &Path) -> Result<PrivatePkcs8KeyDer<'static>, PkiError> {
    PrivatePkcs8KeyDer::from_pem_slice(&read(path)?).map_err(|_| PkiError::Pem {
        path: path.into(),
        expected: "a PKCS #8 private key",
    })
}

fn load_authority(path: &Path) -> Result<Authority, PkiError> {
    let mut certificates = load_certificates(path)?;
    Ok(Authority::without_key(certificates.swap_remove(0)))
}

/// The authority of devices, with its key if that is there.
fn load_device_authority(folder: &Path) -> Result<Authority, PkiError> {
    let (certificate, key) = (folder.join(DEVICE_CA), folder.join(DEVICE_CA_KEY));
    if !key.is_file() {
        return load_authority(&certificate);
    }
    let identity = Identity::load(&certificate, &key)?;
    Authority::with_key(identity.certificate().clone(), identity.key())
}

fn read(path: &Path) -> Result<Vec<u8>, PkiError> {
    fs::read(path).map_err(|source| PkiError::Io {
        path: path.into(),
        source,
    })
}

/// A file that is to be written.
struct File {
    path: PathBuf,
    text: String,
    is_secret: bool,
}

impl File {
    /// Writes the file, and never over another one. A key is the owner's only,
    /// from the first moment on.
    fn write(&self) -> Result<(), PkiError> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if self.is_secret {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let written = options
            .open(&self.path)
            .and_then(|mut file| file.write_all(self.text.as_bytes()));
        written.map_err(|source| PkiError::Io {
            path: self.path.clone(),
            source,
        })
    }
}

impl Pki {
    /// Writes the folder, which is made if it is not there. The keys are
    /// readable by their owner only, where the system knows such a thing.
    ///
    /// # Errors
    /// [`PkiError::Exists`] before anything is written when one of the files
    /// is there already; [`PkiError::Io`].
    pub fn write_dir(&self, folder: &Path) -> Result<(), PkiError> {
        self.write(folder, false)
    }

    /// The same with the key of the devices' authority, by which
    /// [`Pki::sign_request`] can sign. Whoever has it can make devices.
    ///
    /// # Errors
    /// As [`Pki::write_dir`]; [`PkiError::NoAuthorityKey`] when it is not here.
    pub fn write_dir_with_authority(&self, folder: &Path) -> Result<(), PkiError> {
        self.write(folder, true)
    }

    fn write(&self, folder: &Path, with_authority: bool) -> Result<(), PkiError> {
        let file = |name: String, text, is_secret| File {
            path: folder.join(name),
            text,
            is_secret,
        };
        let mut files = vec![
            file(SERVER_CA.into(), certificate_pem(self.server_ca()), false),
            file(DEVICE_CA.into(), certificate_pem(self.device_ca()), false),
        ];
        if with_authority {
            let key = self.device_ca.key().ok_or(PkiError::NoAuthorityKey)?;
            let key = pem("PRIVATE KEY", key.secret_pkcs8_der());
            files.push(file(DEVICE_CA_KEY.into(), key, true));
        }
        for (name, identity) in self.devices().chain([(SERVER, self.server())]) {
            files.push(file(format!("{name}.pem"), identity.chain_pem(), false));
            files.push(file(format!("{name}.key"), identity.key_pem(), true));
        }
        fs::create_dir_all(folder).map_err(|source| PkiError::Io {
            path: folder.into(),
            source,
        })?;
        if let Some(there) = files.iter().find(|file| file.path.exists()) {
            return Err(PkiError::Exists {
                path: there.path.clone(),
            });
        }
        files.iter().try_for_each(File::write)
    }

    /// Reads a folder that [`Pki::write_dir`] wrote, or one of the same
    /// layout. Every `NAME.pem` that has a `NAME.key` is a device, but for the
    /// server and the authority.
    ///
    /// # Errors
    /// [`PkiError::Io`], [`PkiError::Pem`] and [`PkiError::OtherKey`], with the
    /// file.
    pub fn load_dir(folder: &Path) -> Result<Self, PkiError> {
        let load = |name: &str| {
            Identity::load(
                &folder.join(format!("{name}.pem")),
                &folder.join(format!("{name}.key")),
            )
        };
        let mut devices = BTreeMap::new();
        for name in names(folder)? {
            let of_authority = format!("{name}.key") == DEVICE_CA_KEY;
            if name != SERVER && !of_authority && folder.join(format!("{name}.key")).is_file() {
                devices.insert(name.clone(), load(&name)?);
            }
        }
        Ok(Self {
            server_ca: load_authority(&folder.join(SERVER_CA))?,
            device_ca: load_device_authority(folder)?,
            server: load(SERVER)?,
            devices,
            environment: 0,
        })
    }
}

/// The names of the `.pem` files in a folder.
fn names(folder: &Path) -> Result<Vec<String>, PkiError> {
    let failed = |source| PkiError::Io {
        path: folder.into(),
        source,
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let is_pem = path.extension().is_some_and(|extension| extension == "pem");
        if let (true, Some(stem)) = (is_pem, path.file_stem().and_then(|stem| stem.to_str())) {
            names.push(stem.to_owned());
        }
    }
    Ok(names)
}
