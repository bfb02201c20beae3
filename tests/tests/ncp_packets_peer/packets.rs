//! Random packets, and what becomes of packets on the way.

use rand_chacha::ChaCha8Rng;
use rand_core::RngCore;
use wigwag_codec::ncp::{Array, Header, Ident, PacketWriter, Time, Value};

/// From 0 below `end`.
pub(crate) fn below(rng: &mut ChaCha8Rng, end: usize) -> usize {
    rng.next_u32() as usize % end
}

/// One to four letters and digits.
fn name(rng: &mut ChaCha8Rng) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    (0..=below(rng, 4))
        .map(|_| char::from(letters[below(rng, letters.len())]))
        .collect()
}

/// Text without a NUL, often of more than ASCII.
fn text(rng: &mut ChaCha8Rng) -> String {
    let characters: Vec<char> = "aZ 9\u{1}\n\"é€😀\u{10ffff}".chars().collect();
    let length = below(rng, 12);
    (0..length)
        .map(|_| characters[below(rng, characters.len())])
        .collect()
}

/// Bytes of numbers; those of floats have no NaN, whose bits Python changes.
fn numbers(rng: &mut ChaCha8Rng, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; below(rng, 9) * size];
    rng.fill_bytes(&mut bytes);
    for float in bytes.chunks_exact_mut(size).filter(|_| size >= 4) {
        float[size - 1] &= 0xbf;
    }
    bytes
}

/// A packet as our writer writes it.
pub(crate) fn packet(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let header = Header {
        kind: Ident::new(&name(rng)).expect("letters"),
        id: rng.next_u32(),
        time: Time::new(rng.next_u32(), rng.next_u32() % 1_000_000 * 1000).expect("below"),
        info: rng.next_u32().to_le_bytes(),
    };
    let mut place = vec![0xee; 8192];
    let mut writer = PacketWriter::new(&mut place, header);
    for _ in 0..below(rng, 4) {
        writer = writer.numbered_field(&name(rng), rng.next_u32());
        for _ in 0..below(rng, 6) {
            writer = param(writer, rng);
        }
    }
    writer.finish().expect("there is room").to_vec()
}

fn param<'p>(writer: PacketWriter<'p>, rng: &mut ChaCha8Rng) -> PacketWriter<'p> {
    let name = name(rng);
    let bits = rng.next_u64();
    let size = [1, 2, 4, 8][below(rng, 4)];
    let (text, bytes) = (text(rng), numbers(rng, size));
    // No NaN here either.
    let finite = f32::from_bits((bits as u32) & 0xbfff_ffff);
    let value = match (below(rng, 9), size) {
        (0, _) => Value::I32(bits as i32),
        (1, _) => Value::U32(bits as u32),
        (2, _) => Value::I64(bits as i64),
        (3, _) => Value::U64(bits),
        (4, _) => Value::F32(finite),
        (5, _) => Value::F64(f64::from_bits(bits & 0xbfff_ffff_ffff_ffff)),
        (6, _) => Value::Str(&text),
        (7, 1) => Value::U8s(Array::new(&bytes)),
        (7, 2) => Value::U16s(Array::new(&bytes)),
        (7, 4) => Value::U32s(Array::new(&bytes)),
        (7, _) => Value::U64s(Array::new(&bytes)),
        (8, 1) => Value::I8s(Array::new(&bytes)),
        (8, 2) => Value::I16s(Array::new(&bytes)),
        (8, 4) if bits.is_multiple_of(2) => Value::I32s(Array::new(&bytes)),
        (8, 4) => Value::F32s(Array::new(&bytes)),
        (8, _) if bits.is_multiple_of(2) => Value::I64s(Array::new(&bytes)),
        (8, _) => Value::F64s(Array::new(&bytes)),
        _ => Value::Raw(&bytes),
    };
    writer.param(&name, value)
}

/// Changes what sizes and types are most often made of.
pub(crate) fn damage(rng: &mut ChaCha8Rng, wire: &mut Vec<u8>) {
    for _ in 0..=below(rng, 3) {
        let at = below(rng, wire.len());
        match below(rng, 10) {
            0 => wire[at] = rng.next_u32().to_le_bytes()[0],
            1 => wire[at] ^= 1 << below(rng, 8),
            // A size or a type a little off, of a field, a parameter or a packet.
            2..=6 => {
                let word = at / 4 * 4;
                wire[word] = wire[word].wrapping_add([1, 255, 2, 254][below(rng, 4)]);
            }
            7 => wire[at / 4 * 4 + 3] = [0, 1, 2, 3, 4, 0x10, 0x11, 0x80, 0x87, 5][below(rng, 10)],
            8 => {
                let word = at / 4 * 4;
                wire.splice(word..word, [0; 4]);
            }
            _ if wire.len() > 44 => {
                let word = at / 4 * 4;
                wire.drain(word..word + 4);
            }
            _ => {}
        }
    }
}
