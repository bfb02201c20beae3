//! `wigwag pki new DIR`.

use std::path::PathBuf;

use wigwag_embassy::tls::PublicKeyPin;

use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::say;
use crate::pki::{DEFAULT_DEVICE_ID, DEFAULT_SERVER_NAMES, Pki, PkiError, PkiOptions};

/// Make two certificate authorities, one for servers and one for devices, and
/// what they issue.
///
/// Writes server-ca.pem, device-ca.pem, server.pem, server.key, and ID.pem and
/// ID.key for each device. Existing files are never overwritten.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder; made if it is not there.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// A DNS name or IP address of the server; may be given several times.
    #[arg(long, value_name = "NAME", default_values = DEFAULT_SERVER_NAMES)]
    server_name: Vec<String>,
    /// A device; may be given several times.
    #[arg(long, value_name = "ID", default_value = DEFAULT_DEVICE_ID)]
    device_id: Vec<String>,
    /// Write the key of the devices' authority too, as device-ca.key: `wigwag pki
    /// sign` renews certificates with it, and whoever has it can make devices.
    #[arg(long)]
    keep_authority: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let options = PkiOptions {
        server_names: args.server_name.clone(),
        device_ids: args.device_id.clone(),
        ..PkiOptions::default()
    };
    let pki = Pki::new(options).map_err(failure)?;
    let written = if args.keep_authority {
        pki.write_dir_with_authority(&args.folder)
    } else {
        pki.write_dir(&args.folder)
    };
    written.map_err(failure)?;
    let devices = match pki.devices().len() {
        1 => "one device".to_owned(),
        count => format!("{count} devices"),
    };
    say(&format!(
        "{} holds two authorities, a server for {} and {devices}; *.key are secret",
        args.folder.display(),
        args.server_name.join(", "),
    ));
    for (whose, certificate) in [
        ("server", pki.server().certificate()),
        ("server authority", pki.server_ca()),
    ] {
        if let Some(pin) = PublicKeyPin::of_certificate(certificate) {
            say(&format!("pin of the {whose}'s key: {pin}"));
        }
    }
    Ok(())
}

pub(super) fn failure(error: PkiError) -> Failure {
    match error {
        PkiError::Name { .. } => Failure::Usage(error.to_string()),
        other => Failure::Work(other.to_string()),
    }
}
