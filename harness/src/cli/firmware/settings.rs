//! `wigwag firmware settings OUT`.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use wigwag_embassy::ngtt::DEFAULT_PORT;
use wigwag_embassy::tls::{Identity, SoftwareKey, TrustAnchors};

use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::say;
use crate::cli::pem::{certificates, private_key};
use crate::device::Settings;
use crate::firmware;

/// Write the image of a device's settings, to be put into its flash.
///
/// In it are the server, the roots that the device trusts, its certificate and
/// its private key, which is not encrypted. An existing file is not overwritten.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file to write.
    #[arg(value_name = "OUT")]
    output: PathBuf,
    /// The server: the DNS name or IP address that its certificate carries.
    #[arg(long, value_name = "NAME")]
    server_name: String,
    /// The server's port.
    #[arg(long, default_value_t = DEFAULT_PORT, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// The roots that the server's certificate must lead to.
    #[arg(long, value_name = "FILE")]
    ca: PathBuf,
    /// The device's certificate.
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// The device's private key, PKCS #8 or SEC 1.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let settings = Settings {
        server_name: args.server_name.clone(),
        port: args.port,
        roots: certificates(&args.ca)?,
        certificate: certificates(&args.cert)?.swap_remove(0),
        key: private_key(&args.key)?,
    };
    check(args, &settings)?;
    let image = firmware::image(&settings).map_err(|error| Failure::Usage(error.to_string()))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(&args.output)
        .and_then(|mut file| file.write_all(&image))
        .map_err(|error| {
            Failure::Work(format!("cannot write {}: {error}", args.output.display()))
        })?;
    say(&format!(
        "{}: {} bytes; the key in it is secret",
        args.output.display(),
        image.len()
    ));
    Ok(())
}

/// What the device would only say in its log.
fn check(args: &Args, settings: &Settings) -> Outcome {
    let roots: Vec<&[u8]> = settings.roots.iter().map(Vec::as_slice).collect();
    TrustAnchors::new(&roots)
        .map_err(|error| Failure::Work(format!("{}: {error}", args.ca.display())))?;
    let key = SoftwareKey::from_der(&settings.key)
        .map_err(|error| Failure::Work(format!("{}: {error}", args.key.display())))?;
    Identity::new(&settings.certificate, &key)
        .map_err(|error| Failure::Work(format!("{}: {error}", args.cert.display())))?;
    Ok(())
}
