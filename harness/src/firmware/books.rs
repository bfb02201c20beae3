//! A trial's orders, and the comparison of its books: what the server wrote
//! down against what was due and what the device's log says.

use super::log::Line;
use crate::mock::{Answer, DataAnswer, DeviceBook};
use std::collections::BTreeSet;
use wigwag_codec::minijson::{Encoder, Error};

/// Names that the orders of [`order`] write to.
const OUTPUTS: u64 = 8;

/// An order that any device of this project executes: it writes `number` to one
/// of eight outputs. Orders of different numbers differ.
#[must_use]
pub fn order(number: u64) -> Vec<u8> {
    fn write(number: u64, room: &mut [u8]) -> Result<&[u8], Error> {
        let path = format!("output/{}", number % OUTPUTS);
        let mut to = Encoder::new(room);
        to.list(1)?.map(1)?.key("orders")?.list(1)?.map(3)?;
        to.key("type")?.str("write")?;
        to.key("path")?.str(&path)?;
        to.key("value")?.uint(number)?;
        to.finish()
    }
    let mut room = [0; 128];
    write(number, &mut room)
        .expect("an order of some 60 bytes")
        .to_vec()
}

/// Whether a line says that an order was executed.
#[must_use]
pub fn is_execution(line: &Line) -> bool {
    line.text.starts_with("order ") && line.text.ends_with(": executed")
}

/// What is not as it should be after a trial, in words; empty is good. Every
/// order in the server's book was executed and confirmed, as many were executed
/// on the device's log, none twice, and `batches` different batches of
/// pathpoints were confirmed. An image without a log leaves it at the server's
/// word.
#[must_use]
pub fn differences(book: &DeviceBook, log: &[Line], orders: u64, batches: u64) -> Vec<String> {
    let mut wrong = Vec::new();
    if book.orders.len() as u64 != orders {
        wrong.push(format!(
            "{} orders were queued, and {orders} were due",
            book.orders.len()
        ));
    }
    for (number, entry) in book.orders.iter().enumerate() {
        match entry.answer {
            Some(Answer::Confirm) => {}
            Some(Answer::Reject) => wrong.push(format!("order {number} was rejected")),
            None => wrong.push(format!("order {number} was not answered")),
        }
    }
    let executions = log.iter().filter(|line| is_execution(line));
    let executions: Vec<_> = executions.map(|line| &line.text).collect();
    let executed = executions.len() as u64;
    // The log names an order by its tid, and after so many they come again.
    if orders <= u64::from(u16::MAX) {
        let mut once = BTreeSet::new();
        let twice = executions.iter().filter(|text| !once.insert(**text));
        wrong.extend(twice.map(|text| format!("twice on the device's log: {text}")));
    }
    if executed != orders && !log.is_empty() {
        wrong.push(format!(
            "the device executed {executed} orders, and {orders} were due"
        ));
    }
    for (count, what) in [
        (book.strays, "made no sense from a device"),
        (book.invalid, "had a payload that the server could not read"),
    ] {
        if count > 0 {
            wrong.push(format!("{count} frames of the device {what}"));
        }
    }
    let confirmed = book.batches.iter();
    let confirmed: BTreeSet<_> = confirmed
        .filter(|batch| batch.answer == DataAnswer::Confirm && batch.answered.is_some())
        .map(|batch| batch.digest)
        .collect();
    if confirmed.len() as u64 != batches {
        wrong.push(format!(
            "{} batches were confirmed, and {batches} were due",
            confirmed.len()
        ));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use wigwag_codec::ngtt::message::{Command, Sections};

    #[test]
    fn an_order_is_one_write() {
        for number in [0, 7, 8, 1 << 40] {
            let payload = order(number);
            let sections = Sections::parse(&payload).unwrap();
            let commands: Vec<_> = sections.flat_map(|section| section.commands()).collect();
            let [Command::Write { path, value, .. }] = commands[..] else {
                panic!("{commands:?}");
            };
            assert_eq!(path, format!("output/{}", number % 8));
            assert_eq!(value.as_u64(), Some(number));
        }
    }

    #[test]
    fn an_empty_book_lacks_everything() {
        let book = DeviceBook::default();
        assert_eq!(differences(&book, &[], 0, 0), [""; 0]);
        assert_eq!(differences(&book, &[], 1, 1).len(), 2);
        let line = Line {
            time: None,
            level: None,
            target: String::new(),
            text: "order 7: executed".into(),
        };
        assert!(is_execution(&line));
        let twice = [line.clone(), line];
        assert_eq!(differences(&book, &twice[..1], 1, 1).len(), 2);
        assert_eq!(differences(&book, &twice, 1, 1).len(), 4);
        let twice = differences(&book, &twice, 1, 1).join("; ");
        assert!(twice.contains("twice"), "{twice}");
        let mut odd = DeviceBook::default();
        (odd.strays, odd.invalid) = (1, 2);
        assert_eq!(differences(&odd, &[], 0, 0).len(), 2);
    }
}
