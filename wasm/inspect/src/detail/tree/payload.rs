//! A minijson value as nodes.

use wigwag_codec::minijson::{Decoder, Error, ErrorKind, Item};

use super::build::{Builder, Part, offset};
use super::{Kind, Place, show};
use crate::detail::LIMITS;
use crate::detail::path::{Root, Step};

/// A container that is being read.
struct Open {
    node: u32,
    /// Whether it is a list, whose elements have no keys.
    is_list: bool,
    /// Elements or entries that are still to come.
    left: u32,
    /// How many there were.
    index: u32,
    /// How many are shown.
    allowed: u32,
}

struct Walk<'a, 'b> {
    builder: &'b mut Builder,
    decoder: Decoder<'a>,
    payload: &'a [u8],
    /// Where the payload begins in the frame.
    base: usize,
    open: Vec<Open>,
    /// The steps to the innermost open container.
    steps: Vec<Step>,
}

/// Adds the nodes of a payload that stands at `base`.
pub(super) fn build(builder: &mut Builder, base: usize, payload: &[u8]) {
    if payload.is_empty() {
        return;
    }
    let outside = builder.parent();
    let mut walk = Walk {
        builder,
        decoder: Decoder::with_limits(payload, LIMITS),
        payload,
        base,
        open: Vec::new(),
        steps: Vec::new(),
    };
    let read = walk.value();
    let end = walk.decoder.position();
    if let Err((error, start)) = read {
        walk.fail(error, start);
        builder.enter(outside);
    } else {
        builder.enter(outside);
        let trailing = payload.get(end..).unwrap_or_default();
        let error = ErrorKind::TrailingBytes;
        builder.malformed(
            base + end,
            trailing,
            format!("{error} (at byte {})", base + end),
        );
    }
}

impl<'a> Walk<'a, '_> {
    /// Adds the whole value; an error comes with where its entry begins.
    fn value(&mut self) -> Result<(), (Error, usize)> {
        loop {
            let at = self.decoder.position();
            self.close(at);
            let (start, step) = match self.open.last_mut() {
                None if at > 0 => return Ok(()),
                None => (at, None),
                Some(open) => {
                    if open.index == open.allowed || self.builder.room() == 0 {
                        self.pass_rest()?;
                        continue;
                    }
                    let index = open.index;
                    open.left -= 1;
                    open.index += 1;
                    let step = if open.is_list {
                        Step::Index(index)
                    } else {
                        let key = self.decoder.next().map_err(|error| (error, at))?;
                        key.map_or(Step::Any, Step::to_entry)
                    };
                    (at, Some(step))
                }
            };
            let code = self.decoder.position();
            let item = self.decoder.next().map_err(|error| (error, start))?;
            if let Some(item) = item {
                self.add(start, code, step, &item);
            }
        }
    }

    /// Closes the containers that are complete.
    fn close(&mut self, at: usize) {
        while let Some(open) = self.open.pop_if(|open| open.left == 0) {
            self.end(open.node, at);
        }
    }

    fn end(&mut self, node: u32, at: usize) {
        let end = offset(self.base + at);
        self.steps.pop();
        let parent = self.builder.node(node).map(|node| {
            node.end = end;
            node.parent
        });
        if let Some(parent) = parent {
            self.builder.enter(parent);
        }
    }

    /// Passes over what is left of the innermost container.
    fn pass_rest(&mut self) -> Result<(), (Error, usize)> {
        let start = self.decoder.position();
        let Some(open) = self.open.last_mut() else {
            return Ok(());
        };
        let left = std::mem::take(&mut open.left);
        let items = u64::from(left) * if open.is_list { 1 } else { 2 };
        for _ in 0..items {
            self.decoder.skip().map_err(|error| (error, start))?;
        }
        let end = self.decoder.position();
        self.builder
            .more(u64::from(left), self.base + start, self.base + end);
        Ok(())
    }

    /// Adds the node of an item, and opens it if it is a container.
    fn add(&mut self, start: usize, code: usize, step: Option<Step>, item: &Item<'a>) {
        let end = self.decoder.position();
        let label = step.as_ref().map_or_else(|| "payload".to_owned(), label);
        let place = match &step {
            None => Place::Root(Root::Payload),
            Some(step) => Place::Steps(vec![step.clone()]),
        };
        let number = self.builder.add(Part {
            label,
            kind: kind(item),
            place,
            start: self.base + start,
            end: self.base + end,
            value: show::item(item),
        });
        self.steps
            .extend(step.or(Some(Step::Any).filter(|_| self.open.is_empty())));
        let content = match item {
            Item::Text(text) => end - text.as_bytes().len(),
            Item::Bytes(bytes) => end - bytes.len(),
            Item::List(_) | Item::Map(_) | Item::Sdict(_) => end,
            // A type byte, and a length if the type has one.
            _ if self.payload.get(code) == Some(&0x18) => end.min(code + 2),
            _ => end.min(code + 1),
        };
        let (code, content) = (offset(self.base + code), offset(self.base + content));
        if let Some(node) = self.builder.node(number) {
            node.code = code;
            node.content = content;
        }
        let is_bad = |text: &[u8]| std::str::from_utf8(text).is_err();
        let bad_key = matches!(self.steps.last(), Some(Step::Key(key)) if is_bad(key));
        if bad_key || matches!(item, Item::Text(text) if is_bad(text.as_bytes())) {
            let code = if bad_key {
                start + self.base
            } else {
                code as usize
            };
            let problem = format!("{} (at byte {code})", ErrorKind::InvalidUtf8);
            self.builder.problem(number, problem);
        }
        let steps = self.steps.get(1..).unwrap_or_default();
        let meaning = self.builder.meanings.of_value(steps, item);
        self.builder.meaning(number, meaning);
        let (is_list, left) = match item {
            Item::List(count) => (true, *count),
            Item::Map(count) | Item::Sdict(count) => (false, *count),
            _ => {
                self.steps.pop();
                return;
            }
        };
        self.builder.enter(number);
        self.open.push(Open {
            node: number,
            is_list,
            left,
            index: 0,
            allowed: self.builder.allowed().max(1),
        });
    }

    /// Adds what cannot be read, and ends what is open there.
    fn fail(&mut self, error: Error, start: usize) {
        let at = self.base + error.offset;
        let problem = format!("{} (at byte {at})", error.kind);
        let rest = self.payload.get(start..).unwrap_or_default();
        if rest.is_empty() {
            // Nothing is left to show it at, but what it is missing from.
            let innermost = self.builder.parent();
            self.builder.problem(innermost, problem);
        } else {
            self.builder.malformed(self.base + start, rest, problem);
        }
        while let Some(open) = self.open.pop() {
            self.end(open.node, self.payload.len());
        }
    }
}

fn kind(item: &Item<'_>) -> Kind {
    match item {
        Item::Bool(_) => Kind::Bool,
        Item::Int(_) | Item::BigInt(_) => Kind::Integer,
        Item::Single(_) | Item::Double(_) => Kind::Float,
        Item::Text(_) | Item::Key(_) => Kind::Text,
        Item::Bytes(_) => Kind::Bytes,
        Item::List(_) => Kind::List,
        Item::Map(_) => Kind::Map,
        Item::Sdict(_) => Kind::Sdict,
        _ => Kind::Null,
    }
}

/// What an element or an entry is called.
fn label(step: &Step) -> String {
    match step {
        Step::Key(key) => String::from_utf8_lossy(key).into_owned(),
        Step::Index(index) => format!("[{index}]"),
        Step::Literal(literal) => literal.to_string(),
        Step::Any | Step::Part(_) => String::new(),
    }
}
