//! What a device asks a server of NCP.

use std::fmt;

use wigwag_codec::ncp::{Field, Header, Ident, NcpError, NcpErrorKind, Packet, PacketWriter};
use wigwag_embassy::ncp::Params;

/// Most bytes of the packet that a command is sent in.
pub const COMMAND_BYTES: usize = 64 * 1024;

/// A command: a packet with one field.
///
/// ```
/// use wigwag_harness::device::ncp::Command;
///
/// let command = Command::new("DSPC", "TIME", |field| field.param("SAMP", 1024))?;
/// assert_eq!(command.to_string(), "DSPC TIME");
/// # Ok::<(), wigwag_codec::ncp::NcpError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    wire: Vec<u8>,
    again: bool,
}

impl Command {
    /// A field `name` in a packet of type `kind`, to which `write` adds
    /// parameters.
    ///
    /// # Errors
    /// What the writer finds wrong: a name that cannot be sent, a packet of more
    /// than [`COMMAND_BYTES`].
    pub fn new(
        kind: &str,
        name: &str,
        write: impl FnOnce(PacketWriter<'_>) -> PacketWriter<'_>,
    ) -> Result<Self, NcpError> {
        let kind = Ident::new(kind).map_err(|error| NcpError {
            kind: NcpErrorKind::Ident(error),
            offset: 0,
        })?;
        let mut place = vec![0; COMMAND_BYTES];
        let writer = PacketWriter::new(&mut place, Header::new(kind)).field(name);
        let length = write(writer).finish()?.len();
        place.truncate(length);
        Ok(Self {
            wire: place,
            again: false,
        })
    }

    /// The same, for a server that may do it twice without harm: it is sent
    /// again when a connection is lost before its answer.
    #[must_use]
    pub fn again(mut self) -> Self {
        self.again = true;
        self
    }

    /// Whether it may be sent again.
    #[must_use]
    pub const fn may_be_repeated(&self) -> bool {
        self.again
    }

    /// The type of its packet.
    #[must_use]
    pub fn kind(&self) -> Ident {
        self.packet().kind()
    }

    /// Its field. The number is that of no connection.
    ///
    /// # Panics
    /// Never: it was written with one.
    #[must_use]
    pub fn field(&self) -> Field<'_> {
        let field = self.packet().fields().next();
        field.expect("it was written with a field")
    }

    fn packet(&self) -> Packet<'_> {
        Packet::decode(&self.wire).expect("a writer wrote it")
    }

    /// Adds its parameters to a packet that is put together.
    pub(super) fn put<'p>(&self, params: Params<'p>) -> Params<'p> {
        let each = self.field().params();
        each.fold(params, |params, param| match param.value() {
            Ok(value) => params.param(&param.name.to_string(), value),
            // A writer wrote it.
            Err(_) => params,
        })
    }
}

impl fmt::Display for Command {
    /// Packet and field: `DSPC TIME`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.field().name)
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("kind", &self.kind())
            .field("field", &self.field())
            .field("again", &self.again)
            .finish()
    }
}
