//! The filter: a small language over columns and over what frames carry.
//!
//! | Written | Means |
//! |---|---|
//! | `type == ORDER`, `type in (PING, DSPC)`, `type >= 3` | frame types of NGTT by name or number, packet types of NCP by name; names in either case |
//! | `id == 7` (or `tid`), `connection != 2`, `length > 1 kB`, `offset < 4096` | numbers; units of bytes: `B`, `kB`, `KiB`, `MB`, `MiB` |
//! | `direction == to_device`, `protocol == ncp` | |
//! | `latency > 200 ms`; `latency` alone: it has an answer, or is one. Both halves of a pair have it | units of time: `us`, `ms`, `s`, `min`, `h`, `d` |
//! | `time >= 2026-11-21T19:25:00Z`, `time > 12 s` | RFC 3339, or since the first row |
//! | `malformed`, `unanswered`, `late`, `resync`, `gap`, `error`, `warning`, `repeated` | flags |
//! | `payload[0].orders[0].path == "W1"`, `fields.STAT.LEVL > -80.5`, `head.length > 9` | what a path finds (see [`Path`](crate::detail::Path)); alone: it is there |
//! | `payload[*].path in ("W1", "W2")` | one of the values |
//! | `payload contains "W1"`, `payload contains x"DEAD"` | text, or bytes; of `payload`, `message` and `fields` alone all texts that they hold, and all their bytes |
//! | `payload ~ "w1"` | contains, whatever the case of ASCII letters |
//! | `payload[0].service matches "^db[0-9]+$"` | a regular expression finds a part of the text (its first 64 KiB) |
//! | `!late`, `a && b`, `a \|\| b`, `not`, `and`, `or`, parentheses | `!` binds most, then `&&`, then `\|\|` |
//!
//! A path with `[*]`, or a key that comes twice, finds several values. A comparison
//! holds if it holds for one of them, except `!=`: there must be a value, and all
//! must differ. So `payload.a != 1` leaves out what has no `a`; `!(payload.a == 1)`
//! does not. The same goes for columns: `latency != 0 s` is about pairs only, and
//! frames without types are neither `== ORDER` nor `!= ORDER`.
//!
//! Numbers are compared by their exact values, whatever their size and kind.
//! Values of different kinds are unequal and neither is the larger.
//!
//! ```
//! use wigwag_inspect::filter::Filter;
//!
//! let filter = Filter::parse("type==order and (latency>3s or unanswered)")?;
//! assert_eq!(filter.to_string(), "type == ORDER && (latency > 3 s || unanswered)");
//! let error = Filter::parse("tpye == ORDER").unwrap_err();
//! assert_eq!((error.start, error.end), (0, 4));
//! assert_eq!(error.message, "there is no `tpye`: did you mean `type`?");
//! # Ok::<(), wigwag_inspect::filter::FilterError>(())
//! ```

mod alone;
mod complete;
mod error;
mod expr;
mod field;
mod kind;
mod literal;
mod moment;
mod needle;
mod number;
mod old;
mod parse;
mod plan;
mod range;
mod run;
#[cfg(test)]
mod tests;
mod text;
mod token;
mod unseen;
mod words;

pub use complete::{Completion, Completions, complete};
pub use error::FilterError;
pub use run::Filter;
pub use unseen::UnseenType;
