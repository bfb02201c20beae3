//! Files that are not what the tool reads, but hold it.

use crate::{Piece, Sink};

/// What such a file begins with, and what to do.
const BEGINS: [(&[u8], &str); 7] = [
    (b"\x1f\x8b", GZIP),
    (
        b"\x28\xb5\x2f\xfd",
        "compressed by zstd: unpack it (unzstd), then open what comes out",
    ),
    (
        b"\xfd7zXZ\0",
        "compressed by xz: unpack it (unxz), then open what comes out",
    ),
    (
        b"BZh",
        "compressed by bzip2: unpack it (bunzip2), then open what comes out",
    ),
    (
        b"PK\x03\x04",
        "a ZIP archive: unpack it, then open what comes out",
    ),
    (b"\xff\xfe", UTF16),
    (b"\xfe\xff", UTF16),
];
const GZIP: &str = "compressed by gzip: unpack it (gunzip), then open what comes out";
const UTF16: &str = "looks like text in UTF-16: save it as UTF-8, then open that";

/// Says what raw bytes look like that are most likely not frames.
pub(super) fn warn(begin: &[u8], sink: &mut dyn Sink) {
    if let Some((_, words)) = BEGINS.iter().find(|(magic, _)| begin.starts_with(magic)) {
        let message = (*words).into();
        sink.take(Piece::Problem { offset: 0, message });
    }
}

/// Whether a text is a key log in NSS's format (draft-ietf-tls-keylogfile): its first
/// line that is no comment has a label, the 32 bytes of a client random and a secret.
///
/// ```
/// use wigwag_inspect::input::is_key_log;
///
/// let line = format!("CLIENT_TRAFFIC_SECRET_0 {} {}", "ab".repeat(32), "cd".repeat(32));
/// assert!(is_key_log(line.as_bytes()));
/// assert!(!is_key_log(b"CLIENT_TRAFFIC_SECRET_0"));
/// assert!(!is_key_log(b"0000003d 0007 0001 41 52"));
/// ```
#[must_use]
pub fn is_key_log(begin: &[u8]) -> bool {
    let begin = begin.strip_prefix(super::detect::BOM).unwrap_or(begin);
    let mut lines = begin.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let Some(line) = lines.find(|line| !line.is_empty() && !line.starts_with(b"#")) else {
        return false;
    };
    let mut words = line.split(u8::is_ascii_whitespace);
    let is_hex = |word: &[u8]| word.iter().all(u8::is_ascii_hexdigit);
    let is_label = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
    match (words.next(), words.next(), words.next()) {
        (Some(label), Some(random), Some(secret)) => {
            let has_label = label.first().is_some_and(u8::is_ascii_uppercase)
                && label.contains(&b'_')
                && label.iter().all(is_label);
            let has_secret = secret.len() >= 32 && is_hex(secret);
            has_label && random.len() == 64 && is_hex(random) && has_secret
        }
        _ => false,
    }
}

/// What is said of a key log that stands where a recording should.
pub(super) const KEY_LOG: &str = "a key log of TLS connections, not a recording: open the recording of packets that it \
     belongs to, and give it this key log";
