//! JavaScript and sheets without their comments, indentation and empty lines: what
//! people need
//! and browsers do not. Names and line breaks stay, so that an error's line can be
//! found again.

/// Before these, in code, a `/` begins a regular expression.
const BEFORE_PATTERN: &str = "(,=:[!&|?{};+-*%~^<>";

/// Behind these words, too.
const WORDS_BEFORE_PATTERN: [&str; 9] = [
    "return", "typeof", "case", "in", "of", "void", "throw", "else", "await",
];

/// The same program, shorter. What begins a regular expression and what divides is
/// told apart by what stands before it, which is right for code that does not put a
/// pattern behind a `)`.
pub(crate) fn squeeze(code: &str) -> String {
    let mut squeezer = Squeezer {
        code,
        at: 0,
        out: String::with_capacity(code.len()),
    };
    squeezer.code_until_brace();
    while !squeezer.rest().is_empty() {
        // A `}` too many: not ours to judge.
        squeezer.keep(1);
        squeezer.code_until_brace();
    }
    squeezer.out
}

struct Squeezer<'a> {
    code: &'a str,
    at: usize,
    out: String,
}

impl Squeezer<'_> {
    fn rest(&self) -> &str {
        &self.code[self.at..]
    }

    /// Takes the next `length` bytes as they are.
    fn keep(&mut self, length: usize) {
        self.out.push_str(&self.code[self.at..self.at + length]);
        self.at += length;
    }

    /// Code up to its end, or up to the `}` that has no `{` in it.
    fn code_until_brace(&mut self) {
        let mut open = 0_usize;
        while let Some(next) = self.rest().chars().next() {
            match next {
                '\'' | '"' => self.quoted(next),
                '`' => self.template(),
                '/' if self.rest().starts_with("//") => {
                    self.at += self.rest().find('\n').unwrap_or(self.rest().len());
                }
                '/' if self.rest().starts_with("/*") => {
                    let end = self
                        .rest()
                        .find("*/")
                        .map_or(self.rest().len(), |at| at + 2);
                    let lines = self.rest()[..end].contains('\n');
                    self.at += end;
                    self.space(if lines { '\n' } else { ' ' });
                }
                '/' if self.begins_pattern() => self.pattern(),
                '}' if open == 0 => return,
                '{' | '}' => {
                    open = if next == '{' { open + 1 } else { open - 1 };
                    self.keep(1);
                }
                '\n' | ' ' | '\t' | '\r' => {
                    self.at += 1;
                    self.space(next);
                }
                _ => self.keep(next.len_utf8()),
            }
        }
    }

    /// Space between things: one of it, and none at the ends of a line.
    fn space(&mut self, space: char) {
        match space {
            '\n' => {
                let length = self.out.trim_end_matches(' ').len();
                self.out.truncate(length);
                if !self.out.is_empty() && !self.out.ends_with('\n') {
                    self.out.push('\n');
                }
            }
            _ if self.out.is_empty() || self.out.ends_with(['\n', ' ']) => {}
            _ => self.out.push(' '),
        }
    }

    fn quoted(&mut self, quote: char) {
        let mut escaped = false;
        let length = self.rest()[1..]
            .find(|c| {
                let ends = c == quote && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            })
            .map_or(self.rest().len(), |at| at + 2);
        self.keep(length);
    }

    fn template(&mut self) {
        self.keep(1);
        while let Some(next) = self.rest().chars().next() {
            if next == '`' {
                self.keep(1);
                return;
            }
            if self.rest().starts_with("${") {
                self.keep(2);
                self.code_until_brace();
                continue;
            }
            let length = next.len_utf8();
            let escaped = self.rest()[length..]
                .chars()
                .next()
                .filter(|_| next == '\\');
            self.keep(length + escaped.map_or(0, char::len_utf8));
        }
    }

    fn begins_pattern(&self) -> bool {
        let before = self.out.trim_end();
        before.is_empty()
            || before.ends_with(|c| BEFORE_PATTERN.contains(c))
            || WORDS_BEFORE_PATTERN.iter().any(|word| {
                before.strip_suffix(word).is_some_and(|more| {
                    !more.ends_with(|c: char| c.is_alphanumeric() || "_$.".contains(c))
                })
            })
    }

    fn pattern(&mut self) {
        let (mut escaped, mut in_class, mut first) = (false, false, true);
        let length = self
            .rest()
            .find(|c| {
                let ends = c == '/' && !escaped && !in_class && !first;
                if !escaped {
                    in_class = c == '[' || in_class && c != ']';
                }
                escaped = c == '\\' && !escaped;
                first = false;
                ends || c == '\n'
            })
            .map_or(self.rest().len(), |at| at + 1);
        self.keep(length);
    }
}

#[cfg(test)]
mod tests {
    use super::squeeze;

    #[test]
    fn comments_and_indentation_go_and_nothing_else() {
        for (code, short) in [
            (
                "// a\nlet b = 1; // c\n\n  let d;\n",
                "let b = 1;\nlet d;\n",
            ),
            ("a /* x */ / b; /* y\n */ c", "a / b;\nc"),
            (
                "\"// no\" + '/* no */ \\' //' // yes",
                "\"// no\" + '/* no */ \\' //' ",
            ),
            (
                "`  // ${ a /* x */ + `//${\"}\"}` } //\n  b`",
                "`  // ${ a + `//${\"}\"}` } //\n  b`",
            ),
            (
                "x.replace(/[/]\\//g, \"\") // y",
                "x.replace(/[/]\\//g, \"\") ",
            ),
            ("return /\\/\\*/.test(a); // z", "return /\\/\\*/.test(a); "),
            ("a.return / 2 // z", "a.return / 2 "),
            (
                "const f = () => {\n  if (a) {\n    b();\n  }\n};",
                "const f = () => {\nif (a) {\nb();\n}\n};",
            ),
            ("} /* a */ }\n// b", "} }\n"),
            (
                "\u{e4} = \"\u{2192}\";\t// \u{e9}",
                "\u{e4} = \"\u{2192}\"; ",
            ),
        ] {
            assert_eq!(squeeze(code), short, "{code}");
        }
    }
}
