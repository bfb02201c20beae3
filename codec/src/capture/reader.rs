//! Reading a capture, in any chunking.

use super::LABEL;
use super::error::{CaptureError, CaptureErrorKind};
use super::head::{self, Head, major, simple};
use super::record::{Direction, Record, kind};
use super::skip::Skip;

/// What a [`Reader`] believes at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// Bytes of one [`Record::Bytes`]; 64 MiB.
    pub bytes: u32,
    /// Bytes of a text; 4 KiB.
    pub text: u32,
}

impl Limits {
    /// The limits that are named at the fields.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            bytes: 64 << 20,
            text: 4 << 10,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

/// What a [`Reader`] found at the start of the bytes it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Step<'a> {
    /// Nothing can be said before there are at least this many bytes in total.
    /// Always more than there are now, and never more than the limits allow: a head
    /// of at most 64 bytes, two texts and the bytes.
    Need(usize),
    /// A label; connections are counted anew.
    Label {
        /// How many bytes it took.
        consumed: usize,
    },
    /// A record.
    Record {
        /// The record.
        record: Record<'a>,
        /// How many bytes it took.
        consumed: usize,
    },
    /// (Some of) what is not known and left out.
    Skipped {
        /// How many bytes it took.
        consumed: usize,
    },
}

/// Reads a capture: looks at the start of what has arrived, and keeps nothing of it.
///
/// After each [`Step`] with `consumed`, the next call gets the bytes behind those;
/// after [`Step::Need`], the same bytes and more.
#[derive(Clone, Debug)]
pub struct Reader {
    limits: Limits,
    /// Whether the capture's begin has been looked at.
    begun: bool,
    skip: Skip,
    offset: u64,
    skipped: u64,
    failed: Option<CaptureError>,
}

/// Why a record is not there.
enum Stop {
    Need(usize),
    Fault(CaptureErrorKind, usize),
}

impl Reader {
    /// A reader at the begin of a capture.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            begun: false,
            skip: Skip::default(),
            offset: 0,
            skipped: 0,
            failed: None,
        }
    }

    /// A reader in the middle of a capture, `offset` bytes from its begin, where a
    /// record begins.
    #[must_use]
    pub fn resume(limits: Limits, offset: u64) -> Self {
        Self {
            begun: true,
            offset,
            ..Self::new(limits)
        }
    }

    /// Bytes of the capture that were consumed.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Items that were left out because nobody knows them, or because of an error.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Looks at the start of `prefix`, which is what has arrived of the capture
    /// behind [`Reader::offset`].
    ///
    /// # Errors
    /// After one that is not [fatal](CaptureErrorKind::is_fatal), the next call goes
    /// on with the same bytes, and leaves the record out (or, where the label is
    /// missing, reads on without). A fatal one is told again by every call.
    pub fn step<'a>(&mut self, prefix: &'a [u8]) -> Result<Step<'a>, CaptureError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        if prefix.is_empty() {
            return Ok(Step::Need(1));
        }
        if !self.skip.is_done() {
            return self.leave_out(prefix);
        }
        if prefix.starts_with(&LABEL) {
            self.begun = true;
            let consumed = LABEL.len();
            self.advance(consumed);
            return Ok(Step::Label { consumed });
        }
        if LABEL.starts_with(prefix) {
            return Ok(Step::Need(LABEL.len()));
        }
        if !self.begun {
            self.begun = true;
            return Err(self.error(CaptureErrorKind::NotLabelled, 0));
        }
        match self.record(prefix) {
            Ok(Some((record, consumed))) => {
                self.advance(consumed);
                Ok(Step::Record { record, consumed })
            }
            Ok(None) => {
                self.leave_item_out();
                self.leave_out(prefix)
            }
            Err(Stop::Need(total)) => Ok(Step::Need(total)),
            Err(Stop::Fault(kind, at)) => {
                let error = self.error(kind, at);
                if kind.is_fatal() {
                    self.failed = Some(error);
                } else {
                    self.leave_item_out();
                }
                Err(error)
            }
        }
    }

    /// To be asked at the end of the capture, with the number of bytes that were
    /// not consumed.
    ///
    /// # Errors
    /// [`CaptureErrorKind::Truncated`] if it ends within an item, at the offset
    /// where the item (or what remained of it to be skipped) begins.
    pub fn finish(&self, left: usize) -> Result<(), CaptureError> {
        if left > 0 || !self.skip.is_done() {
            return Err(self.error(CaptureErrorKind::Truncated, 0));
        }
        Ok(())
    }

    fn error(&self, kind: CaptureErrorKind, at: usize) -> CaptureError {
        CaptureError::new(kind, self.offset.saturating_add(at as u64))
    }

    fn advance(&mut self, consumed: usize) {
        self.offset = self.offset.saturating_add(consumed as u64);
    }

    fn leave_item_out(&mut self) {
        self.skip = Skip::items(1);
        self.skipped = self.skipped.saturating_add(1);
    }

    fn leave_out<'a>(&mut self, prefix: &'a [u8]) -> Result<Step<'a>, CaptureError> {
        match self.skip.advance(prefix) {
            // Less than a head has arrived.
            Ok(0) => Ok(Step::Need(prefix.len().saturating_add(1))),
            Ok(consumed) => {
                self.advance(consumed);
                Ok(Step::Skipped { consumed })
            }
            Err((kind, at)) => {
                let error = self.error(kind, at);
                self.failed = Some(error);
                Err(error)
            }
        }
    }

    /// The record at the start of `bytes` and its length; `None` if it is an item
    /// that is not known.
    fn record<'a>(&mut self, bytes: &'a [u8]) -> Result<Option<(Record<'a>, usize)>, Stop> {
        let mut cursor = Cursor { bytes, at: 0 };
        let array = cursor.head()?;
        if array.major != major::ARRAY || array.argument == 0 {
            return Ok(None);
        }
        let kind = cursor.head()?;
        let number = u8::try_from(kind.argument).unwrap_or(u8::MAX);
        let elements = match (kind.major, number) {
            (major::UNSIGNED, kind::OPEN | kind::GAP) => 6_u64,
            (major::UNSIGNED, kind::BYTES) => 5,
            (major::UNSIGNED, kind::END) => 4,
            (major::UNSIGNED, kind::DROPPED) => 3,
            _ => return Ok(None),
        };
        let more = array.argument.checked_sub(elements);
        let more = more.ok_or(Stop::Fault(CaptureErrorKind::TooFewElements, 0))?;
        let record = match number {
            kind::OPEN => Record::Open {
                connection: cursor.u32()?,
                time: cursor.u64()?,
                protocol: cursor.optional_u32()?,
                device: cursor.text(self.limits.text)?,
                server: cursor.text(self.limits.text)?,
            },
            kind::BYTES => Record::Bytes {
                connection: cursor.u32()?,
                time: cursor.u64()?,
                direction: cursor.direction()?,
                bytes: cursor.string(major::BYTES, self.limits.bytes)?,
            },
            kind::GAP => Record::Gap {
                connection: cursor.u32()?,
                time: cursor.u64()?,
                direction: cursor.direction()?,
                missing: cursor.u64()?,
                aligned: cursor.bool()?,
            },
            kind::END => Record::End {
                connection: cursor.u32()?,
                time: cursor.u64()?,
                reason: cursor.text(self.limits.text)?,
            },
            _ => Record::Dropped {
                time: cursor.u64()?,
                count: cursor.u64()?,
            },
        };
        self.skip = Skip::items(more);
        Ok(Some((record, cursor.at)))
    }
}

/// The elements of a record, one after another.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The next head, without going past it.
    fn peek(&self) -> Result<Head, Stop> {
        head::read(self.rest()).map_err(|why| match why {
            Ok(needed) => Stop::Need(self.at.saturating_add(needed)),
            Err(kind) => Stop::Fault(kind, self.at),
        })
    }

    fn head(&mut self) -> Result<Head, Stop> {
        let head = self.peek()?;
        self.at = self.at.saturating_add(head.size);
        Ok(head)
    }

    const fn fault<T>(&self, kind: CaptureErrorKind) -> Result<T, Stop> {
        Err(Stop::Fault(kind, self.at))
    }

    /// The argument of the next item, which must be of this major type; `convert`
    /// says what it stands for.
    fn item<T>(&mut self, wanted: u8, convert: impl FnOnce(u64) -> Option<T>) -> Result<T, Stop> {
        let head = self.peek()?;
        if head.major != wanted {
            return self.fault(CaptureErrorKind::WrongType);
        }
        let Some(value) = convert(head.argument) else {
            return self.fault(CaptureErrorKind::OutOfRange);
        };
        self.at = self.at.saturating_add(head.size);
        Ok(value)
    }

    fn u64(&mut self) -> Result<u64, Stop> {
        self.item(major::UNSIGNED, Some)
    }

    fn u32(&mut self) -> Result<u32, Stop> {
        self.item(major::UNSIGNED, |value| u32::try_from(value).ok())
    }

    fn optional_u32(&mut self) -> Result<Option<u32>, Stop> {
        if self.peek()?.major == major::SIMPLE {
            return self
                .simple(|value| (value == simple::NULL).then_some(()))
                .map(|()| None);
        }
        self.u32().map(Some)
    }

    fn direction(&mut self) -> Result<Direction, Stop> {
        self.item(major::UNSIGNED, |value| match value {
            0 => Some(Direction::ToServer),
            1 => Some(Direction::ToDevice),
            _ => None,
        })
    }

    fn bool(&mut self) -> Result<bool, Stop> {
        self.simple(|value| match value {
            simple::FALSE => Some(false),
            simple::TRUE => Some(true),
            _ => None,
        })
    }

    /// A simple value. Floats are of the same major type, in longer heads.
    fn simple<T>(&mut self, convert: impl FnOnce(u64) -> Option<T>) -> Result<T, Stop> {
        let head = self.peek()?;
        let value = (head.major == major::SIMPLE && head.size == 1).then_some(head.argument);
        let Some(value) = value.and_then(convert) else {
            return self.fault(CaptureErrorKind::WrongType);
        };
        self.at = self.at.saturating_add(head.size);
        Ok(value)
    }

    fn string(&mut self, wanted: u8, limit: u32) -> Result<&'a [u8], Stop> {
        let head = self.peek()?;
        if head.major != wanted {
            return self.fault(CaptureErrorKind::WrongType);
        }
        let length = head.argument;
        let allowed = u32::try_from(length).ok().filter(|some| *some <= limit);
        let Some(Ok(size)) = allowed.map(usize::try_from) else {
            return self.fault(CaptureErrorKind::TooLong { length, limit });
        };
        let begin = self.at.saturating_add(head.size);
        let end = begin.saturating_add(size);
        let string = self.bytes.get(begin..end).ok_or(Stop::Need(end))?;
        self.at = end;
        Ok(string)
    }

    fn text(&mut self, limit: u32) -> Result<&'a str, Stop> {
        let at = self.at;
        let bytes = self.string(major::TEXT, limit)?;
        core::str::from_utf8(bytes).map_err(|_| Stop::Fault(CaptureErrorKind::NotUtf8, at))
    }
}
