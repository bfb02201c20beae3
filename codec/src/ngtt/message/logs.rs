use super::{NgttError, parse};
use crate::minijson::{Encoder, Error, Items, Kind, Value};

/// The payload of LOGS: log entries.
#[derive(Clone, Debug)]
pub struct Logs<'a> {
    items: Items<'a>,
}

impl<'a> Logs<'a> {
    /// Reads the payload of LOGS. An entry that is not understood comes as the
    /// value that it is.
    ///
    /// # Errors
    /// [`NgttError::InvalidFrame`] if it is not one minijson list.
    pub fn parse(payload: &'a [u8]) -> Result<Self, NgttError> {
        Ok(Self {
            items: parse(payload, Kind::List)?.items(),
        })
    }
}

impl<'a> Iterator for Logs<'a> {
    type Item = Result<LogEntry<'a>, Value<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.items
            .next()
            .map(|value| LogEntry::new(value).ok_or(value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl ExactSizeIterator for Logs<'_> {}

/// One log entry. Compressed contents are kept as they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogEntry<'a> {
    /// The program that says it.
    pub service: &'a str,
    /// When, in microseconds since 1970.
    pub when_us: i64,
    /// What it says.
    pub message: LogMessage<'a>,
    /// How important it is: 10 debug, 20 info, 30 warning, 40 error, 50 critical.
    pub level: i64,
    /// An exception, as text.
    pub exception_text: Option<&'a str>,
    /// An exception with its frames: JSON, gzip, base64.
    pub exception_traceback: Option<&'a str>,
}

/// The text of a log entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogMessage<'a> {
    /// As it is.
    Text(&'a str),
    /// Packed.
    Encoded {
        /// How: `"base64-gzip"`.
        encoding: &'a str,
        /// The packed text.
        content: &'a str,
    },
}

impl<'a> LogEntry<'a> {
    /// An entry with a message and nothing else.
    #[must_use]
    pub const fn text(service: &'a str, when_us: i64, level: i64, message: &'a str) -> Self {
        let message = LogMessage::Text(message);
        Self {
            service,
            when_us,
            message,
            level,
            exception_text: None,
            exception_traceback: None,
        }
    }

    /// Reads one entry; `None` if it has an unknown shape.
    #[must_use]
    pub fn new(value: Value<'a>) -> Option<Self> {
        let optional = |key| match value.get(key) {
            None => Some(None),
            Some(none) if none.is_null() => Some(None),
            Some(text) => text.as_str().map(Some),
        };
        let message = value.get("message")?;
        let part = |key| message.get(key).and_then(|part| part.as_str());
        let message = match message.as_str() {
            Some(text) => LogMessage::Text(text),
            None => LogMessage::Encoded {
                encoding: part("encoding")?,
                content: part("content")?,
            },
        };
        Some(Self {
            service: value.get("service")?.as_str()?,
            when_us: value.get("when")?.as_i64()?,
            message,
            level: value.get("level")?.as_i64()?,
            exception_text: optional("exception_text")?,
            exception_traceback: optional("exception_traceback")?,
        })
    }
}

/// Writes the payload of LOGS, entry by entry.
///
/// ```
/// use wigwag_codec::ngtt::message::{LogEntry, LogsWriter};
///
/// let mut slot = [0; 128];
/// let mut writer = LogsWriter::new(&mut slot, 1)?;
/// writer.entry(&LogEntry::text("pump", 1_623_859_201_828_889, 20, "started"))?;
/// let length = writer.finish()?;
/// # assert!(length > 0);
/// # Ok::<(), wigwag_codec::minijson::Error>(())
/// ```
#[derive(Debug)]
pub struct LogsWriter<'b> {
    encoder: Encoder<'b>,
}

impl<'b> LogsWriter<'b> {
    /// A payload of `entries` entries, at the start of `out`.
    ///
    /// # Errors
    /// For this and every other call: those of [`Encoder`], when `out` is full
    /// or more is written than was said.
    pub fn new(out: &'b mut [u8], entries: usize) -> Result<Self, Error> {
        let mut encoder = Encoder::new(out);
        encoder.list(entries)?;
        Ok(Self { encoder })
    }

    /// The next entry.
    ///
    /// # Errors
    /// As [`LogsWriter::new`].
    pub fn entry(&mut self, entry: &LogEntry<'_>) -> Result<&mut Self, Error> {
        let extra = usize::from(entry.exception_text.is_some())
            .saturating_add(usize::from(entry.exception_traceback.is_some()));
        let encoder = self.encoder.map(4_usize.saturating_add(extra))?;
        encoder
            .key("service")?
            .str(entry.service)?
            .key("when")?
            .int(entry.when_us)?;
        encoder.key("message")?;
        match entry.message {
            LogMessage::Text(text) => encoder.str(text)?,
            LogMessage::Encoded { encoding, content } => encoder
                .map(2)?
                .key("encoding")?
                .str(encoding)?
                .key("content")?
                .str(content)?,
        };
        encoder.key("level")?.int(entry.level)?;
        if let Some(text) = entry.exception_text {
            encoder.key("exception_text")?.str(text)?;
        }
        if let Some(traceback) = entry.exception_traceback {
            encoder.key("exception_traceback")?.str(traceback)?;
        }
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
