//! Transport services (RFC 9621 to 9623): an application says what it needs,
//! and gets the best protocol stack there is, or an honest refusal.
//!
//! | Part | What it does |
//! |---|---|
//! | [`TransportProperties`], [`Preference`] | what is wanted of a connection (RFC 9622 section 6.2) |
//! | [`ConnectionProperties`], [`MessageProperties`] | what is said about connections and messages (sections 8 and 9.1.3) |
//! | [`Profile`] | three sets of properties that many want (appendix B.2) |
//! | [`SecurityParameters`], [`Disabled`] | how the two ends prove themselves, or that they do not (section 6.3) |
//! | [`Stack`] | what TCP, TLS and UDP have to offer here |
//! | [`support`] | what a property really does on a device, and why |
//! | [`plan_paths`], [`PathInfo`] | which of a network's paths fit, in which order |
//! | [`RemoteEndpoint`], [`LocalEndpoint`] | the two ends of a connection (section 6.1) |
//! | [`Race`] | which address of the other end is connected to (RFC 9623 section 4.3, RFC 8305) |
//! | [`dial()`], [`sockets`] | the same on a network |
//! | [`plan`], [`require!`] | which of them fit, in which order, at run time and at compile time (RFC 9623 section 4.1) |
//! | [`MessageContext`], [`SendQueue`] | messages that wait to be sent: priorities, lifetimes, batches (sections 9.1 and 9.2) |
//! | [`Group`] | whose turn it is among connections, and how fast they send (sections 7.4 and 8.1) |
//! | [`new`], [`Transport`], [`Preconnection`], [`Connection`], [`Listener`] | connections, on all of this (sections 7 to 10) |
//! | [`neat`] | NEATPy's names in today's words, and its choice of stacks |
//! | [`conformance`] | each item of RFC 9622 and of NEATPy: where it is, what it does, which tests show it |

pub mod conformance;
mod context;
mod demand;
mod dial;
mod endpoint;
mod group;
mod message;
pub mod neat;
mod paths;
mod planner;
mod profile;
mod property;
mod queue;
mod race;
mod security;
mod stack;
mod support;
mod transport;

#[doc(inline)]
pub use crate::__taps_require as require;
pub use context::{Ecn, MessageContext, ReceiveContext};
pub use demand::demand;
pub use dial::{dial, dial_observed, sockets};
pub use endpoint::{
    EndpointError, Identifier, LocalEndpoint, MAX_HOST_NAME, RemoteEndpoint, service_port,
};
pub use group::{Candidate, Group, Share};
pub use message::{Outcome, SendError, SendFailure, Sent};
pub use paths::{MAX_PATHS, NoPath, PathInfo, PathPlan, examine_path, plan_paths};
pub use planner::{
    Cause, MAX_STACKS, Plan, Rejection, Unsatisfiable, examine, framer_properties, plan,
};
pub use profile::Profile;
pub use property::{
    AddressPreference, CapacityProfile, ChecksumLength, CommunicationDirection,
    ConnectionProperties, ConnectionProperty, Interface, InterfaceType, MessageProperties,
    MessageProperty, Multipath, MultipathPolicy, Preference, Property, PropertySet, PropertyValue,
    Pvd, Role, Scheduler, SelectionProperty, SetError, TcpUserTimeout, TransportProperties,
    UnknownName,
};
pub use queue::{Head, MessageId, Queue, SendQueue, Terms};
pub use race::{Action, Attempt, KnownGood, Lookup, Race, RaceConfig, RaceError, Winner};
pub use security::{
    Disabled, Security, SecurityChoice, SecurityError, SecurityParameter, SecurityParameters,
    security_support,
};
pub use stack::{MultipathAbility, Stack, StackId};
pub use support::{Answer, Support, support};
pub use transport::{
    ByteStreamError, CloneError, Connection, ConnectionError, ConnectionEvent, ConnectionState,
    EstablishmentError, Framing, Listener, MAX_ENDPOINTS, PartialMessage, Preconnection,
    ReceiveError, Received, RemoteError, Runner, Shown, Ticket, Transport, TransportConfig,
    TransportMemory, Unframed, With, new,
};
#[doc(no_inline)]
pub use wigwag_codec::framer::Framer;
