//! How many instructions our cases may take: `budgets.toml`, counted on `x86_64`
//! with the pinned compiler.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::callgrind;
use crate::case::Case;
use crate::{packets, split};

/// How much more than its budget a case may take.
const SLACK: f64 = 1.05;

const HEAD: &str =
    "# Instructions of each case, once, as `cargo xtask bench --gate --update` counted
# them. `cargo xtask bench --gate` allows 5 % more.\n";

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("budgets.toml")
}

/// Whether the codec decides what a case takes, and not the C library's memcpy:
/// callgrind counts the bytes that one instruction moves.
fn is_held(case: &Case) -> bool {
    let copies = match case.operation {
        split::SPLIT => case.document != "64 B",
        packets::READ | packets::ARRAY => true,
        packets::WRITE => case.document == packets::SWEEP,
        _ => false,
    };
    case.is_ours() && !copies
}

fn counted(cases: &[Case]) -> Result<BTreeMap<String, u64>, String> {
    let counted = callgrind::instructions(cases.len())?;
    let ours = cases.iter().zip(counted).filter(|(case, _)| is_held(case));
    Ok(ours.map(|(case, count)| (case.name(), count)).collect())
}

/// Writes the file.
pub(crate) fn update(cases: &[Case]) -> Result<(), String> {
    let mut text = HEAD.to_owned();
    for (name, count) in counted(cases)? {
        let _ = writeln!(text, "{name} = {count}");
    }
    std::fs::write(file(), text).map_err(|error| format!("cannot write budgets.toml: {error}"))
}

/// Holds the cases against the file, and says what it found.
pub(crate) fn gate(cases: &[Case]) -> Result<(), String> {
    let text = std::fs::read_to_string(file())
        .map_err(|error| format!("cannot read budgets.toml: {error}"))?;
    let budgets = parse(&text)?;
    let counted = counted(cases)?;
    let mut wrong = Vec::new();
    for (name, count) in &counted {
        let Some(budget) = budgets.get(name) else {
            wrong.push(format!("{name} has no budget"));
            continue;
        };
        let change = 100.0 * (*count as f64 / *budget as f64 - 1.0);
        println!("{name:<48} {count:>10} {budget:>10} {change:>+7.1} %");
        if *count as f64 > *budget as f64 * SLACK {
            wrong.push(format!(
                "{name} takes {count} instructions, {change:.1} % more than {budget}"
            ));
        }
    }
    for name in budgets.keys().filter(|name| !counted.contains_key(*name)) {
        wrong.push(format!("{name} has a budget and is no case"));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    wrong.push(
        "if that is meant, `cargo xtask bench --gate --update` writes codec/bench/budgets.toml"
            .into(),
    );
    Err(wrong.join("\n"))
}

/// Lines of `name = number`: as much of TOML as the file needs.
fn parse(text: &str) -> Result<BTreeMap<String, u64>, String> {
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, number) = line.split_once(" = ")?;
            Some((name.to_owned(), number.parse().ok()?))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| "budgets.toml has a line that is not `name = number`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes_and_nothing_else() {
        let budgets = parse("# said\ndecode-big = 17\n\nskip-big = 4\n").unwrap();
        assert_eq!(budgets.get("decode-big"), Some(&17));
        assert_eq!(budgets.len(), 2);
        assert!(parse("decode-big: 17").is_err());
        assert!(parse("decode-big = much").is_err());
    }
}
