use super::*;
use std::time::Duration;

const FLOOR: u64 = 1_790_000_000;
const DAY: u64 = 24 * 3600;

fn at(seconds: u64) -> Instant {
    Instant::from_micros(seconds * SECOND)
}

/// A clock that was set to ten days after the floor when the device's own clock
/// showed 100 s.
fn set() -> (Reading, u64) {
    let mut reading = Reading::new(FLOOR);
    let micros = (FLOOR + 10 * DAY) * SECOND;
    let first = reading.set(at(100), micros, Origin::Sntp);
    assert_eq!(first, Ok(Adjustment::First));
    (reading, micros)
}

#[test]
fn it_says_nothing_before_it_is_set_and_goes_on_after() {
    let mut reading = Reading::new(FLOOR);
    assert_eq!(reading.micros(at(5)), None);
    assert_eq!(reading.setting(at(5)), None);
    let micros = FLOOR * SECOND;
    assert_eq!(
        reading.set(at(5), micros, Origin::Told),
        Ok(Adjustment::First)
    );
    assert_eq!(reading.micros(at(5)), Some(micros));
    assert_eq!(reading.micros(at(3605)), Some(micros + 3600 * SECOND));
    let setting = reading.setting(at(3605)).unwrap();
    assert_eq!((setting.origin, setting.at), (Origin::Told, at(5)));
    assert_eq!(setting.offset, i128::from(micros - 5 * SECOND));
    reading.unset();
    assert_eq!(reading.micros(at(3605)), None);
}

#[test]
fn a_time_before_the_floor_is_refused_and_changes_nothing() {
    let (mut reading, micros) = set();
    let refused = reading.set(at(100), FLOOR * SECOND - 1, Origin::Told);
    assert_eq!(refused, Err(BeforeFloor { floor: FLOOR }));
    assert_eq!(reading.micros(at(101)), Some(micros + SECOND));
    assert_eq!(reading.setting(at(101)).unwrap().origin, Origin::Sntp);
}

#[test]
fn no_floor_is_older_than_the_code() {
    assert_eq!(Reading::new(0).floor(), ClockPolicy::EARLIEST_FLOOR);
    assert_eq!(Reading::new(FLOOR).floor(), FLOOR);
}

#[test]
fn a_small_difference_is_slewed_to_its_end_and_never_goes_back() {
    for (difference, seconds) in [(-2_000_000, 4000), (2_000_000, 4000), (-150_000, 300)] {
        let (mut reading, micros) = set();
        let start = Instant::from_micros(200 * SECOND);
        let shown = micros + 100 * SECOND;
        let told = shown.checked_add_signed(difference).unwrap();
        assert_eq!(
            reading.set(start, told, Origin::Sntp),
            Ok(Adjustment::Slewing(difference))
        );
        let mut last = shown;
        // Steps that no multiple of the slew's period fits.
        for step in 0..100_000_u64 {
            let elapsed = step * 49_999;
            let now = start.saturating_add(Duration::from_micros(elapsed));
            let next = reading.micros(now).unwrap();
            assert!(next >= last, "{difference} after {elapsed}");
            last = next;
        }
        let half = reading.micros(at(200 + seconds / 2)).unwrap();
        let full = told + seconds / 2 * SECOND;
        assert_eq!(half.abs_diff(full), difference.unsigned_abs() / 2);
        for later in [seconds, seconds + 1, 10 * DAY] {
            let straight = told + later * SECOND;
            assert_eq!(reading.micros(at(200 + later)), Some(straight));
        }
        assert_eq!(reading.setting(at(200)).unwrap().steps, 0);
    }
}

#[test]
fn a_slew_is_replaced_where_it_stands() {
    let (mut reading, micros) = set();
    reading.set(at(100), micros - SECOND, Origin::Sntp).unwrap();
    // Half of it is done after 1,000 s.
    let shown = reading.micros(at(1100)).unwrap();
    assert_eq!(shown, micros + 1000 * SECOND - SECOND / 2);
    let adjustment = reading.set(at(1100), shown, Origin::Sntp);
    assert_eq!(adjustment, Ok(Adjustment::Slewing(0)));
    assert_eq!(reading.micros(at(1101)), Some(shown + SECOND));
}

#[test]
fn a_large_difference_is_a_step_in_either_direction() {
    for difference in [-2_000_001, 2_000_001, 3600 * 1_000_000, -86_400_000_000] {
        let (mut reading, micros) = set();
        let told = micros.checked_add_signed(difference).unwrap();
        let adjustment = reading.set(at(100), told, Origin::Told);
        assert_eq!(adjustment, Ok(Adjustment::Stepped(difference)));
        assert_eq!(reading.micros(at(100)), Some(told));
        let setting = reading.setting(at(150)).unwrap();
        assert_eq!((setting.steps, setting.stepped_at), (1, at(100)));
    }
}

#[test]
fn a_floor_above_the_clock_takes_the_clock_back() {
    let (mut reading, _) = set();
    assert_eq!(
        reading.raise_floor(at(100), FLOOR + 10 * DAY),
        FLOOR + 10 * DAY
    );
    assert!(reading.micros(at(100)).is_some());
    // It is never lowered.
    assert_eq!(reading.raise_floor(at(100), FLOOR), FLOOR + 10 * DAY);
    let above = FLOOR + 10 * DAY + 1;
    assert_eq!(reading.raise_floor(at(100), above), above);
    // Not even when the wrong clock has reached the floor.
    assert_eq!(reading.micros(at(300)), None);
}

#[test]
fn a_verified_server_raises_the_floor_to_the_day_of_its_certificate() {
    let mut reading = Reading::new(FLOOR);
    let server = |days: u64| Validity {
        not_before: FLOOR + days * DAY,
        not_after: FLOOR + (days + 90) * DAY,
    };
    // The clock need not be set for that.
    assert_eq!(reading.confirm(at(50), server(3)), Some(FLOOR + 3 * DAY));
    for known in [0, 2, 3] {
        assert_eq!(reading.confirm(at(60), server(known)), None);
    }
    assert_eq!(reading.floor(), FLOOR + 3 * DAY);
    assert_eq!(reading.confirm(at(70), server(63)), Some(FLOOR + 63 * DAY));
}

#[test]
fn a_clock_that_is_ahead_does_not_raise_the_floor() {
    let (mut reading, micros) = set();
    let server = Validity {
        not_before: FLOOR + 2 * DAY,
        not_after: FLOOR + 92 * DAY,
    };
    // Brought to the last hour of the certificate, where it is still good.
    let forged = (server.not_after - 3600) * SECOND;
    reading.set(at(200), forged, Origin::Sntp).unwrap();
    assert_eq!(reading.confirm(at(300), server), Some(FLOOR + 2 * DAY));
    // The right time is taken.
    let right = micros + 300 * SECOND;
    assert!(reading.set(at(400), right, Origin::Sntp).is_ok());
    assert_eq!(reading.micros(at(400)), Some(right));
}

#[test]
fn a_clock_that_is_behind_a_verified_server_is_wrong() {
    let (mut reading, _) = set();
    let server = Validity {
        not_before: FLOOR + 11 * DAY,
        not_after: FLOOR + 92 * DAY,
    };
    assert_eq!(reading.confirm(at(300), server), Some(FLOOR + 11 * DAY));
    assert_eq!(reading.micros(at(300)), None);
}

#[test]
fn the_ends_of_time_do_not_overflow() {
    let mut reading = Reading::new(u64::MAX);
    assert_eq!(
        reading.set(at(1), u64::MAX - 1, Origin::Told),
        Err(BeforeFloor { floor: u64::MAX })
    );
    let end = Instant::from_micros(u64::MAX);
    let mut reading = Reading::new(FLOOR);
    reading.set(end, u64::MAX, Origin::Told).unwrap();
    // Before it was set by far: what it would have shown is before the floor.
    assert_eq!(reading.micros(at(0)), None);
    let mut reading = Reading::new(FLOOR);
    reading.set(at(0), u64::MAX, Origin::Told).unwrap();
    assert_eq!(reading.micros(end), Some(u64::MAX));
    assert_eq!(
        reading.set(at(0), FLOOR * SECOND, Origin::Told),
        Ok(Adjustment::Stepped(i64::MIN))
    );
    assert_eq!(
        reading.set(at(0), u64::MAX, Origin::Told),
        Ok(Adjustment::Stepped(i64::MAX))
    );
}
