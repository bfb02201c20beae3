//! The byte queues of a link.

/// Received bytes in one piece, so that a framer can look at a prefix.
pub(super) struct Input<const N: usize> {
    pub(super) bytes: [u8; N],
    pub(super) start: usize,
    pub(super) end: usize,
}

impl<const N: usize> Input<N> {
    pub(super) fn prefix(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    pub(super) fn free(&self) -> usize {
        N - (self.end - self.start)
    }

    pub(super) fn gather(&mut self) {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
    }

    pub(super) fn push(&mut self, data: &[u8]) -> usize {
        if self.end == N && self.start > 0 {
            self.gather();
        }
        let count = data.len().min(N - self.end);
        self.bytes[self.end..self.end + count].copy_from_slice(&data[..count]);
        self.end += count;
        count
    }
}

/// Bytes to send, as a ring.
pub(super) struct Output<const N: usize> {
    pub(super) bytes: [u8; N],
    pub(super) start: usize,
    pub(super) length: usize,
}

impl<const N: usize> Output<N> {
    pub(super) fn free(&self) -> usize {
        N - self.length
    }

    pub(super) fn push(&mut self, data: &[u8]) {
        let at = (self.start + self.length) % N.max(1);
        let first = data.len().min(N - at);
        self.bytes[at..at + first].copy_from_slice(&data[..first]);
        let rest = &data[first..];
        self.bytes[..rest.len()].copy_from_slice(rest);
        self.length += data.len();
    }

    pub(super) fn pop(&mut self, into: &mut [u8]) -> usize {
        let count = self.length.min(into.len()).min(N - self.start);
        into[..count].copy_from_slice(&self.bytes[self.start..self.start + count]);
        self.start = (self.start + count) % N.max(1);
        self.length -= count;
        count
    }

    /// Fills `into`, as far as there is anything.
    pub(super) fn pop_all(&mut self, into: &mut [u8]) {
        // Twice where the ring turns.
        let first = self.pop(into);
        self.pop(into.get_mut(first..).unwrap_or_default());
    }

    pub(super) fn skip(&mut self, count: usize) {
        let count = count.min(self.length);
        self.start = (self.start + count) % N.max(1);
        self.length -= count;
    }
}
