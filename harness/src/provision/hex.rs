//! Intel HEX (Intel, "Hexadecimal Object File Format Specification", revision A,
//! 1988): lines of text with sixteen bytes each.

use ihex::Record;

const LINE: usize = 16;

/// `image` at `address`. The image has whole pages, and fits the addresses of 32
/// bits.
pub(super) fn write(image: &[u8], address: u32) -> Vec<u8> {
    let mut records = Vec::new();
    let mut upper = None;
    for (line, value) in (0_u32..).zip(image.chunks(LINE)) {
        let at = address + line * LINE as u32;
        let (high, offset) = ((at >> 16) as u16, at as u16);
        if upper.replace(high) != Some(high) {
            records.push(Record::ExtendedLinearAddress(high));
        }
        let value = value.to_vec();
        records.push(Record::Data { offset, value });
    }
    records.push(Record::EndOfFile);
    let text = ihex::create_object_file_representation(&records);
    text.expect("lines of sixteen bytes, and an end").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a file as the specification has it: address and contents.
    fn read(file: &[u8]) -> (u32, Vec<u8>) {
        let text = std::str::from_utf8(file).unwrap();
        let (mut base, mut first, mut contents) = (0_u32, None, Vec::new());
        let mut lines = text.lines();
        for line in lines.by_ref() {
            let digits = line.strip_prefix(':').unwrap();
            let bytes: Vec<u8> = (0..digits.len() / 2)
                .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap())
                .collect();
            let sum = bytes.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
            assert_eq!(sum, 0, "{line}");
            let [length, high, low, kind, data @ .., _] = bytes.as_slice() else {
                panic!("{line}");
            };
            assert_eq!(usize::from(*length), data.len());
            match kind {
                0 => {
                    let at = base + u32::from(u16::from_be_bytes([*high, *low]));
                    let first = *first.get_or_insert(at);
                    assert_eq!(at as usize, first as usize + contents.len());
                    contents.extend(data);
                }
                1 => break,
                4 => base = u32::from(u16::from_be_bytes(data.try_into().unwrap())) << 16,
                other => panic!("a record of type {other}"),
            }
        }
        assert_eq!(lines.next(), None, "something behind the end");
        (first.unwrap(), contents)
    }

    #[test]
    fn a_reader_made_from_the_specification_gets_the_image_back() {
        // The last one over a border of 64 KiB.
        for (address, length) in [(0x003f_0000, 256), (0x080e_0000, 70_400), (0xfff0, 512)] {
            let image: Vec<u8> = (0..length).map(|at: usize| (at * 7 / 5) as u8).collect();
            assert_eq!(read(&write(&image, address)), (address, image));
        }
    }
}
