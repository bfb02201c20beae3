//! Finding a frame's begin again: after bytes that are missing, or that are no
//! frame.

use wigwag_codec::minijson::{MAX_LENGTH, Value};
use wigwag_codec::ngtt::{FrameHead, HEADER_LEN};

use super::cut::{Cut, LIMITS, NCP_MAGIC, cut, has_payload, is_short};
use super::detect::direction_of;
use crate::{Direction, Protocol};

/// The longest frame whose end is waited for before its begin is believed.
const MAX_WAIT: usize = 64 << 10;

/// What a search has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seek {
    /// A frame begins here.
    Found(usize),
    /// None does before `from`. There may be one at `from` or later: look again
    /// when there are `need` bytes.
    Wait { from: usize, need: usize },
}

/// Looks for the begin of a frame at or after `from`. `direction` is that of the
/// bytes, where it counts.
///
/// The work is bounded by a few times the number of bytes: a search that has found
/// many begins of frames that were none looks at short ones only.
pub(super) fn seek(
    protocol: Protocol,
    direction: Option<Direction>,
    bytes: &[u8],
    from: usize,
) -> Seek {
    let mut work = bytes.len().saturating_sub(from) * 8 + MAX_WAIT;
    let mut at = from;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let shown = match protocol {
            Protocol::Ngtt => ngtt(rest, direction, &mut work),
            Protocol::Ncp => match magic(rest) {
                None => return wait(bytes.len().saturating_sub(3).max(at), bytes.len() + 1),
                Some(next) if next > 0 => {
                    at += next;
                    continue;
                }
                Some(_) => ncp(rest),
            },
            Protocol::Prefix => prefix(rest),
            Protocol::Minijson => minijson(rest, &mut work),
            Protocol::Unknown => Shown::Frame,
        };
        match shown {
            Shown::Frame => return Seek::Found(at),
            Shown::Need(need) => return wait(at, at + need),
            Shown::Nothing => at += 1,
        }
    }
    wait(bytes.len(), bytes.len() + 1)
}

const fn wait(from: usize, need: usize) -> Seek {
    Seek::Wait { from, need }
}

/// Where the next magic of NCP begins, or what may become one at the end.
pub(super) fn magic(bytes: &[u8]) -> Option<usize> {
    bytes
        .windows(NCP_MAGIC.len())
        .position(|window| window == NCP_MAGIC)
}

/// What the first bytes are.
enum Shown {
    Frame,
    Need(usize),
    Nothing,
}

fn ngtt(bytes: &[u8], direction: Option<Direction>, work: &mut usize) -> Shown {
    let Some((header, behind)) = bytes.split_first_chunk::<HEADER_LEN>() else {
        return Shown::Need(HEADER_LEN);
    };
    let (head, length) = FrameHead::parse(*header);
    let length = length as usize;
    if !is_header(head, length, direction) {
        return Shown::Nothing;
    }
    if length == 0 {
        // A frame of eight bytes, most of them zero, proves little: what follows
        // has to be one too.
        let Some((next, _)) = behind.split_first_chunk::<HEADER_LEN>() else {
            return Shown::Need(2 * HEADER_LEN);
        };
        let (next, next_length) = FrameHead::parse(*next);
        return if *header != [0; HEADER_LEN] && is_header(next, next_length as usize, direction) {
            Shown::Frame
        } else {
            Shown::Nothing
        };
    }
    let arrived = &behind[..behind.len().min(length)];
    match value(arrived, length, work) {
        Shown::Need(_) => Shown::Need(HEADER_LEN + length),
        shown => shown,
    }
}

fn is_header(head: FrameHead, length: usize, direction: Option<Direction>) -> bool {
    let way = direction_of(head.kind);
    has_payload(head.kind) == Some(length > 0)
        && length <= MAX_LENGTH
        && (way.is_none() || direction.is_none() || way == direction)
}

/// Whether `arrived` is a list or a map of `length` bytes, or the begin of one.
fn value(arrived: &[u8], length: usize, work: &mut usize) -> Shown {
    match arrived.first() {
        None => return Shown::Need(length),
        Some(0x40..=0x6f | 7 | 11 | 15..=21) => {}
        Some(_) => return Shown::Nothing,
    }
    let whole = arrived.len() == length;
    if arrived.len() > *work || (!whole && length > MAX_WAIT) {
        return Shown::Nothing;
    }
    match Value::parse_prefix(arrived, LIMITS) {
        Ok((_, parsed)) if whole && parsed == length => Shown::Frame,
        Err(error) if !whole && is_short(error.kind) => Shown::Need(length),
        Ok((_, parsed)) => {
            *work = work.saturating_sub(parsed);
            Shown::Nothing
        }
        Err(error) => {
            *work = work.saturating_sub(error.offset);
            Shown::Nothing
        }
    }
}

fn ncp(bytes: &[u8]) -> Shown {
    match cut(Protocol::Ncp, bytes, usize::MAX) {
        Cut::Frame(_) | Cut::Large(_) => Shown::Frame,
        Cut::Need(need) if need <= MAX_WAIT => Shown::Need(need),
        // The magic is worth more than the footer of a packet that is not here.
        Cut::Need(_) => Shown::Frame,
        Cut::More | Cut::Nothing => Shown::Nothing,
    }
}

/// Three messages in a row that are neither empty nor long: a length has nothing
/// else to be known by.
fn prefix(bytes: &[u8]) -> Shown {
    let mut at = 0;
    for _ in 0..3 {
        let Some(length) = bytes.get(at..).and_then(<[u8]>::first_chunk::<4>) else {
            return Shown::Need(at + 4);
        };
        let length = u32::from_be_bytes(*length) as usize;
        if !(1..=MAX_WAIT).contains(&length) {
            return Shown::Nothing;
        }
        at += 4 + length;
    }
    Shown::Frame
}

fn minijson(bytes: &[u8], work: &mut usize) -> Shown {
    if !(0x41..0x70).contains(&bytes[0]) || bytes.len() > *work {
        return Shown::Nothing;
    }
    match Value::parse_prefix(bytes, LIMITS) {
        Ok((_, length)) if length > 3 => Shown::Frame,
        Ok(_) => Shown::Nothing,
        Err(error) if is_short(error.kind) && bytes.len() < MAX_WAIT => {
            Shown::Need(bytes.len() + 1 + bytes.len() / 8)
        }
        Err(error) => {
            *work = work.saturating_sub(error.offset);
            Shown::Nothing
        }
    }
}
