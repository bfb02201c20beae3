use core::ops::Range;

/// What [`Framer::decode`](super::Framer::decode) found at the start of the
/// bytes it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<M> {
    /// Nothing can be said, no error either, before the prefix has at least this many
    /// bytes in total. Always more than the prefix has now. The framer may not be asked
    /// again before they are there, so one that looks at a mark byte by byte asks for
    /// one byte more.
    Need(usize),
    /// This many bytes carry nothing: drop them and look again. They need not
    /// all have arrived.
    Skip(usize),
    /// A whole message.
    Frame {
        /// What the message has besides its bytes.
        meta: M,
        /// Where in the prefix the message stands.
        body: Range<usize>,
        /// How many bytes of the prefix it took, head and tail included.
        consumed: usize,
    },
    /// The head of a message that is larger than the framer's limit. Its body
    /// can be passed on in pieces as it arrives, or dropped: either way the
    /// stream stays in step. This is how a framer earmarks bytes beyond what
    /// has arrived (DeliverAndAdvanceReceiveCursor of RFC 9623 section 6.2).
    Head {
        /// What the message has besides its bytes.
        meta: M,
        /// How many bytes of the prefix go before the body.
        skip: usize,
        /// How many bytes the body has.
        body_len: usize,
        /// How many bytes follow the body.
        tail: usize,
    },
    /// The framer steps aside: behind `skip` bytes comes a message that the
    /// format gives no end. It ends with whatever carries it, which is the
    /// message of a framer below, a datagram, or the connection
    /// (StartPassthrough of RFC 9623 section 6.3), unless a framer above finds
    /// the end of its own frame. The framer is not asked again before that.
    Passthrough {
        /// What the message has besides its bytes.
        meta: M,
        /// How many bytes of the prefix go before the body.
        skip: usize,
    },
}

/// Whether a framer has something to settle with its peer before messages
/// (answer of [`Framer::start`](super::Framer::start)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Start {
    /// Nothing: the connection can become Ready.
    Ready,
    /// The connection becomes Ready when
    /// [`Framer::on_handshake`](super::Framer::on_handshake) says so.
    Handshake,
}

/// How far a framer's handshake has come (answer of
/// [`Framer::on_handshake`](super::Framer::on_handshake)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Handshake {
    /// Nothing can be said before there are at least this many bytes in total.
    /// Always more than there are now.
    Need(usize),
    /// This many bytes were taken, and the handshake goes on. They need not
    /// all have arrived.
    Used(usize),
    /// This many bytes were taken, and the handshake is complete: what follows
    /// are messages (MakeConnectionReady of RFC 9623 section 6.1).
    Ready(usize),
}
