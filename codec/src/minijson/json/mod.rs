//! Between minijson and JSON text (RFC 8259), without loss in either direction
//! except where stated.
//!
//! | minijson | JSON text |
//! |---|---|
//! | null, true, false, text, list, map with text keys | the same |
//! | integer of any size | its decimal digits |
//! | float, finite | the shortest decimal that gives the same float in its width, with a point or an exponent: `1.0`, `0.1`, `1e16` |
//! | float, NaN or infinite | `{"$f32":"7fc00000"}` or `{"$f64":"7ff8000000000000"}`: its bits |
//! | bytes | `{"$bytes":"00ff"}` |
//! | map with any keys | `{"$map":[[key,value],[key,value]]}` |
//! | map with text keys whose first key is one of these five markers | the same form |
//!
//! There is no white space in what [`write()`] makes. The form is stable.
//!
//! [`read()`] takes any JSON text. It reads the markers back, and `{"$int":"123"}`
//! and floats as numbers, `{"$f64":0.1}`, besides; an object whose first key is a marker and that does not go on as shown
//! is refused. A number with a point or an exponent is a float, in the width that
//! the caller asks for; any other is an integer. What the way over JSON text loses
//! is the width of a finite float, and nothing else.

mod lexer;
mod read;
mod scalar;
mod write;

pub use read::{read, read_with};
pub use write::{to_slice, write};
