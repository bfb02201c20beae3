//! What a filter asks for that a table has not got.

use std::fmt;

use super::Filter;
use super::expr::{Expr, Field, Literal, Test};
use super::kind::{KindTest, has_types, name};
use super::words::{Column, Op, nearest};
use crate::table::Table;

/// A type that a filter names and no row has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnseenType {
    /// The name, in capitals.
    pub name: String,
    /// The type that rows have whose name is nearest to it, if one is near.
    pub nearest: Option<String>,
}

/// `no frame has the type PONG (did you mean PING?)`
impl fmt::Display for UnseenType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no frame has the type {}", self.name)?;
        match &self.nearest {
            Some(near) => write!(f, " (did you mean {near}?)"),
            None => Ok(()),
        }
    }
}

impl Filter {
    /// The types that the filter names as equal (`type == PONG`) and no row of a table
    /// has. Names of NCP's packet types can be anything, so that a slip of the pen is no
    /// error in a filter: it only lets nothing pass.
    ///
    /// ```
    /// use wigwag_inspect::filter::Filter;
    /// use wigwag_inspect::input::{Input, Options};
    /// use wigwag_inspect::Table;
    ///
    /// let mut table = Table::default();
    /// let mut input = Input::new(Options::default());
    /// input.push(&[0, 0, 0, 0, 0, 7, 0, 0], &mut table);
    /// input.finish(&mut table);
    /// table.finish();
    /// let unseen = Filter::parse("type == PONG or late")?.unseen_types(&table);
    /// assert_eq!(unseen[0].name, "PONG");
    /// assert_eq!(unseen[0].nearest.as_deref(), Some("PING"));
    /// assert_eq!(unseen[0].to_string(), "no frame has the type PONG (did you mean PING?)");
    /// # Ok::<(), wigwag_inspect::filter::FilterError>(())
    /// ```
    #[must_use]
    pub fn unseen_types(&self, table: &Table) -> Vec<UnseenType> {
        let mut asked = Vec::new();
        names(&self.expr, &mut asked);
        if asked.is_empty() {
            return Vec::new();
        }
        let columns = table.columns();
        let mut seen: Vec<(u8, u32)> = Vec::new();
        for (protocol, kind) in columns.protocol.iter().zip(&columns.kind) {
            let this = (*protocol, *kind);
            if has_types(this.0) && seen.len() < MAX_SEEN && !seen.contains(&this) {
                seen.push(this);
            }
        }
        let seen_names: Vec<_> = seen
            .iter()
            .map(|(protocol, kind)| name(*protocol, *kind))
            .collect();
        let is_unseen = |asked: &&Literal| {
            let test = KindTest::new(&Test::Compare(Op::Equal, (*asked).clone()));
            !seen
                .iter()
                .any(|(protocol, kind)| test.holds(*protocol, *kind))
        };
        let unseen = asked.into_iter().filter(is_unseen);
        unseen
            .filter_map(|asked| match asked {
                Literal::Name(asked) => Some(UnseenType {
                    nearest: nearest(seen_names.iter().map(|name| &**name), asked)
                        .map(str::to_owned),
                    name: asked.clone(),
                }),
                _ => None,
            })
            .collect()
    }
}

/// More types of a table are not looked at.
const MAX_SEEN: usize = 256;

fn names<'e>(expr: &'e Expr, out: &mut Vec<&'e Literal>) {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => parts.iter().for_each(|part| names(part, out)),
        // Nothing of that type is what is wanted.
        Expr::Not(_) | Expr::Flag(_) => {}
        Expr::Test(Field::Column(Column::Type), Test::Compare(Op::Equal, value)) => out.push(value),
        Expr::Test(Field::Column(Column::Type), Test::In(values)) => out.extend(values),
        Expr::Test(..) => {}
    }
}
