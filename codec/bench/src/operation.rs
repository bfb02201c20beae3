//! What is measured.

use std::hint::black_box;

use wigwag_codec::ncp::{Array, Packet, PacketWriter, Time, Value, packet};

use crate::corpus::{Corpus, Plan};

/// One thing that can be done to the corpus, over and over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Nothing: what the loop itself takes.
    Nothing,
    View(File),
    Walk(File),
    /// Of the sweep, which has arrays.
    Read,
    Write(File),
    /// 61,440 bytes as they are.
    Memcpy,
    /// The same bytes, unaligned, as numbers.
    ArrayCopy(Number),
    /// The same, added up by the iterator.
    ArraySum(Number),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum File {
    Command,
    Sweep,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    U8,
    I16,
    F32,
    F64,
}

use File::{Command, Sweep};
use Number::{F32, F64, I16, U8};
use Operation::{ArrayCopy, ArraySum, Memcpy, Nothing, Read, View, Walk, Write};

impl Operation {
    pub(crate) const ALL: [Self; 17] = [
        Nothing,
        View(Command),
        Walk(Command),
        Write(Command),
        View(Sweep),
        Walk(Sweep),
        Read,
        Write(Sweep),
        Memcpy,
        ArrayCopy(U8),
        ArrayCopy(I16),
        ArrayCopy(F32),
        ArrayCopy(F64),
        ArraySum(U8),
        ArraySum(I16),
        ArraySum(F32),
        ArraySum(F64),
    ];

    /// Its name, in tables and as an argument.
    pub(crate) fn name(self) -> String {
        format!("{self:?}")
            .to_lowercase()
            .replace(['(', ')'], " ")
            .trim()
            .replace(' ', "-")
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operation| operation.name() == name)
    }

    /// Does it `count` times.
    pub(crate) fn run(self, corpus: &mut Corpus, count: u64) {
        for _ in 0..count {
            match self {
                Nothing => {
                    black_box(&mut *corpus);
                }
                View(file) => {
                    let packet = Packet::decode(black_box(corpus.wire(file)));
                    black_box(&packet);
                }
                Walk(file) => walk(black_box(corpus.wire(file))),
                Read => {
                    let Corpus {
                        sweep,
                        bytes,
                        words,
                        ..
                    } = corpus;
                    read(black_box(sweep), bytes, words);
                }
                Write(Command) => command(black_box(&mut corpus.place)),
                Write(Sweep) => sweep(black_box(&mut corpus.place), black_box(&corpus.sweep_plan)),
                Memcpy => {
                    let Corpus { sweep, bytes, .. } = corpus;
                    let from = black_box(samples(sweep));
                    bytes[..from.len()].copy_from_slice(from);
                    black_box(&bytes);
                }
                ArrayCopy(U8) => copy(corpus.sweep, &mut corpus.bytes),
                ArrayCopy(I16) => copy(corpus.sweep, &mut corpus.words),
                ArrayCopy(F32) => copy(corpus.sweep, &mut corpus.singles),
                ArrayCopy(F64) => copy(corpus.sweep, &mut corpus.doubles),
                ArraySum(U8) => {
                    let array: Array<'_, u8> = Array::new(black_box(samples(corpus.sweep)));
                    black_box(
                        array
                            .iter()
                            .fold(0_u64, |sum, number| sum + u64::from(number)),
                    );
                }
                ArraySum(I16) => {
                    let array: Array<'_, i16> = Array::new(black_box(samples(corpus.sweep)));
                    black_box(
                        array
                            .iter()
                            .fold(0_i64, |sum, number| sum + i64::from(number)),
                    );
                }
                ArraySum(F32) => {
                    let array: Array<'_, f32> = Array::new(black_box(samples(corpus.sweep)));
                    black_box(array.iter().fold(0_f32, |sum, number| sum + number));
                }
                ArraySum(F64) => {
                    let array: Array<'_, f64> = Array::new(black_box(samples(corpus.sweep)));
                    black_box(array.iter().fold(0_f64, |sum, number| sum + number));
                }
            }
        }
    }
}

/// The 61,440 samples of the sweep, a byte each, one byte further than where
/// they are aligned.
fn samples(sweep: &[u8]) -> &[u8] {
    &sweep[193..193 + 61_440]
}

fn copy<T: wigwag_codec::ncp::Element>(sweep: &[u8], into: &mut [T]) {
    let array: Array<'_, T> = Array::new(black_box(samples(sweep)));
    black_box(array.copy_to(into));
    black_box(&into);
}

fn walk(wire: &[u8]) {
    let Ok(packet) = Packet::decode(wire) else {
        return;
    };
    for field in packet.fields() {
        black_box(&field);
        for param in field.params() {
            black_box((&param, &param.value()));
        }
    }
}

fn read(wire: &[u8], bytes: &mut [u8], words: &mut [i16]) {
    let Ok(packet) = Packet::decode(wire) else {
        return;
    };
    for field in packet.fields() {
        black_box(&field);
        for param in field.params() {
            match param.value() {
                Ok(Value::U8s(array)) => {
                    array.copy_to(bytes);
                    black_box(&bytes);
                }
                Ok(Value::I16s(array)) => {
                    array.copy_to(words);
                    black_box(&words);
                }
                value => {
                    black_box((&param, &value));
                }
            }
        }
    }
}

/// As an application writes it.
fn command(place: &mut [u8]) {
    let wire = packet(place, "DSPC")
        .at(Time::from_secs(black_box(1_623_801_600)))
        .from(black_box([0x12, 0x34, 0x56, 0x78]))
        .numbered_field("TIME", black_box(7))
        .param("SAMP", black_box(1024))
        .param("FCTR", black_box(1200))
        .param("GAIN", black_box(-3))
        .param("ANTE", black_box("rx1"))
        .finish();
    black_box(wire.ok());
}

/// As a program writes what it knows only when it runs.
fn sweep(place: &mut [u8], plan: &Plan) {
    let mut writer = PacketWriter::new(place, plan.header);
    for (name, id, params) in &plan.fields {
        writer = writer.numbered_field(name, *id);
        for (name, value) in params {
            writer = writer.param(name, *value);
        }
    }
    black_box(writer.finish().ok());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_the_corpus() {
        let mut corpus = Corpus::new();
        for (operation, wire) in [
            (Write(Command), corpus.command),
            (Write(Sweep), corpus.sweep),
        ] {
            corpus.place.fill(0xee);
            operation.run(&mut corpus, 1);
            assert_eq!(corpus.place[..wire.len()], *wire);
        }
    }

    #[test]
    fn samples_are_where_the_sweep_has_them() {
        let corpus = Corpus::new();
        let packet = wigwag_codec::ncp::Packet::decode(corpus.sweep).unwrap();
        let Ok(Some(Value::U8s(array))) = packet.field("SWEP").unwrap().get("PDAT") else {
            panic!("no samples");
        };
        assert_eq!(array.bytes().as_ptr(), corpus.sweep[192..].as_ptr());
        assert_eq!(array.len(), 61_440);
    }

    #[test]
    fn each_operation_has_a_name_of_its_own() {
        for operation in Operation::ALL {
            assert_eq!(Operation::from_name(&operation.name()), Some(operation));
        }
    }
}
