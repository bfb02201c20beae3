//! Budgets: what an image may take, as a committed file next to the board.
//! Whoever makes it larger changes the file in the same commit, so that the
//! price of a change is read with the change.
//!
//! A figure may be [`TOLERANCE`] percent above its budget, a crate's flash also
//! [`MOVED`] bytes. One that is as much below it is told, so that the budget can
//! follow.

mod file;

use std::collections::BTreeMap;

use crate::run::Result;

use super::build::Image;
use super::size::Sizes;

/// How far a figure may be from its budget, in percent.
pub const TOLERANCE: u64 = 2;

/// How far a crate's flash may be from its budget in any case, in bytes. What is
/// inlined where differs with the folder a clone is in (cargo's names of the crates
/// do), and moves a few hundred bytes from one crate to another; the image's
/// flash as a whole moves by far less than [`TOLERANCE`].
pub const MOVED: u64 = 512;

/// A crate that takes more flash than this, in bytes, has a row of its own.
pub const OWN_ROW: u64 = 1_000;

/// The row of the crates that have none of their own.
pub const OTHERS: &str = "(others)";

/// Figures by the name of their row.
pub type Rows = BTreeMap<String, u64>;

/// A table of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// The silent image, in bytes: `flash`, `static_ram`.
    Size,
    /// Its flash by crate, in bytes.
    Crates,
    /// `peak`: the stack at its deepest, in bytes.
    Stack,
    /// Instructions of what a device does.
    Instructions,
}

impl Table {
    /// All of them, in the order of the file.
    pub const ALL: [Self; 4] = [Self::Size, Self::Crates, Self::Stack, Self::Instructions];

    /// Its name in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Crates => "crates",
            Self::Stack => "stack",
            Self::Instructions => "instructions",
        }
    }

    /// How far a figure may be from `budget` and still hold it.
    fn tolerance(self, budget: u64) -> u64 {
        // Rounded down without losing what a product of large numbers would.
        let percent = u128::from(budget) * u128::from(TOLERANCE) / 100;
        let percent = u64::try_from(percent).unwrap_or(u64::MAX);
        match self {
            Self::Crates => percent.max(MOVED),
            Self::Size | Self::Stack | Self::Instructions => percent,
        }
    }

    /// What its figures count.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::Size | Self::Crates | Self::Stack => "bytes",
            Self::Instructions => "instructions",
        }
    }

    /// The command that writes what it measures into the file of an image.
    #[must_use]
    pub fn update(self, image: Image) -> String {
        let command = match self {
            Self::Size | Self::Crates => "size",
            Self::Stack => "stack",
            Self::Instructions => "instructions",
        };
        format!(
            "cargo xtask firmware {command}{} --update",
            image.argument()
        )
    }
}

/// All budgets of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    image: Image,
    tables: BTreeMap<Table, Rows>,
}

/// What a comparison found, each a sentence for a person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    image: Image,
    /// Budgets that do not hold.
    pub broken: Vec<String>,
    /// Budgets that could be lower.
    pub loose: Vec<String>,
}

impl Verdict {
    /// Adds what another comparison of the same image found.
    pub fn extend(&mut self, other: Self) {
        self.image = other.image;
        self.broken.extend(other.broken);
        self.loose.extend(other.loose);
    }

    /// `Ok` if all budgets hold.
    ///
    /// # Errors
    ///
    /// Those that do not, a line each.
    pub fn outcome(&self) -> Result {
        if self.broken.is_empty() {
            Ok(())
        } else {
            let file = self.image.budgets();
            Err(format!("budgets of {file}:\n{}", self.broken.join("\n")))
        }
    }
}

impl Budgets {
    /// Whose budgets they are.
    #[must_use]
    pub fn image(&self) -> Image {
        self.image
    }

    /// The rows of a table, none if it is not there.
    #[must_use]
    pub fn rows(&self, table: Table) -> Rows {
        self.tables.get(&table).cloned().unwrap_or_default()
    }

    /// Puts new figures in place of a table's.
    pub fn set(&mut self, table: Table, rows: Rows) {
        self.tables.insert(table, rows);
    }

    /// Compares what was measured with a table.
    #[must_use]
    pub fn compare(&self, table: Table, measured: &Rows) -> Verdict {
        let budgets = self.rows(table);
        let mut verdict = Verdict {
            image: self.image,
            ..Verdict::default()
        };
        for (row, &number) in measured {
            let Some(&budget) = budgets.get(row) else {
                verdict.broken.push(format!(
                    "  {} {row}: {} {}, and there is no budget for it. To add one: {}",
                    table.name(),
                    grouped(number, ','),
                    table.unit(),
                    table.update(self.image)
                ));
                continue;
            };
            let line = |to: &str| {
                format!(
                    "  {} {row}: {} {}, budget {}: {}. To {to}: {}",
                    table.name(),
                    grouped(number, ','),
                    table.unit(),
                    grouped(budget, ','),
                    distance(number, budget),
                    table.update(self.image)
                )
            };
            let tolerance = table.tolerance(budget);
            if number > budget.saturating_add(tolerance) {
                verdict.broken.push(line("accept it"));
            } else if number < budget.saturating_sub(tolerance) {
                verdict.loose.push(line("tighten it"));
            }
        }
        for row in budgets.keys().filter(|row| !measured.contains_key(*row)) {
            verdict.broken.push(format!(
                "  {} {row}: was not measured, and there is a budget for it. To remove it: {}",
                table.name(),
                table.update(self.image)
            ));
        }
        verdict
    }

    /// The rows of [`Table::Crates`]: crates that have a budget, and those that
    /// need one because they take more than [`OWN_ROW`] (and what may move: a
    /// crate at the limit shall not come and go).
    #[must_use]
    pub fn crates(&self, sizes: &Sizes) -> Rows {
        by_crate(sizes, &self.rows(Table::Crates), OWN_ROW + MOVED)
    }
}

/// The rows of [`Table::Crates`] as they are written by an update.
#[must_use]
pub fn new_crates(sizes: &Sizes) -> Rows {
    by_crate(sizes, &Rows::new(), OWN_ROW)
}

fn by_crate(sizes: &Sizes, known: &Rows, limit: u64) -> Rows {
    let mut rows: Rows = known
        .keys()
        .chain([&OTHERS.to_owned()])
        .map(|name| (name.clone(), 0))
        .collect();
    for (name, &bytes) in &sizes.crates {
        let row = if known.contains_key(name) || bytes > limit {
            name
        } else {
            OTHERS
        };
        *rows.entry(row.to_owned()).or_default() += bytes;
    }
    rows
}

/// The rows of [`Table::Size`].
#[must_use]
pub fn totals(sizes: &Sizes) -> Rows {
    Rows::from([
        ("flash".to_owned(), sizes.flash()),
        ("static_ram".to_owned(), sizes.static_ram()),
    ])
}

/// A number with its thousands apart.
#[must_use]
pub fn grouped(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// How far a figure is from its budget, in percent of the budget.
#[must_use]
pub fn distance(number: u64, budget: u64) -> String {
    if budget == 0 {
        return "all of it".into();
    }
    let percent = (number as f64 / budget as f64 - 1.0) * 100.0;
    format!("{percent:+.2} %")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budgets() -> Budgets {
        Budgets::parse(
            Image::Ngtt,
            "[size]\nflash = 100_000\nstatic_ram = 50000\n\
             [crates]\nsmoltcp = 20_000\n\"(others)\" = 3000\n",
        )
        .unwrap()
    }

    fn sizes(flash: u64, static_ram: u64) -> Rows {
        Rows::from([("flash".into(), flash), ("static_ram".into(), static_ram)])
    }

    #[test]
    fn a_budget_holds_up_to_the_tolerance_and_not_a_byte_further() {
        let budgets = budgets();
        for (flash, holds) in [
            (100_000, true),
            (102_000, true),
            (102_001, false),
            (102_100, false),
            (98_000, true),
        ] {
            let verdict = budgets.compare(Table::Size, &sizes(flash, 50_000));
            assert_eq!(verdict.outcome().is_ok(), holds, "{flash}");
            assert_eq!(verdict.loose, Vec::<String>::new(), "{flash}");
        }
    }

    #[test]
    fn a_broken_budget_names_row_numbers_and_command() {
        let verdict = budgets().compare(Table::Size, &sizes(102_100, 51_001));
        let said = verdict.outcome().unwrap_err();
        for part in [
            Image::Ngtt.budgets(),
            "size flash: 102,100 bytes, budget 100,000: +2.10 %",
            "static_ram: 51,001",
            "cargo xtask firmware size --update",
        ] {
            assert!(said.contains(part), "{part} in {said}");
        }
    }

    #[test]
    fn what_became_better_is_told_and_does_not_fail() {
        let verdict = budgets().compare(Table::Size, &sizes(97_999, 50_000));
        assert!(verdict.outcome().is_ok());
        assert_eq!(verdict.loose.len(), 1);
        assert!(
            verdict.loose[0].contains("97,999 bytes, budget 100,000: -2.00 %"),
            "{:?}",
            verdict.loose
        );
    }

    #[test]
    fn a_row_on_one_side_only_fails() {
        let budgets = budgets();
        let mut more = sizes(100_000, 50_000);
        more.insert("stack".into(), 1);
        let said = budgets.compare(Table::Size, &more).outcome().unwrap_err();
        assert!(
            said.contains("stack: 1 bytes, and there is no budget"),
            "{said}"
        );

        let less = Rows::from([("flash".into(), 100_000)]);
        let said = budgets.compare(Table::Size, &less).outcome().unwrap_err();
        assert!(said.contains("static_ram: was not measured"), "{said}");

        let said = budgets
            .compare(Table::Stack, &Rows::from([("peak".into(), 1)]))
            .outcome()
            .unwrap_err();
        assert!(said.contains("firmware stack --update"), "{said}");
    }

    #[test]
    fn a_new_crate_above_the_limit_fails_and_a_small_one_is_among_the_others() {
        let budgets = budgets();
        let with = |name: &str, bytes| Sizes {
            crates: BTreeMap::from([
                ("smoltcp".to_owned(), 20_000),
                ("many".to_owned(), 1_000),
                ("small".to_owned(), 1_000),
                (name.to_owned(), bytes),
            ]),
            ..Sizes::default()
        };
        let compare = |sizes: &Sizes| {
            let rows = budgets.crates(sizes);
            assert_eq!(
                rows.values().sum::<u64>(),
                sizes.crates.values().sum::<u64>()
            );
            budgets.compare(Table::Crates, &rows).outcome()
        };
        assert!(compare(&with("new", 1_512)).is_ok());
        let said = compare(&with("new", 1_513)).unwrap_err();
        assert!(
            said.contains("crates new: 1,513 bytes, and there is no budget"),
            "{said}"
        );
        // Small ones together have a budget too.
        let mut many = with("new", 1_512);
        many.crates.insert("another".into(), 100);
        assert!(
            compare(&many)
                .unwrap_err()
                .contains("(others): 3,612 bytes")
        );
    }

    #[test]
    fn a_crate_may_move_by_some_bytes_and_the_whole_by_two_percent_alone() {
        let budgets = budgets();
        for (smoltcp, others, holds) in [
            (20_512, 3_512, true),
            (20_513, 3_000, false),
            (20_000, 3_513, false),
        ] {
            let rows = Rows::from([("smoltcp".into(), smoltcp), (OTHERS.into(), others)]);
            let verdict = budgets.compare(Table::Crates, &rows);
            assert_eq!(verdict.outcome().is_ok(), holds, "{smoltcp} {others}");
        }
        let small = Budgets::parse(Image::Ngtt, "[size]\nflash = 1_000\n").unwrap();
        let rows = Rows::from([("flash".into(), 1_021)]);
        assert!(small.compare(Table::Size, &rows).outcome().is_err());
    }

    #[test]
    fn a_crate_that_went_is_told_and_does_not_fail() {
        let budgets = budgets();
        let rows = budgets.crates(&Sizes {
            crates: BTreeMap::from([("small".to_owned(), 3_000 - 2_100)]),
            ..Sizes::default()
        });
        let verdict = budgets.compare(Table::Crates, &rows);
        assert!(verdict.outcome().is_ok());
        assert!(
            verdict
                .loose
                .iter()
                .any(|line| line.contains("smoltcp: 0 bytes"))
        );
    }
}
