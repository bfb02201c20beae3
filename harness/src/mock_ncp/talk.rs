//! What is said on a connection, without the connection: bytes and a clock in,
//! bytes out.

use super::book::Command;
use super::event::EventKind;
use super::fault::Fault;
use super::handler::{Answer, Asked};
use super::outbox::{Outbox, Sent};
use super::reason;
use super::shared::{Ending, Shared, instant, time_of_day};
use crate::faults::Cut;
use crate::tagged;
use serde_json::{Value as Json, json};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use wigwag_codec::Instant;
use wigwag_codec::framer::{self, Found, FrameError, Framer, Out, Receiver, Turn, tick};
use wigwag_codec::ncp::link::{LinkError, ServerLink, error_packet};
use wigwag_codec::ncp::{
    FOOTER_LEN, Field, HEADER_LEN, Header, Ident, NcpError, NcpFramer, Packet, Value, ValueType,
};

/// Bytes of a value beyond which an event tells only how many there are.
const MAX_TOLD: usize = 1024;

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
        }
        self.link.heard();
    }

    /// Takes what was received as far as there is room for answers.
    pub(super) fn take(&mut self) {
        let mut used = 0;
        while self.end.is_none() {
            if self.is_up() && !self.answer_fields() {
                break;
            }
            match self.step(used) {
                Some(count) => used += count,
                None => break,
            }
        }
        self.input.drain(..used);
        if self.input.is_empty() {
            self.input.shrink_to(KEPT);
        }
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
            Turn::Need(_) => None,
            Turn::Drop(count) => Some(count),
            Turn::Take { consumed, .. } => {
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
            Ok(Turn::Need(_)) => None,
            Ok(Turn::Drop(count)) => {
                // The link passes over nothing else, unless it has failed.
                if count == HEADER_LEN + FOOTER_LEN {
                    self.shared.lock().book.keep_alives += 1;
                    self.shared.changed();
                }
                Some(count)
            }
            Ok(Turn::Take {
                found: Found::Message { meta, body },
                consumed,
            }) => {
                self.packet(&meta, prefix.get(body).unwrap_or_default());
                Some(consumed)
            }
            // The link hands out nothing else.
            Ok(Turn::Take { consumed, .. }) => Some(consumed),
            Err(error) => {
                self.end = Some(End::Link(error));
                None
            }
        }
    }

    /// A packet has come.
    fn packet(&mut self, header: &Header, body: &[u8]) {
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

    /// Handles the fields of the packet that has come; whether all are.
    fn answer_fields(&mut self) -> bool {
        let Some((wire, first)) = self.asking.take() else {
            return self.has_room();
        };
        let Ok(packet) = Packet::decode(&wire) else {
            return true;
        };
        for (index, field) in packet.fields().enumerate().skip(first) {
            if !self.has_room() {
                self.asking = Some((wire.clone(), index));
                return false;
            }
            self.answer_field(&wire, index, packet, field);
            if self.end.is_some() {
                return false;
            }
        }
        self.has_room()
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

    fn tell(&self, kind: EventKind) {
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

/// Whether everything in a packet can be read.
fn check(header: &Header, body: &[u8]) -> Result<(), String> {
    let unsound = |error: NcpError| format!("an unsound packet: {error}");
    let packet = Packet::from_parts(*header, body).map_err(unsound)?;
    for field in packet.fields() {
        for param in field.params() {
            param.value().map_err(unsound)?;
        }
    }
    Ok(())
}

/// The parameters of a field, without the values that are large.
fn told(field: &Field<'_>) -> Json {
    let params = field.params().filter_map(|param| {
        let value = param.value().ok()?;
        let name = param.name.to_string();
        let length = length(&value);
        if length > MAX_TOLD {
            let kind = ValueType::from_u8(param.kind).map_or("unknown", ValueType::name);
            return Some(json!({"name": name, "t": kind, "bytes": length}));
        }
        let (kind, value) = tagged::ncp::from_value(&value);
        Some(json!({"name": name, "t": kind, "v": value}))
    });
    params.collect()
}

/// Bytes of a value that can be large.
fn length(value: &Value<'_>) -> usize {
    match value {
        Value::Str(text) => text.len(),
        Value::Raw(bytes) | Value::Unknown { bytes, .. } => bytes.len(),
        Value::U8s(array) => array.bytes().len(),
        Value::U16s(array) => array.bytes().len(),
        Value::U32s(array) => array.bytes().len(),
        Value::I8s(array) => array.bytes().len(),
        Value::I16s(array) => array.bytes().len(),
        Value::I32s(array) => array.bytes().len(),
        Value::U64s(array) => array.bytes().len(),
        Value::I64s(array) => array.bytes().len(),
        Value::F32s(array) => array.bytes().len(),
        Value::F64s(array) => array.bytes().len(),
        _ => 0,
    }
}
