//! An NGTT frame in a line.

use wigwag_codec::minijson::{Decoder, Value};
use wigwag_codec::ngtt::message::{
    BaobResponse, Command, LogEntry, LogMessage, Logs, Measured, Pathpoints, Reading, Sections,
};
use wigwag_codec::ngtt::{FrameHead, FrameType, HEADER_LEN};

use super::line::Line;
use super::{MEANT, compact};
use crate::detail::{LIMITS, NgttLayout, log_level, purpose};

pub(super) fn write(bytes: &[u8], line: &mut Line) {
    let layout = NgttLayout::of(bytes);
    let Some(head) = layout.head.first_chunk::<HEADER_LEN>() else {
        line.push("malformed: the frame ends inside its header");
        return;
    };
    if layout.missing > 0 {
        line.show(format_args!(
            "malformed: {} bytes are missing; ",
            layout.missing
        ));
    }
    let (head, _) = FrameHead::parse(*head);
    let payload = layout.payload;
    if payload.is_empty() {
        line.push(purpose(head.kind));
        return;
    }
    let is_meant = payload.len() <= MEANT && meant(head.kind, payload, line).is_some();
    if !is_meant {
        compact::write(payload, HEADER_LEN, line);
    }
}

/// Writes what a payload means, if it has the form that its type should have.
fn meant(kind: FrameType, payload: &[u8], line: &mut Line) -> Option<()> {
    match kind {
        FrameType::Order => order(Sections::parse(payload).ok()?, line),
        FrameType::Logs => logs(Logs::parse(payload).ok()?, line),
        FrameType::DataStream => data(Pathpoints::parse(payload).ok()?, line),
        FrameType::SyncBaobRequest => {
            let value = Value::parse(payload).ok()?;
            number(value.len(), "objects", line);
            let versions = value
                .entries()
                .map(|(key, version)| (key.as_str(), version));
            list(versions, line, |(name, version), line| {
                line.push(name.unwrap_or("?"));
                line.push(" ");
                short(version, line);
            });
        }
        FrameType::SyncBaobResponse => {
            let response = BaobResponse::parse(payload).ok()?;
            line.push("download ");
            names(response.download(), line);
            line.push("; upload ");
            names(response.upload(), line);
        }
        _ => return None,
    }
    Some(())
}

fn names<'a>(names: impl Iterator<Item = &'a str>, line: &mut Line) {
    let mut names = names.peekable();
    if names.peek().is_none() {
        line.push("nothing");
    }
    list(names, line, |name, line| line.push(name));
}

/// Writes elements with commas between them, until the line is full.
fn list<T>(things: impl Iterator<Item = T>, line: &mut Line, each: impl Fn(T, &mut Line)) {
    for (index, thing) in things.enumerate() {
        if line.is_full() {
            return;
        }
        line.push(if index > 0 { ", " } else { "" });
        each(thing, line);
    }
}

/// `3 pathpoints: `, if it is not just one.
fn number(count: usize, many: &str, line: &mut Line) {
    if count > 1 {
        line.show(format_args!("{count} {many}: "));
    } else if count == 0 {
        line.show(format_args!("no {many}"));
    }
}

fn short(value: Value<'_>, line: &mut Line) {
    if let Ok(Some(item)) = Decoder::with_limits(value.raw(), LIMITS).next() {
        compact::scalar(&item, line);
    }
}

fn order(sections: Sections<'_>, line: &mut Line) {
    let commands = sections.clone().map(|section| {
        let orders = section.value().get("orders");
        orders.map_or(0, |orders| orders.len())
    });
    number(commands.sum(), "commands", line);
    for (index, section) in sections.enumerate() {
        if line.is_full() {
            return;
        }
        line.push(if index > 0 { " | " } else { "" });
        list(section.commands(), line, command);
    }
}

fn command(command: Command<'_>, line: &mut Line) {
    match command {
        Command::Write { path, value, .. } => {
            line.show(format_args!("write {path} = "));
            short(value, line);
        }
        Command::Read { path, .. } => line.show(format_args!("read {path}")),
        Command::Wait { seconds } => line.show(format_args!("wait {seconds} s")),
        Command::Sysctl { op_type, op_args } => {
            line.show(format_args!("sysctl {op_type} "));
            short(op_args, line);
        }
        Command::Message { uuid } => line.show(format_args!("message {uuid}")),
        Command::Other(value) => {
            compact::write(value.raw(), 0, line);
        }
    }
}

fn logs(logs: Logs<'_>, line: &mut Line) {
    number(logs.len(), "entries", line);
    list(logs, line, |entry, line| match entry {
        Ok(entry) => log(&entry, line),
        Err(value) => compact::write(value.raw(), 0, line),
    });
}

fn log(entry: &LogEntry<'_>, line: &mut Line) {
    match log_level(entry.level) {
        Some(level) => line.push(level),
        None => line.show(format_args!("level {}", entry.level)),
    }
    line.show(format_args!(" {}: ", entry.service));
    match entry.message {
        LogMessage::Text(text) => line.push(text),
        LogMessage::Encoded { encoding, content } => {
            line.show(format_args!("({} bytes of {encoding})", content.len()));
        }
    }
    if let Some(exception) = entry.exception_text {
        line.show(format_args!(" ({exception})"));
    }
}

fn data(pathpoints: Pathpoints<'_>, line: &mut Line) {
    number(pathpoints.len(), "pathpoints", line);
    list(pathpoints, line, |pathpoint, line| {
        line.push(pathpoint.path().unwrap_or("?"));
        let count = pathpoint
            .value()
            .get("values")
            .map_or(0, |values| values.len());
        if let Some(first) = pathpoint.readings().next() {
            reading(&first, line);
        }
        if count > 1 {
            line.show(format_args!(" (+{})", count - 1));
        }
    });
}

fn reading(reading: &Reading<'_>, line: &mut Line) {
    match reading.measured {
        Measured::Value(value) => {
            line.push(" = ");
            short(value, line);
        }
        Measured::Failed(failure) => line.show(format_args!(" {}", failure.code())),
        Measured::Other(_) => line.push(" ?"),
    }
}
