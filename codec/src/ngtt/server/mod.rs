//! The server's end of NGTT, as far as it needs no I/O.
//!
//! [`OrderQueue`] keeps a device's orders over connections and restarts of
//! connections, [`ServerSession`] is one connection of the device.
//!
//! ```
//! use wigwag_codec::Instant;
//! use wigwag_codec::ngtt::server::{OrderQueue, ServerConfig, ServerEvent};
//! use wigwag_codec::ngtt::{Frame, FrameType, ServerSession};
//!
//! let mut queue = OrderQueue::<&[u8], 16>::new();
//! let number = queue.push(&[0x40]).unwrap();
//!
//! let now = Instant::from_secs(1);
//! let mut session = ServerSession::new(ServerConfig::new(), &mut queue, now);
//! // The device asks for its orders and gets the first.
//! session.handle_frame(Frame::empty(FrameType::FetchOrders, 0), &mut queue, now);
//! let out = session.poll_transmit(&mut queue, now).unwrap();
//! let (tid, kind) = (out.head.tid, out.head.kind);
//! assert_eq!((kind, out.body), (FrameType::Order, &[0x40][..]));
//! session.transmitted(&mut queue, now);
//! // It stays in the queue until the device has answered.
//! assert_eq!(queue.len(), 1);
//! let confirm = Frame::empty(FrameType::OrderConfirm, tid);
//! let event = session.handle_frame(confirm, &mut queue, now);
//! assert!(matches!(event, Some(ServerEvent::Answered { number: n, .. }) if n == number));
//! assert!(queue.is_empty());
//! ```

mod queue;
mod session;
#[cfg(test)]
mod tests;

pub use queue::OrderQueue;
pub use session::{RepliesFull, ServerConfig, ServerEvent, ServerSession};
