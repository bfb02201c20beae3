//! `wigwag pki check`: would a device accept this chain?

use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use wigwag_embassy::tls::{CertificateError, Now, TrustAnchors, verify_chain};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::cli::input::Source;
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::Output;

/// Ask the device's own verifier whether it would accept a server's chain.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The certificates that the device trusts.
    #[arg(long, value_name = "FILE")]
    roots: PathBuf,
    /// Certificates that the server sends beside its own, in any order.
    #[arg(long, value_name = "FILE")]
    intermediates: Option<PathBuf>,
    /// The server's certificate; a file that holds several is a chain, leaf
    /// first.
    #[arg(long, value_name = "FILE")]
    leaf: PathBuf,
    /// The name that the server has to prove: a DNS name or an IP address.
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The time to check for, as 2026-11-20T12:00:00Z; now without it.
    #[arg(long, value_name = "RFC3339")]
    time: Option<String>,
    /// Print the answer as a JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let name = ServerName::try_from(args.name.as_str()).map_err(|_| {
        let name = &args.name;
        Failure::Usage(format!("{name} is neither a DNS name nor an IP address"))
    })?;
    let time = seconds(args.time.as_deref())?;
    let roots = certificates(&args.roots)?;
    let mut chain = certificates(&args.leaf)?;
    if let Some(path) = &args.intermediates {
        chain.extend(certificates(path)?);
    }
    let answer = check(&roots, &chain, &name, time);
    let mut output = Output::new();
    let reason = match &answer {
        Ok(()) => "accepted".to_owned(),
        Err(reason) => reason.clone(),
    };
    let path = match answer {
        Ok(()) => path(&chain, &roots),
        Err(_) => Vec::new(),
    };
    if args.json {
        let object = json!({"accepted": answer.is_ok(), "reason": reason, "path": path});
        output.line(&object.to_string())?;
    } else if answer.is_ok() {
        output.line(&format!("accepted: {}", path.join(" <- ")))?;
    } else {
        output.line(&format!("refused: {reason}"))?;
    }
    output.finish()?;
    answer.map_err(|_| Failure::Shown)
}

/// What the device says to this chain at this time.
fn check(
    roots: &[CertificateDer<'_>],
    chain: &[CertificateDer<'_>],
    name: &ServerName<'_>,
    time: u64,
) -> Result<(), String> {
    let roots: Vec<&[u8]> = roots.iter().map(|root| &**root).collect();
    let trust = TrustAnchors::new(&roots).map_err(|error| error.to_string())?;
    match verify_chain(chain, name, &trust, Now::At(time)) {
        Ok(_) => Ok(()),
        Err(CertificateError::WrongName) => {
            Err(format!("certificate not valid for {}", name.to_str()))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Subjects from the leaf to the root, by the names of the issuers.
fn path(chain: &[CertificateDer<'_>], roots: &[CertificateDer<'_>]) -> Vec<String> {
    let parse = |der: &CertificateDer<'_>| {
        X509Certificate::from_der(der).ok().map(|(_, certificate)| {
            (
                certificate.subject().to_string(),
                certificate.issuer().to_string(),
            )
        })
    };
    let all: Vec<_> = chain.iter().chain(roots).filter_map(parse).collect();
    let mut path: Vec<String> = Vec::new();
    let mut next = all.first();
    while let Some((subject, issuer)) = next {
        if path.contains(subject) {
            break;
        }
        path.push(subject.clone());
        next = all.iter().find(|(other, _)| other == issuer);
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

/// Seconds since 1970 of an RFC 3339 time, or of now.
fn seconds(time: Option<&str>) -> Outcome<u64> {
    let Some(text) = time else {
        return Ok(UnixTime::now().as_secs());
    };
    let parsed = OffsetDateTime::parse(text, &Rfc3339).ok();
    let parsed = parsed.and_then(|time| u64::try_from(time.unix_timestamp()).ok());
    parsed.ok_or_else(|| {
        Failure::Usage(format!(
            "--time: {text} is no RFC 3339 time since 1970, such as 2026-11-20T12:00:00Z"
        ))
    })
}
