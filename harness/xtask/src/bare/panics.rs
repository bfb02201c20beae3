//! Whether the codec can panic: what is left of the machinery of panics in an image
//! that holds all its public functions, at each optimisation, and the few places of
//! other crates that are known to be out of reach.

use super::Level;
use crate::firmware::panics::{Place, Places, read_any};
use crate::project;
use crate::run::Result;

/// The file of places that nothing reaches, below the project's folder.
pub const FILE: &str = "codec/bare/panics.toml";

/// The places that can panic, of the image at an optimisation.
///
/// # Errors
///
/// The image cannot be built or read.
pub fn places(level: Level) -> Result<Places> {
    let built = super::build(level, &["--features", "all", "--bin", "all"])?;
    read_any(&built.join("all"))
}

/// Places that nothing reaches: each a crate, a file and a function, `*` for any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unreachable(Vec<[String; 3]>);

impl Unreachable {
    /// Reads the committed file.
    ///
    /// # Errors
    ///
    /// It is missing or is not what [`Self::parse`] takes.
    pub fn load() -> Result<Self> {
        let text = std::fs::read_to_string(project().join(FILE))
            .map_err(|error| format!("cannot read {FILE}: {error}"))?;
        Self::parse(&text).map_err(|error| format!("{FILE}: {error}"))
    }

    /// Reads TOML: tables `[[reason]]`, each with a text `why` and a list of `places`.
    ///
    /// # Errors
    ///
    /// It is not TOML, has anything else, or a reason says nothing.
    pub fn parse(text: &str) -> Result<Self> {
        let file: toml::Table = text.parse().map_err(|error| format!("{error}"))?;
        let mut all = Vec::new();
        for (name, value) in &file {
            let tables = value.as_array().filter(|_| name == "reason");
            for table in tables.ok_or_else(|| format!("{name} is not [[reason]]"))? {
                let wrong = || format!("no reason: {table:?}");
                let why = table.get("why").and_then(toml::Value::as_str);
                if why.is_none_or(|why| why.trim().is_empty()) {
                    return Err(wrong());
                }
                let places = table.get("places").and_then(toml::Value::as_array);
                for place in places.ok_or_else(wrong)? {
                    let words = place.as_str().ok_or_else(wrong)?.split_whitespace();
                    let words: Vec<String> = words.map(str::to_owned).collect();
                    let words = <[String; 3]>::try_from(words);
                    all.push(words.map_err(|_| format!("{place:?}: not crate, file, function"))?);
                }
            }
        }
        Ok(Self(all))
    }

    /// Which of the patterns a place fits.
    fn find(&self, place: &Place) -> Option<usize> {
        let fits = |pattern: &str, word: &str| pattern == "*" || pattern == word;
        self.0.iter().position(|[name, file, function]| {
            fits(name, &place.name) && fits(file, &place.file) && fits(function, &place.function)
        })
    }

    /// The places that are not known to be out of reach, a line each, and the patterns
    /// that fit no place of any of the images.
    #[must_use]
    pub fn judge(&self, images: &[(Level, Places)]) -> (Vec<String>, Vec<String>) {
        let mut used = vec![false; self.0.len()];
        let mut left = Vec::new();
        for (level, places) in images {
            for (place, ways) in places {
                if let Some(at) = self.find(place) {
                    used[at] = true;
                    continue;
                }
                let ways: Vec<&str> = ways.iter().map(String::as_str).collect();
                left.push(format!(
                    "opt-level {}: {place}: {}",
                    level.name(),
                    ways.join(", ")
                ));
            }
        }
        let idle = self.0.iter().zip(used).filter(|(_, used)| !used);
        (left, idle.map(|(words, _)| words.join(" ")).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn place(text: &str) -> Place {
        let words: Vec<&str> = text.split(' ').collect();
        Place {
            name: words[0].into(),
            file: words[1].into(),
            function: words[2].into(),
        }
    }

    #[test]
    fn places_without_a_reason_are_told_and_reasons_without_a_place() {
        let text = "[[reason]]\nwhy = 'x'\nplaces = ['core * *', 'a b.rs c', 'd * e']";
        let known = Unreachable::parse(text).unwrap();
        let index = || BTreeSet::from(["index at line 3".to_owned()]);
        let places = ["core x.rs y", "a b.rs c", "a b.rs d"].map(|it| (place(it), index()));
        let images = [(Level::Small, Places::from(places))];
        let (left, idle) = known.judge(&images);
        assert_eq!(left, ["opt-level s: a b.rs d: index at line 3"]);
        assert_eq!(idle, ["d * e"]);
    }

    #[test]
    fn other_files_are_refused() {
        for text in [
            "[[reason]]\nplaces = ['a b c']",
            "[[reason]]\nwhy = ' '\nplaces = ['a b c']",
            "[[reason]]\nwhy = 'x'\nplaces = ['a b']",
            "[[reason]]\nwhy = 'x'",
            "[[other]]\nwhy = 'x'\nplaces = []",
        ] {
            assert!(Unreachable::parse(text).is_err(), "{text}");
        }
    }
}
