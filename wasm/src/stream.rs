//! One direction of a conversation: bytes in any pieces, frames out.

use wigwag_codec::framer::{Framer, Step};
use wigwag_codec::ngtt::{FrameHead, NgttFramer};

/// The bytes of one direction, kept so that a payload can be looked at later.
pub(crate) struct Stream {
    framer: NgttFramer,
    /// Everything received except the payloads that were too large.
    kept: Vec<u8>,
    /// Where in `kept` the first frame begins that is not complete.
    next: usize,
    /// How many bytes of a too large frame are still to come.
    skip: usize,
    /// How many bytes of the stream lie before `next`.
    offset: u64,
}

/// A frame that is complete, or whose payload will not be kept.
pub(crate) struct Found {
    pub(crate) head: FrameHead,
    /// Payload length as announced.
    pub(crate) length: usize,
    /// Where in the stream the frame begins.
    pub(crate) offset: u64,
    /// Where in the kept bytes the payload begins.
    pub(crate) payload: Option<usize>,
}

impl Stream {
    pub(crate) fn new(max_payload: usize) -> Self {
        Self {
            framer: NgttFramer::new(max_payload),
            kept: Vec::new(),
            next: 0,
            skip: 0,
            offset: 0,
        }
    }

    /// How many bytes are kept.
    pub(crate) fn kept(&self) -> usize {
        self.kept.len()
    }

    /// How many bytes of an incomplete frame have arrived.
    pub(crate) fn incomplete(&self) -> usize {
        self.kept.len() - self.next
    }

    /// `length` kept bytes from `start`.
    pub(crate) fn bytes(&self, start: usize, length: usize) -> Option<&[u8]> {
        self.kept.get(start..)?.get(..length)
    }

    /// Takes received bytes and calls `each` for every frame they complete.
    pub(crate) fn push(&mut self, chunk: &[u8], mut each: impl FnMut(Found)) {
        let skipped = self.skip.min(chunk.len());
        self.skip -= skipped;
        self.offset += skipped as u64;
        self.kept.extend_from_slice(&chunk[skipped..]);
        while let Some(found) = self.frame() {
            each(found);
        }
    }

    fn frame(&mut self) -> Option<Found> {
        let offset = self.offset;
        match self.framer.decode(&self.kept[self.next..]).ok()? {
            Step::Frame {
                meta,
                body,
                consumed,
            } => {
                let payload = Some(self.next + body.start);
                self.next += consumed;
                self.offset += consumed as u64;
                Some(Found {
                    head: meta,
                    length: body.len(),
                    offset,
                    payload,
                })
            }
            Step::Head {
                meta,
                skip,
                body_len,
                tail,
            } => {
                let whole = skip.saturating_add(body_len).saturating_add(tail);
                let arrived = whole.min(self.incomplete());
                self.kept.drain(self.next..self.next + arrived);
                self.skip = whole - arrived;
                self.offset += arrived as u64;
                Some(Found {
                    head: meta,
                    length: body_len,
                    offset,
                    payload: None,
                })
            }
            // NGTT has nothing to skip between frames, and every one has an end.
            Step::Need(_) | Step::Skip(_) | Step::Passthrough { .. } => None,
        }
    }
}
