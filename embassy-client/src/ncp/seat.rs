//! What is known of one connection besides what the transport knows.

use embassy_sync::waitqueue::{MultiWakerRegistration, WakerRegistration};
use heapless::Deque;
use wigwag_codec::ncp::exchange::{Desk, Exchange, Who};
use wigwag_codec::ncp::{Header, Ident, NcpError, Packet};

use super::error::{Fault, Warning};

/// How many warnings wait for an application that does not look.
const WARNINGS: usize = 4;

/// How many replies have a place in the line of those who wait to send. Further
/// ones look now and then whether one is free.
const REPLIES: usize = 4;

/// One slot.
pub(super) struct Seat<const REQUESTS: usize, const KEPT: usize> {
    exchange: Exchange<REQUESTS, KEPT>,
    /// Who waits for answers in each slot of the exchange, or to send its request.
    wakers: [WakerRegistration; REQUESTS],
    /// Whose turn it is to send: the slot with the lowest number. 0 is none.
    turns: [u32; REQUESTS],
    common: Common,
}

/// A place in the line of those who wait to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// That of a request, by its first slot.
    Request(usize),
    /// One of a few for replies.
    Reply(usize),
}

/// What does not depend on its size.
pub(super) struct Common {
    /// There is a handle.
    pub(super) is_open: bool,
    /// Who waits for what is unsolicited.
    pub(super) recv: WakerRegistration,
    /// Who waits to send a reply, and whose turn it is, as of requests.
    replies: [(u32, WakerRegistration); REPLIES],
    /// Who waits for a warning, or for the end.
    pub(super) watchers: MultiWakerRegistration<2>,
    pub(super) warnings: Deque<Warning, WARNINGS>,
    /// The packet in front was looked at.
    is_checked: bool,
    /// A packet that was not sound.
    pub(super) fault: Option<NcpError>,
    /// What the other end said before it closed.
    pub(super) last_words: Option<Fault>,
    /// Everybody was told of the end.
    pub(super) is_over: bool,
    /// The number of the turn that was given out last.
    turn: u32,
}

impl<const REQUESTS: usize, const KEPT: usize> Seat<REQUESTS, KEPT> {
    pub(super) const fn new() -> Self {
        Self {
            exchange: Exchange::new(),
            wakers: [const { WakerRegistration::new() }; REQUESTS],
            turns: [0; REQUESTS],
            common: Common {
                is_open: false,
                recv: WakerRegistration::new(),
                replies: [const { (0, WakerRegistration::new()) }; REPLIES],
                watchers: MultiWakerRegistration::new(),
                warnings: Deque::new(),
                is_checked: false,
                fault: None,
                last_words: None,
                is_over: false,
                turn: 0,
            },
        }
    }
}

/// A [`Seat`] of any size.
pub(super) trait AnySeat {
    fn look(&mut self) -> Look<'_>;
}

/// All of it.
pub(super) struct Look<'s> {
    pub(super) desk: Desk<'s>,
    pub(super) wakers: &'s mut [WakerRegistration],
    turns: &'s mut [u32],
    pub(super) common: &'s mut Common,
}

impl<const REQUESTS: usize, const KEPT: usize> AnySeat for Seat<REQUESTS, KEPT> {
    fn look(&mut self) -> Look<'_> {
        Look {
            desk: self.exchange.desk(),
            wakers: &mut self.wakers,
            turns: &mut self.turns,
            common: &mut self.common,
        }
    }
}

impl Look<'_> {
    /// A connection begins.
    pub(super) fn begin(&mut self, first_id: u32) {
        self.desk.reset(first_id);
        self.turns.fill(0);
        for (turn, _) in &mut self.common.replies {
            *turn = 0;
        }
        let Common {
            is_open,
            warnings,
            is_checked,
            fault,
            last_words,
            is_over,
            ..
        } = &mut *self.common;
        *is_open = true;
        warnings.clear();
        *is_checked = false;
        *fault = None;
        *last_words = None;
        *is_over = false;
    }

    /// Wakes whoever waits for fields of a slot; `None` for what is unsolicited.
    pub(super) fn wake(
        wakers: &mut [WakerRegistration],
        recv: &mut WakerRegistration,
        slot: Option<usize>,
    ) {
        match slot {
            Some(slot) => {
                if let Some(waker) = wakers.get_mut(slot) {
                    waker.wake();
                }
            }
            None => recv.wake(),
        }
    }

    /// Wakes everybody.
    pub(super) fn wake_all(&mut self) {
        for waker in self.wakers.iter_mut() {
            waker.wake();
        }
        self.common.recv.wake();
        for (_, waker) in &mut self.common.replies {
            waker.wake();
        }
        self.common.watchers.wake();
    }

    /// Leaves a waker for the fields of `who`.
    pub(super) fn register(&mut self, who: &Who, waker: &core::task::Waker) {
        if *who == Who::Recv {
            self.common.recv.register(waker);
        }
        for slot in self.desk.slots(who) {
            if let Some(place) = self.wakers.get_mut(slot) {
                place.register(waker);
            }
        }
    }

    /// Takes a turn to send, for a place that has none, and leaves a waker there.
    pub(super) fn queue_up(&mut self, place: Place, waker: &core::task::Waker) {
        // After four billion turns somebody passes another one once.
        let next = self.common.turn.wrapping_add(1).max(1);
        let (turn, place) = match place {
            Place::Request(slot) => (self.turns.get_mut(slot), self.wakers.get_mut(slot)),
            Place::Reply(index) => match self.common.replies.get_mut(index) {
                Some((turn, place)) => (Some(turn), Some(place)),
                None => (None, None),
            },
        };
        if let Some(turn) = turn
            && *turn == 0
        {
            *turn = next;
            self.common.turn = next;
        }
        if let Some(place) = place {
            place.register(waker);
        }
    }

    /// A place for a reply that nobody has.
    pub(super) fn free_reply(&self) -> Option<Place> {
        let replies = &self.common.replies;
        let free = replies.iter().position(|(turn, _)| *turn == 0);
        free.map(Place::Reply)
    }

    /// Who is to send next.
    pub(super) fn first_in_line(&self) -> Option<Place> {
        let requests = self.turns.iter().enumerate();
        let requests = requests.map(|(slot, turn)| (*turn, Place::Request(slot)));
        let replies = self.common.replies.iter().enumerate();
        let replies = replies.map(|(index, (turn, _))| (*turn, Place::Reply(index)));
        let waiting = requests.chain(replies).filter(|(turn, _)| *turn > 0);
        let first = waiting.min_by_key(|(turn, _)| *turn);
        first.map(|(_, place)| place)
    }

    /// Who had this place has sent, or does not want to any more.
    pub(super) fn leave_line(&mut self, place: Place) {
        let turn = match place {
            Place::Request(slot) => self.turns.get_mut(slot),
            Place::Reply(index) => {
                let reply = self.common.replies.get_mut(index);
                reply.map(|(turn, _)| turn)
            }
        };
        if let Some(turn) = turn {
            *turn = 0;
        }
        self.wake_sender();
    }

    /// There may be room to send.
    pub(super) fn wake_sender(&mut self) {
        let waker = match self.first_in_line() {
            Some(Place::Request(slot)) => self.wakers.get_mut(slot),
            Some(Place::Reply(index)) => {
                let reply = self.common.replies.get_mut(index);
                reply.map(|(_, waker)| waker)
            }
            None => None,
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Looks at a packet when it is in front for the first time. Whether it is
    /// sound; one that is not ends the connection.
    pub(super) fn check(&mut self, header: &Header, body: &[u8]) -> bool {
        if self.common.fault.is_some() {
            return false;
        }
        if self.common.is_checked {
            return true;
        }
        match Packet::from_parts(*header, body) {
            Ok(packet) => {
                self.common.is_checked = true;
                for warning in packet.warnings() {
                    self.warn(Warning::DecodeWarning(header.kind, warning));
                }
                if header.kind == Ident::LINK {
                    self.hear_last_words(&packet);
                }
                true
            }
            Err(error) => {
                self.common.fault = Some(error);
                self.wake_all();
                false
            }
        }
    }

    /// A server says why it is about to close, and whoever asked something wants
    /// to know.
    fn hear_last_words(&mut self, packet: &Packet<'_>) {
        let said = packet.fields().find_map(|field| {
            let fault = field.error().filter(|_| field.name == "ERRO")?;
            Some(Fault::new(packet.header(), &field, &fault))
        });
        if said.is_some() {
            self.common.last_words = said;
        }
    }

    /// The packet in front is done with.
    pub(super) fn is_done(&mut self) {
        self.common.is_checked = false;
    }

    /// Tells the application; the oldest warning goes when there are too many.
    pub(super) fn warn(&mut self, warning: Warning) {
        if self.common.warnings.is_full() {
            self.common.warnings.pop_front();
        }
        // There is room now.
        let _ = self.common.warnings.push_back(warning);
        self.common.watchers.wake();
    }
}
