//! An executable of one segment and no code, 32 bits, little-endian.

use object::elf;
use object::write::elf::{FileHeader, ProgramHeader, SectionHeader, Writer};

use super::Machine;

/// Programmers (probe-rs 0.32 among them) leave out segments without a section.
const SECTION: &[u8] = b".settings";

/// `image` at `address`, for `machine`.
pub(super) fn write(image: &[u8], address: u32, machine: Machine) -> Vec<u8> {
    let mut file = Vec::new();
    let mut to = Writer::new(object::Endianness::Little, false, &mut file);

    // First everything gets its place, then it is written in the same order.
    to.reserve_file_header();
    to.reserve_program_headers(1);
    to.reserve_null_section_index();
    let name = to.add_section_name(SECTION);
    to.reserve_section_index();
    to.reserve_shstrtab_section_index();
    let offset = to.reserve(image.len(), 4);
    to.reserve_shstrtab();
    to.reserve_section_headers();

    let (e_machine, e_flags) = match machine {
        Machine::Arm => (elf::EM_ARM, elf::EF_ARM_EABI_VER5),
        Machine::RiscV => (elf::EM_RISCV, elf::EF_RISCV_RVC),
    };
    let header = FileHeader {
        os_abi: elf::ELFOSABI_NONE,
        abi_version: 0,
        e_type: elf::ET_EXEC,
        e_machine,
        // Nothing in it is to be started.
        e_entry: 0,
        e_flags,
    };
    to.write_file_header(&header)
        .expect("one segment and three sections fit a header");
    to.write_align_program_headers();
    let (address, offset, size) = (u64::from(address), offset as u64, image.len() as u64);
    to.write_program_header(&ProgramHeader {
        p_type: elf::PT_LOAD,
        p_flags: elf::PF_R,
        p_offset: offset,
        p_vaddr: address,
        p_paddr: address,
        p_filesz: size,
        p_memsz: size,
        p_align: 4,
    });
    to.write_align(4);
    to.write(image);
    to.write_shstrtab();
    to.write_null_section_header();
    to.write_section_header(&SectionHeader {
        name: Some(name),
        sh_type: elf::SHT_PROGBITS,
        sh_flags: elf::SHF_ALLOC.into(),
        sh_addr: address,
        sh_offset: offset,
        sh_size: size,
        sh_link: 0,
        sh_info: 0,
        sh_addralign: 4,
        sh_entsize: 0,
    });
    to.write_shstrtab_section_header();
    file
}

#[cfg(test)]
mod tests {
    use object::read::elf::{ElfFile32, FileHeader as _, ProgramHeader as _};
    use object::{Architecture, LittleEndian, Object as _, ObjectSection as _, ObjectSegment as _};

    use super::*;

    #[test]
    fn a_reader_gets_the_image_back() {
        for (machine, architecture) in [
            (Machine::Arm, Architecture::Arm),
            (Machine::RiscV, Architecture::Riscv32),
        ] {
            let image: Vec<u8> = (0..512).map(|at: usize| (at * 7 / 5) as u8).collect();
            let file = write(&image, 0x080e_0000, machine);
            let elf = ElfFile32::<LittleEndian>::parse(&*file).unwrap();
            assert_eq!(elf.architecture(), architecture);
            assert_eq!(
                (elf.kind(), elf.entry()),
                (object::ObjectKind::Executable, 0)
            );

            let segments: Vec<_> = elf.segments().collect();
            assert_eq!(segments.len(), 1);
            assert_eq!(segments[0].address(), 0x080e_0000);
            assert_eq!(segments[0].data(), Ok(&image[..]));
            // Programmers go by the physical address.
            let headers = elf.elf_header().program_headers(LittleEndian, &*file);
            let headers = headers.unwrap();
            assert_eq!(headers[0].p_paddr(LittleEndian), 0x080e_0000);
            assert_eq!(headers[0].p_type(LittleEndian), elf::PT_LOAD);

            let section = elf.section_by_name(".settings").unwrap();
            assert_eq!(section.address(), 0x080e_0000);
            assert_eq!(section.data(), Ok(&image[..]));
            assert_eq!(section.file_range(), segments[0].file_range().into());
        }
    }
}
