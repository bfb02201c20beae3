//! From the text of a filter to its tree.
//!
//! ```text
//! any     = all { ("||" | "or") all }
//! all     = one { ("&&" | "and") one }
//! one     = ("!" | "not") one | "(" any ")" | flag | field [ test ]
//! field   = column | path
//! test    = ("==" | "!=" | "<" | "<=" | ">" | ">=") value
//!         | "in" "(" value { "," value } ")"
//!         | "contains" value | "matches" text | "~" text
//! ```

use super::expr::{Expr, Field, Test};
use super::token::{Lexer, Spanned, Token};
use super::words::{COLUMNS, Column, FLAGS, Op, ROOTS, find, nearest};
use super::{FilterError, old};
use crate::detail::Path;

/// Bytes of the longest filter.
pub(super) const MAX_TEXT: usize = 16 << 10;
/// How deep parentheses and `!` may be nested.
const MAX_DEPTH: usize = 64;
/// How many tests and values a filter may have.
const MAX_PARTS: usize = 1000;

/// Reads the text of a filter.
pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    lexer: Lexer<'t>,
    /// The token that is looked at.
    pub(super) now: Spanned<'t>,
    /// Where the token before it ends.
    before: usize,
    depth: usize,
    parts: usize,
}

/// The whole text as a tree.
pub(super) fn parse(text: &str) -> Result<Expr, FilterError> {
    if text.len() > MAX_TEXT {
        let message = format!("a filter has at most {MAX_TEXT} bytes");
        return Err(FilterError::new(MAX_TEXT, text.len(), message));
    }
    let mut lexer = Lexer::new(text);
    let now = lexer.next()?;
    let mut parser = Parser {
        text,
        lexer,
        now,
        before: 0,
        depth: 0,
        parts: 0,
    };
    if parser.now.token == Token::End {
        return Ok(Expr::All(Vec::new()));
    }
    let all = parser.any()?;
    match parser.now.token {
        Token::End => Ok(all),
        Token::Close => Err(parser.wrong("this ) closes nothing")),
        Token::Assign | Token::Comma => Err(parser.old_form()),
        _ => Err(parser.expected("&& or || between two terms")),
    }
}

impl<'t> Parser<'t> {
    /// Takes the token that is looked at.
    pub(super) fn take(&mut self) -> Result<Spanned<'t>, FilterError> {
        let taken = self.now;
        self.before = taken.end;
        self.now = self.lexer.next()?;
        Ok(taken)
    }

    /// Takes the token, if it is this one.
    fn took(&mut self, token: Token<'_>) -> Result<bool, FilterError> {
        let there = self.now.token == token;
        if there {
            self.take()?;
        }
        Ok(there)
    }

    /// An error about the token that is looked at.
    pub(super) fn wrong(&self, message: impl Into<String>) -> FilterError {
        FilterError::new(self.now.start, self.now.end, message.into())
    }

    /// The same, where something else should stand.
    pub(super) fn expected(&self, what: &str) -> FilterError {
        let found = match self.now.token {
            Token::End => "the end".to_owned(),
            _ => format!("`{}`", shortened(&self.text[self.now.start..self.now.end])),
        };
        let mut error = self.wrong(format!("expected {what}, found {found}"));
        if self.now.token == Token::End {
            // There is nothing to underline behind the end.
            error.start = self.before.min(error.start);
        }
        error
    }

    /// An error about terms as older versions wrote them.
    fn old_form(&self) -> FilterError {
        self.wrong(match old::rewritten(self.text) {
            Some(now) => format!("terms are compared by == and joined by &&: write {now}"),
            None if self.now.token == Token::Comma => "terms are joined by &&, not by ,".into(),
            None => "a single = compares nothing: write ==".into(),
        })
    }

    /// One test or value more.
    pub(super) fn count(&mut self) -> Result<(), FilterError> {
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(self.wrong(format!("a filter has at most {MAX_PARTS} parts")));
        }
        Ok(())
    }

    fn any(&mut self) -> Result<Expr, FilterError> {
        let mut parts = Vec::new();
        loop {
            match self.all()? {
                Expr::Any(inner) => parts.extend(inner),
                part => parts.push(part),
            }
            if !self.took(Token::Or)? {
                return Ok(one(parts, Expr::Any));
            }
        }
    }

    fn all(&mut self) -> Result<Expr, FilterError> {
        let mut parts = Vec::new();
        loop {
            match self.one()? {
                Expr::All(inner) => parts.extend(inner),
                part => parts.push(part),
            }
            if !self.took(Token::And)? {
                return Ok(one(parts, Expr::All));
            }
        }
    }

    fn one(&mut self) -> Result<Expr, FilterError> {
        let mut negated = false;
        let mut depth = 0;
        loop {
            depth += 1;
            if self.depth + depth > MAX_DEPTH {
                return Err(self.wrong(format!("nested deeper than {MAX_DEPTH} levels")));
            }
            if !self.took(Token::Not)? {
                break;
            }
            negated = !negated;
        }
        let part = if self.now.token == Token::Open {
            let open = self.take()?;
            self.depth += depth;
            let inner = self.any()?;
            self.depth -= depth;
            if !self.took(Token::Close)? {
                let mut error = self.expected("&&, || or )");
                if self.now.token == Token::End {
                    (error.start, error.end) = (open.start, open.end);
                    error.message = "this ( is not closed".into();
                }
                return Err(error);
            }
            inner
        } else {
            self.term()?
        };
        Ok(match part {
            Expr::Not(inner) if negated => *inner,
            part if negated => Expr::Not(Box::new(part)),
            part => part,
        })
    }

    fn term(&mut self) -> Result<Expr, FilterError> {
        self.count()?;
        let field = match self.now.token {
            Token::Word(word) => {
                if let Some(bit) = find(FLAGS, word) {
                    self.take()?;
                    return Ok(Expr::Flag(bit));
                }
                match find(COLUMNS, word) {
                    Some(column) => Field::Column(column),
                    None if is_root(word) => Field::Path(self.path(word)?),
                    None => return Err(self.unknown(word)),
                }
            }
            Token::Path(text) => {
                let end = text.find(['.', '[', '{']).unwrap_or(text.len());
                let root = &text[..end];
                if !is_root(root) {
                    let mut error = self.unknown(root);
                    error.end = error.start + end;
                    return Err(error);
                }
                Field::Path(self.path(text)?)
            }
            _ => return Err(self.expected("a column, a flag or a field such as payload[0].key")),
        };
        self.take()?;
        let test = self.test(&field)?;
        Ok(Expr::Test(field, test))
    }

    fn path(&self, text: &str) -> Result<Path, FilterError> {
        Path::parse(text).map_err(|error| {
            let start = self.now.start + error.position.min(text.len());
            FilterError::new(start, self.now.end, error.message.into_owned())
        })
    }

    /// An error about a word that is no column, flag or root of a path.
    fn unknown(&self, word: &str) -> FilterError {
        let columns = COLUMNS.iter().map(|word| word.name);
        let flags = FLAGS.iter().map(|word| word.name);
        let roots = ROOTS.iter().map(|word| word.name);
        let mut message = format!("there is no `{}`", shortened(word));
        if let Some(near) = nearest(columns.chain(flags).chain(roots), word) {
            message += &format!(": did you mean `{near}`?");
        } else {
            message += ": fields of a payload are written payload.key or payload[0].key";
        }
        self.wrong(message)
    }

    fn test(&mut self, field: &Field) -> Result<Test, FilterError> {
        let at = self.now;
        let test = match at.token {
            Token::Compare(op) => {
                self.take()?;
                let value = self.value(field, matches!(op, Op::Equal | Op::Unequal))?;
                Test::Compare(op, value)
            }
            Token::Word(word) if word.eq_ignore_ascii_case("in") => {
                self.take()?;
                self.list(field)?
            }
            Token::Word(word) if word.eq_ignore_ascii_case("contains") => {
                self.take()?;
                Test::Contains(self.part()?)
            }
            Token::Word(word) if word.eq_ignore_ascii_case("matches") => {
                self.take()?;
                Test::Matches(self.expression()?)
            }
            Token::Search => {
                self.take()?;
                Test::Search(self.plain_text()?)
            }
            Token::Assign => return Err(self.old_form()),
            Token::Word(word) if !is_joint(word) => {
                let message = match nearest(["in", "contains", "matches"].into_iter(), word) {
                    Some(near) => {
                        format!(
                            "`{}` compares nothing: did you mean `{near}`?",
                            shortened(word)
                        )
                    }
                    None => return Err(self.expected("a comparison such as ==")),
                };
                return Err(self.wrong(message));
            }
            // A column of every row says nothing by being there.
            _ if !matches!(field, Field::Path(_) | Field::Column(Column::Latency)) => {
                return Err(self.expected("a comparison such as =="));
            }
            _ => return Ok(Test::Exists),
        };
        let parts = matches!(test, Test::Contains(_) | Test::Matches(_) | Test::Search(_));
        match field {
            Field::Column(column) if parts && *column != Column::Type => Err(FilterError::new(
                at.start,
                at.end,
                "only type and fields of payloads are text".into(),
            )),
            _ => Ok(test),
        }
    }

    fn list(&mut self, field: &Field) -> Result<Test, FilterError> {
        if !self.took(Token::Open)? {
            return Err(self.expected("( and the values"));
        }
        let mut values = Vec::new();
        loop {
            self.count()?;
            values.push(self.value(field, true)?);
            if self.took(Token::Close)? {
                return Ok(Test::In(values));
            }
            if !self.took(Token::Comma)? {
                return Err(self.expected("a comma or )"));
            }
        }
    }
}

/// Whether a path may begin with this word.
fn is_root(word: &str) -> bool {
    ROOTS.iter().any(|root| root.name == word)
}

/// Whether the word is one that terms are joined with, or begins the next term.
fn is_joint(word: &str) -> bool {
    find(FLAGS, word).is_some() || find(COLUMNS, word).is_some() || is_root(word)
}

fn one(mut parts: Vec<Expr>, join: impl Fn(Vec<Expr>) -> Expr) -> Expr {
    match parts.pop() {
        Some(part) if parts.is_empty() => part,
        Some(part) => {
            parts.push(part);
            join(parts)
        }
        None => join(parts),
    }
}

/// A text from outside, short enough for a message.
pub(super) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short += "..";
    }
    short
}
