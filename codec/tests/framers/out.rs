use proptest::prelude::*;
use wigwag_codec::framer::{FrameError, FrameErrorKind, OUT_MESSAGES, Out};
use wigwag_codec::prefix::PrefixFramer;

use super::line::{LineFramer, Role};

#[test]
fn a_message_that_does_not_fit_is_left_out_as_a_whole() {
    let mut place = [0; 6];
    let mut out = Out::new(&mut place);
    out.put(b"abc").unwrap();
    let no_space = Err(FrameError::new(FrameErrorKind::NoSpace, 6));
    assert_eq!(out.put_parts(&[b"d", b"ef", b"g"]), no_space);
    assert_eq!(out.bytes(), b"abc");
    out.put(b"def").unwrap();
    assert_eq!(out.put(b"g"), no_space);
    out.put(b"").unwrap();
    assert!(out.messages().eq([&b"abc"[..], b"def", b""]));
}

#[test]
fn there_is_room_for_so_many_messages_and_no_more() {
    let mut place = [0; 64];
    let mut out = Out::new(&mut place);
    for _ in 0..OUT_MESSAGES {
        out.put(b"x").unwrap();
    }
    assert!(out.put(b"x").is_err());
    assert_eq!(out.messages().count(), OUT_MESSAGES);
}

#[test]
fn what_a_failing_framer_said_is_carried_all_the_same() {
    let mut place = [0; 64];
    let mut out = Out::new(&mut place);
    let refused = FrameError::new(FrameErrorKind::Refused { code: 7 }, 0);
    let result: Result<(), _> = out.through(&mut PrefixFramer::new(60), &(), |out| {
        out.put(b"no")?;
        Err(refused)
    });
    assert_eq!(result, Err(refused));
    assert_eq!(out.bytes(), b"\0\0\0\x02no");
}

proptest! {
    /// Each message is carried in one of its own, with head and tail, as far as
    /// there is room, and never beyond.
    #[test]
    fn messages_are_carried_one_by_one(
        first in prop::collection::vec(any::<u8>(), 0..8),
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 0..4),
        room in 0_usize..80,
    ) {
        let mut place = vec![0; room];
        let mut out = Out::new(&mut place);
        let mut expected = Vec::new();
        if out.put(&first).is_ok() {
            expected.push(first);
        }
        let mut framer = LineFramer::new(Role::Client, 20, 1);
        let result = out.through(&mut framer, &(), |out| {
            messages.iter().try_for_each(|message| out.put(message))
        });
        for message in &messages {
            let mut frame = (message.len() as u16).to_be_bytes().to_vec();
            frame.push(b'M');
            frame.extend(message);
            frame.push(b'.');
            expected.push(frame);
        }
        let whole: usize = expected.iter().map(Vec::len).sum();
        if result.is_ok() {
            prop_assert!(out.messages().eq(&expected));
        } else {
            prop_assert!(whole > room || expected.len() > OUT_MESSAGES);
            prop_assert!(out.messages().zip(&expected).all(|(one, other)| one == other));
        }
    }
}
