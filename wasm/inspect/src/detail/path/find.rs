//! Finding the values of a path, without a tree and without memory for one.

use wigwag_codec::minijson::Decoder;
use wigwag_codec::ncp;

use super::walk::{text, walk};
use super::{Part, Path, Root, Step};
use crate::detail::LIMITS;
use crate::detail::layout::{NCP_HEAD, NGTT_HEAD, NcpLayout, NgttLayout, split_prefix, word};
use crate::detail::scalar::{Numbers, Scalar};
use crate::{Frame, Protocol};

impl Path {
    /// Hands every value that the path leads to in `frame` to `found`, in their
    /// order. Of a frame that is malformed, what stands before the fault is found.
    ///
    /// Nothing is allocated, and what the path does not lead through is skipped.
    pub fn find<'a>(&self, frame: Frame<'a>, found: &mut dyn FnMut(Scalar<'a>)) {
        match (self.root, frame.protocol) {
            (Root::Payload, Protocol::Ngtt) => {
                self.payload(NgttLayout::of(frame.bytes).payload, found)
            }
            (Root::Payload, Protocol::Minijson) => self.payload(frame.bytes, found),
            (Root::Fields, Protocol::Ncp) => self.fields(NcpLayout::of(frame.bytes).body, found),
            (Root::Message, Protocol::Prefix) => {
                found(Scalar::Bytes(split_prefix(frame.bytes).1));
            }
            (Root::Head | Root::Foot, _) => {
                if let Some(scalar) = self.words(frame) {
                    found(scalar);
                }
            }
            _ => {}
        }
    }

    fn payload<'a>(&self, payload: &'a [u8], found: &mut dyn FnMut(Scalar<'a>)) {
        if payload.is_empty() {
            return;
        }
        let mut decoder = Decoder::with_limits(payload, LIMITS);
        // What stands before an error was found; the error is the tree's to tell.
        let _ = walk(&mut decoder, &self.steps, false, found);
    }

    /// A word of a header or a footer.
    fn words<'a>(&self, frame: Frame<'a>) -> Option<Scalar<'a>> {
        let bytes = frame.bytes;
        let parts: [Option<Part>; 2] = match self.steps.as_slice() {
            [Step::Part(part)] => [Some(*part), None],
            [Step::Part(part), Step::Part(inner)] => [Some(*part), Some(*inner)],
            _ => return None,
        };
        if self.root == Root::Foot {
            let foot = NcpLayout::of(bytes).foot;
            let at = match parts {
                [Some(Part::Checksum), None] => 0,
                [Some(Part::Mark), None] => 4,
                _ => return None,
            };
            return (frame.protocol == Protocol::Ncp)
                .then(|| foot.get(at..at + 4).map(Scalar::Bytes))
                .flatten();
        }
        if parts == [Some(Part::Time), None] && frame.protocol == Protocol::Ncp {
            let (secs, nanos) = (word(bytes, 20)?, word(bytes, 24)?);
            let micros = i128::from(secs) * 1_000_000 + i128::from(nanos / 1000);
            return Some(Scalar::Integer(micros));
        }
        let [part, inner] = parts;
        let part = inner.or(part)?;
        match frame.protocol {
            Protocol::Ngtt => {
                let (_, range) = NGTT_HEAD.iter().find(|(of, _)| *of == part)?;
                let bytes = bytes.get(range.clone())?;
                let number = bytes
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | u32::from(*byte));
                Some(number.into())
            }
            Protocol::Prefix if part == Part::Length => {
                let length = bytes.first_chunk()?;
                Some(u32::from_be_bytes(*length).into())
            }
            Protocol::Ncp => {
                let (_, range) = NCP_HEAD.iter().find(|(of, _)| *of == part)?;
                let bytes = bytes.get(range.clone())?;
                Some(match part {
                    Part::Magic | Part::Info => Scalar::Bytes(bytes),
                    Part::Type => name(bytes),
                    _ => word(frame.bytes, range.start)?.into(),
                })
            }
            _ => None,
        }
    }

    fn fields<'a>(&self, body: &'a [u8], found: &mut dyn FnMut(Scalar<'a>)) {
        let fields = ncp::Fields::new(body);
        let Some((first, rest)) = self.steps.split_first() else {
            found(Scalar::List(count(fields)));
            return;
        };
        for (field, index) in fields.zip(0_u32..) {
            if !takes(first, field.name, index) {
                continue;
            }
            match rest {
                [] => found(Scalar::Map(count(field.params()))),
                [Step::Part(Part::Params), param, inner @ ..] => {
                    params(body, &field, param, inner, found);
                }
                [Step::Part(part)] => {
                    let start = field.offset.saturating_sub(ncp::HEADER_LEN);
                    let header = body.get(start..start + ncp::FIELD_HEADER_LEN);
                    found(match part {
                        Part::Id => field.id.into(),
                        Part::Name => name(header.unwrap_or_default()),
                        Part::Type => header.and_then(|h| h.get(7)).copied().unwrap_or(0).into(),
                        _ => ((field.range().len() / ncp::WORD) as u64).into(),
                    });
                }
                [param, inner @ ..] => params(body, &field, param, inner, found),
            }
            if let Step::Index(_) = first {
                return;
            }
        }
    }
}

fn count(things: impl Iterator) -> u32 {
    u32::try_from(things.count()).unwrap_or(u32::MAX)
}

/// Whether a step goes to a field or a parameter.
fn takes(step: &Step, name: ncp::Ident, index: u32) -> bool {
    match step {
        Step::Key(wanted) => **wanted == *name.trimmed(),
        step => step.takes_index(index),
    }
}

/// A name of four bytes, as the first ones of `bytes`, as text if it is.
fn name(bytes: &[u8]) -> Scalar<'_> {
    let mut name = bytes.get(..ncp::WORD).unwrap_or(bytes);
    while let [before @ .., 0 | b' '] = name {
        name = before;
    }
    text(name)
}

/// The parameters of a field of `body` that a step goes to.
fn params<'a>(
    body: &'a [u8],
    field: &ncp::Field<'a>,
    step: &Step,
    inner: &[Step],
    found: &mut dyn FnMut(Scalar<'a>),
) {
    for (param, index) in field.params().zip(0_u32..) {
        if !takes(step, param.name, index) {
            continue;
        }
        let inner = match inner {
            [Step::Part(Part::Value), inner @ ..] => inner,
            inner => inner,
        };
        match inner {
            [Step::Part(Part::Type)] => found(
                ncp::ValueType::from_u8(param.kind)
                    .map_or(param.kind.into(), |kind| Scalar::Text(kind.name())),
            ),
            [Step::Part(Part::Name)] => {
                let start = param.offset.saturating_sub(ncp::HEADER_LEN);
                found(name(body.get(start..).unwrap_or_default()));
            }
            [Step::Part(Part::Size)] => {
                found(((param.range().len() / ncp::WORD) as u64).into());
            }
            [element] => {
                if let Some(numbers) = param.value().ok().and_then(Numbers::new) {
                    elements(&numbers, element, found);
                }
            }
            _ => found(match param.value() {
                Ok(value) => value.into(),
                Err(_) => Scalar::Bytes(param.bytes()),
            }),
        }
    }
}

fn elements<'a>(numbers: &Numbers<'a>, step: &Step, found: &mut dyn FnMut(Scalar<'a>)) {
    match step {
        Step::Index(index) => {
            let index = usize::try_from(*index).unwrap_or(usize::MAX);
            if let Some(number) = numbers.get(index) {
                found(number);
            }
        }
        _ => (0..numbers.len())
            .filter_map(|index| numbers.get(index))
            .for_each(found),
    }
}
