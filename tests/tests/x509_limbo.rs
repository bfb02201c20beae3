//! C2SP x509-limbo's cases of servers, as a device would judge them: through
//! the code of `wigwag pki check`.

use wigwag_embassy::tls::Now;
use wigwag_harness::pki::DeviceView;
use wigwag_tests::limbo::{Case, cases};

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

/// Whether a device accepts it.
fn accepted(case: &Case) -> bool {
    let view = DeviceView {
        roots: &case.roots,
        pins: &[],
        now: Now::At(case.seconds()),
        receive_buffer: BUFFER,
    };
    view.check(&case.chain, &case.server_name()).is_ok()
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
        let taken = accepted(case);
        if taken == case.expected {
            as_expected += 1;
            continue;
        }
        let list = if taken { ACCEPTED } else { REFUSED };
        assert!(
            is_excepted(list, &case.id),
            "{} was {}, which no reason is written for",
            case.id,
            if taken { "accepted" } else { "refused" }
        );
        excepted += 1;
    }
    println!("{as_expected} as expected, {excepted} exceptions");
    assert_eq!(as_expected + excepted, 198);
}

#[test]
fn every_exception_is_one() {
    let cases = cases();
    for (list, taken) in [(ACCEPTED, true), (REFUSED, false)] {
        for entry in list.iter().flat_map(|(_, entries)| *entries) {
            let mut covered = cases.iter().filter(|case| covers(entry, &case.id));
            assert!(
                covered.any(|case| case.expected != taken && accepted(case) == taken),
                "{entry} is no exception any more"
            );
        }
    }
}
