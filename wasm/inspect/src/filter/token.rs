//! Cutting the text of a filter into tokens.

use super::FilterError;
use super::words::Op;

/// The smallest part of a filter that means something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'t> {
    Open,
    Close,
    Comma,
    And,
    Or,
    Not,
    /// `~`
    Search,
    Compare(Op),
    /// A single `=`, which is no operator.
    Assign,
    /// Digits as they stand there; a unit is a [`Token::Word`] of its own.
    Number(&'t str),
    /// What stands between the quotes, escapes and all.
    Text(&'t str),
    /// What stands between the quotes of `x".."`.
    Hex(&'t str),
    /// A date and a time without quotes.
    Moment(&'t str),
    /// Letters, digits and `_`.
    Word(&'t str),
    /// A word that goes on with `.key`, `[0]`, `["key"]` or `{5}`.
    Path(&'t str),
    /// The end of the text.
    End,
}

/// A token with its place, in bytes of the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spanned<'t> {
    pub(super) token: Token<'t>,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Reads tokens one after another.
#[derive(Clone, Debug)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    position: usize,
}

fn begins_word(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn continues_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl<'t> Lexer<'t> {
    pub(super) const fn new(text: &'t str) -> Self {
        Self { text, position: 0 }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.position..]
    }

    /// Goes on while `wanted` holds, and returns what it passed over.
    fn pass(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.position += length;
        &rest[..length]
    }

    fn eat(&mut self, text: &str) -> bool {
        let there = self.rest().starts_with(text);
        if there {
            self.position += text.len();
        }
        there
    }

    /// Where the next token begins.
    pub(super) fn next_start(&mut self) -> usize {
        self.pass(char::is_whitespace);
        self.position
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Result<Spanned<'t>, FilterError> {
        self.pass(char::is_whitespace);
        let start = self.position;
        let token = self.token(start)?;
        Ok(Spanned {
            token,
            start,
            end: self.position,
        })
    }

    fn token(&mut self, start: usize) -> Result<Token<'t>, FilterError> {
        const SIGNS: &[(&str, Token<'static>)] = &[
            ("(", Token::Open),
            (")", Token::Close),
            (",", Token::Comma),
            ("&&", Token::And),
            ("||", Token::Or),
            ("==", Token::Compare(Op::Equal)),
            ("!=", Token::Compare(Op::Unequal)),
            ("<=", Token::Compare(Op::LessEqual)),
            (">=", Token::Compare(Op::GreaterEqual)),
            ("<", Token::Compare(Op::Less)),
            (">", Token::Compare(Op::Greater)),
            ("=", Token::Assign),
            ("!", Token::Not),
            ("~", Token::Search),
        ];
        let mut rest = self.rest().chars();
        let Some(first) = rest.next() else {
            return Ok(Token::End);
        };
        for (sign, token) in SIGNS {
            if self.eat(sign) {
                return Ok(*token);
            }
        }
        let second = rest.next().unwrap_or(' ');
        match first {
            '"' | '\'' => self.quoted(first).map(Token::Text),
            'x' | 'X' if second == '"' => {
                self.position += 1;
                self.quoted('"').map(Token::Hex)
            }
            '0'..='9' => Ok(self.number()),
            '-' | '+' | '.' if second.is_ascii_digit() || second == '.' => Ok(self.number()),
            c if begins_word(c) => self.word(start),
            '&' | '|' => Err(FilterError::new(
                start,
                start + 1,
                format!("a single `{first}` joins nothing: write {first}{first}"),
            )),
            _ => Err(FilterError::new(
                start,
                start + first.len_utf8(),
                format!("`{first}` means nothing here"),
            )),
        }
    }

    /// What stands between this quote and the next of its kind.
    fn quoted(&mut self, quote: char) -> Result<&'t str, FilterError> {
        let open = self.position;
        let inside = open + 1;
        let mut escaped = false;
        for (at, c) in self.text[inside..].char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == quote => {
                    self.position = inside + at + 1;
                    return Ok(&self.text[inside..inside + at]);
                }
                _ => {}
            }
        }
        Err(FilterError::new(
            open,
            self.text.len(),
            format!("this text has no closing {quote}"),
        ))
    }

    fn number(&mut self) -> Token<'t> {
        let start = self.position;
        let bytes = self.rest().as_bytes();
        if bytes.len() > 5
            && bytes[..4].iter().all(u8::is_ascii_digit)
            && bytes[4] == b'-'
            && bytes[5].is_ascii_digit()
        {
            return Token::Moment(self.pass(|c| c.is_ascii_alphanumeric() || "-+:.".contains(c)));
        }
        self.position += usize::from(matches!(bytes[0], b'-' | b'+'));
        if self.eat("0x") || self.eat("0X") {
            self.pass(|c| c.is_ascii_hexdigit() || c == '_');
        } else {
            let digits = |c: char| c.is_ascii_digit() || c == '_';
            self.pass(digits);
            if self.rest().starts_with('.') {
                self.position += 1;
                self.pass(digits);
            }
            // An exponent, if digits follow; otherwise it begins a unit.
            let mut exponent = self.rest().bytes();
            if matches!(exponent.next(), Some(b'e' | b'E')) {
                let next = exponent.next();
                let signed = matches!(next, Some(b'-' | b'+'));
                let digit = if signed { exponent.next() } else { next };
                if digit.is_some_and(|digit| digit.is_ascii_digit()) {
                    self.position += 1 + usize::from(signed);
                    self.pass(|c| c.is_ascii_digit());
                }
            }
        }
        Token::Number(&self.text[start..self.position])
    }

    /// A word, or a path that begins with one.
    fn word(&mut self, start: usize) -> Result<Token<'t>, FilterError> {
        let word = self.pass(continues_word);
        match word {
            _ if word.eq_ignore_ascii_case("and") => return Ok(Token::And),
            _ if word.eq_ignore_ascii_case("or") => return Ok(Token::Or),
            _ if word.eq_ignore_ascii_case("not") => return Ok(Token::Not),
            _ => {}
        }
        loop {
            let before = self.position;
            match self.rest().as_bytes().first() {
                Some(b'.') => {
                    self.position += 1;
                    self.pass(continues_word);
                }
                Some(b'[') => self.bracket('[', ']')?,
                Some(b'{') => self.bracket('{', '}')?,
                _ => {}
            }
            if self.position == before {
                break;
            }
        }
        let text = &self.text[start..self.position];
        Ok(if text.len() == word.len() {
            Token::Word(word)
        } else {
            Token::Path(text)
        })
    }

    /// `[..]` or `{..}`; what is in it is the path's own business, quoted text
    /// may hold brackets.
    fn bracket(&mut self, open: char, close: char) -> Result<(), FilterError> {
        let start = self.position;
        self.position += 1;
        loop {
            self.pass(|c| c != close && c != '"');
            match self.rest().chars().next() {
                Some('"') => {
                    self.quoted('"')?;
                }
                Some(_) => {
                    self.position += 1;
                    return Ok(());
                }
                None => {
                    return Err(FilterError::new(
                        start,
                        self.text.len(),
                        format!("this {open} has no {close}"),
                    ));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token<'_>> {
        let mut lexer = Lexer::new(text);
        std::iter::from_fn(|| match lexer.next().unwrap().token {
            Token::End => None,
            token => Some(token),
        })
        .collect()
    }

    #[test]
    fn words_paths_numbers_and_texts_are_told_apart() {
        assert_eq!(
            tokens(r#"type!=ORDER and payload[0]["a \"]"].b{5}>=-1.5e3s"#),
            [
                Token::Word("type"),
                Token::Compare(Op::Unequal),
                Token::Word("ORDER"),
                Token::And,
                Token::Path(r#"payload[0]["a \"]"].b{5}"#),
                Token::Compare(Op::GreaterEqual),
                Token::Number("-1.5e3"),
                Token::Word("s"),
            ]
        );
        assert_eq!(
            tokens("1e 0xFFms 5 \u{b5}s"),
            [
                Token::Number("1"),
                Token::Word("e"),
                Token::Number("0xFF"),
                Token::Word("ms"),
                Token::Number("5"),
                Token::Word("\u{b5}s"),
            ]
        );
        assert_eq!(
            tokens(r#"time<2026-11-21T19:25:00.5+01:00 x"DE AD" 'it\'s'"#),
            [
                Token::Word("time"),
                Token::Compare(Op::Less),
                Token::Moment("2026-11-21T19:25:00.5+01:00"),
                Token::Hex("DE AD"),
                Token::Text(r"it\'s"),
            ]
        );
    }

    #[test]
    fn what_is_no_token_is_told_with_its_place() {
        for (text, start, end, part) in [
            ("a & b", 2, 3, "&&"),
            ("a == \"x", 5, 7, "no closing"),
            ("payload[\"x]", 8, 11, "no closing"),
            ("payload[0", 7, 9, "has no ]"),
            ("a == \u{20ac}", 5, 8, "means nothing"),
        ] {
            let mut lexer = Lexer::new(text);
            let error = loop {
                match lexer.next() {
                    Ok(Spanned {
                        token: Token::End, ..
                    }) => panic!("{text} is read"),
                    Ok(_) => {}
                    Err(error) => break error,
                }
            };
            assert_eq!((error.start, error.end), (start, end), "{text}");
            assert!(error.message.contains(part), "{text}: {}", error.message);
        }
    }
}
