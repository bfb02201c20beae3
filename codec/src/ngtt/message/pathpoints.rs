use super::{NgttError, parse};
use crate::minijson::{Encoder, Error, Items, Kind, Value};

/// The payload of a DATA_STREAM: pathpoints, each with readings.
#[derive(Clone, Debug)]
pub struct Pathpoints<'a> {
    items: Items<'a>,
}

impl<'a> Pathpoints<'a> {
    /// Reads the payload of a DATA_STREAM.
    ///
    /// # Errors
    /// [`NgttError::InvalidFrame`] if it is not one minijson list.
    pub fn parse(payload: &'a [u8]) -> Result<Self, NgttError> {
        Ok(Self {
            items: parse(payload, Kind::List)?.items(),
        })
    }
}

impl<'a> Iterator for Pathpoints<'a> {
    type Item = Pathpoint<'a>;

    fn next(&mut self) -> Option<Pathpoint<'a>> {
        self.items.next().map(|value| Pathpoint { value })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl ExactSizeIterator for Pathpoints<'_> {}

/// A pathpoint with its readings.
#[derive(Clone, Copy, Debug)]
pub struct Pathpoint<'a> {
    value: Value<'a>,
}

impl<'a> Pathpoint<'a> {
    /// Its name; `None` if the pathpoint has an unknown shape.
    #[must_use]
    pub fn path(&self) -> Option<&'a str> {
        self.value.get("path").and_then(|path| path.as_str())
    }

    /// Its readings in order; none if the pathpoint has an unknown shape.
    pub fn readings(&self) -> impl Iterator<Item = Reading<'a>> + Clone + use<'a> {
        self.value
            .get("values")
            .into_iter()
            .flat_map(|values| values.items())
            .map(Reading::new)
    }

    /// The pathpoint as it came.
    #[must_use]
    pub const fn value(&self) -> Value<'a> {
        self.value
    }
}

/// What a pathpoint was at one time.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// When, in milliseconds since 1970; `None` for an unknown shape.
    pub at_ms: Option<i64>,
    /// What it was.
    pub measured: Measured<'a>,
}

/// The result of reading a pathpoint.
#[derive(Clone, Copy, Debug)]
pub enum Measured<'a> {
    /// Its value.
    Value(Value<'a>),
    /// It could not be read.
    Failed(Failure<'a>),
    /// A reading of an unknown shape, as it came.
    Other(Value<'a>),
}

/// Why a pathpoint could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure<'a> {
    /// `"malformed"`: the answer made no sense.
    Malformed,
    /// `"timeout"`: there was no answer.
    Timeout,
    /// `"invalid"`: the value is not one that the pathpoint can have.
    Invalid,
    /// A code that is not known here.
    Other(&'a str),
}

impl<'a> Failure<'a> {
    /// The failure with this code.
    #[must_use]
    pub fn from_code(code: &'a str) -> Self {
        match code {
            "malformed" => Self::Malformed,
            "timeout" => Self::Timeout,
            "invalid" => Self::Invalid,
            other => Self::Other(other),
        }
    }

    /// The code on the wire.
    #[must_use]
    pub const fn code(&self) -> &'a str {
        match self {
            Self::Malformed => "malformed",
            Self::Timeout => "timeout",
            Self::Invalid => "invalid",
            Self::Other(code) => code,
        }
    }
}

impl<'a> Reading<'a> {
    /// Reads `[time, value]`, `[false, time, code]`, or the form that the HTTP
    /// interface uses, a map of `timestamp` and `value` or `error_code`. Never
    /// fails: what is not understood is [`Measured::Other`].
    #[must_use]
    pub fn new(value: Value<'a>) -> Self {
        Self::list(value)
            .or_else(|| Self::map(value))
            .unwrap_or(Self {
                at_ms: None,
                measured: Measured::Other(value),
            })
    }

    fn list(value: Value<'a>) -> Option<Self> {
        let mut items = value.items();
        let (first, second) = (items.next()?, items.next()?);
        let (time, measured) = match (first.as_bool(), items.next()) {
            (None, None) => (first, Measured::Value(second)),
            (Some(false), Some(code)) => {
                (second, Measured::Failed(Failure::from_code(code.as_str()?)))
            }
            _ => return None,
        };
        (items.len() == 0).then_some(Self {
            at_ms: Some(time.as_i64()?),
            measured,
        })
    }

    fn map(value: Value<'a>) -> Option<Self> {
        let at_ms = Some(value.get("timestamp")?.as_i64()?);
        let failed = |code: Value<'a>| code.as_str().map(Failure::from_code).map(Measured::Failed);
        let measured = match value.get("value") {
            Some(value) => Measured::Value(value),
            None => failed(value.get("error_code")?)?,
        };
        Some(Self { at_ms, measured })
    }
}

/// Writes the payload of a DATA_STREAM, pathpoint by pathpoint.
///
/// Counts come before contents on the wire, so they are said first.
///
/// ```
/// use wigwag_codec::ngtt::message::{Failure, PathpointsWriter};
///
/// let mut slot = [0; 128];
/// let mut writer = PathpointsWriter::new(&mut slot, 1)?;
/// writer.pathpoint("W1", 2)?;
/// writer.value(1_623_859_239_706, |encoder| encoder.int(241))?;
/// writer.failed(1_623_859_240_722, Failure::Timeout)?;
/// let length = writer.finish()?;
/// # assert_eq!(&slot[..9], b"\x41\x52\x04path\x82W");
/// # assert!(length > 9);
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
#[derive(Debug)]
pub struct PathpointsWriter<'b> {
    encoder: Encoder<'b>,
}

impl<'b> PathpointsWriter<'b> {
    /// A payload of `pathpoints` pathpoints, at the start of `out`.
    ///
    /// # Errors
    /// For this and every other call: those of [`Encoder`], when `out` is full
    /// or more is written than was said.
    pub fn new(out: &'b mut [u8], pathpoints: usize) -> Result<Self, Error> {
        let mut encoder = Encoder::new(out);
        encoder.list(pathpoints)?;
        Ok(Self { encoder })
    }

    /// The next pathpoint, of which `readings` readings follow.
    ///
    /// # Errors
    /// As [`PathpointsWriter::new`].
    pub fn pathpoint(&mut self, path: &str, readings: usize) -> Result<&mut Self, Error> {
        self.encoder
            .map(2)?
            .key("path")?
            .str(path)?
            .key("values")?
            .list(readings)?;
        Ok(self)
    }

    /// A reading: `write` writes one value.
    ///
    /// # Errors
    /// As [`PathpointsWriter::new`].
    pub fn value(
        &mut self,
        at_ms: i64,
        write: impl for<'e> FnOnce(&'e mut Encoder<'b>) -> Result<&'e mut Encoder<'b>, Error>,
    ) -> Result<&mut Self, Error> {
        self.encoder.list(2)?.int(at_ms)?;
        write(&mut self.encoder)?;
        Ok(self)
    }

    /// A reading that failed.
    ///
    /// # Errors
    /// As [`PathpointsWriter::new`].
    pub fn failed(&mut self, at_ms: i64, failure: Failure<'_>) -> Result<&mut Self, Error> {
        self.encoder
            .list(3)?
            .bool(false)?
            .int(at_ms)?
            .str(failure.code())?;
        Ok(self)
    }

    /// How many bytes were written in all.
    ///
    /// # Errors
    /// If less was written than was said.
    pub fn finish(self) -> Result<usize, Error> {
        self.encoder.finish().map(<[u8]>::len)
    }
}
