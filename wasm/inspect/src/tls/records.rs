//! The outside of records (RFC 8446, section 5.1), and how a stream of them is
//! recognised.

/// Bytes before every record's content.
pub(super) const HEADER: usize = 5;
/// The longest content of a record: 2^14 bytes and 256 that sealing may add.
const MAX_CONTENT: usize = (1 << 14) + 256;

/// Content types.
pub(super) const CHANGE_CIPHER_SPEC: u8 = 20;
pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const APPLICATION_DATA: u8 = 23;

/// A record at the begin of some bytes.
pub(super) enum Outside {
    /// More bytes are needed than there are.
    Short,
    /// No record begins so.
    Not,
    /// Its content type, and its length with its header.
    Record(u8, usize),
}

/// Looks at the header of a record.
pub(super) fn outside(bytes: &[u8]) -> Outside {
    let Some([kind, major, minor, length @ ..]) = bytes.first_chunk::<HEADER>() else {
        return Outside::Short;
    };
    let length = usize::from(u16::from_be_bytes(*length));
    let is_version = *major == 3 && *minor <= 4;
    if !(CHANGE_CIPHER_SPEC..=APPLICATION_DATA).contains(kind)
        || !is_version
        || length > MAX_CONTENT
        || length == 0
    {
        return Outside::Not;
    }
    match HEADER + length {
        whole if whole > bytes.len() => Outside::Short,
        whole => Outside::Record(*kind, whole),
    }
}

/// What a stream's first bytes look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Looks {
    /// No TLS.
    Plain,
    /// A ClientHello.
    Client,
    /// A ServerHello.
    Server,
    /// Records of a connection whose begin is not there.
    Midway,
}

/// What a stream is that begins so; none if more bytes are needed. `midway`: its
/// begin was not recorded.
pub(crate) fn looks(bytes: &[u8], midway: bool) -> Option<Looks> {
    let first = *bytes.first()?;
    let expected = if midway {
        (CHANGE_CIPHER_SPEC..=APPLICATION_DATA).contains(&first)
    } else {
        first == HANDSHAKE
    };
    if !expected || bytes.get(1).is_some_and(|major| *major != 3) {
        return Some(Looks::Plain);
    }
    let head = bytes.first_chunk::<{ HEADER + 1 }>()?;
    Some(match (outside(head), head[HEADER]) {
        (Outside::Not, _) => Looks::Plain,
        (_, 1) if first == HANDSHAKE => Looks::Client,
        (_, 2) if first == HANDSHAKE => Looks::Server,
        _ if midway => Looks::Midway,
        _ => Looks::Plain,
    })
}
