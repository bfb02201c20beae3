//! Events of a server on standard output, as JSON or for people.

use std::time::Instant;

use serde_json::{Map, Value as Json, json};

use crate::cli::outcome::Outcome;
use crate::cli::output::{self, Output};

/// Events on standard output.
pub(crate) struct Printer {
    output: Output,
    json: bool,
    pub(crate) started: Instant,
}

impl Printer {
    /// Counts time from now on.
    pub(crate) fn new(json: bool) -> Self {
        Self {
            output: Output::new(),
            json,
            started: Instant::now(),
        }
    }

    /// An event of the server: as objects, or as a line for people.
    pub(crate) fn told(
        &mut self,
        objects: impl FnOnce() -> Vec<Map<String, Json>>,
        line: impl FnOnce() -> String,
    ) -> Outcome {
        if self.json {
            for object in objects() {
                self.output.line(&Json::Object(object).to_string())?;
            }
        } else {
            self.output.told(&line())?;
        }
        self.output.flush()
    }

    /// Something that the server's own events do not tell.
    pub(crate) fn own(&mut self, name: &str, fields: Json) -> Outcome {
        let started = self.started;
        if self.json {
            let mut object = json!({"event": name, "t": millis(started)});
            if let (Json::Object(object), Json::Object(fields)) = (&mut object, fields) {
                object.extend(fields);
            }
            self.output.line(&object.to_string())?;
        } else {
            let seconds = started.elapsed().as_secs_f64();
            let fields = output::fields(&fields, &[]);
            self.output
                .told(&format!("{seconds:8.3} s  -  {name}{fields}"))?;
        }
        self.output.flush()
    }

    /// Events came faster than they could be printed.
    pub(crate) fn dropped(&mut self, count: u64) -> Outcome {
        self.own("dropped", json!({"what": "events", "count": count}))
    }

    /// The totals, and the end.
    pub(crate) fn done(mut self, totals: Json) -> Outcome {
        self.own("done", totals)?;
        self.output.finish()
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}
