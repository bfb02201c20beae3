//! Good and bad chains, each with its answer.

use std::vec;
use std::vec::Vec;

use rcgen::{BasicConstraints, CustomExtension, ExtendedKeyUsagePurpose, IsCa, KeyPair};

use super::super::clock::ClockPolicy;
use super::super::test_pki::{
    Authority, IN_1970, IN_2026, IN_2035, NAME, authority_params, good, intermediate, leaf, root,
    server_params,
};
use super::*;

fn clock_2026() -> ClockPolicy {
    ClockPolicy::real_time(|| Some(IN_2026))
}

/// What `verify_chain` says of `chain` against the root `trusted`.
fn judge(
    chain: &[&[u8]],
    trusted: &Authority,
    name: &str,
    clock: ClockPolicy,
) -> Result<(), CertificateError> {
    let chain: Vec<CertificateDer<'_>> = chain
        .iter()
        .map(|der| CertificateDer::from_slice(der))
        .collect();
    let roots: [&[u8]; 1] = [&trusted.der];
    let trust = TrustAnchors::new(&roots).unwrap();
    let name = ServerName::try_from(name).unwrap();
    verify_chain(&chain, &name, &trust, clock.now()).map(|_| ())
}

#[test]
fn a_good_chain_is_accepted() {
    let (root, server) = good();
    assert_eq!(judge(&[&server.der], &root, NAME, clock_2026()), Ok(()));
    let middle = intermediate(authority_params("middle"), &root);
    let low = intermediate(authority_params("low"), &middle);
    let server = leaf(server_params(&[NAME, "192.0.2.7"]), &low);
    // Intermediates in any order; the root may be sent, too.
    for chain in [
        vec![&server.der[..], &low.der, &middle.der],
        vec![&server.der[..], &middle.der, &low.der],
        vec![&server.der[..], &root.der, &middle.der, &low.der],
    ] {
        assert_eq!(judge(&chain, &root, NAME, clock_2026()), Ok(()));
        assert_eq!(judge(&chain, &root, "192.0.2.7", clock_2026()), Ok(()));
    }
    assert_eq!(
        judge(&[&server.der, &middle.der], &root, NAME, clock_2026()),
        Err(CertificateError::UnknownIssuer)
    );
}

#[test]
fn names_come_from_alternative_names_only() {
    let (root, server) = good();
    for wrong in ["other.example", "example", "a.orders.example", "192.0.2.7"] {
        assert_eq!(
            judge(&[&server.der], &root, wrong, clock_2026()),
            Err(CertificateError::WrongName),
            "{wrong}"
        );
    }
    let wildcard = leaf(server_params(&["*.fleet.example"]), &root);
    let judge_wildcard = |name| judge(&[&wildcard.der], &root, name, clock_2026());
    assert_eq!(judge_wildcard("orders.fleet.example"), Ok(()));
    for wrong in ["a.b.fleet.example", "fleet.example"] {
        assert_eq!(judge_wildcard(wrong), Err(CertificateError::WrongName));
    }
    let mut params = server_params(&[]);
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, NAME);
    let common_name = leaf(params, &root);
    assert_eq!(
        judge(&[&common_name.der], &root, NAME, clock_2026()),
        Err(CertificateError::WrongName)
    );
    // An address in a DNS name is not an address.
    let fake = leaf(
        {
            let mut params = server_params(&[]);
            params.subject_alt_names =
                vec![rcgen::SanType::DnsName("192.0.2.7".try_into().unwrap())];
            params
        },
        &root,
    );
    assert!(judge(&[&fake.der], &root, "192.0.2.7", clock_2026()).is_err());
}

#[test]
fn foreign_authorities_are_refused() {
    let (_, server) = good();
    let foreign = root("foreign");
    assert_eq!(
        judge(&[&server.der], &foreign, NAME, clock_2026()),
        Err(CertificateError::UnknownIssuer)
    );
    // The same name as the trusted root's, but another key.
    let impostor = root("root");
    assert_eq!(
        judge(&[&server.der], &impostor, NAME, clock_2026()),
        Err(CertificateError::BadSignature)
    );
}

#[test]
fn a_device_cannot_play_authority_or_server() {
    let root = root("root");
    let mut params = server_params(&[NAME]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let device = leaf(params.clone(), &root);
    assert_eq!(
        judge(&[&device.der], &root, NAME, clock_2026()),
        Err(CertificateError::NotForServers)
    );
    params.extended_key_usages = Vec::new();
    let unrestricted = leaf(params, &root);
    assert_eq!(
        judge(&[&unrestricted.der], &root, NAME, clock_2026()),
        Err(CertificateError::NotForServers)
    );
    // The device signs a server certificate with its own key.
    let authority = Authority {
        der: device.der.clone(),
        issuer: rcgen::Issuer::new(
            server_params(&[NAME]),
            KeyPair::from_pem(&device.key.serialize_pem()).unwrap(),
        ),
    };
    let forged = leaf(server_params(&[NAME]), &authority);
    assert!(matches!(
        judge(&[&forged.der, &device.der], &root, NAME, clock_2026()),
        Err(CertificateError::NotAnAuthority | CertificateError::UnknownIssuer)
    ));
    // An authority shows itself.
    let mut params = server_params(&[NAME]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = leaf(params, &root);
    assert_eq!(
        judge(&[&authority.der], &root, NAME, clock_2026()),
        Err(CertificateError::AuthorityAsServer)
    );
}

#[test]
fn constraints_of_authorities_hold() {
    let root = root("root");
    let mut params = authority_params("short");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let short = intermediate(params, &root);
    let low = intermediate(authority_params("low"), &short);
    let server = leaf(server_params(&[NAME]), &low);
    assert_eq!(
        judge(
            &[&server.der, &low.der, &short.der],
            &root,
            NAME,
            clock_2026()
        ),
        Err(CertificateError::Constraint)
    );
    let mut params = authority_params("client only");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client_only = intermediate(params, &root);
    let server = leaf(server_params(&[NAME]), &client_only);
    assert_eq!(
        judge(&[&server.der, &client_only.der], &root, NAME, clock_2026()),
        Err(CertificateError::NotForServers)
    );
    let mut params = server_params(&[NAME]);
    let mut odd = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    odd.set_criticality(true);
    params.custom_extensions = vec![odd];
    let critical = leaf(params, &root);
    assert_eq!(
        judge(&[&critical.der], &root, NAME, clock_2026()),
        Err(CertificateError::Malformed)
    );
}

#[test]
fn other_keys_are_refused_by_name() {
    let root = root("root");
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    let server = server_params(&[NAME])
        .signed_by(&key, &root.issuer)
        .unwrap();
    assert_eq!(
        judge(&[server.der()], &root, NAME, clock_2026()),
        Err(CertificateError::UnsupportedKey)
    );
}

#[test]
fn time_is_always_looked_at() {
    let (root, server) = good();
    let at = |clock| judge(&[&server.der], &root, NAME, clock);
    assert_eq!(
        at(ClockPolicy::real_time(|| Some(IN_2035))),
        Err(CertificateError::Expired)
    );
    assert_eq!(
        at(ClockPolicy::real_time(|| Some(IN_1970))),
        Err(CertificateError::NotYetValid)
    );
    assert_eq!(
        at(ClockPolicy::real_time(|| None)),
        Err(CertificateError::ClockNotSet)
    );
    assert_eq!(at(ClockPolicy::floor(IN_2026)), Ok(()));
    // A certificate made after the build is fine, one expired by then is not.
    assert_eq!(at(ClockPolicy::floor(IN_1970)), Ok(()));
    assert_eq!(
        at(ClockPolicy::floor(IN_2035)),
        Err(CertificateError::Expired)
    );
    assert_eq!(
        at(ClockPolicy::real_time_or_floor(|| Some(IN_1970), IN_2026)),
        Ok(())
    );
    assert_eq!(
        at(ClockPolicy::real_time_or_floor(|| Some(IN_2035), IN_2026)),
        Err(CertificateError::Expired)
    );
}

#[test]
fn a_floor_wants_one_time_at_which_all_are_valid() {
    let root = root("root");
    let mut params = authority_params("old");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2023, 1, 1);
    let old = intermediate(params, &root);
    // Valid from 2024: never at the same time as its issuer.
    let server = leaf(server_params(&[NAME]), &old);
    assert_eq!(
        judge(
            &[&server.der, &old.der],
            &root,
            NAME,
            ClockPolicy::floor(IN_1970)
        ),
        Err(CertificateError::Expired)
    );
}

#[test]
fn nothing_and_rubbish_are_refused() {
    let (root, server) = good();
    assert_eq!(
        judge(&[], &root, NAME, clock_2026()),
        Err(CertificateError::Missing)
    );
    assert_eq!(
        judge(&[&[]], &root, NAME, clock_2026()),
        Err(CertificateError::Malformed)
    );
    let many = vec![&server.der[..]; MAX_CHAIN + 1];
    assert_eq!(
        judge(&many, &root, NAME, clock_2026()),
        Err(CertificateError::ChainTooLong)
    );
    // Every prefix, and every byte changed, is refused without a panic.
    for length in 0..server.der.len() {
        assert!(judge(&[&server.der[..length]], &root, NAME, clock_2026()).is_err());
    }
    for at in 0..server.der.len() {
        let mut bent = server.der.clone();
        bent[at] ^= 0x20;
        assert!(
            judge(&[&bent], &root, NAME, clock_2026()).is_err(),
            "byte {at}"
        );
    }
    // In an intermediate, too.
    let middle = intermediate(authority_params("middle"), &root);
    let server = leaf(server_params(&[NAME]), &middle);
    for at in 0..middle.der.len() {
        let mut bent = middle.der.clone();
        bent[at] ^= 0x20;
        assert!(judge(&[&server.der, &bent], &root, NAME, clock_2026()).is_err());
    }
}
