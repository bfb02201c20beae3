//! Inputs: the bytes of a file, of a paste or of a live stream become
//! [`Piece`]s, whatever they are written in.
//!
//! | Module | What it is |
//! |---|---|
//! | [`Kind`] | what an input is written in, and how that is found out |
//! | `raw`, `hex`, `base64` | the bytes of one direction, as they are or as text |
//! | `lines` | JSON lines: the export of this crate; or hex, a text a line |
//! | `capture` | [`wigwag_codec::capture`] |
//!
//! An input arrives in chunks of any size, and gives the same frames for all of
//! them. What cannot be read becomes a [`Piece::Problem`];
//! what stands before and behind it is delivered. Nothing is kept of an input but
//! what is needed to go on: at most a record or a line, whose size is limited.

mod base64;
mod capture;
mod detect;
mod hex;
mod hex_dump;
mod lines;
mod not_frames;
mod problems;
mod resync;
mod stream;

pub use detect::{Kind, PREFIX, detect};
pub use not_frames::is_key_log;

#[cfg(feature = "packets")]
use crate::net::{self, Recording};
#[cfg(feature = "packets")]
use crate::tls::KeyLog;
use crate::{Direction, Piece, Protocol, Sink};

/// What is known of an input, besides its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What it is written in; found out if it is not said.
    pub kind: Option<Kind>,
    /// What its connections speak, whatever the input says.
    pub protocol: Option<Protocol>,
    /// Which way the bytes went, where the input does not say it.
    pub direction: Direction,
    /// Secrets of TLS connections: lines of an NSS key log file.
    pub key_log: String,
}

impl Default for Options {
    /// Everything is found out; to the server; no secrets.
    fn default() -> Self {
        Self {
            kind: None,
            protocol: None,
            direction: Direction::ToServer,
            key_log: String::new(),
        }
    }
}

/// An input that is being read.
///
/// ```
/// use wigwag_inspect::Piece;
/// use wigwag_inspect::input::{Input, Kind, Options};
///
/// let mut bytes = Vec::new();
/// let mut sink = |piece: Piece<'_>| {
///     if let Piece::Bytes { bytes: more, .. } = piece {
///         bytes.extend_from_slice(more);
///     }
/// };
/// let mut input = Input::new(Options::default());
/// // A paste, in two chunks: a PING.
/// input.push(b"0x00, 0x00, 0x00, 0x0", &mut sink);
/// input.push(b"0, 0x00, 0x07, 0x00, 0x00", &mut sink);
/// input.finish(&mut sink);
/// assert_eq!(input.kind(), Some(Kind::Hex));
/// assert_eq!(bytes, [0, 0, 0, 0, 0, 7, 0, 0]);
/// ```
#[derive(Debug)]
pub struct Input {
    options: Options,
    kind: Option<Kind>,
    /// The input's begin, until it is known what it is.
    held: Vec<u8>,
    reader: Option<Reader>,
    is_finished: bool,
}

#[derive(Debug)]
enum Reader {
    Raw(stream::Stream),
    Hex(Box<hex::Hex>),
    Base64(Box<base64::Base64>),
    Lines(Box<lines::Lines>),
    Capture(Box<capture::Capture>),
    #[cfg(feature = "packets")]
    Net(Box<net::Reader>),
    /// What is not read.
    Nothing,
}

impl Input {
    /// An input of which nothing has arrived.
    #[must_use]
    pub const fn new(options: Options) -> Self {
        Self {
            kind: options.kind,
            options,
            held: Vec::new(),
            reader: None,
            is_finished: false,
        }
    }

    /// What was said of it.
    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.options
    }

    /// What it is written in, as soon as that is known.
    #[must_use]
    pub const fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// How many records the writer of a capture (a server that streams it live) had
    /// to leave out so far.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        match &self.reader {
            Some(Reader::Capture(capture)) => capture.dropped(),
            _ => 0,
        }
    }

    /// Secrets of TLS connections that become known while the input is read: lines
    /// of an NSS key log file. Connections that were read already stay as they are.
    ///
    /// Returns how many lines are not of such a file; they are left out.
    #[cfg(feature = "packets")]
    pub fn add_key_log(&mut self, lines: &str) -> usize {
        self.options.key_log.push_str(lines);
        self.options.key_log.push('\n');
        let mut log = KeyLog::default();
        let not_read = log.add(lines);
        if let Some(Reader::Net(net)) = &mut self.reader {
            net.add_key_log(&log);
        }
        not_read
    }

    /// Takes the next bytes of the input. Bytes behind [`Input::finish`] are ignored.
    pub fn push(&mut self, mut bytes: &[u8], sink: &mut dyn Sink) {
        if self.is_finished {
            return;
        }
        if self.reader.is_none() {
            let room = PREFIX.saturating_sub(self.held.len());
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.held.extend_from_slice(now);
            bytes = later;
            self.begin(false, sink);
        }
        self.feed(bytes, sink);
    }

    /// The input has ended: what is left of it is read, or told as a problem.
    pub fn finish(&mut self, sink: &mut dyn Sink) {
        if std::mem::replace(&mut self.is_finished, true) {
            return;
        }
        if self.reader.is_none() {
            if self.held.is_empty() {
                let message = "the input is empty".into();
                sink.take(Piece::Problem { offset: 0, message });
                return;
            }
            self.begin(true, sink);
        }
        match &mut self.reader {
            Some(Reader::Hex(hex)) => hex.finish(sink),
            Some(Reader::Base64(base64)) => base64.finish(sink),
            Some(Reader::Lines(lines)) => lines.finish(sink),
            Some(Reader::Capture(capture)) => capture.finish(sink),
            #[cfg(feature = "packets")]
            Some(Reader::Net(net)) => net.finish(&mut Named::new(self.options.protocol, sink)),
            Some(Reader::Raw(_) | Reader::Nothing) | None => {}
        }
    }

    /// Chooses the reader, if what is held suffices for that, and gives it what is
    /// held.
    fn begin(&mut self, is_all: bool, sink: &mut dyn Sink) {
        let is_all = is_all || self.held.len() >= PREFIX;
        let Some(kind) = self.kind.or_else(|| detect(&self.held, is_all)) else {
            return;
        };
        if self.options.kind.is_none() && not_frames::is_key_log(&self.held) {
            // Secrets are not to be shown as frames.
            let message = not_frames::KEY_LOG.into();
            sink.take(Piece::Problem { offset: 0, message });
            self.reader = Some(Reader::Nothing);
            self.held.clear();
            return;
        }
        // The layout of a text shows in its first lines.
        if kind == Kind::Hex && !is_all {
            return;
        }
        if self.options.kind.is_none() && kind == Kind::Raw {
            not_frames::warn(&self.held, sink);
        }
        self.kind = Some(kind);
        let stream = stream::Stream::new(self.options.protocol, self.options.direction);
        self.reader = Some(match kind {
            Kind::Raw => Reader::Raw(stream),
            Kind::Hex => Reader::Hex(Box::new(hex::Hex::new(&self.held, stream))),
            Kind::Base64 => Reader::Base64(Box::new(base64::Base64::new(stream))),
            Kind::JsonLines => Reader::Lines(Box::new(lines::Lines::new(
                self.options.protocol,
                self.options.direction,
            ))),
            Kind::Capture => {
                Reader::Capture(Box::new(capture::Capture::new(self.options.protocol)))
            }
            #[cfg(feature = "packets")]
            Kind::Pcap => self.net(Recording::Pcap, sink),
            #[cfg(feature = "packets")]
            Kind::Pcapng => self.net(Recording::Pcapng, sink),
            #[cfg(not(feature = "packets"))]
            Kind::Pcap | Kind::Pcapng => {
                let message = "packets are not read here: `wigwag convert` makes a capture of \
                               them";
                let message = message.into();
                sink.take(Piece::Problem { offset: 0, message });
                Reader::Nothing
            }
        });
        let held = std::mem::take(&mut self.held);
        self.feed(&held, sink);
    }

    #[cfg(feature = "packets")]
    fn net(&self, recording: Recording, sink: &mut dyn Sink) -> Reader {
        let reader = net::Reader::with_key_log(recording, &self.options.key_log, sink);
        Reader::Net(Box::new(reader))
    }

    fn feed(&mut self, bytes: &[u8], sink: &mut dyn Sink) {
        match &mut self.reader {
            Some(Reader::Raw(stream)) => stream.bytes(bytes, sink),
            Some(Reader::Hex(hex)) => hex.push(bytes, sink),
            Some(Reader::Base64(base64)) => base64.push(bytes, sink),
            Some(Reader::Lines(lines)) => lines.push(bytes, sink),
            Some(Reader::Capture(capture)) => capture.push(bytes, sink),
            #[cfg(feature = "packets")]
            Some(Reader::Net(net)) => net.push(bytes, &mut Named::new(self.options.protocol, sink)),
            Some(Reader::Nothing) | None => {}
        }
    }
}

/// Says of each connection which protocol it speaks, where the reader knows no
/// better.
#[cfg(feature = "packets")]
struct Named<'s> {
    protocol: Option<Protocol>,
    sink: &'s mut dyn Sink,
}

#[cfg(feature = "packets")]
impl<'s> Named<'s> {
    fn new(protocol: Option<Protocol>, sink: &'s mut dyn Sink) -> Self {
        Self { protocol, sink }
    }
}

#[cfg(feature = "packets")]
impl Sink for Named<'_> {
    fn hold(&mut self, bytes: usize) -> bool {
        self.sink.hold(bytes)
    }

    fn take(&mut self, mut piece: Piece<'_>) {
        if let Piece::Open { about, .. } = &mut piece {
            about.protocol = self.protocol.or(about.protocol);
        }
        self.sink.take(piece);
    }
}
