use crate::ngtt::Digest;

/// One entry of the device's journal: what became of an order.
///
/// [`ClientSession::poll_persist`](super::ClientSession::poll_persist) hands
/// records out in the order in which they must become durable, and
/// [`ClientSession::restore`](super::ClientSession::restore) takes them in the
/// same order after a reboot. Of an order whose last record is
/// [`RecordKind::Released`] nothing needs to be kept.
///
/// ```
/// use wigwag_codec::ngtt::Digest;
/// use wigwag_codec::ngtt::client::{Record, RecordKind};
///
/// let record = Record { kind: RecordKind::Started, tid: 7, digest: Digest::of(b"x") };
/// assert_eq!(Record::from_bytes(&record.to_bytes()), Some(record));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Record {
    /// What happened.
    pub kind: RecordKind,
    /// The order's transaction id.
    pub tid: u16,
    /// The digest of the order's payload.
    pub digest: Digest,
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum RecordKind {
    /// The application is about to see it.
    Started,
    /// The application has answered it. The answer may reach the server only
    /// after this is durable.
    Executed(Answer),
    /// The server knows the answer, or does not want it any more.
    Released,
}

/// How the application answered an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Answer {
    /// It was executed: ORDER_CONFIRM.
    Confirm,
    /// It was refused: ORDER_REJECT.
    Reject,
}

impl Record {
    /// Bytes of a record.
    pub const LEN: usize = 20;
    /// The first byte of a record: the version of its form.
    const VERSION: u8 = 1;

    /// The stable byte form: version 1, kind (1 started, 2 confirmed, 3
    /// rejected, 4 released), `u16` transaction id big-endian, 16 bytes digest.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; Self::LEN] {
        let kind = match self.kind {
            RecordKind::Started => 1,
            RecordKind::Executed(Answer::Confirm) => 2,
            RecordKind::Executed(Answer::Reject) => 3,
            RecordKind::Released => 4,
        };
        let [t0, t1] = self.tid.to_be_bytes();
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = self.digest.0;
        [
            Self::VERSION,
            kind,
            t0,
            t1,
            a,
            b,
            c,
            d,
            e,
            f,
            g,
            h,
            i,
            j,
            k,
            l,
            m,
            n,
            o,
            p,
        ]
    }

    /// Reads the byte form; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let ([version, kind, t0, t1], digest) = bytes.split_first_chunk::<4>()?;
        let kind = match kind {
            1 => RecordKind::Started,
            2 => RecordKind::Executed(Answer::Confirm),
            3 => RecordKind::Executed(Answer::Reject),
            4 => RecordKind::Released,
            _ => return None,
        };
        let digest = Digest(digest.try_into().ok()?);
        (*version == Self::VERSION).then_some(Self {
            kind,
            tid: u16::from_be_bytes([*t0, *t1]),
            digest,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_form_is_stable() {
        let digest = Digest([0xab; 16]);
        let kinds = [
            (RecordKind::Started, 1),
            (RecordKind::Executed(Answer::Confirm), 2),
            (RecordKind::Executed(Answer::Reject), 3),
            (RecordKind::Released, 4),
        ];
        for (kind, number) in kinds {
            let record = Record {
                kind,
                tid: 0x1234,
                digest,
            };
            let bytes = record.to_bytes();
            assert_eq!(&bytes[..4], &[1, number, 0x12, 0x34]);
            assert_eq!(&bytes[4..], &[0xab; 16]);
            assert_eq!(Record::from_bytes(&bytes), Some(record));
        }
    }

    #[test]
    fn damaged_records_are_refused() {
        let bytes = Record {
            kind: RecordKind::Started,
            tid: 1,
            digest: Digest([0; 16]),
        }
        .to_bytes();
        assert_eq!(Record::from_bytes(&bytes[..19]), None);
        assert_eq!(Record::from_bytes(&[&bytes[..], &[0]].concat()), None);
        for kind in [0, 5, 255] {
            let mut bytes = bytes;
            bytes[1] = kind;
            assert_eq!(Record::from_bytes(&bytes), None);
        }
        let mut other_version = bytes;
        other_version[0] = 2;
        assert_eq!(Record::from_bytes(&other_version), None);
    }
}
