//! Where frames begin in one direction of a connection.

use wigwag_codec::framer::{Framer, Step};
use wigwag_codec::ncp::{self, NcpFramer};
use wigwag_codec::ngtt::{self, NgttFramer};
use wigwag_codec::prefix::{self, PrefixFramer};
use wigwag_inspect::Protocol;

/// The longest head of a frame.
const HEAD: usize = ncp::HEADER_LEN;

/// What every NCP packet begins with.
const NCP_MARK: [u8; 4] = [0xdd, 0xcc, 0xbb, 0xaa];

/// The first frame that begins in a piece of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// So many bytes behind the piece's begin.
    At(usize),
    /// None does.
    None,
    /// Frames are not known here.
    Unknown,
}

/// Follows the frames of a direction by their heads, without keeping their bodies.
#[derive(Debug)]
pub(super) struct Boundaries {
    protocol: Protocol,
    /// The begin of a head that is not complete.
    head: [u8; HEAD],
    held: usize,
    /// Bytes of the present frame that are still to come.
    skip: u64,
    /// Frames cannot be told any more, before the next NCP mark.
    lost: bool,
}

impl Boundaries {
    pub(super) const fn new(protocol: Protocol) -> Self {
        Self {
            protocol,
            head: [0; HEAD],
            held: 0,
            skip: 0,
            lost: false,
        }
    }

    /// Takes the next piece of the stream, and says where the first frame in it
    /// begins.
    pub(super) fn take(&mut self, piece: &[u8]) -> Start {
        if matches!(self.protocol, Protocol::Unknown | Protocol::Minijson) {
            return Start::Unknown;
        }
        let mut first = None;
        let mut at = 0;
        while at < piece.len() {
            if self.skip > 0 {
                let here = self.skip.min((piece.len() - at) as u64);
                self.skip -= here;
                at += here as usize;
                continue;
            }
            if self.lost {
                let Some(found) = find(&piece[at..], NCP_MARK) else {
                    break;
                };
                at += found;
                self.lost = false;
            }
            if self.held == 0 {
                first = first.or(Some(at));
            }
            let begin = at - self.held.min(at);
            at += self.take_head(&piece[at..]);
            // Text in front of packets, as for a tunnel, is no packet.
            if self.lost && first == Some(begin) {
                first = None;
            }
        }
        first.map_or(Start::None, Start::At)
    }

    /// Takes bytes of a head, and says how many.
    fn take_head(&mut self, bytes: &[u8]) -> usize {
        let wanted = match self.protocol {
            Protocol::Ngtt => ngtt::HEADER_LEN,
            Protocol::Ncp => ncp::HEADER_LEN,
            _ => prefix::PREFIX_LEN,
        };
        let count = (wanted - self.held).min(bytes.len());
        self.head[self.held..self.held + count].copy_from_slice(&bytes[..count]);
        self.held += count;
        let head = &self.head[..self.held];
        let length = match self.protocol {
            Protocol::Ngtt => length(&mut NgttFramer::new(0), head),
            Protocol::Ncp => length(&mut NcpFramer::new(0), head),
            _ => length(&mut PrefixFramer::new(0), head),
        };
        match length {
            Length::Unknown => count,
            Length::Known(length) => {
                self.skip = length.saturating_sub(self.held as u64);
                self.held = 0;
                count
            }
            Length::NoFrame => {
                self.lost = true;
                // Those of an earlier piece cannot be looked at again, and these
                // are, but for the first: it began no frame.
                let earlier = self.held - count;
                self.held = 0;
                usize::from(earlier == 0)
            }
        }
    }
}

enum Length {
    /// More of the head is needed.
    Unknown,
    /// Bytes of the whole frame.
    Known(u64),
    NoFrame,
}

/// The length of the frame with this head. The framer has a limit of 0, so that it
/// does not wait for bodies.
fn length<F: Framer>(framer: &mut F, head: &[u8]) -> Length {
    match framer.decode(head) {
        Ok(Step::Frame { consumed, .. }) => Length::Known(consumed as u64),
        Ok(Step::Head {
            skip,
            body_len,
            tail,
            ..
        }) => Length::Known(skip as u64 + body_len as u64 + tail as u64),
        Ok(Step::Need(_)) => Length::Unknown,
        _ => Length::NoFrame,
    }
}

fn find(bytes: &[u8], mark: [u8; 4]) -> Option<usize> {
    bytes.windows(mark.len()).position(|window| window == mark)
}

/// The protocol that a connection with this begin speaks, as far as it shows.
pub(super) fn detect(begin: &[u8]) -> Protocol {
    if begin.starts_with(&NCP_MARK) || begin.starts_with(b"CONNECT ") {
        return Protocol::Ncp;
    }
    match begin.first_chunk() {
        // A first frame of 16 MiB is none.
        Some(&[0, _, _, _, _, _, 0, kind]) if kind <= 10 => Protocol::Ngtt,
        _ => Protocol::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ngtt(payload: usize) -> Vec<u8> {
        let mut frame = (payload as u32).to_be_bytes().to_vec();
        frame.extend([0, 1, 0, 9]);
        frame.resize(8 + payload, 0xdd);
        frame
    }

    fn ncp(words: u32) -> Vec<u8> {
        let mut packet = vec![0; words as usize * 4];
        packet[..4].copy_from_slice(&NCP_MARK);
        packet[4..8].copy_from_slice(b"DSPC");
        packet[8..12].copy_from_slice(&words.to_le_bytes());
        packet
    }

    /// All boundaries that pieces of every size tell are frames' begins, and a
    /// piece in which a frame begins tells the first.
    fn check(protocol: Protocol, stream: &[u8], begins: &[usize], marks: usize) {
        for size in 1..=stream.len() {
            let mut boundaries = Boundaries::new(protocol);
            let mut at = 0;
            for piece in stream.chunks(size) {
                let expected = begins
                    .iter()
                    .find(|&&begin| begin >= at && begin < at + piece.len())
                    .map(|begin| begin - at);
                match boundaries.take(piece) {
                    Start::At(found) => assert_eq!(Some(found), expected, "{size} {at}"),
                    // A mark that is cut behind something else is not found.
                    Start::None if size < marks => {}
                    Start::None => assert_eq!(None, expected, "{size} {at}"),
                    Start::Unknown => panic!("known"),
                }
                at += piece.len();
            }
        }
    }

    #[test]
    fn begins_are_found_whatever_the_pieces() {
        let (mut stream, mut begins) = (Vec::new(), Vec::new());
        for payload in [0, 1, 7, 0, 300, 8] {
            begins.push(stream.len());
            stream.extend(ngtt(payload));
        }
        check(Protocol::Ngtt, &stream, &begins, 0);

        let (mut stream, mut begins) = (Vec::new(), Vec::new());
        for words in [10, 13, 10, 50] {
            begins.push(stream.len());
            stream.extend(ncp(words));
        }
        check(Protocol::Ncp, &stream, &begins, 0);
    }

    #[test]
    fn text_of_a_tunnel_is_passed_over() {
        let mut stream = b"CONNECT x HTTP/1.1\r\nHost: x\r\n\r\n".to_vec();
        let begin = stream.len();
        stream.extend(ncp(13));
        let mut boundaries = Boundaries::new(Protocol::Ncp);
        assert_eq!(boundaries.take(&stream), Start::At(begin));
        assert_eq!(boundaries.take(&ncp(10)), Start::At(0));
        // Cut anywhere, it is found or nothing is.
        for cut in 1..stream.len() {
            let mut boundaries = Boundaries::new(Protocol::Ncp);
            for (at, piece) in [(0, &stream[..cut]), (cut, &stream[cut..])] {
                match boundaries.take(piece) {
                    Start::At(found) => assert_eq!(at + found, begin, "{cut}"),
                    Start::None => {}
                    Start::Unknown => panic!("known"),
                }
            }
        }
    }

    #[test]
    fn garbage_and_lengths_that_lie_are_no_boundaries() {
        let mut boundaries = Boundaries::new(Protocol::Ncp);
        assert_eq!(boundaries.take(&[0xff; 100]), Start::None);
        let mut boundaries = Boundaries::new(Protocol::Ngtt);
        assert_eq!(boundaries.take(&[0xff; 100]), Start::At(0));
        assert_eq!(boundaries.take(&[0; 100]), Start::None);
        let mut boundaries = Boundaries::new(Protocol::Unknown);
        assert_eq!(boundaries.take(&[0; 100]), Start::Unknown);
    }

    #[test]
    fn a_protocol_shows_in_its_first_bytes() {
        assert_eq!(detect(&ngtt(3)), Protocol::Ngtt);
        assert_eq!(detect(&ncp(10)), Protocol::Ncp);
        assert_eq!(detect(b"CONNECT :9999 HTTP/1.1"), Protocol::Ncp);
        assert_eq!(detect(b"GET / HTTP/1.1\r\n"), Protocol::Unknown);
        assert_eq!(detect(b""), Protocol::Unknown);
    }
}
