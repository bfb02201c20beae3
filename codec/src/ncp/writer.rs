//! Puts packets together.

use super::error::{NcpError, NcpErrorKind};
use super::to_value::ToValue;
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

    /// Begins a field: a reply has the name and the id of its request.
    #[must_use]
    pub fn numbered_field(mut self, name: &str, id: u32) -> Self {
        match self.ident(name) {
            Some(name) => self.field_as(name, id),
            None => self,
        }
    }

    /// Begins a field whose name is taken as it is: one that was received is
    /// written again byte for byte.
    #[must_use]
    pub fn field_as(mut self, name: Ident, id: u32) -> Self {
        let start = self.at;
        let mut header = [0; FIELD_HEADER_LEN];
        let words = [name.bytes(), [3, 0, 0, 0], id.to_le_bytes()];
        for (place, word) in header.as_chunks_mut::<WORD>().0.iter_mut().zip(words) {
            *place = word;
        }
        if self.put(&header) {
            self.field = Some(start);
        }
        self
    }

    /// Adds a parameter to the field that was begun last.
    #[inline]
    #[must_use]
    pub fn param(mut self, name: &str, value: impl ToValue) -> Self {
        let name = Ident::new(name).map_err(NcpErrorKind::Ident);
        self.try_param(name, &value);
        self
    }

    /// Adds a parameter whose name is taken as it is, as
    /// [`field_as`](Self::field_as) does.
    #[inline]
    #[must_use]
    pub fn param_as(mut self, name: Ident, value: impl ToValue) -> Self {
        self.try_param(Ok(name), &value);
        self
    }

    /// Adds a parameter, or keeps why not.
    fn try_param(&mut self, name: Result<Ident, NcpErrorKind>, value: &impl ToValue) {
        if self.error.is_none()
            && let Err(kind) = self.put_param(name, value)
        {
            self.error = Some(NcpError::new(kind, self.at));
        }
    }

    /// Writes a parameter behind what is there, with the new size of its field.
    #[inline]
    fn put_param(
        &mut self,
        name: Result<Ident, NcpErrorKind>,
        value: &impl ToValue,
    ) -> Result<(), NcpErrorKind> {
        let start = self.at;
        let field = self.field.ok_or(NcpErrorKind::NoField)?;
        let [n0, n1, n2, n3] = name?.bytes();
        let length = value.length();
        let padded = length
            .checked_next_multiple_of(WORD)
            .and_then(|length| length.checked_add(PARAM_HEADER_LEN))
            .ok_or(NcpErrorKind::TooLarge)?;
        let [s0, s1, s2] = size_of_words(padded)?;
        let end = start.checked_add(padded).ok_or(NcpErrorKind::TooLarge)?;
        let field_size = size_of_words(end.saturating_sub(field))?;
        value.check()?;
        let room = self.place.len().saturating_sub(FOOTER_LEN);
        let place = self.place.get_mut(..room);
        let (head, data) = place
            .and_then(|place| place.get_mut(start..end))
            .and_then(<[u8]>::split_first_chunk_mut::<PARAM_HEADER_LEN>)
            .ok_or(NcpErrorKind::NoSpace)?;
        *head = [n0, n1, n2, n3, s0, s1, s2, value.kind()];
        // What the value leaves of its last word is zeros.
        if let Some(last) = data.last_chunk_mut::<WORD>() {
            *last = [0; WORD];
        }
        if let Some(data) = data.get_mut(..length) {
            value.put(data);
        }
        let at = field.saturating_add(WORD);
        let sizes = self.place.get_mut(at..).and_then(<[u8]>::first_chunk_mut);
        if let Some(place) = sizes {
            *place = field_size;
        }
        self.at = end;
        Ok(())
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
                crate::bytes::copy(place, bytes);
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
fn size_of_words(bytes: usize) -> Result<[u8; 3], NcpErrorKind> {
    let words = bytes.checked_div(WORD).unwrap_or_default();
    let [s0, s1, s2, ..] = words.to_le_bytes();
    if words <= MAX_WORDS {
        Ok([s0, s1, s2])
    } else {
        Err(NcpErrorKind::TooLarge)
    }
}
