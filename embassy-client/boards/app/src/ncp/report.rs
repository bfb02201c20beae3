//! What a trial of a device of NCP cost: processor time, as in
//! [`crate::report`], and stack.

use wigwag_codec::minijson::{Encoder, Error};

use crate::report::Work;
use wigwag_embassy::memory::StackUse;

/// Longest report, in bytes.
pub const LONGEST: usize = 256;

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// From the start of the clock to the first task.
    pub boot: u64,
    /// The first connection to the server, from the name's resolution to the end
    /// of the handshake; 0 without one.
    pub connect: u64,
    /// Short commands, from the call that sends one until its answer is here and
    /// acknowledged.
    pub commands: Work,
    /// Sweeps, the same.
    pub sweeps: Work,
    /// Fields of the device's own clients that were answered.
    pub answers: u32,
    /// The deepest that the stack has been.
    pub stack: StackUse,
}

impl Report {
    /// Nothing measured yet.
    #[must_use]
    pub const fn new() -> Self {
        const NONE: Work = Work { count: 0, nanos: 0 };
        Self {
            boot: 0,
            connect: 0,
            commands: NONE,
            sweeps: NONE,
            answers: 0,
            stack: StackUse { peak: 0, size: 0 },
        }
    }

    /// Writes it as a minijson map: `stack_peak` and `stack_size` in bytes,
    /// `boot` and `connect` in nanoseconds, `commands` and `sweeps` as maps of
    /// `count` and `nanos`, and the number of `answers`.
    ///
    /// # Errors
    /// When `out` is too short; [`LONGEST`] bytes are enough.
    pub fn write<'b>(&self, out: &'b mut [u8]) -> Result<&'b [u8], Error> {
        let mut to = Encoder::new(out);
        to.map(7)?;
        for (name, number) in [
            ("stack_peak", self.stack.peak.into()),
            ("stack_size", self.stack.size.into()),
            ("boot", self.boot),
            ("connect", self.connect),
            ("answers", self.answers.into()),
        ] {
            to.key(name)?.uint(number)?;
        }
        for (name, work) in [("commands", self.commands), ("sweeps", self.sweeps)] {
            to.key(name)?.map(2)?;
            to.key("count")?.uint(work.count.into())?;
            to.key("nanos")?.uint(work.nanos)?;
        }
        to.finish()
    }
}

impl Default for Report {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use wigwag_codec::minijson::Value;

    use super::*;

    #[test]
    fn a_report_can_be_read_back() {
        let report = Report {
            boot: 1,
            connect: 2,
            commands: Work { count: 3, nanos: 4 },
            sweeps: Work { count: 5, nanos: 6 },
            answers: 7,
            stack: StackUse { peak: 8, size: 9 },
        };
        let mut bytes = [0; LONGEST];
        let read = Value::parse(report.write(&mut bytes).unwrap()).unwrap();
        let number = |name| read.get(name).and_then(|value| value.as_u64()).unwrap();
        let names = ["boot", "connect", "answers", "stack_peak", "stack_size"];
        assert_eq!(names.map(number), [1, 2, 7, 8, 9]);
        for (name, count, nanos) in [("commands", 3, 4), ("sweeps", 5, 6)] {
            let work = read.get(name).unwrap();
            assert_eq!(work.get("count").unwrap().as_u64(), Some(count));
            assert_eq!(work.get("nanos").unwrap().as_u64(), Some(nanos));
        }
    }

    #[test]
    fn the_longest_report_fits() {
        let work = Work {
            count: u32::MAX,
            nanos: u64::MAX,
        };
        let report = Report {
            boot: u64::MAX,
            connect: u64::MAX,
            commands: work,
            sweeps: work,
            answers: u32::MAX,
            stack: StackUse {
                peak: u32::MAX,
                size: u32::MAX,
            },
        };
        assert!(report.write(&mut [0; LONGEST]).is_ok());
    }
}
