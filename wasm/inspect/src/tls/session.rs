//! A TLS connection: both directions, and what they tell each other.

use std::borrow::Cow;

use super::hello::{self, Hello};
use super::keylog::{KeyLog, Random};
use super::records::{ALERT, APPLICATION_DATA, HANDSHAKE, HEADER, Outside, outside};
use super::side::{Phase, Read, Side};
use super::suite::{Keys, Suite};

/// What may wait for the other direction's hello, in bytes.
const MAX_HELD: usize = 1 << 20;
/// The longest hello that is read, in bytes.
const MAX_HELLO: usize = 64 << 10;
/// Room for a record (RFC 8446, section 5.2), which is kept.
const MAX_RECORD: usize = 17 << 10;
/// The alert that ends a direction in order.
const CLOSE_NOTIFY: u8 = 0;

/// What a session needs from outside.
pub(crate) struct Help<'a> {
    pub(crate) keys: &'a KeyLog,
    /// How many bytes of records may be tried in searches, of the whole input.
    pub(crate) trials: &'a mut u64,
}

/// What comes of records.
pub(crate) enum Event<'a> {
    /// Application data of a side: 0 is the client.
    Bytes(usize, &'a [u8]),
    /// A side's data cannot be read for a while, or ever.
    Gap(usize),
    /// Something for people to know.
    Problem(Cow<'static, str>),
}

type Out<'a> = &'a mut dyn FnMut(Event<'_>);

/// A connection whose streams are TLS records. The client is side 0.
#[derive(Default)]
pub(crate) struct Session {
    random: Option<Random>,
    suite: Option<Suite>,
    sides: [Half; 2],
    /// Whether it was said why nothing can be read.
    told: bool,
}

/// A direction with what has come of it.
struct Half {
    side: Side,
    /// Records that are not whole, or that wait for the other direction.
    input: Vec<u8>,
    /// The begin of a hello.
    hello: Vec<u8>,
}

impl Default for Half {
    fn default() -> Self {
        Self {
            side: Side::new(),
            input: Vec::new(),
            hello: Vec::new(),
        }
    }
}

/// What to do after a look at the input.
enum Step {
    Used(usize),
    Wait,
}

impl Session {
    /// Takes the next bytes of a side.
    pub(crate) fn bytes(&mut self, side: usize, bytes: &[u8], help: &mut Help<'_>, out: Out<'_>) {
        if matches!(self.sides[side].side.phase, Phase::Lost | Phase::Closed) {
            return;
        }
        self.sides[side].input.extend_from_slice(bytes);
        let known = (self.random, self.suite);
        self.read(side, help, out);
        // The other side may have waited for a hello.
        if known != (self.random, self.suite) {
            self.read(1 - side, help, out);
        }
    }

    /// Bytes of a side are missing; 0 if nobody knows how many.
    pub(crate) fn gap(&mut self, side: usize, missing: u64, help: &Help<'_>, out: Out<'_>) {
        if self.sides[side].side.phase == Phase::Hello {
            self.unlock(help, out);
        }
        let half = &mut self.sides[side];
        half.input.clear();
        let before = half.side.phase;
        half.side.search(missing);
        match half.side.phase {
            Phase::Searching(_) => out(Event::Gap(side)),
            Phase::Lost if before != Phase::Lost => {
                let why = "bytes of a TLS handshake were not recorded: this direction of the \
                           connection cannot be read";
                self.lose(side, why.into(), out);
            }
            _ => {}
        }
    }

    /// How many bytes of memory wait here.
    pub(crate) fn held(&self) -> usize {
        let of = |half: &Half| half.input.capacity() + half.hello.capacity();
        self.sides.iter().map(of).sum()
    }

    /// No longer waits for the other direction's hello.
    pub(crate) fn give_up(&mut self, out: Out<'_>) {
        for side in [0, 1] {
            let half = &mut self.sides[side];
            half.hello = Vec::new();
            let input = core::mem::take(&mut half.input);
            if half.side.phase == Phase::Hello && !input.is_empty() {
                let why = "a TLS connection whose handshake is not whole, while too many others \
                           wait, too: it cannot be read";
                self.lose(side, why.into(), out);
            } else {
                half.input = input;
            }
        }
    }

    /// Nothing more will come.
    pub(crate) fn finish(&mut self, out: Out<'_>) {
        let waits = |half: &Half| half.side.phase == Phase::Hello && !half.input.is_empty();
        if self.sides.iter().any(waits) {
            let why = "a TLS connection whose handshake was not recorded whole: it cannot be read";
            self.tell(why.into(), out);
        }
    }

    fn read(&mut self, side: usize, help: &mut Help<'_>, out: Out<'_>) {
        let mut input = core::mem::take(&mut self.sides[side].input);
        let mut at = 0;
        while at < input.len() {
            match self.step(side, &mut input[at..], help, out) {
                Step::Used(length) => at += length,
                Step::Wait => break,
            }
        }
        input.drain(..at.min(input.len()));
        if input.is_empty() && input.capacity() > MAX_RECORD {
            // What had waited for a hello.
            input = Vec::new();
        }
        self.sides[side].input = input;
        if self.sides[side].input.len() > MAX_HELD {
            self.sides[side].input = Vec::new();
            let why = "a TLS connection without the other direction's hello: it cannot be read";
            self.lose(side, why.into(), out);
        }
    }

    /// Reads what is at the begin of `input`.
    fn step(&mut self, side: usize, input: &mut [u8], help: &mut Help<'_>, out: Out<'_>) -> Step {
        match self.sides[side].side.phase {
            Phase::Lost | Phase::Closed => return Step::Used(input.len()),
            Phase::Searching(_) => return self.search(side, input, help, out),
            Phase::Hello | Phase::Handshake | Phase::Traffic => {}
        }
        let (kind, length) = match outside(input) {
            Outside::Short => return Step::Wait,
            Outside::Record(kind, length) => (kind, length),
            Outside::Not => {
                self.gap(side, 0, help, out);
                return Step::Used(0);
            }
        };
        let record = &mut input[..length];
        match kind {
            HANDSHAKE if self.sides[side].side.phase == Phase::Hello => {
                self.hello(side, &record[HEADER..], out);
            }
            ALERT if self.sides[side].side.phase != Phase::Traffic => {
                if let [_, description, ..] = record[HEADER..] {
                    self.alert(side, description, out);
                }
            }
            APPLICATION_DATA => {
                if self.sides[side].side.phase == Phase::Hello {
                    if !self.unlock(help, out) {
                        return Step::Wait;
                    }
                    // Now with keys, or lost.
                    return Step::Used(0);
                }
                let read = self.sides[side].side.record(record);
                self.came(side, &read, record, out);
            }
            // Everything is encrypted by now: this is damage.
            _ if self.sides[side].side.phase == Phase::Traffic => {
                self.gap(side, 0, help, out);
                return Step::Used(0);
            }
            _ => {}
        }
        Step::Used(length)
    }

    fn search(&mut self, side: usize, input: &mut [u8], help: &mut Help<'_>, out: Out<'_>) -> Step {
        let (passed, found) = self.sides[side].side.find(input, help.trials);
        let Some(read) = found else {
            return if passed == 0 {
                Step::Wait
            } else {
                Step::Used(passed)
            };
        };
        let record = &input[passed..];
        let length = match outside(record) {
            Outside::Record(_, length) => length,
            Outside::Short | Outside::Not => record.len(),
        };
        self.came(side, &read, record, out);
        Step::Used(passed + length)
    }

    /// Tells what came of a record.
    fn came(&mut self, side: usize, read: &Read, record: &[u8], out: Out<'_>) {
        match *read {
            Read::Data(length) => {
                if length > 0 {
                    out(Event::Bytes(side, &record[HEADER..HEADER + length]));
                }
            }
            Read::Alert(description) => self.alert(side, description, out),
            Read::Other => {}
            // Of a handshake nothing is missed.
            Read::Failed if self.sides[side].side.phase == Phase::Handshake => {}
            Read::Failed => out(Event::Gap(side)),
            Read::GivenUp => {
                let why = "records of a TLS connection cannot be decrypted: too many are missing \
                           or damaged, or the key log is another connection's";
                self.lose(side, why.into(), out);
            }
        }
    }

    fn alert(&mut self, side: usize, description: u8, out: Out<'_>) {
        if description == CLOSE_NOTIFY {
            self.sides[side].side.phase = Phase::Closed;
            return;
        }
        let who = ["device", "server"][side];
        let name = alert_name(description);
        out(Event::Problem(
            format!("the {who} ended TLS with alert {description} ({name})").into(),
        ));
    }

    /// Takes the bytes of a plain handshake record.
    fn hello(&mut self, side: usize, content: &[u8], out: Out<'_>) {
        let mut bytes = core::mem::take(&mut self.sides[side].hello);
        bytes.extend_from_slice(content);
        loop {
            match hello::read(&bytes) {
                Ok(None) if bytes.len() <= MAX_HELLO => break,
                Ok(Some((length, said))) => {
                    bytes.drain(..length);
                    self.said(side, &said, out);
                }
                Ok(None) | Err(()) => {
                    self.lose_all("a TLS hello that cannot be read", out);
                    return;
                }
            }
        }
        self.sides[side].hello = bytes;
    }

    fn said(&mut self, side: usize, hello: &Hello, out: Out<'_>) {
        match *hello {
            Hello::Client(random) if side == 0 => self.random = Some(random),
            Hello::Server(number) if side == 1 => {
                self.suite = Suite::from_u16(number);
                if self.suite.is_none() {
                    let why = format!("TLS with cipher suite {number:#06x}, which is not read");
                    self.lose_all(&why, out);
                }
            }
            Hello::Older if side == 1 => {
                self.lose_all("TLS 1.2 or older, which is not read: only TLS 1.3 is", out);
            }
            Hello::Retry if side == 1 => {}
            _ => self.lose_all("a TLS hello of the wrong end", out),
        }
    }

    /// Gets the keys of both sides. False if they are not there (yet).
    fn unlock(&mut self, help: &Help<'_>, out: Out<'_>) -> bool {
        let (Some(random), Some(suite)) = (self.random, self.suite) else {
            return false;
        };
        let secrets = help.keys.get(&random).cloned().unwrap_or_default();
        let keys = |secret: &Option<_>| secret.as_ref().and_then(|secret| Keys::new(suite, secret));
        let mut there = true;
        for (end, half) in self.sides.iter_mut().enumerate() {
            let traffic = keys(&secrets.traffic[end]);
            there &= traffic.is_some();
            if half.side.phase == Phase::Hello {
                half.side.unlock(keys(&secrets.handshake[end]), traffic);
            }
        }
        if !there {
            let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
            self.tell(
                format!(
                    "TLS without its secrets: a key log is needed that has the lines for client \
                     random {random} (drop or paste it here, or name it with --key-log; \
                     `wigwag serve ngtt --key-log FILE` writes one)"
                )
                .into(),
                out,
            );
        }
        true
    }

    /// Says why something cannot be read, once for a connection.
    fn tell(&mut self, why: Cow<'static, str>, out: Out<'_>) {
        if !self.told {
            self.told = true;
            out(Event::Problem(why));
        }
    }

    /// Nothing of a side can be read any more.
    fn lose(&mut self, side: usize, why: Cow<'static, str>, out: Out<'_>) {
        self.sides[side].side.phase = Phase::Lost;
        self.tell(why, out);
        out(Event::Gap(side));
    }

    /// Nothing of the connection can be read.
    fn lose_all(&mut self, why: &str, out: Out<'_>) {
        for half in &mut self.sides {
            half.side.phase = Phase::Lost;
        }
        self.tell(why.to_owned().into(), out);
    }
}

/// The names that people search for (RFC 8446, section 6).
fn alert_name(description: u8) -> &'static str {
    match description {
        10 => "unexpected message",
        20 => "bad record",
        40 => "handshake failure",
        42 => "bad certificate",
        43 => "unsupported certificate",
        44 => "certificate revoked",
        45 => "certificate expired",
        46 => "certificate unknown",
        47 => "illegal parameter",
        48 => "unknown CA",
        49 => "access denied",
        50 => "decode error",
        51 => "decrypt error",
        70 => "protocol version",
        71 => "insufficient security",
        80 => "internal error",
        90 => "user cancelled",
        109 => "missing extension",
        112 => "unrecognised name",
        116 => "certificate required",
        120 => "no application protocol",
        _ => "see RFC 8446, section 6",
    }
}
