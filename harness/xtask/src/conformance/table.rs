//! The tables: strict Markdown, so that no row says less than it must.
//!
//! ```text
//! | item | where | what it does here | test |
//! |---|---|---|---|
//! | `reliability` | [`SelectionProperty::Reliability`] | ... | `wigwag_embassy::taps::planner::tests::x` |
//! ```
//!
//! A file may have several such tables, one under each of its headings, and
//! text between them. No cell is empty, and no item is there twice. The last
//! cell has one or more names of tests and nothing else; a name is
//! `program::path`, where the program is what cargo builds from the tests (the
//! crate for its unit tests, the file for those in `tests/`), or
//! `doc crate::path` for the examples in an item's documentation.

use std::collections::BTreeMap;

use super::run::DOCUMENTATION;

/// The first line of each table.
const HEADER: [&str; 4] = ["item", "where", "what it does here", "test"];

/// The rows of one file.
#[derive(Debug)]
pub struct Table {
    /// Where the file is.
    pub path: String,
    /// Its rows, in their order.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// On which line of the file, from 1.
    pub line: usize,
    /// The heading above it.
    pub section: String,
    /// The item, as the file writes it.
    pub item: String,
    /// Where it is in the code.
    pub place: String,
    /// What it does.
    pub does: String,
    /// The tests that show it; one at least.
    pub tests: Vec<String>,
}

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, each with the number of its line.
    pub fn parse(path: &str, text: &str) -> Result<Self, Vec<String>> {
        let mut rows = Vec::new();
        let mut wrong = Vec::new();
        let mut section = String::new();
        // How many lines of the present table were read.
        let mut depth = 0;
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            if let Some(heading) = line.strip_prefix('#') {
                section = heading.trim_start_matches('#').trim().to_owned();
            }
            if !line.trim_start().starts_with('|') {
                depth = 0;
                continue;
            }
            depth += 1;
            let read = match depth {
                1 => header(line).map(|()| None),
                2 => separator(line).map(|()| None),
                _ => row(number, &section, line).map(Some),
            };
            match read {
                Ok(row) => rows.extend(row),
                Err(problem) => wrong.push(format!("{path}:{number}: {problem}")),
            }
        }
        let mut seen = BTreeMap::new();
        for row in &rows {
            if let Some(first) = seen.insert(row.item.to_lowercase(), row.line) {
                let (line, item) = (row.line, &row.item);
                wrong.push(format!("{path}:{line}: {item} is on line {first} already"));
            }
        }
        if rows.is_empty() && wrong.is_empty() {
            wrong.push(format!("{path}: there is no row"));
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let path = path.to_owned();
        Ok(Self { path, rows })
    }
}

/// The four cells of a line.
fn cells(line: &str) -> Result<[String; 4], String> {
    let inner = line
        .trim()
        .strip_prefix('|')
        .and_then(|line| line.strip_suffix('|'))
        .ok_or("the line does not begin and end with |")?;
    // A | that belongs to a cell is written \|.
    let kept = inner.replace("\\|", "\u{0}");
    let cells: Vec<String> = kept
        .split('|')
        .map(|cell| cell.replace('\u{0}', "|").trim().to_owned())
        .collect();
    let count = cells.len();
    cells
        .try_into()
        .map_err(|_| format!("{count} cells instead of 4"))
}

fn header(line: &str) -> Result<(), String> {
    if cells(line)? == HEADER {
        return Ok(());
    }
    Err(format!("a table begins with | {} |", HEADER.join(" | ")))
}

fn separator(line: &str) -> Result<(), String> {
    let is_rule = |cell: &String| !cell.is_empty() && cell.bytes().all(|byte| byte == b'-');
    if cells(line)?.iter().all(is_rule) {
        return Ok(());
    }
    Err("under the header of a table comes |---|---|---|---|".into())
}

fn row(line: usize, section: &str, text: &str) -> Result<Row, String> {
    let cells = cells(text)?;
    for (name, cell) in HEADER.iter().zip(&cells) {
        if !cell.chars().any(char::is_alphanumeric) {
            return Err(format!("the cell \"{name}\" is empty"));
        }
    }
    let [item, place, does, test] = cells;
    if spans(&place).next().is_none() {
        return Err(format!("{item}: the place has no name in backticks"));
    }
    let tests = names_of_tests(&test).map_err(|problem| format!("{item}: {problem}"))?;
    Ok(Row {
        line,
        section: section.to_owned(),
        item,
        place,
        does,
        tests,
    })
}

fn names_of_tests(cell: &str) -> Result<Vec<String>, String> {
    let names: Vec<String> = spans(cell).map(str::to_owned).collect();
    let written = names.iter().map(|name| format!("`{name}`"));
    if written.collect::<Vec<_>>().join(", ") != cell {
        return Err(format!("not a list of names in backticks: {cell}"));
    }
    for (index, name) in names.iter().enumerate() {
        if !is_test_name(name) {
            return Err(format!("`{name}` is not program::test"));
        }
        if names[..index].contains(name) {
            return Err(format!("`{name}` is there twice"));
        }
    }
    Ok(names)
}

fn is_test_name(name: &str) -> bool {
    let path = name.strip_prefix(DOCUMENTATION).unwrap_or(name);
    let is_word = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    path.contains("::") && path.split("::").all(is_word)
}

/// What stands in backticks.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter(|span| !span.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "| item | where | what it does here | test |\n|---|---|---|---|\n";
    const GOOD: &str = "| `a` | `x` | does | `p::t` |\n";

    fn parse(text: &str) -> Result<Vec<Row>, String> {
        Table::parse("t.md", text)
            .map(|table| table.rows)
            .map_err(|problems| problems.join("; "))
    }

    #[test]
    fn rows_know_their_section_their_line_and_their_tests() {
        let text = format!(
            "# Title\n\nText.\n\n## 4.1 First\n\n{HEAD}{GOOD}\n\
             ### 4.2 Second\n\n{HEAD}| `b`, `B` | [`Y`](y) | a \\| b | `p::m::t`, `doc q::Z` |\n"
        );
        let rows = parse(&text).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].line, rows[0].section.as_str()), (9, "4.1 First"));
        assert_eq!((rows[1].line, rows[1].section.as_str()), (15, "4.2 Second"));
        assert_eq!(rows[1].item, "`b`, `B`");
        assert_eq!(rows[1].place, "[`Y`](y)");
        assert_eq!(rows[1].does, "a | b");
        assert_eq!(rows[1].tests, ["p::m::t", "doc q::Z"]);
    }

    #[test]
    fn no_cell_may_be_empty() {
        for (row, cell) in [
            ("|  | `x` | does | `p::t` |", "item"),
            ("| `` | `x` | does | `p::t` |", "item"),
            ("| `a` |  | does | `p::t` |", "where"),
            ("| `a` | `x` | - | `p::t` |", "what it does here"),
            ("| `a` | `x` | does |  |", "test"),
            ("| `a` | `x` | does | ? |", "test"),
        ] {
            let error = parse(&format!("{HEAD}{row}\n")).unwrap_err();
            assert_eq!(error, format!("t.md:3: the cell \"{cell}\" is empty"));
        }
        for text in ["", "no table", HEAD] {
            assert_eq!(parse(text).unwrap_err(), "t.md: there is no row");
        }
    }

    #[test]
    fn no_item_may_be_there_twice() {
        let text = format!("{HEAD}{GOOD}\n{HEAD}| `A` | `y` | also | `p::u` |\n");
        assert_eq!(
            parse(&text).unwrap_err(),
            "t.md:7: `A` is on line 3 already"
        );
    }

    #[test]
    fn what_is_no_name_of_a_test_is_refused() {
        for cell in [
            "p::t",
            "`p::t` and others",
            "`p::t`,`p::u`",
            "`t`",
            "`p::t x`",
            "`p::`",
            "`::t`",
            "`doc p`",
            "`docs p::t`",
            "`p::t`, `p::t`",
        ] {
            let text = format!("{HEAD}| `a` | `x` | does | {cell} |\n");
            let error = parse(&text).unwrap_err();
            assert!(error.starts_with("t.md:3: `a`: "), "{cell}: {error}");
        }
    }

    #[test]
    fn other_tables_and_broken_lines_are_refused() {
        for (text, line) in [
            ("| item | test |\n|---|---|\n".to_owned(), 1),
            (format!("{HEAD}{GOOD}| `b` | `x` | does |\n"), 4),
            (format!("{HEAD}{GOOD}| `b` | `x` | d|oes | `p::t` |\n"), 4),
            (format!("{HEAD}{GOOD}| `b` | `x` | does | `p::t`\n"), 4),
            (format!("{HEAD}{GOOD}| `b` | there | does | `p::t` |\n"), 4),
            (HEAD.lines().next().unwrap().to_owned() + "\n" + GOOD, 2),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.starts_with(&format!("t.md:{line}: ")), "{error}");
        }
    }
}
