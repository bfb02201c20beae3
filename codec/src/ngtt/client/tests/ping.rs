//! Signs of life: PINGs, PONGs, echoes, dead connections.

use super::*;
use crate::ngtt::LinkFault;
use core::time::Duration;

#[test]
fn a_ping_is_written_30_s_after_the_last_write() {
    let mut session = connected();
    submit(&mut session, SendKind::DataStream, b"a").unwrap();
    let tid = write(&mut session, at(10))[0].1;
    reply(&mut session, FrameType::DataStreamConfirm, tid, at(11));
    assert_eq!(session.next_timeout(), Some(at(40)));
    assert_eq!(write(&mut session, at(39)), []);
    assert_eq!(
        write(&mut session, at(40)),
        [empty(FrameType::Ping, tid + 1)]
    );
    assert_eq!(write(&mut session, at(41)), [], "one at a time");
}

#[test]
fn a_ping_is_written_too_when_much_is_written_and_nothing_is_read() {
    let mut session = connected();
    let mut pinged = None;
    for secs in 1..100 {
        let kind = SendKind::DataStream;
        if let Ok(ticket) = submit(&mut session, kind, b"a") {
            session.abandon(ticket);
        }
        let written = write(&mut session, at(secs));
        if written.iter().any(|frame| frame.0 == FrameType::Ping) {
            pinged = pinged.or(Some(secs));
        }
    }
    assert!(pinged.is_some_and(|secs| secs <= 60));
}

#[test]
fn a_ping_that_is_not_answered_for_90_s_is_fatal() {
    let mut session = connected();
    session.handle_timeout(at(30)).unwrap();
    assert_eq!(write(&mut session, at(30))[0].0, FrameType::Ping);
    // Other frames are no answer.
    session.heard(at(100));
    assert_eq!(session.next_timeout(), Some(at(120)));
    assert_eq!(session.handle_timeout(at(119)), Ok(()));
    assert_eq!(
        session.handle_timeout(at(120)),
        Err(LinkFault::PingUnanswered)
    );
    assert_eq!(
        session.handle_timeout(at(121)),
        Err(LinkFault::PingUnanswered)
    );
    session.disconnected();
    assert_eq!(
        (session.handle_timeout(at(121)), session.next_timeout()),
        (Ok(()), None)
    );
}

#[test]
fn silence_for_120_s_is_fatal() {
    let patient = Config {
        ping_dead: Duration::from_secs(1000),
        ..Config::new()
    };
    let mut session = connected_with(patient);
    write(&mut session, at(30));
    session.heard(at(50));
    assert_eq!(session.handle_timeout(at(169)), Ok(()));
    assert_eq!(session.handle_timeout(at(170)), Err(LinkFault::NothingRead));
}

#[test]
fn a_frame_that_cannot_be_written_for_90_s_is_fatal() {
    let mut session = connected();
    submit(&mut session, SendKind::DataStream, b"a").unwrap();
    session.poll_transmit(at(1)).unwrap();
    session.heard(at(60));
    session.transmitting(at(5));
    assert_eq!(session.handle_timeout(at(94)), Ok(()));
    assert_eq!(session.next_timeout(), Some(at(95)));
    assert_eq!(session.handle_timeout(at(95)), Err(LinkFault::WriteStalled));
}

/// A session that has been writing one frame for an hour, a byte a minute.
/// Neither was anything received, nor could the PING be written that is due.
fn writing_for_an_hour() -> Session {
    let mut session = connected();
    submit(&mut session, SendKind::DataStream, b"a").unwrap();
    session.poll_transmit(at(1)).unwrap();
    for minute in 1..=60 {
        session.transmitting(at(60 * minute));
        assert_eq!(session.handle_timeout(at(60 * minute + 59)), Ok(()));
    }
    session
}

#[test]
fn a_frame_may_take_as_long_as_it_makes_progress() {
    let mut session = writing_for_an_hour();
    session.transmitted(at(3620));
    // Then the server is asked whether it is there, and has its time to answer.
    assert_eq!(write(&mut session, at(3620))[0].0, FrameType::Ping);
    assert_eq!(session.handle_timeout(at(3709)), Ok(()));
    assert_eq!(
        session.handle_timeout(at(3710)),
        Err(LinkFault::PingUnanswered)
    );
}

#[test]
fn a_long_frame_that_stops_is_fatal_after_90_s() {
    let mut session = writing_for_an_hour();
    assert_eq!(session.next_timeout(), Some(at(3690)));
    assert_eq!(session.handle_timeout(at(3689)), Ok(()));
    assert_eq!(
        session.handle_timeout(at(3690)),
        Err(LinkFault::WriteStalled)
    );
}

#[test]
fn the_next_timeout_is_later_than_the_one_just_handled() {
    let mut session = connected();
    deliver(&mut session, 1, b"x", at(0));
    let mut now = at(0);
    for _ in 0..1000 {
        let next = session.next_timeout().unwrap();
        assert!(next > now, "{next:?} after {now:?}");
        now = next;
        if session.handle_timeout(now).is_err() {
            return;
        }
    }
    panic!("the connection never died");
}

#[test]
fn an_own_ping_that_comes_back_is_never_echoed() {
    let mut session = connected();
    ping_pong(&mut session, at(30));
    assert_eq!(write(&mut session, at(30)), []);
    assert_eq!(session.counters().echoes, 0);
}

#[test]
fn a_late_pong_is_no_fault_and_settles_nothing() {
    let mut session = connected();
    session.handle_timeout(at(30)).unwrap();
    let first = write(&mut session, at(30))[0].1;
    reply(&mut session, FrameType::Ping, first, at(30));
    execute(&mut session, 7, b"go", at(31));
    reply(&mut session, FrameType::Ping, first, at(32));
    assert_eq!(events(&mut session), [Event::LatePong { tid: first }]);
    assert_eq!(session.in_use(), (0, 0, 1));
    // It is not echoed: what is written is the PING that the confirmation wants.
    let written = write(&mut session, at(32));
    assert_eq!(written, [empty(FrameType::Ping, first + 1)]);
}

#[test]
fn the_servers_pings_are_sent_back() {
    let mut session = connected();
    reply(&mut session, FrameType::Ping, 0x8001, at(1));
    reply(&mut session, FrameType::Ping, 0x8002, at(1));
    let echoes = [
        empty(FrameType::Ping, 0x8001),
        empty(FrameType::Ping, 0x8002),
    ];
    assert_eq!(write(&mut session, at(1)), echoes);
    assert_eq!(session.counters().echoes, 2);
}

#[test]
fn two_ends_that_echo_each_other_come_to_rest() {
    let mut session = connected();
    reply(&mut session, FrameType::Ping, 0x8001, at(1));
    let mut rounds = 0;
    loop {
        let written = write(&mut session, at(1));
        if written.is_empty() {
            break;
        }
        rounds += 1;
        for (kind, tid, _) in written {
            reply(&mut session, kind, tid, at(1));
        }
    }
    assert_eq!((rounds, session.counters().echoes_suppressed), (1, 1));
}

#[test]
fn a_flood_of_pings_is_echoed_at_a_limited_rate() {
    let mut session = connected();
    let mut echoes = 0;
    for millis in 0..20_000_u64 {
        let now = Instant::from_millis(millis);
        reply(&mut session, FrameType::Ping, 0x8000 + millis as u16, now);
        echoes += write(&mut session, now).len();
    }
    assert!((20..=24).contains(&echoes), "{echoes} in 20 s");
}

#[test]
fn no_ping_is_sent_back_twice_within_the_time_of_quiet() {
    for different in [2, 9, 12, 20] {
        let mut session = connected();
        let mut last = std::collections::HashMap::new();
        for quarter in 0..400_u64 {
            let now = Instant::from_millis(quarter * 250);
            let tid = 0x8000 + (quarter % different) as u16;
            reply(&mut session, FrameType::Ping, tid, now);
            for (_, tid, _) in write(&mut session, now)
                .iter()
                .filter(|frame| frame.0 == FrameType::Ping && frame.1 >= 0x8000)
            {
                if let Some(before) = last.insert(*tid, now) {
                    let quiet = now.saturating_duration_since(before);
                    assert!(quiet >= Config::new().echo_quiet, "{tid:x} after {quiet:?}");
                }
            }
        }
        assert!(session.counters().echoes > 10);
    }
}

/// A clock that breaks its promise costs a connection at most.
#[test]
fn a_clock_that_jumps_neither_panics_nor_turns_in_circles() {
    let years = at(3_000_000_000);
    let times = [at(100), at(1), years, at(50), Instant::MAX, Instant::ZERO];
    for first in times {
        for second in times {
            let mut session = connected();
            session.connected(first);
            submit(&mut session, SendKind::Logs, b"a").unwrap();
            deliver(&mut session, 7, b"go", second);
            reply(&mut session, FrameType::Ping, 0x8001, first);
            for now in [second, first, second] {
                let alive = session.handle_timeout(now).is_ok();
                let next = session.next_timeout();
                assert!(!alive || next > Some(now), "{first:?} {second:?}: {next:?}");
                assert!(write(&mut session, now).len() < 10);
            }
            // The next connection is none the worse for it.
            persist(&mut session);
            session.connected(at(1));
            assert!(!write(&mut session, at(1)).is_empty());
            assert_eq!(session.handle_timeout(at(2)), Ok(()));
        }
    }
}
