//! A line that is full at some time.

use std::fmt;

/// Text of a limited number of characters. What is more is cut, with an ellipsis.
pub(super) struct Line {
    text: String,
    /// Characters that still fit.
    room: usize,
    is_cut: bool,
}

impl Line {
    pub(super) fn new(chars: usize) -> Self {
        Self {
            text: String::new(),
            room: chars,
            is_cut: false,
        }
    }

    /// Whether nothing more fits, so that nothing more need be read.
    pub(super) const fn is_full(&self) -> bool {
        self.is_cut
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Adds text; what would break the line is a space.
    pub(super) fn push(&mut self, text: &str) {
        for char in text.chars() {
            if self.is_cut {
                return;
            }
            if self.room == 0 {
                self.cut();
                return;
            }
            self.room -= 1;
            self.text.push(if char.is_control() { ' ' } else { char });
        }
    }

    /// Adds what is shown by itself.
    pub(super) fn show(&mut self, shown: impl fmt::Display) {
        use fmt::Write;
        // A Line takes everything.
        let _ = write!(self, "{shown}");
    }

    /// Adds hex digits of bytes.
    pub(super) fn hex(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.is_cut {
                return;
            }
            self.show(format_args!("{byte:02x}"));
        }
    }

    /// Says that there is more.
    pub(super) fn cut(&mut self) {
        if !self.is_cut {
            self.is_cut = true;
            if self.room == 0 {
                self.text.pop();
            }
            self.text.push('…');
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        Ok(())
    }
}
