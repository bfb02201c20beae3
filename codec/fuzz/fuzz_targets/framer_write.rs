#![no_main]
//! What a framer writes it reads back, and a place that is too small is refused
//! with nothing written behind it.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::framer::{Framer, Over, Step, write};
use wigwag_codec::ngtt::{FrameHead, FrameType, NgttFramer};
use wigwag_codec::prefix::PrefixFramer;

fn round_trip<F: Framer>(mut framer: F, meta: &F::Meta, message: &[u8], room: usize) {
    let mut out = vec![0xaa; room];
    let Ok(length) = write(&mut framer, meta, message, &mut out) else {
        return;
    };
    assert!(length <= room);
    match framer.decode(&out[..length]) {
        Ok(Step::Frame { body, consumed, .. }) => {
            assert_eq!((&out[body], consumed), (message, length));
        }
        other => panic!("{:?}", other.map(|_| "not a frame")),
    }
    for short in 0..length {
        match framer.decode(&out[..short]) {
            Ok(Step::Need(needed)) => assert!(needed > short && needed <= length),
            other => panic!("{:?} from {short} of {length} bytes", other.map(|_| ())),
        }
    }
}

fuzz_target!(|input: (u16, u16, u8, &[u8])| {
    let (tid, kind, room, message) = input;
    let room = usize::from(room) + message.len() / 2;
    let head = FrameHead {
        tid,
        kind: FrameType::from_u16(kind),
    };
    round_trip(NgttFramer::new(100), &head, message, room);
    round_trip(PrefixFramer::new(100), &(), message, room);
    let stack = Over::new(NgttFramer::new(100), PrefixFramer::new(200));
    round_trip(stack, &(head, ()), message, room);
});
