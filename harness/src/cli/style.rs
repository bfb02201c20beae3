//! Colours, for terminals only.

use std::fmt;
use std::io::{IsTerminal as _, stdout};

/// How a text is to stand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Less than the rest.
    Dim,
    /// What it is about.
    Bold,
    /// What goes to the server, and to the device.
    ToServer,
    ToDevice,
    /// What is wrong.
    Bad,
    /// What is odd.
    Odd,
}

impl Look {
    /// The parameter of "select graphic rendition" (ECMA-48, 8.3.117); the eight
    /// colours that every theme of a terminal defines.
    const fn code(self) -> &'static str {
        match self {
            Self::Dim => "2",
            Self::Bold => "1",
            Self::ToServer => "36",
            Self::ToDevice => "35",
            Self::Bad => "31",
            Self::Odd => "33",
        }
    }
}

/// Whether texts are coloured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    colours: bool,
}

impl Style {
    /// Coloured if standard output is a terminal that can show it, and nobody asked
    /// for none (<https://no-color.org>).
    pub(crate) fn of_stdout() -> Self {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            colours: stdout().is_terminal() && !set("NO_COLOR") && !dumb,
        }
    }

    #[cfg(test)]
    pub(crate) const fn new(colours: bool) -> Self {
        Self { colours }
    }

    /// A text in a look. Nothing is written around an empty one.
    pub(crate) const fn paint<T: fmt::Display>(self, look: Look, text: T) -> Painted<T> {
        Painted {
            look: if self.colours { Some(look) } else { None },
            text,
        }
    }
}

/// A text in a look.
pub(crate) struct Painted<T> {
    look: Option<Look>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.look {
            // Widths are those of the text.
            None => self.text.fmt(f),
            Some(look) => {
                write!(f, "\x1b[{}m", look.code())?;
                self.text.fmt(f)?;
                f.write_str("\x1b[0m")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_stand_around_the_text_and_its_width() {
        let (plain, coloured) = (Style::new(false), Style::new(true));
        assert_eq!(format!("{:>4}|", plain.paint(Look::Bad, "ab")), "  ab|");
        assert_eq!(
            format!("{:>4}|", coloured.paint(Look::Bad, "ab")),
            "\x1b[31m  ab\x1b[0m|"
        );
    }
}
