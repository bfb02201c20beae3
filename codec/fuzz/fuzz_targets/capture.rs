#![no_main]
//! However a capture is cut, its records and errors are the same; what was read is
//! written and read the same; nothing is asked for that the limits forbid.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::capture::{CaptureError, LABEL, Limits, Reader, Record, Step};

const LIMITS: Limits = Limits {
    bytes: 256,
    text: 64,
};

/// A head, two texts and the bytes.
const MOST: usize = 64 + 2 * 64 + 256;

fn again(record: &Record<'_>) -> Vec<u8> {
    let mut bytes = vec![0; record.encoded_len()];
    assert_eq!(record.write(&mut bytes), Ok(bytes.len()));
    let consumed = bytes.len();
    let step = Reader::resume(LIMITS, 0).step(&bytes);
    let record = *record;
    assert_eq!(step, Ok(Step::Record { record, consumed }));
    bytes
}

fn read(capture: &[u8], cuts: &[u8]) -> (Vec<Vec<u8>>, Vec<CaptureError>, u64) {
    let mut reader = Reader::new(LIMITS);
    let (mut records, mut errors) = (Vec::new(), Vec::new());
    let (mut begin, mut end) = (0, 0);
    let mut cuts = cuts.iter().cycle();
    loop {
        let prefix = &capture[begin..end];
        match reader.step(prefix) {
            Ok(Step::Need(total)) => {
                assert!(total > prefix.len() && total <= MOST);
                if end == capture.len() {
                    errors.extend(reader.finish(prefix.len()).err());
                    return (records, errors, reader.skipped());
                }
                let chunk = cuts
                    .next()
                    .map_or(capture.len(), |cut| usize::from(*cut) + 1);
                end = capture.len().min(end.saturating_add(chunk));
            }
            Ok(Step::Label { consumed } | Step::Skipped { consumed }) => {
                assert!(consumed > 0 && consumed <= prefix.len());
                begin += consumed;
            }
            Ok(Step::Record { record, consumed }) => {
                begin += consumed;
                records.push(again(&record));
            }
            Err(error) => {
                errors.push(error);
                if error.kind.is_fatal() {
                    assert_eq!(reader.step(prefix), Err(error), "it stays");
                    return (records, errors, reader.skipped());
                }
            }
        }
        assert_eq!(reader.offset(), begin as u64);
    }
}

fuzz_target!(|input: (&[u8], &[u8], bool)| {
    let (bytes, cuts, labelled) = input;
    let label: &[u8] = if labelled { &LABEL } else { &[] };
    let capture = [label, bytes].concat();
    assert_eq!(read(&capture, cuts), read(&capture, &[]));
});
