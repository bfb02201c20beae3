#![no_main]
//! A server's session and order queue under any frames and times: no panic, no
//! circles, orders leave the queue once and oldest ids are kept.

use libfuzzer_sys::fuzz_target;
use wigwag_codec::Instant;
use wigwag_codec::ngtt::server::{OrderQueue, ServerConfig, ServerEvent};
use wigwag_codec::ngtt::{Frame, FrameHead, FrameType, ServerSession};
use wigwag_codec_fuzz::Script;

fuzz_target!(|data: &[u8]| {
    let mut script = Script::new(data);
    let mut queue = OrderQueue::<[u8; 2], 8>::new()
        .with_window(script.below(5))
        .with_last_tid(script.below(6) as u16);
    let ping_every = (script.below(2) == 0).then(|| core::time::Duration::from_secs(45));
    let config = ServerConfig {
        ping_every,
        ..ServerConfig::new()
    };
    let mut now = Instant::ZERO;
    let mut session = ServerSession::new(config, &mut queue, now);
    let (mut pushed, mut answered) = (0, Vec::new());
    while !script.is_empty() {
        match script.below(8) {
            0 => session = ServerSession::new(config, &mut queue, now),
            1 => {
                if queue.push([0, pushed as u8]).is_ok() {
                    pushed += 1;
                }
            }
            2..5 if session.can_receive() => {
                let kind = FrameType::from_u16(script.below(13) as u16);
                let head = FrameHead {
                    tid: script.below(8) as u16,
                    kind,
                };
                let length = script.below(5);
                let frame = Frame::new(head, script.take(length));
                match session.handle_frame(frame, &mut queue, now) {
                    Some(ServerEvent::Answered { number, order, .. }) => {
                        assert_eq!(order[1], number as u8);
                        assert!(!answered.contains(&number), "answered twice");
                        answered.push(number);
                    }
                    Some(ServerEvent::DataStream { tid, .. }) => {
                        session.confirm_data(tid).expect("there was room");
                    }
                    _ => {}
                }
            }
            5 => {
                let mut frames = 0;
                while let Some(frame) = session.poll_transmit(&mut queue, now) {
                    let order = (frame.head.kind == FrameType::Order).then_some(frame.head.tid);
                    if let Some(tid) = order {
                        let number = queue.number_of(tid).expect("it is in the queue");
                        assert!(!answered.contains(&number));
                    }
                    session.transmitted(&mut queue, now);
                    frames += 1;
                    assert!(frames < 100, "it writes for ever");
                }
            }
            6 => {
                now = Instant::from_micros(now.as_micros() + (1 << script.below(30)));
                let _ = session.handle_timeout(now);
            }
            _ => {
                let _ = session.poll_transmit(&mut queue, now);
                session.transmitting(now);
            }
        }
        assert_eq!(queue.len() as u64 + answered.len() as u64, pushed);
    }
});
