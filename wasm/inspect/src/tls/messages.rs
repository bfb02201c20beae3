//! The messages of an encrypted handshake, of which only the kind matters.

/// Finished: the sender's next record is application data.
pub(super) const FINISHED: u8 = 20;
/// KeyUpdate: the sender's next record is of the next generation.
pub(super) const KEY_UPDATE: u8 = 24;

/// Cuts a stream of handshake messages, which records may divide anywhere.
#[derive(Debug)]
pub(super) struct Messages {
    head: [u8; 4],
    have: usize,
    /// Bytes of the message's body that have not come.
    left: usize,
}

impl Messages {
    pub(super) const fn new() -> Self {
        Self {
            head: [0; 4],
            have: 0,
            left: 0,
        }
    }

    /// Takes the next bytes; `ended` gets the kind of each message that is whole.
    pub(super) fn push(&mut self, mut bytes: &[u8], mut ended: impl FnMut(u8)) {
        while !bytes.is_empty() {
            if self.have < self.head.len() {
                self.head[self.have] = bytes[0];
                bytes = &bytes[1..];
                self.have += 1;
                let [_, length @ ..] = self.head;
                self.left = length
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            } else {
                let here = self.left.min(bytes.len());
                bytes = &bytes[here..];
                self.left -= here;
            }
            if self.have == self.head.len() && self.left == 0 {
                self.have = 0;
                ended(self.head[0]);
            }
        }
    }
}
