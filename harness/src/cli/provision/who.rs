//! Who the device is and whom it talks to: from files, or from a folder of trial
//! certificates.

use std::path::{Path, PathBuf};

use rustls::pki_types::ServerName;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wigwag_embassy::ngtt::DEFAULT_PORT;
use wigwag_embassy::tls::{Now, TrustAnchors};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::say;
use crate::cli::pem::{certificates, private_key};
use crate::device::Settings;
use crate::pki::{DeviceView, Pki, UsableIdentity, check_identity};

/// Bytes of the TLS buffers that the boards have.
const SEND_BUFFER: usize = 2048;
const RECEIVE_BUFFER: usize = 16_640;

#[derive(clap::Args)]
pub(crate) struct Who {
    /// The server: the DNS name or IP address that its certificate carries.
    /// With --from-pki the first one of the folder's server, unless it is given.
    #[arg(long, value_name = "NAME", required_unless_present = "from_pki")]
    server_name: Option<String>,
    /// The server's port.
    #[arg(long, default_value_t = DEFAULT_PORT, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// The roots that the server's certificate must lead to.
    #[arg(long, value_name = "FILE", required_unless_present = "from_pki")]
    ca: Option<PathBuf>,
    /// The device's certificate.
    #[arg(long, value_name = "FILE", required_unless_present = "from_pki")]
    cert: Option<PathBuf>,
    /// The device's private key, PKCS #8 or SEC 1.
    #[arg(long, value_name = "FILE", required_unless_present = "from_pki")]
    key: Option<PathBuf>,
    /// A folder of `wigwag pki new`, instead of --ca, --cert and --key.
    #[arg(long, value_name = "DIR", requires = "device_id", conflicts_with_all = ["ca", "cert", "key"])]
    from_pki: Option<PathBuf>,
    /// The device of that folder.
    #[arg(long, value_name = "ID", requires = "from_pki")]
    device_id: Option<String>,
}

impl Who {
    /// Reads the files and checks with the device's own code that it could work
    /// with them at `time` (seconds since 1970).
    pub(crate) fn read(&self, time: u64) -> Outcome<(Settings, UsableIdentity)> {
        let files = (&self.ca, &self.cert, &self.key);
        match (&self.from_pki, &self.device_id, &self.server_name, files) {
            (Some(folder), Some(id), ..) => self.of_folder(folder, id, time),
            (None, _, Some(server), (Some(ca), Some(cert), Some(key))) => {
                let settings = Settings {
                    server_name: server.clone(),
                    port: self.port,
                    roots: certificates(ca)?,
                    certificate: own(certificates(cert)?, cert),
                    key: private_key(key)?,
                };
                let identity = check(&settings, [ca, cert, key], time)?;
                Ok((settings, identity))
            }
            // The command line's own rules leave nothing else.
            _ => Err(Failure::Usage("give --from-pki or --server-name".into())),
        }
    }

    fn of_folder(&self, folder: &Path, id: &str, time: u64) -> Outcome<(Settings, UsableIdentity)> {
        let pki = Pki::load_dir(folder).map_err(|error| Failure::Work(error.to_string()))?;
        let server_name = match &self.server_name {
            Some(name) => name.clone(),
            None => first_name(pki.server().certificate()).ok_or_else(|| {
                Failure::Work(format!(
                    "{}: the server's certificate has no name: give --server-name",
                    folder.display()
                ))
            })?,
        };
        let settings = Settings::of(&pki, id, &server_name, self.port).ok_or_else(|| {
            let known: Vec<&str> = pki.devices().map(|(id, _)| id).collect();
            Failure::Work(format!(
                "{} has no device {id}; it has {}",
                folder.display(),
                known.join(", ")
            ))
        })?;
        let file = |name: &str| folder.join(name);
        let of_device = |extension| file(&format!("{id}.{extension}"));
        let (cert, key) = (of_device("pem"), of_device("key"));
        let identity = check(&settings, [&file("server-ca.pem"), &cert, &key], time)?;

        let name = ServerName::try_from(server_name.as_str()).map_err(|_| {
            Failure::Usage(format!(
                "{server_name} is neither a DNS name nor an IP address"
            ))
        })?;
        let view = DeviceView {
            roots: &[pki.server_ca().clone()],
            pins: &[],
            now: Now::At(time),
            receive_buffer: RECEIVE_BUFFER,
        };
        view.check(pki.server().chain(), &name).map_err(|refusal| {
            Failure::Work(format!(
                "{}: the device would not accept the folder's server as {server_name}: {refusal}",
                folder.display()
            ))
        })?;
        Ok((settings, identity))
    }
}

/// What the device would only say in its log. The files are those of the roots,
/// the certificate and the key.
fn check(settings: &Settings, files: [&Path; 3], time: u64) -> Outcome<UsableIdentity> {
    let roots: Vec<&[u8]> = settings.roots.iter().map(Vec::as_slice).collect();
    let failed = |file: &Path, error: &dyn std::fmt::Display| {
        Failure::Work(format!("{}: {error}", file.display()))
    };
    TrustAnchors::new(&roots).map_err(|error| failed(files[0], &error))?;
    let identity = check_identity(&settings.certificate, &settings.key, time, SEND_BUFFER);
    identity.map_err(|refusal| {
        use crate::pki::IdentityRefusal::{Identity, NotValidNow};
        use wigwag_embassy::tls::IdentityError::NotAKey;
        match refusal {
            Identity(error @ NotAKey) => failed(files[2], &error),
            NotValidNow => {
                let when = i64::try_from(time)
                    .ok()
                    .and_then(|time| OffsetDateTime::from_unix_timestamp(time).ok())
                    .and_then(|time| time.format(&Rfc3339).ok());
                let when = when.unwrap_or_else(|| time.to_string());
                failed(
                    files[1],
                    &format!("the certificate is not valid at {when}: have it renewed"),
                )
            }
            other => failed(files[1], &other),
        }
    })
}

/// The first DNS name or IP address that a certificate is for.
fn first_name(certificate: &[u8]) -> Option<String> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let names = certificate.subject_alternative_name().ok()??;
    names
        .value
        .general_names
        .iter()
        .find_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            GeneralName::IPAddress(bytes) => match *bytes {
                [a, b, c, d] => Some(std::net::Ipv4Addr::new(*a, *b, *c, *d).to_string()),
                _ => {
                    let bytes: [u8; 16] = (*bytes).try_into().ok()?;
                    Some(std::net::Ipv6Addr::from(bytes).to_string())
                }
            },
            _ => None,
        })
}

/// The device's own certificate, the first of its file. TLS on the device shows no
/// other, so whoever gives a whole chain is told.
fn own(mut chain: Vec<Vec<u8>>, file: &Path) -> Vec<u8> {
    if chain.len() > 1 {
        say(&format!(
            "{}: the device shows the first of these {} certificates only: the server has to \
             know the others",
            file.display(),
            chain.len()
        ));
    }
    chain.swap_remove(0)
}
