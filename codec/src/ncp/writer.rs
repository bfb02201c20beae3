//! Puts packets together.

use super::array::{Array, Element};
use super::error::{NcpError, NcpErrorKind};
use super::value::{Value, ValueType};
use super::{
    FIELD_HEADER_LEN, FOOTER, FOOTER_LEN, HEADER_LEN, Header, Ident, MAX_WORDS, PARAM_HEADER_LEN,
    Time, WORD,
};

/// Begins a packet of type `kind` in `place`: see [`PacketWriter`].
#[must_use]
pub fn packet<'p>(place: &'p mut [u8], kind: &str) -> PacketWriter<'p> {
    let (kind, error) = match Ident::new(kind) {
        Ok(kind) => (kind, None),
        Err(error) => (
            Ident::from_wire([0; 4]),
            Some(NcpError::new(NcpErrorKind::Ident(error), 4)),
        ),
    };
    let mut writer = PacketWriter::new(place, Header::new(kind));
    writer.error = writer.error.or(error);
    writer
}

/// Puts a packet together in a place of the caller's.
///
/// The first thing that is wrong is kept and told by [`finish`](Self::finish);
/// what follows it is left out.
///
/// ```
/// use wigwag_codec::ncp::packet;
///
/// let mut place = [0; 256];
/// let wire = packet(&mut place, "DSPC")
///     .field("SWEP")
///     .param("FSTA", 100_000_000_u64)
///     .param("DATA", &[1.0_f32, 2.5][..])
///     .field("TIME")
///     .param("SAMP", 1024)
///     .finish()?;
/// assert_eq!(wire.len(), 32 + 12 + 16 + 16 + 12 + 12 + 8);
/// # Ok::<(), wigwag_codec::ncp::NcpError>(())
/// ```
#[derive(Debug)]
pub struct PacketWriter<'p> {
    place: &'p mut [u8],
    header: Header,
    /// How many bytes are written.
    at: usize,
    /// Where the field that is being written begins.
    field: Option<usize>,
    error: Option<NcpError>,
}

impl<'p> PacketWriter<'p> {
    /// Begins a packet with `header`, whose type is taken as it is.
    #[must_use]
    pub fn new(place: &'p mut [u8], header: Header) -> Self {
        Self {
            place,
            header,
            at: HEADER_LEN,
            field: None,
            error: None,
        }
    }

    /// With another packet id than 1.
    #[must_use]
    pub const fn id(mut self, id: u32) -> Self {
        self.header.id = id;
        self
    }

    /// With the time when it was made.
    #[must_use]
    pub const fn at(mut self, time: Time) -> Self {
        self.header.time = time;
        self
    }

    /// With who made it.
    #[must_use]
    pub const fn from(mut self, info: [u8; 4]) -> Self {
        self.header.info = info;
        self
    }

    /// Begins a field with id 0.
    #[must_use]
    pub fn field(self, name: &str) -> Self {
        self.numbered_field(name, 0)
    }

    /// Begins a field: an answer has the name and the id of its question.
    #[must_use]
    pub fn numbered_field(mut self, name: &str, id: u32) -> Self {
        let start = self.at;
        let Some(name) = self.ident(name) else {
            return self;
        };
        let mut header = [0; FIELD_HEADER_LEN];
        let words = [name.bytes(), [3, 0, 0, 0], id.to_le_bytes()];
        for (place, word) in header.chunks_exact_mut(WORD).zip(words) {
            place.copy_from_slice(&word);
        }
        if self.put(&header) {
            self.field = Some(start);
        }
        self
    }

    /// Adds a parameter to the field.
    #[must_use]
    pub fn param(mut self, name: &str, value: impl ToValue) -> Self {
        let start = self.at;
        let Some(field) = self.field else {
            return self.fail(NcpErrorKind::NoField);
        };
        let Some(name) = self.ident(name) else {
            return self;
        };
        let length = value.length();
        let padded = length
            .checked_next_multiple_of(WORD)
            .and_then(|length| length.checked_add(PARAM_HEADER_LEN));
        let in_field = padded.map(|padded| start.saturating_sub(field).saturating_add(padded));
        let (Some(padded), Some(size), Some(field_size)) = (
            padded,
            padded.and_then(size_of_words),
            in_field.and_then(size_of_words),
        ) else {
            return self.fail(NcpErrorKind::TooLarge);
        };
        if let Err(kind) = value.check() {
            return self.fail(kind);
        }
        let end = start.saturating_add(padded);
        let room = self.place.len().saturating_sub(FOOTER_LEN);
        let place = self.place.get_mut(start..end).filter(|_| end <= room);
        let Some(place) = place else {
            return self.fail(NcpErrorKind::NoSpace);
        };
        let [s0, s1, s2] = size;
        let [n0, n1, n2, n3] = name.bytes();
        place.fill(0);
        if let Some((head, data)) = place.split_first_chunk_mut::<PARAM_HEADER_LEN>() {
            *head = [n0, n1, n2, n3, s0, s1, s2, value.kind()];
            if let Some(data) = data.get_mut(..length) {
                value.put(data);
            }
        }
        let at = field.saturating_add(WORD);
        let sizes = self.place.get_mut(at..).and_then(<[u8]>::first_chunk_mut);
        if let Some(place) = sizes {
            *place = field_size;
        }
        self.at = end;
        self
    }

    /// Completes the packet, and returns its bytes.
    ///
    /// # Errors
    /// The first thing that was wrong.
    pub fn finish(mut self) -> Result<&'p [u8], NcpError> {
        self.put(&FOOTER);
        if let Some(error) = self.error {
            return Err(error);
        }
        let words = self.at.checked_div(WORD).unwrap_or_default();
        let Ok(words) = u32::try_from(words) else {
            return Err(NcpError::new(NcpErrorKind::TooLarge, 8));
        };
        let place = self.place;
        if let Some(head) = place.first_chunk_mut() {
            *head = self.header.write(words);
        }
        // It was written up to there.
        Ok(place.get(..self.at).unwrap_or_default())
    }

    fn fail(mut self, kind: NcpErrorKind) -> Self {
        self.error = self.error.or(Some(NcpError::new(kind, self.at)));
        self
    }

    fn ident(&mut self, name: &str) -> Option<Ident> {
        if self.error.is_some() {
            return None;
        }
        match Ident::new(name) {
            Ok(name) => Some(name),
            Err(error) => {
                self.error = Some(NcpError::new(NcpErrorKind::Ident(error), self.at));
                None
            }
        }
    }

    fn put(&mut self, bytes: &[u8]) -> bool {
        let end = self.at.saturating_add(bytes.len());
        match self.place.get_mut(self.at..end) {
            Some(place) if self.error.is_none() => {
                place.copy_from_slice(bytes);
                self.at = end;
                true
            }
            _ => {
                self.error = self
                    .error
                    .or(Some(NcpError::new(NcpErrorKind::NoSpace, self.at)));
                false
            }
        }
    }
}

/// So many bytes in words, as the wire has them.
fn size_of_words(bytes: usize) -> Option<[u8; 3]> {
    let words = bytes.checked_div(WORD)?;
    let [s0, s1, s2, ..] = words.to_le_bytes();
    (words <= MAX_WORDS).then_some([s0, s1, s2])
}

/// What can be the value of a parameter. `bool` is sent as 0 or 1 of 32 bits,
/// `&[u8]` as raw bytes.
pub trait ToValue: sealed::Put {}

impl<T: sealed::Put> ToValue for T {}

mod sealed {
    use super::super::error::NcpErrorKind;

    /// How a value is written.
    pub trait Put {
        /// The number of its type.
        fn kind(&self) -> u8;
        /// How many bytes it has.
        fn length(&self) -> usize;
        /// Writes it to `place`, which has so many.
        fn put(&self, place: &mut [u8]);
        /// Why it cannot be sent.
        fn check(&self) -> Result<(), NcpErrorKind> {
            Ok(())
        }
    }
}

use sealed::Put;

macro_rules! scalar {
    ($($number:ty => $kind:ident;)*) => {$(
        impl Put for $number {
            fn kind(&self) -> u8 {
                ValueType::$kind as u8
            }

            fn length(&self) -> usize {
                size_of::<Self>()
            }

            fn put(&self, place: &mut [u8]) {
                place.copy_from_slice(&self.to_le_bytes());
            }
        }
    )*};
}
macro_rules! array {
    ($($number:ty => $kind:ident;)*) => {$(
        impl Put for &[$number] {
            fn kind(&self) -> u8 {
                ValueType::$kind as u8
            }

            fn length(&self) -> usize {
                size_of_val(*self)
            }

            fn put(&self, place: &mut [u8]) {
                let each = place.chunks_exact_mut(size_of::<$number>());
                for (place, number) in each.zip(*self) {
                    place.copy_from_slice(&number.to_le_bytes());
                }
            }
        }
    )*};
}

scalar! {
    i32 => I32;
    u32 => U32;
    i64 => I64;
    u64 => U64;
    f32 => F32;
    f64 => F64;
}

array! {
    u16 => U16s;
    u32 => U32s;
    i8 => I8s;
    i16 => I16s;
    i32 => I32s;
    u64 => U64s;
    i64 => I64s;
    f32 => F32s;
    f64 => F64s;
}

impl Put for bool {
    fn kind(&self) -> u8 {
        ValueType::I32 as u8
    }

    fn length(&self) -> usize {
        WORD
    }

    fn put(&self, place: &mut [u8]) {
        i32::from(*self).put(place);
    }
}

impl Put for &str {
    fn kind(&self) -> u8 {
        ValueType::Str as u8
    }

    fn length(&self) -> usize {
        // With the NUL at its end.
        self.len().saturating_add(1)
    }

    fn put(&self, place: &mut [u8]) {
        if let Some(place) = place.get_mut(..self.len()) {
            place.copy_from_slice(self.as_bytes());
        }
    }

    fn check(&self) -> Result<(), NcpErrorKind> {
        if self.contains('\0') {
            return Err(NcpErrorKind::Nul);
        }
        Ok(())
    }
}

impl Put for &[u8] {
    fn kind(&self) -> u8 {
        ValueType::Raw as u8
    }

    fn length(&self) -> usize {
        self.len()
    }

    fn put(&self, place: &mut [u8]) {
        place.copy_from_slice(self);
    }
}

impl Put for Value<'_> {
    fn kind(&self) -> u8 {
        Self::kind(self)
    }

    fn length(&self) -> usize {
        self.with(|value| value.length())
    }

    fn put(&self, place: &mut [u8]) {
        self.with(|value| value.put(place));
    }

    fn check(&self) -> Result<(), NcpErrorKind> {
        self.with(|value| value.check())
    }
}

impl Value<'_> {
    /// Shows `f` something that is written as the value is.
    fn with<T>(&self, f: impl FnOnce(&dyn Put) -> T) -> T {
        fn bytes<'a, N: Element>(array: &Array<'a, N>) -> &'a [u8] {
            array.bytes()
        }
        let raw = match self {
            Self::I32(number) => return f(number),
            Self::U32(number) => return f(number),
            Self::I64(number) => return f(number),
            Self::U64(number) => return f(number),
            Self::F32(number) => return f(number),
            Self::F64(number) => return f(number),
            Self::Str(text) => return f(text),
            Self::Raw(raw) => raw,
            Self::U8s(array) => bytes(array),
            Self::U16s(array) => bytes(array),
            Self::U32s(array) => bytes(array),
            Self::I8s(array) => bytes(array),
            Self::I16s(array) => bytes(array),
            Self::I32s(array) => bytes(array),
            Self::U64s(array) => bytes(array),
            Self::I64s(array) => bytes(array),
            Self::F32s(array) => bytes(array),
            Self::F64s(array) => bytes(array),
            Self::Unknown { bytes, .. } => bytes,
        };
        f(&raw)
    }
}
