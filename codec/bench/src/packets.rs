//! NCP: the packets of `harness/corpus`, a command of 100 bytes and a sweep of
//! 63,796 with 61,440 samples of a byte.

use std::hint::black_box;

use wigwag_codec::ncp::{Array, Element, Header, Packet, PacketWriter, Time, Value, packet};

use crate::case::Case;

pub(crate) const VIEW: &str = "ncp view";
pub(crate) const VALUES: &str = "ncp walk";
pub(crate) const READ: &str = "ncp read";
pub(crate) const WRITE: &str = "ncp write";
/// 61,440 bytes that are not aligned, as numbers, copied out.
pub(crate) const ARRAY: &str = "array copy";
/// The same, added up.
pub(crate) const SUM: &str = "array sum";
pub(crate) const COMMAND: &str = "command";
pub(crate) const SWEEP: &str = "sweep";
pub(crate) const MEMCPY: &str = "memcpy";
const OURS: &str = "wigwag";

static COMMAND_WIRE: &[u8] = include_bytes!("../../../harness/corpus/ncp_command.ncp");
static SWEEP_WIRE: &[u8] = include_bytes!("../../../harness/corpus/ncp_sweep.ncp");

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |case| cases.push(case);
    for (name, wire) in [(COMMAND, COMMAND_WIRE), (SWEEP, SWEEP_WIRE)] {
        let bytes = wire.len();
        add(Case::new(VIEW, name, OURS, bytes, move || {
            Packet::decode(black_box(wire)).is_ok()
        }));
        add(Case::new(VALUES, name, OURS, bytes, move || {
            walk(black_box(wire));
        }));
    }
    let (mut bytes, mut words) = (vec![0; 1 << 16], vec![0; 1 << 15]);
    add(Case::new(READ, SWEEP, OURS, SWEEP_WIRE.len(), move || {
        read(black_box(SWEEP_WIRE), &mut bytes, &mut words);
    }));
    let mut place = vec![0; 1 << 10];
    assert_eq!(command(&mut place), COMMAND_WIRE);
    add(Case::new(
        WRITE,
        COMMAND,
        OURS,
        COMMAND_WIRE.len(),
        move || command(black_box(&mut place)).len(),
    ));
    let plan = plan(SWEEP_WIRE);
    let mut place = vec![0; 1 << 16];
    assert_eq!(sweep(&mut place, &plan), SWEEP_WIRE);
    add(Case::new(WRITE, SWEEP, OURS, SWEEP_WIRE.len(), move || {
        sweep(black_box(&mut place), black_box(&plan)).len()
    }));

    let from = samples();
    let mut place = vec![0_u8; from.len()];
    add(Case::new(ARRAY, "u8", MEMCPY, from.len(), move || {
        place.copy_from_slice(black_box(from));
        black_box(&place);
    }));
    numbers(&mut add, "u8", vec![0_u8; 1 << 16], |sum, number| {
        sum + f64::from(number)
    });
    numbers(&mut add, "i16", vec![0_i16; 1 << 15], |sum, number| {
        sum + f64::from(number)
    });
    numbers(&mut add, "f32", vec![0_f32; 1 << 14], |sum, number| {
        sum + f64::from(number)
    });
    numbers(&mut add, "f64", vec![0_f64; 1 << 13], |sum, number| {
        sum + number
    });
    cases
}

fn numbers<T: Element + 'static>(
    add: &mut impl FnMut(Case),
    name: &'static str,
    mut place: Vec<T>,
    mut sum: impl FnMut(f64, T) -> f64 + 'static,
) {
    let from = samples();
    add(Case::new(ARRAY, name, OURS, from.len(), move || {
        black_box(Array::new(black_box(from)).copy_to(&mut place));
        black_box(&place);
    }));
    add(Case::new(SUM, name, OURS, from.len(), move || {
        let array: Array<'_, T> = Array::new(black_box(from));
        array.iter().fold(0.0, &mut sum)
    }));
}

/// The 61,440 samples of the sweep, a byte each, one byte further than where
/// they are aligned.
fn samples() -> &'static [u8] {
    let packet = Packet::decode(SWEEP_WIRE).expect("the corpus is sound");
    let field = packet.field("SWEP").expect("the corpus is sound");
    let Ok(Some(Value::U8s(array))) = field.get("PDAT") else {
        panic!("no samples in the corpus");
    };
    let at = array.bytes().as_ptr().addr() - SWEEP_WIRE.as_ptr().addr();
    &SWEEP_WIRE[at + 1..][..array.len()]
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
fn command(place: &mut [u8]) -> &[u8] {
    packet(place, "DSPC")
        .at(Time::from_secs(black_box(1_623_801_600)))
        .from(black_box([0x12, 0x34, 0x56, 0x78]))
        .numbered_field("TIME", black_box(7))
        .param("SAMP", black_box(1024))
        .param("FCTR", black_box(1200))
        .param("GAIN", black_box(-3))
        .param("ANTE", black_box("rx1"))
        .finish()
        .expect("it fits")
}

/// A packet before it is written: each field's name, id and parameters.
struct Plan {
    header: Header,
    fields: Vec<Field>,
}

type Field = (String, u32, Vec<(String, Value<'static>)>);

fn plan(wire: &'static [u8]) -> Plan {
    let packet = Packet::decode(wire).expect("the corpus is sound");
    let fields = packet.fields().map(|field| {
        let params = field.params().map(|param| {
            let value = param.value().expect("the corpus is sound");
            (param.name.to_string(), value)
        });
        (field.name.to_string(), field.id, params.collect())
    });
    Plan {
        header: *packet.header(),
        fields: fields.collect(),
    }
}

/// As a program writes what it knows only when it runs.
fn sweep<'a>(place: &'a mut [u8], plan: &Plan) -> &'a [u8] {
    let mut writer = PacketWriter::new(place, plan.header);
    for (name, id, params) in &plan.fields {
        writer = writer.numbered_field(name, *id);
        for (name, value) in params {
            writer = writer.param(name, *value);
        }
    }
    writer.finish().expect("it fits")
}
