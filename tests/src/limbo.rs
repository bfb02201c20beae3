//! C2SP x509-limbo's cases of servers; `data/vectors/README.md` tells where they
//! come from.

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value as Json;
use wigwag_harness::pki::seconds_since_1970;

use crate::vectors;

/// The time for cases that do not name one.
const SOME_TIME: &str = "2026-10-01T00:00:00Z";
/// The name for the one case that looks for none: a device always does.
const SOME_NAME: &str = "example.com";

/// A server's chain, and whether it should be accepted.
#[derive(Debug, Clone)]
pub struct Case {
    /// The project's name for it.
    pub id: String,
    /// What is trusted.
    pub roots: Vec<CertificateDer<'static>>,
    /// What the server sends, its own certificate first.
    pub chain: Vec<CertificateDer<'static>>,
    /// The server that is looked for.
    pub name: String,
    /// When, in RFC 3339.
    pub time: String,
    /// Whether it should be accepted.
    pub expected: bool,
}

impl Case {
    fn read(line: &str) -> Self {
        let case: Json = serde_json::from_str(line).expect("a case is JSON");
        let mut chain = certificates(&case["peer_certificate"]);
        chain.extend(certificates(&case["untrusted_intermediates"]));
        let text = |value: &Json, default: &str| value.as_str().unwrap_or(default).to_owned();
        Self {
            id: text(&case["id"], ""),
            roots: certificates(&case["trusted_certs"]),
            chain,
            name: text(&case["expected_peer_name"]["value"], SOME_NAME),
            time: text(&case["validation_time"], SOME_TIME),
            expected: match case["expected_result"].as_str() {
                Some("SUCCESS") => true,
                Some("FAILURE") => false,
                other => panic!("{other:?}"),
            },
        }
    }

    /// The time, in seconds since 1970.
    ///
    /// # Panics
    /// The time is none.
    #[must_use]
    pub fn seconds(&self) -> u64 {
        seconds_since_1970(&self.time).expect("an RFC 3339 time")
    }

    /// The name that the server must prove.
    ///
    /// # Panics
    /// The name is none.
    #[must_use]
    pub fn server_name(&self) -> ServerName<'static> {
        ServerName::try_from(self.name.clone()).expect("a name")
    }
}

fn certificates(field: &Json) -> Vec<CertificateDer<'static>> {
    let texts = match field {
        Json::Array(texts) => texts.as_slice(),
        text => std::slice::from_ref(text),
    };
    let parse = |text: &Json| {
        let text = text.as_str().expect("PEM is text").as_bytes();
        CertificateDer::from_pem_slice(text).expect("PEM")
    };
    texts.iter().map(parse).collect()
}

/// All cases.
///
/// # Panics
/// The file is not there, or damaged.
#[must_use]
pub fn cases() -> Vec<Case> {
    let text = String::from_utf8(vectors::bytes("x509_limbo.jsonl")).expect("UTF-8");
    text.lines().map(Case::read).collect()
}
