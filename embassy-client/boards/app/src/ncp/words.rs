//! What a device of NCP is told.

use core::num::ParseIntError;

use wigwag_embassy::ncp::Login;

/// Words such as a command line has them, each at most once and in any order:
///
/// | Word | Meaning |
/// |---|---|
/// | `server=HOST:PORT` | the server that is asked; HOST is a name or an IPv4 address |
/// | `login=USER:PASSWORD` | how to log in there, in the clear |
/// | `guard=USER:PASSWORD` | whom the device's own server lets in; everybody otherwise |
/// | `commands=N` | ask N short commands, one after the other |
/// | `sweeps=K` | after that, K sweeps |
/// | `points=P` | of P points each, at most 4096, which is the default |
/// | `answers=A` | answer A fields of the device's own clients |
/// | `seconds=S` | give up when the device is S seconds old |
/// | `unix=U` | the device was started at U seconds after 1970, whatever the real time is |
/// | `report=PATH` | in the end, write the [report](super::report) there |
///
/// ```
/// use wigwag_app::ncp::words::Words;
///
/// let words = Words::parse(["server=node.test:9999", "commands=1"]).unwrap();
/// assert_eq!(words.server, Some(("node.test", 9999)));
/// assert!(words.is_trial());
/// assert!(Words::parse(["commands=1"]).is_err());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Words<'a> {
    /// `server`: host and port.
    pub server: Option<(&'a str, u16)>,
    /// `login`.
    pub login: Option<Login<'a>>,
    /// `guard`.
    pub guard: Option<Login<'a>>,
    /// `commands`.
    pub commands: Option<u32>,
    /// `sweeps`.
    pub sweeps: Option<u32>,
    /// `points`.
    pub points: Option<u16>,
    /// `answers`.
    pub answers: Option<u32>,
    /// `seconds`.
    pub seconds: Option<u32>,
    /// `unix`.
    pub unix: Option<u64>,
    /// `report`.
    pub report: Option<&'a str>,
}

/// The most points of a sweep.
pub const MOST_POINTS: u16 = 4096;

/// Words that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordsError<'a> {
    /// One that is not understood.
    Unknown(&'a str),
    /// There is something to ask, and nobody to ask it.
    NoServer,
}

impl core::fmt::Display for WordsError<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unknown(word) => write!(
                f,
                "the word {word:?} is not one of server=HOST:PORT login=USER:PASSWORD \
                 guard=USER:PASSWORD commands=N sweeps=K points=P answers=A seconds=S unix=U \
                 report=PATH, once"
            ),
            Self::NoServer => {
                f.write_str("commands and sweeps need somebody to ask: add server=HOST:PORT")
            }
        }
    }
}

impl core::error::Error for WordsError<'_> {}

impl<'a> Words<'a> {
    /// Understands words.
    ///
    /// # Errors
    /// [`WordsError`]: the first that is not one of the above, has no number
    /// where one belongs, or comes twice.
    pub fn parse(words: impl IntoIterator<Item = &'a str>) -> Result<Self, WordsError<'a>> {
        let mut told = Self::default();
        for word in words {
            told.take(word).ok_or(WordsError::Unknown(word))?;
        }
        let asks = told.commands.unwrap_or(0) > 0 || told.sweeps.unwrap_or(0) > 0;
        if asks && told.server.is_none() {
            return Err(WordsError::NoServer);
        }
        Ok(told)
    }

    fn take(&mut self, word: &'a str) -> Option<()> {
        fn once<T>(place: &mut Option<T>, value: T) -> Option<()> {
            place.replace(value).is_none().then_some(())
        }
        let number = |text: &str| text.parse().map_err(|_: ParseIntError| ()).ok();
        let (name, value) = word.split_once('=')?;
        match name {
            "server" => once(&mut self.server, server(value)?),
            "login" => once(&mut self.login, login(value)?),
            "guard" => once(&mut self.guard, login(value)?),
            "commands" => once(&mut self.commands, number(value)?),
            "sweeps" => once(&mut self.sweeps, number(value)?),
            "points" => {
                let points = value.parse().ok()?;
                let is_some = (1..=MOST_POINTS).contains(&points);
                once(&mut self.points, is_some.then_some(points)?)
            }
            "answers" => once(&mut self.answers, number(value)?),
            "seconds" => once(&mut self.seconds, number(value)?),
            "unix" => once(&mut self.unix, value.parse().ok()?),
            "report" => once(&mut self.report, (!value.is_empty()).then_some(value)?),
            _ => None,
        }
    }

    /// Whether there is an end to come: something to do, or a limit. Otherwise
    /// the device runs for ever, as one in the field.
    #[must_use]
    pub const fn is_trial(&self) -> bool {
        self.commands.is_some()
            || self.sweeps.is_some()
            || self.answers.is_some()
            || self.seconds.is_some()
    }
}

fn server(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port > 0)?;
    (!host.is_empty()).then_some((host, port))
}

fn login(text: &str) -> Option<Login<'_>> {
    let (user, password) = text.split_once(':')?;
    Login::new(user, password).ok()
}

#[cfg(test)]
mod tests {
    use wigwag_embassy::ncp::Authenticate as _;

    use super::*;

    #[test]
    fn all_words_are_understood() {
        let line = "server=a.test:9999 login=me:a:b guard=you: commands=100 sweeps=5 points=10 \
            answers=3 seconds=60 unix=0 report=/tmp/r";
        let told = Words::parse(line.split_whitespace()).unwrap();
        assert_eq!(told.server, Some(("a.test", 9999)));
        for (login, user, password) in [(told.login, "me", "a:b"), (told.guard, "you", "")] {
            assert!(login.unwrap().authenticate(user, password));
        }
        assert_eq!((told.commands, told.sweeps), (Some(100), Some(5)));
        assert_eq!((told.points, told.answers), (Some(10), Some(3)));
        assert_eq!((told.seconds, told.unix), (Some(60), Some(0)));
        assert_eq!(told.report, Some("/tmp/r"));
    }

    #[test]
    fn only_work_or_a_limit_makes_a_trial() {
        let is_trial = |word: &'static str| Words::parse([word]).unwrap().is_trial();
        for word in ["commands=0", "sweeps=0", "answers=1", "seconds=9"] {
            assert!(is_trial(word), "{word}");
        }
        for word in ["server=a:1", "guard=a:b", "points=1", "unix=5", "report=x"] {
            assert!(!is_trial(word), "{word}");
        }
    }

    #[test]
    fn other_words_are_named() {
        for word in [
            "",
            "commands",
            "commands=x",
            "server=a",
            "server=:1",
            "server=a:0",
            "server=a:65536",
            "login=me",
            "points=0",
            "points=4097",
            "report=",
            "orders=1",
        ] {
            let error = Words::parse(["seconds=1", word]).unwrap_err();
            assert_eq!(error, WordsError::Unknown(word));
        }
        let twice = Words::parse(["seconds=1", "seconds=1"]).unwrap_err();
        assert_eq!(twice, WordsError::Unknown("seconds=1"));
        let nobody = Words::parse(["sweeps=1"]).unwrap_err();
        assert_eq!(nobody, WordsError::NoServer);
    }
}
