//! Properties: what an application wants of the transport, and what it says
//! about connections and messages (RFC 9622 sections 4, 6.2, 8 and 9.1.3).

mod capacity;
mod connection;
mod message;
pub(crate) mod named;
mod names;
mod path;
mod preference;
mod selection;
mod transport;
mod value;

pub use capacity::CapacityProfile;
pub use connection::{
    ConnectionProperties, ConnectionProperty, MultipathPolicy, Scheduler, TcpUserTimeout,
};
pub use message::{ChecksumLength, MessageProperties, MessageProperty};
pub use names::{Property, UnknownName};
pub use path::{
    AddressPreference, CommunicationDirection, Interface, InterfaceType, Multipath, Pvd, Role,
};
pub use preference::Preference;
pub use selection::{PropertySet, SelectionProperty};
pub use transport::TransportProperties;
pub use value::{PropertyValue, SetError};
