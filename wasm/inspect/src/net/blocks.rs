//! Cuts a recording of packets into its records, however it arrives in chunks.

use std::borrow::Cow;

use super::pcap::Pcap;
use super::pcapng::Pcapng;

/// The longest record that is read, in bytes; Wireshark's limit too. Longer ones
/// are passed over without being kept.
pub(super) const MAX_RECORD: usize = 16 << 20;

/// What a record says.
pub(super) enum Record<'a> {
    /// A packet was seen.
    Packet(Packet<'a>),
    /// Text of a key log.
    Secrets(&'a [u8]),
    /// It cannot be read. The next one perhaps can.
    Problem(Cow<'static, str>),
}

/// A packet as it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    /// What its first header is: a number of <https://www.tcpdump.org/linktypes.html>.
    pub(super) link: u32,
    /// Microseconds since 1970; the packet before's where the record has no time.
    pub(super) time: u64,
    /// What was kept of it.
    pub(super) bytes: &'a [u8],
}

/// What comes of the bytes at a record's begin.
pub(super) enum Step<'a> {
    /// That many bytes in all are needed, more than there are.
    Need(usize),
    /// The record is that long, which may be more than there are: the rest is
    /// passed over.
    Used(u64, Option<Record<'a>>),
    /// Nothing can be read from here on.
    Broken(Cow<'static, str>),
}

/// A file format.
#[derive(Debug)]
pub(super) enum Format {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl Format {
    fn step<'a>(&mut self, bytes: &'a [u8]) -> Step<'a> {
        match self {
            Self::Pcap(pcap) => pcap.step(bytes),
            Self::Pcapng(pcapng) => pcapng.step(bytes),
        }
    }
}

/// The records of a recording.
#[derive(Debug)]
pub(super) struct Blocks {
    format: Format,
    /// The begin of a record whose rest has not come.
    held: Vec<u8>,
    /// How many bytes `held` must have before it is looked at again.
    need: usize,
    /// Bytes that are passed over.
    skip: u64,
    /// Where in the recording the next record begins.
    offset: u64,
    /// Where the record begins that is passed over.
    begin: u64,
    broken: bool,
}

impl Blocks {
    pub(super) const fn new(format: Format) -> Self {
        Self {
            format,
            held: Vec::new(),
            need: 0,
            skip: 0,
            offset: 0,
            begin: 0,
            broken: false,
        }
    }

    /// Takes the next bytes; `take` gets the records with their offsets.
    pub(super) fn push(&mut self, mut bytes: &[u8], take: &mut dyn FnMut(u64, Record<'_>)) {
        while !bytes.is_empty() && !self.broken {
            if self.skip > 0 {
                let passed = usize::try_from(self.skip).map_or(bytes.len(), |n| n.min(bytes.len()));
                bytes = &bytes[passed..];
                self.skip -= passed as u64;
                self.offset += passed as u64;
            } else if self.held.is_empty() {
                bytes = self.whole(bytes, take);
            } else {
                let more = (self.need - self.held.len()).min(bytes.len());
                self.held.extend_from_slice(&bytes[..more]);
                bytes = &bytes[more..];
                if self.held.len() == self.need {
                    let held = core::mem::take(&mut self.held);
                    // What `held` has beyond a record is none of this record's: none,
                    // because no more was put there than was needed.
                    let rest = self.whole(&held, take);
                    debug_assert!(rest.is_empty() || self.broken);
                }
            }
        }
    }

    /// The record at the begin of `bytes`; what it needs more is held. Returns
    /// what follows.
    fn whole<'a>(&mut self, bytes: &'a [u8], take: &mut dyn FnMut(u64, Record<'_>)) -> &'a [u8] {
        match self.format.step(bytes) {
            Step::Need(need) => {
                self.need = need.max(bytes.len() + 1);
                self.held.extend_from_slice(bytes);
                &[]
            }
            Step::Used(length, record) => {
                if let Some(record) = record {
                    take(self.offset, record);
                }
                // At least a byte, so that every round comes nearer to the end.
                let length = length.max(1);
                let here = usize::try_from(length).map_or(bytes.len(), |n| n.min(bytes.len()));
                self.begin = self.offset;
                self.offset += here as u64;
                self.skip = length - here as u64;
                &bytes[here..]
            }
            Step::Broken(why) => {
                take(self.offset, Record::Problem(why));
                self.broken = true;
                &[]
            }
        }
    }

    /// The end of the recording: tells of a record that is not whole.
    pub(super) fn finish(&mut self, take: &mut dyn FnMut(u64, Record<'_>)) {
        if (self.skip > 0 || !self.held.is_empty()) && !self.broken {
            let why = "the recording ends within a record: it was cut, or is still being written";
            let begin = if self.skip > 0 {
                self.begin
            } else {
                self.offset
            };
            take(begin, Record::Problem(why.into()));
        }
        self.broken = true;
    }
}

/// Integers of a file whose byte order is known only when it is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    Little,
    Big,
}

impl Order {
    /// The two bytes at `at`; 0 beyond the end, which callers have checked.
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> u16 {
        let two = bytes.get(at..).and_then(|rest| rest.first_chunk());
        let two = *two.unwrap_or(&[0; 2]);
        match self {
            Self::Little => u16::from_le_bytes(two),
            Self::Big => u16::from_be_bytes(two),
        }
    }

    /// The four bytes at `at`; 0 beyond the end, which callers have checked.
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> u32 {
        let four = bytes.get(at..).and_then(|rest| rest.first_chunk());
        let four = *four.unwrap_or(&[0; 4]);
        match self {
            Self::Little => u32::from_le_bytes(four),
            Self::Big => u32::from_be_bytes(four),
        }
    }
}
