//! The language, what it means for columns and for fields, and what it withstands.

mod attacks;
mod checks;
mod columns;
mod completion;
mod fields;
mod language;

use wigwag_codec::minijson::{Floats, Limits, Options, json};

use crate::{About, ConnectionId, Direction, Piece, Protocol, Sink, Table};

/// The minijson of a JSON text.
fn minijson(json: &str) -> Vec<u8> {
    let mut place = vec![0; 2 * json.len() + 64];
    let options = Options::new().with_floats(Floats::Double);
    let limits = Limits::new();
    let written = json::read_with(json.as_bytes(), &mut place, options, limits).unwrap();
    place.truncate(written);
    place
}

/// A table of minijson values, a frame each.
fn table(values: &[&str]) -> Table {
    let mut table = Table::default();
    let connection = ConnectionId(0);
    table.take(Piece::Open {
        connection,
        time: 0,
        about: About {
            protocol: Some(Protocol::Minijson),
            ..About::default()
        },
    });
    for (time, value) in (0..).zip(values) {
        table.take(Piece::Bytes {
            connection,
            direction: Direction::ToServer,
            time,
            bytes: &minijson(value),
        });
    }
    table.finish();
    assert_eq!(table.columns().len(), values.len());
    table
}
