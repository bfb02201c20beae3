//! Points in time as RFC 3339 writes them, in microseconds since 1970.

use crate::text::time;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The last microsecond of the year 9999.
const LAST: u64 = 253_402_300_799_999_999;

/// Days from 1970-01-01 to a date of the Gregorian calendar, which is continued
/// backwards (H. Hinnant, "chrono-compatible low-level date algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Days of a month of the Gregorian calendar.
const fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A number of exactly so many digits, and what follows it.
fn digits(text: &str, count: usize) -> Option<(i64, &str)> {
    let (number, rest) = text.split_at_checked(count)?;
    let all = number.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| number.parse().ok())
        .flatten()
        .map(|number| (number, rest))
}

/// Reads RFC 3339 (section 5.6), or its date alone, or date and time without an
/// offset, which are taken as UTC. Digits behind the microsecond are left out.
/// Nothing for what is not, and for times before 1970.
pub(super) fn read(text: &str) -> Option<u64> {
    let (year, rest) = digits(text, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
    if !(1..=12).contains(&month) || !(1..=days_of_month(year, month)).contains(&day) {
        return None;
    }
    let mut micros = days(year, month, day) * DAY;
    if !rest.is_empty() {
        let (hour, rest) = digits(rest.strip_prefix(['T', 't', ' '])?, 2)?;
        let (minute, rest) = digits(rest.strip_prefix(':')?, 2)?;
        let (second, rest) = match rest.strip_prefix(':') {
            Some(rest) => digits(rest, 2)?,
            None => (0, rest),
        };
        // 60 is a leap second, which Unix time does not have.
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        micros += ((hour * 60 + minute) * 60 + second.min(59)) * 1_000_000;
        let mut zone = rest;
        if let Some(fraction) = rest.strip_prefix('.') {
            let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
            let kept = &fraction[..length.min(6)];
            micros += format!("{kept:0<6}")
                .parse::<i64>()
                .ok()
                .filter(|_| length > 0)?;
            zone = &fraction[length..];
        }
        micros -= offset(zone)? * 60_000_000;
    }
    // An offset may lead out of the years that can be written.
    u64::try_from(micros).ok().filter(|micros| *micros <= LAST)
}

/// Minutes east of UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone.is_empty() || zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, rest) = digits(&zone[1..], 2)?;
    let (minutes, rest) = digits(rest.strip_prefix(':')?, 2)?;
    let whole = rest.is_empty() && hours < 24 && minutes < 60;
    whole.then_some(sign * (hours * 60 + minutes))
}

/// RFC 3339 in UTC, with as many digits behind the second as there are.
pub(super) fn write(micros: u64) -> String {
    let text = i64::try_from(micros).ok().and_then(time::of_micros);
    let text = text.unwrap_or_default();
    let digits = text.trim_end_matches('Z').trim_end_matches('0');
    format!("{}Z", digits.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_as_rfc_3339_has_them() {
        for (text, micros) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600_000_000),
            ("2026-11-21T19:25:00.000001Z", 1_795_289_100_000_001),
            ("2100-03-01T00:00:00.5Z", 4_107_542_400_500_000),
        ] {
            assert_eq!(read(text), Some(micros), "{text}");
            assert_eq!(write(micros), text);
        }
        for text in [
            "2000-02-29t13:00:00+01:00",
            "2000-02-29 12:00",
            "2000-02-29T06:30:00.0000009-05:30",
        ] {
            assert_eq!(read(text), Some(951_825_600_000_000), "{text}");
        }
        assert_eq!(read("2000-02-29"), Some(951_782_400_000_000));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2000",
            "2001-02-29",
            "2000-13-01",
            "2000-00-01",
            "2000-01-01T24:00:00Z",
            "2000-01-01T00:00:00.Z",
            "2000-01-01T00:00:00X",
            "2000-01-01T00:00:00+1:00",
            "2000-01-01T00:00:00+01:00x",
            "1969-12-31T23:59:59Z",
            "9999-12-31T23:59:59-00:01",
            "\u{ff12}000-01-01",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut next = days(1970, 1, 1);
        for year in 1970..2370 {
            for month in 1..=12 {
                for day in 1..=days_of_month(year, month) {
                    assert_eq!(days(year, month, day), next, "{year}-{month}-{day}");
                    next += 1;
                }
            }
        }
        assert_eq!(next, 146_097);
    }
}
