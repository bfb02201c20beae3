use core::time::Duration;

use super::place::Place;

/// Times and limits of a [`ClientSession`](super::ClientSession).
///
/// ```
/// use core::time::Duration;
/// use wigwag_codec::ngtt::client::Config;
///
/// let config = Config { ping_after: Duration::from_secs(60), ..Config::new() };
/// assert_eq!(config.data_window, 8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    /// A PING is written when nothing was written for this long. 30 s, as the
    /// protocol's other client does.
    pub ping_after: Duration,
    /// The connection is dead when a PING is not answered for this long, or not
    /// one byte of a frame can be written for this long. 90 s.
    pub ping_dead: Duration,
    /// The connection is dead when nothing was received for this long, and no
    /// part of a long frame written. 120 s. A PING is written when half of it
    /// has passed.
    pub read_dead: Duration,
    /// A PING is written this long after a confirmation or logs, whose arrival
    /// only its PONG proves; at once when half of the marks are in use. 1 s.
    pub settle_after: Duration,
    /// How many DATA_STREAM frames may be written and unanswered at a time, at least
    /// one. 8.
    pub data_window: usize,
    /// How many batches of pathpoints may wait, and what happens when it is
    /// too many.
    pub data: QueueRule,
    /// The same for logs.
    pub logs: QueueRule,
    /// The same for requests about binary objects.
    pub baobs: QueueRule,
    /// PINGs of the server are sent back at most once in this time, after a
    /// burst of four. 1 s.
    pub echo_interval: Duration,
    /// A PING with the same transaction id is sent back at most once in this
    /// time: if the other end echoes echoes, it ends here. At most 16 PINGs are
    /// sent back in this time. 10 s.
    pub echo_quiet: Duration,
    /// The server redelivers what it does not know to be answered within this
    /// time after FETCH_ORDERS. When it has passed, a PING is written; an order
    /// remembered from an earlier connection and not redelivered before its PONG
    /// is forgotten. 120 s.
    pub redelivery_grace: Duration,
    /// Whether FETCH_ORDERS is written on each new connection. Without it the
    /// server may keep its orders to itself, and orders remembered from earlier
    /// connections are not forgotten before it is written for another reason:
    /// by request, or for an order that was skipped. True.
    pub fetch_on_connect: bool,
}

impl Config {
    /// The values named at each field.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            ping_after: Duration::from_secs(30),
            ping_dead: Duration::from_secs(90),
            read_dead: Duration::from_secs(120),
            settle_after: Duration::from_secs(1),
            data_window: 8,
            data: QueueRule::new(WhenFull::Block),
            logs: QueueRule::new(WhenFull::DropOldest),
            baobs: QueueRule::new(WhenFull::Block),
            echo_interval: Duration::from_secs(1),
            echo_quiet: Duration::from_secs(10),
            redelivery_grace: Duration::from_secs(120),
            fetch_on_connect: true,
        }
    }
}

impl Place<Config> {
    /// What was chosen, or the values of [`Config::new`].
    pub(super) const fn get(&self) -> &Config {
        match self {
            Self::Free => const { &Config::new() },
            Self::Taken(config) => config,
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

/// How much of one kind may wait in the session's send slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct QueueRule {
    /// How many slots this kind may fill, [`usize::MAX`] for all of them.
    pub limit: usize,
    /// What happens to one more.
    pub when_full: WhenFull,
}

impl QueueRule {
    /// All slots, and this rule when they are full.
    #[must_use]
    pub const fn new(when_full: WhenFull) -> Self {
        Self {
            limit: usize::MAX,
            when_full,
        }
    }

    /// The same rule with at most `limit` slots.
    #[must_use]
    pub const fn with_limit(self, limit: usize) -> Self {
        Self { limit, ..self }
    }
}

/// What happens when something is submitted and there is no room for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WhenFull {
    /// It is refused with [`QueueError::Full`](super::QueueError::Full): try
    /// again later.
    Block,
    /// The oldest of the same kind that was not written yet makes room; its
    /// ticket is answered [`Outcome::Dropped`](super::Outcome::Dropped).
    DropOldest,
    /// It is dropped, with [`QueueError::Dropped`](super::QueueError::Dropped).
    DropNewest,
}
