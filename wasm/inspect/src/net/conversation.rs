//! What the two streams of a TCP connection carry: told as pieces, decrypted where
//! it is TLS.

use super::context::Context;
use crate::tls::{Event, Help, Looks, Session, looks};
use crate::{ConnectionId, Direction, Piece};

/// A connection's contents on their way to the table.
pub(super) struct Conversation {
    connection: ConnectionId,
    kind: Kind,
}

enum Kind {
    /// The first bytes have not told: what there is, by direction.
    Undecided([First; 2]),
    Plain,
    /// With the direction that the client sends.
    Tls(Box<Session>, Direction),
    /// Nothing of it can be read.
    Lost,
}

/// The first bytes of a direction.
#[derive(Default)]
struct First {
    bytes: Vec<u8>,
    /// The stream's begin is missing: so many bytes, 0 if nobody knows.
    missing: Option<u64>,
}

impl Conversation {
    pub(super) fn new(connection: ConnectionId) -> Self {
        Self {
            connection,
            kind: Kind::Undecided(Default::default()),
        }
    }

    /// The next bytes of a direction.
    pub(super) fn bytes(
        &mut self,
        direction: Direction,
        time: u64,
        bytes: &[u8],
        cx: &mut Context<'_>,
    ) {
        match &mut self.kind {
            Kind::Plain => self.tell(direction, time, bytes, cx),
            Kind::Lost => {}
            Kind::Tls(session, client) => {
                let side = usize::from(direction != *client);
                let (mut help, mut out) = tls(self.connection, *client, time, cx);
                session.bytes(side, bytes, &mut help, &mut out);
            }
            Kind::Undecided(firsts) => {
                let first = &mut firsts[direction as usize];
                first.bytes.extend_from_slice(bytes);
                match looks(&first.bytes, first.missing.is_some()) {
                    None => {}
                    Some(Looks::Plain) => self.decide(Kind::Plain, time, cx),
                    Some(Looks::Client) => self.begin_tls(direction, time, cx),
                    Some(Looks::Server) => self.begin_tls(direction.reverse(), time, cx),
                    Some(Looks::Midway) => {
                        self.kind = Kind::Lost;
                        cx.problem(
                            "a TLS connection that was open before the recording began: what is \
                             needed to decrypt it was not recorded"
                                .into(),
                        );
                    }
                }
            }
        }
    }

    /// How many bytes of memory wait here.
    pub(super) fn held(&self) -> usize {
        match &self.kind {
            Kind::Undecided(firsts) => firsts.iter().map(|first| first.bytes.capacity()).sum(),
            Kind::Tls(session, _) => size_of::<Session>() + session.held(),
            Kind::Plain | Kind::Lost => 0,
        }
    }

    /// No longer waits for a handshake that is not whole.
    pub(super) fn give_up(&mut self, time: u64, cx: &mut Context<'_>) {
        if let Kind::Tls(session, client) = &mut self.kind {
            let (_, mut out) = tls(self.connection, *client, time, cx);
            session.give_up(&mut out);
        }
    }

    fn begin_tls(&mut self, client: Direction, time: u64, cx: &mut Context<'_>) {
        self.decide(Kind::Tls(Box::default(), client), time, cx);
    }

    /// Now it is known what it is: takes what there is.
    fn decide(&mut self, kind: Kind, time: u64, cx: &mut Context<'_>) {
        let before = core::mem::replace(&mut self.kind, kind);
        let Kind::Undecided(firsts) = before else {
            return;
        };
        let directions = [Direction::ToServer, Direction::ToDevice];
        for (first, direction) in firsts.into_iter().zip(directions) {
            if let Some(missing) = first.missing {
                self.gap(direction, time, missing, cx);
            }
            if !first.bytes.is_empty() {
                self.bytes(direction, time, &first.bytes, cx);
            }
        }
    }

    /// Bytes of a direction that were not recorded; 0 if nobody knows how many.
    pub(super) fn gap(
        &mut self,
        direction: Direction,
        time: u64,
        missing: u64,
        cx: &mut Context<'_>,
    ) {
        match &mut self.kind {
            Kind::Plain => cx.sink.take(Piece::Gap {
                connection: self.connection,
                direction,
                time,
                missing,
                aligned: false,
            }),
            Kind::Lost => {}
            Kind::Tls(session, client) => {
                let side = usize::from(direction != *client);
                let (help, mut out) = tls(self.connection, *client, time, cx);
                session.gap(side, missing, &help, &mut out);
            }
            Kind::Undecided(firsts) => {
                let first = &mut firsts[direction as usize];
                if first.bytes.is_empty() {
                    first.missing = Some(first.missing.unwrap_or(0) + missing);
                } else {
                    self.decide(Kind::Plain, time, cx);
                    self.gap(direction, time, missing, cx);
                }
            }
        }
    }

    /// Nothing more will come.
    pub(super) fn finish(&mut self, time: u64, cx: &mut Context<'_>) {
        match &mut self.kind {
            Kind::Undecided(_) => self.decide(Kind::Plain, time, cx),
            Kind::Tls(session, client) => {
                let (_, mut out) = tls(self.connection, *client, time, cx);
                session.finish(&mut out);
            }
            Kind::Plain | Kind::Lost => {}
        }
    }

    fn tell(&self, direction: Direction, time: u64, bytes: &[u8], cx: &mut Context<'_>) {
        cx.sink.take(Piece::Bytes {
            connection: self.connection,
            direction,
            time,
            bytes,
        });
    }
}

/// What a session needs, and what becomes of its events.
fn tls<'a>(
    connection: ConnectionId,
    client: Direction,
    time: u64,
    cx: &'a mut Context<'_>,
) -> (Help<'a>, impl FnMut(Event<'_>) + 'a) {
    let (sink, offset, shared) = (&mut *cx.sink, cx.offset, &mut *cx.shared);
    let help = Help {
        keys: cx.keys,
        trials: &mut shared.trials,
    };
    let problems = &mut shared.problems;
    let direction = move |side| if side == 0 { client } else { client.reverse() };
    let out = move |event: Event<'_>| match event {
        Event::Bytes(side, bytes) => sink.take(Piece::Bytes {
            connection,
            direction: direction(side),
            time,
            bytes,
        }),
        Event::Gap(side) => sink.take(Piece::Gap {
            connection,
            direction: direction(side),
            time,
            missing: 0,
            aligned: false,
        }),
        Event::Problem(message) => problems.tell(offset, message, sink),
    };
    (help, out)
}
