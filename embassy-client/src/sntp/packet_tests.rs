use super::*;
use std::string::ToString;
use std::vec::Vec;

/// 2026-09-21, in seconds since 1970: the floor of these tests.
const NEAR: u64 = 1_790_000_000;
const NONCE: u64 = 0x0123_4567_89ab_cdef;

/// A timestamp of NTP.
fn ntp(unix_micros: u64) -> u64 {
    let seconds = (unix_micros / SECOND + UNIX_EPOCH) as u32;
    (u64::from(seconds) << 32) | (((unix_micros % SECOND) << 32) / SECOND)
}

/// What an honest server of stratum 2 sends that got the request 3 s after
/// `NEAR` and answered 10 ms later.
fn honest() -> [u8; LENGTH] {
    let mut packet = [0; LENGTH];
    packet[0] = 4 << 3 | 4;
    packet[1] = 2;
    packet[4..8].copy_from_slice(&0x0000_0800_u32.to_be_bytes()); // 31.25 ms
    packet[8..12].copy_from_slice(&0x0000_0400_u32.to_be_bytes()); // 15.625 ms
    packet[12..16].copy_from_slice(&[192, 0, 2, 9]);
    packet[24..32].copy_from_slice(&NONCE.to_be_bytes());
    packet[32..40].copy_from_slice(&ntp(NEAR * SECOND + 3_000_000).to_be_bytes());
    packet[40..48].copy_from_slice(&ntp(NEAR * SECOND + 3_010_000).to_be_bytes());
    packet
}

fn judge(packet: [u8; LENGTH]) -> Result<Sample, Refusal> {
    let answer = Answer::read(&packet).unwrap();
    assert_eq!(answer.nonce, NONCE);
    let sent = Instant::from_millis(5000);
    answer.judge(sent, Instant::from_millis(5110), NEAR)
}

fn with(at: usize, bytes: &[u8]) -> [u8; LENGTH] {
    let mut packet = honest();
    packet[at..at + bytes.len()].copy_from_slice(bytes);
    packet
}

#[test]
fn a_request_tells_nothing_but_its_nonce() {
    let packet = request(NONCE);
    assert_eq!(packet[0], 0x23);
    assert!(packet[1..40].iter().all(|byte| *byte == 0));
    assert_eq!(packet[40..], NONCE.to_be_bytes());
}

#[test]
fn an_honest_answer_is_half_the_way_old() {
    let sample = judge(honest()).unwrap();
    assert_eq!(sample.at, Instant::from_millis(5110));
    // 110 ms there and back, of which 10 ms at the server; timestamps are cut to
    // a microsecond here and there.
    let expected = (NEAR * SECOND + 3_060_000) as i64;
    assert!(
        (expected - sample.unix).abs() <= 2,
        "{}",
        sample.unix - expected
    );
    assert!(
        sample.error.abs_diff(50_000 + 31_250) <= 2,
        "{}",
        sample.error
    );
}

#[test]
fn what_is_no_answer_of_a_server_is_not_read() {
    let packet = honest();
    for length in 0..LENGTH {
        assert!(Answer::read(&packet[..length]).is_none(), "{length} bytes");
    }
    // With an extension field or a message authentication code.
    let longer: Vec<u8> = packet.iter().copied().chain([0; 20]).collect();
    for length in LENGTH + 1..=longer.len() {
        assert!(Answer::read(&longer[..length]).is_none(), "{length} bytes");
    }
    for version in (0..8).filter(|version| *version != 4) {
        assert!(Answer::read(&with(0, &[version << 3 | 4])).is_none());
    }
    for mode in (0..8).filter(|mode| *mode != 4) {
        assert!(Answer::read(&with(0, &[4 << 3 | mode])).is_none());
    }
}

#[test]
fn every_leap_but_the_alarm_is_taken() {
    for leap in 0..3_u8 {
        assert!(judge(with(0, &[leap << 6 | 4 << 3 | 4])).is_ok());
    }
    assert_eq!(judge(with(0, &[3 << 6 | 4 << 3 | 4])), Err(Refusal::Alarm));
}

#[test]
fn only_a_synchronised_stratum_is_taken() {
    for stratum in 1..16 {
        assert!(judge(with(1, &[stratum])).is_ok());
    }
    for stratum in 16..=255 {
        assert_eq!(judge(with(1, &[stratum])), Err(Refusal::Stratum(stratum)));
    }
}

#[test]
fn a_kiss_is_read_whatever_else_is_in_the_packet() {
    for (code, kiss) in [
        (b"RATE", Kiss::Rate),
        (b"DENY", Kiss::Deny),
        (b"RSTR", Kiss::Deny),
        (b"INIT", Kiss::Other(*b"INIT")),
        (b"\0\0\0\0", Kiss::Other([0; 4])),
    ] {
        let mut packet = with(12, code);
        packet[1] = 0;
        assert_eq!(judge(packet), Err(Refusal::Kiss(kiss)));
        // As ntpd sends it: not synchronised, and without times.
        packet[0] |= 3 << 6;
        packet[32..].fill(0);
        assert_eq!(judge(packet), Err(Refusal::Kiss(kiss)));
    }
    let text = Refusal::Kiss(Kiss::Other(*b"A\n\xff\0")).to_string();
    assert_eq!(
        text,
        r"the time server says A\n\xff\x00 instead of the time"
    );
}

#[test]
fn a_server_far_from_its_clock_is_refused() {
    let seconds = |seconds: u32| (seconds << 16).to_be_bytes();
    assert!(judge(with(8, &seconds(15))).is_ok());
    assert_eq!(judge(with(8, &seconds(16))), Err(Refusal::RootDistance));
    assert_eq!(judge(with(4, &seconds(32))), Err(Refusal::RootDistance));
    let all = u32::MAX.to_be_bytes();
    let mut packet = with(4, &all);
    packet[8..12].copy_from_slice(&all);
    assert_eq!(judge(packet), Err(Refusal::RootDistance));
}

#[test]
fn times_of_zero_are_none() {
    assert_eq!(judge(with(32, &[0; 8])), Err(Refusal::NoTime));
    assert_eq!(judge(with(40, &[0; 8])), Err(Refusal::NoTime));
}

#[test]
fn times_that_contradict_each_other_are_refused() {
    let early = ntp(NEAR * SECOND + 2_999_999).to_be_bytes();
    assert_eq!(judge(with(40, &early)), Err(Refusal::Impossible));
    // Longer at the server than under way at all.
    let late = ntp(NEAR * SECOND + 3_111_000).to_be_bytes();
    assert_eq!(judge(with(40, &late)), Err(Refusal::Impossible));
    let far = ntp(NEAR * SECOND + 3_000_000).wrapping_add(u64::MAX / 2);
    assert_eq!(
        judge(with(40, &far.to_be_bytes())),
        Err(Refusal::Impossible)
    );
}

#[test]
fn the_era_is_that_of_the_nearest_time() {
    // The first second of era 1 is 2036-02-07 06:28:16.
    const ERA_1: u64 = 2_085_978_496;
    const YEAR: u64 = 31_556_952;
    for near in [NEAR, ERA_1 - 1, ERA_1, ERA_1 + 30 * YEAR] {
        for unix in [NEAR, ERA_1 - 1, ERA_1, ERA_1 + 1, 2094 * YEAR - 1970 * YEAR] {
            if unix.abs_diff(near) < 68 * YEAR {
                let micros = unix_micros(ntp(unix * SECOND), near);
                assert_eq!(micros, Some((unix * SECOND) as i64), "{unix} near {near}");
            }
        }
    }
    // A server in the past of the floor is in the past, not 136 years ahead.
    let past = unix_micros(ntp((NEAR - 1) * SECOND), NEAR);
    assert_eq!(past, Some(((NEAR - 1) * SECOND) as i64));
    // Across the end of the era.
    let mut packet = with(32, &ntp(ERA_1 * SECOND - 5000).to_be_bytes());
    packet[40..].copy_from_slice(&ntp(ERA_1 * SECOND + 5000).to_be_bytes());
    let sample = judge(packet).unwrap();
    assert!((sample.unix - (ERA_1 * SECOND + 55_000) as i64).abs() <= 2);
}

#[test]
fn no_bytes_and_no_times_make_it_panic() {
    let mut state = 7_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state
    };
    let ends = [0, 1, u64::MAX];
    let mut taken = 0;
    for round in 0..20_000 {
        let mut packet = [0_u8; LENGTH];
        for eight in packet.chunks_mut(8) {
            eight.copy_from_slice(&next().to_be_bytes());
        }
        packet[0] = (packet[0] & 0xc0) | 4 << 3 | 4;
        packet[1] %= 20;
        if round % 2 == 0 {
            packet[4..12].fill(0);
            packet.copy_within(32..40, 40);
        }
        let answer = Answer::read(&packet).unwrap();
        for sent in ends {
            for near in [0, NEAR, u64::MAX] {
                let (sent, now) = (Instant::from_micros(sent), Instant::from_micros(u64::MAX));
                taken += u32::from(answer.judge(sent, now, near).is_ok());
            }
        }
    }
    assert!(taken > 1000, "most were refused: {taken}");
}
