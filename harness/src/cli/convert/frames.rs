//! A recording in another form.

use wigwag_inspect::input::Kind;
use wigwag_inspect::{Table, export};

use super::target::Target;
use crate::cli::filter;
use crate::cli::input::Source;
use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::say;
use crate::cli::recording::{Options, Recording};

/// What recordings are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Capture,
    Pcapng,
    JsonLines,
    Csv,
    Raw,
}

/// Rows that are tested at once.
const STEP: u32 = 100_000;

/// Reads a recording and writes the frames that pass the filter.
pub(super) fn convert(
    source: &Source,
    options: &Options,
    expression: Option<&str>,
    to: Form,
    target: Target,
) -> Outcome {
    let filter = filter::parse(expression.unwrap_or_default())?;
    let recording = Recording::read(source, options, |_| Ok(()))?;
    let table = &recording.table;
    let total = table.columns().len();
    let mut rows = Vec::new();
    let mut next = 0;
    while (next as usize) < total {
        next = filter.run(table, next, STEP, &mut rows);
    }
    let name = source.name();
    let mut problems = 0;
    for (offset, message) in recording.problems() {
        problems += 1;
        say(&if offset == u64::MAX {
            format!("{name}: {message}")
        } else {
            format!("{name}: at byte {offset}: {message}")
        });
    }
    if total == 0 {
        let message = format!("{name}: no frames, nothing is written");
        return Err(Failure::Work(message));
    }
    if to == Form::Raw {
        one_direction(table, &rows)?;
    }
    write(table, rows, to, target)?;
    // What could be read was written; that it is not all is said by the status.
    if problems > 0 {
        Err(Failure::Shown)
    } else {
        Ok(())
    }
}

/// Raw bytes hold one direction of one connection, or they could not be told apart.
fn one_direction(table: &Table, rows: &[u32]) -> Outcome {
    let columns = table.columns();
    let stream = |row: &u32| {
        let at = *row as usize;
        (columns.connection[at], columns.direction[at])
    };
    let first = rows.first().map(stream);
    if rows.iter().map(stream).all(|stream| Some(stream) == first) {
        return Ok(());
    }
    Err(Failure::Usage(
        "raw bytes are of one direction of one connection: choose it by --filter \
         'connection == 0 && direction == to_server'"
            .into(),
    ))
}

fn write(table: &Table, rows: Vec<u32>, to: Form, mut target: Target) -> Outcome {
    // The first failure ends the writing, not the export, which knows of none.
    let mut failure = None;
    let out = &mut |bytes: &[u8]| {
        if failure.is_none() {
            failure = target.write(bytes).err();
        }
    };
    match to {
        Form::Capture => export::capture(table, rows, out),
        Form::Pcapng => export::pcapng(table, rows, out),
        Form::JsonLines => export::json_lines(table, rows, out),
        Form::Csv => export::csv(table, rows, out),
        Form::Raw => export::raw(table, rows, out),
    }
    match failure {
        Some(failure) => Err(failure),
        None => target.finish(),
    }
}

/// The form of a recording that is read, as the inputs of the inspector call it.
pub(super) const fn kind(form: super::Form) -> Option<Kind> {
    Some(match form {
        super::Form::Capture => Kind::Capture,
        super::Form::Pcapng => Kind::Pcapng,
        super::Form::Pcap => Kind::Pcap,
        super::Form::Jsonl => Kind::JsonLines,
        super::Form::Raw => Kind::Raw,
        super::Form::Hex => Kind::Hex,
        super::Form::Base64 => Kind::Base64,
        _ => return None,
    })
}
