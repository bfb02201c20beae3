//! Figures beside their budgets and goals, and the two ways on from there:
//! comparing, or writing new budgets.

use xtask::firmware::budget::{Budgets, Rows, Table, Verdict, distance, grouped};
use xtask::firmware::{Image, goals, section};
use xtask::run::Result;

/// Prints the rows of a table, the largest first.
pub(crate) fn print(table: Table, rows: &Rows, budgets: &Budgets) {
    // They were set for the device of NGTT.
    let has_goals = budgets.image() == Image::Ngtt;
    let budgets = budgets.rows(table);
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(a.1));
    println!("{:<26} {:>12} {:>12}", table.name(), table.unit(), "budget");
    for (row, number) in sorted {
        let budget = budgets.get(row).map_or_else(
            || format!("{:>12}", "none"),
            |budget| {
                format!(
                    "{:>12} {:>9}",
                    grouped(*budget, ','),
                    distance(*number, *budget)
                )
            },
        );
        let goal = goals::of(table, row).filter(|_| has_goals);
        let goal = goal.map_or_else(String::new, |goal| {
            format!(
                "   gate {}, aim {}",
                grouped(goal.gate, ','),
                grouped(goal.aim, ',')
            )
        });
        println!("{row:<26} {:>12} {budget}{goal}", grouped(*number, ','));
    }
    println!();
}

/// Writes the figures as budgets, and into BENCHMARKS.md, if `update`, else holds them to the budgets.
pub(crate) fn conclude(mut budgets: Budgets, measured: &[(Table, Rows)], update: bool) -> Result {
    if update {
        for (table, rows) in measured {
            budgets.set(*table, rows.clone());
        }
        budgets.save()?;
        println!("written to {}", budgets.image().budgets());
        section::update()?;
        return Ok(());
    }
    let mut verdict = Verdict::default();
    for (table, rows) in measured {
        verdict.extend(budgets.compare(*table, rows));
    }
    if !verdict.loose.is_empty() {
        println!("below its budget:\n{}", verdict.loose.join("\n"));
    }
    verdict.outcome()
}
