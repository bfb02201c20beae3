//! One TCP connection: its two streams, and who is the server.

use super::context::Context;
use super::conversation::Conversation;
use super::half::{Half, Out};
use super::packet::Segment;
use crate::{About, ConnectionId, Direction, Piece};

/// An end of a connection: 0 has the lower address and port.
pub(super) type End = usize;

/// A TCP connection from its first recorded packet on.
pub(super) struct Flow {
    pub(super) connection: ConnectionId,
    server: End,
    /// What each end sends; none before its first byte or SYN.
    halves: [Option<Half>; 2],
    /// The sequence number of each end's SYN, if it was seen.
    syn: [Option<u32>; 2],
    conversation: Conversation,
    /// Who ended it and how, as soon as somebody did.
    ending: Option<String>,
    /// Whether its end was told.
    ended: bool,
    /// Of its last packet.
    time: u64,
}

impl Flow {
    /// A connection that begins with this segment, sent by `from`; or that was there
    /// before the recording.
    pub(super) fn open(
        connection: ConnectionId,
        from: End,
        time: u64,
        segment: &Segment<'_>,
        cx: &mut Context<'_>,
    ) -> Self {
        let to = 1 - from;
        let server = match (segment.syn, segment.acknowledged) {
            (true, None) => to,
            (true, Some(_)) => from,
            // Servers have well-known ports, which are lower than those that systems
            // choose for clients.
            (false, _) if segment.from.port() < segment.to.port() => from,
            (false, _) => to,
        };
        let (from_text, to_text) = (segment.from.to_string(), segment.to.to_string());
        let (device, server_text) = match server == from {
            true => (to_text, from_text),
            false => (from_text, to_text),
        };
        cx.sink.take(Piece::Open {
            connection,
            time,
            about: About {
                protocol: None,
                device: device.into(),
                server: server_text.into(),
            },
        });
        Self {
            connection,
            server,
            halves: [None, None],
            syn: [None; 2],
            conversation: Conversation::new(connection),
            ending: None,
            ended: false,
            time,
        }
    }

    /// Whether a SYN of `from` with this sequence number is this connection's, and
    /// not that of a new one between the same ports.
    pub(super) fn has_syn(&self, from: End, sequence: u32) -> bool {
        match (self.syn[from], &self.halves[from]) {
            (Some(syn), _) => syn == sequence,
            // Its first bytes were recorded before its SYN.
            (None, Some(half)) => half.begins_at(sequence.wrapping_add(1)),
            (None, None) => self.ending.is_none(),
        }
    }

    /// Whether nothing is to be expected of it but the end of the recording.
    pub(super) const fn is_ending(&self) -> bool {
        self.ending.is_some()
    }

    /// How many bytes of memory it takes.
    pub(super) fn held(&self) -> usize {
        let halves = self.halves.iter().flatten().map(Half::held).sum::<usize>();
        size_of::<Self>() + halves + self.conversation.held()
    }

    /// No longer waits for anything: gives out what it holds.
    pub(super) fn give_up(&mut self, cx: &mut Context<'_>) {
        for end in [0, 1] {
            self.with_half(end, cx, |half, out| half.give_up(out));
        }
        self.conversation.give_up(self.time, cx);
    }

    fn direction(&self, from: End) -> Direction {
        if from == self.server {
            Direction::ToDevice
        } else {
            Direction::ToServer
        }
    }

    /// Takes a segment that `from` sent.
    pub(super) fn segment(
        &mut self,
        from: End,
        time: u64,
        segment: &Segment<'_>,
        cx: &mut Context<'_>,
    ) {
        self.time = time;
        let to = 1 - from;
        let mut sequence = segment.sequence;
        if segment.syn {
            self.syn[from] = Some(sequence);
            sequence = sequence.wrapping_add(1);
            self.halves[from].get_or_insert_with(|| Half::new(sequence));
        }
        if self.halves[from].is_none() && !segment.payload.is_empty() {
            // What came before was not recorded.
            self.halves[from] = Some(Half::new(sequence));
            let direction = self.direction(from);
            self.conversation.gap(direction, time, 0, cx);
        }
        if let Some(acknowledged) = segment.acknowledged {
            self.acknowledged(from, sequence, acknowledged);
        }
        // Where the stream ends is not known if the segment was cut.
        let fin = segment.fin && segment.cut == 0;
        self.with_half(from, cx, |half, out| {
            half.segment(time, sequence, segment.payload, fin, out);
        });
        for end in [from, to] {
            self.with_half(end, cx, |half, out| half.watch(time, out));
        }
        self.look_for_end(from, segment, cx);
    }

    /// `from` has everything that the other end sent before `number`.
    fn acknowledged(&mut self, from: End, sequence: u32, number: u32) {
        let to = 1 - from;
        // The other end's SYN was not recorded, but nothing of it is missing yet.
        let fresh = self.syn[from].is_some()
            && self.halves[from]
                .as_ref()
                .is_some_and(|half| half.begins_at(sequence));
        match &mut self.halves[to] {
            Some(half) => half.acknowledge(number),
            half if fresh => *half = Some(Half::new(number)),
            _ => {}
        }
    }

    fn look_for_end(&mut self, from: End, segment: &Segment<'_>, cx: &mut Context<'_>) {
        let who = || match self.direction(from) {
            Direction::ToServer => "device",
            Direction::ToDevice => "server",
        };
        if segment.rst {
            self.ending = Some(format!("reset by the {}", who()));
        } else if segment.fin && self.ending.is_none() {
            self.ending = Some(format!("closed by the {}", who()));
        }
        if self
            .halves
            .iter()
            .flatten()
            .filter(|half| half.is_done())
            .count()
            == 2
        {
            self.end(cx);
        }
    }

    /// Tells that it has ended, once.
    fn end(&mut self, cx: &mut Context<'_>) {
        if let Some(reason) = &self.ending
            && !self.ended
        {
            self.ended = true;
            cx.sink.take(Piece::End {
                connection: self.connection,
                time: self.time,
                reason: reason.as_str().into(),
            });
        }
    }

    /// Nothing more will come of it: tells what is left.
    pub(super) fn settle(mut self, why: Option<&str>, cx: &mut Context<'_>) {
        let time = self.time;
        for end in [0, 1] {
            self.with_half(end, cx, |half, out| half.settle(time, out));
        }
        self.conversation.finish(time, cx);
        if let Some(why) = why {
            self.ending.get_or_insert_with(|| why.to_owned());
        }
        self.end(cx);
    }

    fn with_half(
        &mut self,
        end: End,
        cx: &mut Context<'_>,
        act: impl FnOnce(&mut Half, &mut dyn FnMut(Out<'_>)),
    ) {
        let direction = self.direction(end);
        if let Some(half) = &mut self.halves[end] {
            act(half, &mut telling(&mut self.conversation, direction, cx));
        }
    }
}

/// What a stream gives goes to the conversation.
fn telling<'a>(
    conversation: &'a mut Conversation,
    direction: Direction,
    cx: &'a mut Context<'_>,
) -> impl FnMut(Out<'_>) + 'a {
    move |out| match out {
        Out::Bytes(time, bytes) => conversation.bytes(direction, time, bytes, cx),
        Out::Gap(time, missing) => conversation.gap(direction, time, missing, cx),
    }
}
