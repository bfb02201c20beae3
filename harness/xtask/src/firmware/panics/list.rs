//! The committed list: which places an image has, and why each cannot be reached
//! from the network.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::Places;
use crate::firmware::Image;
use crate::project;
use crate::run::Result;

/// The list of an image: each place as one line, and its reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    image: Image,
    /// Reason by place.
    reasons: BTreeMap<String, String>,
    /// Places that may be missing: in which folder the project lies decides whose name
    /// the compiler keeps where it makes one function of two that are alike, and what
    /// it inlines where.
    sometimes: BTreeSet<String>,
    /// What the first image's list says, which goes for the others as well.
    shared: BTreeMap<String, String>,
}

/// How an image differs from its list, each a sentence for a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    image: Image,
    /// What is wrong, by line of the list.
    pub wrong: Vec<String>,
}

impl Verdict {
    /// `Ok` if nothing is wrong.
    ///
    /// # Errors
    ///
    /// What is, a line each, and what to do.
    pub fn outcome(&self) -> Result {
        if self.wrong.is_empty() {
            return Ok(());
        }
        Err(format!(
            "{}:\n{}\nRun `cargo xtask firmware panics{} --update`, read each place that is new, and \
             write into the file why nothing that comes from the network reaches it. If something \
             does, it is a bug.",
            self.image.panics(),
            self.wrong.join("\n"),
            self.image.argument()
        ))
    }
}

/// The places as the list has them.
fn lines(places: &Places) -> BTreeSet<String> {
    places.keys().map(ToString::to_string).collect()
}

impl List {
    /// Reads an image's committed file.
    ///
    /// # Errors
    ///
    /// It is missing or is not what [`Self::parse`] takes.
    pub fn load(image: Image) -> Result<Self> {
        let file = image.panics();
        let text = std::fs::read_to_string(path(image))
            .map_err(|error| format!("cannot read {file}: {error}"))?;
        let list = Self::parse(image, &text).map_err(|error| format!("{file}: {error}"))?;
        let shared = match Image::default() {
            first if first == image => BTreeMap::new(),
            first => Self::load(first)?.reasons,
        };
        Ok(Self { shared, ..list })
    }

    /// Reads TOML: tables `[[reason]]`, each with a text `why`, a list of
    /// `places`, and `sometimes = true` where an image may do without them.
    ///
    /// # Errors
    ///
    /// It is not TOML, has anything else, or a place twice.
    pub fn parse(image: Image, text: &str) -> Result<Self> {
        let file: toml::Table = text.parse().map_err(|error| format!("{error}"))?;
        let mut reasons = BTreeMap::new();
        let mut sometimes = BTreeSet::new();
        for (name, value) in &file {
            let tables = value.as_array().filter(|_| name == "reason");
            for table in tables.ok_or_else(|| format!("{name} is not [[reason]]"))? {
                let wrong = || format!("no reason: {table:?}");
                let table = table.as_table().ok_or_else(wrong)?;
                let why = table.get("why").and_then(toml::Value::as_str);
                let places = table.get("places").and_then(toml::Value::as_array);
                let alike = table.get("sometimes").and_then(toml::Value::as_bool);
                let known = 2 + usize::from(alike.is_some());
                let (Some(why), Some(places)) = (why, places) else {
                    return Err(wrong());
                };
                if table.len() != known {
                    return Err(wrong());
                }
                for place in places {
                    let place = place.as_str().ok_or_else(wrong)?;
                    if alike == Some(true) {
                        sometimes.insert(place.to_owned());
                    }
                    let earlier = reasons.insert(place.to_owned(), why.trim().to_owned());
                    if earlier.is_some() {
                        return Err(format!("{place} is there twice"));
                    }
                }
            }
        }
        let shared = BTreeMap::new();
        Ok(Self {
            image,
            reasons,
            sometimes,
            shared,
        })
    }

    /// Holds an image to its list.
    #[must_use]
    pub fn compare(&self, places: &Places) -> Verdict {
        let found = lines(places);
        let mut wrong = Vec::new();
        for line in &found {
            let why = self.reasons.get(line).or_else(|| self.shared.get(line));
            match why.map(String::as_str) {
                None => wrong.push(format!("  not in the list: {line}")),
                Some("") => wrong.push(format!("  without a reason: {line}")),
                Some(_) => {}
            }
        }
        let gone = self.reasons.keys();
        let gone = gone.filter(|line| !found.contains(*line) && !self.sometimes.contains(*line));
        wrong.extend(gone.map(|line| format!("  no longer in the image: {line}")));
        let image = self.image;
        Verdict { image, wrong }
    }

    /// Makes the places of an image the list, without those that the first image's
    /// list has: what was there keeps its reason, what is new is without one.
    /// What is there only sometimes stays.
    pub fn update(&mut self, places: &Places) {
        let mut own = lines(places);
        own.extend(self.sometimes.iter().cloned());
        let own = own
            .into_iter()
            .filter(|line| !self.shared.contains_key(line));
        let reason = |line: String| {
            let why = self.reasons.get(&line).cloned().unwrap_or_default();
            (line, why)
        };
        self.reasons = own.map(reason).collect();
    }

    /// How many places there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.reasons.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Writes the committed file.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self) -> Result {
        std::fs::write(path(self.image), self.text())
            .map_err(|error| format!("cannot write {}: {error}", self.image.panics()))
    }

    /// The file's text: the places by reason, those without one first.
    #[must_use]
    pub fn text(&self) -> String {
        let mut groups = BTreeMap::<(&str, bool), Vec<&str>>::new();
        for (place, why) in &self.reasons {
            let sometimes = self.sometimes.contains(place);
            groups.entry((why, sometimes)).or_default().push(place);
        }
        // By the first place of each, so that one crate stays together.
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|((why, _), places)| (!why.is_empty(), places.first().copied()));
        let mut text = format!(
            "# Every place where the image {} (without its log) can panic, and why nothing that\n\
             # comes from the network reaches it. A place is a crate, a source file and a function: see\n\
             # harness/xtask/src/firmware/panics. A test fails where the image and this list differ,\n\
             # and where a reason is missing.{}\n\
             # cargo xtask firmware panics{} --update\n",
            self.image.binary(),
            if self.image == Image::default() {
                ""
            } else {
                " What panics.toml says is not said again."
            },
            self.image.argument()
        );
        for ((why, sometimes), places) in groups {
            text += "\n[[reason]]\n";
            if sometimes {
                text += "sometimes = true\n";
            }
            if why.is_empty() {
                text += "why = \"\"\n";
            } else {
                text += &format!("why = \"\"\"\n{}\"\"\"\n", why.replace('\\', "\\\\"));
            }
            text += "places = [\n";
            for place in places {
                text += &format!("    {},\n", serde_json::Value::from(place));
            }
            text += "]\n";
        }
        text
    }
}

fn path(image: Image) -> PathBuf {
    project().join(image.panics())
}

#[cfg(test)]
mod tests {
    use super::super::Place;
    use super::*;

    fn places(functions: &[&str]) -> Places {
        let place = |function: &&str| Place {
            name: "smoltcp".into(),
            file: "src/lib.rs".into(),
            function: (*function).into(),
        };
        let ways = || BTreeSet::from(["index".to_owned(), "unwrap".to_owned()]);
        functions.iter().map(|it| (place(it), ways())).collect()
    }

    fn parse(text: &str) -> Result<List> {
        List::parse(Image::Ncp, text)
    }

    const LIST: &str = "[[reason]]\nwhy = '''\nTwo lines,\nthe \\ second.'''\nplaces = [\
        'smoltcp src/lib.rs a', 'smoltcp src/lib.rs b']\n";

    #[test]
    fn a_list_that_fits_is_right() {
        let list = parse(LIST).unwrap();
        assert_eq!(list.len(), 2);
        assert_eq!(list.compare(&places(&["a", "b"])).outcome(), Ok(()));
    }

    #[test]
    fn new_places_lost_places_and_missing_reasons_are_told() {
        let list = parse(LIST).unwrap();
        let told = list.compare(&places(&["b", "c"])).outcome().unwrap_err();
        for word in [
            "not in the list: smoltcp src/lib.rs c",
            "no longer in the image: smoltcp src/lib.rs a",
            "firmware panics ncp --update",
        ] {
            assert!(told.contains(word), "{word} in {told}");
        }
        let list = parse("[[reason]]\nwhy = ' '\nplaces = ['smoltcp src/lib.rs a']");
        let told = list.unwrap().compare(&places(&["a"])).wrong;
        assert_eq!(told, ["  without a reason: smoltcp src/lib.rs a"]);
    }

    #[test]
    fn what_the_first_list_says_need_not_be_said_again() {
        let mut list = parse("[[reason]]\nwhy = 'x'\nplaces = ['smoltcp src/lib.rs c']").unwrap();
        list.shared = parse(LIST).unwrap().reasons;
        assert_eq!(list.compare(&places(&["a", "c"])).outcome(), Ok(()));
        list.update(&places(&["a", "b", "c", "d"]));
        let own: Vec<&str> = list.reasons.keys().map(String::as_str).collect();
        assert_eq!(own, ["smoltcp src/lib.rs c", "smoltcp src/lib.rs d"]);
    }

    #[test]
    fn an_update_keeps_reasons_and_what_is_written_is_read_again() {
        let mut list = parse(LIST).unwrap();
        list.update(&places(&["b", "c"]));
        let text = list.text();
        assert_eq!(parse(&text), Ok(list.clone()));
        let told = list.compare(&places(&["b", "c"])).wrong;
        assert_eq!(told, ["  without a reason: smoltcp src/lib.rs c"]);
        // What has to be written comes first.
        assert!(text.find("why = \"\"\n") < text.find("Two lines"), "{text}");
    }

    #[test]
    fn of_merged_functions_an_image_may_show_either() {
        let list = format!(
            "{LIST}[[reason]]\nwhy = 'm'\nsometimes = true\nplaces = [\
            'smoltcp src/lib.rs left', 'smoltcp src/lib.rs right']\n"
        );
        let mut list = parse(&list).unwrap();
        for seen in [&["a", "b", "left"][..], &["a", "b", "right"]] {
            assert_eq!(list.compare(&places(seen)).outcome(), Ok(()));
        }
        list.update(&places(&["a", "b", "right"]));
        assert_eq!(list.len(), 4);
        assert_eq!(parse(&list.text()), Ok(list.clone()));
        let told = list.compare(&places(&["b", "left"])).wrong;
        assert_eq!(told, ["  no longer in the image: smoltcp src/lib.rs a"]);
    }

    #[test]
    fn other_files_are_refused() {
        for text in [
            "[reason]\nwhy = ''\n",
            "[[reason]]\nwhy = ''\n",
            "[[reason]]\nplaces = []\n",
            "[[reason]]\nwhy = ''\nplaces = [1]\n",
            "[[reason]]\nwhy = ''\nplaces = []\nelse = 1\n",
            "[[reason]]\nwhy = ''\nplaces = ['a', 'a']\n",
            "[[else]]\nwhy = ''\nplaces = []\n",
            "[[reason]\n",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
