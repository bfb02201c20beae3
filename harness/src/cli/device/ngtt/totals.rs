//! The totals of all devices, and what has failed.

use std::cell::RefCell;

use serde_json::json;
use wigwag_codec::ngtt::client::Answer;

use crate::cli::device::printer::Printer;
use crate::cli::outcome::Outcome;
use crate::device::{Book, Fate, Sent, Work};

/// Prints them. Something that had to be sent and has not arrived is a failure
/// of the work, and so is a device that was refused or never came to its server.
pub(super) fn print(
    printer: Printer,
    ids: &[&str],
    work: &Work,
    books: &[RefCell<Book>],
) -> Outcome {
    let sum = |count: fn(&Book) -> usize| -> usize {
        books.iter().map(|book| count(&book.borrow())).sum()
    };
    let batches = books.len() * (work.pathpoints.len() + work.logs.len());
    let lost = batches - sum(|book| arrived(&book.pathpoints) + arrived(&book.logs));
    let baobs = sum(|book| usize::from(book.baobs.is_some()));
    let totals = json!({
        "devices": books.len(),
        "connections": sum(|book| book.connections as usize),
        "orders": sum(|book| book.orders.len()),
        "acked": sum(|book| answered(book, Answer::Confirm)),
        "rejected": sum(|book| answered(book, Answer::Reject)),
        "points": sum(Book::points_confirmed),
        "logs": sum(Book::logs_confirmed),
        "baobs": baobs,
        "unsent_batches": lost,
    });
    let mut failures = Vec::new();
    if lost > 0 {
        failures.push(format!(
            "{lost} of {batches} batches of pathpoints or logs are not known to have arrived"
        ));
    }
    if work.baobs.is_some() && baobs < books.len() {
        failures.push("the question about binary objects was not answered".into());
    }
    for (id, book) in ids.iter().zip(books) {
        let book = book.borrow();
        match &book.refused {
            Some(reason) => failures.push(format!("{id}: {reason}")),
            None if book.connections == 0 => failures.push(match &book.failure {
                Some(reason) => format!("{id} has not reached the server: {reason}"),
                None => format!("{id} has not reached the server"),
            }),
            None => {}
        }
    }
    printer.done(totals, &failures)
}

fn answered(book: &Book, answer: Answer) -> usize {
    let orders = book.orders.iter();
    orders.filter(|order| order.answer == Some(answer)).count()
}

/// Batches that the server has read, whatever it thought of them.
fn arrived(batches: &[Sent]) -> usize {
    let arrived = |sent: &&Sent| matches!(sent.fate, Fate::Confirmed | Fate::Rejected);
    batches.iter().filter(arrived).count()
}
