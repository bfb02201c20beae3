//! What the server says and what the device logs, as lines for people or for
//! programs, and the totals.

use std::net::SocketAddr;
use std::time::Instant;

use serde_json::{Map, Value as Json, json};

use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::{self, Output, say};
use crate::cli::serve::events;
use crate::firmware::{self, Level, Line, Status, books};
use crate::mock::{Answer, DeviceBook, Event, EventKind};

pub(super) struct Printer {
    json: bool,
    output: Output,
    started: Instant,
}

impl Printer {
    pub(super) fn new(json: bool) -> Self {
        Self {
            json,
            output: Output::new(),
            started: Instant::now(),
        }
    }

    /// The server listened before anybody could be told.
    pub(super) fn listening(&mut self, addr: SocketAddr) -> Outcome {
        self.server(&Event {
            at: self.started.elapsed(),
            device: None,
            kind: EventKind::Listening { addr },
        })
    }

    pub(super) fn server(&mut self, event: &Event) -> Outcome {
        if self.json {
            for object in events::objects(event) {
                self.output.line(&Json::Object(object).to_string())?;
            }
        } else {
            self.output
                .line(&format!("server  {}", events::line(event)))?;
        }
        self.output.flush()
    }

    /// A line of the device's log; `clock_us` is the device's own clock.
    pub(super) fn device(&mut self, line: &Line) -> Outcome {
        if !self.json {
            self.output.line(&format!("device{line}"))?;
            return self.output.flush();
        }
        let micros = line.time.map(|time| time.as_micros() as u64);
        self.own(
            "log",
            json!({
                "clock_us": micros,
                "level": line.level.map(Level::as_str),
                "target": line.target,
                "text": line.text,
            }),
        )
    }

    /// Events of the server came faster than they could be printed.
    pub(super) fn missed(&mut self, count: u64) -> Outcome {
        self.own("dropped", json!({"what": "events", "count": count}))
    }

    /// The totals. Anything that is not as it should be is a failure of the
    /// work.
    pub(super) fn done(
        mut self,
        outcome: &firmware::Outcome,
        book: &DeviceBook,
        orders: u32,
        batches: u32,
    ) -> Outcome {
        let mut wrong = books::differences(book, &outcome.lines, orders.into(), batches.into());
        if outcome.status != Status::Done {
            wrong.insert(0, outcome.status.to_string());
        }
        let executed = outcome
            .lines
            .iter()
            .filter(|line| books::is_execution(line));
        let mut totals = json!({
            "status": outcome.status.code(),
            "orders": book.orders.len(),
            "executed": executed.count(),
            "acked": book.answered(Answer::Confirm),
            "batches": book.batches.len(),
            "points": book.confirmed_points(),
            "connections": book.connections,
            "agrees": wrong.is_empty(),
        });
        if let Some(report) = &outcome.report {
            totals["report"] = report.json();
        }
        self.own("done", totals)?;
        self.output.finish()?;
        for difference in &wrong {
            say(difference);
        }
        if !outcome.said.is_empty() {
            say(&format!("the emulator said: {}", outcome.said.trim()));
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(Failure::Shown)
        }
    }

    /// What neither server nor device tells.
    fn own(&mut self, name: &str, fields: Json) -> Outcome {
        if self.json {
            let mut object = Map::new();
            object.insert("event".into(), json!(name));
            let millis = self.started.elapsed().as_millis();
            object.insert("t".into(), json!(millis as u64));
            if let Json::Object(fields) = fields {
                object.extend(fields);
            }
            self.output.line(&Json::Object(object).to_string())?;
        } else {
            let seconds = self.started.elapsed().as_secs_f64();
            let fields = output::fields(&fields, &[]);
            self.output
                .line(&format!("wigwag  {seconds:8.3} s  {name}{fields}"))?;
        }
        self.output.flush()
    }
}
