//! Figures that are committed as a file and held: what the codec may take, by table
//! and row. Whoever makes one larger changes the file in the same commit, so that the
//! price of a change is read with the change.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::firmware::budget::{distance, grouped};
use crate::project;
use crate::run::Result;

/// Figures by the name of their row.
pub type Rows = BTreeMap<String, u64>;

/// A committed file of figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it is, below the project's folder.
    pub path: &'static str,
    /// What stands at its top, each line as a comment.
    pub about: &'static str,
    /// The command that measures, to which `--update` is added to write the file.
    pub command: &'static str,
    /// How much more than its figure something may take, in percent.
    pub slack: u64,
}

/// All figures of a file, by table and row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures(BTreeMap<String, Rows>);

impl Figures {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a figure into a table.
    pub fn set(&mut self, table: &str, row: &str, figure: u64) {
        let rows = self.0.entry(table.to_owned()).or_default();
        rows.insert(row.to_owned(), figure);
    }

    /// A figure, if it is there.
    #[must_use]
    pub fn get(&self, table: &str, row: &str) -> Option<u64> {
        self.0.get(table)?.get(row).copied()
    }

    /// Reads TOML: tables of names and whole numbers.
    ///
    /// # Errors
    ///
    /// It is not TOML or has anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let file: toml::Table = text.parse().map_err(|error| format!("{error}"))?;
        let mut figures = Self::new();
        for (table, rows) in &file {
            let rows = rows
                .as_table()
                .ok_or_else(|| format!("{table} is no table"))?;
            for (row, value) in rows {
                let figure = value.as_integer().and_then(|it| u64::try_from(it).ok());
                let figure = figure
                    .ok_or_else(|| format!("[{table}] {row} is no whole number of 0 or more"))?;
                figures.set(table, row, figure);
            }
        }
        Ok(figures)
    }

    /// As [`Self::parse`] reads it.
    #[must_use]
    pub fn text(&self, file: &File) -> String {
        let mut text = String::new();
        for line in file.about.lines() {
            let _ = writeln!(text, "# {line}");
        }
        let _ = writeln!(
            text,
            "# A gate fails where a figure is more than {} % above what stands here.\n# {} --update",
            file.slack, file.command
        );
        for (table, rows) in &self.0 {
            let _ = writeln!(text, "\n[{table}]");
            for (row, figure) in rows {
                let _ = writeln!(text, "{row} = {}", grouped(*figure, '_'));
            }
        }
        text
    }

    /// Reads the committed file.
    ///
    /// # Errors
    ///
    /// It is missing or is not what [`Self::parse`] takes.
    pub fn load(file: &File) -> Result<Self> {
        let text = std::fs::read_to_string(project().join(file.path))
            .map_err(|error| format!("cannot read {}: {error}", file.path))?;
        Self::parse(&text).map_err(|error| format!("{}: {error}", file.path))
    }

    /// Writes the committed file.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, file: &File) -> Result {
        std::fs::write(project().join(file.path), self.text(file))
            .map_err(|error| format!("cannot write {}: {error}", file.path))?;
        println!("written to {}", file.path);
        Ok(())
    }

    /// Holds what was measured to these figures, which `file` has. What became better
    /// by more than the slack is printed.
    ///
    /// # Errors
    ///
    /// A figure is too large, has no committed one, or was not measured: a line each.
    pub fn hold(&self, file: &File, measured: &Self) -> Result {
        let mut broken = Vec::new();
        for (table, rows) in &measured.0 {
            for (row, &figure) in rows {
                let Some(committed) = self.get(table, row) else {
                    broken.push(format!(
                        "  {table} {row}: {}, and nothing is committed for it",
                        grouped(figure, ',')
                    ));
                    continue;
                };
                let line = format!(
                    "  {table} {row}: {}, committed {}: {}",
                    grouped(figure, ','),
                    grouped(committed, ','),
                    distance(figure, committed)
                );
                let (hundredfold, committed) = (u128::from(figure) * 100, u128::from(committed));
                if hundredfold > committed * u128::from(100 + file.slack) {
                    broken.push(line);
                } else if hundredfold < committed * u128::from(100 - file.slack) {
                    println!("better than committed:{line}");
                }
            }
        }
        for (table, rows) in &self.0 {
            for row in rows.keys().filter(|row| measured.get(table, row).is_none()) {
                broken.push(format!("  {table} {row}: committed, and was not measured"));
            }
        }
        if broken.is_empty() {
            return Ok(());
        }
        Err(format!(
            "{}:\n{}\nIf the price is worth it, commit it with the change: {} --update",
            file.path,
            broken.join("\n"),
            file.command
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: File = File {
        path: "x/figures.toml",
        about: "What x takes.\nIn bytes.",
        command: "cargo xtask x",
        slack: 5,
    };

    fn figures(rows: &[(&str, u64)]) -> Figures {
        let mut figures = Figures::new();
        for (row, figure) in rows {
            figures.set("t", row, *figure);
        }
        figures
    }

    #[test]
    fn what_is_written_is_read_again() {
        let figures = figures(&[("a", 1_000_000), ("b-c", 0)]);
        let text = figures.text(&FILE);
        assert!(text.starts_with("# What x takes.\n# In bytes.\n"), "{text}");
        assert!(text.contains("[t]\na = 1_000_000\n"), "{text}");
        assert!(text.contains("# cargo xtask x --update\n"), "{text}");
        assert_eq!(Figures::parse(&text), Ok(figures));
    }

    #[test]
    fn a_figure_holds_up_to_the_slack_and_not_further() {
        let committed = figures(&[("a", 1000)]);
        for (figure, holds) in [(1050, true), (1051, false), (0, true)] {
            let outcome = committed.hold(&FILE, &figures(&[("a", figure)]));
            assert_eq!(outcome.is_ok(), holds, "{figure}");
        }
        let said = committed.hold(&FILE, &figures(&[("a", 1100)])).unwrap_err();
        for part in ["t a: 1,100, committed 1,000: +10.00 %", "x --update"] {
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn a_row_on_one_side_only_fails() {
        let (one, two) = (figures(&[("a", 1)]), figures(&[("a", 1), ("b", 1)]));
        assert!(
            one.hold(&FILE, &two)
                .unwrap_err()
                .contains("t b: 1, and nothing")
        );
        assert!(
            two.hold(&FILE, &one)
                .unwrap_err()
                .contains("t b: committed, and")
        );
    }

    #[test]
    fn other_files_are_refused() {
        for text in ["a = 1", "[t]\na = -1", "[t]\na = 1.5", "[t]\na = 'x'", "[t"] {
            assert!(Figures::parse(text).is_err(), "{text}");
        }
    }
}
