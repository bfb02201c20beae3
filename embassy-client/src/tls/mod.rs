//! TLS 1.3 with mutual authentication, on embedded-tls, made safe to use.
//!
//! embedded-tls moves and encrypts the bytes; the judgement is here. A
//! connection cannot be made without [`TrustAnchors`], an [`Identity`], a
//! [`ClockPolicy`] and a source of random numbers, and it opens only after the
//! server has proved its name: chain first, signature second, each once. There
//! is no way to switch that off. (A key that both sides share can take the place
//! of certificates: [`ExternalPsk`].)
//!
//! | Part | What it does |
//! |---|---|
//! | [`verify_chain`] | path, name, purpose, time (rustls-webpki with P-256), within limits of work |
//! | `strict` | what webpki does not look at: who may sign, what has no place in a server's certificate |
//! | [`TrustAnchors`], [`PublicKeyPin`] | one or several roots, and keys that must be among a server's |
//! | [`ClockPolicy`] | what time it is, and what to do when nobody knows |
//! | `memory` | the last good chain: 48 bytes of RAM, and one signature to verify at a reconnect instead of two or more |
//! | [`Identity`], [`Signer`] | the device's certificate, and what signs for it |
//! | [`Credentials`] | two identities at a time: which is shown when, so that renewal is safe |
//! | `verifier` | the latch that ties both proofs to the handshake |
//! | `guard` | lets only records through that belong to the phase |
//! | `hello` | takes the one ServerHello that is right |
//! | `cipher` | looks at what was opened, before embedded-tls does |
//! | [`Link`], [`Connection`] | one owner drives the connection; public calls can be dropped at any time |
//! | [`Buffers`] | the memory, and how much it is |
//! | [`End`] | why it ended |
//!
#![doc = include_str!("panics.md")]
//!
//! **One handshake keeps its executor busy**: nearly all of the public-key
//! arithmetic, 32 million instructions on a Cortex-M4F, runs in two polls.
//! A task that must not wait belongs on an executor of higher priority.

mod alert;
mod algorithm;
mod buffers;
mod chain;
mod cipher;
mod clock;
mod content;
mod credentials;
mod ecdsa;
mod end;
mod error;
mod guard;
mod hello;
mod identity;
mod key;
mod limits;
mod link;
mod memory;
mod messages;
mod owner;
mod parameters;
mod pin;
mod provider;
mod psk;
mod reader;
mod report;
mod signature;
mod stage;
mod strict;
mod transport;
mod trust;
mod verifier;
mod witness;

pub use alert::alert_name;
pub use buffers::{Buffers, MIN_RECEIVE, MIN_SEND};
pub use chain::{MAX_CHAIN, verify_chain};
pub use clock::{ClockPolicy, Now, Validity};
pub use content::ContentError;
pub use credentials::{Credentials, Slot, Standing, Verdict};
pub use end::End;
pub use error::CertificateError;
pub use guard::RecordError;
pub use hello::ServerHelloError;
pub use identity::{Identity, IdentityError, MAX_SIGNATURE, SignError, Signer};
pub use key::SoftwareKey;
pub(crate) use key::{EC_PUBLIC_KEY, SECP256R1};
pub use limits::{HandshakeLimits, SessionLimits};
pub(crate) use link::{ByteLink, CHUNK, LENGTH, Wish};
pub use link::{Connection, Link, LinkState, SendError};
#[cfg(test)]
pub(crate) use memory::{ChainMemory, Remember};
pub(crate) use owner::finish;
pub use owner::run;
pub use parameters::{NameError, TlsParameters};
pub use pin::{PinError, PublicKeyPin};
pub use psk::{ExternalPsk, PskError};
pub use rustls_pki_types;
pub use signature::signature_to_der;
pub use trust::{MAX_ROOTS, TrustAnchors, TrustError};

#[cfg(test)]
pub(crate) mod test_pki;
