//! Recordings of packets: pcap and pcapng files, put together to TCP streams.
//!
//! [`Reader`] takes a recording in chunks of any size and tells the pieces of its
//! connections. It reads Ethernet (with VLAN tags), Linux's cooked headers, loopback
//! and raw IP; IPv4 and IPv6; and puts TCP's streams together whatever the order of
//! their segments. What was not recorded becomes a [`Piece::Gap`], what cannot be
//! read a [`Piece::Problem`] with its offset; the rest is read on.
//!
//! Limits: records of 16 MiB; 65,536 connections at a time; 4 MiB or 2048 segments
//! of a direction that wait for one before them; and of all of them together what the
//! [`Sink`] has room for ([`Sink::hold`]).

mod blocks;
mod context;
mod conversation;
mod flow;
mod flows;
mod half;
mod packet;
mod pcap;
mod pcapng;
#[cfg(test)]
mod tests;

use core::fmt;
use std::borrow::Cow;

use blocks::{Blocks, Format, Packet, Record};
use context::{Context, Shared};
use flows::Flows;
use packet::NotRead;

use crate::tls::KeyLog;
use crate::{Piece, Sink};

/// The format of a recording of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// libpcap's older format, in either byte order, with micro- or nanoseconds.
    Pcap,
    /// The newer format of blocks.
    Pcapng,
}

/// Which format begins so: four bytes are enough.
///
/// ```
/// use wigwag_inspect::net::{Recording, recognise};
///
/// assert_eq!(recognise(&[0xD4, 0xC3, 0xB2, 0xA1]), Some(Recording::Pcap));
/// assert_eq!(recognise(&[0x0A, 0x0D, 0x0D, 0x0A]), Some(Recording::Pcapng));
/// assert_eq!(recognise(b"GET "), None);
/// ```
#[must_use]
pub fn recognise(bytes: &[u8]) -> Option<Recording> {
    if pcap::recognise(bytes) {
        Some(Recording::Pcap)
    } else if pcapng::recognise(bytes) {
        Some(Recording::Pcapng)
    } else {
        None
    }
}

/// Reads a recording of packets.
///
/// ```
/// use wigwag_inspect::Piece;
/// use wigwag_inspect::net::{Reader, Recording};
///
/// let mut reader = Reader::new(Recording::Pcap);
/// let mut problems = 0;
/// let mut sink = |piece: Piece<'_>| problems += usize::from(matches!(piece, Piece::Problem { .. }));
/// reader.push(b"\xD4\xC3\xB2\xA1\x02\x00", &mut sink);
/// reader.finish(&mut sink);
/// // It ends within its header.
/// assert_eq!(problems, 1);
/// ```
pub struct Reader {
    blocks: Blocks,
    state: State,
}

/// All but the blocks, which are read while this changes.
#[derive(Default)]
struct State {
    flows: Flows,
    tally: Tally,
    keys: KeyLog,
    shared: Shared,
    /// Where the last record stands.
    offset: u64,
}

/// How often something was seen that is told only once.
#[derive(Debug, Default)]
struct Tally {
    packets: u64,
    segments: u64,
    links: u64,
    fragments: u64,
    damaged: u64,
    cut: u64,
}

/// Without the secrets and without what was recorded.
impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("tally", &self.state.tally)
            .finish_non_exhaustive()
    }
}

impl Reader {
    /// Reads a recording of this format.
    #[must_use]
    pub fn new(recording: Recording) -> Self {
        let format = match recording {
            Recording::Pcap => Format::Pcap(pcap::Pcap::default()),
            Recording::Pcapng => Format::Pcapng(pcapng::Pcapng::default()),
        };
        Self {
            blocks: Blocks::new(format),
            state: State::default(),
        }
    }

    /// Reads a recording of this format with the secrets of a key log: lines of NSS's
    /// format. What of them cannot be read is told as a problem.
    #[must_use]
    pub fn with_key_log(recording: Recording, lines: &str, sink: &mut dyn Sink) -> Self {
        let mut log = KeyLog::default();
        if log.add(lines) > 0 {
            let message = "some lines of the key log are no secrets and are left out: it must \
                           be a file as programs write it that know SSLKEYLOGFILE";
            let message = message.into();
            sink.take(Piece::Problem { offset: 0, message });
        }
        let mut reader = Self::new(recording);
        reader.add_key_log(&log);
        reader
    }

    /// Adds the lines of a key log (NSS's format). They serve the connections whose
    /// handshake is read from now on, so they come before the recording: one that
    /// was read without them is read again from its begin.
    pub fn add_key_log(&mut self, keys: &KeyLog) {
        self.state.keys.merge(keys);
    }

    /// Takes the next bytes of the recording, as many as there are.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn Sink) {
        let state = &mut self.state;
        self.blocks.push(bytes, &mut |offset, record| {
            state.record(offset, record, sink)
        });
    }

    /// The recording ends here: tells what waited for more.
    pub fn finish(&mut self, sink: &mut dyn Sink) {
        let state = &mut self.state;
        self.blocks
            .finish(&mut |offset, record| state.record(offset, record, sink));
        let mut cx = Context {
            sink,
            keys: &state.keys,
            offset: state.offset,
            shared: &mut state.shared,
        };
        state.flows.settle(&mut cx);
        sink.hold(0);
        state.summary(sink);
    }
}

impl State {
    fn record(&mut self, offset: u64, record: Record<'_>, sink: &mut dyn Sink) {
        self.offset = offset;
        if let Record::Secrets(text) = record {
            if !sink.hold(self.shared.held + self.keys.held() + text.len()) {
                let message = "secrets of TLS connections that there is no room for";
                self.shared.problems.tell(offset, message.into(), sink);
                return;
            }
            let unread = self.keys.add(&String::from_utf8_lossy(text));
            if unread > 0 {
                let message = format!("{unread} lines of the key log within cannot be read");
                self.shared.problems.tell(offset, message.into(), sink);
            }
            return;
        }
        let mut cx = Context {
            sink,
            keys: &self.keys,
            offset,
            shared: &mut self.shared,
        };
        match record {
            Record::Packet(packet) => {
                packet_of(&packet, &mut self.tally, &mut self.flows, &mut cx);
            }
            Record::Problem(message) => cx.problem(message),
            Record::Secrets(_) => {}
        }
    }

    /// What the end says of the whole.
    fn summary(&self, sink: &mut dyn Sink) {
        let tally = &self.tally;
        let all = tally.packets;
        let mut tell = |message: String| {
            let message = message.into();
            sink.take(Piece::Problem { offset: 0, message });
        };
        for (count, what) in [
            (tally.links, "have headers that are not read here"),
            (
                tally.fragments,
                "are fragments of IP packets, which are not put together",
            ),
            (tally.damaged, "have headers that do not fit their length"),
            (tally.cut, "were recorded in part"),
        ] {
            if count > 1 {
                tell(format!("{count} packets of {all} {what}"));
            }
        }
        if all > 0 && tally.segments == 0 {
            tell(format!("no TCP in {all} packets"));
        }
        if self.shared.problems.untold() > 0 {
            tell(format!(
                "{} more problems were not told",
                self.shared.problems.untold()
            ));
        }
    }
}

/// Reads a packet.
fn packet_of(packet: &Packet<'_>, tally: &mut Tally, flows: &mut Flows, cx: &mut Context<'_>) {
    tally.packets += 1;
    let segment = match packet::read(packet) {
        Ok(segment) => segment,
        Err(why) => {
            if let Some(message) = tally.not_read(why) {
                cx.problem(message);
            }
            return;
        }
    };
    tally.segments += 1;
    if segment.cut > 0 && first(&mut tally.cut) {
        let message = "only the begin of packets was recorded: record them whole \
                       (tcpdump and tshark: -s 0)";
        cx.problem(message.into());
    }
    if flows.segment(packet.time, &segment, cx) {
        let message = "too many connections at a time: those before are not followed further";
        cx.problem(message.into());
    }
}

impl Tally {
    /// Counts a packet that is not read, and says what is to be told of it.
    fn not_read(&mut self, why: NotRead) -> Option<Cow<'static, str>> {
        match why {
            NotRead::Other => None,
            NotRead::Link(link) => first(&mut self.links).then(|| {
                format!(
                    "packets with headers of link type {link} are not read: \
                     Ethernet, Linux cooked, loopback and raw IP are"
                )
                .into()
            }),
            NotRead::Fragment => first(&mut self.fragments)
                .then(|| "a fragment of an IP packet: they are not put together".into()),
            NotRead::Damaged => first(&mut self.damaged)
                .then(|| "a packet whose headers do not fit its length".into()),
        }
    }
}

/// Counts one more: whether it is the first.
fn first(count: &mut u64) -> bool {
    *count += 1;
    *count == 1
}
