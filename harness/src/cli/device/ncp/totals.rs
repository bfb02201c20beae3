//! The totals of a device, and what has failed.

use serde_json::json;

use crate::cli::device::printer::Printer;
use crate::cli::outcome::Outcome;
use crate::cli::output::printable;
use crate::device::ncp::{Book, Fate, Work};

/// Prints them. A command without an answer, or with an error for one, is a
/// failure of the work, and so is a device that was refused or never came to its
/// server.
pub(super) fn print(printer: Printer, work: &Work, book: &Book) -> Outcome {
    let commands = work.commands.len();
    let answered = book.count(|fate| matches!(fate, Fate::Answered(_)));
    let failed = book.count(|fate| matches!(fate, Fate::Failed { .. }));
    let all = 0..commands;
    let unanswered = all.filter(|command| !book.is_answered(*command)).count();
    let totals = json!({
        "connections": book.connections,
        "commands": commands,
        "answered": answered,
        "failed": failed,
        "unanswered": unanswered,
        "unasked": book.unasked,
    });
    let mut failures = Vec::new();
    match (&book.refused, &book.failure) {
        (Some(reason), _) => failures.push(reason.clone()),
        (None, Some(reason)) if book.connections == 0 => {
            failures.push(format!("the server was not reached: {reason}"));
        }
        (None, None) if book.connections == 0 => {
            failures.push("the server was not reached".into());
        }
        _ => {}
    }
    for entry in &book.entries {
        if let Fate::Failed { detail, code } = &entry.fate {
            let (packet, name) = (&entry.packet, &entry.name);
            let detail = printable(detail);
            failures.push(format!("{packet} {name} failed: {detail} ({code})"));
        }
    }
    if unanswered > 0 {
        failures.push(format!(
            "{unanswered} of {commands} commands have no answer"
        ));
    }
    printer.done(totals, &failures)
}
