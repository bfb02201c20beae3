//! Flash of one purpose each: what a linked program weighs more than one that does
//! nothing, constants included.

use std::fmt::Write as _;

use super::Level;
use crate::figures::Figures;
use crate::firmware::budget::grouped;
use crate::firmware::size::weigh;
use crate::run::Result;

/// A line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// What it is, for people.
    pub what: &'static str,
    /// The programs' name; decoding, encoding and both are programs of their own.
    pub program: &'static str,
    /// Which of them there are.
    pub parts: &'static [&'static str],
    /// Whether it is ours, and so is held.
    pub ours: bool,
}

/// Decoding, encoding, both.
const ALL_PARTS: &[&str] = &["decode", "encode", "both"];

/// What is weighed.
pub const ROWS: [Row; 8] = [
    row("minijson, item by item", "minijson", ALL_PARTS, true),
    row("minijson, the lazy view", "view", &["decode"], true),
    row("minijson, serde", "typed", ALL_PARTS, true),
    row("postcard, serde", "postcard", ALL_PARTS, false),
    row("minicbor, by hand, text keys", "minicbor", ALL_PARTS, false),
    row(
        "minicbor, derived, numbers as keys",
        "derived",
        ALL_PARTS,
        false,
    ),
    row("NGTT's client session", "ngtt", &["session"], true),
    row("NCP's client session", "ncp", &["session"], true),
];

const fn row(
    what: &'static str,
    program: &'static str,
    parts: &'static [&'static str],
    ours: bool,
) -> Row {
    Row {
        what,
        program,
        parts,
        ours,
    }
}

/// The optimisations at which programs are weighed.
pub const LEVELS: [Level; 2] = [Level::Smallest, Level::Small];

/// The most bytes that decoding and encoding a struct of four fields by hand should
/// take, at "z".
pub const GOAL: u64 = 3_027;

/// The table of a level.
#[must_use]
pub fn table(level: Level) -> String {
    format!("flash-{}", level.name())
}

/// Builds and weighs everything.
///
/// # Errors
///
/// A program cannot be built or read.
pub fn measure() -> Result<Figures> {
    let mut figures = Figures::new();
    for level in LEVELS {
        let built = super::build(level, &["--bins"])?;
        let flash = |program: &str| weigh(&built.join(program), &[]).map(|(flash, _)| flash);
        let empty = flash("empty")?;
        for row in ROWS {
            for part in row.parts {
                let name = name(&row, part);
                let more = flash(&name)?.checked_sub(empty);
                let more = more.ok_or_else(|| format!("{name} is smaller than nothing"))?;
                figures.set(&table(level), &name, more);
            }
        }
    }
    Ok(figures)
}

fn name(row: &Row, part: &str) -> String {
    format!("{}_{part}", row.program)
}

/// The figures that are held: ours.
#[must_use]
pub fn held(measured: &Figures) -> Figures {
    let mut held = Figures::new();
    for level in LEVELS {
        for row in ROWS.iter().filter(|row| row.ours) {
            for part in row.parts {
                let name = name(row, part);
                if let Some(figure) = measured.get(&table(level), &name) {
                    held.set(&table(level), &name, figure);
                }
            }
        }
    }
    held
}

/// The section `flash` of BENCHMARKS.md.
#[must_use]
pub fn section(measured: &Figures) -> String {
    let mut text = "\
## Flash of the codec

`cargo xtask size`, with `--update` to commit what is measured. Bytes of code and
constants for thumbv7em, fat LTO: what a linked program weighs more than one that does
nothing (`codec/bare`). The struct has four fields (u32, text, f32, i64). By hand, fields
come in any order under text keys and keys that are not known are skipped, in minijson
as in CBOR; postcard's bytes have neither names nor types. A session comes with framer,
buffers and everything a device's driver calls of it.

| | decode \"z\" | encode \"z\" | both \"z\" | decode \"s\" | encode \"s\" | both \"s\" |
|---|---:|---:|---:|---:|---:|---:|
"
    .to_owned();
    for row in ROWS {
        let _ = write!(text, "| {} |", row.what);
        for level in LEVELS {
            for part in ALL_PARTS {
                let part = match row.parts {
                    [only] if *only == "session" && *part == "both" => only,
                    _ => *part,
                };
                let cell = measured.get(&table(level), &name(&row, part));
                let cell = cell.map_or_else(String::new, |bytes| grouped(bytes, ','));
                let _ = write!(text, " {cell} |");
            }
        }
        text.push('\n');
    }
    if let Some(bytes) = measured.get(&table(LEVELS[0]), &name(&ROWS[0], "both")) {
        let _ = write!(text, "\n{}", against_target(bytes));
    }
    text
}

/// Whether [`GOAL`] is met, and if not, what stands in between: shares of the image's
/// symbols.
fn against_target(bytes: u64) -> String {
    let (is, target) = (grouped(bytes, ','), grouped(GOAL, ','));
    if bytes <= GOAL {
        return format!("Target, by hand, both \"z\": {target}; {is}: **met**.\n");
    }
    format!(
        "\
Target, by hand, both \"z\": {target}; {is}: **missed**. A third is the reader's careful
ways, which check nesting, limits and counts and find the place of an error; a sixth the
program's own function, which has a quick way of each type it reads in it; a quarter
writing, of which a third stands in the program; an eighth `memcpy`, `memcmp` and shifts of
64 bits; a twentieth `from_utf8`. The target is what a throw-away codec took.
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_its_cell_and_ours_are_held() {
        let mut measured = Figures::new();
        let mut figure = 1_000;
        for level in LEVELS {
            for row in ROWS {
                for part in row.parts {
                    measured.set(&table(level), &name(&row, part), figure);
                    figure += 1;
                }
            }
        }
        let text = section(&measured);
        for shown in 1_000..figure {
            assert!(
                text.contains(&format!(" {} |", grouped(shown, ','))),
                "{shown}"
            );
        }
        let held = held(&measured);
        assert!(held.get("flash-z", "minijson_both").is_some());
        assert!(held.get("flash-s", "ncp_session").is_some());
        assert!(held.get("flash-z", "postcard_both").is_none());
    }
}
