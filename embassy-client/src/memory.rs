//! What a device's memory is spent on, as one value that can be logged, sent and
//! compared.
//!
//! Static memory is known while the program is compiled, the use of the stack only
//! while it runs. A report holds both: taken at the first order and at the last, two
//! that are equal say that nothing has grown.
//!
//! ```
//! use embassy_sync::blocking_mutex::raw::NoopRawMutex;
//! use wigwag_embassy::memory::{Report, StackUse};
//! use wigwag_embassy::ngtt::{Buffers, State};
//!
//! const STATIC: Report = Buffers::<16_401>::MEMORY
//!     .add("session", size_of::<State<NoopRawMutex>>())
//!     .add("registers", 1_000);
//! const _: () = assert!(STATIC.total() < 40_000);
//!
//! let report = STATIC.with_stack(StackUse { peak: 13_720, size: 65_536 });
//! assert!(report.to_string().ends_with("registers 1000; stack 13720 of 65536"));
//! ```

use core::fmt;

/// Most parts that a [`Report`] tells apart.
pub const MAX_PARTS: usize = 16;

/// How much of the stack was used, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct StackUse {
    /// At the deepest point since the start.
    pub peak: u32,
    /// All there is.
    pub size: u32,
}

/// A part of the static memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Part {
    /// What it is for.
    pub name: &'static str,
    /// Its size in bytes.
    pub bytes: usize,
}

/// What a configuration takes of the memory, by part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    parts: [Part; MAX_PARTS],
    count: usize,
    stack: Option<StackUse>,
}

impl Report {
    /// Nothing yet.
    pub const fn new() -> Self {
        const NOTHING: Part = Part { name: "", bytes: 0 };
        Self {
            parts: [NOTHING; MAX_PARTS],
            count: 0,
            stack: None,
        }
    }

    /// And this part. From the [`MAX_PARTS`]th on all are one, `others`: no byte is
    /// left out of the sum.
    #[must_use]
    pub const fn add(mut self, name: &'static str, bytes: usize) -> Self {
        if self.count < MAX_PARTS {
            self.parts[self.count] = Part { name, bytes };
            self.count += 1;
        } else {
            let last = &mut self.parts[MAX_PARTS - 1];
            last.name = "others";
            last.bytes = last.bytes.saturating_add(bytes);
        }
        self
    }

    /// And this use of the stack.
    #[must_use]
    pub const fn with_stack(mut self, stack: StackUse) -> Self {
        self.stack = Some(stack);
        self
    }

    /// The parts, in the order in which they were added.
    pub fn parts(&self) -> &[Part] {
        self.parts.get(..self.count).unwrap_or_default()
    }

    /// The use of the stack, where it is known.
    pub const fn stack(&self) -> Option<StackUse> {
        self.stack
    }

    /// The sum of all parts in bytes, without the stack.
    pub const fn total(&self) -> usize {
        let mut total = 0_usize;
        let mut at = 0;
        // What was not added has no bytes. A `for` is not for constants.
        while at < MAX_PARTS {
            total = total.saturating_add(self.parts[at].bytes);
            at += 1;
        }
        total
    }
}

impl Default for Report {
    fn default() -> Self {
        Self::new()
    }
}

/// In bytes: `static 18000: session 4000, connection 14000; stack 9000 of 65536`.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "static {}", self.total())?;
        for (index, Part { name, bytes }) in self.parts().iter().enumerate() {
            let separator = if index == 0 { ':' } else { ',' };
            write!(f, "{separator} {name} {bytes}")?;
        }
        match self.stack {
            Some(StackUse { peak, size }) => write!(f, "; stack {peak} of {size}"),
            None => Ok(()),
        }
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Report {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "static {}: {}; stack {}",
            self.total(),
            self.parts(),
            self.stack
        );
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    const TWO: Report = Report::new().add("a", 1).add("b", 2);

    #[test]
    fn a_report_is_said_in_one_line() {
        assert_eq!(Report::new().to_string(), "static 0");
        assert_eq!(TWO.to_string(), "static 3: a 1, b 2");
        let stack = StackUse { peak: 4, size: 5 };
        let report = TWO.with_stack(stack);
        assert_eq!(report.to_string(), "static 3: a 1, b 2; stack 4 of 5");
        assert_eq!(report.stack(), Some(stack));
        assert_ne!(report, TWO);
    }

    #[test]
    fn no_byte_is_left_out_when_there_are_too_many_parts() {
        let mut report = Report::new();
        for bytes in 1..=20 {
            report = report.add("part", bytes);
        }
        assert_eq!(report.parts().len(), MAX_PARTS);
        assert_eq!(report.total(), 210);
        let last = Part {
            name: "others",
            bytes: 16 + 17 + 18 + 19 + 20,
        };
        assert_eq!(report.parts().last(), Some(&last));
        assert_eq!(report.add("much", usize::MAX).total(), usize::MAX);
    }
}
