//! From a field to its answers, and from an answer to the bytes to write.

use super::book::Command;
use super::event::EventKind;
use super::handler::{Answer, Asked};
use super::look::{check, told};
use super::outbox::Sent;
use super::shared::{Ending, instant, time_of_day};
use super::talk::{End, Taken, Talk};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use wigwag_codec::framer::{self, Framer};
use wigwag_codec::ncp::link::{LinkError, ServerLink, error_packet};
use wigwag_codec::ncp::{FOOTER_LEN, Field, HEADER_LEN, Header, Ident, NcpFramer, Packet};

impl Talk<'_> {
    /// A packet has come.
    pub(super) fn packet(&mut self, header: &Header, body: &[u8]) {
        if let Err(error) = check(header, body) {
            return self.fail(LinkError::BadRequest, End::Bad(error));
        }
        if header.kind == Ident::LINK {
            // Said of the link, asks for nothing: an answer could be answered.
            return;
        }
        let mut wire = vec![0; HEADER_LEN + body.len() + FOOTER_LEN];
        // What was read can be written.
        if framer::write(&mut NcpFramer::new(usize::MAX), header, body, &mut wire).is_ok() {
            self.asking = Some((wire.into(), 0));
        }
    }

    /// Handles the fields of the packet that has come, as far as it may.
    pub(super) fn answer_fields(&mut self) -> Result<(), Taken> {
        let Some((wire, first)) = self.asking.take() else {
            return self.may_go_on();
        };
        let Ok(packet) = Packet::decode(&wire) else {
            return Ok(());
        };
        for (index, field) in packet.fields().enumerate().skip(first) {
            if let Err(rest) = self.may_go_on() {
                self.asking = Some((wire.clone(), index));
                return Err(rest);
            }
            self.turn.commands -= 1;
            self.answer_field(&wire, index, packet, field);
            if self.end.is_some() {
                break;
            }
        }
        self.may_go_on()
    }

    fn answer_field(
        &mut self,
        wire: &Arc<[u8]>,
        index: usize,
        packet: Packet<'_>,
        field: Field<'_>,
    ) {
        if self.shared.has_listeners() {
            self.tell(EventKind::Field {
                packet: packet.kind().to_string(),
                name: field.name.to_string(),
                id: field.id,
                params: told(&field),
            });
        }
        let hostname = self.hostname.clone();
        let asked = Asked {
            packet,
            field,
            hostname: hostname.as_deref().unwrap_or_default(),
            now: time_of_day(),
            info: self.link.config().info,
        };
        let command = Command {
            connection: self.number,
            wire: wire.clone(),
            index,
            at: self.shared.at(),
            acknowledged: None,
            answered: None,
            answers: 0,
            error: None,
        };
        let mut state = self.shared.lock();
        let command = state.book.put(command, &self.shared.options);
        let handler = state.handler.clone();
        drop(state);
        self.shared.changed();
        // Not under the lock: the handler may ask the server things.
        let answers = catch_unwind(AssertUnwindSafe(|| handler(&asked)));
        let error = match answers {
            Ok(Ok(answers)) => {
                let now = instant();
                for answer in answers {
                    self.outbox.answer(answer, command, now);
                }
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "it panicked".to_owned(),
        };
        self.tell(EventKind::HandlerFailed { error });
        self.fail(LinkError::ServerError, End::Handler);
    }

    /// Says why the connection ends.
    fn fail(&mut self, why: LinkError, end: End) {
        let mut place = [0; ServerLink::OUT];
        if let Ok(packet) = error_packet(&mut place, self.link.config(), why) {
            self.outbox.now().extend_from_slice(packet);
        }
        self.end.get_or_insert(end);
    }

    /// Puts the answers that are due where they are written from.
    pub(super) fn send_due(&mut self) {
        while self.end.is_none()
            && self.outbox.unwritten().len() < self.shared.options.max_unwritten
        {
            let sent = self.outbox.next(instant(), &mut self.shared.lock().fault);
            match sent {
                Some(sent) => self.send(sent),
                None => break,
            }
        }
    }

    fn send(&mut self, sent: Sent) {
        let fault = self.note(&sent);
        self.outbox.now().extend_from_slice(&sent.wire);
        // Its bytes are there already; the link is to know that they are said.
        let (mut head, mut tail) = ([0; HEADER_LEN], [0; FOOTER_LEN]);
        let header = Header::new(Ident::LINK);
        let _ = self.link.encode(&header, 0, &mut head, &mut tail);
        if let Some(how) = sent.cut {
            let reason = "cut by the server in the middle of an answer";
            self.end = Some(End::Ordered(Ending { how, reason }));
        }
        if let Some(told) = fault {
            self.tell(told);
        }
    }

    /// Writes an answer into the book, and says what to tell of it.
    fn note(&self, sent: &Sent) -> Option<EventKind> {
        let packet = Packet::decode(&sent.wire).ok()?;
        let field = packet.fields().next()?;
        let at = self.shared.at();
        let mut state = self.shared.lock();
        let command = sent.command.and_then(|n| state.book.commands.get_mut(n));
        if let Some(command) = command {
            command.answered_by(&field, at);
        }
        drop(state);
        self.shared.changed();
        field.error().map(|error| EventKind::CommandError {
            packet: packet.kind().to_string(),
            name: field.name.to_string(),
            id: field.id,
            detail: error.detail.to_owned(),
            code: error.code,
        })
    }

    /// Sends a packet that answers nothing.
    pub(super) fn send_unasked(&mut self, wire: &[u8]) {
        let answer = Answer {
            wire: wire.to_vec(),
            delay: Duration::ZERO,
        };
        self.outbox.answer(answer, None, instant());
    }
}
