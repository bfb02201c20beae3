#![no_main]
//! However a stream of frames is cut, the reader hands out the same messages,
//! never holds more than its buffer, and stays in step behind frames that are
//! too large.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::framer::{FrameReader, Framer, Over, Received};
use wigwag_codec::ngtt::NgttFramer;
use wigwag_codec::prefix::PrefixFramer;

/// Bytes of the buffer.
const ROOM: usize = 64;

/// What came out: whole messages, and those over the limit with what of them
/// was streamed.
fn read<F: Framer>(framer: F, stream: &[u8], cuts: &[u8], streams: bool) -> (Vec<Vec<u8>>, bool) {
    let mut reader = FrameReader::new(framer, [0; ROOM]);
    let mut messages = Vec::new();
    let mut cuts = cuts.iter().cycle();
    let mut rest = stream;
    while !rest.is_empty() {
        let cut = cuts.next().map_or(rest.len(), |cut| usize::from(*cut) + 1);
        let (mut chunk, behind) = rest.split_at(cut.min(rest.len()));
        rest = behind;
        loop {
            chunk = &chunk[reader.push(chunk)..];
            match reader.next() {
                Ok(Some(Received::Message { body, .. })) => messages.push(body.to_vec()),
                Ok(Some(Received::Oversized { .. })) => {
                    messages.push(Vec::new());
                    if streams {
                        reader.stream_body();
                    }
                }
                Ok(Some(Received::Part { data, .. })) => {
                    assert!(streams && !data.is_empty());
                    messages
                        .last_mut()
                        .expect("its head came first")
                        .extend(data);
                }
                Ok(None) if chunk.is_empty() => break,
                Ok(None) => assert!(
                    !reader.space().is_empty(),
                    "it asks for more and has no room"
                ),
                Err(error) => {
                    assert!(reader.next().is_err_and(|again| again == error), "it stays");
                    return (messages, true);
                }
            }
            assert!(reader.buffered() <= ROOM);
        }
    }
    (messages, false)
}

fuzz_target!(|input: (&[u8], &[u8], bool)| {
    let (stream, cuts, streams) = input;
    let ngtt = || NgttFramer::for_buffer(ROOM);
    assert_eq!(
        read(ngtt(), stream, cuts, streams),
        read(ngtt(), stream, &[], streams)
    );
    let prefix = || PrefixFramer::for_buffer(ROOM);
    assert_eq!(
        read(prefix(), stream, cuts, streams),
        read(prefix(), stream, &[], streams)
    );
    // A frame over the limit whose inner head does not agree is refused when as
    // much of it has arrived: that depends on the cuts, what came before does not.
    let stack = || Over(NgttFramer::new(20), PrefixFramer::new(40));
    let (one, failed) = read(stack(), stream, cuts, streams);
    let (other, also) = read(stack(), stream, &[], streams);
    assert_eq!((one, failed), (other, also));
});
