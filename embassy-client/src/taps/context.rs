//! What is said about a message besides its bytes: RFC 9622 section 9.1.1.

use core::net::SocketAddr;

use super::property::{MessageProperties, MessageProperty, PropertyValue, SetError};

/// The context of a message to send: its properties, and what the framer has
/// to know (a type, an id), which is RFC 9622's `add` with the framer as scope.
///
/// ```
/// use core::time::Duration;
/// use wigwag_embassy::taps::{MessageContext, MessageProperty, PropertyValue, SetError};
///
/// // No framer, or one without metadata.
/// let mut context = MessageContext::new().with_priority(10);
/// let lifetime = PropertyValue::Time(Duration::from_secs(5));
/// context.add(MessageProperty::MsgLifetime, lifetime)?;
/// assert_eq!(context.get(MessageProperty::MsgPriority), PropertyValue::Number(10));
///
/// // A framer whose messages have a number.
/// let framed = MessageContext::framed(7_u16);
/// assert_eq!(framed.meta, 7);
/// # Ok::<(), SetError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct MessageContext<X = ()> {
    /// The message's properties.
    pub properties: MessageProperties,
    /// What the framer has to know.
    pub meta: X,
}

impl MessageContext {
    /// Nothing said, for framers that want to know nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self::framed(())
    }
}

impl<X> MessageContext<X> {
    /// With what the framer has to know, and the default properties.
    #[must_use]
    pub const fn framed(meta: X) -> Self {
        Self {
            properties: MessageProperties::DEFAULT,
            meta,
        }
    }

    /// With these properties.
    #[must_use]
    pub const fn with_properties(mut self, properties: MessageProperties) -> Self {
        self.properties = properties;
        self
    }

    /// With a priority; the lower number goes first.
    #[must_use]
    pub const fn with_priority(mut self, priority: u32) -> Self {
        self.properties = self.properties.with_priority(priority);
        self
    }

    /// With a lifetime.
    #[must_use]
    pub const fn with_lifetime(mut self, lifetime: core::time::Duration) -> Self {
        self.properties = self.properties.with_lifetime(lifetime);
        self
    }

    /// As the last message.
    #[must_use]
    pub const fn with_final(mut self) -> Self {
        self.properties = self.properties.with_final();
        self
    }

    /// Sets a property by name: RFC 9622's `add` without a scope.
    ///
    /// # Errors
    /// [`SetError`]; nothing has changed then.
    pub fn add(&mut self, property: MessageProperty, value: PropertyValue) -> Result<(), SetError> {
        self.properties.set(property, value)
    }

    /// A property by name: RFC 9622's `get` without a scope.
    #[must_use]
    pub fn get(&self, property: MessageProperty) -> PropertyValue {
        self.properties.get(property)
    }
}

/// The explicit congestion notification of a datagram's IP header (RFC 3168).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Ecn {
    /// Not ECN-capable.
    NotEct,
    /// ECN-capable, ECT(0).
    Ect0,
    /// ECN-capable, ECT(1).
    Ect1,
    /// Congestion was experienced.
    Ce,
}

/// The context of a received message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiveContext<X = ()> {
    /// What the framer knows about it: RFC 9622's `get` with the framer as
    /// scope.
    pub meta: X,
    /// Who sent it: RFC 9622's `getRemoteEndpoint`.
    pub remote: Option<SocketAddr>,
    /// Whom it was sent to: RFC 9622's `getLocalEndpoint`.
    pub local: Option<SocketAddr>,
    /// The ECN value of a datagram (RFC 9622 section 9.3.3.1). `None`, as
    /// neither smoltcp nor the standard library tells it.
    pub ecn: Option<Ecn>,
    /// Whether it came before the handshake was complete (section 9.3.3.2).
    /// `None` where nothing can: no stack of a device takes early data.
    pub early_data: Option<bool>,
    /// Whether it is the last message that will be received (section 9.3.3.3):
    /// `Some(true)` for what a stream ends with, where nothing but its end
    /// ends the message. `None` else: that nothing follows is known only when
    /// the next receive says so.
    pub receiving_final: Option<bool>,
}

impl<X> ReceiveContext<X> {
    /// Of a message about which only `meta` is known.
    pub const fn of(meta: X) -> Self {
        Self {
            meta,
            remote: None,
            local: None,
            ecn: None,
            early_data: None,
            receiving_final: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_known_of_a_message_unless_it_is_told() {
        let context = ReceiveContext::of(7_u16);
        assert_eq!(context.meta, 7);
        assert_eq!((context.remote, context.local), (None, None));
        assert_eq!((context.ecn, context.early_data), (None, None));
        assert_eq!(context.receiving_final, None);
    }
}
