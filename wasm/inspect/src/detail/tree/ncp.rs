//! An NCP packet as nodes.

use wigwag_codec::ncp::{
    FIELD_HEADER_LEN, FOOTER, FOOTER_LEN, Field, Fields, HEADER_LEN, Ident, NcpError,
    PARAM_HEADER_LEN, Packet, Param, ValueType, WORD,
};

use super::build::{Builder, Part};
use super::{Kind, Place, show};
use crate::detail::layout::{NCP_HEAD, NcpLayout, word};
use crate::detail::path::{self, Root, Step};

mod names;
mod value;

use names::Names;

pub(super) fn build(builder: &mut Builder, bytes: &[u8]) {
    let layout = NcpLayout::of(bytes);
    let header = part(
        "head",
        Kind::Header,
        Place::Root(Root::Head),
        0,
        layout.head.len(),
    );
    builder.group(header, |builder| head(builder, layout.head));
    // What is wrong with the packet as a whole; with a field or a parameter it is
    // said there.
    if let Err(error) = Packet::decode(bytes)
        && (error.offset < HEADER_LEN || layout.foot.is_empty())
    {
        let whole = builder.parent();
        builder.problem(whole, text(error));
    }
    let end = HEADER_LEN + layout.body.len();
    fields(builder, layout.body);
    if !layout.foot.is_empty() {
        let stop = end + layout.foot.len();
        let footer = part("foot", Kind::Header, Place::Root(Root::Foot), end, stop);
        builder.group(footer, |builder| foot(builder, end, layout.foot));
    }
    let after = end + layout.foot.len();
    builder.malformed(after, layout.trailing, "bytes behind the end of the packet");
}

fn part(label: &str, kind: Kind, place: Place, start: usize, end: usize) -> Part {
    let (label, value) = (label.to_owned(), String::new());
    Part {
        label,
        kind,
        place,
        start,
        end,
        value,
    }
}

fn text(error: NcpError) -> String {
    format!("{} (at byte {})", error.kind, error.offset)
}

/// A part that the protocol names.
fn named(part: path::Part) -> Place {
    Place::Steps(vec![Step::Part(part)])
}

fn head(builder: &mut Builder, head: &[u8]) {
    let outside = builder.parent();
    for (which, range) in NCP_HEAD {
        let Some(bytes) = head.get(range.clone()) else {
            let rest = head.get(range.start..).unwrap_or_default();
            builder.malformed(range.start, rest, "the header ends inside this word");
            break;
        };
        if which == path::Part::Secs {
            let end = head.len().min(range.end + WORD);
            let mut group = part(
                "time",
                Kind::Header,
                named(path::Part::Time),
                range.start,
                end,
            );
            let nanos = word(head, range.end).unwrap_or(0);
            let secs = word(head, range.start).unwrap_or(0);
            group.value = crate::text::time::rfc3339(i64::from(secs), nanos, 9).unwrap_or_default();
            let group = builder.add(group);
            builder.enter(group);
        }
        let number = word(head, range.start).unwrap_or(0);
        let mut node = part(
            which.name(),
            Kind::Word,
            named(which),
            range.start,
            range.end,
        );
        node.value = match which {
            path::Part::Magic | path::Part::Info => show::bytes(bytes),
            path::Part::Type => show::lossy(Ident::from_wire(number.to_le_bytes()).trimmed()),
            _ => number.to_string(),
        };
        let node = builder.add(node);
        let meaning = match which {
            path::Part::Length => Some("words of 4 bytes, header and footer included"),
            path::Part::Info => Some("the sender's id"),
            _ => None,
        };
        builder.meaning(node, meaning.map(str::to_owned));
        if which == path::Part::Nanos {
            if number >= 1_000_000_000 {
                builder.problem(node, "a second or more");
            }
            builder.enter(outside);
        }
    }
    builder.enter(outside);
}

fn foot(builder: &mut Builder, start: usize, foot: &[u8]) {
    let words = [(path::Part::Checksum, 0..4), (path::Part::Mark, 4..8)];
    for (which, range) in words {
        let Some(bytes) = foot.get(range.clone()) else {
            let rest = foot.get(range.start..).unwrap_or_default();
            builder.malformed(
                start + range.start,
                rest,
                "the footer ends inside this word",
            );
            return;
        };
        let (from, to) = (start + range.start, start + range.end);
        let mut node = part(which.name(), Kind::Word, named(which), from, to);
        node.value = show::bytes(bytes);
        let node = builder.add(node);
        let good = FOOTER.get(range).unwrap_or_default();
        if which == path::Part::Checksum && bytes == good {
            builder.meaning(node, Some("0: none is made".into()));
        } else if bytes != good && which == path::Part::Mark {
            builder.problem(node, "a packet ends with aabbccdd");
        }
    }
}

fn fields(builder: &mut Builder, body: &[u8]) {
    let mut walk = Fields::new(body);
    let names = Names::of(walk.map(|field| field.name).take(builder.room()));
    let mut at = HEADER_LEN;
    let mut index = 0_u32;
    while let Some(field) = walk.next() {
        embedded(builder, body, at, field.offset);
        at = field.range().end;
        if builder.room() == 0 {
            let last = walk.by_ref().last();
            let end = last.map_or(at, |last| last.range().end);
            let hidden = Fields::new(body).count() as u64 - u64::from(index);
            builder.more(hidden, field.offset, end);
            at = end;
            break;
        }
        add_field(builder, body, &field, names.step(field.name, index));
        index += 1;
    }
    let end = HEADER_LEN + body.len();
    let at = embedded(builder, body, at, end);
    let rest = body.get(at - HEADER_LEN..).unwrap_or_default();
    let fault = walk.fault().map_or_else(String::new, text);
    builder.malformed(at, rest, fault);
}

/// Adds the footers that stand between two parts, and says where they end.
fn embedded(builder: &mut Builder, body: &[u8], start: usize, end: usize) -> usize {
    let mut at = start;
    while at + FOOTER_LEN <= end {
        let from = at - HEADER_LEN;
        if body.get(from..from + FOOTER_LEN) != Some(&FOOTER) {
            break;
        }
        let mut node = part("footer", Kind::Padding, Place::Nowhere, at, at + FOOTER_LEN);
        node.value = show::bytes(&FOOTER);
        let node = builder.add(node);
        builder.meaning(
            node,
            Some("a footer in the middle of the packet: passed over".into()),
        );
        at += FOOTER_LEN;
    }
    at
}

fn add_field(builder: &mut Builder, body: &[u8], field: &Field<'_>, step: Step) {
    let range = field.range();
    let mut group = part("", Kind::Field, Place::Field(step), range.start, range.end);
    group.label = field.name.to_string();
    let count = field.params().count();
    group.value = show::count(count, "parameter", "parameters");
    let header = header(body, range.start, FIELD_HEADER_LEN);
    let node = builder.group(group, |builder| {
        words(builder, range.start, header, FIELD_HEADER_LEN);
        params(builder, body, field);
    });
    if let Some(node) = builder.node(node) {
        node.code = node.start;
        node.content = node.start + FIELD_HEADER_LEN as u32;
    }
    let meaning = builder.meanings.of_field(field);
    builder.meaning(node, meaning);
    if let Some(error) = field.error() {
        let detail = if error.detail.is_empty() {
            "an error"
        } else {
            error.detail
        };
        builder.meaning(node, Some(format!("error {}: {detail}", error.code)));
    }
}

/// The bytes of a header that stands at an offset in the packet.
fn header(body: &[u8], start: usize, length: usize) -> &[u8] {
    let at = start.saturating_sub(HEADER_LEN);
    body.get(at..at + length).unwrap_or_default()
}

/// Adds what fields and parameters begin with: name, size, type, and the id of a
/// field.
fn words(builder: &mut Builder, start: usize, header: &[u8], length: usize) {
    let parts = [
        (path::Part::Name, 0..4),
        (path::Part::Size, 4..7),
        (path::Part::Type, 7..8),
        (path::Part::Id, 8..12),
    ];
    for (which, range) in parts.into_iter().filter(|(_, range)| range.end <= length) {
        let bytes = header.get(range.clone()).unwrap_or_default();
        let (from, to) = (start + range.start, start + range.end);
        let mut node = part(which.name(), Kind::Word, named(which), from, to);
        let number = bytes
            .iter()
            .rev()
            .fold(0_u32, |sum, byte| sum << 8 | u32::from(*byte));
        let kind = u8::try_from(number).ok().and_then(ValueType::from_u8);
        let kind = kind.filter(|_| which == path::Part::Type && length == PARAM_HEADER_LEN);
        node.value = match (which, kind) {
            (path::Part::Name, _) => show::lossy(Ident::from_wire(number.to_le_bytes()).trimmed()),
            (_, Some(kind)) => kind.name().to_owned(),
            _ => number.to_string(),
        };
        let node = builder.add(node);
        let meaning = match which {
            path::Part::Size => Some("words of 4 bytes, this header included".to_owned()),
            path::Part::Type if length == PARAM_HEADER_LEN => Some(format!("type 0x{number:02x}")),
            _ => None,
        };
        builder.meaning(node, meaning);
    }
}

fn params(builder: &mut Builder, body: &[u8], field: &Field<'_>) {
    let mut walk = field.params();
    let names = Names::of(walk.map(|param| param.name).take(builder.room()));
    let mut at = field.offset + FIELD_HEADER_LEN;
    let mut index = 0_u32;
    let allowed = builder.allowed();
    while let Some(param) = walk.next() {
        embedded(builder, body, at, param.offset);
        at = param.range().end;
        if index == allowed || builder.room() == 0 {
            let hidden = 1 + walk.count() as u64;
            let end = walk.by_ref().last().map_or(at, |last| last.range().end);
            builder.more(hidden, param.offset, end);
            at = end;
            break;
        }
        add_param(builder, body, field, &param, names.steps(param.name, index));
        index += 1;
    }
    let end = field.range().end;
    let at = embedded(builder, body, at, end);
    let rest = body
        .get(at - HEADER_LEN..end - HEADER_LEN)
        .unwrap_or_default();
    let fault = walk.fault().map_or_else(String::new, text);
    builder.malformed(at, rest, fault);
}

fn add_param(
    builder: &mut Builder,
    body: &[u8],
    field: &Field<'_>,
    param: &Param<'_>,
    steps: Vec<Step>,
) {
    let range = param.range();
    let mut group = part(
        "",
        Kind::Parameter,
        Place::Steps(steps),
        range.start,
        range.end,
    );
    group.label = param.name.to_string();
    group.value = value::shown(param);
    let header = header(body, range.start, PARAM_HEADER_LEN);
    let node = builder.group(group, |builder| {
        words(builder, range.start, header, PARAM_HEADER_LEN);
        value::add(builder, param);
    });
    if let Some(node) = builder.node(node) {
        node.content = node.start + PARAM_HEADER_LEN as u32;
    }
    if let Err(error) = param.value() {
        builder.problem(node, text(error));
    }
    let meaning = builder.meanings.of_param(field, param);
    builder.meaning(node, meaning);
}
