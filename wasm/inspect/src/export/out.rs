//! What is written, in pieces that are worth a call.

/// How much is collected before it is handed over.
const ENOUGH: usize = 64 << 10;

/// Collects what is small, passes on what is large.
pub(super) struct Out<'o> {
    bytes: Vec<u8>,
    written: usize,
    to: &'o mut dyn FnMut(&[u8]),
}

impl<'o> Out<'o> {
    pub(super) fn new(to: &'o mut dyn FnMut(&[u8])) -> Self {
        let bytes = Vec::with_capacity(ENOUGH);
        Self {
            bytes,
            written: 0,
            to,
        }
    }

    /// How much was written.
    pub(super) const fn written(&self) -> usize {
        self.written
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.written = self.written.saturating_add(bytes.len());
        if self.bytes.len() + bytes.len() > ENOUGH {
            self.finish();
        }
        if bytes.len() >= ENOUGH {
            (self.to)(bytes);
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }

    /// Hands over what was collected.
    pub(super) fn finish(&mut self) {
        if !self.bytes.is_empty() {
            (self.to)(&self.bytes);
            self.bytes.clear();
        }
    }
}
