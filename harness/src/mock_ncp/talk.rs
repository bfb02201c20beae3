//! What is said on a connection, without the connection: bytes and a clock in,
//! bytes out.

use super::event::EventKind;
use super::fault::Fault;
use super::outbox::Outbox;
use super::reason;
use super::shared::{Ending, Shared, instant};
use crate::faults::Cut;
use std::net::SocketAddr;
use std::sync::Arc;
use wigwag_codec::Instant;
use wigwag_codec::framer::{self, Found, FrameError, Framer, Out, Receiver, tick};
use wigwag_codec::ncp::link::ServerLink;
use wigwag_codec::ncp::{FOOTER_LEN, HEADER_LEN, Header};

/// Commands that are handled in a turn, and bytes of answers, before others have
/// theirs.
const TURN: usize = 64;
const TURN_BYTES: usize = 64 * 1024;

/// Bytes that are kept for what is received next when all is taken.
const KEPT: usize = 64 * 1024;

/// Why a connection ends.
pub(super) enum End {
    /// The link has failed. It has said what it had to.
    Link(FrameError),
    /// A packet or a value in it is unsound; the client was told 400.
    Bad(String),
    /// The handler failed; the client was told 500.
    Handler,
    /// Somebody wants it so.
    Ordered(Ending),
}

pub(super) struct Talk<'a> {
    pub(super) shared: &'a Shared,
    pub(super) number: u64,
    pub(super) peer: SocketAddr,
    pub(super) certificate: Option<Arc<str>>,
    pub(super) link: ServerLink<'a>,
    pub(super) receiver: Receiver<Header>,
    /// Received and not taken yet.
    pub(super) input: Vec<u8>,
    pub(super) outbox: Outbox,
    pub(super) hostname: Option<Arc<str>>,
    /// A packet some of whose fields are not handled yet, and the first of
    /// them.
    pub(super) asking: Option<(Arc<[u8]>, usize)>,
    pub(super) end: Option<End>,
    /// The very first byte that was received.
    first: Option<u8>,
    /// Keep-alives that are not in the book yet.
    keep_alives: u64,
    pub(super) turn: Turn,
}

/// How far what was received has been taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// All of it, up to what is no whole packet.
    All,
    /// As far as there was room for answers.
    ToTheFull,
    /// As far as one turn goes.
    OneTurn,
}

/// Where a turn ends.
#[derive(Default)]
pub(super) struct Turn {
    /// After so many more commands.
    pub(super) commands: usize,
    /// With so many bytes of answers.
    bytes: usize,
}

impl<'a> Talk<'a> {
    pub(super) fn new(
        shared: &'a Shared,
        number: u64,
        peer: SocketAddr,
        link: ServerLink<'a>,
    ) -> Self {
        let mut talk = Self {
            shared,
            number,
            peer,
            certificate: None,
            link,
            receiver: Receiver::new(),
            input: Vec::new(),
            outbox: Outbox::default(),
            hostname: None,
            asking: None,
            end: None,
            first: None,
            keep_alives: 0,
            turn: Turn::default(),
        };
        talk.say(|talk, out| talk.receiver.start(&mut talk.link, out));
        talk
    }

    pub(super) fn is_up(&self) -> bool {
        self.hostname.is_some()
    }

    /// Whether more can be taken in.
    pub(super) fn has_room(&self) -> bool {
        let options = &self.shared.options;
        self.outbox.pending() < options.max_pending && self.outbox.bytes() < options.max_unwritten
    }

    /// Lets the link say something, and does what it answers.
    fn say<T>(
        &mut self,
        f: impl FnOnce(&mut Self, &mut Out<'_>) -> Result<T, FrameError>,
    ) -> Option<T> {
        let mut place = [0; ServerLink::OUT];
        let mut out = Out::new(&mut place);
        let answer = f(self, &mut out);
        let is_mute = self.is_up() && self.shared.lock().fault == Fault::Silence;
        if !is_mute {
            self.shared.options.scar.put(&out, self.outbox.now());
        }
        match answer {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.end.get_or_insert(End::Link(error));
                None
            }
        }
    }

    /// Lets the link's clock run, and says when to do so again.
    pub(super) fn tick(&mut self) -> Option<Instant> {
        self.say(|talk, out| tick(&mut talk.link, instant(), out))
            .flatten()
    }

    /// So many bytes were received, and stand at the end of the input.
    pub(super) fn received(&mut self, count: usize) {
        if self.first.is_none() {
            let start = self.input.len().saturating_sub(count);
            self.first = self.input.get(start).copied();
            if let Some(live) = self.shared.lock().live.get_mut(&self.number) {
                live.has_spoken = true;
            }
        }
        self.link.heard();
    }

    /// Takes what was received as far as there is room for answers, or up to the
    /// end of the turn.
    pub(super) fn take(&mut self) -> Taken {
        self.turn = Turn {
            commands: TURN,
            bytes: self.outbox.bytes().saturating_add(TURN_BYTES),
        };
        let mut taken = Taken::All;
        let mut used = 0;
        while self.end.is_none() {
            if self.is_up()
                && let Err(rest) = self.answer_fields()
            {
                taken = rest;
                break;
            }
            match self.step(used) {
                Some(count) => used += count,
                None => break,
            }
        }
        self.input.drain(..used);
        if self.keep_alives > 0 {
            let count = core::mem::take(&mut self.keep_alives);
            self.shared.lock().book.keep_alives += count;
            self.shared.changed();
        }
        if self.input.is_empty() {
            self.input.shrink_to(KEPT);
        }
        taken
    }

    /// Whether another command may be handled now.
    pub(super) fn may_go_on(&self) -> Result<(), Taken> {
        if !self.has_room() {
            return Err(Taken::ToTheFull);
        }
        if self.turn.commands == 0 || self.outbox.bytes() >= self.turn.bytes {
            return Err(Taken::OneTurn);
        }
        Ok(())
    }

    /// One step over what was received behind `used`; how many more bytes are
    /// used, or nothing before more comes.
    fn step(&mut self, used: usize) -> Option<usize> {
        let input = core::mem::take(&mut self.input);
        let prefix = input.get(used..).unwrap_or_default();
        let step = if self.is_up() {
            self.step_message(prefix)
        } else {
            self.step_handshake(prefix)
        };
        self.input = input;
        step
    }

    fn step_handshake(&mut self, prefix: &[u8]) -> Option<usize> {
        let turn = self.say(|talk, out| {
            talk.receiver
                .handshake(&mut talk.link, prefix, usize::MAX, out)
        })?;
        match turn {
            framer::Turn::Need(_) => None,
            framer::Turn::Drop(count) => Some(count),
            framer::Turn::Take { consumed, .. } => {
                self.come_up();
                Some(consumed)
            }
        }
    }

    /// The handshake is complete.
    fn come_up(&mut self) {
        let hostname = self.link.peer().map_or("", |peer| &peer.hostname);
        let hostname: Arc<str> = hostname.into();
        self.hostname = Some(hostname.clone());
        let mut state = self.shared.lock();
        state.book.connections += 1;
        if let Some(live) = state.live.get_mut(&self.number) {
            live.hostname = Some(hostname.clone());
        }
        drop(state);
        if let Some(timing) = self.link.timing() {
            let peer = self.peer;
            let certificate = self.certificate.clone();
            self.tell(EventKind::Connected {
                peer,
                hostname,
                certificate,
                timing,
            });
        }
    }

    fn step_message(&mut self, prefix: &[u8]) -> Option<usize> {
        match self.receiver.next(&mut self.link, prefix, usize::MAX) {
            Ok(framer::Turn::Need(_)) => None,
            Ok(framer::Turn::Drop(count)) => {
                // The link passes over nothing else, unless it has failed.
                self.keep_alives += u64::from(count == HEADER_LEN + FOOTER_LEN);
                Some(count)
            }
            Ok(framer::Turn::Take {
                found: Found::Message { meta, body },
                consumed,
            }) => {
                self.packet(&meta, prefix.get(body).unwrap_or_default());
                Some(consumed)
            }
            // The link hands out nothing else.
            Ok(framer::Turn::Take { consumed, .. }) => Some(consumed),
            Err(error) => {
                self.end = Some(End::Link(error));
                None
            }
        }
    }

    pub(super) fn tell(&self, kind: EventKind) {
        self.shared.tell(Some(self.number), kind);
    }

    /// How far it has come, for those who say why it ended.
    fn state(&self) -> reason::State {
        let options = &self.shared.options;
        let patience = self
            .link
            .timing()
            .filter(|_| self.is_up())
            .map_or(options.handshake_limit, |timing| {
                timing.patience(options.timeout)
            });
        reason::State {
            is_up: self.is_up(),
            first: self.first,
            wants_tunnel: options.tls.is_some() || options.login.is_some(),
            patience,
        }
    }

    /// Why it ended, in words, and how the stream is to end.
    pub(super) fn reason(&self, end: &End) -> (String, Cut) {
        match end {
            End::Link(error) => (reason::of_link(&self.state(), error), Cut::Close),
            End::Bad(error) => (error.clone(), Cut::Close),
            End::Handler => ("the handler failed".into(), Cut::Close),
            End::Ordered(ending) => (ending.reason.into(), ending.how),
        }
    }
}
