//! Finding a record in the middle of a capture.

use wigwag_codec::capture::{Limits, Reader, Record, Step};

/// Larger records are not looked for: the next smaller ones are found.
const LIMITS: Limits = Limits {
    bytes: 64 << 10,
    text: 4 << 10,
};

/// How many bytes hold two such records for certain.
pub(super) const WINDOW: usize = (2 * 64 + 16) << 10;

/// What a search came to. `passed`: how many bytes it is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// No record begins before that.
    Nothing { passed: usize },
    /// One begins behind them.
    Record { passed: usize },
}

/// Looks for two records, one behind the other, that are `plausible`; one is enough
/// at the end of the capture (`is_all`), and so is a label.
pub(super) fn find(bytes: &[u8], is_all: bool, plausible: &dyn Fn(&Record<'_>) -> bool) -> Found {
    for passed in 0..bytes.len() {
        let rest = bytes.get(passed..).unwrap_or_default();
        match begins(rest, is_all, plausible) {
            Some(true) => return Found::Record { passed },
            None if !is_all && rest.len() < WINDOW => return Found::Nothing { passed },
            _ => {}
        }
    }
    Found::Nothing {
        passed: bytes.len(),
    }
}

/// Whether a record begins here; `None` if more bytes have to be seen.
fn begins(bytes: &[u8], is_all: bool, plausible: &dyn Fn(&Record<'_>) -> bool) -> Option<bool> {
    // Arrays of 3 to 6 elements, whose first is one of the kinds; a label.
    match bytes {
        [0x83..=0x86] | [0x83..=0x86, 0..=4, ..] | [0xd9, ..] => {}
        _ => return Some(false),
    }
    let mut reader = Reader::resume(LIMITS, 0);
    let mut rest = bytes;
    for _ in 0..2 {
        match reader.step(rest) {
            Ok(Step::Label { .. }) => return Some(true),
            Ok(Step::Record { record, consumed }) if plausible(&record) => {
                rest = rest.get(consumed..).unwrap_or_default();
            }
            Ok(Step::Need(_)) if is_all && rest.is_empty() => return Some(true),
            Ok(Step::Need(_)) => return None,
            _ => return Some(false),
        }
    }
    Some(true)
}
