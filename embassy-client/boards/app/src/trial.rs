//! A trial: a fixed amount of work, after which the device stops and tells what
//! came of it. Tests and measurements run the device so, on a board that can
//! be told (QEMU's).

use core::num::ParseIntError;

/// What a trial is told, as words such as a command line has them, each at most
/// once and in any order:
///
/// | Word | Meaning |
/// |---|---|
/// | `orders=N` | answer N orders, and wait until the server knows |
/// | `batches=K` | after that, send K batches of 1 KiB of pathpoints, one at a time |
/// | `seconds=S` | give up when the device is S seconds old |
/// | `refusals=R` | give up at the R-th refusal that trying again does not cure by itself, instead of the first; 0: never |
/// | `unix=U` | the device was started at U seconds after 1970, whatever the real time is |
/// | `report=PATH` | in the end, write the [report](crate::report) there |
///
/// ```
/// use wigwag_app::trial::Words;
///
/// let words = Words::parse(["orders=1", "seconds=60"]).unwrap();
/// assert!(words.is_trial());
/// assert_eq!(words.orders, Some(1));
/// assert!(Words::parse(["order=1"]).is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words<'a> {
    /// `orders`.
    pub orders: Option<u32>,
    /// `batches`.
    pub batches: Option<u32>,
    /// `seconds`.
    pub seconds: Option<u32>,
    /// `refusals`.
    pub refusals: Option<u32>,
    /// `unix`.
    pub unix: Option<u64>,
    /// `report`.
    pub report: Option<&'a str>,
}

/// A word that is not understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownWord<'a>(pub &'a str);

impl core::fmt::Display for UnknownWord<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(
            f,
            "the word {:?} is not one of orders=N batches=K seconds=S refusals=R unix=U \
             report=PATH, once",
            self.0
        )
    }
}

impl core::error::Error for UnknownWord<'_> {}

impl<'a> Words<'a> {
    /// Understands words.
    ///
    /// # Errors
    /// [`UnknownWord`]: the first that is not one of the above, has no number
    /// where one belongs, or comes twice.
    pub fn parse(words: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownWord<'a>> {
        let mut told = Self::default();
        for word in words {
            if told.take(word).is_none() {
                return Err(UnknownWord(word));
            }
        }
        Ok(told)
    }

    fn take(&mut self, word: &'a str) -> Option<()> {
        fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
            place.replace(value).is_none().then_some(())
        }
        let number = |text: &str| text.parse().map_err(|_: ParseIntError| ()).ok();
        match word.split_once('=')? {
            ("orders", count) => once(&mut self.orders, number(count)?),
            ("batches", count) => once(&mut self.batches, number(count)?),
            ("seconds", count) => once(&mut self.seconds, number(count)?),
            ("refusals", count) => once(&mut self.refusals, number(count)?),
            ("unix", time) => once(&mut self.unix, time.parse().ok()?),
            ("report", "") => None,
            ("report", path) => once(&mut self.report, path),
            _ => None,
        }
    }

    /// Whether there is an end to come: something to do, or a limit. Otherwise
    /// the device runs for ever, as one in the field.
    #[must_use]
    pub const fn is_trial(&self) -> bool {
        self.orders.is_some() || self.batches.is_some() || self.seconds.is_some()
    }
}

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All was done, and the server knows.
    Reached,
    /// There was not enough time.
    TimeUp,
    /// One side refused the other, or something is set up wrongly: trying again
    /// would not have helped.
    Refused,
}

/// The exit status when the settings, or the words, cannot be used.
pub const UNUSABLE: i32 = 3;
/// The exit status after a panic or a fault.
pub const PANICKED: i32 = 101;

impl Verdict {
    /// The exit status that says so.
    #[must_use]
    pub const fn status(self) -> i32 {
        match self {
            Self::Reached => 0,
            Self::TimeUp => 1,
            Self::Refused => 2,
        }
    }

    /// The same in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Reached => "goal reached",
            Self::TimeUp => "time is up",
            Self::Refused => "refused",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn all_words_are_understood() {
        let line = "orders=50 batches=3 seconds=60 refusals=9 unix=0 report=/tmp/r";
        let told = Words::parse(line.split(' ')).unwrap();
        let expected = Words {
            orders: Some(50),
            batches: Some(3),
            seconds: Some(60),
            refusals: Some(9),
            unix: Some(0),
            report: Some("/tmp/r"),
        };
        assert_eq!(told, expected);
        let told = Words::parse(["report=a=b"]).unwrap();
        assert_eq!(told.report, Some("a=b"));
    }

    #[test]
    fn only_work_or_a_limit_makes_a_trial() {
        let is_trial =
            |words: &[&'static str]| Words::parse(words.iter().copied()).unwrap().is_trial();
        for word in ["orders=0", "batches=1", "seconds=9"] {
            assert!(is_trial(&[word]), "{word}");
        }
        assert!(!is_trial(&[]));
        assert!(!is_trial(&["unix=5", "report=x", "refusals=1"]));
    }

    #[test]
    fn other_words_are_named() {
        for word in [
            "",
            "orders",
            "orders=",
            "orders=-1",
            "orders=x",
            "orders=4294967296",
            "unix=1.5",
            "refusals=all",
            "report=",
            "what=1",
            "=",
        ] {
            assert_eq!(Words::parse(["seconds=1", word]), Err(UnknownWord(word)));
        }
        let twice = Words::parse(["orders=1", "orders=1"]);
        assert_eq!(twice, Err(UnknownWord("orders=1")));
        assert!(twice.unwrap_err().to_string().contains("orders=1"));
    }
}
