//! What devices do, as lines for people or for programs, and the totals.

use std::cell::{Cell, RefCell};
use std::time::Instant;

use serde_json::{Value as Json, json};
use tokio::sync::Notify;
use wigwag_codec::ngtt::client::Answer;

use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::{self, Output, say};
use crate::device::{Book, DeviceEvent, Fate, Sent, Work};

/// Events of all devices on standard output.
pub(super) struct Printer {
    json: bool,
    several: bool,
    started: Instant,
    output: RefCell<Output>,
    failure: Cell<Option<Failure>>,
    stop: Notify,
}

impl Printer {
    pub(super) fn new(json: bool, several: bool) -> Self {
        Self {
            json,
            several,
            started: Instant::now(),
            output: RefCell::new(Output::new()),
            failure: Cell::new(None),
            stop: Notify::new(),
        }
    }

    /// Told when nobody reads any more; tells all devices to end.
    pub(super) fn stop(&self) -> &Notify {
        &self.stop
    }

    /// Prints what happened on the device `id`.
    pub(super) fn event(&self, id: &str, event: &DeviceEvent) {
        let mut object = event.json();
        object["t"] = json!(self.millis());
        object["cn"] = json!(id);
        let line = if self.json {
            object.to_string()
        } else {
            self.line(id, &object)
        };
        let mut output = self.output.borrow_mut();
        if let Err(failure) = output.line(&line).and_then(|()| output.flush()) {
            self.failure.set(Some(failure));
            self.stop.notify_waiters();
            self.stop.notify_one();
        }
    }

    fn line(&self, id: &str, object: &Json) -> String {
        let seconds = self.started.elapsed().as_secs_f64();
        let name = object["event"].as_str().unwrap_or_default();
        let name = name.replace('_', " ");
        let fields = output::fields(object, &["event", "t", "cn"]);
        if self.several {
            format!("{seconds:8.3} s  {id}  {name}{fields}")
        } else {
            format!("{seconds:8.3} s  {name}{fields}")
        }
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The totals of all devices. Something that had to be sent and has not
    /// arrived is a failure of the work, and so is a device that was refused or
    /// never came to its server.
    pub(super) fn done(self, ids: &[&str], work: &Work, books: &[RefCell<Book>]) -> Outcome {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let sum = |count: fn(&Book) -> usize| -> usize {
            books.iter().map(|book| count(&book.borrow())).sum()
        };
        let batches = books.len() * (work.pathpoints.len() + work.logs.len());
        let lost = batches - sum(|book| arrived(&book.pathpoints) + arrived(&book.logs));
        let baobs = sum(|book| usize::from(book.baobs.is_some()));
        let totals = json!({
            "event": "done",
            "t": self.millis(),
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
        let line = if self.json {
            totals.to_string()
        } else {
            self.line("-", &totals)
        };
        let mut output = self.output.into_inner();
        output.line(&line)?;
        output.finish()?;
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
        for failure in &failures {
            say(failure);
        }
        if failures.is_empty() {
            Ok(())
        } else {
            Err(Failure::Shown)
        }
    }
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
