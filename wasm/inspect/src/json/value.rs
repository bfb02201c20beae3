//! A minijson value as JSON text.

use wigwag_codec::minijson::{Decoder, Item, Value};

use super::{hex_text, show};
use crate::detail::LIMITS;
use crate::text::json::quote;

/// Integers beyond this are not exact in every JSON reader.
const MAX_SAFE: i64 = (1 << 53) - 1;

/// What stands in an object that is a value of another kind.
const MARKERS: [&[u8]; 5] = [b"$bytes", b"$int", b"$f32", b"$f64", b"$map"];

/// A list of so many scalars stands in one line.
const SHORT: u32 = 8;

/// How values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Nothing that JSON readers could lose: see [`value`](super::value()).
    Tagged,
    /// What a person can edit: tags only where plain JSON would read back as another
    /// value, in lines. Plain fractions are singles.
    Editable,
}

/// A container that is open.
struct Open {
    form: Form,
    /// Elements, or keys and values, that are still to come.
    left: u64,
    is_first: bool,
    /// Whether its elements stand in one line.
    is_short: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// `[a,b]`
    List,
    /// `{"a":b}`
    Object,
    /// `{"$map":[[a,b]]}`
    Pairs,
}

struct Writer<'o> {
    out: &'o mut String,
    style: Style,
    /// How far in the value stands by itself.
    indent: usize,
    open: Vec<Open>,
}

/// Appends a value that stands `indent` levels in.
pub(crate) fn write(value: Value<'_>, style: Style, indent: usize, out: &mut String) {
    let mut decoder = Decoder::with_limits(value.raw(), LIMITS);
    let mut writer = Writer {
        out,
        style,
        indent,
        open: Vec::new(),
    };
    // The value was checked: an error would only end it early.
    while let Ok(Some(item)) = decoder.next() {
        writer.before();
        let (form, count) = match item {
            Item::List(count) => (Form::List, count),
            Item::Map(count) => (writer.form_of_map(&decoder, count), count),
            Item::Sdict(count) => (Form::Pairs, count),
            _ => {
                writer.scalar(&item);
                writer.after();
                continue;
            }
        };
        writer.open(form, count, &decoder);
    }
}

impl Writer<'_> {
    /// A map is an object, if it reads back as one.
    fn form_of_map(&self, decoder: &Decoder<'_>, count: u32) -> Form {
        if self.style == Style::Tagged {
            return Form::Pairs;
        }
        let mut ahead = decoder.clone();
        match ahead.next() {
            Ok(Some(Item::Key(key))) if count > 0 && MARKERS.contains(&key.as_bytes()) => {
                Form::Pairs
            }
            _ => Form::Object,
        }
    }

    fn line(&mut self, levels: usize) {
        if self.style == Style::Editable {
            self.out.push('\n');
            self.out
                .extend(std::iter::repeat_n("  ", self.indent + levels));
        }
    }

    /// Writes what separates the coming element from the one before.
    fn before(&mut self) {
        let levels = self.open.len();
        let Some(open) = self.open.last_mut() else {
            return;
        };
        let is_value = open.form != Form::List && open.left % 2 == 1;
        let (form, is_first, is_short) = (open.form, open.is_first, open.is_short);
        open.is_first = false;
        let space = if self.style == Style::Editable {
            " "
        } else {
            ""
        };
        match (form, is_value) {
            (Form::Object, true) => {
                self.out.push(':');
                self.out.push_str(space);
            }
            (Form::Pairs, true) => {
                self.out.push(',');
                self.out.push_str(space);
            }
            _ => {
                self.out.push_str(if is_first { "" } else { "," });
                if !is_short {
                    self.line(levels);
                } else if !is_first {
                    self.out.push_str(space);
                }
                self.out
                    .push_str(if form == Form::Pairs { "[" } else { "" });
            }
        }
    }

    /// Counts an element that is complete, and closes what is complete with it.
    fn after(&mut self) {
        while let Some(open) = self.open.last_mut() {
            open.left = open.left.saturating_sub(1);
            if open.form == Form::Pairs && open.left % 2 == 0 {
                self.out.push(']');
            }
            if open.left > 0 {
                return;
            }
            let (form, is_short) = (open.form, open.is_short);
            self.open.pop();
            if !is_short {
                self.line(self.open.len());
            }
            self.close(form);
        }
    }

    fn close(&mut self, form: Form) {
        self.out.push_str(match form {
            Form::List => "]",
            Form::Object => "}",
            Form::Pairs => "]}",
        });
    }

    fn open(&mut self, form: Form, count: u32, decoder: &Decoder<'_>) {
        self.out.push_str(match (form, self.style) {
            (Form::List, _) => "[",
            (Form::Object, _) => "{",
            (Form::Pairs, Style::Tagged) => "{\"$map\":[",
            (Form::Pairs, Style::Editable) => "{\"$map\": [",
        });
        if count == 0 {
            self.close(form);
            self.after();
            return;
        }
        let per = if form == Form::List { 1 } else { 2 };
        self.open.push(Open {
            form,
            left: u64::from(count) * per,
            is_first: true,
            is_short: self.style == Style::Tagged
                || (form == Form::List && is_short(decoder, count)),
        });
    }

    fn scalar(&mut self, item: &Item<'_>) {
        let is_tagged = self.style == Style::Tagged;
        match *item {
            Item::Bool(value) => show(self.out, value),
            Item::Int(value) if is_tagged && !(-MAX_SAFE..=MAX_SAFE).contains(&value) => {
                show(self.out, format_args!("{{\"$int\":\"{value}\"}}"));
            }
            Item::BigInt(value) if is_tagged => {
                show(self.out, format_args!("{{\"$int\":\"{value}\"}}"));
            }
            Item::Int(value) => show(self.out, value),
            Item::BigInt(value) => show(self.out, value),
            // Debug gives the shortest digits with a point or an exponent.
            Item::Single(value) if !is_tagged && value.is_finite() => {
                show(self.out, format_args!("{value:?}"));
            }
            Item::Double(value) if !is_tagged && value.is_finite() => {
                show(self.out, format_args!("{{\"$f64\": {value:?}}}"));
            }
            Item::Single(value) => {
                show(
                    self.out,
                    format_args!("{{\"$f32\":\"{:08x}\"}}", value.to_bits()),
                );
            }
            Item::Double(value) => {
                show(
                    self.out,
                    format_args!("{{\"$f64\":\"{:016x}\"}}", value.to_bits()),
                );
            }
            Item::Text(text) | Item::Key(text) => {
                quote(&String::from_utf8_lossy(text.as_bytes()), self.out);
            }
            Item::Bytes(bytes) => {
                self.out.push_str("{\"$bytes\":");
                hex_text(bytes, self.out);
                self.out.push('}');
            }
            _ => self.out.push_str("null"),
        }
    }
}

/// Whether a list holds a few scalars only.
fn is_short(decoder: &Decoder<'_>, count: u32) -> bool {
    let mut ahead = decoder.clone();
    count <= SHORT
        && (0..count).all(|_| match ahead.next() {
            Ok(Some(Item::Text(text))) => text.as_bytes().len() <= 20,
            Ok(Some(Item::Bytes(bytes))) => bytes.len() <= 10,
            Ok(Some(item)) => !matches!(item, Item::List(_) | Item::Map(_) | Item::Sdict(_)),
            _ => false,
        })
}
