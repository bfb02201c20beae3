//! One direction of the virtual link: frames that arrive in their time.

use crate::clock;
use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

/// Frames under way at most. A full lane makes the sender wait, as a full
/// transmit ring does.
const CAPACITY: usize = 256;

/// A bounded queue of frames, each with the moment of its arrival in
/// microseconds of [`clock::now_micros`], earliest first.
#[derive(Default)]
pub(super) struct Lane {
    frames: VecDeque<(u64, Vec<u8>)>,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Lane {
    /// Ready when a frame may be sent; else wakes when that is so again.
    pub(super) fn poll_room(&mut self, cx: &Context<'_>) -> Poll<()> {
        if self.frames.len() < CAPACITY {
            return Poll::Ready(());
        }
        self.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Sends a frame. Those that arrive at the same time keep their order.
    pub(super) fn push(&mut self, arrival: u64, frame: Vec<u8>) {
        let place = self
            .frames
            .partition_point(|(earlier, _)| *earlier <= arrival);
        self.frames.insert(place, (arrival, frame));
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// The next frame that has arrived; else wakes when one does.
    pub(super) fn pop(&mut self, cx: &Context<'_>) -> Option<Vec<u8>> {
        match self.frames.front() {
            Some((arrival, _)) if *arrival <= clock::now_micros() => {
                if let Some(writer) = self.writer.take() {
                    writer.wake();
                }
                return self.frames.pop_front().map(|(_, frame)| frame);
            }
            Some((arrival, _)) => clock::wake_at(*arrival, cx.waker()),
            None => {}
        }
        self.reader = Some(cx.waker().clone());
        None
    }

    /// Loses all that is under way.
    pub(super) fn clear(&mut self) {
        self.frames.clear();
        if let Some(writer) = self.writer.take() {
            writer.wake();
        }
    }
}
