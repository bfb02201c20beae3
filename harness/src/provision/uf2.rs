//! UF2 (USB Flashing Format, github.com/microsoft/uf2): blocks of 512 bytes that
//! each say where 256 bytes of flash go, in any order, as drives are written.

use super::PAGE;

const BLOCK: usize = 512;
/// "UF2\n".
const MAGIC_START: u32 = 0x0a32_4655;
const MAGIC_SECOND: u32 = 0x9e5d_5157;
const MAGIC_END: u32 = 0x0ab1_6f30;
/// The last word of the header is a family, not a file size.
const FAMILY_PRESENT: u32 = 0x2000;

/// `image` at `address`, for the bootloaders of `family`. The image has whole
/// pages.
pub(super) fn write(image: &[u8], address: u32, family: u32) -> Vec<u8> {
    let pages = image.chunks_exact(PAGE);
    // Images fit an address space of 32 bits: so do counts of their pages.
    let count = pages.len() as u32;
    let mut file = Vec::with_capacity(pages.len() * BLOCK);
    for (number, page) in (0..count).zip(pages) {
        let start = file.len();
        let header = [
            MAGIC_START,
            MAGIC_SECOND,
            FAMILY_PRESENT,
            address + number * PAGE as u32,
            PAGE as u32,
            number,
            count,
            family,
        ];
        file.extend(header.iter().flat_map(|word| word.to_le_bytes()));
        file.extend(page);
        file.resize(start + BLOCK - 4, 0xff);
        file.extend(MAGIC_END.to_le_bytes());
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a file as the specification's table has it, and as a bootloader of
    /// `family` does: its own blocks alone, each by itself. Returns address and
    /// contents.
    fn read(file: &[u8], family: u32) -> (u32, Vec<u8>) {
        assert_eq!(file.len() % 512, 0);
        let mut flash = std::collections::BTreeMap::new();
        let blocks = file.len() / 512;
        for (at, block) in file.chunks(512).enumerate() {
            let word =
                |offset: usize| u32::from_le_bytes(block[offset..offset + 4].try_into().unwrap());
            assert_eq!(&block[..4], b"UF2\n");
            assert_eq!(word(4), 0x9e5d_5157);
            assert_eq!(word(508), 0x0ab1_6f30);
            // The family is present, and none of the other flags set.
            assert_eq!(word(8), 0x0000_2000);
            assert_eq!(word(28), family);
            assert_eq!(word(16), 256);
            assert_eq!(word(12) % 256, 0);
            assert_eq!(word(20) as usize, at);
            assert_eq!(word(24) as usize, blocks);
            assert!(block[32 + 256..508].iter().all(|byte| *byte == 0xff));
            let before = flash.insert(word(12), block[32..32 + 256].to_vec());
            assert_eq!(before, None, "an address twice");
        }
        let first = *flash.keys().next().unwrap();
        for (address, page) in flash.keys().zip(0..) {
            assert_eq!(*address, first + 256 * page);
        }
        (first, flash.into_values().flatten().collect())
    }

    #[test]
    fn a_reader_made_from_the_specification_gets_the_image_back() {
        for pages in [1, 2, 16, 257] {
            let image: Vec<u8> = (0..pages * PAGE).map(|at| (at * 7 / 5) as u8).collect();
            let file = write(&image, 0x101f_f000, 0xe48b_ff57);
            assert_eq!(read(&file, 0xe48b_ff57), (0x101f_f000, image));
        }
    }
}
