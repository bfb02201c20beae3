//! Arguments as text, in the way that their format string asks for.

use std::fmt::Write as _;

use defmt_parser::{DisplayHint, Fragment, ParserMode, TimePrecision, Type};

use super::arguments::{Argument, Nested};

/// Digits that a number is filled up to at most.
const MAX_PAD: usize = 128;

/// A format string's fragments; None if it is none.
pub(super) fn parse(format: &str) -> Option<Vec<Fragment<'_>>> {
    defmt_parser::parse(format, ParserMode::ForwardsCompatible).ok()
}

/// A format string with its arguments in their places.
pub(super) fn write(format: &str, arguments: &[Argument<'_>]) -> String {
    let mut out = String::new();
    write_to(&mut out, format, arguments, None);
    out
}

/// `outer` is the hint of the place that this format string fills: `{:x}` of a
/// structure is meant for the numbers in it.
fn write_to(
    out: &mut String,
    format: &str,
    arguments: &[Argument<'_>],
    outer: Option<&DisplayHint>,
) {
    for fragment in parse(format).unwrap_or_default() {
        match fragment {
            Fragment::Literal(literal) => out.push_str(&literal),
            Fragment::Parameter(parameter) => {
                let Some(argument) = arguments.get(parameter.index) else {
                    continue;
                };
                let own = parameter.hint.as_ref();
                // `{:?}` quotes text and says nothing about numbers.
                let hint = match (own, argument) {
                    (Some(DisplayHint::Debug), Argument::Text(_)) => own,
                    (None | Some(DisplayHint::Debug), _) => outer.or(own),
                    (Some(_), _) => own,
                };
                match (argument, &parameter.ty) {
                    (Argument::Unsigned(number), Type::BitField(bits)) => {
                        let width = u32::from(bits.end - bits.start);
                        let mask = u128::MAX >> (128 - width.clamp(1, 128));
                        number_to(out, (number >> bits.start) & mask, hint);
                    }
                    _ => argument_to(out, argument, hint),
                }
            }
        }
    }
}

fn argument_to(out: &mut String, argument: &Argument<'_>, hint: Option<&DisplayHint>) {
    // Writing to a String cannot fail.
    let _ = match argument {
        Argument::Bool(value) => write!(out, "{value}"),
        Argument::Unsigned(number) => {
            number_to(out, *number, hint);
            Ok(())
        }
        Argument::Signed(number, bits) => match hint {
            Some(
                DisplayHint::Hexadecimal { .. }
                | DisplayHint::Binary { .. }
                | DisplayHint::Octal { .. },
            ) => {
                let mask = u128::MAX >> (128 - bits);
                number_to(out, number.cast_unsigned() & mask, hint);
                Ok(())
            }
            _ => write!(out, "{number}"),
        },
        Argument::Single(number) => write!(out, "{number}"),
        Argument::Double(number) => write!(out, "{number}"),
        Argument::Char(character) => write!(out, "{character}"),
        Argument::Text(text) if hint == Some(&DisplayHint::Debug) => write!(out, "{text:?}"),
        Argument::Text(text) => write!(out, "{text}"),
        Argument::Bytes(bytes) if hint == Some(&DisplayHint::Ascii) => {
            write!(out, "b\"{}\"", bytes.escape_ascii())
        }
        Argument::Bytes(bytes) => {
            list_to(out, bytes, |out, byte| number_to(out, (*byte).into(), hint));
            Ok(())
        }
        Argument::Nested(nested) => {
            nested_to(out, nested, hint);
            Ok(())
        }
        Argument::List(elements) => {
            list_to(out, elements, |out, element| nested_to(out, element, hint));
            Ok(())
        }
        Argument::Sequence(values) => {
            values.iter().for_each(|value| nested_to(out, value, hint));
            Ok(())
        }
    };
}

fn nested_to(out: &mut String, nested: &Nested<'_>, hint: Option<&DisplayHint>) {
    write_to(out, nested.format, &nested.arguments, hint);
}

fn list_to<T>(out: &mut String, elements: &[T], write: impl Fn(&mut String, &T)) {
    out.push('[');
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        write(out, element);
    }
    out.push(']');
}

/// Calendar times, CBOR and the names of bit flags stay numbers: nothing here
/// logs any.
fn number_to(out: &mut String, number: u128, hint: Option<&DisplayHint>) {
    let pad = |columns: usize| columns.min(MAX_PAD);
    // Writing to a String cannot fail.
    let _ = match hint {
        Some(DisplayHint::NoHint { zero_pad }) => write!(out, "{number:0w$}", w = pad(*zero_pad)),
        Some(DisplayHint::Binary {
            alternate,
            zero_pad,
        }) => match (alternate, pad(*zero_pad)) {
            (true, w) => write!(out, "{number:#0w$b}"),
            (false, w) => write!(out, "{number:0w$b}"),
        },
        Some(DisplayHint::Octal {
            alternate,
            zero_pad,
        }) => match (alternate, pad(*zero_pad)) {
            (true, w) => write!(out, "{number:#0w$o}"),
            (false, w) => write!(out, "{number:0w$o}"),
        },
        Some(DisplayHint::Hexadecimal {
            alternate,
            uppercase,
            zero_pad,
        }) => match (alternate, uppercase, pad(*zero_pad)) {
            (true, true, w) => write!(out, "{number:#0w$X}"),
            (true, false, w) => write!(out, "{number:#0w$x}"),
            (false, true, w) => write!(out, "{number:0w$X}"),
            (false, false, w) => write!(out, "{number:0w$x}"),
        },
        Some(DisplayHint::Seconds(unit) | DisplayHint::Time(unit)) => match unit {
            TimePrecision::Micros => {
                let (seconds, micros) = (number / 1_000_000, number % 1_000_000);
                write!(out, "{seconds}.{micros:06}")
            }
            TimePrecision::Millis => write!(out, "{}.{:03}", number / 1000, number % 1000),
            TimePrecision::Seconds => write!(out, "{number}"),
        },
        _ => write!(out, "{number}"),
    };
}
