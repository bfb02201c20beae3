//! What a trial cost: processor time and stack.
//!
//! Times are processor time in nanoseconds, without the time that the processor
//! slept. Under QEMU with `-icount shift=0` a nanosecond is an instruction.
//! Interrupts, and whatever else the device does at the same time, are in it.

use wigwag_codec::minijson::{Encoder, Error};

use wigwag_embassy::memory::StackUse;

/// Most handshakes that are listed; later ones are left out.
pub const MOST_HANDSHAKES: usize = 32;

/// Longest report, in bytes.
pub const LONGEST: usize = 1024;

/// Something that was done several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// How many times.
    pub count: u32,
    /// Processor time of all together.
    pub nanos: u64,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// From the start of the clock to the first task, without `key`.
    pub boot: u64,
    /// Reading the device's private key.
    pub key: u64,
    /// Each connection from the first packet of TCP to the end of the TLS
    /// handshake, tries that failed left out.
    pub handshakes: heapless::Vec<u64, MOST_HANDSHAKES>,
    /// Orders, from when the first was taken to when the server was known to
    /// have read the last answer.
    pub orders: Work,
    /// Batches of pathpoints, from when the first was submitted to when the
    /// last was confirmed.
    pub batches: Work,
    /// The deepest that the stack had been when the first order was done, in
    /// bytes; 0 without one.
    pub stack_first: u32,
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
            key: 0,
            handshakes: heapless::Vec::new(),
            orders: NONE,
            batches: NONE,
            stack_first: 0,
            stack: StackUse { peak: 0, size: 0 },
        }
    }

    /// Writes it as a minijson map: `stack_first`, `stack_peak` and
    /// `stack_size` in bytes, `boot`, `key` and the list `handshakes` in nanoseconds, `orders` and
    /// `batches` as maps of `count` and `nanos`.
    ///
    /// # Errors
    /// When `out` is too short; [`LONGEST`] bytes are enough.
    pub fn write<'b>(&self, out: &'b mut [u8]) -> Result<&'b [u8], Error> {
        let mut to = Encoder::new(out);
        to.map(8)?;
        to.key("stack_first")?.uint(self.stack_first.into())?;
        to.key("stack_peak")?.uint(self.stack.peak.into())?;
        to.key("stack_size")?.uint(self.stack.size.into())?;
        to.key("boot")?
            .uint(self.boot)?
            .key("key")?
            .uint(self.key)?;
        to.key("handshakes")?.list(self.handshakes.len())?;
        for handshake in &self.handshakes {
            to.uint(*handshake)?;
        }
        for (name, work) in [("orders", self.orders), ("batches", self.batches)] {
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
            key: 2,
            handshakes: heapless::Vec::from_slice(&[3, 4]).unwrap(),
            orders: Work { count: 5, nanos: 6 },
            batches: Work { count: 7, nanos: 8 },
            stack_first: 11,
            stack: StackUse { peak: 9, size: 10 },
        };
        let mut bytes = [0; LONGEST];
        let read = Value::parse(report.write(&mut bytes).unwrap()).unwrap();
        let number = |key| read.get(key).and_then(|value| value.as_u64());
        assert_eq!(number("boot"), Some(1));
        assert_eq!(number("key"), Some(2));
        assert_eq!(number("stack_first"), Some(11));
        assert_eq!(number("stack_peak"), Some(9));
        assert_eq!(number("stack_size"), Some(10));
        let list = read.get("handshakes").unwrap();
        assert!(list.items().map(|item| item.as_u64().unwrap()).eq([3, 4]));
        for (name, count, nanos) in [("orders", 5, 6), ("batches", 7, 8)] {
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
            key: u64::MAX,
            handshakes: core::iter::repeat_n(u64::MAX, MOST_HANDSHAKES).collect(),
            orders: work,
            batches: work,
            stack_first: u32::MAX,
            stack: StackUse {
                peak: u32::MAX,
                size: u32::MAX,
            },
        };
        assert!(report.write(&mut [0; LONGEST]).is_ok());
    }
}
