//! Times as people read them.

/// Days from 0000-03-01 to 1970-01-01 in the proleptic Gregorian calendar.
const DAYS_TO_1970: i64 = 719_468;
/// Days of 400 years, after which the calendar repeats.
const DAYS_OF_ERA: i64 = 146_097;

/// A time as RFC 3339 has it, in UTC: seconds since 1970, and nanoseconds, of which
/// `digits` (0 to 9) are shown. `None` outside of the years 0 to 9999, or for a
/// second or more of nanoseconds.
///
/// ```
/// use wigwag_inspect::text::time::rfc3339;
///
/// let shown = rfc3339(1_600_000_000, 123_456_789, 3);
/// assert_eq!(shown.as_deref(), Some("2020-09-13T12:26:40.123Z"));
/// ```
#[must_use]
pub fn rfc3339(seconds: i64, nanos: u32, digits: usize) -> Option<String> {
    if nanos >= 1_000_000_000 {
        return None;
    }
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // The year is made to begin in March, so that the day that leap years have more
    // is its last (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    let days = days.checked_add(DAYS_TO_1970)?;
    let (era, day) = (days.div_euclid(DAYS_OF_ERA), days.rem_euclid(DAYS_OF_ERA));
    let year_of_era = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    let year = era.checked_mul(400)? + year_of_era + next;
    if !(0..=9999).contains(&year) {
        return None;
    }
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let mut text = format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}");
    if digits > 0 {
        let fraction = format!(".{nanos:09}");
        text.push_str(fraction.get(..=digits.min(9)).unwrap_or(&fraction));
    }
    text.push('Z');
    Some(text)
}

/// A time in microseconds since 1970, as [`rfc3339`] shows it, with six digits.
#[must_use]
pub fn of_micros(micros: i64) -> Option<String> {
    let nanos = u32::try_from(micros.rem_euclid(1_000_000)).unwrap_or(0) * 1000;
    rfc3339(micros.div_euclid(1_000_000), nanos, 6)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(seconds: i64) -> Option<String> {
        rfc3339(seconds, 0, 0)
    }

    #[test]
    fn known_days() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (-62_167_219_200, "0000-01-01T00:00:00Z"),
        ] {
            assert_eq!(second(seconds).as_deref(), Some(text));
        }
    }

    #[test]
    fn days_follow_each_other() {
        let mut before = String::new();
        for day in -800_000..2_900_000 {
            if day % 97 != 0 {
                continue;
            }
            let text = second(day * 86_400);
            if let Some(text) = text {
                assert!(before < text, "{before} {text}");
                before = text;
            }
        }
        assert!(before.starts_with("9909"));
    }

    #[test]
    fn what_has_no_date_has_no_text() {
        for seconds in [253_402_300_800, -62_167_219_201, i64::MAX, i64::MIN] {
            assert_eq!(second(seconds), None);
        }
        assert_eq!(rfc3339(0, 1_000_000_000, 3), None);
        assert_eq!(
            of_micros(-1).as_deref(),
            Some("1969-12-31T23:59:59.999999Z")
        );
        assert_eq!(of_micros(i64::MIN), None);
    }
}
