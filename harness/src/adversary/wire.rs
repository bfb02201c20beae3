//! The numbers of TLS 1.3 (RFC 8446), and its lengths before bytes.

/// Types of records (RFC 8446 section 5.1).
pub mod content {
    /// change_cipher_spec
    pub const CHANGE_CIPHER_SPEC: u8 = 20;
    /// alert
    pub const ALERT: u8 = 21;
    /// handshake
    pub const HANDSHAKE: u8 = 22;
    /// application_data, and every protected record
    pub const APPLICATION_DATA: u8 = 23;
    /// heartbeat (RFC 6520), which nobody here has offered
    pub const HEARTBEAT: u8 = 24;
}

/// Types of handshake messages (RFC 8446 section 4).
pub mod handshake {
    /// client_hello
    pub const CLIENT_HELLO: u8 = 1;
    /// server_hello
    pub const SERVER_HELLO: u8 = 2;
    /// new_session_ticket
    pub const NEW_SESSION_TICKET: u8 = 4;
    /// encrypted_extensions
    pub const ENCRYPTED_EXTENSIONS: u8 = 8;
    /// certificate
    pub const CERTIFICATE: u8 = 11;
    /// certificate_request
    pub const CERTIFICATE_REQUEST: u8 = 13;
    /// certificate_verify
    pub const CERTIFICATE_VERIFY: u8 = 15;
    /// finished
    pub const FINISHED: u8 = 20;
    /// key_update
    pub const KEY_UPDATE: u8 = 24;

    /// Every type that any version of TLS has had, and three that none has.
    pub const ALL: [u8; 24] = [
        0, 1, 2, 3, 4, 5, 6, 8, 11, 12, 13, 14, 15, 16, 20, 21, 22, 23, 24, 25, 67, 99, 254, 255,
    ];
}

/// Types of extensions (RFC 8446 section 4.2).
pub mod extension {
    /// server_name
    pub const SERVER_NAME: u16 = 0;
    /// supported_groups
    pub const SUPPORTED_GROUPS: u16 = 10;
    /// signature_algorithms
    pub const SIGNATURE_ALGORITHMS: u16 = 13;
    /// application_layer_protocol_negotiation
    pub const ALPN: u16 = 16;
    /// pre_shared_key
    pub const PRE_SHARED_KEY: u16 = 41;
    /// early_data
    pub const EARLY_DATA: u16 = 42;
    /// supported_versions
    pub const SUPPORTED_VERSIONS: u16 = 43;
    /// cookie
    pub const COOKIE: u16 = 44;
    /// key_share
    pub const KEY_SHARE: u16 = 51;
    /// A number that means nothing (RFC 8701).
    pub const GREASE: u16 = 0x5a5a;
}

/// Descriptions of alerts (RFC 8446 section 6), with those of older versions.
pub const ALERTS: [u8; 35] = [
    0, 10, 20, 21, 22, 30, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 60, 70, 71, 80, 86, 90,
    100, 109, 110, 111, 112, 113, 114, 115, 116, 120, 255,
];

/// `secp256r1` (RFC 8446 section 4.2.7).
pub const SECP256R1: u16 = 0x0017;
/// `ecdsa_secp256r1_sha256` (RFC 8446 section 4.2.3).
pub const ECDSA_SECP256R1_SHA256: u16 = 0x0403;
/// `TLS_AES_128_GCM_SHA256` (RFC 8446 appendix B.4).
pub const AES_128_GCM_SHA256: u16 = 0x1301;
/// TLS 1.2's version number, which TLS 1.3 shows to old middleboxes.
pub const TLS12: u16 = 0x0303;
/// TLS 1.3's version number.
pub const TLS13: u16 = 0x0304;
/// The random of a ServerHello that is a HelloRetryRequest (RFC 8446
/// section 4.1.3).
pub const RETRY_RANDOM: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// A record with the usual version, around any body. A body that is too long
/// for the field is written whole behind a length that is cut.
#[must_use]
pub fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind, 3, 3];
    bytes.extend(vector16(body));
    bytes
}

/// A handshake message.
#[must_use]
pub fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend(vector24(body));
    bytes
}

/// An alert's two bytes.
#[must_use]
pub fn alert(level: u8, description: u8) -> Vec<u8> {
    vec![level, description]
}

/// One byte of length, then `body`.
#[must_use]
pub fn vector8(body: &[u8]) -> Vec<u8> {
    vector(1, body)
}

/// Two bytes of length, then `body`.
#[must_use]
pub fn vector16(body: &[u8]) -> Vec<u8> {
    vector(2, body)
}

/// Three bytes of length, then `body`.
#[must_use]
pub fn vector24(body: &[u8]) -> Vec<u8> {
    vector(3, body)
}

fn vector(width: usize, body: &[u8]) -> Vec<u8> {
    let length = body.len().to_be_bytes();
    let mut bytes = length[length.len() - width..].to_vec();
    bytes.extend_from_slice(body);
    bytes
}

/// Reads lengths and numbers, and says `None` when they are not there.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn number(&mut self, width: usize) -> Option<usize> {
        let bytes = self.bytes(width)?;
        Some(
            bytes
                .iter()
                .fold(0, |number, byte| number << 8 | usize::from(*byte)),
        )
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.number(2).and_then(|number| u16::try_from(number).ok())
    }

    /// What stands behind a length of `width` bytes.
    pub(super) fn vector(&mut self, width: usize) -> Option<&'a [u8]> {
        let length = self.number(width)?;
        self.bytes(length)
    }

    /// One handshake message: its type and body.
    pub(super) fn message(&mut self) -> Option<(u8, &'a [u8])> {
        let mut ahead = Reader(self.0);
        let kind = u8::try_from(ahead.number(1)?).ok()?;
        let body = ahead.vector(3)?;
        self.0 = ahead.0;
        Some((kind, body))
    }
}
