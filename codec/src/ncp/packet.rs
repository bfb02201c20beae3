//! Packets where they lie.

use super::error::{NcpError, NcpErrorKind, NcpWarning, NcpWarningKind};
use super::value::{Value, ValueType};
use super::{
    FIELD_HEADER_LEN, FOOTER, FOOTER_LEN, HEADER_LEN, Header, Ident, MARK, PARAM_HEADER_LEN, WORD,
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
        let mut rest = body;
        while !rest.is_empty() {
            let offset = HEADER_LEN.saturating_add(body.len().saturating_sub(rest.len()));
            rest = match rest.strip_prefix(&FOOTER) {
                Some(after) => after,
                None => {
                    let (field, after) = Field::split(rest, offset)?;
                    field.check()?;
                    after
                }
            };
        }
        Ok(Self { header, body })
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
        Fields {
            rest: self.body,
            offset: HEADER_LEN,
        }
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
            rest: self.body,
            offset: HEADER_LEN,
            params: Params {
                rest: &[],
                offset: 0,
            },
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
    /// The field that `bytes` begin with, and what follows it.
    fn split(bytes: &'a [u8], offset: usize) -> Result<(Self, &'a [u8]), NcpError> {
        let (name, _, content, rest) = split::<FIELD_HEADER_LEN>(bytes, offset)?;
        let Some((id, params)) = content.split_first_chunk() else {
            return Err(NcpError::new(NcpErrorKind::Truncated, offset));
        };
        let field = Self {
            name,
            id: u32::from_le_bytes(*id),
            offset,
            params,
        };
        Ok((field, rest))
    }

    fn check(&self) -> Result<(), NcpError> {
        let mut params = self.params();
        loop {
            params.skip_footers();
            if params.rest.is_empty() {
                return Ok(());
            }
            let (_, rest) = Param::split(params.rest, params.offset)?;
            params.advance(rest);
        }
    }

    /// Its parameters, in their order.
    #[must_use]
    pub const fn params(&self) -> Params<'a> {
        Params {
            rest: self.params,
            offset: self.offset.saturating_add(FIELD_HEADER_LEN),
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
    /// The parameter that `bytes` begin with, and what follows it.
    fn split(bytes: &'a [u8], offset: usize) -> Result<(Self, &'a [u8]), NcpError> {
        let (name, kind, data, rest) = split::<PARAM_HEADER_LEN>(bytes, offset)?;
        let param = Self {
            name,
            kind,
            offset,
            data,
        };
        Ok((param, rest))
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

/// The thing that `bytes` begin with: name, type, content behind these eight
/// bytes, and what follows it. Its size, in words at byte 4, counts a header of
/// `HEAD` bytes.
#[allow(clippy::type_complexity)]
fn split<const HEAD: usize>(
    bytes: &[u8],
    offset: usize,
) -> Result<(Ident, u8, &[u8], &[u8]), NcpError> {
    let Some((&[n0, n1, n2, n3, s0, s1, s2, kind], _)) = bytes.split_first_chunk::<8>() else {
        let end = offset.saturating_add(bytes.len());
        return Err(NcpError::new(NcpErrorKind::Truncated, end));
    };
    let words = u32::from_le_bytes([s0, s1, s2, 0]);
    // 24 bits.
    let length = usize::try_from(words)
        .unwrap_or(usize::MAX)
        .saturating_mul(WORD);
    let at = offset.saturating_add(WORD);
    if length < HEAD {
        return Err(NcpError::new(NcpErrorKind::TooShort(words), at));
    }
    match bytes.split_at_checked(length) {
        Some((thing, rest)) => Ok((
            Ident::from_wire([n0, n1, n2, n3]),
            kind,
            thing.get(8..).unwrap_or_default(),
            rest,
        )),
        None => Err(NcpError::new(NcpErrorKind::TooLong(words), at)),
    }
}

/// The fields of a [`Packet`].
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        while let Some(rest) = self.rest.strip_prefix(&FOOTER) {
            self.rest = rest;
            self.offset = self.offset.saturating_add(FOOTER_LEN);
        }
        // The structure was checked: an error is the end.
        let (field, rest) = Field::split(self.rest, self.offset).ok()?;
        let length = self.rest.len().saturating_sub(rest.len());
        self.offset = self.offset.saturating_add(length);
        self.rest = rest;
        Some(field)
    }
}

impl core::iter::FusedIterator for Fields<'_> {}

/// The parameters of a [`Field`].
#[derive(Clone, Copy, Debug)]
pub struct Params<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Params<'a> {
    /// Passes over a footer that stands here, and says where it stood.
    fn skip_footer(&mut self) -> Option<usize> {
        let offset = self.offset;
        let rest = self.rest.strip_prefix(&FOOTER)?;
        self.advance(rest);
        Some(offset)
    }

    fn skip_footers(&mut self) {
        while self.skip_footer().is_some() {}
    }

    const fn advance(&mut self, rest: &'a [u8]) {
        let length = self.rest.len().saturating_sub(rest.len());
        self.offset = self.offset.saturating_add(length);
        self.rest = rest;
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Param<'a>> {
        self.skip_footers();
        let (param, rest) = Param::split(self.rest, self.offset).ok()?;
        self.advance(rest);
        Some(param)
    }
}

impl core::iter::FusedIterator for Params<'_> {}

/// What is odd about a [`Packet`].
#[derive(Clone, Copy, Debug)]
pub struct Warnings<'a> {
    rest: &'a [u8],
    offset: usize,
    params: Params<'a>,
}

impl Iterator for Warnings<'_> {
    type Item = NcpWarning;

    fn next(&mut self) -> Option<NcpWarning> {
        loop {
            loop {
                if let Some(offset) = self.params.skip_footer() {
                    let kind = NcpWarningKind::EmbeddedFooter;
                    return Some(NcpWarning { kind, offset });
                }
                let Some(param) = self.params.next() else {
                    break;
                };
                if ValueType::from_u8(param.kind).is_none() {
                    let kind = NcpWarningKind::UnknownType(param.kind);
                    let offset = param.offset;
                    return Some(NcpWarning { kind, offset });
                }
            }
            let offset = self.offset;
            if let Some(rest) = self.rest.strip_prefix(&FOOTER) {
                self.rest = rest;
                self.offset = offset.saturating_add(FOOTER_LEN);
                let kind = NcpWarningKind::EmbeddedFooter;
                return Some(NcpWarning { kind, offset });
            }
            let (field, rest) = Field::split(self.rest, offset).ok()?;
            let length = self.rest.len().saturating_sub(rest.len());
            self.offset = offset.saturating_add(length);
            self.rest = rest;
            self.params = field.params();
        }
    }
}
