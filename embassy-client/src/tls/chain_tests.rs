//! What a table cannot show: pins, damage, and the limit on work.

use std::vec;
use std::vec::Vec;

use super::super::algorithm::count;
use super::super::test_pki::{
    Authority, IN_2026, NAME, authority_params, good, intermediate, leaf, root, server_params,
};
use super::super::trust::TrustError;
use super::*;

/// What `verify_chain` says of `chain` in 2026.
fn judge(chain: &[&[u8]], trust: TrustAnchors<'_>) -> Result<(), CertificateError> {
    let chain: Vec<CertificateDer<'_>> = chain
        .iter()
        .map(|der| CertificateDer::from_slice(der))
        .collect();
    let name = ServerName::try_from(NAME).unwrap();
    verify_chain(&chain, &name, &trust, Now::At(IN_2026)).map(|_| ())
}

fn pin(certificate: &[u8]) -> PublicKeyPin {
    PublicKeyPin::of_certificate(certificate).unwrap()
}

#[test]
fn one_pin_of_several_must_be_the_leafs_or_the_roots() {
    let (root, other) = (root("root"), root("other"));
    let middle = intermediate(authority_params("middle"), &root);
    let server = leaf(server_params(&[NAME]), &middle);
    let chain: [&[u8]; 2] = [&server.der, &middle.der];
    let roots: [&[u8]; 2] = [&other.der, &root.der];
    let unused = PublicKeyPin::from_sha256([7; 32]);
    let (leaf, middle, root, other) = (
        pin(&server.der),
        pin(&middle.der),
        pin(&root.der),
        pin(&other.der),
    );
    for (pins, expected) in [
        (vec![leaf], Ok(())),
        (vec![root], Ok(())),
        (vec![unused, leaf], Ok(())),
        (vec![unused, root, other], Ok(())),
        (vec![unused], Err(CertificateError::NotPinned)),
        // Another trusted root, and a certificate between leaf and root.
        (vec![other], Err(CertificateError::NotPinned)),
        (vec![middle], Err(CertificateError::NotPinned)),
    ] {
        let trust = TrustAnchors::new(&roots).unwrap().with_pins(&pins).unwrap();
        let (signatures, answer) = count::during(|| judge(&chain, trust));
        assert_eq!(answer, expected, "{pins:?}");
        // Refused before the expensive part.
        assert_eq!(signatures, if expected.is_ok() { 2 } else { 0 });
    }
    let trust = TrustAnchors::new(&roots).unwrap();
    assert_eq!(trust.with_pins(&[]).unwrap_err(), TrustError::NoPins);
}

#[test]
fn a_pin_is_a_condition_and_no_trust() {
    let (root, foreign) = (root("root"), root("foreign"));
    let server = leaf(server_params(&[NAME]), &foreign);
    let roots: [&[u8]; 1] = [&root.der];
    for pins in [
        [pin(&server.der), pin(&foreign.der)],
        [pin(&server.der), pin(&root.der)],
    ] {
        let trust = TrustAnchors::new(&roots).unwrap().with_pins(&pins).unwrap();
        let answer = judge(&[&server.der, &foreign.der], trust);
        assert_eq!(answer, Err(CertificateError::UnknownIssuer));
    }
}

/// A key keeps its pin when its certificate is renewed, and has the one that
/// everybody else computes.
#[test]
fn a_pin_is_of_the_key() {
    let root = root("root");
    let server = leaf(server_params(&[NAME]), &root);
    let renewed = server_params(&["renewed.example"]);
    let renewed = renewed.signed_by(&server.key, &root.issuer).unwrap();
    assert_eq!(pin(&server.der), pin(renewed.der()));
    let info = rcgen::PublicKeyData::subject_public_key_info(&server.key);
    assert_eq!(pin(&server.der), PublicKeyPin::of_key(&info));
    assert_eq!(PublicKeyPin::of_certificate(b"rubbish"), None);
}

/// Of two ways to a root, the one that may be used is found.
#[test]
fn an_issuer_that_may_not_sign_is_no_obstacle() {
    let root = root("root");
    let params = authority_params("middle");
    let middle = intermediate(params.clone(), &root);
    let server = leaf(server_params(&[NAME]), &middle);
    let mut restricted = params;
    restricted.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
    let restricted = restricted.signed_by(middle.issuer.key(), &root.issuer);
    let restricted = restricted.unwrap().der().to_vec();
    let roots: [&[u8]; 1] = [&root.der];
    let trust = TrustAnchors::new(&roots).unwrap();
    let both: [&[u8]; 3] = [&server.der, &restricted, &middle.der];
    assert_eq!(judge(&both, trust), Ok(()));
    assert_eq!(
        judge(&both[..2], trust),
        Err(CertificateError::NotAnAuthority)
    );
}

/// Of two roots of the same name and key, the one that is valid is found.
#[test]
fn a_root_that_was_renewed_with_its_key_is_found() {
    let root = root("root");
    let server = leaf(server_params(&[NAME]), &root);
    let mut old = authority_params("root");
    old.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let old = old.self_signed(root.issuer.key()).unwrap();
    let roots: [&[u8]; 2] = [old.der(), &root.der];
    let trust = TrustAnchors::new(&roots).unwrap();
    assert_eq!(judge(&[&server.der], trust), Ok(()));
    let trust = TrustAnchors::new(&roots[..1]).unwrap();
    assert_eq!(judge(&[&server.der], trust), Err(CertificateError::Expired));
}

/// Certificates that anyone can make, and that fit together in very many ways.
fn maze(root: &Authority, signed_by_root: bool) -> Vec<Vec<u8>> {
    let maker = if signed_by_root {
        // All claim to be the root's; none is.
        let key = rcgen::KeyPair::generate().unwrap();
        Authority {
            der: root.der.clone(),
            issuer: rcgen::Issuer::new(authority_params("root"), key),
        }
    } else {
        intermediate(authority_params("maze"), root)
    };
    let mut chain = vec![leaf(server_params(&[NAME]), &maker).der];
    let maze = intermediate(authority_params("maze"), &maker);
    let maker = if signed_by_root { &maker } else { &maze };
    chain[0] = leaf(server_params(&[NAME]), &maze).der;
    for _ in 1..MAX_CHAIN {
        chain.push(intermediate(authority_params("maze"), maker).der);
    }
    chain
}

#[test]
fn a_maze_of_certificates_costs_little() {
    let root = root("root");
    let roots: [&[u8]; 1] = [&root.der];
    let trust = TrustAnchors::new(&roots).unwrap();
    for signed_by_root in [true, false] {
        let chain = maze(&root, signed_by_root);
        let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
        let (signatures, answer) = count::during(|| judge(&chain, trust));
        assert_eq!(answer, Err(CertificateError::ChainTooLong));
        assert!(signatures <= u32::from(MAX_SIGNATURES), "{signatures}");
    }
    // With a floor the clock may be asked again and again: the limit holds.
    let chain = maze(&root, true);
    let chain: Vec<_> = chain
        .iter()
        .map(|der| CertificateDer::from_slice(der))
        .collect();
    let name = ServerName::try_from(NAME).unwrap();
    let (signatures, answer) =
        count::during(|| verify_chain(&chain, &name, &trust, Now::AtLeast(0)));
    assert_eq!(answer, Err(CertificateError::ChainTooLong));
    assert!(signatures <= u32::from(MAX_SIGNATURES), "{signatures}");
}

/// Authorities of one name, none of which leads to the root: there is no
/// signature to verify, and 3.6 million ways to put six of fifteen in a row.
#[test]
fn a_maze_without_a_way_out_is_left_early() {
    let root = root("root");
    let roots: [&[u8]; 1] = [&root.der];
    let trust = TrustAnchors::new(&roots).unwrap();
    let mut maker = super::super::test_pki::root("maze");
    let mut chain = vec![leaf(server_params(&[NAME]), &maker).der];
    for _ in 1..MAX_CHAIN {
        maker = intermediate(authority_params("maze"), &maker);
        chain.push(maker.der.clone());
    }
    let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
    let (steps, answer) = count::steps_during(|| judge(&chain, trust));
    assert!(answer.is_err());
    assert!((17..=64).contains(&steps), "{steps}");
}

/// The answer is remembered, so it must not outlast any certificate of the path.
#[test]
fn an_answer_lasts_as_long_as_each_certificate_of_its_path() {
    let year = |year| rcgen::date_time_ymd(year, 1, 1);
    let wide = (2020, 2040);
    for (of_root, of_issuer, of_leaf) in [
        ((2023, 2030), wide, wide),
        (wide, (2023, 2030), wide),
        (wide, wide, (2023, 2030)),
        ((2023, 2038), (2021, 2030), (2022, 2039)),
    ] {
        let valid = |mut params: rcgen::CertificateParams, (from, to)| {
            (params.not_before, params.not_after) = (year(from), year(to));
            params
        };
        let key = rcgen::KeyPair::generate().unwrap();
        let params = valid(authority_params("root"), of_root);
        let der = params.self_signed(&key).unwrap().der().to_vec();
        let issuer = rcgen::Issuer::new(params, key);
        let root = Authority { der, issuer };
        let between = intermediate(valid(authority_params("between"), of_issuer), &root);
        let server = leaf(valid(server_params(&[NAME]), of_leaf), &between);
        // One that is not part of the path says nothing about it.
        let strange = intermediate(valid(authority_params("strange"), (2025, 2027)), &root);
        let chain =
            [&server.der, &strange.der, &between.der].map(|der| CertificateDer::from_slice(der));
        let roots: [&[u8]; 1] = [&root.der];
        let trust = TrustAnchors::new(&roots).unwrap();
        let name = ServerName::try_from(NAME).unwrap();
        let found = verify(&chain, &name, &trust, Now::At(IN_2026)).unwrap();
        // 2023-01-01 and 2030-01-01.
        let expected = Validity {
            not_before: 1_672_531_200,
            not_after: 1_893_456_000,
        };
        assert_eq!(found.validity, expected);
    }
}

#[test]
fn damage_is_refused_without_a_panic() {
    let (root, server) = good();
    let roots: [&[u8]; 1] = [&root.der];
    let trust = TrustAnchors::new(&roots).unwrap();
    assert_eq!(judge(&[&[]], trust), Err(CertificateError::Malformed));
    for length in 0..server.der.len() {
        assert!(judge(&[&server.der[..length]], trust).is_err());
    }
    for at in 0..server.der.len() {
        let mut bent = server.der.clone();
        bent[at] ^= 0x20;
        assert!(judge(&[&bent], trust).is_err(), "byte {at}");
    }
    // In an intermediate, too.
    let middle = intermediate(authority_params("middle"), &root);
    let server = leaf(server_params(&[NAME]), &middle);
    for at in 0..middle.der.len() {
        let mut bent = middle.der.clone();
        bent[at] ^= 0x20;
        assert!(judge(&[&server.der, &bent], trust).is_err(), "byte {at}");
    }
    // A root is configured, and still does no harm.
    for at in 0..root.der.len() {
        let mut bent = root.der.clone();
        bent[at] ^= 0x20;
        let roots: [&[u8]; 1] = [&bent];
        if let Ok(trust) = TrustAnchors::new(&roots) {
            // Only its name, key and limits decide; a root's signature is not
            // looked at.
            let _ = judge(&[&server.der, &middle.der], trust);
        }
    }
}

#[test]
fn only_an_authority_can_be_a_root() {
    let (root, server) = good();
    let server_as_root: [&[u8]; 2] = [&root.der, &server.der];
    assert_eq!(
        TrustAnchors::new(&server_as_root).unwrap_err(),
        TrustError::NotAnAuthority { index: 1 }
    );
    let mut params = authority_params("no signing");
    params.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
    let restricted = intermediate(params, &root);
    assert_eq!(
        TrustAnchors::new(&[&restricted.der]).unwrap_err(),
        TrustError::NotAnAuthority { index: 0 }
    );
    // cA FALSE, written out.
    let mut params = authority_params("written out");
    params.is_ca = rcgen::IsCa::NoCa;
    let denial = vec![0x30, 3, 1, 1, 0];
    let denial = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 19], denial);
    params.custom_extensions = vec![denial];
    let denied = intermediate(params, &root);
    assert_eq!(
        TrustAnchors::new(&[&denied.der]).unwrap_err(),
        TrustError::NotAnAuthority { index: 0 }
    );
    let mut params = authority_params("odd");
    let mut odd = rcgen::CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    odd.set_criticality(true);
    params.custom_extensions = vec![odd];
    let critical = intermediate(params, &root);
    assert_eq!(
        TrustAnchors::new(&[&critical.der]).unwrap_err(),
        TrustError::NotACertificate { index: 0 }
    );
}
