//! What a request for data has to show.

use rand_core::{OsRng, RngCore as _};
use std::fmt::Write as _;
use subtle::ConstantTimeEq as _;

/// Bytes of randomness: 128 bits, as RFC 6749 section 10.10 asks for at least.
const RANDOM: usize = 16;

/// A secret that is new for every start.
pub(super) struct Token(String);

impl Token {
    /// Makes one from the system's source of randomness.
    pub(super) fn new() -> Self {
        let mut random = [0; RANDOM];
        OsRng.fill_bytes(&mut random);
        let mut text = String::new();
        for byte in random {
            // Writing to a String does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the query of an address shows it, compared in constant time. The
    /// first `token` counts.
    pub(super) fn is_in(&self, query: Option<&str>) -> bool {
        let mut fields = query.unwrap_or_default().split('&');
        let shown = fields.find_map(|field| field.strip_prefix("token="));
        shown.is_some_and(|shown| shown.as_bytes().ct_eq(self.0.as_bytes()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_counts() {
        let token = Token::new();
        let shown = token.as_str();
        assert_eq!(shown.len(), 32);
        assert!(shown.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(token.is_in(Some(&format!("token={shown}"))));
        assert!(token.is_in(Some(&format!("a=b&token={shown}&c"))));
        for wrong in [
            String::new(),
            "token=".into(),
            format!("token={}", &shown[1..]),
            format!("token={shown}0"),
            format!("token={}", Token::new().as_str()),
            format!("Token={shown}"),
            format!("token=x&token={shown}"),
            shown.to_owned(),
        ] {
            assert!(!token.is_in(Some(&wrong)), "{wrong}");
        }
        assert!(!token.is_in(None));
    }
}
