//! What some parameters mean in every field.

use super::{Field, Value};

/// An error or a warning that the other end tells in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CommandFault<'a> {
    /// In words: ERRO or WARN. Empty where there are none.
    pub detail: &'a str,
    /// As a number: ERRC or WARC. 0 where there is none.
    pub code: i64,
}

impl<'a> Field<'a> {
    /// The error that the field tells by ERRO or ERRC: the command failed.
    ///
    /// ```
    /// use wigwag_codec::ncp::{CommandFault, Packet, packet};
    ///
    /// let mut place = [0; 128];
    /// let wire = packet(&mut place, "DSPC")
    ///     .field("SWEP")
    ///     .param("ERRO", "no antenna")
    ///     .param("ERRC", 7)
    ///     .finish()?;
    /// let field = Packet::decode(wire)?.field("SWEP").unwrap();
    /// let error = CommandFault { detail: "no antenna", code: 7 };
    /// assert_eq!(field.error(), Some(error));
    /// assert_eq!(field.warning(), None);
    /// # Ok::<(), wigwag_codec::ncp::NcpError>(())
    /// ```
    #[must_use]
    pub fn error(&self) -> Option<CommandFault<'a>> {
        self.fault("ERRO", "ERRC")
    }

    /// The warning that the field tells by WARN or WARC.
    #[must_use]
    pub fn warning(&self) -> Option<CommandFault<'a>> {
        self.fault("WARN", "WARC")
    }

    /// Whether the field only says that the command was heard: the answer
    /// follows. It has a parameter ACKN then.
    #[must_use]
    pub fn is_acknowledgement(&self) -> bool {
        self.param("ACKN").is_some()
    }

    fn fault(&self, detail: &str, code: &str) -> Option<CommandFault<'a>> {
        let value = |name| self.param(name).map(|param| param.value());
        let (detail, code) = (value(detail), value(code));
        if detail.is_none() && code.is_none() {
            return None;
        }
        Some(CommandFault {
            detail: match detail {
                Some(Ok(Value::Str(text))) => text,
                _ => "",
            },
            code: match code {
                Some(Ok(Value::I32(code))) => code.into(),
                Some(Ok(Value::U32(code))) => code.into(),
                Some(Ok(Value::I64(code))) => code,
                Some(Ok(Value::U64(code))) => i64::try_from(code).unwrap_or(i64::MAX),
                _ => 0,
            },
        })
    }
}
