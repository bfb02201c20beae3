//! Bytes as hex digits.

/// Appends the lower-case hex digits of `bytes`.
pub fn hex(bytes: &[u8], out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.reserve(bytes.len() * 2);
    for bytes in bytes.chunks(64) {
        let mut text = [[0; 2]; 64];
        for (pair, byte) in text.iter_mut().zip(bytes) {
            *pair = [byte >> 4, byte & 0xF].map(|digit| DIGITS[usize::from(digit)]);
        }
        let digits = text[..bytes.len()].as_flattened();
        // Digits are UTF-8.
        out.push_str(std::str::from_utf8(digits).unwrap_or_default());
    }
}

/// The bytes of hex digits of either case, white space aside.
///
/// # Errors
/// The byte of `text` at which no digit stands, or its length where one digit is
/// missing.
pub fn unhex(text: &str) -> Result<Vec<u8>, usize> {
    let digits = text.as_bytes();
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    let (mut at, mut high) = (0, None);
    while let Some(&digit) = digits.get(at) {
        // Most digits stand in pairs.
        if high.is_none()
            && let Some(low) = digits.get(at + 1).copied().and_then(nibble)
            && let Some(high) = nibble(digit)
        {
            bytes.push(high << 4 | low);
            at += 2;
            continue;
        }
        if let Some(digit) = nibble(digit) {
            match high.take() {
                None => high = Some(digit),
                Some(high) => bytes.push(high << 4 | digit),
            }
            at += 1;
            continue;
        }
        match text[at..].chars().next() {
            Some(space) if space.is_whitespace() => at += space.len_utf8(),
            _ => return Err(at),
        }
    }
    if high.is_some() {
        Err(text.len())
    } else {
        Ok(bytes)
    }
}

/// What a hex digit of either case stands for.
pub(crate) const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_goes_both_ways() {
        let mut text = String::new();
        hex(&[0, 0x1f, 0xff], &mut text);
        assert_eq!(text, "001fff");
        assert_eq!(unhex(" 00 1F\nff "), Ok(vec![0, 0x1f, 0xff]));
        assert_eq!(unhex("00g0"), Err(2));
        assert_eq!(unhex("001"), Err(3));
    }
}
