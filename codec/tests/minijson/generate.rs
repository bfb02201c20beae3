//! Documents that look like chance and are always the same.

/// Marsaglia's xorshift.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 16
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next()).unwrap() % bound
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn bytes(&mut self, count: usize, out: &mut Vec<u8>) {
        out.extend((0..count).map(|_| self.byte()));
    }
}

/// One value in any form that the format has for it, shortest or not.
pub(crate) fn value(numbers: &mut Numbers, depth: usize, out: &mut Vec<u8>) {
    if depth > 0 && numbers.below(3) > 0 {
        return container(numbers, depth - 1, out);
    }
    scalar(numbers, out);
}

fn scalar(numbers: &mut Numbers, out: &mut Vec<u8>) {
    // Type bytes with the bytes that follow.
    const SIZED: [(u8, usize); 12] = [
        (0x03, 1),
        (0x02, 2),
        (0x01, 4),
        (0x06, 1),
        (0x05, 2),
        (0x0C, 3),
        (0x04, 4),
        (0x09, 4),
        (0x0A, 8),
        (0x08, 0),
        (0x16, 0),
        (0x17, 0),
    ];
    match numbers.below(10) {
        0..5 => {
            let (first, size) = SIZED[numbers.below(SIZED.len())];
            out.push(first);
            numbers.bytes(size, out);
        }
        5 => {
            // Integers of any length, also longer than their number needs.
            let length = numbers.below(20);
            out.extend([0x18, u8::try_from(length).unwrap()]);
            let sign = if numbers.below(2) == 0 { 0 } else { 0xFF };
            let padding = numbers.below(length + 1);
            out.extend(core::iter::repeat_n(sign, padding));
            numbers.bytes(length - padding, out);
        }
        6 => {
            let length = numbers.below(20);
            match numbers.below(3) {
                0 => out.extend([0x19, u8::try_from(length).unwrap()]),
                1 => out.extend([0x1A, 0, u8::try_from(length).unwrap()]),
                _ => out.extend([0x1B, 0, 0, 0, u8::try_from(length).unwrap()]),
            }
            numbers.bytes(length, out);
        }
        _ => {
            let content = text(numbers);
            let length = u8::try_from(content.len()).unwrap();
            match numbers.below(6) {
                0 => out.extend([0x00, length]),
                1 => out.extend([0x0D, 0, length]),
                2 => out.extend([0x0E, 0, 0, 0, length]),
                _ => out.push(0x80 | length),
            }
            out.extend(content);
        }
    }
}

fn text(numbers: &mut Numbers) -> Vec<u8> {
    let characters = ["a", "b", "W1.in", "\u{e9}", "\u{20ac}", "\u{1f600}"];
    let count = numbers.below(10);
    let mut text: Vec<u8> = (0..count)
        .flat_map(|_| characters[numbers.below(characters.len())].bytes())
        .collect();
    if numbers.below(20) == 0 {
        text.push(0xFF);
    }
    text
}

fn container(numbers: &mut Numbers, depth: usize, out: &mut Vec<u8>) {
    let count = match numbers.below(8) {
        0 => 16 + numbers.below(8),
        _ => numbers.below(6),
    };
    let length = u8::try_from(count).unwrap();
    let form = numbers.below(3);
    let (small, others) = [
        (0x40, [0x07, 0x0F, 0x10]),
        (0x50, [0x0B, 0x11, 0x12]),
        (0x60, [0x14, 0x15, 0x13]),
    ][form];
    match numbers.below(6) {
        0 => out.extend([others[1], 0, length]),
        1 => out.extend([others[2], 0, 0, 0, length]),
        _ if count < 16 => out.push(small | length),
        _ => out.extend([others[0], length]),
    }
    for _ in 0..count {
        if form == 1 {
            let key = text(numbers);
            out.push(u8::try_from(key.len()).unwrap());
            out.extend(key);
        } else if form == 2 {
            // Now and then a container, which must not stand there.
            if numbers.below(60) == 0 {
                value(numbers, depth, out);
            } else {
                scalar(numbers, out);
            }
        }
        value(numbers, depth, out);
    }
}
