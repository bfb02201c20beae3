//! The device's end of NGTT.
//!
//! [`ClientSession`] outlives connections: what was not answered when one is
//! cut goes on over the next. It does no I/O. A driver tells it of connections,
//! frames and time, writes the frames it asks for, and makes the journal
//! records durable that it asks for. Its calls return at once and never block.
//!
//! ```
//! use wigwag_codec::Instant;
//! use wigwag_codec::ngtt::client::{Config, SendKind, Slots};
//! use wigwag_codec::ngtt::{ClientSession, Frame, FrameType};
//!
//! // 2 orders of 256 bytes, 4 requests of 256 bytes, 8 remembered orders.
//! let mut session = ClientSession::<Slots<2, 256, 4, 256, 8>>::new(Config::new());
//! let now = Instant::from_secs(1);
//!
//! session.connected(now);
//! let out = session.poll_transmit(now).unwrap();
//! assert_eq!(out.head.kind, FrameType::FetchOrders);
//! session.transmitted(now);
//!
//! // An order arrives. Without a journal every record is durable at once.
//! session.handle_frame(Frame { tid: 7, kind: FrameType::Order, payload: &[0x40] }, now);
//! while let Some(record) = session.poll_persist() {
//!     session.persisted(record);
//! }
//! let id = session.poll_order().unwrap();
//! assert_eq!(session.order(id).unwrap().payload, [0x40]);
//! session.acknowledge(id)?;
//! while let Some(record) = session.poll_persist() {
//!     session.persisted(record);
//! }
//! let out = session.poll_transmit(now).unwrap();
//! assert_eq!((out.head.kind, out.head.tid), (FrameType::OrderConfirm, 7));
//! session.transmitted(now);
//!
//! // The application sends pathpoints and gets a ticket.
//! let ticket = session.submit(SendKind::DataStream, |slot| {
//!     slot[0] = 0x40;
//!     Ok::<_, core::convert::Infallible>(1)
//! });
//! # let ticket = ticket.unwrap();
//! # assert_eq!(session.answer(ticket), None);
//! # Ok::<(), wigwag_codec::ngtt::client::UnknownOrder>(())
//! ```

mod config;
mod event;
mod keepalive;
mod link;
mod marks;
mod orders;
mod outbox;
mod place;
mod receive;
mod record;
mod session;
mod sizes;
#[cfg(test)]
mod tests;
mod ticket;
mod transmit;

pub use config::{Config, QueueRule, WhenFull};
pub use event::{Counters, Event, SkipReason};
pub use orders::{History, Order, OrderId, UnknownOrder};
pub use record::{Answer, Record, RecordKind};
pub use session::{ClientSession, MarksFull};
pub use sizes::{Sizes, Slots};
pub use ticket::{Outcome, QueueError, SendKind, Ticket};
