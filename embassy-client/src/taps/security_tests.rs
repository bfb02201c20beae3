//! Security parameters against the TLS below them.

use std::string::ToString as _;
use std::vec::Vec;

use super::*;
use crate::tls::SoftwareKey;
use crate::tls::test_pki::{Authority, IN_2026, Leaf, leaf, root, server_params};

struct Pki {
    root: Authority,
    device: Leaf,
    key: SoftwareKey,
}

impl Pki {
    fn new() -> Self {
        let root = root("root");
        let device = leaf(server_params(&["device.example"]), &root);
        let key = SoftwareKey::from_der(&device.key.serialize_der()).unwrap();
        Self { root, device, key }
    }

    fn with(&self, check: impl FnOnce(SecurityParameters<'_>, Identity<'_>)) {
        let roots = [self.root.der.as_slice()];
        let trust = TrustAnchors::new(&roots).unwrap();
        let identity = Identity::new(&self.device.der, &self.key).unwrap();
        let clock = ClockPolicy::floor(IN_2026);
        check(SecurityParameters::new(trust, identity, clock), identity);
    }
}

#[test]
fn certificates_become_the_parameters_of_a_connection() {
    Pki::new().with(|security, identity| {
        let parameters = security.for_server("orders.example").unwrap();
        assert_eq!(parameters.server(), "orders.example");
        assert!(parameters.identity().is_some());
        assert!(!parameters.has_next());
        assert!(security.for_server("not a name").is_err());
        let pin = [PublicKeyPin::from_sha256([7; 32])];
        let renewed = security
            .pinned_server_certificate(&pin)
            .unwrap()
            .next_client_certificate(identity)
            .unwrap();
        assert!(renewed.for_server("192.0.2.1").unwrap().has_next());
        let error = renewed.pinned_server_certificate(&[]).unwrap_err();
        assert_eq!(error, SecurityError::Pins(TrustError::NoPins));
        assert!(error.to_string().starts_with("pinnedServerCertificate: "));
    });
}

#[test]
fn a_device_can_do_without_a_certificate() {
    let pki = Pki::new();
    let roots = [pki.root.der.as_slice()];
    let trust = TrustAnchors::new(&roots).unwrap();
    let clock = ClockPolicy::floor(IN_2026);
    let security = SecurityParameters::without_client_certificate(trust, clock);
    let parameters = security.for_server("orders.example").unwrap();
    assert!(parameters.identity().is_none() && !parameters.has_next());
    let pins = [PublicKeyPin::from_sha256([7; 32])];
    let security = security.pinned_server_certificate(&pins).unwrap();
    pki.with(|_, identity| {
        let error = security.clone().next_client_certificate(identity);
        assert_eq!(error.unwrap_err(), SecurityError::NoFirstCertificate);
        assert!(!parameters.clone().with_next(identity).has_next());
    });
}

#[test]
fn a_shared_key_takes_the_place_of_certificates() {
    let psk = ExternalPsk::new(b"device-0001", &[0x5a; 32]).unwrap();
    let security = SecurityParameters::with_pre_shared_key(psk);
    let parameters = security.for_server("orders.example").unwrap();
    assert!(parameters.identity().is_none());
    let pin = [PublicKeyPin::from_sha256([7; 32])];
    let error = security.clone().pinned_server_certificate(&pin);
    assert_eq!(error.unwrap_err(), SecurityError::SharedKey);
    Pki::new().with(|_, identity| {
        let error = security.clone().next_client_certificate(identity);
        assert_eq!(error.unwrap_err(), SecurityError::SharedKey);
    });
}

#[test]
fn what_has_one_value_takes_no_other() {
    let psk = ExternalPsk::new(b"device-0001", &[0x5a; 32]).unwrap();
    let security = || SecurityParameters::with_pre_shared_key(psk);
    for parameter in SecurityParameter::ALL {
        let other = security().set(*parameter, "TLS_NULL_WITH_NULL_NULL");
        match parameter.only_value() {
            Some(only) => {
                assert!(security().set(*parameter, only).is_ok());
                let error = other.unwrap_err();
                assert_eq!(error, SecurityError::OnlyOneValue(*parameter));
                assert!(error.to_string().contains(only), "{error}");
            }
            None => {
                let error = other.unwrap_err();
                assert_eq!(error, SecurityError::NotByName(*parameter));
                let reason = security_support(*parameter).reason;
                assert!(error.to_string().contains(reason), "{error}");
            }
        }
    }
    for old in ["TLS 1.2", "SSL 3.0", "DTLS 1.2", ""] {
        let parameter = SecurityParameter::AllowedSecurityProtocols;
        assert!(security().set(parameter, old).is_err(), "{old}");
    }
}

#[test]
fn every_parameter_and_callback_has_an_answer() {
    let all: Vec<_> = SecurityParameter::ALL
        .iter()
        .map(|one| one.name())
        .collect();
    assert_eq!(all.len(), 13);
    for parameter in SecurityParameter::ALL {
        let answer = security_support(*parameter);
        assert!(answer.reason.len() > 10, "{parameter}");
        // What takes one value only is partial, and says which.
        assert_eq!(
            parameter.only_value().is_some(),
            answer.support == Support::Partial,
            "{parameter}"
        );
        if let Some(only) = parameter.only_value() {
            assert!(answer.reason.contains(only), "{parameter}");
        }
        assert_eq!(parameter.name().to_lowercase().parse(), Ok(*parameter));
    }
}

#[test]
fn nothing_leads_from_secure_stacks_to_others() {
    for stack in StackId::ALL {
        let secure = <SecurityParameters<'static> as Security>::permits(*stack);
        assert_ne!(secure, Disabled::permits(*stack), "{stack}");
    }
    assert!(<SecurityParameters<'static> as Security>::permits(
        StackId::Tls
    ));
    assert!(!<SecurityParameters<'static> as Security>::permits(
        StackId::Tcp
    ));
    assert_eq!(SecurityParameters::disabled(), Disabled);
}

#[test]
fn opportunistic_security_is_refused_with_a_reason() {
    let error = SecurityParameters::opportunistic().unwrap_err();
    assert_eq!(error, SecurityError::Opportunistic);
    assert!(error.to_string().contains("in the clear"), "{error}");
}

#[test]
fn neatpys_flag_never_means_unverified() {
    let of = SecurityChoice::of_security_needed;
    assert!(matches!(of(false, None), Ok(SecurityChoice::Disabled(_))));
    assert_eq!(of(true, None).unwrap_err(), SecurityError::NoParameters);
    Pki::new().with(|security, _| {
        let error = SecurityChoice::of_security_needed(false, Some(security.clone()));
        assert_eq!(error.unwrap_err(), SecurityError::NotNeeded);
        let chosen = SecurityChoice::of_security_needed(true, Some(security));
        assert!(matches!(chosen, Ok(SecurityChoice::Secure(_))));
    });
}
