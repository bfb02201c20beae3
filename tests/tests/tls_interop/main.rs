//! The device against servers that others have made: rustls, OpenSSL's
//! `s_server` and Python's ssl, each of which requires a certificate of the
//! device. All of it over sockets of the host, in real time.

mod certificates;
mod datagrams;
mod device;
mod openssl;
mod python;
mod refusals;
mod rustls_server;
mod server;
mod shared_key;
mod talks;

use wigwag_tests::runner::{Suite, Tool, tools};

use device::Peer;

const RUSTLS: Peer = Peer {
    start: rustls_server::start,
    closed: |server| (&server.log, b"closed"),
    impostor: alert::DECRYPT_ERROR,
    not_yet_valid: alert::CERTIFICATE_EXPIRED,
};
const OPENSSL: Peer = Peer {
    start: openssl::start,
    closed: |server| (&server.heard, openssl::CLOSED),
    impostor: alert::UNKNOWN_CA,
    not_yet_valid: alert::BAD_CERTIFICATE,
};
const PYTHON: Peer = Peer {
    start: python::start,
    closed: |server| (&server.log, b"closed"),
    impostor: alert::UNKNOWN_CA,
    not_yet_valid: alert::BAD_CERTIFICATE,
};

/// What TLS's alerts are called (RFC 8446 section 6).
mod alert {
    pub(crate) const HANDSHAKE_FAILURE: u8 = 40;
    pub(crate) const BAD_CERTIFICATE: u8 = 42;
    pub(crate) const CERTIFICATE_EXPIRED: u8 = 45;
    pub(crate) const UNKNOWN_CA: u8 = 48;
    pub(crate) const DECRYPT_ERROR: u8 = 51;
    pub(crate) const PROTOCOL_VERSION: u8 = 70;
}

fn main() {
    let mut suite = Suite::new();
    macro_rules! peer {
        ($peer:expr, $name:literal, $tools:expr) => {{
            let tools: &[Tool] = $tools;
            suite = suite
                .test(concat!($name, "_talks_with_the_device"), tools, || {
                    talks::talk($peer)
                })
                .test(
                    concat!($name, "_and_the_device_exchange_a_megabyte"),
                    tools,
                    || talks::megabyte($peer),
                )
                .test(concat!($name, "_refuses_strange_devices"), tools, || {
                    refusals::devices($peer)
                })
                .test(
                    concat!($name, "_is_refused_when_it_is_not_the_one_meant"),
                    tools,
                    || refusals::servers($peer),
                )
                .test(
                    concat!($name, "_with_tls_1_2_alone_is_told_from_others"),
                    tools,
                    || refusals::old($peer),
                );
        }};
    }
    peer!(RUSTLS, "rustls", &[]);
    peer!(OPENSSL, "openssl", &[tools::OPENSSL]);
    peer!(PYTHON, "python", &[tools::PYTHON_TLS]);
    suite
        .test("rustls_closes_in_good_order", &[], || talks::close(RUSTLS))
        .test("python_closes_in_good_order", &[tools::PYTHON_TLS], || {
            talks::close(PYTHON)
        })
        .test(
            "openssl_closes_in_good_order",
            &[tools::OPENSSL],
            talks::echo_and_close,
        )
        .test("openssl_goes_without_a_word", &[tools::OPENSSL], talks::cut)
        .test("rustls_changes_its_keys", &[], || talks::rekey(RUSTLS))
        .test("openssl_changes_its_keys", &[tools::OPENSSL], || {
            talks::rekey(OPENSSL)
        })
        .test(
            "openssl_shares_a_key_with_the_device",
            &[tools::OPENSSL],
            shared_key::talk,
        )
        .test(
            "openssl_with_another_key_or_none_is_refused",
            &[tools::OPENSSL],
            shared_key::strangers,
        )
        .test("openssl_sends_tickets", &[tools::OPENSSL], talks::tickets)
        .test(
            "rustls_without_the_device_s_algorithms_says_so",
            &[],
            || refusals::algorithms(RUSTLS),
        )
        .test(
            "openssl_without_the_device_s_algorithms_says_so",
            &[tools::OPENSSL],
            || refusals::algorithms(OPENSSL),
        )
        .test(
            "rustls_with_another_kind_of_key_says_so",
            &[tools::OPENSSL],
            || refusals::keys(RUSTLS),
        )
        .test(
            "openssl_with_another_kind_of_key_says_so",
            &[tools::OPENSSL],
            || refusals::keys(OPENSSL),
        )
        .test(
            "openssl_asks_for_another_hello",
            &[tools::OPENSSL],
            refusals::retry,
        )
        .test(
            "openssl_splits_its_handshake",
            &[tools::OPENSSL],
            refusals::split,
        )
        .test(
            "openssl_talks_dtls_with_the_host",
            &[tools::OPENSSL],
            datagrams::talk,
        )
        .test(
            "openssl_over_dtls_is_refused_when_it_is_not_the_one_meant",
            &[tools::OPENSSL],
            datagrams::stranger,
        )
        .test(
            "what_speaks_no_tls_is_left_with_a_reset",
            &[],
            refusals::no_tls,
        )
        .test(
            "openssl_says_something_in_clear",
            &[tools::OPENSSL],
            refusals::clear,
        )
        .run();
}
