//! Servers that do not prove who they are. Chains have a table of their own
//! beside the verifier; here is what only a live server can do.

use super::super::hello::Extension;
use super::super::message::{Edit, Message, Proof};
use super::super::script::Script;
use super::super::wire::{self, handshake};
use super::{Case, Control, Fault, number, with};
use crate::pki::{DEFAULT_DEVICE_ID, Pki, Validity};

const SIGNATURE: Fault = Fault::Signature;
const UNTRUSTED: Fault = Fault::Untrusted;
const MALFORMED: Fault = Fault::Malformed;

fn verify(proof: Proof) -> Vec<Message> {
    with(number::VERIFY, Message::CertificateVerify(proof))
}

fn proofs() -> Vec<(&'static str, Vec<Message>)> {
    let edited = |change: fn(&mut Vec<u8>)| {
        verify(Proof {
            edit: Some(Edit::new(change)),
            ..Proof::GOOD
        })
    };
    let scheme = |scheme| {
        verify(Proof {
            scheme,
            ..Proof::GOOD
        })
    };
    vec![
        ("a wrong signature", edited(|signature| signature[20] ^= 1)),
        ("a signature of nothing", edited(Vec::clear)),
        (
            "a signature that is no DER",
            edited(|signature| signature[0] = 0x31),
        ),
        (
            "a signature with bytes after it",
            edited(|signature| signature.push(0)),
        ),
        (
            "a signature cut off",
            edited(|signature| signature.truncate(40)),
        ),
        (
            "a signature of zeros",
            edited(|signature| {
                *signature = vec![0x30, 6, 2, 1, 0, 2, 1, 0];
            }),
        ),
        (
            "a signature longer than any",
            edited(|signature| signature.resize(4096, 0)),
        ),
        (
            "a signature by another key",
            verify(Proof {
                other_key: true,
                ..Proof::GOOD
            }),
        ),
        (
            "a signature over another handshake",
            verify(Proof {
                other_transcript: true,
                ..Proof::GOOD
            }),
        ),
        (
            "a signature made for a client",
            verify(Proof {
                context: "TLS 1.3, client CertificateVerify",
                ..Proof::GOOD
            }),
        ),
        (
            "a signature with no context",
            verify(Proof {
                context: "",
                ..Proof::GOOD
            }),
        ),
        ("scheme ecdsa_secp384r1_sha384", scheme(0x0503)),
        ("scheme ed25519", scheme(0x0807)),
        ("scheme rsa_pss_rsae_sha256", scheme(0x0804)),
        ("scheme ecdsa_sha1", scheme(0x0203)),
        ("scheme rsa_pkcs1_sha256", scheme(0x0401)),
        ("a scheme that means nothing", scheme(0x5a5a)),
    ]
}

/// Servers without the right certificate, and with malformed ones.
#[must_use]
pub fn certificates(pki: &Pki) -> Vec<Case> {
    let mut cases: Vec<_> = proofs()
        .into_iter()
        .map(|(name, messages)| Case::refused(name, Script::flight(messages), SIGNATURE))
        .collect();
    let own: Vec<_> = pki
        .server()
        .chain()
        .iter()
        .map(|der| der.to_vec())
        .collect();
    let shown = |chain: Vec<Vec<u8>>| {
        with(
            number::CERTIFICATE,
            Message::Certificate(Vec::new(), Some(chain)),
        )
    };
    let raw = |body: Vec<u8>| {
        with(
            number::CERTIFICATE,
            Message::Other(handshake::CERTIFICATE, body),
        )
    };
    let names = ["ngtt.test".to_string()];
    let stranger = Pki::generate();
    let chain = |identity: &crate::pki::Identity| -> Vec<Vec<u8>> {
        identity.chain().iter().map(|der| der.to_vec()).collect()
    };
    let expired = pki.server_identity(&names, Validity::expired());
    let other_name = pki.server_identity(&["other.test".to_string()], Validity::current());
    let device = pki.device(DEFAULT_DEVICE_ID);
    let mut flipped = own.clone();
    if let Some(leaf) = flipped.first_mut() {
        let at = leaf.len() - 5;
        leaf[at] ^= 1;
    }
    let mut refuse = |name: &str, messages, fault| {
        cases.push(Case::refused(name, Script::flight(messages), fault));
    };
    refuse(
        "a stranger's certificate",
        shown(chain(stranger.server())),
        UNTRUSTED,
    );
    if let Ok(expired) = &expired {
        refuse("an expired certificate", shown(chain(expired)), UNTRUSTED);
    }
    if let Ok(other) = &other_name {
        refuse(
            "a certificate for another name",
            shown(chain(other)),
            UNTRUSTED,
        );
    }
    if let Some(device) = device {
        refuse(
            "another device's certificate",
            shown(chain(device)),
            UNTRUSTED,
        );
    }
    refuse(
        "a certificate with one bit changed",
        shown(flipped),
        UNTRUSTED,
    );
    refuse(
        "the authority's own certificate",
        shown(vec![pki.server_ca().to_vec()]),
        UNTRUSTED,
    );
    refuse("a list of no certificates", shown(vec![]), Fault::NoProof);
    refuse("an empty certificate", shown(vec![vec![]]), MALFORMED);
    refuse(
        "a certificate of garbage",
        shown(vec![vec![0xa5; 300]]),
        UNTRUSTED,
    );
    refuse(
        "forty certificates",
        shown(vec![vec![0x30; 20]; 40]),
        UNTRUSTED,
    );
    let context = Message::Certificate(b"context".to_vec(), None);
    refuse(
        "a certificate with a context",
        with(number::CERTIFICATE, context),
        MALFORMED,
    );
    refuse("a certificate message of nothing", raw(vec![]), MALFORMED);
    refuse(
        "a certificate list longer than it is",
        raw(vec![0, 0, 0, 9, 1]),
        MALFORMED,
    );
    refuse(
        "a certificate longer than its list",
        raw(vec![0, 0, 0, 5, 0, 0, 99, 0, 0]),
        MALFORMED,
    );
    let extended = |extension: &Extension| {
        let mut entry = wire::vector24(own.first().map_or(&[][..], |leaf| leaf));
        entry.extend(Extension::list(std::slice::from_ref(extension)));
        let mut body = vec![0];
        body.extend(wire::vector24(&entry));
        body
    };
    // RFC 8446 section 4.4.2: only what the client offered.
    let status = Extension::new(5, [1, 0, 0, 1, 0]);
    let status = raw(extended(&status));
    let mut trailing = extended(&Extension::new(5, []));
    trailing.push(0);
    refuse("bytes after the certificates", raw(trailing), MALFORMED);
    let signature = wire::vector16(&[0; 70]);
    let verify = |body: Vec<u8>| {
        with(
            number::VERIFY,
            Message::Other(handshake::CERTIFICATE_VERIFY, body),
        )
    };
    refuse("a CertificateVerify of nothing", verify(vec![]), MALFORMED);
    refuse(
        "a CertificateVerify without a signature",
        verify(vec![4, 3]),
        MALFORMED,
    );
    refuse(
        "a signature longer than its message",
        verify([&[4, 3, 9][..], &signature[1..]].concat()),
        MALFORMED,
    );
    let extra = Message::certificate_verify().edited(|bytes| {
        bytes.push(0);
        bytes[3] += 1;
    });
    refuse(
        "bytes after the signature",
        with(number::VERIFY, extra),
        MALFORMED,
    );
    // rustls does ask for it.
    let name = "a certificate status nobody asked for";
    let case = Case::refused(name, Script::flight(status), MALFORMED);
    cases.push(case.control(Control::Takes));
    cases
}
