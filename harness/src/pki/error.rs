//! Why certificates could not be made, written or read.

use std::fmt;
use std::path::PathBuf;

/// Why certificates could not be made, written or read.
#[derive(Debug)]
#[non_exhaustive]
pub enum PkiError {
    /// A server name or device id that cannot stand in a certificate.
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The CA's key is not here: the infrastructure was loaded from a folder.
    NoAuthorityKey,
    /// A request for a certificate that is not signed.
    Request {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A request for a subject that none of the devices has.
    UnknownSubject {
        /// The subject.
        subject: String,
    },
    /// Generating a key or a certificate failed.
    Generate(rcgen::Error),
    /// A file or folder could not be read or written.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file exists already and is not overwritten.
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A file does not hold what it should.
    Pem {
        /// The file.
        path: PathBuf,
        /// What was expected in it.
        expected: &'static str,
    },
    /// A file holds another key than that of the certificate beside it.
    OtherKey {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The certificates cannot be used for TLS.
    Tls(rustls::Error),
}

impl fmt::Display for PkiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { name, reason } => write!(f, "{name:?} {reason}"),
            Self::NoAuthorityKey => f.write_str(
                "the CA's key is not in the folder: make a new folder with all names in it",
            ),
            Self::Request { reason } => write!(f, "the request {reason}"),
            Self::UnknownSubject { subject } => write!(
                f,
                "no device here has the subject {subject}: use the folder that its first \
                 certificate is from"
            ),
            Self::Generate(error) => write!(f, "making a certificate failed: {error}"),
            Self::Io { path, source } => write!(f, "cannot use {}: {source}", path.display()),
            Self::Exists { path } => write!(
                f,
                "{} exists and is not overwritten: choose another folder, or empty this one",
                path.display()
            ),
            Self::Pem { path, expected } => {
                write!(f, "{} does not hold {expected} in PEM", path.display())
            }
            Self::OtherKey { certificate, key } => write!(
                f,
                "{} is not the key of {}",
                key.display(),
                certificate.display()
            ),
            Self::Tls(error) => write!(f, "the certificates cannot be used for TLS: {error}"),
        }
    }
}

impl std::error::Error for PkiError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Generate(error) => Some(error),
            Self::Io { source, .. } => Some(source),
            Self::Tls(error) => Some(error),
            _ => None,
        }
    }
}

impl From<rcgen::Error> for PkiError {
    fn from(error: rcgen::Error) -> Self {
        Self::Generate(error)
    }
}

impl From<rustls::Error> for PkiError {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error)
    }
}
