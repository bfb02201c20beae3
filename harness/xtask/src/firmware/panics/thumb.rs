//! As much of the Thumb-2 instruction set (Arm DDI 0403, chapter A7) as tells
//! where code goes to by a fixed address: branches, and constants in registers.

/// What an instruction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Instruction {
    /// Goes to this address, always or on a condition, with or without a return.
    Branch(u64),
    /// MOVW: the lower half of a register, the upper half is zero.
    Low { register: u8, half: u16 },
    /// MOVT: the upper half.
    High { register: u8, half: u16 },
    /// Anything else.
    Other,
}

/// How many bytes the instruction that begins with this halfword has.
pub(super) fn length(first: u16) -> u64 {
    if first >> 11 >= 0b11101 { 4 } else { 2 }
}

/// Reads the instruction at `address`; `second` is its second halfword, which
/// only one of four bytes has.
pub(super) fn decode(address: u64, first: u16, second: u16) -> Instruction {
    let (a, b) = (u32::from(first), u32::from(second));
    // The program counter reads as four bytes further on (section A5.1.2).
    let to = |offset: i64| Instruction::Branch((address + 4).wrapping_add_signed(offset));
    if length(first) == 2 {
        return match a >> 12 {
            // B, encoding T1; conditions 14 and 15 are other instructions.
            0b1101 if a >> 8 & 0xF < 14 => to(signed(a & 0xFF, 8) * 2),
            // B, encoding T2.
            0b1110 => to(signed(a & 0x7FF, 11) * 2),
            // CBZ and CBNZ: forward only.
            0b1011 if a & 0x0500 == 0x0100 => to(i64::from((a >> 9 & 1) << 5 | a >> 3 & 0x1F) * 2),
            _ => Instruction::Other,
        };
    }
    let sign = a >> 10 & 1;
    let (j1, j2) = (b >> 13 & 1, b >> 11 & 1);
    if a >> 11 == 0b11110 && b >> 15 == 1 {
        let (has_link, is_long) = (b >> 14 & 1 == 1, b >> 12 & 1 == 1);
        return match (has_link, is_long) {
            // BL, and B in encoding T4: 25 bits.
            (_, true) => {
                let (i1, i2) = (1 ^ j1 ^ sign, 1 ^ j2 ^ sign);
                let bits = sign << 23 | i1 << 22 | i2 << 21 | (a & 0x3FF) << 11 | b & 0x7FF;
                to(signed(bits, 24) * 2)
            }
            // B in encoding T3: on a condition, 21 bits.
            (false, false) if a >> 6 & 0xF < 14 => {
                let bits = sign << 19 | j2 << 18 | j1 << 17 | (a & 0x3F) << 11 | b & 0x7FF;
                to(signed(bits, 20) * 2)
            }
            _ => Instruction::Other,
        };
    }
    let half = (a & 0xF) << 12 | (a >> 10 & 1) << 11 | b >> 12 << 8 & 0x700 | b & 0xFF;
    let half = u16::try_from(half).unwrap_or_default();
    let register = u8::try_from(b >> 8 & 0xF).unwrap_or_default();
    match a & 0xFBF0 {
        0xF240 if b >> 15 == 0 => Instruction::Low { register, half },
        0xF2C0 if b >> 15 == 0 => Instruction::High { register, half },
        _ => Instruction::Other,
    }
}

/// The lowest `bits` bits as a number in two's complement.
fn signed(value: u32, bits: u32) -> i64 {
    let value = i64::from(value);
    if value >> (bits - 1) & 1 == 1 {
        value - (1 << bits)
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: u64 = 0x1000;

    fn branch(first: u16, second: u16) -> i64 {
        match decode(HERE, first, second) {
            Instruction::Branch(to) => to.cast_signed() - HERE.cast_signed(),
            other => panic!("{first:#06x} {second:#06x} is {other:?}"),
        }
    }

    /// As GNU as and llvm-mc assemble them.
    #[test]
    fn branches_go_where_the_assembler_says() {
        for (first, second, offset) in [
            (0xE7FE, 0, 0),               // b .
            (0xE001, 0, 6),               // b .+6
            (0xD0FE, 0, 0),               // beq .
            (0xDD7F, 0, 258),             // ble .+258
            (0xB108, 0, 6),               // cbz r0, .+6
            (0xBBFF, 0, 130),             // cbnz r7, .+130
            (0xF000, 0xF800, 4),          // bl .+4
            (0xF7FF, 0xFFFE, 0),          // bl .
            (0xF7FF, 0xBFFE, 0),          // b.w .
            (0xF3FF, 0xD7FF, 0x100_0002), // bl .+16777218
            (0xF400, 0xD000, -0xFF_FFFC), // bl .-16777212
            (0xF43F, 0xAFFE, 0),          // beq.w .
            (0xF000, 0x8000, 4),          // beq.w .+4
            (0xF03F, 0xAFFF, 0x10_0002),  // beq.w .+1048578
        ] {
            assert_eq!(branch(first, second), offset, "{first:#06x} {second:#06x}");
        }
    }

    #[test]
    fn constants_are_put_together() {
        let low = decode(HERE, 0xF645, 0x4323); // movw r3, #0x5c23
        let (register, half) = (3, 0x5C23);
        assert_eq!(low, Instruction::Low { register, half });
        let high = decode(HERE, 0xF2C2, 0x0100); // movt r1, #0x2000
        let (register, half) = (1, 0x2000);
        assert_eq!(high, Instruction::High { register, half });
    }

    #[test]
    fn other_instructions_go_nowhere() {
        for (first, second) in [
            (0xDF00, 0),      // svc 0
            (0xDE00, 0),      // udf 0
            (0x4770, 0),      // bx lr
            (0x4780, 0),      // blx r0
            (0xBF00, 0),      // nop
            (0xB500, 0),      // push {lr}
            (0xBF30, 0),      // wfi
            (0xF3BF, 0x8F4F), // dsb sy
            (0xF3EF, 0x8008), // mrs r0, msp
            (0xE92D, 0x47F0), // push.w
            (0xF8DF, 0x0004), // ldr.w r0, [pc, #4]
        ] {
            let read = decode(HERE, first, second);
            assert_eq!(read, Instruction::Other, "{first:#06x} {second:#06x}");
        }
    }
}
