//! Packets where they lie.

use core::ops::Range;

use super::error::{NcpError, NcpErrorKind, NcpWarning, NcpWarningKind};
use super::rest::Rest;
use super::value::{Value, ValueType};
use super::{
    FIELD_HEADER_LEN, FOOTER_LEN, HEADER_LEN, Header, Ident, MARK, PARAM_HEADER_LEN, WORD,
};

/// A view of a packet whose structure is sound: the sizes of its fields and
/// parameters, in words, are at least those of their headers, and none goes
/// beyond what it is in. Values are looked at when they are asked for.
///
/// Real nodes are known to put a second footer into the middle of a packet.
/// Where a field or a parameter could begin, one is passed over, and
/// [`warnings`](Self::warnings) tells where it stood. (As a field it would be
/// one of 53 MB without a name.)
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    header: Header,
    body: &'a [u8],
}

impl<'a> Packet<'a> {
    /// Reads `bytes`, which are one packet and nothing else.
    ///
    /// # Errors
    /// [`NcpErrorKind::Magic`], [`Footer`](NcpErrorKind::Footer),
    /// [`Truncated`](NcpErrorKind::Truncated), [`TooShort`](NcpErrorKind::TooShort),
    /// [`TooLong`](NcpErrorKind::TooLong), [`Nanoseconds`](NcpErrorKind::Nanoseconds)
    /// or [`Trailing`](NcpErrorKind::Trailing), with the offset of what is wrong.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, NcpError> {
        let (packet, consumed) = Self::decode_prefix(bytes)?;
        if consumed < bytes.len() {
            return Err(NcpError::new(NcpErrorKind::Trailing, consumed));
        }
        Ok(packet)
    }

    /// Reads the packet that `bytes` begin with, and says how many bytes it has.
    ///
    /// # Errors
    /// As [`decode`](Self::decode), without
    /// [`Trailing`](NcpErrorKind::Trailing).
    pub fn decode_prefix(bytes: &'a [u8]) -> Result<(Self, usize), NcpError> {
        let error = |kind, offset| Err(NcpError::new(kind, offset));
        let Some((head, rest)) = bytes.split_first_chunk::<HEADER_LEN>() else {
            return error(NcpErrorKind::Truncated, bytes.len());
        };
        let (header, words) = Header::read(head)?;
        let length = length_of(words).map_err(|kind| NcpError::new(kind, 8))?;
        let end = length.saturating_sub(HEADER_LEN);
        let Some(rest) = rest.get(..end) else {
            return error(NcpErrorKind::Truncated, bytes.len());
        };
        let Some((body, footer)) = rest.split_last_chunk::<FOOTER_LEN>() else {
            return error(NcpErrorKind::TooShort(words), 8);
        };
        if !footer.ends_with(&MARK) {
            return error(NcpErrorKind::Footer, length.saturating_sub(WORD));
        }
        Ok((Self::from_parts(header, body)?, length))
    }

    /// The packet of a header and the bytes between it and the footer, as
    /// [`NcpFramer`](super::NcpFramer) gives them.
    ///
    /// # Errors
    /// As [`decode`](Self::decode), with offsets as in the whole packet.
    pub fn from_parts(header: Header, body: &'a [u8]) -> Result<Self, NcpError> {
        let mut fields = Fields::new(body);
        loop {
            fields.rest.skip_footers();
            if fields.rest.bytes.is_empty() {
                return Ok(Self { header, body });
            }
            Field::take(&mut fields.rest)?.check()?;
        }
    }

    /// Its type, id, time and sender.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Its type, as `LINK` or `DSPC`.
    #[must_use]
    pub const fn kind(&self) -> Ident {
        self.header.kind
    }

    /// Its fields, in their order.
    #[must_use]
    pub const fn fields(&self) -> Fields<'a> {
        Fields::new(self.body)
    }

    /// The first field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Field<'a>> {
        self.fields().find(|field| field.name == *name)
    }

    /// What is odd about it and was passed over: footers in its middle, and
    /// parameters of unknown types.
    #[must_use]
    pub const fn warnings(&self) -> Warnings<'a> {
        Warnings {
            fields: self.fields(),
            params: Params { rest: Rest::EMPTY },
        }
    }
}

/// How many bytes a packet of so many words has, if that is enough for its
/// header and footer, and no more than this machine can count.
pub(super) fn length_of(words: u32) -> Result<usize, NcpErrorKind> {
    let length = usize::try_from(words)
        .ok()
        .and_then(|words| words.checked_mul(WORD))
        .ok_or(NcpErrorKind::TooLong(words))?;
    if length < HEADER_LEN.saturating_add(FOOTER_LEN) {
        return Err(NcpErrorKind::TooShort(words));
    }
    Ok(length)
}

/// A field: a command, or a reply to one, with its parameters.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// Its name.
    pub name: Ident,
    /// Its id, by which a reply finds its request.
    pub id: u32,
    /// Where its header stands, in bytes from the start of the packet.
    pub offset: usize,
    params: &'a [u8],
}

impl<'a> Field<'a> {
    /// The field that stands here.
    #[inline]
    fn take(rest: &mut Rest<'a>) -> Result<Self, NcpError> {
        let part = rest.take::<FIELD_HEADER_LEN>()?;
        let Some((id, params)) = part.content.split_first_chunk() else {
            return Err(NcpError::new(NcpErrorKind::Truncated, part.offset));
        };
        Ok(Self {
            name: part.name,
            id: u32::from_le_bytes(*id),
            offset: part.offset,
            params,
        })
    }

    /// Whether its parameters fill it.
    fn check(&self) -> Result<(), NcpError> {
        let mut rest = self.params().rest;
        loop {
            rest.skip_footers();
            if rest.bytes.is_empty() {
                return Ok(());
            }
            rest.take::<PARAM_HEADER_LEN>()?;
        }
    }

    /// Where it stands in the packet, its header and its parameters included.
    #[must_use]
    pub const fn range(&self) -> Range<usize> {
        let length = self.params.len().saturating_add(FIELD_HEADER_LEN);
        self.offset..self.offset.saturating_add(length)
    }

    /// Its parameters, in their order.
    #[must_use]
    pub const fn params(&self) -> Params<'a> {
        Params {
            rest: Rest {
                bytes: self.params,
                offset: self.offset.saturating_add(FIELD_HEADER_LEN),
            },
        }
    }

    /// The parameter of this name; the last if there are several, as ncplib has
    /// it.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<Param<'a>> {
        self.params().filter(|param| param.name == *name).last()
    }

    /// The value of the parameter of this name, `None` if there is none.
    ///
    /// A parameter of an unknown type is [`Value::Unknown`]: never the value of
    /// another parameter, not even of one of the same name before it.
    ///
    /// ```
    /// use wigwag_codec::ncp::{Packet, Value, packet};
    ///
    /// let mut place = [0; 128];
    /// let wire = packet(&mut place, "DSPC").field("TIME").param("SAMP", 1024).finish()?;
    /// let packet = Packet::decode(wire)?;
    /// let time = packet.field("TIME").unwrap();
    /// assert_eq!(time.get("SAMP")?, Some(Value::I32(1024)));
    /// assert_eq!(time.get("FCTR")?, None);
    /// # Ok::<(), wigwag_codec::ncp::NcpError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Param::value`].
    pub fn get(&self, name: &str) -> Result<Option<Value<'a>>, NcpError> {
        self.param(name).map(|param| param.value()).transpose()
    }
}

/// A parameter: a name and a value.
#[derive(Clone, Copy, Debug)]
pub struct Param<'a> {
    /// Its name.
    pub name: Ident,
    /// The number of its type, which [`ValueType::from_u8`] may know.
    pub kind: u8,
    /// Where its header stands, in bytes from the start of the packet.
    pub offset: usize,
    data: &'a [u8],
}

impl<'a> Param<'a> {
    /// Where it stands in the packet, its header included.
    #[must_use]
    pub const fn range(&self) -> Range<usize> {
        let length = self.data.len().saturating_add(PARAM_HEADER_LEN);
        self.offset..self.offset.saturating_add(length)
    }

    /// The bytes of its value, with what fills the last word.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.data
    }

    /// Its value.
    ///
    /// # Errors
    /// [`NcpErrorKind::ValueSize`] where the type does not allow so many bytes: a
    /// number has exactly as many as its type says, an array of 64-bit numbers
    /// a multiple of eight. [`NcpErrorKind::Text`] for a string that is not
    /// UTF-8.
    pub fn value(&self) -> Result<Value<'a>, NcpError> {
        let offset = self.offset.saturating_add(PARAM_HEADER_LEN);
        Value::read(self.kind, self.data, offset)
    }
}

/// The fields of a [`Packet`].
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    rest: Rest<'a>,
}

impl<'a> Fields<'a> {
    /// The fields of a body that nobody has checked, such as one that
    /// [`Packet::from_parts`] refuses: they end where something is wrong with
    /// them, and so do the parameters of each. [`fault`](Self::fault) says what.
    #[must_use]
    pub const fn new(body: &'a [u8]) -> Self {
        Self {
            rest: Rest {
                bytes: body,
                offset: HEADER_LEN,
            },
        }
    }

    /// Why there is no field where the next one should begin; `None` if there is
    /// one, or nothing is left. Offsets count from the start of the packet.
    #[must_use]
    pub fn fault(&self) -> Option<NcpError> {
        let mut rest = self.rest;
        rest.skip_footers();
        if rest.bytes.is_empty() {
            return None;
        }
        rest.take::<FIELD_HEADER_LEN>().err()
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    #[inline]
    fn next(&mut self) -> Option<Field<'a>> {
        self.rest.skip_footers();
        // Where the structure was checked, an error is the end.
        Field::take(&mut self.rest).ok()
    }
}

impl core::iter::FusedIterator for Fields<'_> {}

/// The parameters of a [`Field`].
#[derive(Clone, Copy, Debug)]
pub struct Params<'a> {
    rest: Rest<'a>,
}

impl Params<'_> {
    /// Why there is no parameter where the next one should begin, as
    /// [`Fields::fault`] says it of fields. In a [`Packet`] there always is.
    #[must_use]
    pub fn fault(&self) -> Option<NcpError> {
        let mut rest = self.rest;
        rest.skip_footers();
        if rest.bytes.is_empty() {
            return None;
        }
        rest.take::<PARAM_HEADER_LEN>().err()
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = Param<'a>;

    #[inline]
    fn next(&mut self) -> Option<Param<'a>> {
        self.rest.skip_footers();
        let part = self.rest.take::<PARAM_HEADER_LEN>().ok()?;
        Some(Param {
            name: part.name,
            kind: part.kind,
            offset: part.offset,
            data: part.content,
        })
    }
}

impl core::iter::FusedIterator for Params<'_> {}

/// What is odd about a [`Packet`].
#[derive(Clone, Copy, Debug)]
pub struct Warnings<'a> {
    fields: Fields<'a>,
    /// Of the field before.
    params: Params<'a>,
}

impl Iterator for Warnings<'_> {
    type Item = NcpWarning;

    fn next(&mut self) -> Option<NcpWarning> {
        let warning = |kind, offset| Some(NcpWarning { kind, offset });
        loop {
            if let Some(offset) = self.params.rest.take_footer() {
                return warning(NcpWarningKind::EmbeddedFooter, offset);
            }
            if let Some(param) = self.params.next() {
                if ValueType::from_u8(param.kind).is_none() {
                    return warning(NcpWarningKind::UnknownType(param.kind), param.offset);
                }
                continue;
            }
            if let Some(offset) = self.fields.rest.take_footer() {
                return warning(NcpWarningKind::EmbeddedFooter, offset);
            }
            self.params = self.fields.next()?.params();
        }
    }
}

impl core::iter::FusedIterator for Warnings<'_> {}
