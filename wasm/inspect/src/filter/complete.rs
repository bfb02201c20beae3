//! What could stand where the cursor is.

use super::expr::is_word;
use super::kind::{has_types, name};
use super::parse::MAX_TEXT;
use super::token::{Lexer, Token};
use super::words::{COLUMNS, Column, DIRECTIONS, DURATIONS, FLAGS, PROTOCOLS, ROOTS, SIZES, find};
use crate::Protocol;
use crate::order::sorted;
use crate::plot::{Seen, fields, general};
use crate::table::Table;

/// How many completions there are at most.
const MAX_ITEMS: usize = 40;
/// Rows that are looked at for values.
const MAX_ROWS: usize = 200_000;

/// Something that could stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// What to write.
    pub text: String,
    /// What it means, for people; may be empty.
    pub help: String,
}

/// What could stand at a place of a filter's text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// What is to be replaced begins here, in bytes of the text,
    pub start: usize,
    /// and ends here.
    pub end: usize,
    /// The likeliest first.
    pub items: Vec<Completion>,
}

/// What the text before the cursor waits for.
#[derive(Clone, Debug)]
enum Wants<'t> {
    Term,
    Test(Subject<'t>),
    List(Subject<'t>),
    /// A value; in a list if so.
    Value(Subject<'t>, bool),
    /// Behind a number: its unit, or what follows a value.
    Unit(Subject<'t>, bool),
    /// `,` or `)`.
    More(Subject<'t>),
    Join,
}

#[derive(Clone, Copy, Debug)]
enum Subject<'t> {
    Column(Column),
    Path(&'t str),
}

/// What could stand at `cursor` (in bytes) of a filter that is being written: words of
/// the language, and types, connections, fields and values that the table has. The
/// word that the cursor is in or behind is replaced.
///
/// ```
/// use wigwag_inspect::{Table, filter};
///
/// let completions = filter::complete(&Table::default(), "late && mal", 11);
/// assert_eq!((completions.start, completions.end), (8, 11));
/// assert_eq!(completions.items[0].text, "malformed");
/// ```
#[must_use]
pub fn complete(table: &Table, text: &str, cursor: usize) -> Completions {
    let cursor = text.floor_char_boundary(cursor);
    if cursor > MAX_TEXT {
        return Completions::default();
    }
    let (wants, start) = follow(&text[..cursor]);
    let mut items = Items::new(&text[start..cursor]);
    match wants {
        Wants::Term => term(&mut items, table),
        Wants::Test(subject) => test(&mut items, subject),
        Wants::List(_) => items.add("(", "the values, with commas between them"),
        Wants::Value(subject, _) => value(&mut items, table, subject),
        Wants::Unit(subject, list) => {
            unit(&mut items, subject);
            // A duration has to have its unit, a size may do without.
            let is_duration = matches!(subject, Subject::Column(Column::Time | Column::Latency));
            match list {
                _ if is_duration => {}
                true => more(&mut items),
                false => join(&mut items),
            }
        }
        Wants::More(_) => more(&mut items),
        Wants::Join => join(&mut items),
    }
    Completions {
        start,
        end: cursor,
        items: items.sorted(),
    }
}

/// What is wanted behind the last whole word, and where the word at the end begins.
fn follow(text: &str) -> (Wants<'_>, usize) {
    let mut lexer = Lexer::new(text);
    let mut wants = Wants::Term;
    loop {
        let at = lexer.next_start();
        let Ok(next) = lexer.next() else {
            // Breaks off inside quotes or brackets.
            return (wants, at);
        };
        let open = matches!(
            next.token,
            Token::Word(_) | Token::Path(_) | Token::And | Token::Or | Token::Not
        ) && text[next.start..].starts_with(char::is_alphabetic);
        if next.token == Token::End || (open && next.end == text.len()) {
            return (wants, next.start.min(text.len()));
        }
        wants = step(wants, next.token);
    }
}

fn step<'t>(wants: Wants<'t>, token: Token<'t>) -> Wants<'t> {
    let is = |word: &str, other: &str| word.eq_ignore_ascii_case(other);
    match (wants, token) {
        (Wants::Term, Token::Word(word)) => match find(COLUMNS, word) {
            Some(column) => Wants::Test(Subject::Column(column)),
            None if ROOTS.iter().any(|root| root.name == word) => Wants::Test(Subject::Path(word)),
            None => Wants::Join,
        },
        (Wants::Term, Token::Path(path)) => Wants::Test(Subject::Path(path)),
        (_, Token::And | Token::Or) => Wants::Term,
        (Wants::Test(subject), Token::Compare(_) | Token::Search) => Wants::Value(subject, false),
        (Wants::Test(subject), Token::Word(word)) if is(word, "in") => Wants::List(subject),
        (Wants::Test(subject), Token::Word(_)) => Wants::Value(subject, false),
        (Wants::List(subject), Token::Open) => Wants::Value(subject, true),
        (Wants::Value(subject, list), Token::Number(_)) => Wants::Unit(subject, list),
        (Wants::Value(subject, true), _) => Wants::More(subject),
        (Wants::Unit(subject, true), Token::Word(_)) => Wants::More(subject),
        (Wants::Unit(subject, true) | Wants::More(subject), Token::Comma) => {
            Wants::Value(subject, true)
        }
        (Wants::Term, _) => Wants::Term,
        _ => Wants::Join,
    }
}

fn term(items: &mut Items<'_>, table: &Table) {
    for word in COLUMNS {
        items.add(word.name, word.help);
    }
    for word in FLAGS {
        items.add(word.name, word.help);
    }
    for word in ROOTS {
        items.add(word.name, word.help);
    }
    if items.partial.is_empty() || !items.partial.starts_with(|c| "phfm".contains(c)) {
        return;
    }
    // What was typed stays: payload[0].or goes on with ders[*].path.
    let typed = general(items.partial);
    for Seen { path, values, .. } in fields(table) {
        if let Some(rest) = path.get(typed.len()..)
            && path.starts_with(&typed)
        {
            let help = values.join(", ");
            items.push(format!("{}{rest}", items.partial), help);
        }
    }
}

fn test(items: &mut Items<'_>, subject: Subject<'_>) {
    items.add("==", "equals");
    items.add("!=", "is there and differs");
    items.add("in", "equals one of: in (1, 2)");
    let text = matches!(subject, Subject::Path(_) | Subject::Column(Column::Type));
    if !matches!(
        subject,
        Subject::Column(Column::Direction | Column::Protocol | Column::Type)
    ) {
        for op in ["<", "<=", ">", ">="] {
            items.add(op, "");
        }
    }
    if text {
        items.add("contains", "a text, or bytes as x\"00FF\"");
        items.add("~", "contains, in any case");
        items.add("matches", "a regular expression: \"^W[0-9]+$\"");
    }
    if matches!(subject, Subject::Path(_) | Subject::Column(Column::Latency)) {
        join(items);
    }
}

fn more(items: &mut Items<'_>) {
    items.add(",", "one more value");
    items.add(")", "no more values");
}

fn join(items: &mut Items<'_>) {
    items.add("&&", "and");
    items.add("||", "or");
}

fn unit(items: &mut Items<'_>, subject: Subject<'_>) {
    let words = match subject {
        Subject::Column(Column::Time | Column::Latency) => DURATIONS,
        Subject::Column(Column::Length | Column::Offset) => SIZES,
        _ => return,
    };
    for word in words.iter().filter(|word| word.name.is_ascii()) {
        items.add(word.name, word.help);
    }
}

fn value(items: &mut Items<'_>, table: &Table, subject: Subject<'_>) {
    let columns = table.columns();
    match subject {
        Subject::Column(Column::Type) => {
            let mut seen: Vec<((u8, u32), u32)> = Vec::new();
            let kinds = columns.protocol.iter().zip(&columns.kind);
            for (protocol, kind) in kinds.take(MAX_ROWS) {
                let this = (*protocol, *kind);
                match seen.iter().position(|(other, _)| *other == this) {
                    Some(at) => seen[at].1 += 1,
                    None if seen.len() < MAX_ITEMS => seen.push((this, 1)),
                    None => {}
                }
            }
            for ((protocol, kind), count) in sorted(seen, &|a, b| a.1 > b.1) {
                if !has_types(protocol) {
                    continue;
                }
                let name = name(protocol, kind);
                // NGTT's types without a name are numbers.
                let text = if is_word(&name) || protocol == Protocol::Ngtt as u8 {
                    name.into_owned()
                } else {
                    format!("{name:?}")
                };
                items.push(text, frames(count));
            }
        }
        Subject::Column(Column::Connection) => {
            for connection in table.connections().iter().take(MAX_ITEMS) {
                let help = format!("{} \u{2192} {}", connection.device, connection.server);
                items.push(connection.id.0.to_string(), help);
            }
        }
        Subject::Column(Column::Direction) => {
            for word in DIRECTIONS {
                items.add(word.name, word.help);
            }
        }
        Subject::Column(Column::Protocol) => {
            for word in PROTOCOLS {
                let rows = columns.protocol.iter().take(MAX_ROWS);
                if word.meaning != 0
                    && rows
                        .clone()
                        .any(|protocol| u32::from(*protocol) == word.meaning)
                {
                    items.add(word.name, word.help);
                }
            }
            for word in PROTOCOLS {
                items.add(word.name, word.help);
            }
        }
        Subject::Column(Column::Latency) => {
            for text in ["100 ms", "1 s", "3 s"] {
                items.add(text, "");
            }
        }
        Subject::Column(Column::Time) => items.add("10 s", "since the first row"),
        Subject::Column(_) => {}
        Subject::Path(path) => {
            let path = general(path);
            for field in fields(table).into_iter().filter(|field| field.path == path) {
                for value in field.values {
                    items.push(value, String::new());
                }
            }
        }
    }
}

fn frames(count: u32) -> String {
    match count {
        1 => "1 frame".to_owned(),
        count => format!("{count} frames"),
    }
}

/// Completions of a partial word: those that begin with it, then those that contain
/// it.
struct Items<'t> {
    partial: &'t str,
    lower: String,
    begin: Vec<Completion>,
    contain: Vec<Completion>,
}

impl<'t> Items<'t> {
    fn new(partial: &'t str) -> Self {
        Self {
            partial,
            lower: partial.to_lowercase(),
            begin: Vec::new(),
            contain: Vec::new(),
        }
    }

    fn add(&mut self, text: &str, help: &str) {
        self.push(text.to_owned(), help.to_owned());
    }

    fn push(&mut self, text: String, help: String) {
        let lower = text.to_lowercase();
        let into = if lower.starts_with(&self.lower) {
            &mut self.begin
        } else if lower.contains(&self.lower) {
            &mut self.contain
        } else {
            return;
        };
        if into.len() < MAX_ITEMS && into.iter().all(|other| other.text != text) {
            into.push(Completion { text, help });
        }
    }

    fn sorted(mut self) -> Vec<Completion> {
        self.begin.append(&mut self.contain);
        self.begin.truncate(MAX_ITEMS);
        self.begin
    }
}
