//! What a reconnect need not verify again, and what makes it verify anew.

use std::cell::Cell;
use std::vec;
use std::vec::Vec;

use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::DecodePrivateKey as _;

use super::super::algorithm::count;
use super::super::pin::PublicKeyPin;
use super::super::test_pki::{
    Authority, IN_2026, IN_2035, Leaf, NAME, authority_params, intermediate, leaf, root,
    server_params,
};
use super::*;

/// A root, an authority below it, a server, and another root.
struct World {
    root: Authority,
    between: Authority,
    server: Leaf,
    other: Authority,
}

impl World {
    fn new() -> Self {
        let root = root("root");
        let between = intermediate(authority_params("between"), &root);
        let server = leaf(
            server_params(&[NAME, "second.example", "192.0.2.7"]),
            &between,
        );
        Self {
            server,
            between,
            root,
            other: super::super::test_pki::root("other"),
        }
    }

    fn chain(&self) -> Vec<Vec<u8>> {
        vec![self.server.der.clone(), self.between.der.clone()]
    }
}

/// One handshake: what a device knows, and what the server shows.
#[derive(Clone)]
struct Handshake<'w> {
    roots: Vec<&'w [u8]>,
    pins: Vec<PublicKeyPin>,
    name: &'w str,
    clock: ClockPolicy,
    chain: Vec<Vec<u8>>,
    key: &'w rcgen::KeyPair,
}

fn clock_2026() -> ClockPolicy {
    ClockPolicy::real_time(|| Some(IN_2026))
}

impl<'w> Handshake<'w> {
    fn new(world: &'w World) -> Self {
        Self {
            roots: vec![&world.root.der],
            pins: Vec::new(),
            name: NAME,
            clock: clock_2026(),
            chain: world.chain(),
            key: &world.server.key,
        }
    }

    /// Plays it with what is remembered; the number of signatures that were
    /// verified, and the answer.
    fn play(&self, memory: &Cell<ChainMemory>) -> (u32, Result<(), CertificateError>) {
        let mut trust = TrustAnchors::new(&self.roots).unwrap();
        if !self.pins.is_empty() {
            trust = trust.with_pins(&self.pins).unwrap();
        }
        let name = ServerName::try_from(self.name).unwrap();
        let mut verifier = Verifier::new(trust, name, self.clock, memory);
        let chain: Vec<_> = self
            .chain
            .iter()
            .map(|der| CertificateDer::from_slice(der))
            .collect();
        let transcript = [7; 32];
        let key = SigningKey::from_pkcs8_der(&self.key.serialize_der()).unwrap();
        let signature: DerSignature = key.sign(&signed_message(&transcript));
        let (signatures, ()) = count::during(|| {
            let _ = verifier.certificate(&chain, transcript);
            let scheme = SignatureScheme::EcdsaSecp256r1Sha256;
            let _ = verifier.signature(scheme, signature.as_bytes());
        });
        if let Some(chain) = verifier.found() {
            memory.remember(chain);
        }
        (signatures, verifier.verdict())
    }
}

#[test]
fn a_reconnect_verifies_one_signature() {
    let world = World::new();
    let handshake = Handshake::new(&world);
    let memory = Cell::new(ChainMemory::EMPTY);
    // Root to authority, authority to server, server to handshake.
    assert_eq!(handshake.play(&memory), (3, Ok(())));
    for _ in 0..3 {
        assert_eq!(handshake.play(&memory), (1, Ok(())));
    }
    assert!(size_of::<ChainMemory>() <= 48);
}

/// The memory is of this chain for this question; whatever is changed is
/// verified anew, and what was remembered stays when the answer is no.
#[test]
fn whatever_is_changed_is_verified_anew() {
    let world = World::new();
    let good = Handshake::new(&world);
    let memory = Cell::new(ChainMemory::EMPTY);
    good.play(&memory).1.unwrap();
    let expect = |changed: Handshake<'_>, expected: (u32, Result<(), CertificateError>)| {
        let after = memory.clone();
        assert_eq!(changed.play(&after), expected);
        if expected.1.is_err() {
            assert_eq!(good.play(&after), (1, Ok(())));
        }
    };
    // Another name: of the certificate, and not.
    for name in ["second.example", "192.0.2.7"] {
        expect(
            Handshake {
                name,
                ..good.clone()
            },
            (3, Ok(())),
        );
    }
    let name = "third.example";
    let refused = Err(CertificateError::WrongName);
    expect(
        Handshake {
            name,
            ..good.clone()
        },
        (0, refused),
    );
    // Other roots.
    let (root, other): (&[u8], &[u8]) = (&world.root.der, &world.other.der);
    for roots in [vec![root, other], vec![other, root], vec![root, root]] {
        expect(
            Handshake {
                roots,
                ..good.clone()
            },
            (3, Ok(())),
        );
    }
    let refused = Err(CertificateError::UnknownIssuer);
    let roots = vec![other];
    expect(
        Handshake {
            roots,
            ..good.clone()
        },
        (0, refused),
    );
    // Pins.
    let pin = |der: &[u8]| PublicKeyPin::of_certificate(der).unwrap();
    let pins = vec![pin(root)];
    expect(
        Handshake {
            pins,
            ..good.clone()
        },
        (3, Ok(())),
    );
    let refused = Err(CertificateError::NotPinned);
    let pins = vec![pin(other)];
    expect(
        Handshake {
            pins,
            ..good.clone()
        },
        (0, refused),
    );
    // Other certificates, or the same in another way.
    let [server, between] = &good.chain[..] else {
        unreachable!()
    };
    let refused = Err(CertificateError::UnknownIssuer);
    let chain = vec![server.clone()];
    expect(
        Handshake {
            chain,
            ..good.clone()
        },
        (0, refused),
    );
    let chain = vec![server.clone(), between.clone(), between.clone()];
    expect(
        Handshake {
            chain,
            ..good.clone()
        },
        (3, Ok(())),
    );
    let refused = Err(CertificateError::WrongName);
    let chain = vec![between.clone(), server.clone()];
    expect(
        Handshake {
            chain,
            ..good.clone()
        },
        (0, refused),
    );
    // The same chain, and somebody without its key.
    let (signatures, answer) = Handshake {
        key: world.other.issuer.key(),
        ..good.clone()
    }
    .play(&memory);
    let refused = Err(CertificateError::BadSignature);
    assert_eq!((signatures, answer), (1, refused));
}

#[test]
fn no_byte_of_the_chain_or_the_root_can_be_changed() {
    let world = World::new();
    let good = Handshake::new(&world);
    let memory = Cell::new(ChainMemory::EMPTY);
    good.play(&memory).1.unwrap();
    for certificate in 0..good.chain.len() {
        for at in 0..good.chain[certificate].len() {
            let mut changed = good.clone();
            changed.chain[certificate][at] ^= 0x01;
            let after = memory.clone();
            let (_, answer) = changed.play(&after);
            assert!(answer.is_err(), "certificate {certificate}, byte {at}");
        }
    }
    let digest_with = |root: &[u8]| {
        let roots: [&[u8]; 1] = [root];
        let trust = TrustAnchors::new(&roots).ok()?;
        let chain: Vec<_> = good
            .chain
            .iter()
            .map(|der| CertificateDer::from_slice(der))
            .collect();
        Some(digest(&chain, &ServerName::try_from(NAME).unwrap(), &trust))
    };
    let now = clock_2026().now();
    let right = digest_with(&world.root.der).unwrap();
    assert!(memory.get().recalls(&right, now));
    let mut still_a_root = 0;
    for at in 0..world.root.der.len() {
        let mut changed = world.root.der.clone();
        changed[at] ^= 0x01;
        if let Some(digest) = digest_with(&changed) {
            assert!(!memory.get().recalls(&digest, now), "byte {at}");
            still_a_root += 1;
        }
    }
    assert!(still_a_root > 100);
    // Moving a byte from one certificate to the next is a change as well.
    let mut shifted = good.clone();
    let byte = shifted.chain[0].pop().unwrap();
    shifted.chain[1].insert(0, byte);
    assert!(shifted.play(&memory).1.is_err());
}

#[test]
fn no_letter_of_the_name_and_no_byte_of_a_pin_can_be_changed() {
    let world = World::new();
    let chain = world.chain();
    let chain: Vec<_> = chain
        .iter()
        .map(|der| CertificateDer::from_slice(der))
        .collect();
    let roots: [&[u8]; 1] = [&world.root.der];
    let trust = TrustAnchors::new(&roots).unwrap();
    let of = |name: &str, pins: &[PublicKeyPin]| {
        let trust = if pins.is_empty() {
            trust
        } else {
            trust.with_pins(pins).unwrap()
        };
        digest(&chain, &ServerName::try_from(name).unwrap(), &trust)
    };
    let right = of(NAME, &[]);
    for at in 0..NAME.len() {
        let mut name = NAME.as_bytes().to_vec();
        name[at] = if name[at] == b'x' { b'y' } else { b'x' };
        let name = std::string::String::from_utf8(name).unwrap();
        assert_ne!(of(&name, &[]), right, "{name}");
    }
    let pinned = of(NAME, &[PublicKeyPin::from_sha256([7; 32])]);
    assert_ne!(pinned, right);
    for at in 0..32 {
        let mut pin = [7; 32];
        pin[at] ^= 1;
        let changed = of(NAME, &[PublicKeyPin::from_sha256(pin)]);
        assert_ne!(changed, pinned, "byte {at}");
    }
    for (one, other) in [("192.0.2.7", "192.0.2.8"), ("2001:db8::1", "2001:db8::2")] {
        assert_ne!(of(one, &[]), of(other, &[]));
    }
}

/// Whatever the bytes in the parts: no part runs over into the next, and none
/// is taken for one of another kind.
#[test]
fn the_parts_of_a_digest_keep_their_borders() {
    let world = World::new();
    let roots: [&[u8]; 1] = [&world.root.der];
    let trust = TrustAnchors::new(&roots).unwrap();
    let with = |name: &str, chain: &[&[u8]], trust: &TrustAnchors<'_>| {
        let chain: Vec<_> = chain
            .iter()
            .map(|der| CertificateDer::from_slice(der))
            .collect();
        digest(&chain, &ServerName::try_from(name).unwrap(), trust)
    };
    let of = |name: &str, chain: &[&[u8]]| with(name, chain, &trust);
    // 7 is what stands before each certificate.
    let chains: [&[&[u8]]; 8] = [
        &[&[1], &[2]],
        &[&[1, 2]],
        &[&[1, 7, 2]],
        &[&[], &[1, 2]],
        &[&[1, 2], &[]],
        &[&[1], &[7, 2]],
        &[&[1, 7], &[2]],
        &[&[2], &[1]],
    ];
    let digests = chains.map(|chain| of(NAME, chain));
    for (index, digest) in digests.iter().enumerate() {
        assert!(!digests[..index].contains(digest), "{:?}", chains[index]);
    }
    // An address of four bytes, and the name that is spelled with them.
    let (address, name) = (of("97.46.98.99", &[]), of("a.bc", &[]));
    assert_ne!(address, name);
    // The last root is not the first certificate.
    let both: [&[u8]; 2] = [&world.root.der, &world.other.der];
    let both = TrustAnchors::new(&both).unwrap();
    let shown = of(NAME, &[&world.other.der, &[1]]);
    assert_ne!(with(NAME, &[&[1]], &both), shown);
}

#[test]
fn it_lasts_as_long_as_the_chain_is_valid() {
    let world = World::new();
    let good = Handshake::new(&world);
    let memory = Cell::new(ChainMemory::EMPTY);
    good.play(&memory).1.unwrap();
    let at = |clock: ClockPolicy| {
        let after = memory.clone();
        Handshake {
            clock,
            ..good.clone()
        }
        .play(&after)
    };
    // The leaf is valid from 2024 to 2034, authority and root for longer.
    for (clock, expected) in [
        (ClockPolicy::real_time(|| Some(1_704_067_200)), (1, Ok(()))),
        (ClockPolicy::real_time(|| Some(2_019_686_400)), (1, Ok(()))),
        (
            ClockPolicy::real_time(|| Some(2_019_686_401)),
            (0, Err(CertificateError::Expired)),
        ),
        (
            ClockPolicy::real_time(|| Some(1_704_067_199)),
            (0, Err(CertificateError::NotYetValid)),
        ),
        (
            ClockPolicy::real_time(|| None),
            (0, Err(CertificateError::ClockNotSet)),
        ),
        (ClockPolicy::floor(IN_2026), (1, Ok(()))),
        (
            ClockPolicy::floor(IN_2035),
            (0, Err(CertificateError::Expired)),
        ),
        (
            ClockPolicy::real_time_or_floor(|| Some(IN_2035), IN_2026),
            (0, Err(CertificateError::Expired)),
        ),
        (ClockPolicy::dangerous_without_time_checks(), (1, Ok(()))),
    ] {
        assert_eq!(at(clock), expected, "{clock:?}");
    }
}

/// What was taken with no more than a floor is refused as soon as a clock that
/// is set says that it has expired.
#[test]
fn a_clock_that_is_set_later_is_asked() {
    let world = World::new();
    let floor = Handshake {
        clock: ClockPolicy::floor(IN_2026),
        ..Handshake::new(&world)
    };
    let memory = Cell::new(ChainMemory::EMPTY);
    assert_eq!(floor.play(&memory), (3, Ok(())));
    assert_eq!(floor.play(&memory), (1, Ok(())));
    let late = Handshake {
        clock: ClockPolicy::real_time_or_floor(|| Some(IN_2035), IN_2026),
        ..floor.clone()
    };
    let refused = Err(CertificateError::Expired);
    assert_eq!(late.play(&memory), (0, refused));
}

#[test]
fn a_server_that_does_not_hold_the_key_leaves_nothing() {
    let world = World::new();
    let impostor = Handshake {
        key: world.other.issuer.key(),
        ..Handshake::new(&world)
    };
    let memory = Cell::new(ChainMemory::EMPTY);
    let refused = Err(CertificateError::BadSignature);
    assert_eq!(impostor.play(&memory), (3, refused));
    // The chain itself was good, and is verified anew all the same.
    assert_eq!(impostor.play(&memory), (3, refused));
    assert_eq!(Handshake::new(&world).play(&memory), (3, Ok(())));
}
