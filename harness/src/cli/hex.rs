//! Hexadecimal text as input, with the place of what is wrong in it.

use super::problem::Problem;

/// The bytes of a hex text of either case; white space is ignored anywhere.
pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    let mut high = None;
    for (offset, character) in text.iter().enumerate() {
        if character.is_ascii_whitespace() {
            continue;
        }
        let digit = char::from(*character)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
            .ok_or_else(|| Problem::new("InvalidHex", offset, "not a hex digit"))?;
        match high.take() {
            None => high = Some(digit),
            Some(high) => bytes.push(high << 4 | digit),
        }
    }
    match high {
        None => Ok(bytes),
        Some(_) => Err(Problem::new(
            "InvalidHex",
            text.len(),
            "an odd number of hex digits",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn either_case_and_white_space_are_read() {
        assert_eq!(decode(b" 0A f\tF\n").unwrap(), [0x0a, 0xff]);
        assert!(decode(b"").unwrap().is_empty());
    }

    #[test]
    fn what_is_not_hex_is_refused_with_its_place() {
        assert!(decode(b"00xx").unwrap_err().text().contains("byte 2"));
        assert!(decode(b"000").unwrap_err().text().contains("odd"));
        assert!(decode("é0".as_bytes()).is_err());
    }
}
