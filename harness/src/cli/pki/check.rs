//! `wigwag pki check`: would a device accept this server, and can it use this
//! certificate and key itself?

use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use serde_json::json;
use wigwag_embassy::tls::{CertificateError, Now, PublicKeyPin};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::cli::input::Source;
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::Output;
use crate::pki::{DeviceView, Refusal, check_identity, receive_buffer_needed, seconds_since_1970};

/// Ask the device's own code whether it would accept a server's chain, or
/// whether it can use a certificate and key itself.
///
/// For a server: --roots, --leaf and --name, and what the device is told beside
/// them. For a device: --device and --key.
#[derive(clap::Args)]
#[command(override_usage = "\
wigwag pki check --roots <FILE> --leaf <FILE> --name <NAME> [OPTIONS]
       wigwag pki check --device <FILE> --key <FILE> [OPTIONS]")]
pub(crate) struct Args {
    /// The certificates that the device trusts.
    #[arg(long, value_name = "FILE", requires = "leaf")]
    roots: Option<PathBuf>,
    /// Certificates that the server sends beside its own, in any order.
    #[arg(long, value_name = "FILE", requires = "leaf")]
    intermediates: Option<PathBuf>,
    /// The server's certificate; a file that holds several is a chain, leaf
    /// first.
    #[arg(long, value_name = "FILE", requires_all = ["roots", "name"], required_unless_present = "device")]
    leaf: Option<PathBuf>,
    /// The name that the server has to prove: a DNS name or an IP address.
    #[arg(long, value_name = "NAME", requires = "leaf")]
    name: Option<String>,
    /// A key that the server or its root must have: sha256// and the base64 of
    /// its hash. May be given several times; one of them must fit.
    #[arg(long, value_name = "PIN", requires = "leaf")]
    pin: Vec<PublicKeyPin>,
    /// The time to check for, as 2026-11-20T12:00:00Z; now without it.
    #[arg(long, value_name = "RFC3339", conflicts_with = "floor")]
    time: Option<String>,
    /// The device has no clock but knows that it is this time or later.
    #[arg(long, value_name = "RFC3339", requires = "leaf")]
    floor: Option<String>,
    /// The device's TLS receive buffer: the server's certificates must fit.
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = 16_640,
        requires = "leaf"
    )]
    receive_buffer: usize,
    /// A device's own certificate.
    #[arg(long, value_name = "FILE", requires = "key", conflicts_with = "leaf")]
    device: Option<PathBuf>,
    /// The key of the device's certificate.
    #[arg(long, value_name = "FILE", requires = "device")]
    key: Option<PathBuf>,
    /// The device's TLS send buffer: its certificate must fit.
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = 2048,
        requires = "device"
    )]
    send_buffer: usize,
    /// Print the answer as a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    match (&args.roots, &args.leaf, &args.name, &args.device, &args.key) {
        (Some(roots), Some(leaf), Some(name), ..) => server(args, roots, leaf, name),
        (.., Some(device), Some(key)) => self::device(args, device, key),
        // The command line's own rules leave nothing else.
        _ => Err(Failure::Usage("give --leaf or --device".into())),
    }
}

fn server(args: &Args, roots: &Path, leaf: &Path, name: &str) -> Outcome {
    let name = ServerName::try_from(name)
        .map_err(|_| Failure::Usage(format!("{name} is neither a DNS name nor an IP address")))?;
    let now = match &args.floor {
        Some(floor) => Now::AtLeast(seconds("--floor", floor)?),
        None => Now::At(time(args)?),
    };
    let roots = certificates(roots)?;
    let mut chain = certificates(leaf)?;
    if let Some(path) = &args.intermediates {
        chain.extend(certificates(path)?);
    }
    let view = DeviceView {
        roots: &roots,
        pins: &args.pin,
        now,
        receive_buffer: args.receive_buffer,
    };
    let answer = view.check(&chain, &name);
    let pin = |certificate: Option<&CertificateDer<'_>>| {
        certificate
            .and_then(|der| PublicKeyPin::of_certificate(der))
            .map(|pin| pin.to_string())
    };
    let needed = receive_buffer_needed(&chain);
    let leaf_pin = pin(chain.first());
    let mut output = Output::new();
    let path = match answer {
        Ok(()) => path(&chain, &roots),
        Err(_) => Vec::new(),
    };
    let root_pin = path.last().and_then(|(_, root)| pin(Some(root)));
    let subjects: Vec<&str> = path.iter().map(|(subject, _)| subject.as_str()).collect();
    let reason = match &answer {
        Ok(()) => "accepted".to_owned(),
        Err(Refusal::Certificate(CertificateError::WrongName)) => {
            format!("certificate not valid for {}", name.to_str())
        }
        Err(refusal) => refusal.to_string(),
    };
    if args.json {
        let object = json!({
            "accepted": answer.is_ok(), "reason": reason, "path": subjects,
            "leaf_pin": leaf_pin, "root_pin": root_pin, "receive_buffer_needed": needed,
        });
        output.line(&object.to_string())?;
    } else {
        match &answer {
            Ok(()) => output.line(&format!("accepted: {}", subjects.join(" <- ")))?,
            Err(_) => output.line(&format!("refused: {reason}"))?,
        }
        for (whose, pin) in [("server", leaf_pin), ("root", root_pin)] {
            if let Some(pin) = pin {
                output.line(&format!("pin of the {whose}'s key: {pin}"))?;
            }
        }
        output.line(&format!("TLS receive buffer needed: {needed} bytes"))?;
    }
    output.finish()?;
    answer.map_err(|_| Failure::Shown)
}

fn device(args: &Args, certificate: &Path, key: &Path) -> Outcome {
    let chain = certificates(certificate)?;
    let text = Source::of_file(key).read()?;
    let key = PrivateKeyDer::from_pem_slice(&text)
        .map_err(|_| Failure::Usage(format!("{} holds no private key in PEM", key.display())))?;
    // A file holds one certificate at least: see `certificates`.
    let answer = check_identity(&chain[0], key.secret_der(), time(args)?, args.send_buffer);
    let mut output = Output::new();
    let reason = match &answer {
        Ok(_) => "accepted".to_owned(),
        Err(reason) => reason.to_string(),
    };
    let found = answer.as_ref().ok();
    if args.json {
        let object = json!({
            "accepted": answer.is_ok(), "reason": reason,
            "device_id": found.and_then(|found| found.id.clone()),
            "send_buffer_needed": found.map(|found| found.send_buffer_needed),
        });
        output.line(&object.to_string())?;
    } else if let Some(found) = found {
        output.line(&format!(
            "accepted: {}",
            found
                .id
                .as_deref()
                .unwrap_or("a certificate without an NGTT device id")
        ))?;
        output.line(&format!(
            "TLS send buffer needed: {} bytes",
            found.send_buffer_needed
        ))?;
        if chain.len() > 1 {
            output
                .line("a device sends its own certificate only: the server has to know the rest")?;
        }
    } else {
        output.line(&format!("refused: {reason}"))?;
    }
    output.finish()?;
    answer.map(|_| ()).map_err(|_| Failure::Shown)
}

/// Subjects from the leaf to the root, by the names of the issuers.
fn path<'c>(
    chain: &'c [CertificateDer<'c>],
    roots: &'c [CertificateDer<'c>],
) -> Vec<(String, &'c CertificateDer<'c>)> {
    let parse = |der: &'c CertificateDer<'c>| {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let names = (certificate.subject(), certificate.issuer());
        Some((names.0.to_string(), names.1.to_string(), der))
    };
    let all: Vec<_> = chain.iter().chain(roots).filter_map(parse).collect();
    let mut path: Vec<(String, &CertificateDer<'_>)> = Vec::new();
    let mut next = all.first();
    while let Some((subject, issuer, der)) = next {
        if path.iter().any(|(before, _)| before == subject) {
            break;
        }
        path.push((subject.clone(), der));
        next = all.iter().find(|(other, ..)| other == issuer);
    }
    path
}

fn certificates(path: &Path) -> Outcome<Vec<CertificateDer<'static>>> {
    let text = Source::of_file(path).read()?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(Failure::Usage(format!(
            "{} holds no certificate in PEM",
            path.display()
        ))),
    }
}

/// The time that is asked for, in seconds since 1970; now without one.
fn time(args: &Args) -> Outcome<u64> {
    match &args.time {
        Some(text) => seconds("--time", text),
        None => Ok(UnixTime::now().as_secs()),
    }
}

fn seconds(option: &str, text: &str) -> Outcome<u64> {
    seconds_since_1970(text).ok_or_else(|| {
        Failure::Usage(format!(
            "{option}: {text} is no RFC 3339 time since 1970, such as 2026-11-20T12:00:00Z"
        ))
    })
}
