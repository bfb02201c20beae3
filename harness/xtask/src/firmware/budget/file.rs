//! The file that holds the budgets of an image: TOML, a table of names and whole
//! numbers for each [`Table`].

use std::path::PathBuf;

use crate::project;
use crate::run::Result;

use super::{Budgets, Image, MOVED, TOLERANCE, Table, grouped};

impl Budgets {
    /// Reads an image's committed file.
    ///
    /// # Errors
    ///
    /// It is missing or is not what [`Self::parse`] takes.
    pub fn load(image: Image) -> Result<Self> {
        let file = image.budgets();
        let text = std::fs::read_to_string(path(image))
            .map_err(|error| format!("cannot read {file}: {error}"))?;
        Self::parse(image, &text).map_err(|error| format!("{file}: {error}"))
    }

    /// Reads TOML for an image: tables as in [`Table`], of names and whole numbers.
    ///
    /// # Errors
    ///
    /// It is not TOML, has a table of another name or a value that is no whole
    /// number of 0 or more.
    pub fn parse(image: Image, text: &str) -> Result<Self> {
        let file: toml::Table = text.parse().map_err(|error| format!("{error}"))?;
        let mut budgets = Self {
            image,
            ..Self::default()
        };
        for (name, rows) in &file {
            let table = Table::ALL
                .into_iter()
                .find(|table| table.name() == name)
                .ok_or_else(|| format!("there is no table [{name}]"))?;
            let rows = rows
                .as_table()
                .ok_or_else(|| format!("{name} is no table"))?;
            let number = |value: &toml::Value| u64::try_from(value.as_integer()?).ok();
            let rows = rows.iter().map(|(row, value)| {
                number(value)
                    .map(|number| (row.clone(), number))
                    .ok_or_else(|| format!("[{name}] {row} is no whole number of 0 or more"))
            });
            budgets.tables.insert(table, rows.collect::<Result<_>>()?);
        }
        Ok(budgets)
    }

    /// Writes the committed file.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self) -> Result {
        std::fs::write(path(self.image), self.text())
            .map_err(|error| format!("cannot write {}: {error}", self.image.budgets()))
    }

    /// The file's text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "# What the image {} of this board may take. A test fails where a figure is more\n\
             # than {TOLERANCE} % above its budget (a crate, also {MOVED} bytes). Written by the commands\n\
             # named below.\n",
            self.image.binary()
        );
        for (table, rows) in &self.tables {
            text += &format!(
                "\n# {} In {}.\n# {}\n[{}]\n",
                comment(*table),
                table.unit(),
                table.update(self.image),
                table.name()
            );
            for (row, number) in rows {
                text += &format!("{} = {}\n", key(row), grouped(*number, '_'));
            }
        }
        text
    }
}

fn comment(table: Table) -> &'static str {
    match table {
        Table::Size => "The image without a log.",
        Table::Crates => "Its flash by crate, counted as harness/xtask/src/firmware/size.rs says.",
        Table::Stack => "The deepest the stack has been in a trial.",
        Table::Instructions => "In a trial: see harness/xtask/src/firmware/trial.rs.",
    }
}

fn path(image: Image) -> PathBuf {
    project().join(image.budgets())
}

/// A key as TOML wants it.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.chars().all(bare) && !name.is_empty() {
        name.to_owned()
    } else {
        serde_json::Value::from(name).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rows;
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut budgets = Budgets::parse(
            Image::Ncp,
            "[size]\nflash = 1\n[crates]\n\"(others)\" = 3000\n",
        )
        .unwrap();
        budgets.set(Table::Stack, Rows::from([("peak".into(), 19_000)]));
        let text = budgets.text();
        assert!(text.contains("[stack]\npeak = 19_000\n"), "{text}");
        assert!(text.contains("\"(others)\" = 3_000\n"), "{text}");
        assert!(text.contains("firmware stack ncp --update"), "{text}");
        assert_eq!(Budgets::parse(Image::Ncp, &text), Ok(budgets));
    }

    #[test]
    fn other_files_are_refused() {
        for text in [
            "[size]\nflash = -1\n",
            "[size]\nflash = 1.5\n",
            "[size]\nflash = \"1\"\n",
            "[else]\nflash = 1\n",
            "size = 1\n",
            "[size\n",
        ] {
            assert!(Budgets::parse(Image::Ngtt, text).is_err(), "{text}");
        }
    }
}
