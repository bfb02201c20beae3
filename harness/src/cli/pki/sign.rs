//! `wigwag pki sign DIR`: renews a device's certificate.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateSigningRequestDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;

use super::new::failure;
use crate::cli::input::Source;
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::{Output, say};
use crate::pki::{Pki, PkiError, Renewed, Validity, certificate_pem};

/// Sign a device's request for a new certificate, with the folder's authority of
/// devices.
///
/// The folder is one of `wigwag pki new --keep-authority`. The request must be
/// signed by its own key and be for the subject of a device of the folder.
/// Standard output gets the line that orders the device to use the certificate:
/// `wigwag serve ngtt` takes it on standard input.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder with the authority and the devices.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The request: PEM, DER, or the base64 text that the device has sent; `-`
    /// for standard input.
    #[arg(long, value_name = "FILE")]
    csr: PathBuf,
    /// The file for the certificate (PEM). An existing one is not overwritten.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How many days the certificate is valid.
    #[arg(long, value_name = "N", default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
    /// Print what was signed as a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let pki = Pki::load_dir(&args.folder).map_err(failure)?;
    let request = request(&Source::of_file(&args.csr))?;
    let signed = pki.sign_request(&request, Validity::for_days(args.days));
    let Renewed {
        device_id,
        certificate,
    } = signed.map_err(|error| match error {
        PkiError::NoAuthorityKey => Failure::Work(format!(
            "{} has no device-ca.key: only a folder of `wigwag pki new --keep-authority` signs",
            args.folder.display()
        )),
        other => failure(other),
    })?;
    write(&args.out, &certificate_pem(&certificate))?;

    let command = json!({
        "type": "sysctl", "op_type": "certificate", "op_args": STANDARD.encode(&certificate),
    });
    let order = json!({"device": device_id, "order": [{"orders": [command]}]});
    let mut output = Output::new();
    if args.json {
        let object = json!({
            "device_id": device_id, "file": args.out.to_string_lossy(),
            "bytes": certificate.len(), "days": args.days, "order": order,
        });
        output.line(&object.to_string())?;
    } else {
        say(&format!(
            "{}: a certificate of {} bytes for {device_id}, valid for {} days",
            args.out.display(),
            certificate.len(),
            args.days,
        ));
        output.line(&order.to_string())?;
    }
    output.finish()
}

/// The request in DER.
fn request(source: &Source) -> Outcome<Vec<u8>> {
    let bytes = source.read()?;
    // Base64 of DER begins with M.
    if bytes.first() == Some(&0x30) {
        return Ok(bytes);
    }
    if let Ok(request) = CertificateSigningRequestDer::from_pem_slice(&bytes) {
        return Ok(request.to_vec());
    }
    STANDARD.decode(bytes.trim_ascii()).map_err(|_| {
        Failure::Work(format!(
            "{} holds no request for a certificate, in PEM, DER or base64",
            source.name()
        ))
    })
}

fn write(path: &Path, text: &str) -> Outcome {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| Failure::Work(format!("cannot write {}: {error}", path.display())))
}
