//! Where the settings of each board stand, and what writes them there.

use super::Format;

/// A board, as far as its settings go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Board {
    /// The name of its folder in `embassy-client/boards`.
    pub name: &'static str,
    /// Where its settings begin. For boards whose flash is reached through a
    /// cache by the processor and by offsets otherwise (ESP32-C6) the offset.
    pub address: u32,
    /// Bytes that there are for them.
    pub size: usize,
    /// Bytes that its flash erases at once: the address is a multiple of it.
    pub sector: u32,
    /// The processor.
    pub machine: Machine,
    /// What writes to its flash.
    pub writer: Writer,
    /// The family that its UF2 bootloader takes for data at any address, if it
    /// has such a bootloader.
    pub uf2_family: Option<u32>,
}

/// An instruction set, as ELF names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// Arm, 32 bits.
    Arm,
    /// RISC-V, 32 bits.
    RiscV,
}

/// The program that writes to a board's flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writer {
    /// QEMU loads the file beside the program, each time it starts.
    Qemu,
    /// probe-rs, by a debug probe, which knows the chip by this name.
    ProbeRs(&'static str),
    /// espflash, by the chip's own bootloader on its USB or serial port; chips by
    /// its name for them, which is probe-rs's too.
    Espflash(&'static str),
}

/// `absolute` of RP2350: written where the block says, whatever partitions
/// there are (RP2350 datasheet, section 5.5.3). The families of programs would
/// have the bootloader look for something to start in it.
const RP2350_ABSOLUTE: u32 = 0xe48b_ff57;

/// All boards. A test holds them to the boards' own memory maps.
pub const BOARDS: [Board; 4] = [
    Board {
        name: "qemu-mps2-an386",
        address: 0x003f_0000,
        size: crate::firmware::REGION,
        sector: 4,
        machine: Machine::Arm,
        writer: Writer::Qemu,
        uf2_family: None,
    },
    Board {
        name: "stm32h7-nucleo",
        address: 0x080e_0000,
        size: 128 << 10,
        sector: 128 << 10,
        machine: Machine::Arm,
        writer: Writer::ProbeRs("STM32H743ZITx"),
        uf2_family: None,
    },
    Board {
        name: "rp2350-w5500",
        address: 0x101f_0000,
        size: 64 << 10,
        sector: 4 << 10,
        machine: Machine::Arm,
        writer: Writer::ProbeRs("RP235x"),
        uf2_family: Some(RP2350_ABSOLUTE),
    },
    Board {
        name: "esp32c6",
        address: 0x003f_0000,
        size: 8 << 10,
        sector: 4 << 10,
        machine: Machine::RiscV,
        writer: Writer::Espflash("esp32c6"),
        uf2_family: None,
    },
];

impl Board {
    /// The board of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<&'static Self> {
        BOARDS.iter().find(|board| board.name == name)
    }

    /// What a person does to write `file`, which is of this format, to the
    /// board: a line for a shell where a program does it.
    #[must_use]
    pub fn instruction(&self, format: Format, address: u32, file: &str) -> String {
        let file = quoted(file);
        let probe_rs = |chip| {
            let how = match format {
                Format::Bin => format!("--binary-format bin --base-address {address:#010x}"),
                other => format!("--binary-format {}", other.name()),
            };
            format!("probe-rs download --chip {chip} {how} {file}")
        };
        match (format, self.writer) {
            (Format::Uf2, _) => format!(
                "cp {file} /path/to/the/drive  # which appears when BOOTSEL is held at power on"
            ),
            (Format::Bin, Writer::Qemu) => format!(
                "qemu-system-arm ... -device loader,file={file},addr={address:#x},force-raw=on"
            ),
            (_, Writer::Qemu) => format!("qemu-system-arm ... -device loader,file={file}"),
            (Format::Bin, Writer::Espflash(chip)) => {
                format!("espflash write-bin --chip {chip} {address:#x} {file}")
            }
            (_, Writer::Espflash(chip) | Writer::ProbeRs(chip)) => probe_rs(chip),
        }
    }
}

/// A file name as a POSIX shell takes it.
fn quoted(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%".contains(&byte);
    if !name.is_empty() && name.bytes().all(plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_begins_at_a_sector_and_has_whole_ones() {
        for board in &BOARDS {
            assert_eq!(board.address % board.sector, 0, "{}", board.name);
            assert_eq!(board.size % board.sector as usize, 0, "{}", board.name);
            assert_eq!(Board::of_name(board.name), Some(board));
        }
        assert_eq!(Board::of_name("abacus"), None);
    }

    #[test]
    fn each_writer_is_told_file_and_address() {
        let [qemu, nucleo, pico, esp] = BOARDS;
        for (board, format, said) in [
            (
                qemu,
                Format::Bin,
                "qemu-system-arm ... -device loader,file=a.x,addr=0x20000,force-raw=on",
            ),
            (
                nucleo,
                Format::Bin,
                "probe-rs download --chip STM32H743ZITx --binary-format bin \
                 --base-address 0x00020000 a.x",
            ),
            (
                nucleo,
                Format::Elf,
                "probe-rs download --chip STM32H743ZITx --binary-format elf a.x",
            ),
            (
                pico,
                Format::Hex,
                "probe-rs download --chip RP235x --binary-format hex a.x",
            ),
            (
                esp,
                Format::Bin,
                "espflash write-bin --chip esp32c6 0x20000 a.x",
            ),
            (
                esp,
                Format::Elf,
                "probe-rs download --chip esp32c6 --binary-format elf a.x",
            ),
        ] {
            assert_eq!(board.instruction(format, 0x20000, "a.x"), said);
        }
        let copied = pico.instruction(Format::Uf2, 0, "a.x");
        assert!(copied.starts_with("cp a.x "), "{copied}");
    }

    #[test]
    fn names_are_quoted_where_a_shell_would_take_them_apart() {
        for (name, said) in [
            ("a/b-c_d.bin", "a/b-c_d.bin"),
            ("my device.bin", "'my device.bin'"),
            ("it's.bin", r"'it'\''s.bin'"),
            ("$(reboot)", "'$(reboot)'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(name), said);
        }
    }
}
