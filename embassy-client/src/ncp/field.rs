//! What was received.

use wigwag_codec::ncp::{self, Header, Ident, Packet, Param, Params, Time, Value};

/// A received field, on the buffer that it was received to.
///
/// ```no_run
/// # use wigwag_embassy::ncp::{ClientConnection, Error};
/// # use wigwag_embassy::taps::Disabled;
/// # async fn example(connection: ClientConnection<'_, Disabled>) -> Result<(), Error> {
/// let mut buffer = [0; 256];
/// let field = connection.recv(&mut buffer).await?;
/// if field.packet_type == "DSPC" && field.name == "TIME" {
///     let samples = field.value("SAMP").and_then(|value| value.as_i64());
///     assert_eq!(samples, Some(1024));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Field<'b> {
    /// The type of its packet.
    pub packet_type: Ident,
    /// The number of its packet, which is 1 of most.
    pub packet_id: u32,
    /// When its packet was made, by its sender's clock.
    pub packet_timestamp: Time,
    /// Its name.
    pub name: Ident,
    /// Its number.
    pub id: u32,
    view: ncp::Field<'b>,
}

/// What is needed to reply to a field: small, and good for as long as the
/// connection, after the field itself is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ReplyTo {
    /// The type of the packet.
    pub packet_type: Ident,
    /// The name of the field.
    pub name: Ident,
    /// The number of the field.
    pub id: u32,
}

impl<'b> Field<'b> {
    /// The field that `bytes` are.
    pub(super) fn read(header: &Header, bytes: &'b [u8]) -> Option<Self> {
        let packet = Packet::from_parts(*header, bytes).ok()?;
        let view = packet.fields().next()?;
        Some(Self {
            packet_type: header.kind,
            packet_id: header.id,
            packet_timestamp: header.time,
            name: view.name,
            id: view.id,
            view,
        })
    }

    /// Its parameters, in their order.
    #[must_use]
    pub const fn params(&self) -> Params<'b> {
        self.view.params()
    }

    /// The parameter of this name; of several the last.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<Param<'b>> {
        self.view.param(name)
    }

    /// The value of the parameter of this name, if it is there and sound.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<Value<'b>> {
        self.param(name)?.value().ok()
    }

    /// What is needed to reply to it.
    #[must_use]
    pub const fn reply_to(&self) -> ReplyTo {
        ReplyTo {
            packet_type: self.packet_type,
            name: self.name,
            id: self.id,
        }
    }

    pub(super) const fn view(&self) -> &ncp::Field<'b> {
        &self.view
    }
}
