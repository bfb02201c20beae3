//! What embedded-tls says in the first place. The strict reading of the
//! server's answer rests on it, and it cannot be told otherwise.

use core::time::Duration;
use std::vec::Vec;

use embassy_futures::block_on;
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use embedded_tls::{TlsConfig, TlsConnection, TlsContext};
use rcgen::CertificateParams;
use rustls_pki_types::ServerName;

use super::super::guard::Guard;
use super::super::memory::Forgetful;
use super::super::reader::Reader;
use super::super::test_pki::{leaf, root};
use super::super::transport::Below;
use super::super::verifier::Verifier;
use super::super::{ClockPolicy, HandshakeLimits, MIN_SEND, SoftwareKey, TrustAnchors};
use super::*;

/// Keeps what is written; nothing comes back.
struct Silent(Vec<u8>);

impl ErrorType for &mut Silent {
    type Error = ErrorKind;
}

impl Read for &mut Silent {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, ErrorKind> {
        Ok(0)
    }
}

impl Write for &mut Silent {
    async fn write(&mut self, data: &[u8]) -> Result<usize, ErrorKind> {
        self.0.extend_from_slice(data);
        Ok(data.len())
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}

/// The record with the ClientHello that names `server`.
fn client_hello(server: &str) -> Vec<u8> {
    let root = root("root");
    let device = leaf(CertificateParams::new(Vec::new()).unwrap(), &root);
    let key = SoftwareKey::from_der(&device.key.serialize_der()).unwrap();
    let identity = Identity::new(&device.der, &key).unwrap();
    let roots: [&[u8]; 1] = [&root.der];
    let trust = TrustAnchors::new(&roots).unwrap();
    let name = ServerName::try_from(server).unwrap();
    let verifier = Verifier::new(trust, name, ClockPolicy::real_time(|| None), &Forgetful);
    let guard = Guard::new(HandshakeLimits::DEFAULT, 512);
    let below = Below::new(guard, Duration::from_secs(1));
    let mut rng = rand_core::OsRng;
    let mut provider = Provider::new(&mut rng, Witness::new(verifier, &below), Some(identity));
    let config = TlsConfig::new().with_server_name(server);
    let (mut receive, mut send) = ([0; 512], [0; MIN_SEND]);
    let mut socket = Silent(Vec::new());
    {
        let mut tls = TlsConnection::new(&mut socket, &mut receive, &mut send);
        let opened = block_on(tls.open(TlsContext::new(&config, &mut provider)));
        assert!(opened.is_err(), "nobody answered");
    }
    socket.0
}

#[test]
fn the_client_hello_has_one_right_answer() {
    let record = client_hello("ngtt.test");
    assert_eq!(record[..3], [22, 3, 1]);
    let mut hello = Reader::new(&record[9..]);
    assert_eq!(hello.u16(), Some(0x0303));
    hello.take(32).unwrap();
    assert!(hello.vector(1).unwrap().is_empty(), "the session id");
    assert_eq!(hello.vector(2).unwrap().rest(), [0x13, 0x01]);
    assert_eq!(hello.vector(1).unwrap().rest(), [0], "no compression");
    let mut extensions = hello.last_vector(2).unwrap();
    let mut kinds = Vec::new();
    while !extensions.is_empty() {
        let (kind, data) = extensions.extension().unwrap();
        kinds.push(kind);
        let data = data.rest();
        match kind {
            0 => assert_eq!(data[5..], *b"ngtt.test"),
            10 => assert_eq!(data, [0, 2, 0, 23], "secp256r1"),
            // P-256, and the two that this device does not verify.
            13 => assert_eq!(data, [0, 6, 4, 3, 5, 3, 8, 7]),
            43 => assert_eq!(data, [2, 3, 4], "TLS 1.3"),
            45 => assert_eq!(data, [1, 1]),
            51 => assert_eq!(data[..7], [0, 69, 0, 23, 0, 65, 4]),
            other => panic!("extension {other}"),
        }
    }
    assert_eq!(kinds, [43, 13, 10, 45, 51, 0]);
}

#[test]
fn the_longest_name_fits_into_the_smallest_buffer() {
    let name = [63, 63, 63, 61]
        .map(|letters| "a".repeat(letters))
        .join(".");
    assert_eq!(name.len(), 253);
    assert_eq!(client_hello(&name).len(), 422);
}
