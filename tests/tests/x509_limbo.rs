//! C2SP x509-limbo's cases of servers, as a device would judge them: through
//! the code of `wigwag pki check`.

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::Value as Json;
use wigwag_embassy::tls::Now;
use wigwag_harness::pki::DeviceView;
use wigwag_tests::vectors;

/// The time for cases that do not name one: 2026-10-01.
const SOME_TIME: &str = "2026-10-01T00:00:00Z";

/// The largest TLS record, with its header.
const BUFFER: usize = 16_645;

/// Cases that a device refuses although they are expected to be accepted.
/// Refusing is the safe side; each names what a user of such certificates has
/// to know.
const REFUSED: &[(&str, &[&str])] = &[
    (
        "only P-256 keys and ECDSA with SHA-256 are verified",
        &["webpki::cryptographydotio-chain", "online::"],
    ),
    (
        "the leaf must carry serverAuth, even if the RFC does not demand it",
        &["rfc5280::eku::ee-without-eku"],
    ),
    (
        "an authority's certificate is not taken as a server's",
        &[
            "pathlen::validation-ignores-pathlen-in-leaf",
            "rfc5280::ca-as-leaf",
        ],
    ),
    (
        "webpki gives authorities that share their issuer's name no privileges: \
         they count for path lengths, and name constraints hold for them",
        &[
            "pathlen::self-issued-certs-pathlen",
            "rfc5280::nc::permitted-self-issued",
        ],
    ),
    (
        "every root that is configured must be understood, whether this chain needs it or not",
        &["rfc5280::unknown-critical-extension-unrelated-root"],
    ),
    (
        "the case looks for no name; a device always does",
        &["rfc5280::nc::permitted-dn-match"],
    ),
];

/// Cases that a device accepts although they are expected to be refused, each
/// with the reason why that does no harm, or what does the job instead.
const ACCEPTED: &[(&str, &[&str])] = &[
    (
        "revocation lists are not looked at: a device has no place to get them from. \
         Short-lived server certificates and pins do the job",
        &[
            "crl::revoked-certificate-with-crl",
            "crl::crlnumber-missing",
            "crl::crlnumber-critical",
            "crl::issuer-missing-crlsign",
        ],
    ),
    (
        "no limit on the number of authorities can be configured; webpki's is six, \
         and an authority's own path length is obeyed",
        &[
            "pathlen::max-chain-depth-0-exhausted",
            "pathlen::max-chain-depth-1-exhausted",
        ],
    ),
    (
        "key identifiers only help to find an issuer: a device finds it by name and \
         signature, and looks at no identifier, critical or not",
        &["rfc5280::aki::", "rfc5280::ski::", "webpki::aki::"],
    ),
    (
        "the common name is never looked at, so it need not repeat a name of the server",
        &["webpki::cn::"],
    ),
    (
        "name constraints are obeyed whether they are marked critical or not; \
         the twin webpki::nc::permitted-dns-match-noncritical expects that",
        &["rfc5280::nc::permitted-dns-match-noncritical"],
    ),
    (
        "webpki reads a DNS constraint with a leading period as one on subdomains, \
         as most verifiers do: it still constrains",
        &["rfc5280::nc::invalid-dnsname-leading-period"],
    ),
    (
        "name constraints that permit and exclude nothing constrain nothing",
        &["webpki::nc::intermediate-permitted-excluded-subtrees-both-"],
    ),
    (
        "policies are not looked at: no device asks for one. Marked critical they are refused",
        &["rfc5280::pc::ica-noncritical-pc"],
    ),
    (
        "alternative names are the only names, critical or not",
        &[
            "rfc5280::san::noncritical-with-empty-subject",
            "webpki::san::san-critical-with-nonempty-subject",
        ],
    ),
    (
        "webpki takes underscores in names, which exist in private networks; \
         the name still has to match",
        &["rfc5280::san::underscore-dns"],
    ),
    (
        "serial numbers are of use for revocation only",
        &["rfc5280::serial::too-long", "rfc5280::serial::zero"],
    ),
    (
        "basic constraints of a root are obeyed whether they are marked critical or not",
        &["rfc5280::root-non-critical-basic-constraints"],
    ),
    (
        "rules for certificates of the public web: further uses beside serverAuth, \
         a critical extended key usage, one in a root",
        &[
            "webpki::eku::ee-anyeku",
            "webpki::eku::ee-critical-eku",
            "webpki::eku::root-has-eku",
        ],
    ),
    (
        "a device has no list of public suffixes; its authority is private",
        &[
            "webpki::san::public-suffix-multi-label-wildcard-san",
            "webpki::san::public-suffix-private-namespace-wildcard-san",
        ],
    ),
    (
        "where to ask about an authority is not looked at",
        &["webpki::malformed-aia"],
    ),
];

struct Case {
    id: String,
    roots: Vec<CertificateDer<'static>>,
    /// Leaf first.
    chain: Vec<CertificateDer<'static>>,
    name: ServerName<'static>,
    time: u64,
    expected: bool,
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

impl Case {
    fn read(line: &str) -> Self {
        let case: Json = serde_json::from_str(line).expect("a case is JSON");
        let text = |field: &str| case[field].as_str().expect("a text").to_owned();
        let mut chain = certificates(&case["peer_certificate"]);
        chain.extend(certificates(&case["untrusted_intermediates"]));
        let name = case["expected_peer_name"]["value"].as_str();
        let time = case["validation_time"].as_str().unwrap_or(SOME_TIME);
        Self {
            id: text("id"),
            roots: certificates(&case["trusted_certs"]),
            chain,
            name: ServerName::try_from(name.unwrap_or("example.com").to_owned()).expect("a name"),
            time: wigwag_harness::pki::seconds_since_1970(time).expect("an RFC 3339 time"),
            expected: match case["expected_result"].as_str() {
                Some("SUCCESS") => true,
                Some("FAILURE") => false,
                other => panic!("{other:?}"),
            },
        }
    }

    fn accepted(&self) -> bool {
        let view = DeviceView {
            roots: &self.roots,
            pins: &[],
            now: Now::At(self.time),
            receive_buffer: BUFFER,
        };
        view.check(&self.chain, &self.name).is_ok()
    }
}

fn cases() -> Vec<Case> {
    let text = String::from_utf8(vectors::bytes("x509_limbo.jsonl")).expect("UTF-8");
    text.lines().map(Case::read).collect()
}

/// An entry that ends in `::` or `-` stands for all that begin with it.
fn covers(entry: &str, id: &str) -> bool {
    entry == id || (entry.ends_with(['-', ':']) && id.starts_with(entry))
}

fn is_excepted(list: &[(&str, &[&str])], id: &str) -> bool {
    list.iter()
        .flat_map(|(_, entries)| *entries)
        .any(|entry| covers(entry, id))
}

#[test]
fn every_case_ends_as_expected_or_has_its_reason() {
    let cases = cases();
    assert_eq!(cases.len(), 198);
    let (mut as_expected, mut excepted) = (0, 0);
    for case in &cases {
        let accepted = case.accepted();
        if accepted == case.expected {
            as_expected += 1;
            continue;
        }
        let list = if accepted { ACCEPTED } else { REFUSED };
        assert!(
            is_excepted(list, &case.id),
            "{} was {}, which no reason is written for",
            case.id,
            if accepted { "accepted" } else { "refused" }
        );
        excepted += 1;
    }
    println!("{as_expected} as expected, {excepted} exceptions");
    assert_eq!(as_expected + excepted, 198);
}

#[test]
fn every_exception_is_one() {
    let cases = cases();
    for (list, accepted) in [(ACCEPTED, true), (REFUSED, false)] {
        for entry in list.iter().flat_map(|(_, entries)| *entries) {
            let mut covered = cases.iter().filter(|case| covers(entry, &case.id));
            assert!(
                covered.any(|case| case.expected != accepted && case.accepted() == accepted),
                "{entry} is no exception any more"
            );
        }
    }
}
